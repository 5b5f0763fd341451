"""Answers that show telemetry, made by one node and sent by all."""

import asyncio
import signal
from collections.abc import Iterator, Mapping
from datetime import timedelta

import msgspec
import pytest

from contract.builders import check
from fixtures.catalogue import catalogue
from fixtures.failing import FailingTelemetry
from fixtures.observations import observations
from fixtures.real_servers import ValkeyServer, valkey_server
from fixtures.redis_links import Nodes, client_of, nodes
from fixtures.service import NOW
from openmodels.api.app import ENDPOINTS, sharing
from openmodels.domain.records import Registry
from openmodels.edge.exchange import TELEMETRY_SECONDS, Freshness
from openmodels.edge.shared_answers import SharedAnswers
from openmodels.errors import StoreError
from openmodels.store.memory import MemoryTelemetryStore

pytestmark = pytest.mark.anyio

TARGETS = [
    "/api/telemetry/health/cirrus",
    "/api/telemetry/latency/cirrus?period=7d",
    "/api/telemetry/ranked/alpha-1",
    "/api/models/alpha-1/compare",
    "/api/providers",
    "/api/providers/cirrus",
    "/api/stats",
]
TARGET = TARGETS[0]
OWN = {"x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset"}
"""Headers that are of one request."""
REFUSED = StoreError("the database is away")


@pytest.fixture
def own_valkey() -> Iterator[ValkeyServer]:
    """A server that the test may stop."""
    with valkey_server() as server:
        yield server


class Telemetry:
    """One store, whose nodes can each be cut off from it."""

    def __init__(self) -> None:
        self.stores: list[FailingTelemetry] = []
        self._kept = MemoryTelemetryStore()

    def __call__(self) -> FailingTelemetry:
        store = FailingTelemetry(None)
        store._inner = self._kept
        self.stores.append(store)
        return store


def looks(two: Nodes, place: int) -> tuple[int, int, int]:
    """Hits, misses and errors of one node."""
    found = answers(two, place).looks
    return found.hits, found.misses, found.errors


def answers(two: Nodes, place: int) -> SharedAnswers:
    shared = two[place].app.inner
    assert isinstance(shared, SharedAnswers)
    return shared


def lasting(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in OWN}


async def made_by_the_first(two: Nodes, target: str = TARGET) -> bytes:
    """What the first node answers, left for the others."""
    answer = await two[0].get(target)
    assert answer.status_code == 200, answer.text
    await answers(two, 0).left()
    return answer.content


@pytest.mark.parametrize("target", TARGETS)
async def test_it_sends_what_another_node_made_without_asking_its_store(
    target: str, valkey: ValkeyServer
) -> None:
    telemetry = Telemetry()
    async with nodes(valkey.url, telemetry=telemetry, limit=100) as two:
        await two[0].record(*observations())
        await two[1].live.refresh()
        two[1].clock.advance(seconds=3)
        first = await two[0].get(target)
        assert first.status_code == 200
        await answers(two, 0).left()
        telemetry.stores[1].error = REFUSED
        second = await two[1].get(target)
        assert second.status_code == 200
        assert second.content == first.content
        assert lasting(second.headers) == lasting(first.headers)
        assert looks(two, 1) == (1, 0, 0)
        again = await two[1].get(target, if_none_match=first.headers["etag"])
        assert again.status_code == 304
        assert (two[1].app.counts.shared, two[1].app.counts.ready) == ({200: 1}, {304: 1})


async def test_it_compresses_what_another_made_to_the_same_bytes(valkey: ValkeyServer) -> None:
    async with nodes(valkey.url) as two:
        await made_by_the_first(two, "/api/providers")
        found = [await service.get("/api/providers", accept_encoding="br") for service in two.services]
        assert found[0].headers["content-encoding"] == "br"
        assert lasting(found[1].headers) == lasting(found[0].headers)
        assert found[1].content == found[0].content


async def test_it_shows_new_telemetry_at_once(valkey: ValkeyServer) -> None:
    async with nodes(valkey.url) as two:
        before = await made_by_the_first(two)
        await two[1].record([check("cirrus", NOW)])
        after = await two[1].get(TARGET)
        assert after.content != before
        assert looks(two, 1) == (0, 1, 0)


async def test_it_holds_for_the_time_that_was_left(valkey: ValkeyServer) -> None:
    async with nodes(valkey.url) as two:
        await two[0].record([check("cirrus", NOW - timedelta(minutes=59))])
        await two[1].live.refresh()
        await made_by_the_first(two, f"{TARGET}?period=1h")
        (key,) = client_of(valkey).keys("openmodels:answers:*")
        assert 0 < client_of(valkey).pttl(key) <= TELEMETRY_SECONDS * 1000
        client_of(valkey).pexpire(key, 4000)
        await two[1].get(f"{TARGET}?period=1h")
        two[1].clock.advance(seconds=5)
        await two[1].get(f"{TARGET}?period=1h")
        assert two[1].app.counts.ready == {}


