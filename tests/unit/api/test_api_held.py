"""What is found once for all who ask at a time, and held for a while."""

import asyncio
from datetime import timedelta

import pytest

from contract.builders import AT
from openmodels.api.held import Held, HeldEach
from openmodels.clock import SettableClock
from openmodels.errors import StoreError

pytestmark = pytest.mark.anyio


class Finder:
    """Finds how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None

    async def find(self) -> int:
        self.asked += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return self.asked


async def test_it_holds_for_a_second_unless_told_otherwise() -> None:
    clock, finder = SettableClock(AT), Finder()
    short, long = Held[int](), Held[int](60)
    assert [await short.get(finder.find(), clock), await long.get(finder.find(), clock)] == [1, 2]
    clock.advance(seconds=0.9)
    assert [await short.get(finder.find(), clock), await long.get(finder.find(), clock)] == [1, 2]
    clock.advance(seconds=0.1)
    assert [await short.get(finder.find(), clock), await long.get(finder.find(), clock)] == [3, 2]
    clock.advance(seconds=59)
    assert await long.get(finder.find(), clock) == 4


async def test_those_who_ask_at_a_time_share_one_finding() -> None:
    clock, finder, held = SettableClock(AT), Finder(), Held[int](60)
    assert await asyncio.gather(*(held.get(finder.find(), clock) for _ in range(5))) == [1] * 5


async def test_one_who_hangs_up_does_not_take_it_from_the_others() -> None:
    clock, finder, held = SettableClock(AT), Finder(), Held[int](60)
    first = asyncio.create_task(held.get(finder.find(), clock))
    second = asyncio.create_task(held.get(finder.find(), clock))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 1


async def test_a_failure_is_not_held() -> None:
    clock, finder, held = SettableClock(AT), Finder(), Held[int](60)
    finder.error = StoreError("away")
    with pytest.raises(StoreError):
        await held.get(finder.find(), clock)
    finder.error = None
    assert await held.get(finder.find(), clock) == 2


async def test_a_clock_that_was_set_back_does_not_make_it_last() -> None:
    finder, held = Finder(), Held[int](60)
    await held.get(finder.find(), SettableClock(AT))
    assert await held.get(finder.find(), SettableClock(AT - timedelta(days=1))) == 2


async def test_each_key_has_a_finding_of_its_own() -> None:
    clock, finder, held = SettableClock(AT), Finder(), HeldEach[int](60, most=2)
    assert await held.get("a", finder.find(), clock) == 1
    assert await held.get("b", finder.find(), clock) == 2
    assert await held.get("a", finder.find(), clock) == 1
    clock.advance(seconds=60)
    assert await held.get("a", finder.find(), clock) == 3


async def test_the_keys_that_were_asked_for_last_are_held() -> None:
    clock, finder, held = SettableClock(AT), Finder(), HeldEach[int](60, most=2)
    for key in "abac":
        await held.get(key, finder.find(), clock)
    assert await held.get("a", finder.find(), clock) == 1
    assert await held.get("b", finder.find(), clock) == 4
