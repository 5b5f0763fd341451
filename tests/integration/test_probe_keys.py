"""Keys go to the provider and nowhere else."""

import asyncio
import base64
import logging
import traceback

import pytest

from fixtures.probing import PLAIN, SECRET, anyio_backend, probe_client, target  # noqa: F401 - both loops
from fixtures.scripted_server import Received, Script, Step, answer, chunked, scripted
from fixtures.streams import STREAMS
from openmodels.prober.address import web_address
from openmodels.prober.exchange import Request
from openmodels.prober.target import Key

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("style", "auth_type", "header", "value"),
    [
        ("openai-chat", "bearer", "authorization", f"Bearer {SECRET}"),
        ("openai-chat", "api-key", "authorization", f"Bearer {SECRET}"),
        ("openai-chat", "oauth2", "authorization", f"Bearer {SECRET}"),
        ("openai-responses", "bearer", "authorization", f"Bearer {SECRET}"),
        ("cohere", "bearer", "authorization", f"Bearer {SECRET}"),
        ("anthropic", "api-key", "x-api-key", SECRET),
        ("anthropic", "bearer", "authorization", f"Bearer {SECRET}"),
        ("google", "api-key", "x-goog-api-key", SECRET),
        ("google", "bearer", "authorization", f"Bearer {SECRET}"),
        ("google", "basic", "authorization", "Basic " + base64.b64encode(SECRET.encode()).decode()),
    ],
)
async def test_it_sends_the_key_in_the_header_that_the_api_reads(
    style: str, auth_type: str, header: str, value: str
) -> None:
    async with scripted(lambda r: chunked(*STREAMS[style](r.nonce).events)) as server:
        probed = await probe_client().measure(target(server.url, style=style, auth_type=auth_type), PLAIN)
    (request,) = server.requests
    assert probed.record.outcome == "ok"
    assert request.headers[header] == value
    assert SECRET not in request.line
    assert [name for name, text in request.headers.items() if SECRET in text or text == value] == [header]


async def test_it_sends_none_where_none_is_needed_or_there_is_none() -> None:
    async with scripted(lambda r: chunked(*STREAMS["openai-chat"](r.nonce).events)) as server:
        for fields in ({"auth_type": "none"}, {"key": None}, {"key": None, "own_endpoint": False}):
            assert (await probe_client().measure(target(server.url, **fields), PLAIN)).record.outcome == "ok"
    assert all("authorization" not in request.headers for request in server.requests)


async def test_it_sends_no_key_over_plain_http_but_to_an_address_of_the_operator() -> None:
    async with scripted([answer()]) as server:
        probed = await probe_client().measure(target(server.url, own_endpoint=False), PLAIN)
    assert (probed.record.outcome, server.connections) == ("blocked", 0)
    assert "not https" in probed.detail


@pytest.mark.parametrize(
    "text", ["", " ", "sk-a b", "sk-a\n", "sk-a\r\nX-Other: 1", "sk-\0", "sk-ä", "sk-\x7f"]
)
@pytest.mark.parametrize("auth_type", ["bearer", "api-key"])
async def test_it_sends_no_key_that_a_header_cannot_hold(text: str, auth_type: str) -> None:
    async with scripted([answer()]) as server:
        probed = await probe_client().measure(target(server.url, key=Key(text), auth_type=auth_type), PLAIN)
    assert (probed.record.outcome, server.connections) == ("blocked", 0)
    assert "sk-" not in probed.detail
    assert "line break" in probed.detail


@pytest.mark.parametrize("text", ["", "user:pass\n", "user\0"])
async def test_it_sends_no_password_with_a_control_character(text: str) -> None:
    async with scripted([answer()]) as server:
        probed = await probe_client().measure(target(server.url, key=Key(text), auth_type="basic"), PLAIN)
    assert (probed.record.outcome, server.connections) == ("blocked", 0)


async def test_it_sends_a_password_with_blanks_and_other_letters() -> None:
    async with scripted(lambda r: chunked(*STREAMS["openai-chat"](r.nonce).events)) as server:
        asked = target(server.url, key=Key("user:pässword one"), auth_type="basic")
        assert (await probe_client().measure(asked, PLAIN)).record.outcome == "ok"
    sent = server.requests[0].headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent).decode() == "user:pässword one"


def echoing(request: Received) -> list[Script]:
    """Answers of a provider that sends the key back wherever it can."""
    key = request.headers["authorization"].encode()
    location = b"Location: https://elsewhere.example/?key=" + key + b"\r\n"
    return [
        [answer(307, headers=location)],
        [answer(401, b'{"error": {"code": "%s", "message": "%s"}}' % (key, key))],
        [answer(500, key, headers=b"X-Key: " + key + b"\r\n")],
        [b"HTTP/1.1 200 " + key + b"\r\nContent-Length: x" + key + b"\r\n\r\n"],
        [key + b"\r\n\r\n"],
        chunked(b"data: " + key + b"\n\n"),
        chunked(b'event: error\ndata: {"error": "%s"}\n\n' % key),
        chunked(b'data: {"choices": [{"delta": {"content": "%s"}, "finish_reason": "stop"}]}\n\n' % key),
        [answer(200, key, headers=b"Content-Type: " + key + b"\r\n"), Step.RESET],
    ]


async def test_it_shows_the_key_in_no_result_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    turn = iter(range(100))
    asked = []
    try:
        async with scripted(lambda r: echoing(r)[next(turn)]) as server:
            for _ in range(9):
                asked.append(target(server.url))
                probed = await probe_client().measure(asked[-1], PLAIN)
                assert probed.record.outcome != "ok"
                assert SECRET not in repr(probed)
        assert all(SECRET in request.headers["authorization"] for request in server.requests)
    finally:
        asyncio.get_running_loop().set_debug(False)
    assert len(server.requests) == 9
    assert SECRET not in caplog.text
    assert SECRET not in repr(asked)


async def test_it_shows_the_key_in_no_request_and_no_traceback() -> None:
    request = Request("GET", web_address("https://example.com"), {"Authorization": SECRET})
    assert SECRET not in repr(request)
    reached = asyncio.Event()

    def play(request: Received) -> Script:
        reached.set()
        return [Step.HANG]

    async with scripted(play) as server:
        probing = asyncio.create_task(probe_client().measure(target(server.url), PLAIN))
        await reached.wait()
        probing.cancel()
        with pytest.raises(asyncio.CancelledError) as cancelled:
            await probing
    assert SECRET not in "".join(traceback.format_exception(cancelled.value))