async def test_it_tells_databases_apart_that_hold_the_same(valkey: ValkeyServer) -> None:
    async with nodes(valkey.url) as two, nodes(valkey.url) as others:
        await made_by_the_first(two)
        # Published at the same moment in these tests, which no two databases ever are.
        await others[0].publish(catalogue_renamed())
        await others[0].publish(catalogue())
        assert two[0].live.snapshot.revision == others[0].live.snapshot.revision
        assert two[0].live.epoch == others[0].live.epoch
        await others[0].get(TARGET)
        assert looks(others, 0) == (0, 1, 0)


def catalogue_renamed() -> Registry:
    old = catalogue()
    return msgspec.structs.replace(
        old, models=tuple(msgspec.structs.replace(m, name=f"{m.name}!") for m in old.models)
    )


async def test_it_does_not_share_what_lacks_telemetry(valkey: ValkeyServer) -> None:
    telemetry = Telemetry()
    async with nodes(valkey.url, telemetry=telemetry) as two:
        await two[0].record(*observations())
        await two[1].live.refresh()
        telemetry.stores[0].error = REFUSED
        for target in ("/api/models/alpha-1/compare", "/api/providers", "/api/stats"):
            poor = await made_by_the_first(two, target)
            rich = await two[1].get(target)
            assert rich.content != poor
        await answers(two, 1).left()
        assert len(client_of(valkey).keys("openmodels:answers:*")) == 3
        assert looks(two, 1) == (0, 3, 0)


async def test_it_shares_no_error_and_nothing_else_than_it_says(valkey: ValkeyServer) -> None:
    async with nodes(valkey.url) as two:
        for target in (
            "/api/models",
            "/api/models/alpha-1",
            "/api/search?q=alpha",
            "/api/health",
            "/api/health/live",
            "/api/openapi.json",
            "/api/badge/provider/cirrus.svg",
            "/api/telemetry/health/nobody",
            "/api/telemetry/health/cirrus?period=never",
            "/api/telemetry/health/cirrus?a=%zz",
            "/api/nothing",
        ):
            await two[0].get(target)
        await answers(two, 0).left()
        assert client_of(valkey).keys("openmodels:answers:*") == []


GARBAGE = [
    b"",
    b"garbage",
    b"\x93\x01\x90",
    msgspec.msgpack.encode([1, [], b"{}", "more"]),
    msgspec.msgpack.encode([-1, [], b"{}"]),
    msgspec.msgpack.encode([1e300, [], b"{}"]),
    msgspec.msgpack.encode([1, [[b"a", b"b\r\nset-cookie: x"]], b"{}"]),
    msgspec.msgpack.encode([1, [[b"a b", b"c"]], b"{}"]),
    msgspec.msgpack.encode({"modified": 1, "headers": [], "body": b"{}"}),
    msgspec.msgpack.encode([1, [[b"a"]], b"{}"]),
]


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_it_makes_the_answer_when_what_is_there_is_garbage(
    garbage: bytes, valkey: ValkeyServer
) -> None:
    async with nodes(valkey.url) as two:
        made = await made_by_the_first(two)
        (key,) = client_of(valkey).keys("openmodels:answers:*")
        client_of(valkey).set(key, garbage, px=5000)
        answer = await two[1].get(TARGET)
        assert answer.status_code == 200
        assert answer.content == made
        assert looks(two, 1) == (0, 0, 1)


async def test_it_makes_the_answer_when_the_key_is_of_another_kind(valkey: ValkeyServer) -> None:
    async with nodes(valkey.url) as two:
        made = await made_by_the_first(two)
        (key,) = client_of(valkey).keys("openmodels:answers:*")
        client_of(valkey).delete(key)
        client_of(valkey).rpush(key, "one", "two")
        client_of(valkey).pexpire(key, 5000)
        assert (await two[1].get(TARGET)).content == made
        assert two.links[1].link.up


async def test_it_makes_answers_while_the_server_hangs(own_valkey: ValkeyServer) -> None:
    async with nodes(own_valkey.url) as two:
        made = await made_by_the_first(two)
        own_valkey.stop(signal.SIGSTOP)
        try:
            assert (await two[1].get(TARGET)).content == made
            assert looks(two, 1) == (0, 0, 1)
            # The look that was given up finds out that nobody answers; later ones ask nobody.
            async with asyncio.timeout(20):
                while two.links[1].link.up:  # noqa: ASYNC110 - another program's silence has no event
                    await asyncio.sleep(0.001)
            assert (await two[1].get("/api/stats")).status_code == 200
            assert looks(two, 1) == (0, 0, 1)
        finally:
            own_valkey.stop(signal.SIGCONT)
        await two.until_up()
        assert (await two[1].get("/api/providers")).status_code == 200
        assert looks(two, 1) == (0, 1, 1)


def test_it_shares_what_shows_telemetry_and_never_what_streams() -> None:
    covers = sharing()
    shared = {endpoint.path for endpoint in ENDPOINTS if endpoint.shared}
    assert shared
    for endpoint in ENDPOINTS:
        path = endpoint.example.partition("?")[0].encode()
        assert covers(path) == (endpoint.path in shared), endpoint.path
        if endpoint.path in shared:
            assert endpoint.freshness is Freshness.TELEMETRY
            assert not endpoint.events
