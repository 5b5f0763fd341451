"""When nodes look for what is new: at once where announcements arrive, and never too often."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.builders import check, model, registry
from fixtures.running_prober import turns, until
from openmodels.clock import SettableClock
from openmodels.errors import StoreError
from openmodels.store.live import Live
from openmodels.store.looks import PAUSE_SECONDS
from openmodels.store.memory import MemoryRegistryStore, MemoryTelemetryStore
from openmodels.store.memory_news import MemoryNews
from openmodels.store.news import AllNews, News, Wake, change_of
from openmodels.store.ports import Head

pytestmark = pytest.mark.anyio

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Telemetry(MemoryTelemetryStore):
    """Notes when it is asked for its epoch; fails as long as it is told to."""

    def __init__(self, clock: SettableClock) -> None:
        super().__init__()
        self._clock = clock
        self.asked: list[float] = []
        self.failing = False

    async def epoch(self) -> int:
        self.asked.append((self._clock.now() - AT).total_seconds())
        if self.failing:
            raise StoreError("the database is away")
        return await super().epoch()


class Registry(MemoryRegistryStore):
    """Notes when it is asked for its head."""

    def __init__(self, clock: SettableClock) -> None:
        super().__init__()
        self._clock = clock
        self.asked: list[float] = []

    async def head(self) -> Head | None:
        self.asked.append((self._clock.now() - AT).total_seconds())
        return await super().head()


class World:
    """A node over stores in memory, by a clock that stands still."""

    def __init__(self) -> None:
        self.clock = SettableClock(AT)
        self.telemetry = Telemetry(self.clock)
        self.registry = Registry(self.clock)
        self.live = Live(self.registry, self.telemetry)

    @asynccontextmanager
    async def watching(self, interval: float, news: News | None) -> AsyncIterator[None]:
        await self.publish("first")
        await self.live.start()
        task = asyncio.create_task(self.live.watch(interval, news, self.clock))
        await turns()
        self.forget()
        try:
            yield
        finally:
            assert not task.done()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def forget(self) -> None:
        self.telemetry.asked.clear()
        self.registry.asked.clear()

    async def pass_time(self, seconds: float, step: float = 0.5) -> None:
        for _ in range(round(seconds / step)):
            self.clock.advance(seconds=step)
            await turns()

    async def publish(self, model_id: str) -> str:
        head = await super(Registry, self.registry).head()
        base = head.revision if head else None
        result = await self.registry.publish(registry(model(model_id)), base=base, at=AT)
        return result.head.revision


async def revision_is(live: Live, revision: str) -> None:
    """Snapshots are built in a thread, whose end no number of turns waits for."""
    await until(lambda: live.snapshot.revision == revision)
    await turns()


async def test_it_looks_every_interval_where_no_news_are_to_be_had() -> None:
    world = World()
    async with world.watching(2, None):
        await world.pass_time(6)
    assert world.telemetry.asked == world.registry.asked == [2, 4, 6]


async def test_it_looks_every_interval_while_no_news_arrive() -> None:
    world = World()
    async with world.watching(2, MemoryNews(listening=False)):
        await world.pass_time(6)
    assert world.telemetry.asked == world.registry.asked == [2, 4, 6]


async def test_it_looks_seldom_while_news_arrive() -> None:
    world = World()
    async with world.watching(1, MemoryNews()):
        await world.pass_time(20)
    assert world.telemetry.asked == world.registry.asked == [10, 20]


@pytest.mark.parametrize(("interval", "seldom"), [(0.5, 5), (2, 15), (60, 60)])
async def test_it_never_looks_more_seldom_than_a_lost_announcement_may_stay_lost(
    interval: float, seldom: float
) -> None:
    world = World()
    async with world.watching(interval, MemoryNews()):
        await world.pass_time(seldom)
    assert world.telemetry.asked == world.registry.asked == [seldom]


async def test_it_takes_up_an_announced_revision_at_once() -> None:
    world, news = World(), MemoryNews()
    async with world.watching(60, news):
        for name in ("second", "third"):  # also right after another
            revision = await world.publish(name)
            news.announce("registry")
            await revision_is(world.live, revision)
    assert world.clock.now() == AT


async def test_it_takes_up_announced_telemetry_at_once() -> None:
    world, news = World(), MemoryNews()
    async with world.watching(60, news):
        await world.pass_time(2)
        await world.telemetry.record([check("p", AT)])
        news.announce("telemetry")
        await turns()
        assert world.live.epoch == 1
        assert world.telemetry.asked == [2]
        assert world.registry.asked == []


async def test_it_makes_one_look_of_all_that_is_announced_within_an_interval() -> None:
    world, news = World(), MemoryNews()
    async with world.watching(1, news):
        await world.pass_time(2)
        for _ in range(16):  # some probers, each of which writes every second
            await world.telemetry.record([check("p", AT)])
            news.announce("telemetry")
            await turns()
            await world.pass_time(0.125, step=0.125)
        await world.pass_time(1)
    assert world.telemetry.asked == [2, 3, 4]
    assert world.live.epoch == 16


@given(
    interval=st.sampled_from([0.5, 1, 2, 60]),
    waits=st.lists(st.integers(0, 30).map(lambda steps: steps / 8), max_size=25),
)
def test_it_sees_all_telemetry_soon_and_never_looks_too_often(interval: float, waits: list[float]) -> None:
    async def run() -> None:
        world, news = World(), MemoryNews()
        pause = min(interval, PAUSE_SECONDS)
        async with world.watching(interval, news):
            for wait in waits:
                await world.telemetry.record([check("p", AT)])
                news.announce("telemetry")
                await world.pass_time(wait, step=0.125)
            await world.pass_time(pause, step=0.125)
            assert world.live.epoch == len(waits)
        asked = world.telemetry.asked
        assert all(after - before >= pause for before, after in pairwise(asked))

    asyncio.run(run())


async def test_it_looks_at_once_and_every_interval_again_when_no_news_arrive_any_more() -> None:
    world, news = World(), MemoryNews()
    async with world.watching(1, news):
        await world.pass_time(5)
        revision = await world.publish("second")
        assert world.registry.asked == []
        news.switch(listening=False)
        await revision_is(world.live, revision)
        await world.pass_time(2)
        assert world.registry.asked == world.telemetry.asked == [5, 6, 7]
        news.switch(listening=True)
        await turns()
        await world.pass_time(9)
        assert world.registry.asked == [5, 6, 7, 7]


async def test_it_looks_every_interval_while_the_database_is_away_though_news_arrive() -> None:
    world, news = World(), MemoryNews()
    async with world.watching(1, news):
        world.telemetry.failing = True
        await world.pass_time(12)
        assert world.telemetry.asked == [10, 11, 12]
        world.telemetry.failing = False
        await world.pass_time(12)
        assert world.telemetry.asked == [10, 11, 12, 13, 23]


class BrokenNews:
    """News that fail in a way nobody foresaw."""

    by, listening, heard = "nothing", False, 0

    async def run(self, wake: Wake) -> None:
        wake("registry")
        raise KeyError("unforeseen")


async def test_it_goes_on_looking_when_listening_fails() -> None:
    world = World()
    async with world.watching(1, BrokenNews()):
        await world.pass_time(2)
    assert world.telemetry.asked == [1, 2]


async def test_it_hears_what_comes_by_any_of_several_ways() -> None:
    heard: list[str] = []
    one, other = MemoryNews(), MemoryNews(listening=False)
    both = AllNews([one, other])
    listened = [both.listening]
    running = asyncio.create_task(both.run(heard.append))
    await turns()
    listened.append(both.listening)
    heard.clear()
    one.announce("registry")
    other.announce("registry")
    one.switch(listening=False)
    listened.append(both.listening)
    assert (heard[:1], both.heard) == (["registry"], 1)
    assert listened == [False, True, False]
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert one.followers == other.followers == 0


async def test_it_hears_nothing_where_there_is_no_way_at_all() -> None:
    assert not AllNews([]).listening


@given(st.text())
def test_it_takes_only_announcements_for_announcements(payload: str) -> None:
    assert change_of(payload) in ({payload} if payload in {"registry", "telemetry"} else {None})


async def test_it_begins_news_again_that_ended_as_nobody_foresaw() -> None:
    class Odd(MemoryNews):
        fails = True

        async def run(self, wake: Wake) -> None:
            if self.fails:
                raise AttributeError("nobody foresaw this")
            await super().run(wake)

    world, news = World(), Odd()
    async with world.watching(60, news):
        assert not news.listening
        news.fails = False
        await world.pass_time(1)
        assert news.listening
