"""Probes a second through the queue: many targets due at once, taken by one worker, two and four."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import psycopg

from bench.apps.queue_worker import READY
from bench.cluster_ground import Ground, say
from bench.cluster_results import Queue
from bench.contestants import ROOT
from bench.process import cpu_seconds_ever
from openmodels.domain.records import Provider, Registry
from openmodels.opening import open_stores
from openmodels.prober.queue.pace import Pace
from openmodels.prober.queue.queue import open_queue
from openmodels.prober.queue.timetable import Timetable
from openmodels.prober.schedule import Job
from openmodels.settings import Settings

WORKERS = (1, 2, 4)
DAY = 86_400
"""The longest interval: nothing comes too late, and the workers themselves plan next to nothing."""
IDLE_SECONDS = 10.0
LONGEST_SECONDS = 240.0
FROM, TO = 0.1, 0.9
"""The part of all probes that is measured: neither the start nor the end of it."""


class _Seen(NamedTuple):
    """How far it was at a moment."""

    at: float
    recorded: int
    workers_cpu: float
    postgres_cpu: float


def measure_queue(ground: Ground) -> tuple[Queue, ...]:
    """One after the other, each over a new database."""
    return tuple(asyncio.run(_measure(ground, each)) for each in (WORKERS[:2] if ground.quick else WORKERS))


async def _measure(ground: Ground, workers: int) -> Queue:
    targets = 1_000 if ground.quick else 12_000
    url = ground.postgres.url(ground.postgres.create_database())
    given = {"HEALTH_INTERVAL": str(DAY), "CONNECTIVITY_TARGETS": "none", "LOG_LEVEL": "warning"}
    settings = ground.settings(url, **given)
    async with open_stores(settings) as stores:
        await stores.registry.publish(_registry(targets), base=None, at=datetime.now(UTC))
        with ExitStack() as stack:
            say(f"queue: {targets:,} targets, {workers} workers")
            pids = [stack.enter_context(_worker(url, given)) for _ in range(workers)]
            await asyncio.sleep(1)
            with psycopg.connect(url, autocommit=True) as connection:
                idle = await _idle(ground, connection, pids, seconds=1 if ground.quick else IDLE_SECONDS)
                planned = await _put(stores.engine.url, settings, targets)
                # The statistics that autovacuum keeps of a queue in use: without any, taking a job costs
                # PostgreSQL a look at all that are due.
                await asyncio.to_thread(ground.postgres.tidy, url.rpartition("/")[2])
                seen = await _watch(ground, connection, pids, targets)
    first = next(s for s in seen if s.recorded >= FROM * targets)
    last = next((s for s in seen if s.recorded >= TO * targets), seen[-1])
    probes = max(1, last.recorded - first.recorded)
    return Queue(
        workers=workers,
        targets=targets,
        probes=probes,
        per_second=round(probes / (last.at - first.at), 1),
        workers_cpu_ms=round(1000 * (last.workers_cpu - first.workers_cpu) / probes, 3),
        postgres_cpu_ms=round(1000 * (last.postgres_cpu - first.postgres_cpu) / probes, 3),
        planned_per_second=round(targets / planned),
        idle_cores=round(idle, 4),
    )


@contextmanager
def _worker(url: str, given: dict[str, str]) -> Iterator[int]:
    """A worker's process; its number."""
    environ = {
        **os.environ,
        **{f"OPENMODELS_{name}": value for name, value in given.items()},
        "OPENMODELS_DATABASE_URL": url,
    }
    command = [sys.executable, "-m", "bench.apps.queue_worker"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if line.strip() != READY:
                raise RuntimeError(f"a worker did not start: {line!r}")
            yield process.pid
        finally:
            try:
                process.communicate("", timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


async def _put(database: Any, settings: Settings, targets: int) -> float:
    """Put a turn of every target into the queue, all due now; the seconds that it took."""
    intervals = {Job(_id(number), "health"): DAY for number in range(targets)}
    now = time.time()
    turns = Timetable(intervals, settings.region).turns(now, now + DAY, now=now)
    pace = Pace()
    began = time.perf_counter()
    async with open_queue(database, settings.region, pace) as queue, queue.planning() as planning:
        await planning.put([turn._replace(start=now) for turn in turns], slow=lambda _turn: False)
        await planning.done(now + pace.ahead)
    return time.perf_counter() - began


async def _watch(
    ground: Ground, connection: psycopg.Connection[Any], pids: Sequence[int], targets: int
) -> list[_Seen]:
    seen = [_look(ground, connection, pids)]
    until = time.perf_counter() + LONGEST_SECONDS
    while seen[-1].recorded < TO * targets and seen[-1].at < until:
        await asyncio.sleep(0.1)
        seen.append(_look(ground, connection, pids))
    if seen[-1].recorded < FROM * targets:
        raise RuntimeError(f"only {seen[-1].recorded} of {targets} probes were recorded")
    return seen


async def _idle(
    ground: Ground, connection: psycopg.Connection[Any], pids: Sequence[int], *, seconds: float
) -> float:
    """The cores that are busy while nothing is due."""
    before = _look(ground, connection, pids)
    await asyncio.sleep(seconds)
    after = _look(ground, connection, pids)
    used = after.workers_cpu + after.postgres_cpu - before.workers_cpu - before.postgres_cpu
    return used / (after.at - before.at)


def _look(ground: Ground, connection: psycopg.Connection[Any], pids: Sequence[int]) -> _Seen:
    row = connection.execute("SELECT count(*) FROM checks").fetchone()
    return _Seen(
        at=time.perf_counter(),
        recorded=int(row[0]) if row else 0,
        workers_cpu=sum(cpu_seconds_ever(pid) for pid in pids),
        postgres_cpu=ground.postgres.cpu_seconds(),
    )


def _id(number: int) -> str:
    return f"provider-{number:05}"


def _registry(targets: int) -> Registry:
    start = datetime(2026, 1, 1, tzinfo=UTC)

    def provider(number: int) -> Provider:
        return Provider(
            id=_id(number),
            name=f"Provider {number}",
            description="One of very many providers.",
            api_base_url=f"https://{_id(number)}.example/v1",
            auth_type="bearer",
            regions=("global",),
            compatibility="openai",
            created_at=start,
            updated_at=start,
        )

    return Registry(providers=tuple(provider(number) for number in range(targets)))
