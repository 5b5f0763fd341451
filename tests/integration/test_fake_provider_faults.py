"""The fake provider over real connections: how it fails."""

import asyncio
from collections.abc import Callable
from typing import get_args

import httpx2
import pytest
import uvloop

from fixtures.fake_client import (
    MODELS,
    NONCE,
    REQUESTS,
    answered,
    built,
    connected,
    ended_well,
    raw,
    said_in,
)
from openmodels.fake.behaviour import Behaviour, Fault
from openmodels.fake.server import FakeProvider

pytestmark = pytest.mark.anyio

EVERY_STYLE = pytest.mark.parametrize("style", REQUESTS)
STATUS_FAULTS = [name for name in get_args(Fault) if name.startswith("status_")]


@EVERY_STYLE
@pytest.mark.parametrize("fault", STATUS_FAULTS)
async def test_it_answers_with_any_status(
    fake: FakeProvider, client: httpx2.AsyncClient, style: str, fault: Fault
) -> None:
    fake.set("p", Behaviour(headers_ms=0, faults=(fault,), retry_after=7))
    response = await answered(client, fake, style)
    assert response.status_code == int(fault[-3:])
    assert response.json()
    assert response.headers.get("retry-after") == ("7" if response.status_code in {429, 503} else None)


async def test_it_redirects_to_another_host(fake: FakeProvider, client: httpx2.AsyncClient) -> None:
    fake.set("p", Behaviour(faults=("redirect",), redirect_to="http://other.invalid\r\nX: y"))
    response = await answered(client, fake, "openai-chat")
    assert response.status_code == 307
    assert response.headers["location"].startswith("http://other.invalid%0D%0A")
    assert "x" not in response.headers


@EVERY_STYLE
async def test_it_sends_an_error_inside_a_good_answer(
    fake: FakeProvider, client: httpx2.AsyncClient, style: str
) -> None:
    fake.set("p", Behaviour(ttft_ms=0, tokens_per_second=10_000, faults=("error_event",)))
    response = await answered(client, fake, style)
    assert response.status_code == 200
    assert "rror" in response.text.splitlines()[-2]


@EVERY_STYLE
@pytest.mark.parametrize("fault", ["reset", "cut", "unfinished"])
async def test_it_breaks_streams(
    fake: FakeProvider, client: httpx2.AsyncClient, style: str, fault: Fault
) -> None:
    fake.set("p", Behaviour(ttft_ms=0, tokens_per_second=5_000, faults=(fault,)))
    received = b""
    failed: httpx2.HTTPError | None = None
    try:
        async with client.stream("POST", **built(fake, style)) as response:
            async for part in response.aiter_raw():
                received += part
    except httpx2.HTTPError as error:
        failed = error
    expected = {"reset": httpx2.ReadError, "cut": httpx2.RemoteProtocolError, "unfinished": None}[fault]
    assert (type(failed) if failed else None) is expected
    if fault != "reset":  # a reset may overtake what came before it
        assert not ended_well(style, received)
        assert len(said_in(style, received)[1].split()) == (10 if fault == "unfinished" else 1)


@EVERY_STYLE
async def test_it_gives_wrong_and_empty_answers_that_end_well(
    fake: FakeProvider, client: httpx2.AsyncClient, style: str
) -> None:
    for fault in ("wrong_nonce", "empty"):
        fake.set("p", Behaviour(headers_ms=0, ttft_ms=0, tokens_per_second=10_000, faults=(fault,)))
        body = (await answered(client, fake, style)).content
        assert ended_well(style, body)
        text = said_in(style, body)[1]
        assert NONCE not in text
        assert bool(text) is (fault == "wrong_nonce")


async def test_it_answers_in_one_piece_though_a_stream_was_wanted(
    fake: FakeProvider, client: httpx2.AsyncClient
) -> None:
    fake.set("p", Behaviour(headers_ms=0, ttft_ms=0, faults=("not_streamed",)))
    response = await answered(client, fake, "openai-chat")
    assert response.headers["content-type"] == "application/json"
    assert response.json()["object"] == "chat.completion"


@pytest.mark.parametrize("sent", [raw(), MODELS], ids=["completion", "models"])
async def test_it_sends_garbage_instead_of_http(fake: FakeProvider, sent: bytes) -> None:
    fake.set("p", Behaviour(headers_ms=0, faults=("garbage",)))
    async with connected(fake) as (reader, writer):
        writer.write(sent)
        received = await reader.read()
    assert len(received) == 256
    assert not received.startswith(b"HTTP")


