"""Sums of finished hours and days, and forgetting: small steps, each a transaction of its own.

An hour that is over is summed up provider by provider; when the last of them is done, ``hours_until`` moves
on and its sums count. A step that did not come to its end is made again. Days are summed from their hours in
the same way. Rows that come late are noted by the hour, and those hours are summed again, and their days with
them.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Table, delete, func, insert, select, tuple_, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from openmodels.store import tables
from openmodels.store.engine import is_sqlite
from openmodels.store.intake import take_head
from openmodels.store.partitions import drop_partitions, make_ahead, old_partitions
from openmodels.store.periods import DAY, HOUR, ceiling, floor
from openmodels.store.sums import CHECKS, MEASUREMENTS, Sheet, Values
from openmodels.store.turns import forget_turns

GRACE = timedelta(minutes=2)
"""How long after its end an hour is summed up: what is recorded until then is not late."""


class Steps(Struct, frozen=True, kw_only=True):
    """How much one step does: while it lasts, nobody else writes."""

    providers: int = 100
    """Providers that one step sums up, at most."""
    rows: int = 5_000
    """Single rows that one step sums up, about: a provider's hour is not divided."""
    deleted: int = 5_000
    """Rows that one step deletes from a table, at most."""


_head, _late, _hours = tables.telemetry_head, tables.late_hours, tables.summed_hours
_standings = tables.provider_standings
_SHEETS: tuple[Sheet[Any], ...] = (CHECKS, MEASUREMENTS)


async def sum_up(connection: AsyncConnection, now: datetime, steps: Steps) -> bool:
    """One step of summing up, in a transaction that writes; False when there was nothing to do."""
    head = await take_head(connection)
    done = (
        await _sum_next_hour(connection, head, now, steps)
        or await _sum_next_day(connection, head, steps)
        or await _sum_late_hours(connection, head, steps)
    )
    if not done and not is_sqlite(connection):
        await make_ahead(connection, now)
    return done


async def delete_old(
    connection: AsyncConnection, raw_before: datetime, rollups_before: datetime, most: int
) -> bool:
    """One step of forgetting, in a transaction that writes; False when there was nothing to delete."""
    head = await take_head(connection)
    return (
        await _delete_rows(connection, head, raw_before, most)
        or await _delete_sums(connection, rollups_before, most)
        or await forget_turns(connection, raw_before, most) > 0
    )


async def _sum_next_hour(connection: AsyncConnection, head: Any, now: datetime, steps: Steps) -> bool:
    begun = head.late_before is not None and head.late_before != head.hours_until
    hour = head.late_before - HOUR if begun else await _next_hour(connection, head.hours_until)
    if hour is None or hour > now - GRACE - HOUR:
        return False
    providers = await _next_providers(connection, head.hour_done, steps)
    if not providers:
        await connection.execute(
            update(_head).values(hours_until=hour + HOUR, late_before=hour + HOUR, hour_done=None)
        )
        return True
    counts = await _row_counts(connection, hour, providers)
    taken = _first_of(providers, counts, steps.rows)
    await _sum_hour(connection, hour, [provider_id for provider_id in taken if provider_id in counts])
    await connection.execute(update(_head).values(late_before=hour + HOUR, hour_done=taken[-1]))
    return True


async def _next_hour(connection: AsyncConnection, since: datetime | None) -> datetime | None:
    """The first hour from then on of which there are rows."""
    found = []
    for sheet in _SHEETS:
        first = select(func.min(sheet.time))
        if since is not None:
            first = first.where(sheet.time >= since)
        found.append((await connection.execute(first)).scalar_one())
    return min((floor(at, HOUR) for at in found if at is not None), default=None)


async def _next_providers(connection: AsyncConnection, after: str | None, steps: Steps) -> Sequence[str]:
    provider_id = _standings.c.provider_id
    following = select(provider_id).order_by(provider_id).limit(steps.providers)
    if after is not None:
        following = following.where(provider_id > after)
    return (await connection.execute(following)).scalars().all()


