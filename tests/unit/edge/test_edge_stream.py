"""The edge passes a stream on as it comes, and goes on collecting every other answer."""

import asyncio
from typing import Any

import pytest

from fixtures.service import NOW
from fixtures.streaming import Client
from openmodels.clock import SettableClock
from openmodels.domain.records import Registry
from openmodels.edge.app import Edge
from openmodels.edge.cache import ResponseCache
from openmodels.edge.exchange import FRESHNESS, STREAM, Freshness
from openmodels.edge.forwarded import Proxies
from openmodels.edge.limits import MemoryLimiter
from openmodels.store.live import Live
from openmodels.store.memory import MemoryRegistryStore, MemoryTelemetryStore

pytestmark = pytest.mark.anyio


class Inner:
    """Answers what each test says, part by part, and waits between parts until it may go on."""

    def __init__(self) -> None:
        self.streams = True
        self.fails: Exception | None = None
        self.go_on = asyncio.Event()
        self.methods: list[str] = []
        self.disconnected = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.methods.append(scope["method"])
        scope[FRESHNESS] = Freshness.PROGRAM
        if self.streams:
            scope[STREAM] = True
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
        await send({"type": "http.response.body", "body": b"one" * 1000, "more_body": True})
        gone = asyncio.create_task(receive())
        going_on = asyncio.create_task(self.go_on.wait())
        await asyncio.wait({gone, going_on}, return_when=asyncio.FIRST_COMPLETED)
        self.disconnected = gone.done()
        gone.cancel()
        going_on.cancel()
        if self.fails is not None:
            raise self.fails
        await send({"type": "http.response.body", "body": b"two", "more_body": False})


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
async def edge(inner: Inner) -> Edge:
    store = MemoryRegistryStore()
    await store.publish(Registry(), base=None, at=NOW)
    live = Live(store, MemoryTelemetryStore())
    await live.start()
    return Edge(
        inner,
        live=live,
        cache=ResponseCache(1_000_000),
        clock=SettableClock(NOW),
        limiter=MemoryLimiter(10),
        proxies=Proxies(()),
    )


async def test_it_passes_each_part_on_as_it_comes(edge: Edge, inner: Inner) -> None:
    client = await Client(edge, "/api/s", headers=[(b"accept-encoding", b"gzip")]).begin()
    assert not inner.go_on.is_set()
    assert client.status == 200
    assert client.headers["x-own"] == "1"
    inner.go_on.set()
    assert await client.body() == b"one" * 1000 + b"two"
    await client.ended()


async def test_it_adds_its_headers_and_keeps_nothing(edge: Edge, inner: Inner) -> None:
    inner.go_on.set()
    for left in (9, 8):
        client = await Client(edge, "/api/s").begin()
        assert client.headers["cache-control"] == "no-store"
        assert client.headers["x-ratelimit-remaining"] == str(left)
        assert client.headers["access-control-allow-origin"] == "*"
        assert not {"etag", "last-modified", "vary", "content-encoding"} & client.headers.keys()
        await client.ended()
    assert inner.methods == ["GET", "GET"]
    assert (dict(edge.counts.streamed), dict(edge.counts.made)) == ({200: 2}, {})


async def test_it_tells_the_stream_at_once_when_the_client_is_gone(edge: Edge, inner: Inner) -> None:
    client = await Client(edge, "/api/s").begin()
    client.hang_up()
    await client.ended()
    assert inner.disconnected


async def test_it_answers_head_with_the_head_and_ends_the_stream(edge: Edge, inner: Inner) -> None:
    client = await Client(edge, "/api/s", method="HEAD").begin()
    assert await client.body() == b""
    await client.ended()
    assert inner.disconnected
    assert client.headers["x-own"] == "1"


async def test_it_counts_a_stream_when_it_begins(edge: Edge, inner: Inner) -> None:
    client = await Client(edge, "/api/s").begin()
    assert dict(edge.counts.streamed) == {200: 1}
    client.hang_up()
    await client.ended()


async def test_it_says_no_more_when_a_stream_fails_half_way(edge: Edge, inner: Inner) -> None:
    inner.fails = RuntimeError("secret")
    client = await Client(edge, "/api/s").begin()
    inner.go_on.set()
    assert await client.body() == b"one" * 1000
    await client.ended()


async def test_it_collects_an_answer_that_is_no_stream(edge: Edge, inner: Inner) -> None:
    inner.streams = False
    inner.go_on.set()
    for _ in range(2):
        client = await Client(edge, "/api/s").begin()
        assert client.headers["content-length"] == "3003"
        assert client.headers["etag"]
        await client.ended()
    assert inner.methods == ["GET"]
    assert (dict(edge.counts.made), dict(edge.counts.ready)) == ({200: 1}, {200: 1})


async def test_it_answers_500_when_no_stream_was_begun(edge: Edge, inner: Inner) -> None:
    inner.streams = False
    inner.fails = RuntimeError("secret")
    inner.go_on.set()
    client = await Client(edge, "/api/s").begin()
    assert client.status == 500
    assert b"secret" not in await client.body()


async def test_it_counts_what_it_answers_by_itself(edge: Edge) -> None:
    for method, target in (("POST", "/api/s"), ("OPTIONS", "/api/s"), ("GET", "/api/%zz")):
        await (await Client(edge, target, method=method).begin()).ended()
    for _ in range(10):
        client = await Client(edge, "/api/%zz").begin()
        await client.ended()
    assert dict(edge.counts.edge) == {405: 1, 204: 1, 400: 8, 429: 3}
