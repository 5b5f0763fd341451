import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from openmodels.clock import SettableClock
from openmodels.errors import StoreError
from openmodels.jobs.upkeep import PAUSE_SECONDS, ROUND_SECONDS, Upkeep

pytestmark = pytest.mark.anyio

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Work:
    """A store with so many steps of each kind to do; it fails while it is told to."""

    def __init__(self, *, to_sum: int = 0, to_forget: int = 0) -> None:
        self.to_sum = to_sum
        self.to_forget = to_forget
        self.failure: Exception | None = None
        self.steps: list[str] = []
        self.bounds: set[tuple[datetime, datetime]] = set()

    async def roll_up(self, now: datetime) -> bool:
        assert now >= START
        self.steps.append("sum")
        if self.failure is not None:
            raise self.failure
        self.to_sum = max(-1, self.to_sum - 1)
        return self.to_sum >= 0

    async def forget(self, *, raw_before: datetime, rollups_before: datetime) -> bool:
        self.steps.append("forget")
        self.bounds.add((raw_before, rollups_before))
        self.to_forget = max(-1, self.to_forget - 1)
        return self.to_forget >= 0


class Running:
    """Upkeep that runs, and the clock that it lives by."""

    def __init__(self, work: Work) -> None:
        self.clock = SettableClock(START)
        upkeep = Upkeep(work, self.clock, keep_raw=timedelta(days=30), keep_rollups=timedelta(days=730))
        self.task = asyncio.ensure_future(upkeep.run())

    async def pass_time(self, seconds: float) -> None:
        """Let that much time pass, in steps no longer than the shortest pause."""
        for _ in range(5):
            await asyncio.sleep(0)
        for _ in range(round(seconds / PAUSE_SECONDS)):
            self.clock.advance(seconds=PAUSE_SECONDS)
            for _ in range(5):
                await asyncio.sleep(0)

    async def stop(self) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


async def test_it_does_all_there_is_to_do_in_one_round() -> None:
    work = Work(to_sum=3, to_forget=2)
    running = Running(work)
    await running.pass_time(1)
    assert work.steps == ["sum"] * 4 + ["forget"] * 3
    await running.stop()


async def test_it_keeps_what_is_younger_than_the_settings_say() -> None:
    work = Work()
    running = Running(work)
    await running.pass_time(1)
    assert work.bounds == {(START - timedelta(days=30), START - timedelta(days=730))}
    await running.stop()


async def test_it_looks_every_minute_and_forgets_every_hour() -> None:
    work = Work()
    running = Running(work)
    await running.pass_time(2 * 3600)
    assert work.steps.count("forget") == 3
    assert work.steps.count("sum") == 2 * 3600 / ROUND_SECONDS + 1
    await running.stop()


@pytest.mark.parametrize("failure", [StoreError("the database is away"), ZeroDivisionError()])
async def test_it_goes_on_in_the_next_round_after_a_failure(failure: Exception) -> None:
    work = Work(to_sum=1, to_forget=0)
    work.failure = failure
    running = Running(work)
    await running.pass_time(3 * ROUND_SECONDS)
    assert set(work.steps) == {"sum"}
    work.failure = None
    await running.pass_time(ROUND_SECONDS + 1)
    assert "forget" in work.steps
    assert not running.task.done()
    await running.stop()


async def test_it_forgets_also_when_the_clock_was_set_back() -> None:
    work, clock = Work(), SettableClock(START + timedelta(days=30))
    upkeep = Upkeep(work, clock, keep_raw=timedelta(days=30), keep_rollups=timedelta(days=730))
    await upkeep.round()
    clock.advance(seconds=-29 * 86_400)
    await upkeep.round()
    assert work.steps.count("forget") == 2