@pytest.mark.parametrize("sent", [raw(), MODELS], ids=["completion", "models"])
async def test_it_sends_garbage_inside_an_answer(fake: FakeProvider, sent: bytes) -> None:
    fake.set("p", Behaviour(headers_ms=0, ttft_ms=0, tokens_per_second=10_000, faults=("garbage_in_stream",)))
    async with connected(fake) as (reader, writer):
        writer.write(sent.replace(b"Host: x", b"Host: x\r\nConnection: close"))
        received = await reader.read()
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\xff\xfe\x80 ]]" in received
    assert received.endswith(b"0\r\n\r\n")


async def test_it_hangs_up_without_an_answer(fake: FakeProvider) -> None:
    fake.set("p", Behaviour(headers_ms=0, faults=("hang_up",)))
    async with connected(fake) as (reader, writer):
        writer.write(raw())
        assert await reader.read() == b""


@pytest.mark.parametrize("fault", ["stall_before_headers", "stall_after_headers", "stall_mid_stream"])
@pytest.mark.parametrize("sent", [raw(), MODELS], ids=["completion", "models"])
async def test_it_stalls_until_the_client_leaves(fake: FakeProvider, sent: bytes, fault: Fault) -> None:
    fake.set("p", Behaviour(headers_ms=0, ttft_ms=0, tokens_per_second=10_000, faults=(fault,)))
    async with connected(fake) as (reader, writer):
        writer.write(sent)
        await fake.until_received("p")
        if fault != "stall_before_headers":
            assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"
    await fake.until_idle()
    (entry,) = fake.requests("p")
    assert entry.client_left
    assert entry.end_ms is None
    assert (entry.first_byte_ms is None) is (fault == "stall_before_headers")
    assert fake.connections == 0


async def test_it_keeps_a_stalled_stream_alive(fake: FakeProvider) -> None:
    fake.set("p", Behaviour(headers_ms=0, keepalive_ms=1, faults=("stall_after_headers",)))
    async with connected(fake) as (reader, writer):
        writer.write(raw())
        for _ in range(20):
            await reader.readuntil(b": keep-alive\n\n")


@pytest.mark.parametrize("sent", [raw(), MODELS], ids=["completion", "models"])
async def test_it_drips_byte_by_byte(fake: FakeProvider, sent: bytes) -> None:
    fake.set("p", Behaviour(headers_ms=0, ttft_ms=0, output_tokens=1, faults=("drip",), drip_ms=0.01))
    async with connected(fake) as (reader, writer):
        writer.write(sent.replace(b"Host: x", b"Host: x\r\nConnection: close"))
        received = await reader.read()
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert (NONCE.encode() in received) is (sent != MODELS)


@pytest.mark.parametrize("sent", [raw(), MODELS], ids=["completion", "models"])
async def test_it_never_stops_until_the_client_leaves(fake: FakeProvider, sent: bytes) -> None:
    fake.set("p", Behaviour(headers_ms=0, ttft_ms=0, tokens_per_second=10_000, faults=("endless",)))
    async with connected(fake) as (reader, writer):
        writer.write(sent)
        for _ in range(40):
            await reader.readexactly(100_000)
    await fake.until_idle()
    assert fake.requests("p")[0].client_left


async def test_it_sends_one_huge_line(fake: FakeProvider, client: httpx2.AsyncClient) -> None:
    fake.set("p", Behaviour(headers_ms=0, ttft_ms=0, faults=("huge_line",), huge_bytes=3_000_000))
    body = (await answered(client, fake, "openai-chat")).content
    assert max(map(len, body.split(b"\n"))) == 3_000_000 + len("data: ")
    assert body.endswith(b"data: [DONE]\n\n")


async def test_it_fails_where_it_is_to_fail_only(fake: FakeProvider, client: httpx2.AsyncClient) -> None:
    for fails, models, completion in (("health", 500, 200), ("completions", 200, 500), ("all", 500, 500)):
        fake.set("p", Behaviour(headers_ms=0, ttft_ms=0, faults=("status_500",), fails=fails))  # type: ignore[arg-type]
        assert (await client.get(f"{fake.url('p')}/models")).status_code == models
        assert (await answered(client, fake, "openai-chat")).status_code == completion


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_it_keeps_its_times_and_resets_in_either_event_loop(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def ask() -> None:
        async with FakeProvider(Behaviour(headers_ms=5, ttft_ms=20)) as fake:
            async with connected(fake) as (reader, writer):
                writer.write(raw())
                await reader.readuntil(b"data: [DONE]\n\n")
            assert (fake.requests("p")[0].first_token_ms or 0) >= 19.9
            fake.set("p", Behaviour(faults=("reset",), headers_ms=0, ttft_ms=0))
            async with connected(fake) as (reader, writer):
                writer.write(raw())
                with pytest.raises(ConnectionResetError):
                    await reader.readuntil(b"data: [DONE]\n\n")

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(ask())
