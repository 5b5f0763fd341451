"""Whether the prober itself is online."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from fixtures.running_prober import START, settings_of, turns
from openmodels.clock import SettableClock
from openmodels.fake.behaviour import Behaviour
from openmodels.fake.server import FakeProvider
from openmodels.prober.assemble import connectivity_reach
from openmodels.prober.connectivity import OFFLINE_HOLD_SECONDS, ONLINE_HOLD_SECONDS, Connectivity
from openmodels.prober.results import ProberCounters
from openmodels.prober.style import load_styles

pytestmark = pytest.mark.anyio


class World:
    """What can be reached, and who asked."""

    def __init__(self, targets: Sequence[str] = ("https://one.example", "https://two.example")) -> None:
        self.reachable: set[str] = set()
        self.asked: list[str] = []
        self.answering = asyncio.Event()
        self.answering.set()
        self.clock = SettableClock(START)
        self.counters = ProberCounters()
        self.connectivity = Connectivity(self.reach, targets, self.clock, self.counters)

    async def reach(self, url: str) -> bool:
        self.asked.append(url)
        await self.answering.wait()
        return url in self.reachable


async def test_it_takes_itself_to_be_online_where_there_is_nobody_to_ask() -> None:
    world = World(())
    assert await world.connectivity.online()
    assert world.asked == []


@pytest.mark.parametrize(
    ("reachable", "online"), [((), False), (("https://two.example",), True), (("https://one.example",), True)]
)
async def test_one_answer_proves_it(reachable: Sequence[str], online: bool) -> None:
    world = World()
    world.reachable.update(reachable)
    assert await world.connectivity.online() is online
    assert world.counters.offline is not online


async def test_all_who_ask_at_once_share_one_answer() -> None:
    world = World()
    world.answering.clear()
    asking = [asyncio.create_task(world.connectivity.online()) for _ in range(100)]
    await turns()
    world.answering.set()
    assert await asyncio.gather(*asking) == [False] * 100
    assert sorted(world.asked) == ["https://one.example", "https://two.example"]


async def test_one_who_asks_and_leaves_takes_the_answer_from_nobody() -> None:
    world = World()
    world.answering.clear()
    one, other = (asyncio.create_task(world.connectivity.online()) for _ in range(2))
    await turns()
    one.cancel()
    await turns()
    world.answering.set()
    assert await other is False
    assert one.cancelled()


async def test_an_answer_holds_for_a_while() -> None:
    world = World()
    assert not await world.connectivity.online()
    world.reachable.add("https://one.example")
    world.clock.advance(seconds=OFFLINE_HOLD_SECONDS - 0.1)
    assert not await world.connectivity.online()
    world.clock.advance(seconds=0.1)
    assert await world.connectivity.online()
    world.reachable.clear()
    world.clock.advance(seconds=ONLINE_HOLD_SECONDS - 0.1)
    assert await world.connectivity.online()
    world.clock.advance(seconds=0.1)
    assert not await world.connectivity.online()


async def test_a_clock_that_was_set_back_holds_no_answer_for_ever() -> None:
    world = World()
    assert not await world.connectivity.online()
    world.reachable.add("https://one.example")
    world.clock.advance(seconds=-3600)
    assert await world.connectivity.online()


async def test_a_probe_that_was_answered_ends_being_offline() -> None:
    world = World()
    assert not await world.connectivity.online()
    world.connectivity.proven()
    assert not world.counters.offline
    # And what fails next is asked about again.
    asked = len(world.asked)
    assert not await world.connectivity.online()
    assert len(world.asked) == asked + 2


async def test_it_says_once_that_it_is_offline_and_once_that_it_is_back() -> None:
    world = World()
    with capture_logs() as logs:
        for _ in range(3):
            assert not await world.connectivity.online()
            world.counters.offline_dropped += 1
            world.clock.advance(seconds=OFFLINE_HOLD_SECONDS)
        for _ in range(3):
            world.connectivity.proven()
    said: list[Any] = [(line["log_level"], line["event"]) for line in logs]
    assert [level for level, _ in said] == ["warning", "info"]
    assert logs[1]["not_recorded"] == 3


async def test_its_targets_may_be_in_the_house_whatever_else_may() -> None:
    settings = settings_of(ALLOW_PRIVATE="off")
    reach = connectivity_reach(settings, SettableClock(START), load_styles())
    async with FakeProvider(Behaviour(headers_ms=0)) as fake:
        assert await reach(fake.url("somewhere"))
        fake.set("somewhere", Behaviour(headers_ms=0, faults=("hang_up",)))
        assert not await reach(fake.url("somewhere"))


async def test_closing_ends_the_asking() -> None:
    world = World()
    world.answering.clear()
    asking = asyncio.create_task(world.connectivity.online())
    await turns()
    await world.connectivity.close()
    await asyncio.wait({asking})
    assert asking.cancelled()