async def _row_counts(
    connection: AsyncConnection, hour: datetime, providers: Collection[str]
) -> dict[str, int]:
    """How many rows there are of each of these in that hour, of both kinds; none where there are none."""
    counts: dict[str, int] = {}
    counted = union_all(
        *(
            select(sheet.rows.c.provider_id, func.count())
            .where(*_of(sheet.rows, sheet.time, providers, hour, HOUR))
            .group_by(sheet.rows.c.provider_id)
            for sheet in _SHEETS
        )
    )
    for provider_id, count in await connection.execute(counted):
        counts[provider_id] = counts.get(provider_id, 0) + count
    return counts


def _first_of(providers: Sequence[str], counts: dict[str, int], most: int) -> Sequence[str]:
    """As many of these as have no more rows than that together, one at least."""
    total = 0
    for number, provider_id in enumerate(providers):
        total += counts.get(provider_id, 0)
        if total > most and number:
            return providers[:number]
    return providers


async def _sum_hour(connection: AsyncConnection, hour: datetime, providers: Collection[str]) -> None:
    """Make the sums of that hour anew for these providers."""
    if not providers:
        return
    made = -await _checks_counted(connection, hour, providers)
    for sheet in _SHEETS:
        columns = sheet.row_columns(*sheet.key)
        rows = await connection.execute(
            select(*columns).where(*_of(sheet.rows, sheet.time, providers, hour, HOUR))
        )
        found = [tuple(row) for row in rows]
        if sheet is CHECKS:
            made += len(found)
        # In a thread, for the rows of a step take some tens of milliseconds.
        await _replace(
            connection, sheet.hours, providers, hour, await asyncio.to_thread(sheet.summed, found, hour)
        )
    await connection.execute(delete(_late).where(_late.c.start == hour, _late.c.provider_id.in_(providers)))
    known = update(_hours).where(_hours.c.start == hour).values(checks=_hours.c.checks + made)
    if (await connection.execute(known)).rowcount == 0:
        await connection.execute(insert(_hours), [{"start": hour, "checks": made}])


async def _checks_counted(connection: AsyncConnection, hour: datetime, providers: Collection[str]) -> int:
    """How many checks of these providers the sums of that hour hold already."""
    table = tables.check_hours
    counted = select(func.coalesce(func.sum(table.c.total), 0)).where(
        table.c.provider_id.in_(providers), table.c.start == hour
    )
    return int((await connection.execute(counted)).scalar_one())


async def _sum_next_day(connection: AsyncConnection, head: Any, steps: Steps) -> bool:
    if head.hours_until is None:
        return False
    first = select(func.min(_hours.c.start))
    if head.days_until is not None:
        first = first.where(_hours.c.start >= head.days_until)
    hour = (await connection.execute(first)).scalar_one()
    if hour is None or floor(hour, DAY) + DAY > head.hours_until:
        return False
    day = floor(hour, DAY)
    providers = await _next_providers(connection, head.day_done, steps)
    if not providers:
        await connection.execute(update(_head).values(days_until=day + DAY, day_done=None))
        return True
    await _sum_day(connection, day, providers)
    await connection.execute(update(_head).values(day_done=providers[-1]))
    return True


async def _sum_day(connection: AsyncConnection, day: datetime, providers: Collection[str]) -> None:
    """Make the sums of that day anew for these providers, from those of its hours."""
    for sheet in _SHEETS:
        columns = sheet.sum_columns(sheet.hours)
        rows = await connection.execute(
            select(*columns).where(*_of(sheet.hours, sheet.hours.c.start, providers, day, DAY))
        )
        found = [tuple(row) for row in rows]
        await _replace(
            connection, sheet.days, providers, day, await asyncio.to_thread(sheet.merged, found, day)
        )


async def _sum_late_hours(connection: AsyncConnection, head: Any, steps: Steps) -> bool:
    """Sum an hour again to which rows came late, and its day with it, for some of the providers."""
    hour = (await connection.execute(select(func.min(_late.c.start)))).scalar_one()
    if hour is None:
        return False
    providers = (
        (
            await connection.execute(
                select(_late.c.provider_id).where(_late.c.start == hour).limit(steps.providers)
            )
        )
        .scalars()
        .all()
    )
    counts = await _row_counts(connection, hour, providers)
    taken = _first_of(providers, counts, steps.rows)
    await _sum_hour(connection, hour, taken)
    day = floor(hour, DAY)
    if head.hours_until is not None and day + DAY <= head.hours_until:
        await _sum_day(connection, day, taken)
    return True


