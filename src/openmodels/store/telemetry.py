"""Checks, measurements, what they add up to, and how providers stand, in SQL tables."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, Table, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from openmodels.domain.rollup import CheckSums, MeasurementSums, health_of, timings_of
from openmodels.domain.standing import Standing, Transition, judge
from openmodels.domain.telemetry import (
    Check,
    HealthSummary,
    Incident,
    LatencySummary,
    Measurement,
    OfferingTelemetry,
    uptime_percentage,
)
from openmodels.store import tables, turns
from openmodels.store.engine import give_back, reading, writing
from openmodels.store.intake import (
    decoded_standings,
    read_standings,
    record_all,
    take_head,
    write_standings,
    write_transitions,
)
from openmodels.store.news import Announce, nobody, notify
from openmodels.store.ports import Cursor, NumberedTransition, Recorded
from openmodels.store.recording import in_order
from openmodels.store.series import SqlSeriesStore
from openmodels.store.sums import CHECKS, MEASUREMENTS
from openmodels.store.totals import check_counts, checks_made, is_one_of, period_parts, totals
from openmodels.store.turn_ports import Turn, TurnKey, TurnResult
from openmodels.store.upkeep import Steps, delete_old, sum_up

_checks, _measurements, _incidents = tables.checks, tables.measurements, tables.incidents
_head, _standings, _transitions = tables.telemetry_head, tables.provider_standings, tables.transitions
_Record = TypeVar("_Record", Check, Measurement, Incident)


class SqlTelemetryStore(SqlSeriesStore):
    """A ``TelemetryStore`` over a migrated database; see the port for what each method promises."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        steps: Steps = Steps(),  # noqa: B008 - it is frozen
        announce: Announce = nobody,
    ) -> None:
        """``announce`` is called after each commit; the database's own announcements need nobody to call."""
        super().__init__(engine)
        self._steps = steps
        self._announce = announce

    async def record(
        self, checks: Sequence[Check] = (), measurements: Sequence[Measurement] = ()
    ) -> tuple[Transition, ...]:
        """Keep all of these, in one transaction; nothing to keep writes nothing.

        What comes after the single rows of its hour were deleted is not counted.
        """
        if not (checks or measurements):
            return ()
        async with writing(self._engine) as connection:
            transitions = await record_all(connection, checks, measurements)
            await notify(connection, "telemetry")
        self._announce("telemetry")
        return transitions

    async def record_turns(self, results: Sequence[TurnResult]) -> tuple[Transition, ...]:
        """Keep what is the first result of its turn, in one transaction."""
        if not results:
            return ()
        async with writing(self._engine) as connection:
            transitions = await turns.record_new(connection, results)
            await notify(connection, "telemetry")
        self._announce("telemetry")
        return transitions

    async def turn_recorded(self, turn: Turn) -> bool:
        """Whether a result of this turn, or of a later one of the same key, was kept."""
        async with reading(self._engine) as connection:
            return await turns.is_recorded(connection, turn)

    async def slow_turns(self, region: str) -> Collection[TurnKey]:
        """Whose last turn in this region took long."""
        async with reading(self._engine) as connection:
            return await turns.slow_keys(connection, region)

    async def judge(self, provider_id: str, trouble: str, at: datetime) -> Transition | None:
        """Keep what an evaluation of a provider's answers found, and what it changed."""
        async with writing(self._engine) as connection:
            head = await take_head(connection)
            standings = await read_standings(connection, [provider_id])
            standing, transition = judge(standings.get(provider_id, Standing()), provider_id, trouble, at)
            if transition is not None:
                await connection.execute(update(_head).values(epoch=head.epoch + 1))
                await write_standings(connection, {provider_id: standing}, standings)
                await write_transitions(connection, [transition])
                await notify(connection, "telemetry")
        if transition is not None:
            self._announce("telemetry")
        return transition

    async def standings(self) -> Mapping[str, Standing]:
        """By provider id: how each provider that was ever checked stands."""
        async with reading(self._engine) as connection:
            rows = (await connection.execute(select(_standings.c.provider_id, _standings.c.body))).all()
        # In a thread, for ten thousand providers take some tens of milliseconds.
        return await asyncio.to_thread(_of_checked, rows)

    async def transitions_after(self, number: int, *, limit: int) -> Sequence[NumberedTransition]:
        """The transitions recorded after that one, oldest first; their incidents are left out."""
        fields = ("provider_id", "at", "before", "after", "reason")
        statement = (
            select(_transitions.c.id, *(_transitions.c[name] for name in fields))
            .where(_transitions.c.id > number)
            .order_by(_transitions.c.id)
            .limit(limit)
        )
        async with reading(self._engine) as connection:
            rows = (await connection.execute(statement)).all()
        return [
            NumberedTransition(row[0], Transition(**dict(zip(fields, row[1:], strict=True)))) for row in rows
        ]

    async def cursor(self) -> Cursor:
        """The place after everything that is recorded now."""
        newest = select(
            select(func.max(_checks.c.id)).scalar_subquery(),
            select(func.max(_measurements.c.id)).scalar_subquery(),
        )
        async with reading(self._engine) as connection:
            check, measurement = (await connection.execute(newest)).one()
        return Cursor(check or 0, measurement or 0)

    async def recorded_after(self, cursor: Cursor, *, limit: int) -> Recorded:
        """What was recorded after ``cursor``: at most ``limit`` checks and as many measurements."""
        async with reading(self._engine) as connection:
            checks = await _numbered(connection, _checks, Check, cursor.check, limit)
            measurements = await _numbered(connection, _measurements, Measurement, cursor.measurement, limit)
        return in_order(cursor, checks, measurements)

    async def roll_up(self, now: datetime) -> bool:
        """Do one small step of summing up finished hours and days; False when there was nothing to do."""
        async with writing(self._engine) as connection:
            return await sum_up(connection, now, self._steps)

    async def forget(self, *, raw_before: datetime, rollups_before: datetime) -> bool:
        """Do one small step of deleting what is older; False when there was nothing to delete.

        Single rows go by whole hours, in PostgreSQL by whole days, and only once these are summed up. When
        much of a SQLite file is free afterwards, the file gets smaller, step by step too.
        """
        async with writing(self._engine) as connection:
            deleted = await delete_old(connection, raw_before, rollups_before, self._steps.deleted)
        return deleted or await give_back(self._engine)

    async def epoch(self) -> int:
        """How often something was recorded: one row of one column."""
        async with reading(self._engine) as connection:
            return int((await connection.execute(select(_head.c.epoch))).scalar_one())

    async def health(
        self, provider_id: str, *, since: datetime, regions: Collection[str], limit: int
    ) -> HealthSummary:
        """The checks of one provider since then; ``limit`` of them one by one, newest first."""
        touching = or_(_incidents.c.ended_at.is_(None), _incidents.c.ended_at >= since)
        incidents = (
            _records(_incidents, Incident)
            .where(_incidents.c.provider_id == provider_id, touching)
            .order_by(_incidents.c.started_at.desc())
        )
        async with reading(self._engine) as connection:
            parts = await period_parts(connection, since, [provider_id])
            found = await totals(connection, CHECKS, parts, [provider_id], region=regions)
            sums = found.get(provider_id, CheckSums())
            where = _these(_checks, _checks.c.checked_at, since, provider_id=[provider_id], region=regions)
            # No more than there are: without this, all of a period would be looked through for them.
            newest = _newest(_checks, _checks.c.checked_at, Check, where, min(limit, sums.total))
            return health_of(
                sums, await _fetch(connection, newest, Check), await _fetch(connection, incidents, Incident)
            )

    async def latency(
        self,
        provider_id: str,
        *,
        since: datetime,
        regions: Collection[str],
        model_ids: Collection[str],
        limit: int,
    ) -> LatencySummary:
        """The measurements of one provider since then; ``limit`` of them one by one, newest first."""
        only = {"region": regions, "model_id": model_ids}
        time = _measurements.c.measured_at
        async with reading(self._engine) as connection:
            parts = await period_parts(connection, since, [provider_id])
            found = await totals(connection, MEASUREMENTS, parts, [provider_id], **only)
            sums = found.get(provider_id, MeasurementSums())
            where = _these(_measurements, time, since, provider_id=[provider_id], **only)
            newest = _newest(_measurements, time, Measurement, where, min(limit, sums.total))
            measurements = await _fetch(connection, newest, Measurement)
        return LatencySummary(timings=timings_of(sums), measurements=tuple(measurements))

    async def offerings(
        self, model_id: str, provider_ids: Collection[str], *, since: datetime, regions: Collection[str]
    ) -> Mapping[str, OfferingTelemetry]:
        """By provider id: what is known of this model at these providers.

        Every one of them that was checked in the period, or measured with this model, is here.
        """
        ids = sorted(set(provider_ids))
        async with reading(self._engine) as connection:
            parts = await period_parts(connection, since, ids)
            checked = await check_counts(connection, parts, ids, regions)
            measured = await totals(connection, MEASUREMENTS, parts, ids, region=regions, model_id=[model_id])
        answers = {}
        for provider_id in sorted(checked.keys() | measured.keys()):
            counts = checked.get(provider_id, CheckSums())
            answers[provider_id] = OfferingTelemetry(
                checks_total=counts.total,
                uptime_percentage=uptime_percentage(counts.up, counts.total - counts.up),
                timings=timings_of(measured.get(provider_id, MeasurementSums())),
            )
        return answers

    async def checks_since(self, since: datetime) -> int:
        """How many checks were made since then."""
        async with reading(self._engine) as connection:
            return await checks_made(connection, since)

    async def last_probe_at(self) -> datetime | None:
        """When the newest check or measurement was made, or None."""
        async with reading(self._engine) as connection:
            at: datetime | None = (await connection.execute(select(_head.c.last_probe_at))).scalar_one()
        return at


