"""The same telemetry as ``telemetry_fill`` makes, copied straight into PostgreSQL's tables.

Recording it all would take most of the run: each batch moves the state machines on and is on the disk before
the next one begins. So recorded are only one batch of each day, which makes the day's partition, the last one
of all, and as many as bring every provider; the rest is copied past the store, and then summed up as ever.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from bench.telemetry_fill import Filled, Size, batches_of
from openmodels.domain.telemetry import Check, Measurement
from openmodels.store.ports import TelemetryStore

COPIED = 50_000
"""Rows in one transaction, about."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TEXT: dict[type, Callable[[Any], str]] = {
    str: str,
    int: str,
    float: repr,
    bool: lambda value: "t" if value else "f",
    type(None): lambda _value: "\\N",
    datetime: lambda value: str((value - _EPOCH) // _MICROSECOND),
}

Batch = tuple[Sequence[Check], Sequence[Measurement]]


async def copy_fill(store: TelemetryStore, url: str, size: Size) -> Filled:
    """Fill an empty database, in the order of time; ``url`` is where the store's own database is."""
    began, used = time.perf_counter(), time.process_time()
    rows = 0
    async with await psycopg.AsyncConnection.connect(url) as connection:
        for recorded, batches in _by_way(size):
            checks = [check for batch in batches for check in batch[0]]
            measurements = [measurement for batch in batches for measurement in batch[1]]
            rows += len(checks) + len(measurements)
            if recorded:
                await store.record(checks, measurements)
            else:
                await _copy(connection, "checks", Check, checks)
                await _copy(connection, "measurements", Measurement, measurements)
                await connection.commit()
    return Filled(rows, time.perf_counter() - began, time.process_time() - used)


def _by_way(size: Size) -> Iterator[tuple[bool, list[Batch]]]:
    """Batches that are to be recorded, or copied, together."""
    waiting: list[Batch] = []
    # Summing up goes by the providers that were recorded, so each must have been.
    recorded: set[str] = set()
    day = ""
    for batch, following in itertools.pairwise(itertools.chain(batches_of(size), [None])):
        assert batch is not None
        days = {check.checked_at.date().isoformat() for check in (*batch[0][:1], *batch[0][-1:])}
        days |= {one.measured_at.date().isoformat() for one in (*batch[1][:1], *batch[1][-1:])}
        if max(days) > day or following is None or len(recorded) < size.providers:
            recorded.update(check.provider_id for check in batch[0])
            if waiting:
                yield False, waiting
                waiting = []
            yield True, [batch]
            day = max(days)
            continue
        waiting.append(batch)
        if sum(len(checks) + len(measurements) for checks, measurements in waiting) >= COPIED:
            yield False, waiting
            waiting = []


async def _copy(
    connection: psycopg.AsyncConnection[Any],
    table: str,
    type_: type[Check | Measurement],
    records: Sequence[Check | Measurement],
) -> None:
    fields = type_.__struct_fields__
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, fields))
    )
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for start in range(0, len(records), 1000):
            # Ids and words of ours only: there is nothing to escape.
            lines = ["\t".join(_texts(record, fields)) for record in records[start : start + 1000]]
            await copy.write("\n".join(lines) + "\n")


def _texts(record: Check | Measurement, fields: Sequence[str]) -> Iterator[str]:
    for name in fields:
        value = getattr(record, name)
        yield _TEXT[type(value)](value)
