"""Work that one process does at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.running_prober import turns
from openmodels.clock import SettableClock
from openmodels.errors import StoreError
from openmodels.jobs.leased import LEASE, RENEW_SECONDS, Leased
from openmodels.store.memory_cluster import MemoryClusterStore

pytestmark = pytest.mark.anyio

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LEASE_SECONDS = LEASE.total_seconds()


class Cluster(MemoryClusterStore):
    """One process's way to a store that all share: it fails, or does not answer, as a test says."""

    def __init__(self, shared: MemoryClusterStore) -> None:
        super().__init__()
        self._leases = shared._leases
        self.error: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def take_lease(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return await super().take_lease(name, holder, now=now, until=until)

    async def release_lease(self, name: str, holder: str) -> None:
        if self.error is not None:
            raise self.error
        await super().release_lease(name, holder)


class Work:
    """A part that notes when it runs."""

    def __init__(self) -> None:
        self.running = False
        self.begun = 0
        self.over: asyncio.Event = asyncio.Event()
        self.fault: Exception | None = None

    async def run(self) -> None:
        self.begun += 1
        self.running = True
        try:
            await self.over.wait()
            if self.fault is not None:
                raise self.fault
        finally:
            self.running = False


class Process:
    """A process that takes part."""

    def __init__(self, world: "World", name: str, *, unsure: bool = False) -> None:
        self.cluster = Cluster(world.store)
        self.work = Work()
        leased = Leased(self.work, "jobs", self.cluster, world.clock, name, unsure=unsure)
        self.task = asyncio.create_task(leased.run())

    def works(self) -> bool:
        return self.work.running

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def die(self) -> None:
        """End without a word, as a process that is killed."""
        self.cluster.error = StoreError("dead")
        await self.stop()


class World:
    def __init__(self) -> None:
        self.clock = SettableClock(START)
        self.store = MemoryClusterStore()
        self.processes: list[Process] = []

    async def start(self, *, unsure: bool = False) -> Process:
        process = Process(self, f"process-{len(self.processes)}", unsure=unsure)
        self.processes.append(process)
        await turns()
        return process

    async def after(self, seconds: float) -> None:
        """Let so much time pass, in steps of a second and whatever is left."""
        while seconds > 0:
            self.clock.advance(seconds=min(1.0, seconds))
            seconds -= 1.0
            await turns()

    async def end(self) -> None:
        for process in self.processes:
            await process.stop()


@asynccontextmanager
async def running() -> AsyncIterator[World]:
    world = World()
    try:
        yield world
    finally:
        await world.end()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as found:
        yield found


async def test_it_begins_at_once_where_nobody_has_the_lease(world: World) -> None:
    assert (await world.start()).works()


async def test_only_one_works_however_many_there_are(world: World) -> None:
    first, *others = [await world.start() for _ in range(4)]
    await world.after(10 * LEASE_SECONDS)
    assert first.works()
    assert first.work.begun == 1
    assert not any(other.work.begun for other in others)


async def test_another_takes_over_when_it_is_stopped(world: World) -> None:
    first, second = await world.start(), await world.start()
    await world.after(1)
    await first.stop()
    assert not first.works()
    await world.after(RENEW_SECONDS)
    assert second.works()


async def test_another_takes_over_when_it_dies_and_the_lease_has_run_out(world: World) -> None:
    first, second = await world.start(), await world.start()
    await first.die()
    await world.after(LEASE_SECONDS - 1)
    assert not second.works()
    await world.after(1 + RENEW_SECONDS)
    assert second.works()


async def test_who_lost_the_lease_stops_and_waits_for_it(world: World) -> None:
    first = await world.start()
    now = world.clock.now()
    world.store._leases["jobs"] = ("another", now + LEASE)
    await world.after(RENEW_SECONDS)
    assert not first.works()
    await world.after(LEASE_SECONDS)
    assert (first.works(), first.work.begun) == (True, 2)


async def test_it_stops_when_its_lease_ends_while_the_store_fails(world: World) -> None:
    first = await world.start()
    await world.after(2)
    first.cluster.error = StoreError("away")
    await world.after(LEASE_SECONDS - 3)
    assert first.works()
    await world.after(1)
    assert not first.works()
    first.cluster.error = None
    await world.after(RENEW_SECONDS)
    assert (first.works(), first.work.begun) == (True, 2)


async def test_it_stops_when_its_lease_ends_while_the_store_does_not_answer(world: World) -> None:
    first, second = await world.start(), await world.start()
    first.cluster.open.clear()
    await world.after(LEASE_SECONDS)
    assert not first.works()
    await world.after(RENEW_SECONDS)
    assert second.works()
    first.cluster.open.set()
    await world.after(3 * LEASE_SECONDS)
    assert (first.works(), second.works()) == (False, True)


@pytest.mark.parametrize("way", ["fails", "hangs"])
async def test_work_that_must_not_stop_goes_on_while_the_store_is_away(world: World, way: str) -> None:
    first = await world.start(unsure=True)
    if way == "fails":
        first.cluster.error = StoreError("away")
    else:
        first.cluster.open.clear()
    await world.after(10 * LEASE_SECONDS)
    assert first.works()
    first.cluster.error = None
    first.cluster.open.set()
    await world.after(LEASE_SECONDS)
    assert (first.works(), first.work.begun) == (True, 1)


async def test_work_that_must_not_stop_stops_when_another_has_the_lease(world: World) -> None:
    first = await world.start(unsure=True)
    first.cluster.error = StoreError("away")
    await world.after(LEASE_SECONDS)
    second = await world.start(unsure=True)
    assert second.works()
    first.cluster.error = None
    await world.after(RENEW_SECONDS)
    assert (first.works(), second.works()) == (False, True)


async def test_it_waits_for_a_store_that_fails_at_the_start(world: World) -> None:
    first = await world.start()
    await first.die()
    second = Process(world, "second")
    second.cluster.error = StoreError("away")
    world.processes.append(second)
    await world.after(2 * LEASE_SECONDS)
    assert not second.works()
    second.cluster.error = None
    await world.after(RENEW_SECONDS)
    assert second.works()


async def test_it_ends_when_the_work_ends_and_gives_the_lease_back(world: World) -> None:
    first, second = await world.start(), await world.start()
    first.work.over.set()
    await turns()
    assert first.task.done()
    assert await first.task is None  # type: ignore[func-returns-value]
    await world.after(RENEW_SECONDS)
    assert second.works()


async def test_it_passes_on_what_the_work_raises_and_gives_the_lease_back(world: World) -> None:
    first, second = await world.start(), await world.start()
    first.work.fault = ZeroDivisionError()
    first.work.over.set()
    with pytest.raises(ZeroDivisionError):
        await first.task
    await world.after(RENEW_SECONDS)
    assert second.works()


async def test_it_ends_while_it_waits(world: World) -> None:
    first, second = await world.start(), await world.start()
    await second.stop()
    assert second.task.cancelled()
    await world.after(RENEW_SECONDS)
    assert first.works()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["wait", "away", "hang", "back"]), st.integers(0, 2), st.integers(1, 20)),
        max_size=15,
    )
)
def test_two_never_work_at_a_time_whatever_fails(deeds: list[tuple[str, int, int]]) -> None:
    async def play() -> None:
        async with running() as world:
            for _ in range(3):
                await world.start()
            for deed, which, seconds in deeds:
                cluster = world.processes[which].cluster
                if deed == "away":
                    # Who waited for an answer gets this one, at an odd time.
                    cluster.error = StoreError("away")
                    cluster.open.set()
                elif deed == "hang":
                    cluster.open.clear()
                else:
                    cluster.error = None
                    cluster.open.set()
                for _ in range(seconds):
                    await world.after(1)
                    assert sum(process.works() for process in world.processes) <= 1
            for process in world.processes:
                process.cluster.error = None
                process.cluster.open.set()
            await world.after(LEASE_SECONDS + 2 * RENEW_SECONDS)
            assert sum(process.works() for process in world.processes) == 1

    asyncio.run(play())