def _of_checked(rows: Sequence[Any]) -> dict[str, Standing]:
    standings = decoded_standings(sorted((row[0], row[1]) for row in rows))
    return {
        provider_id: standing
        for provider_id, standing in standings.items()
        if standing.last_checked_at is not None
    }


def _these(
    table: Table, time: ColumnElement[Any], since: datetime, **only: Collection[str]
) -> list[ColumnElement[bool]]:
    return [time >= since, *(is_one_of(table.c[name], values) for name, values in only.items() if values)]


def _records(table: Table, type_: type[msgspec.Struct]) -> Select[Any]:
    return select(*(table.c[field] for field in type_.__struct_fields__))


def _newest(
    table: Table,
    time: ColumnElement[Any],
    type_: type[msgspec.Struct],
    where: Sequence[ColumnElement[bool]],
    limit: int,
) -> Select[Any]:
    return _records(table, type_).where(*where).order_by(time.desc(), table.c.id.desc()).limit(limit)


async def _fetch(connection: AsyncConnection, statement: Select[Any], type_: type[_Record]) -> list[_Record]:
    rows = (await connection.execute(statement)).all()
    fields = type_.__struct_fields__
    return [type_(**dict(zip(fields, row, strict=True))) for row in rows]


async def _numbered(
    connection: AsyncConnection, table: Table, type_: type[_Record], number: int, limit: int
) -> list[tuple[int, _Record]]:
    fields = type_.__struct_fields__
    statement = (
        select(table.c.id, *(table.c[field] for field in fields))
        .where(table.c.id > number)
        .order_by(table.c.id)
        .limit(limit)
    )
    rows = (await connection.execute(statement)).all()
    return [(row[0], type_(**dict(zip(fields, row[1:], strict=True)))) for row in rows]
