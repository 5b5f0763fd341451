import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from openmodels.clock import SettableClock, SystemClock

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_it_tells_the_time_in_utc_twice_the_same() -> None:
    clock = SystemClock()
    before = clock.unix()
    now = clock.now()
    assert now.utcoffset() == timedelta(0)
    assert before - 0.001 <= now.timestamp() <= clock.unix() + 0.001


def test_it_stands_still_until_it_is_told_to_move() -> None:
    clock = SettableClock(START)
    assert clock.now() == clock.now() == START
    assert clock.unix() == START.timestamp()
    clock.advance(seconds=90.5)
    assert clock.now() == START + timedelta(seconds=90.5)
    assert clock.unix() == START.timestamp() + 90.5


def test_it_can_be_set_back() -> None:
    clock = SettableClock(START)
    clock.advance(seconds=-3600)
    assert clock.now() == START - timedelta(hours=1)


@pytest.mark.anyio
async def test_it_wakes_who_slept_long_enough_the_earliest_first() -> None:
    clock, woken = SettableClock(START), list[float]()

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    async with asyncio.TaskGroup() as sleepers:
        for seconds in (30, 10, 20, 0):
            sleepers.create_task(sleeper(seconds))
        await _settled()
        clock.advance(seconds=9.9)
        await _settled()
        assert woken == [0]
        clock.advance(seconds=15)
        await _settled()
        assert woken == [0, 10, 20]
        clock.advance(seconds=60)
    assert woken == [0, 10, 20, 30]


@pytest.mark.anyio
async def test_it_does_not_wake_who_is_gone() -> None:
    clock = SettableClock(START)
    sleeper = asyncio.ensure_future(clock.sleep(5))
    await _settled()
    sleeper.cancel()
    await _settled()
    clock.advance(seconds=10)
    assert sleeper.cancelled()


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)
