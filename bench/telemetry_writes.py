"""What is written to a database that is full already: new rows, and the end of old ones."""

import itertools
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select

from bench.telemetry_fill import BATCH, END, Size, batches_of
from bench.telemetry_results import Forgotten, Written
from openmodels.domain.telemetry import Check, Measurement
from openmodels.opening import Stores
from openmodels.store import tables
from openmodels.store.engine import reading
from openmodels.store.periods import DAY, ceiling
from openmodels.store.ports import TelemetryStore

TRANSACTIONS = {BATCH: 20, 100: 200, 1: 200}
"""By rows in a transaction: how many of them are timed."""
Batch = tuple[Sequence[Check], Sequence[Measurement]]
NEVER = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


async def write_more(store: TelemetryStore, size: Size) -> tuple[Written, ...]:
    """Record some of what comes after the newest rows, many rows at a time and few."""
    ever = Size(
        name=size.name,
        providers=size.providers,
        # Enough for all below, and as many of each kind as there were.
        checks=size.checks * 200_000 // (size.checks + size.measurements),
        measurements=size.measurements * 200_000 // (size.checks + size.measurements),
        hours=1,
        end=END + timedelta(hours=1),
    )
    batches = batches_of(ever)
    return tuple([await _written(store, batches, rows, times) for rows, times in TRANSACTIONS.items()])


async def _written(store: TelemetryStore, batches: Iterator[Batch], rows: int, times: int) -> Written:
    seconds, cpu, recorded, taken = 0.0, 0.0, 0, list[float]()
    for checks, measurements in itertools.islice(_pieces(batches, rows), times):
        began, used = time.perf_counter(), time.process_time()
        await store.record(checks, measurements)
        taken.append(time.perf_counter() - began)
        cpu += time.process_time() - used
        seconds += taken[-1]
        recorded += len(checks) + len(measurements)
    taken.sort()
    return Written(
        rows_at_a_time=rows,
        transactions=len(taken),
        rows_per_second=round(recorded / seconds),
        rows_per_cpu_second=round(recorded / max(cpu, 1e-6)),
        p50_ms=round(taken[len(taken) // 2] * 1000, 2),
        p99_ms=round(taken[max(0, -(-99 * len(taken) // 100) - 1)] * 1000, 2),
    )


def _pieces(batches: Iterator[Batch], rows: int) -> Iterator[Batch]:
    """The same in pieces of so many rows, about."""
    for checks, measurements in batches:
        pieces = BATCH // rows
        for n in range(pieces):
            piece = (
                checks[len(checks) * n // pieces : len(checks) * (n + 1) // pieces],
                measurements[len(measurements) * n // pieces : len(measurements) * (n + 1) // pieces],
            )
            if piece[0] or piece[1]:
                yield piece


async def forget_a_day(stores: Stores, size: Size, file_mb: Callable[[], Awaitable[float]]) -> Forgotten:
    """Forget the single rows of the oldest whole day, as upkeep does."""
    midnight = ceiling(size.end - timedelta(hours=size.hours), DAY)
    # What there is of the day before is not a whole one.
    await _forget(stores, midnight)
    before, mb = await _rows(stores), await file_mb()
    steps = await _forget(stores, midnight + DAY)
    return Forgotten(
        rows=before - await _rows(stores),
        seconds=round(sum(steps), 3),
        steps=len(steps),
        longest_step_ms=round(max(steps) * 1000, 1),
        freed_mb=round(mb - await file_mb(), 1),
    )


async def _forget(stores: Stores, until: datetime) -> list[float]:
    """How long each step took, in seconds."""
    steps, more = list[float](), True
    while more:
        began = time.perf_counter()
        more = await stores.telemetry.forget(raw_before=until, rollups_before=NEVER)
        steps.append(time.perf_counter() - began)
    return steps


async def _rows(stores: Stores) -> int:
    total = 0
    async with reading(stores.engine) as connection:
        for table in (tables.checks, tables.measurements):
            total += int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
    return total
