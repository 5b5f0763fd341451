"""A prober says that it works."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from fixtures.running_prober import turns
from openmodels.clock import SettableClock
from openmodels.errors import StoreError
from openmodels.jobs.presence import SAY_SECONDS, Present
from openmodels.store.cluster_ports import ALIVE_FOR, KNOWN_FOR, ProberSeen, RegionSeen, known_regions
from openmodels.store.memory_cluster import MemoryClusterStore

pytestmark = pytest.mark.anyio

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Cluster(MemoryClusterStore):
    """The store in memory, which fails as a test says."""

    error: Exception | None = None

    async def prober_seen(self, prober: ProberSeen, *, lost_before: datetime) -> None:
        if self.error is not None:
            raise self.error
        await super().prober_seen(prober, lost_before=lost_before)

    async def prober_gone(self, name: str) -> None:
        if self.error is not None:
            raise self.error
        await super().prober_gone(name)


class Probing:
    """A prober that works until it is told to fail."""

    def __init__(self) -> None:
        self.fault = asyncio.Event()

    async def run(self) -> None:
        await self.fault.wait()
        raise ZeroDivisionError


class World:
    def __init__(self) -> None:
        self.clock = SettableClock(START)
        self.cluster = Cluster()
        self.tasks: list[asyncio.Task[None]] = []

    async def start(
        self, name: str, *, part: Probing | None = None, alone: bool = True
    ) -> asyncio.Task[None]:
        present = Present(part or Probing(), self.cluster, self.clock, name=name, region="eu", alone=alone)
        task = asyncio.create_task(present.run())
        self.tasks.append(task)
        await turns()
        return task

    async def after(self, seconds: float) -> None:
        for _ in range(round(seconds)):
            self.clock.advance(seconds=1)
            await turns()

    async def region(self) -> RegionSeen:
        (found,) = await known_regions(self.cluster, self.clock.now())
        return found


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def running() -> AsyncIterator[World]:
    world = World()
    try:
        yield world
    finally:
        for task in world.tasks:
            await stop(task)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as found:
        yield found


async def test_it_says_so_at_once_and_again_and_again(world: World) -> None:
    await world.start("one")
    assert await world.region() == RegionSeen(region="eu", probers=1, lost=0, last_seen_at=START)
    await world.after(10 * ALIVE_FOR.total_seconds())
    found = await world.region()
    assert found.status == "up"
    assert world.clock.now() - found.last_seen_at < timedelta(seconds=SAY_SECONDS)


async def test_it_says_good_bye_when_it_is_stopped(world: World) -> None:
    await stop(await world.start("one"))
    assert (await world.region()).status == "idle"
    await world.after(2 * ALIVE_FOR.total_seconds())
    assert (await world.region()).status == "idle"


async def test_a_prober_that_fails_says_nothing(world: World) -> None:
    part = Probing()
    task = await world.start("one", part=part)
    part.fault.set()
    with pytest.raises(ZeroDivisionError):
        await task
    await world.after(ALIVE_FOR.total_seconds() + 1)
    assert (await world.region()).status == "down"


async def test_it_is_heard_of_again_when_the_store_is_back(world: World) -> None:
    task = await world.start("one")
    world.cluster.error = StoreError("away")
    await world.after(2 * ALIVE_FOR.total_seconds())
    assert (await world.region()).status == "down"
    assert not task.done()
    world.cluster.error = None
    await world.after(SAY_SECONDS)
    assert (await world.region()).status == "up"


async def test_it_is_stopped_although_the_store_fails(world: World) -> None:
    task = await world.start("one")
    world.cluster.error = StoreError("away")
    await stop(task)
    assert task.cancelled()


async def test_who_is_alone_in_its_region_is_so_at_once(world: World) -> None:
    await world.cluster.prober_seen(ProberSeen(name="killed", region="eu", at=START), lost_before=START)
    await world.after(1)
    task = await world.start("one")
    assert await world.region() == RegionSeen(
        region="eu", probers=1, lost=0, last_seen_at=START + timedelta(seconds=1)
    )
    await stop(task)
    await world.after(2 * ALIVE_FOR.total_seconds())
    assert (await world.region()).status == "idle"


async def test_several_in_one_region_count_each_other(world: World) -> None:
    tasks = [await world.start(name, alone=False) for name in ("one", "two", "three")]
    await world.after(5)
    assert (await world.region()).probers == 3
    await stop(tasks[0])
    assert (await world.region()).probers == 2


async def test_it_has_old_regions_forgotten(world: World) -> None:
    await world.cluster.prober_seen(ProberSeen(name="old", region="us", at=START), lost_before=START)
    world.clock.advance(seconds=KNOWN_FOR.total_seconds() - 60)
    task = await world.start("one")
    assert len(await world.cluster.regions(alive_since=START)) == 2
    world.clock.advance(seconds=3600)
    await turns()
    assert [one.region for one in await world.cluster.regions(alive_since=START)] == ["eu"]
    assert not task.done()
