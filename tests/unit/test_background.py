import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import pairwise

import pytest

from contract.builders import provider, registry
from fixtures.running_prober import START, NotingStore, settings_of, turns, until
from openmodels.background import Background, Kept, assemble_background
from openmodels.clock import SettableClock
from openmodels.fake.behaviour import Behaviour
from openmodels.fake.server import FakeProvider
from openmodels.jobs.parts import RESTART_SECONDS
from openmodels.jobs.upkeep import Upkeep
from openmodels.prober.keys import FixedKeys
from openmodels.store.live import Live
from openmodels.store.memory import MemoryRegistryStore
from openmodels.store.memory_alerts import MemoryAlertStore
from openmodels.store.memory_cluster import MemoryClusterStore
from openmodels.store.memory_spending import MemorySpendingStore

pytestmark = pytest.mark.anyio


class World:
    """Background work over stores in memory and a fake provider, by a clock that stands still."""

    def __init__(self, fake: FakeProvider) -> None:
        self.clock = SettableClock(START)
        self.telemetry = NotingStore()
        self.registry = MemoryRegistryStore()
        self.cluster = MemoryClusterStore()
        self.live = Live(self.registry, self.telemetry)
        self._fake = fake

    async def publish(self, *provider_ids: str) -> None:
        head = await self.registry.head()
        base = head.revision if head else None
        await self.registry.publish(registry(*map(provider, provider_ids)), base=base, at=START)

    def background(self) -> Background:
        endpoints = ",".join(f"{name}={self._fake.url(name)}/v1" for name in ("p", "q"))
        kept = Kept(
            telemetry=self.telemetry,
            alerts=MemoryAlertStore(),
            spending=MemorySpendingStore(),
            cluster=self.cluster,
        )
        return assemble_background(
            settings_of(ENDPOINTS=endpoints, HEALTH_INTERVAL="10"),
            self.live,
            kept,
            clock=self.clock,
            keys=FixedKeys(),
            senders={},
            address="http://127.0.0.1:8000",
        )

    async def checked(self, *names: str) -> None:
        """Let time go on until all of these were checked."""
        while not set(names) <= {check.provider_id for check in self.telemetry.checks}:
            self.clock.advance(seconds=0.5)
            await turns()
            await asyncio.sleep(0.001)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with FakeProvider(Behaviour(headers_ms=0)) as fake:
        found = World(fake)
        await found.publish("p")
        await found.live.start()
        yield found


async def stop(running: asyncio.Task[None]) -> None:
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_it_probes_and_takes_up_new_revisions(world: World) -> None:
    background = world.background()
    running = asyncio.create_task(background.run())
    async with asyncio.timeout(30):
        await world.checked("p")
        await world.publish("p", "q")
        await world.live.refresh()
        await world.checked("q")
    await stop(running)
    summary = background.summary()
    assert summary["checks"] == len(world.telemetry.checks) == summary["written"]
    assert (summary["measurements"], summary["lost"]) == (0, 0)


async def test_it_writes_what_it_has_when_it_is_stopped(world: World) -> None:
    background = world.background()
    running = asyncio.create_task(background.run())
    await until(lambda: background.counters.total > 0 or not _go_on(world))
    await stop(running)
    assert len(world.telemetry.checks) == background.counters.total > 0


async def test_a_part_that_fails_is_begun_again_while_the_others_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    async def breaks(_upkeep: Upkeep) -> None:
        begun.append(world.clock.now())
        raise ZeroDivisionError

    monkeypatch.setattr(Upkeep, "run", breaks)
    running = asyncio.create_task(world.background().run())
    async with asyncio.timeout(30):
        await world.checked("p")
        while len(begun) < 3:
            world.clock.advance(seconds=1)
            await turns()
    assert not running.done()
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(begun)]
    assert all(RESTART_SECONDS <= wait <= RESTART_SECONDS + 5 for wait in waits)
    await stop(running)


def _go_on(world: World) -> bool:
    world.clock.advance(seconds=0.5)
    return True
