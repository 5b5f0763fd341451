"""Several processes over one SQLite file: each part of the background work is done by one of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from contract.builders import provider, registry, settings_in
from fixtures.counted_cluster import CountedCluster
from fixtures.running_prober import START, settings_of, turns, until
from openmodels.background import Background, Kept, assemble_background
from openmodels.clock import SettableClock
from openmodels.domain.telemetry import Check
from openmodels.errors import StoreError
from openmodels.fake.behaviour import Behaviour
from openmodels.fake.server import FakeProvider
from openmodels.jobs.leased import LEASE, RENEW_SECONDS
from openmodels.opening import Stores, open_stores
from openmodels.prober.keys import FixedKeys
from openmodels.store.cluster_ports import RegionSeen, known_regions
from openmodels.store.live import Live
from openmodels.store.ports import Cursor

pytestmark = pytest.mark.anyio

INTERVAL = 10
PROVIDERS = ("p", "q", "r")


class Cluster(CountedCluster):
    """One process's way to the leases, which a test may cut."""

    dead = False

    async def release_lease(self, name: str, holder: str) -> None:
        if self.dead:
            raise StoreError("dead")
        await super().release_lease(name, holder)

    async def prober_gone(self, name: str) -> None:
        if self.dead:
            raise StoreError("dead")
        await super().prober_gone(name)


class Process:
    """A process over the shared file: its own engine, snapshot and background."""

    def __init__(self, stores: Stores, live: Live, background: Background, cluster: Cluster) -> None:
        self.stores = stores
        self.live = live
        self.background = background
        self.cluster = cluster
        self.task = asyncio.create_task(background.run())

    @property
    def probes(self) -> int:
        return self.background.counters.total

    @property
    def busy(self) -> bool:
        """Whether it does what takes time of the real clock."""
        return bool(self.cluster.asking or self.background.counters.running)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def die(self) -> None:
        """End without a word to the others."""
        self.cluster.dead = True
        await self.stop()


class World:
    """Processes that share a SQLite file, a clock that stands still, and fake providers."""

    def __init__(self, folder: Path, fake: FakeProvider) -> None:
        self.clock = SettableClock(START)
        self.processes: list[Process] = []
        self._folder = folder
        self._fake = fake
        self._stack = AsyncExitStack()

    async def start(self, region: str = "eu") -> Process:
        stores = await self._stack.enter_async_context(open_stores(settings_in(self._folder)))
        if await stores.registry.head() is None:
            await stores.registry.publish(registry(*map(provider, PROVIDERS)), base=None, at=START)
        live = Live(stores.registry, stores.telemetry)
        await live.start()
        endpoints = ",".join(f"{name}={self._fake.url(name)}/v1" for name in PROVIDERS)
        cluster = Cluster(stores.engine)
        background = assemble_background(
            settings_of(ENDPOINTS=endpoints, HEALTH_INTERVAL=str(INTERVAL), REGION=region),
            live,
            Kept(
                telemetry=stores.telemetry,
                alerts=stores.alerts,
                spending=stores.spending,
                cluster=cluster,
            ),
            clock=self.clock,
            keys=FixedKeys(),
            senders={},
            address="http://127.0.0.1:8000",
        )
        process = Process(stores, live, background, cluster)
        self.processes.append(process)
        return process

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let time go on, and everybody do what he does in it, until this is so."""
        async with asyncio.timeout(30):
            while not condition():
                self.clock.advance(seconds=0.5)
                await turns()
                await until(lambda: not any(process.busy for process in self.processes))
                await turns()

    async def after(self, seconds: float) -> None:
        end = self.clock.now() + timedelta(seconds=seconds)
        await self.until(lambda: self.clock.now() >= end)

    async def checks(self) -> list[Check]:
        """All that are in the database."""
        recorded = await self.processes[0].stores.telemetry.recorded_after(Cursor(0, 0), limit=10_000)
        return [one for _, one in recorded.events if isinstance(one, Check)]

    async def regions(self) -> list[RegionSeen]:
        return await known_regions(self.processes[0].cluster, self.clock.now())

    async def end(self) -> None:
        for process in self.processes:
            await process.stop()
        await self._stack.aclose()


def doubles(checks: list[Check]) -> int:
    """Checks of one provider that came sooner after each other than one interval, but for a second."""
    found = 0
    for name in PROVIDERS:
        times = sorted(check.checked_at for check in checks if check.provider_id == name)
        pairs = pairwise(times)
        found += sum((later - earlier).total_seconds() < INTERVAL - 1 for earlier, later in pairs)
    return found


@asynccontextmanager
async def sharing(folder: Path) -> AsyncIterator[World]:
    async with FakeProvider(Behaviour(headers_ms=0)) as fake:
        world = World(folder, fake)
        try:
            yield world
        finally:
            await world.end()


@pytest.fixture
async def world(tmp_path: Path, anyio_backend: str) -> AsyncIterator[World]:
    async with sharing(tmp_path) as found:
        yield found


async def test_one_of_two_probes_and_the_other_goes_on_when_it_is_stopped(world: World) -> None:
    first = await world.start()
    await world.until(lambda: first.probes > 0)
    second = await world.start()
    await world.until(lambda: first.probes >= 4 * len(PROVIDERS))
    assert second.probes == 0
    await first.stop()
    stopped_at = world.clock.now()
    await world.until(lambda: second.background.counters.written >= 3 * len(PROVIDERS))
    assert first.probes == first.background.counters.written
    checks = await world.checks()
    assert doubles(checks) == 0
    first_after = min(check.checked_at for check in checks if check.checked_at > stopped_at)
    # It looks every RENEW_SECONDS; then each provider's turn comes within one interval.
    assert (first_after - stopped_at).total_seconds() <= RENEW_SECONDS + INTERVAL + 2
    assert Counter(check.region for check in checks).keys() == {"eu"}


async def test_another_goes_on_when_one_dies_once_its_lease_has_run_out(world: World) -> None:
    first = await world.start()
    await world.until(lambda: first.probes >= len(PROVIDERS))
    second = await world.start()
    await world.after(RENEW_SECONDS)
    await first.die()
    died_at = world.clock.now()
    await world.until(lambda: second.background.counters.written >= 2 * len(PROVIDERS))
    checks = await world.checks()
    first_after = min(check.checked_at for check in checks if check.checked_at > died_at)
    assert first_after - died_at >= LEASE - timedelta(seconds=RENEW_SECONDS + 1)
    assert doubles(checks) == 0
    # Of the one that died nothing is left: another works in its place.
    (region,) = await world.regions()
    assert (region.status, region.probers, region.lost) == ("up", 1, 0)


async def test_each_region_has_a_prober_of_its_own(world: World) -> None:
    eu, us = await world.start("eu"), await world.start("us")
    written = (eu.background.counters, us.background.counters)
    await world.until(lambda: min(each.written for each in written) >= len(PROVIDERS))
    assert {check.region for check in await world.checks()} == {"eu", "us"}
    assert [(one.region, one.probers) for one in await world.regions()] == [("eu", 1), ("us", 1)]
    await us.stop()
    assert [(one.region, one.status) for one in await world.regions()] == [("eu", "up"), ("us", "idle")]


async def test_who_has_no_destination_keeps_no_one_from_sending_alerts(tmp_path: Path) -> None:
    async with sharing(tmp_path) as world:
        silent = await world.start()
        await world.until(lambda: silent.probes > 0)
        now = world.clock.now()
        for name, free in (("jobs", False), ("alerts", True)):
            taken = await silent.cluster.take_lease(name, "another", now=now, until=now + LEASE)
            assert taken == free
