"""Checks, measurements and incidents in SQL tables."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Select,
    Table,
    and_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy import bindparam as bind
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from openmodels.domain.telemetry import (
    STATE_CHECKS,
    Check,
    HealthSummary,
    Incident,
    LatencySummary,
    Measurement,
    OfferingTelemetry,
    ProviderState,
    state_of,
    summarise_checks,
    summarise_measurements,
    uptime_percentage,
)
from openmodels.store import tables
from openmodels.store.engine import reading, writing

_checks, _measurements, _incidents = tables.checks, tables.measurements, tables.incidents
_head = tables.telemetry_head
_Record = TypeVar("_Record", Check, Measurement, Incident)


class SqlTelemetryStore:
    """A ``TelemetryStore`` over a migrated database; see the port for what each method promises."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def record(
        self,
        checks: Sequence[Check] = (),
        measurements: Sequence[Measurement] = (),
        incidents: Sequence[Incident] = (),
    ) -> None:
        """Keep all of these, in one transaction; nothing to keep writes nothing."""
        if not (checks or measurements or incidents):
            return
        async with writing(self._engine) as connection:
            await connection.execute(update(_head).values(epoch=_head.c.epoch + 1))
            await _insert(connection, _checks, checks)
            await _insert(connection, _measurements, measurements)
            await _keep_incidents(connection, incidents)

    async def epoch(self) -> int:
        """How often something was recorded: one row of one column."""
        async with reading(self._engine) as connection:
            return int((await connection.execute(select(_head.c.epoch))).scalar_one())

    async def health(
        self, provider_id: str, *, since: datetime, region: str | None, limit: int
    ) -> HealthSummary:
        """The checks of one provider since then; ``limit`` of them one by one, newest first."""
        checks = (
            _records(_checks, Check)
            .where(_checks.c.provider_id == provider_id, _in_period(_checks.c.checked_at, since, region))
            .order_by(_checks.c.checked_at.desc(), _checks.c.id.desc())
        )
        touching = or_(_incidents.c.ended_at.is_(None), _incidents.c.ended_at >= since)
        incidents = (
            _records(_incidents, Incident)
            .where(_incidents.c.provider_id == provider_id, touching)
            .order_by(_incidents.c.started_at.desc())
        )
        async with reading(self._engine) as connection:
            return summarise_checks(
                await _fetch(connection, checks, Check),
                await _fetch(connection, incidents, Incident),
                limit=limit,
            )

    async def latency(
        self, provider_id: str, *, since: datetime, region: str | None, model_id: str | None, limit: int
    ) -> LatencySummary:
        """The measurements of one provider since then; ``limit`` of them one by one, newest first."""
        statement = (
            _records(_measurements, Measurement)
            .where(
                _measurements.c.provider_id == provider_id,
                _in_period(_measurements.c.measured_at, since, region),
            )
            .order_by(_measurements.c.measured_at.desc(), _measurements.c.id.desc())
        )
        if model_id is not None:
            statement = statement.where(_measurements.c.model_id == model_id)
        async with reading(self._engine) as connection:
            found = await _fetch(connection, statement, Measurement)
        return LatencySummary(timings=summarise_measurements(found), measurements=tuple(found[:limit]))

    async def offerings(
        self, model_id: str, *, since: datetime, region: str | None
    ) -> Mapping[str, OfferingTelemetry]:
        """By provider id: what is known of this model's offerings.

        Every provider that was checked in the period, or measured with this model, is here.
        """
        provider = _checked_providers()
        in_period = and_(
            _checks.c.provider_id == provider.c.id, _in_period(_checks.c.checked_at, since, region)
        )
        total = select(func.count()).select_from(_checks).where(in_period)
        counts = select(
            provider.c.id,
            total.scalar_subquery(),
            total.where(_checks.c.status == "up").scalar_subquery(),
        )
        measured = (
            _records(_measurements, Measurement)
            .where(
                _measurements.c.model_id == model_id, _in_period(_measurements.c.measured_at, since, region)
            )
            .order_by(_measurements.c.provider_id)
        )
        async with reading(self._engine) as connection:
            rows = (await connection.execute(counts)).all()
            found = await _fetch(connection, measured, Measurement)
        checked = {row[0]: (int(row[1]), int(row[2])) for row in rows if row[1]}
        measurements = {
            provider_id: list(group) for provider_id, group in groupby(found, attrgetter("provider_id"))
        }
        answers = {}
        for provider_id in sorted(checked.keys() | measurements.keys()):
            made, up = checked.get(provider_id, (0, 0))
            answers[provider_id] = OfferingTelemetry(
                checks_total=made,
                uptime_percentage=uptime_percentage(up, made - up),
                timings=summarise_measurements(measurements.get(provider_id, ())),
            )
        return answers

    async def states(self, now: datetime) -> Mapping[str, ProviderState]:
        """By provider id: how each provider that was ever checked is doing."""
        async with reading(self._engine) as connection:
            newest = await _fetch(connection, _newest_checks(), Check)
        return {
            provider_id: state_of(list(group)[:STATE_CHECKS], now)
            for provider_id, group in groupby(newest, attrgetter("provider_id"))
        }

    async def checks_since(self, since: datetime) -> int:
        """How many checks were made since then."""
        statement = select(func.count()).select_from(_checks).where(_checks.c.checked_at >= since)
        async with reading(self._engine) as connection:
            return int((await connection.execute(statement)).scalar_one())

    async def last_probe_at(self) -> datetime | None:
        """When the newest check or measurement was made, or None."""
        statement = select(
            select(func.max(_checks.c.checked_at)).scalar_subquery(),
            select(func.max(_measurements.c.measured_at)).scalar_subquery(),
        )
        async with reading(self._engine) as connection:
            row = (await connection.execute(statement)).one()
        return max((at for at in row if at is not None), default=None)


