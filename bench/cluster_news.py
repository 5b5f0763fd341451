"""How long it takes until what is published or recorded at one place is served by a node at another."""

import asyncio
import http.client
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from statistics import median

from msgspec.structs import replace

from bench.cluster_ground import Ground, bundled, percentile, say
from bench.cluster_results import Delay
from bench.process import Server
from openmodels.domain.records import revision_of
from openmodels.domain.telemetry import Check
from openmodels.opening import Stores, open_stores

NOWHERE = "postgresql://nobody@127.0.0.1:9/nothing"
"""Where a node is told to listen that is to hear nothing: the discard port, where nothing answers."""
GIVEN_UP_SECONDS = 20.0
Read = Callable[[http.client.HTTPResponse, bytes], str | int]


def measure_news(ground: Ground) -> tuple[Delay, ...]:
    """Two nodes, one that hears announcements and one that only polls, told of the same changes."""
    url = ground.database()
    with ExitStack() as stack:
        nodes = {
            "LISTEN/NOTIFY": stack.enter_context(ground.node("listens", url)),
            "polling": stack.enter_context(ground.node("polls", url, database_direct_url=NOWHERE)),
        }
        return asyncio.run(_measure(ground, url, nodes))


async def _measure(ground: Ground, url: str, nodes: Mapping[str, Server]) -> tuple[Delay, ...]:
    taken: dict[tuple[str, str], list[float]] = defaultdict(list)
    chance, times = random.Random(1), 3 if ground.quick else 40
    async with open_stores(ground.settings(url)) as stores:
        for kind, change in (("a check", _Checks(stores)), ("a revision", _Revisions(stores))):
            say(f"news: {kind}, {times} times")
            for _ in range(times):
                # Longer than the second in which announcements are taken together, and at any moment of it.
                await asyncio.sleep(chance.uniform(1.2, 2.2))
                for name, seconds in (await _delays(nodes, change)).items():
                    taken[kind, name].append(seconds * 1000)
    return tuple(
        Delay(
            change=kind,
            by=name,
            times=len(found),
            p50_ms=round(median(found), 2),
            p99_ms=round(percentile(found, 0.99), 2),
            max_ms=round(max(found), 2),
        )
        for (kind, name), found in taken.items()
    )


class _Checks:
    """Records checks of one provider; how many there are is in the answer."""

    def __init__(self, stores: Stores) -> None:
        self._store = stores.telemetry
        self._provider = bundled().providers[0].id
        self._made = 0
        self.path = f"/api/telemetry/health/{self._provider}?period=24h"

    async def make(self) -> str | int:
        """Record one more; what the answer says then."""
        now = datetime.now(UTC)
        check = Check(provider_id=self._provider, region="bench", checked_at=now, status="up", outcome="ok")
        await self._store.record([check])
        self._made += 1
        return self._made

    @staticmethod
    def read(_response: http.client.HTTPResponse, body: bytes) -> str | int:
        """What an answer says."""
        return int(json.loads(body)["checks_total"])


class _Revisions:
    """Publishes two registries in turn; which of them is served is in the answer's head."""

    def __init__(self, stores: Stores) -> None:
        self._store = stores.registry
        first = bundled()
        renamed = replace(first.models[0], description="As it was, but for this sentence.")
        self._registries = [replace(first, models=(renamed, *first.models[1:])), first]
        self._served = revision_of(first)
        self.path = "/api/models?limit=1"

    async def make(self) -> str | int:
        """Publish the other one; its revision."""
        registry = self._registries[0]
        self._registries.reverse()
        done = await self._store.publish(registry, base=self._served, at=datetime.now(UTC))
        self._served = done.head.revision
        return self._served

    @staticmethod
    def read(response: http.client.HTTPResponse, _body: bytes) -> str | int:
        """What an answer says."""
        return response.headers["X-Registry-Revision"]


async def _delays(nodes: Mapping[str, Server], change: _Checks | _Revisions) -> dict[str, float]:
    """By node: seconds from when the change was made to the end of the first answer that shows it."""
    watchers = {name: _Watcher(node.port, change.path, change.read) for name, node in nodes.items()}
    tasks = [asyncio.create_task(asyncio.to_thread(watcher.watch)) for watcher in watchers.values()]
    wanted = await change.make()
    made = time.perf_counter()
    for watcher in watchers.values():
        watcher.wait_for(wanted)
    await asyncio.gather(*tasks)
    return {name: max(0.0, watcher.seen[wanted] - made) for name, watcher in watchers.items()}


class _Watcher:
    """Asks a node for the same thing again and again."""

    def __init__(self, port: int, path: str, read: Read) -> None:
        self._port = port
        self._path = path
        self._read = read
        self._wanted: str | int | None = None
        self._told = threading.Event()
        self.seen: dict[str | int, float] = {}
        """When each value was seen first."""

    def wait_for(self, wanted: str | int) -> None:
        """End the watch once this was seen."""
        self._wanted = wanted
        self._told.set()

    def watch(self) -> None:
        """Ask until the value that is waited for was seen; raises ``RuntimeError`` when it never is."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        until = time.perf_counter() + GIVEN_UP_SECONDS
        try:
            while not (self._told.is_set() and self._wanted in self.seen):
                connection.request("GET", self._path)
                response = connection.getresponse()
                body = response.read()
                now = time.perf_counter()
                if response.status != 200 or now > until:
                    raise RuntimeError(f"{self._path} was answered with {response.status}: {body[:300]!r}")
                self.seen.setdefault(self._read(response, body), now)
                # Leaves the node, and this process, time for the change itself.
                time.sleep(0.0005)
        finally:
            connection.close()