async def _replace(
    connection: AsyncConnection,
    table: Table,
    providers: Collection[str],
    start: datetime,
    rows: Sequence[Values],
) -> None:
    await connection.execute(
        delete(table).where(*_of(table, table.c.start, providers, start, timedelta(microseconds=1)))
    )
    if rows:
        await connection.execute(insert(table), list(rows))


def _of(
    table: Table,
    time: ColumnElement[datetime],
    providers: Collection[str],
    start: datetime,
    length: timedelta,
) -> list[ColumnElement[bool]]:
    return [table.c.provider_id.in_(providers), time >= start, time < start + length]


async def _delete_rows(connection: AsyncConnection, head: Any, before: datetime, most: int) -> bool:
    """Delete single rows of whole hours that are summed up; in PostgreSQL, drop those of whole days."""
    if head.hours_until is None:
        return False
    late = (await connection.execute(select(func.min(_late.c.start)))).scalar_one()
    until = min(floor(before, HOUR), head.hours_until, late or head.hours_until)
    if not is_sqlite(connection):
        return await _drop_days(connection, head, floor(until, DAY))
    if head.raw_from is not None:
        until = max(until, head.raw_from)
    deleted = 0
    for sheet in _SHEETS:
        # The newest row stays, for SQLite would give its number again, and streams go on after a number.
        newest = select(func.max(sheet.rows.c.id)).scalar_subquery()
        old = (
            select(sheet.rows.c.id)
            .where(sheet.time < until, sheet.rows.c.id < newest)
            .order_by(sheet.time)
            .limit(most)
        )
        done = await connection.execute(delete(sheet.rows).where(sheet.rows.c.id.in_(old)))
        deleted += done.rowcount
    if deleted and until != head.raw_from:
        await connection.execute(update(_head).values(raw_from=until))
    return deleted > 0


async def _drop_days(connection: AsyncConnection, head: Any, until: datetime) -> bool:
    """Drop the partitions of days before that one: in one step it is said that they go, in the next they go.

    A reader sees the head of one moment and the partitions of another. Were both done in one step, one that
    has read the head already would look for rows that are gone.
    """
    if head.raw_from is not None:
        if await drop_partitions(connection, await old_partitions(connection, floor(head.raw_from, DAY))):
            return True
        if until <= head.raw_from:
            return False
    if not await old_partitions(connection, until):
        return False
    await connection.execute(update(_head).values(raw_from=until))
    return True


async def _delete_sums(connection: AsyncConnection, before: datetime, most: int) -> bool:
    """Delete old sums, and old incidents and transitions."""
    deleted = 0
    for table in (
        tables.check_hours,
        tables.measurement_hours,
        tables.check_days,
        tables.measurement_days,
        tables.summed_hours,
    ):
        # A day is old when all of it is.
        key = tuple(table.primary_key.columns)
        length = DAY if table in (tables.check_days, tables.measurement_days) else HOUR
        old = select(*key).where(table.c.start < ceiling(before - length, HOUR)).limit(most)
        done = await connection.execute(delete(table).where(_key(key).in_(old)))
        deleted += done.rowcount
    ended = delete(tables.incidents).where(tables.incidents.c.ended_at < before)
    deleted += (await connection.execute(ended)).rowcount
    passed = tables.transitions
    newest = select(func.max(passed.c.id)).scalar_subquery()
    old = select(passed.c.id).where(passed.c.at < before, passed.c.id < newest).limit(most)
    deleted += (await connection.execute(delete(passed).where(passed.c.id.in_(old)))).rowcount
    return deleted > 0


def _key(columns: Sequence[ColumnElement[Any]]) -> Any:
    return columns[0] if len(columns) == 1 else tuple_(*columns)
