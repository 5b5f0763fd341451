"""Leases over a PostgreSQL server that goes away and comes back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from contract.builders import settings_in
from fixtures.counted_cluster import CountedCluster
from fixtures.real_servers import PostgresServer, postgres_server
from fixtures.running_prober import START, turns, until
from openmodels.clock import SettableClock
from openmodels.jobs.leased import LEASE, RENEW_SECONDS, Leased
from openmodels.jobs.presence import Present
from openmodels.opening import open_stores
from openmodels.store.cluster_ports import known_regions

pytestmark = pytest.mark.anyio

SECONDS = 60.0
"""A bound for whatever is waited for, on machines that are busy."""


class Work:
    """A part that tells whether it runs."""

    def __init__(self) -> None:
        self._running = False

    def runs(self) -> bool:
        return self._running

    async def run(self) -> None:
        self._running = True
        try:
            await asyncio.Event().wait()
        finally:
            self._running = False


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of this test's own, since it stops it."""
    with postgres_server() as found:
        yield found


@pytest.fixture
async def world(server: PostgresServer, tmp_path: Path, anyio_backend: str) -> AsyncIterator["World"]:
    settings = settings_in(tmp_path, OPENMODELS_DATABASE_URL=server.url(server.migrated_database()))
    async with AsyncExitStack() as stack:
        stores = [await stack.enter_async_context(open_stores(settings)) for _ in range(2)]
        found = World([CountedCluster(one.engine) for one in stores])
        stack.push_async_callback(found.end)
        yield found


class World:
    """Two nodes by one clock, each with leased work and a prober that says that it works."""

    def __init__(self, clusters: list[CountedCluster]) -> None:
        self.clock = SettableClock(START)
        self.clusters = clusters
        self.jobs = [Work(), Work()]
        self.tasks: list[asyncio.Task[None]] = []

    def start(self, node: int) -> None:
        cluster, name = self.clusters[node], f"node-{node}"
        leased = Leased(self.jobs[node], "jobs", cluster, self.clock, name)
        present = Present(Work(), cluster, self.clock, name=name, region="eu", alone=False)
        self.tasks += [asyncio.create_task(leased.run()), asyncio.create_task(present.run())]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let time go on until this is so; it stands still while the server is asked."""
        async with asyncio.timeout(SECONDS):
            while not condition():
                self.clock.advance(seconds=1)
                await turns()
                await until(lambda: not any(cluster.asking for cluster in self.clusters), SECONDS)
                await turns()
                assert sum(job.runs() for job in self.jobs) <= 1

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_one_works_before_and_after_and_none_during_an_outage(
    world: World, server: PostgresServer
) -> None:
    world.start(0)
    await until(world.jobs[0].runs, SECONDS)
    world.start(1)
    await world.until(lambda: world.clock.now() > START + LEASE)
    assert [job.runs() for job in world.jobs] == [True, False]
    await asyncio.to_thread(server.stop)
    await world.until(lambda: not world.jobs[0].runs())
    assert not world.jobs[1].runs()
    await asyncio.to_thread(server.start)
    await world.until(lambda: any(job.runs() for job in world.jobs))
    back_at = world.clock.now().timestamp()
    await world.until(lambda: world.clock.now().timestamp() > back_at + 3 * RENEW_SECONDS)
    assert sum(job.runs() for job in world.jobs) == 1
    (region,) = await known_regions(world.clusters[0], world.clock.now())
    assert (region.status, region.probers) == ("up", 2)
