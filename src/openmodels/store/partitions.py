"""Partitions of checks and measurements by day (UTC), where the database is PostgreSQL.

Whoever makes or drops one has taken the row of ``telemetry_head`` before, so they come one after the other,
however many processes there are. There is no default partition: with one, each new day would be looked for in
it first. SQLite has none of this.
"""

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, Table, literal_column, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from openmodels.store import tables
from openmodels.store.columns import microseconds
from openmodels.store.periods import DAY, floor

AHEAD = 2 * DAY
"""How far ahead partitions are made, so that no probe's result has to wait for one."""
LOCK_MILLISECONDS = 100
"""How long dropping waits for readers, while new ones wait behind it. What was not dropped is tried again."""
AT_ONCE = 10
"""Partitions dropped by one step: each has a lock on itself and one on each of its indexes."""
PARTITIONED = (tables.checks, tables.measurements)

_DAY = DAY // timedelta(microseconds=1)
_LOCK_NOT_AVAILABLE = "55P03"
_BOUNDS = re.compile(r"FROM \('?(-?\d+)'?\) TO \('?(-?\d+)'?\)")
_ALL = text(
    "SELECT parent.relname, part.relname, part.oid, pg_get_expr(part.relpartbound, part.oid) "
    "FROM pg_inherits JOIN pg_class parent ON parent.oid = inhparent "
    "JOIN pg_class part ON part.oid = inhrelid "
    "WHERE inhparent IN ('checks'::regclass, 'measurements'::regclass)"
)


class Partition(NamedTuple):
    """A partition that there is."""

    table: str
    """The table that it is a part of."""
    name: str
    """What it is called."""
    oid: int
    """What the database calls it."""
    start: int
    """The first moment in it, in microseconds since 1970: the year 10000 has no ``datetime``."""
    end: int
    """The first moment after it."""


async def partitions(connection: AsyncConnection) -> list[Partition]:
    """All that there are, those of a table in the order of time."""
    found = []
    for table, name, oid, bounds in await connection.execute(_ALL):
        # One that an operator made for something else, such as a default, is none of ours.
        if (match := _BOUNDS.search(bounds or "")) is not None:
            found.append(Partition(table, name, oid, *map(int, match.groups())))
    return sorted(found)


async def make_partitions(connection: AsyncConnection, wanted: Iterable[tuple[Table, datetime]]) -> None:
    """Have a partition for each of these tables and times; those that are missing are made.

    In the transaction that writes into them. Readers do not wait: a table is made by itself and attached.
    """
    days = {(table.name, floor(at, DAY)) for table, at in wanted}
    if not days:
        return
    there = await partitions(connection)
    for table, day in sorted(days):
        start = microseconds(day)
        if not any(part.table == table and part.start <= start < part.end for part in there):
            name = f"{table}_{day.year:04}{day.month:02}{day.day:02}"
            await connection.exec_driver_sql(
                f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
            )
            await connection.exec_driver_sql(
                f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({start + _DAY})"
            )


async def make_ahead(connection: AsyncConnection, now: datetime) -> None:
    """Have the partitions of today and of the days after it."""
    days = [now + number * DAY for number in range(AHEAD // DAY + 1)]
    await make_partitions(connection, [(table, day) for table in PARTITIONED for day in days])


async def old_partitions(connection: AsyncConnection, until: datetime) -> list[Partition]:
    """Those that end by then; without the ones that hold the newest row of their table."""
    old = [part for part in await partitions(connection) if part.end <= microseconds(until)]
    # As in SQLite, where its number would be given again: the place in a stream is the newest number.
    newest = {await _newest(connection, table) for table in PARTITIONED} if old else set()
    return [part for part in old if part.oid not in newest]


async def drop_partitions(connection: AsyncConnection, parts: Collection[Partition]) -> bool:
    """Drop these, a few at most; False when readers were in the way, or when there are none."""
    if not parts:
        return False
    names = ", ".join(f'"{part.name}"' for part in list(parts)[:AT_ONCE])
    try:
        async with connection.begin_nested():
            await connection.exec_driver_sql(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}")
            await connection.exec_driver_sql(f"DROP TABLE {names}")
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            return False
        raise
    return True


async def _newest(connection: AsyncConnection, table: Table) -> int | None:
    """The partition that holds the newest row."""
    holder: Select[Any] = (
        select(literal_column("tableoid")).select_from(table).order_by(table.c.id.desc()).limit(1)
    )
    oid: int | None = (await connection.execute(holder)).scalar_one_or_none()
    return oid
