"""What goes wrong at a provider is an outcome, never an exception, and leaves no connection behind."""

import asyncio
import gc
import zlib
from collections.abc import Callable

import pytest

from fixtures.probing import NOW, PLAIN, anyio_backend, probe_client, target  # noqa: F401 - both loops
from fixtures.scripted_server import Received, Script, ScriptedServer, Step, answer, chunked, scripted
from fixtures.streams import STREAMS
from openmodels.domain.telemetry import Measurement
from openmodels.domain.vocabulary import Outcome

pytestmark = pytest.mark.anyio

STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def part(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def some_of(request: Received, count: int) -> list[bytes]:
    return [part(event) for event in STREAMS["openai-chat"](request.nonce).events[:count]]


def assert_failed(found: Measurement, outcome: Outcome, status: int | None) -> None:
    assert (found.outcome, found.http_status) == (outcome, status)
    assert found.connect_ms is not None
    assert found.measured_at == NOW
    assert found.time_to_first_byte_ms is None
    assert found.time_to_first_token_ms is None
    assert found.time_to_first_content_ms is None
    assert found.total_response_time_ms is None
    assert found.tokens_per_second is None


async def measure(server: ScriptedServer, *, seconds: float = 10.0) -> tuple[Measurement, str]:
    probed = await probe_client().measure(target(server.url, timeout=seconds), PLAIN)
    async with asyncio.timeout(10):
        await server.left.wait()
    return probed.record, probed.detail


STATUSES = [
    (400, "bad_request"),
    (401, "auth"),
    (402, "quota"),
    (403, "auth"),
    (404, "model_missing"),
    (429, "rate_limited"),
    (500, "server_error"),
    (503, "server_error"),
]


@pytest.mark.parametrize(("status", "outcome"), STATUSES)
async def test_it_reads_the_status_of_an_answer(status: int, outcome: Outcome) -> None:
    async with scripted([answer(status, b'{"error": {"message": "no"}}')]) as server:
        found, detail = await measure(server)
    assert_failed(found, outcome, status)
    assert f"answered {status}" in detail


@pytest.mark.parametrize(("status", "outcome"), STATUSES)
async def test_it_reads_the_status_of_an_answer_whose_body_never_ends(status: int, outcome: Outcome) -> None:
    head = b"HTTP/1.1 %d X\r\nContent-Length: 100\r\n\r\n{" % status
    for rest in ([Step.HANG], [Step.RESET], []):
        async with scripted([head, *rest]) as server:
            found, _ = await measure(server, seconds=0.2 if rest == [Step.HANG] else 10.0)
        assert_failed(found, outcome, status)


async def test_it_does_not_follow_a_redirect() -> None:
    async with scripted([answer()]) as elsewhere:
        location = f"Location: {elsewhere.url}/v1/chat/completions\r\n".encode()
        for status in (301, 302, 303, 307, 308):
            async with scripted([answer(status, headers=location)]) as server:
                found, detail = await measure(server)
                checked = await probe_client().check(target(server.url))
            assert_failed(found, "bad_request", status)
            assert "redirect" in detail
            assert (checked.record.status, checked.record.outcome) == ("up", "bad_request")
    assert elsewhere.connections == 0


HANGS: dict[str, Callable[[Received], Script]] = {
    "before its head": lambda _: [Step.HANG],
    "in its head": lambda _: [b"HTTP/1.1 200 OK\r\nContent-", Step.HANG],
    "after its head": lambda _: [STREAM_HEAD, Step.HANG],
    "in the stream": lambda r: [STREAM_HEAD, *some_of(r, 5), Step.HANG],
    "after keep-alives": lambda _: [STREAM_HEAD, part(b": alive\n\n") * 100, Step.HANG],
}


@pytest.mark.parametrize("where", HANGS)
async def test_it_gives_up_on_an_answer_that_hangs(where: str) -> None:
    async with scripted(HANGS[where]) as server:
        found, detail = await measure(server, seconds=0.2)
    assert_failed(found, "timeout", None if "its head" in where and "after" not in where else 200)
    assert "within 0.2 seconds" in detail


CUTS: dict[str, tuple[Callable[[Received], Script], Outcome, int | None]] = {
    "closed at once": (lambda _: [], "network", None),
    "reset at once": (lambda _: [Step.RESET], "network", None),
    "reset in its head": (lambda _: [b"HTTP/1.1 200 OK\r\n", Step.RESET], "network", None),
    "closed in its head": (lambda _: [b"HTTP/1.1 200 OK\r\n"], "bad_stream", None),
    "closed in the stream": (lambda r: [STREAM_HEAD, *some_of(r, 5)], "bad_stream", 200),
    "reset in the stream": (lambda r: [STREAM_HEAD, *some_of(r, 5), Step.RESET], "bad_stream", 200),
    "ended in the stream": (lambda r: [STREAM_HEAD, *some_of(r, 5), b"0\r\n\r\n"], "bad_stream", 200),
    "empty": (lambda _: [STREAM_HEAD, b"0\r\n\r\n"], "bad_stream", 200),
    "short": (lambda _: [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n: hi"], "bad_stream", 200),
    "no content": (lambda _: [b"HTTP/1.1 204 No Content\r\n\r\n"], "bad_stream", 204),
    "garbage": (lambda _: [b"\x16\x03\x01 what?\r\n\r\n"], "bad_stream", None),
    "garbage in the stream": (lambda _: [STREAM_HEAD, b"zz\r\nxx\r\n"], "bad_stream", 200),
    "switching protocols": (lambda _: [b"HTTP/1.1 101 Switching Protocols\r\n\r\n"], "bad_stream", None),
    "JSON": (lambda _: [answer(headers=b"Content-Type: application/json\r\n")], "bad_stream", 200),
    "a page": (lambda _: [answer(body=b"<html></html>")], "bad_stream", 200),
    "wrong": (lambda _: chunked(*STREAMS["openai-chat"]("om-other").events), "bad_stream", 200),
    "compressed": (
        lambda _: [answer(body=zlib.compress(b"data: x\n\n"), headers=b"Content-Encoding: deflate\r\n")],
        "bad_stream",
        200,
    ),
}


@pytest.mark.parametrize("fault", CUTS)
async def test_it_has_an_outcome_for_an_answer_that_is_cut_or_wrong(fault: str) -> None:
    play, outcome, status = CUTS[fault]
    async with scripted(play) as server:
        found, detail = await measure(server)
    assert_failed(found, outcome, status)
    assert detail


FLOODS: dict[str, tuple[bytes, bytes]] = {
    "a head": (b"HTTP/1.1 200 OK\r\n", b"x-more: of the same\r\n" * 100),
    "a header": (b"HTTP/1.1 200 OK\r\nx: ", b"x" * 2000),
    "early hints": (b"", b"HTTP/1.1 103 Early\r\n\r\n" * 100),
    "one line": (STREAM_HEAD, part(b"x" * 8192)),
    "comments": (STREAM_HEAD, part(b": alive\n\n" * 1000)),
    "one event": (STREAM_HEAD, part(b"data: x\n" * 1000)),
    "tiny pieces": (STREAM_HEAD, part(b":") * 1000),
    "tokens": (STREAM_HEAD, part(b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n' * 100)),
    "an error": (b"HTTP/1.1 500 X\r\n\r\n", b"x" * 8192),
}


@pytest.mark.parametrize("flood", FLOODS)
async def test_it_leaves_an_answer_without_end(flood: str) -> None:
    start, piece = FLOODS[flood]

    def play(request: Received) -> Script:
        return _Flood(start, piece)

    async with scripted(play) as server:
        found, _ = await measure(server, seconds=60)
    if flood == "an error":
        assert_failed(found, "server_error", 500)
    else:
        assert_failed(found, "bad_stream", 200 if start == STREAM_HEAD else None)


class _Flood(list[bytes]):
    def __init__(self, start: bytes, piece: bytes) -> None:
        super().__init__([start])
        self._piece = piece

    def __iter__(self):  # type: ignore[no-untyped-def]
        yield from super().__iter__()
        while True:
            yield self._piece


async def test_it_calls_a_port_that_nobody_listens_on_a_fault_of_the_network() -> None:
    async with scripted([]) as server:
        gone = server.url
    probed = await probe_client().measure(target(gone), PLAIN)
    assert (probed.record.outcome, probed.record.connect_ms) == ("network", None)
    assert probed.detail == "it refused the connection"
    assert (await probe_client().check(target(gone))).record.status == "down"


async def test_it_keeps_what_a_failed_completion_used() -> None:
    async with scripted(lambda _: chunked(*STREAMS["openai-chat"]("om-other").events)) as server:
        found, _ = await measure(server)
    assert_failed(found, "bad_stream", 200)
    assert (found.input_tokens, found.output_tokens, found.tokens_estimated) == (20, 12, False)


@pytest.mark.parametrize("where", HANGS)
async def test_it_passes_cancelling_on_and_leaves_no_connection(where: str) -> None:
    reached = asyncio.Event()

    def play(request: Received) -> Script:
        reached.set()
        return HANGS[where](request)

    async with scripted(play) as server:
        probing = asyncio.create_task(probe_client().measure(target(server.url), PLAIN))
        await reached.wait()
        probing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probing
        async with asyncio.timeout(10):
            await server.left.wait()
    del probing
    gc.collect()  # a socket that was left open would warn here, and a warning is an error


async def test_it_leaves_no_socket_when_it_is_cancelled_at_any_moment() -> None:
    async with scripted(lambda r: chunked(*STREAMS["openai-chat"](r.nonce).events)) as server:
        for turns in range(40):
            probing = asyncio.create_task(probe_client().measure(target(server.url), PLAIN))
            for _ in range(turns):
                await asyncio.sleep(0)
            probing.cancel()
            await asyncio.wait([probing])
    gc.collect()