def _checked_providers() -> CTE:
    """The ids of all providers that were ever checked, and one null.

    It goes along the index from one provider to the next, so that it costs the same however many checks are
    kept; a DISTINCT or a GROUP BY would read them all.
    """
    provider = select(func.min(_checks.c.provider_id).label("id")).cte("provider", recursive=True)
    following = select(func.min(_checks.c.provider_id)).where(_checks.c.provider_id > provider.c.id)
    return provider.union_all(select(following.scalar_subquery()).where(provider.c.id.is_not(None)))


def _newest_checks() -> Select[Any]:
    """The newest ``STATE_CHECKS`` checks of each provider, and those of the same instant as the last of them.

    Read along the index too, from each provider's newest check back; a window function would read the table.
    """
    provider = _checked_providers()
    inner = _checks.alias("inner")
    oldest_wanted = (
        select(inner.c.checked_at)
        .where(inner.c.provider_id == provider.c.id)
        .order_by(inner.c.checked_at.desc())
        .offset(STATE_CHECKS - 1)
        .limit(1)
        .scalar_subquery()
    )
    since_ever = literal(datetime.min.replace(tzinfo=UTC), tables.Moment())
    recent = and_(
        _checks.c.provider_id == provider.c.id,
        _checks.c.checked_at >= func.coalesce(oldest_wanted, since_ever),
    )
    return (
        _records(_checks, Check)
        .select_from(provider.join(_checks, recent))
        .order_by(_checks.c.provider_id, _checks.c.checked_at.desc(), _checks.c.id.desc())
    )


def _in_period(time: Column[Any], since: datetime, region: str | None) -> ColumnElement[bool]:
    return time >= since if region is None else and_(time >= since, time.table.c.region == region)


def _records(table: Table, type_: type[msgspec.Struct]) -> Select[Any]:
    return select(*(table.c[field] for field in type_.__struct_fields__))


async def _fetch(connection: AsyncConnection, statement: Select[Any], type_: type[_Record]) -> list[_Record]:
    rows = (await connection.execute(statement)).all()
    fields = type_.__struct_fields__
    return [type_(**dict(zip(fields, row, strict=True))) for row in rows]


async def _insert(connection: AsyncConnection, table: Table, records: Sequence[msgspec.Struct]) -> None:
    if records:
        await connection.execute(insert(table), [msgspec.structs.asdict(record) for record in records])


async def _keep_incidents(connection: AsyncConnection, incidents: Sequence[Incident]) -> None:
    # Of two with the same key, the later one is what the caller knows last.
    newest = {(incident.provider_id, incident.started_at): incident for incident in incidents}
    if not newest:
        return
    earlier = delete(_incidents).where(
        _incidents.c.provider_id == bind("provider"), _incidents.c.started_at == bind("start")
    )
    await connection.execute(earlier, [{"provider": key[0], "start": key[1]} for key in newest])
    await _insert(connection, _incidents, list(newest.values()))
