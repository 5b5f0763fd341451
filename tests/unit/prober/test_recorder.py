"""Results are written, in order, in batches, once; and what is lost is counted."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from contract.builders import check, measurement
from fixtures.running_prober import START, NotingStore, turns
from openmodels.clock import SettableClock
from openmodels.domain.telemetry import Check
from openmodels.errors import StoreError
from openmodels.prober.recorder import FLUSH_SECONDS, LONGEST_PAUSE, Recorder
from openmodels.prober.results import ProberCounters

pytestmark = pytest.mark.anyio


class Desk:
    """A recorder, and what is around it."""

    def __init__(self, **bounds: int) -> None:
        self.store = NotingStore()
        self.clock = SettableClock(START)
        self.counters = ProberCounters()
        self.recorder = Recorder(self.store, self.clock, self.counters, **bounds)

    def put(self, *numbers: int) -> None:
        for number in numbers:
            self.recorder.put(numbered(number))

    @property
    def written(self) -> list[int]:
        return [int(one.provider_id) for one in self.store.checks]

    async def advance(self, seconds: float = FLUSH_SECONDS) -> None:
        await turns()
        self.clock.advance(seconds=seconds)
        await turns()


def numbered(number: int) -> Check:
    return check(str(number), START + timedelta(seconds=number))


@asynccontextmanager
async def desk(**bounds: int) -> AsyncIterator[Desk]:
    """A recorder at work."""
    one = Desk(**bounds)
    task = asyncio.create_task(one.recorder.run())
    await turns()
    try:
        yield one
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_it_writes_what_came_within_a_second_together() -> None:
    async with desk() as one:
        one.put(1, 2)
        await one.advance(0.75)
        one.put(3)
        assert one.store.batches == []
        assert one.counters.queued == 3
        await one.advance(0.25)
        assert one.written == [1, 2, 3]
        assert one.store.batches == [3]
        assert (one.counters.written, one.counters.queued) == (3, 0)
        # Nothing is written while nothing comes.
        await one.advance(60)
        assert one.store.asked == 1


async def test_it_writes_checks_and_measurements() -> None:
    async with desk() as one:
        one.recorder.put(check("p", START))
        one.recorder.put(measurement("p", "m", START))
        await one.advance()
        assert (len(one.store.checks), len(one.store.measurements)) == (1, 1)


async def test_it_writes_at_once_what_fills_a_batch() -> None:
    async with desk(batch=3) as one:
        one.put(1, 2)
        await turns()
        assert one.store.batches == []
        one.put(3, 4, 5, 6, 7)
        await turns()
        assert one.store.batches == [3, 3]
        await one.advance()
        assert one.written == [1, 2, 3, 4, 5, 6, 7]


async def test_it_keeps_results_in_order_while_the_store_fails() -> None:
    async with desk() as one:
        one.store.error = StoreError("the disk is full")
        with capture_logs() as logs:
            one.put(1, 2)
            await one.advance()
            one.put(3)
            for _ in range(5):
                await one.advance(LONGEST_PAUSE)
            assert one.store.batches == []
            assert one.counters.write_failures >= 3
            assert one.counters.queued == 3
            one.store.error = None
            await one.advance(LONGEST_PAUSE)
        assert one.written == [1, 2, 3]
        # Once when it begins, once when it is over.
        assert [line["event"] for line in logs] == [
            "results wait: the store does not take them",
            "results are written again",
        ]
        assert logs[0]["reason"] == "the disk is full"


async def test_what_came_while_a_write_failed_comes_after_it() -> None:
    async with desk(batch=2) as one:
        one.store.open.clear()
        one.put(1, 2)
        await turns()
        one.put(3)
        one.store.error = StoreError("no")
        one.store.open.set()
        await turns()
        one.store.error = None
        for _ in range(3):
            await one.advance(LONGEST_PAUSE)
        assert one.written == [1, 2, 3]


async def test_it_asks_a_failing_store_less_and_less_often() -> None:
    async with desk() as one:
        one.store.error = StoreError("no")
        one.put(1)
        times = []
        for second in range(200):
            before = one.store.asked
            await one.advance(1)
            if one.store.asked > before:
                times.append(second)
        gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
        assert gaps == sorted(gaps)
        assert gaps[0] == 2
        assert max(gaps) == LONGEST_PAUSE


async def test_it_loses_the_oldest_when_too_many_wait_and_says_so_once() -> None:
    async with desk(capacity=5) as one:
        one.store.error = StoreError("no")
        with capture_logs() as logs:
            one.put(*range(1, 9))
            await one.advance()
            one.put(9, 10)
        assert one.counters.dropped == 5
        assert one.counters.queued == 5
        one.store.error = None
        await one.advance(LONGEST_PAUSE)
        assert one.written == [6, 7, 8, 9, 10]
        assert sum("the oldest are lost" in line["event"] for line in logs) == 1


async def test_a_write_that_takes_long_makes_nobody_wait_and_is_not_begun_twice() -> None:
    async with desk(batch=2) as one:
        one.store.open.clear()
        one.put(1, 2)
        await turns()
        one.put(3, 4, 5)
        await one.advance(100)
        assert one.store.asked == 1
        assert one.counters.queued == 5
        one.store.open.set()
        await one.advance()
        assert one.written == [1, 2, 3, 4, 5]


async def test_results_that_nothing_can_take_do_not_hold_up_the_others() -> None:
    async with desk() as one:
        one.store.error = ValueError("a time without a time zone")
        with capture_logs() as logs:
            one.put(1)
            await one.advance()
        assert one.counters.dropped == 1
        assert logs[0]["log_level"] == "error"
        one.store.error = None
        one.put(2)
        await one.advance()
        assert one.written == [2]


async def test_it_says_which_providers_changed() -> None:
    async with desk() as one:
        with capture_logs() as logs:
            for number in range(3):
                one.recorder.put(check("p", START + timedelta(seconds=number), "down"))
            await one.advance()
        changed: list[dict[str, Any]] = [dict(line) for line in logs if line["event"] == "provider changed"]
        assert [(c["provider"], c["before"], c["after"], c["log_level"]) for c in changed] == [
            ("p", "unknown", "down", "info")
        ]


async def test_what_waits_is_written_in_the_end() -> None:
    async with desk(batch=2) as one:
        one.recorder.put(numbered(1))
    one.put(2, 3, 4, 5)
    await one.recorder.close()
    assert one.written == [1, 2, 3, 4, 5]
    assert (one.counters.dropped, one.counters.queued) == (0, 0)


@pytest.mark.parametrize("fails", [False, True])
async def test_a_write_under_way_in_the_end_is_waited_for_and_not_repeated(fails: bool) -> None:
    one = Desk(batch=2)
    task = asyncio.create_task(one.recorder.run())
    one.store.open.clear()
    one.put(1, 2, 3)
    await turns()
    task.cancel()
    await turns()
    if fails:
        one.store.error = StoreError("just then")
    one.store.open.set()
    await turns()
    await one.recorder.close()
    if fails:
        assert one.written == []
        assert one.counters.dropped == 3
    else:
        assert one.written == [1, 2, 3]
        assert one.counters.written == 3


async def test_a_store_that_hangs_in_the_end_is_not_waited_for() -> None:
    one = Desk()
    one.store.open.clear()
    one.put(1, 2)
    with capture_logs() as logs:
        await one.recorder.close(seconds=0)
    assert one.counters.dropped == 2
    assert logs[-1]["lost"] == 2
