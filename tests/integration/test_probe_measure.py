"""Timed completions of real streams from a real server."""

import asyncio
import importlib
import json
import time
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

import pytest

from fixtures.probing import NOW, PLAIN, SECRET, anyio_backend, probe_client, target  # noqa: F401 - both loops
from fixtures.scripted_server import Received, Script, Step, answer, chunked, scripted
from fixtures.streams import INPUT_TOKENS, OUTPUT_TOKENS, STREAMS
from openmodels import version
from openmodels.domain.telemetry import Measurement
from openmodels.prober.style import PACKAGE
from openmodels.prober.target import Completion

pytestmark = pytest.mark.anyio

REASONING = Completion(model_id="some-model", model_name="some-model-1", reasoning=True)


def assert_measured(found: Measurement) -> None:
    assert found.outcome == "ok"
    times = [
        found.time_to_first_byte_ms,
        found.time_to_first_token_ms,
        found.time_to_first_content_ms,
        found.total_response_time_ms,
    ]
    assert all(time is not None and time > 0 for time in times)
    assert times == sorted(time for time in times if time is not None)
    assert found.connect_ms is not None
    assert (found.input_tokens, found.output_tokens, found.tokens_estimated) == (
        INPUT_TOKENS,
        OUTPUT_TOKENS,
        False,
    )
    assert found.http_status == 200
    assert (found.provider_id, found.model_id, found.region) == ("acme", "some-model", "test")
    assert found.measured_at == NOW.astimezone(UTC)


@pytest.mark.parametrize("style", sorted(STREAMS))
async def test_it_measures_a_stream_of_every_style(style: str) -> None:
    async with scripted(lambda r: chunked(*STREAMS[style](r.nonce).events)) as server:
        probed = await probe_client().measure(target(server.url, style=style, auth_type="api-key"), PLAIN)
    assert_measured(probed.record)
    assert probed.detail == ""


@pytest.mark.parametrize("style", sorted(STREAMS))
async def test_it_measures_a_stream_that_comes_byte_by_byte(style: str) -> None:
    def play(request: Received) -> Script:
        whole = b"".join(STREAMS[style](request.nonce).events).replace(b"\n", b"\r\n")
        return chunked(*(bytes([byte]) for byte in whole))

    async with scripted(play) as server:
        probed = await probe_client().measure(target(server.url, style=style), PLAIN)
    assert_measured(probed.record)


@pytest.mark.parametrize("style", sorted(STREAMS))
async def test_it_measures_an_answer_that_ends_with_its_connection(style: str) -> None:
    def play(request: Received) -> Script:
        head = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"
        return [head, *STREAMS[style](request.nonce).events]

    async with scripted(play) as server:
        probed = await probe_client().measure(target(server.url, style=style), PLAIN)
    assert_measured(probed.record)


@pytest.mark.parametrize("style", ["openai-chat", "openai-responses", "anthropic", "cohere"])
async def test_it_does_not_wait_for_the_connection_to_end_after_the_stream_has(style: str) -> None:
    async with scripted(
        lambda r: [*chunked(*STREAMS[style](r.nonce).events, end=False), Step.HANG]
    ) as server:
        probed = await probe_client().measure(target(server.url, style=style), PLAIN)
        assert_measured(probed.record)
        await server.left.wait()


async def test_it_asks_for_the_model_by_the_providers_name_and_with_a_new_word_each_time() -> None:
    async with scripted(lambda r: chunked(*STREAMS["openai-chat"](r.nonce).events)) as server:
        client = probe_client()
        for _ in range(3):
            await client.measure(target(server.url + "/v1"), PLAIN)
    assert len({request.nonce for request in server.requests}) == 3
    for request in server.requests:
        assert request.line == "POST /v1/chat/completions HTTP/1.1"
        assert json.loads(request.body)["model"] == "some-model-1"
        assert request.headers["host"] == f"127.0.0.1:{server.port}"
        assert request.headers["user-agent"] == f"openmodels/{version()}"
        assert request.headers["accept-encoding"] == "identity"
        assert request.headers["connection"] == "close"
        assert request.headers["authorization"] == f"Bearer {SECRET}"
        assert "cookie" not in request.headers


async def test_it_has_a_connection_of_its_own_for_each_probe_and_ends_it() -> None:
    async with scripted(lambda r: chunked(*STREAMS["openai-chat"](r.nonce).events)) as server:
        client = probe_client()
        for number in range(1, 4):
            await client.measure(target(server.url), PLAIN)
            assert server.connections == number
            await server.left.wait()
            server.left.clear()


async def test_it_allows_a_reasoning_model_more() -> None:
    async with scripted(lambda r: chunked(*STREAMS["openai-chat"](r.nonce).events)) as server:
        await probe_client().measure(target(server.url), PLAIN)
        await probe_client().measure(target(server.url), REASONING)
    plain, reasoning = (json.loads(request.body) for request in server.requests)
    assert plain["max_tokens"] == 32
    assert "reasoning_effort" not in plain
    assert reasoning["max_completion_tokens"] == 1024
    assert reasoning["reasoning_effort"] == "low"


@pytest.mark.parametrize("status", [400, 422])
async def test_it_asks_once_more_in_plainer_form_when_the_first_is_refused(status: int) -> None:
    def play(request: Received) -> Script:
        if b"reasoning_effort" in request.body:
            return [answer(status, b'{"error": {"message": "Extra inputs are not permitted"}}')]
        return chunked(*STREAMS["openai-chat"](request.nonce).events)

    async with scripted(play) as server:
        probed = await probe_client().measure(target(server.url), REASONING)
    assert_measured(probed.record)
    assert len(server.requests) == 2


@pytest.mark.parametrize(("status", "asked"), [(400, 2), (401, 1), (404, 1), (429, 1), (500, 1), (307, 1)])
async def test_it_does_not_ask_again_for_any_other_reason(status: int, asked: int) -> None:
    async with scripted([answer(status)]) as server:
        probed = await probe_client().measure(target(server.url), REASONING)
    assert probed.record.http_status == status
    assert len(server.requests) == asked


async def test_it_measures_from_the_request_to_the_bytes() -> None:
    """The server holds the answer back for a while: that while is in every time that comes after it."""
    loop = asyncio.get_running_loop()
    gates = [asyncio.Event(), asyncio.Event()]
    moments: list[float] = []

    def pass_on(gate: asyncio.Event) -> None:
        moments.append(time.perf_counter())
        gate.set()

    def play(request: Received) -> Script:
        moments.append(time.perf_counter())
        loop.call_later(0.1, pass_on, gates[0])
        loop.call_later(0.2, pass_on, gates[1])
        head, *parts = chunked(*STREAMS["openai-chat"](request.nonce).events)
        return [head, *parts[:3], gates[0], *parts[3:5], gates[1], *parts[5:]]

    async with scripted(play) as server:
        found = (await probe_client().measure(target(server.url), PLAIN)).record
    assert_measured(found)
    received, first, second = moments
    assert found.time_to_first_token_ms is not None
    assert found.time_to_first_token_ms >= (first - received) * 1000
    assert found.total_response_time_ms is not None
    assert found.total_response_time_ms >= (second - received) * 1000


async def test_it_measures_the_connection_apart() -> None:
    loop = asyncio.get_running_loop()

    async def slowly(host: str) -> Sequence[str]:
        found: asyncio.Future[Sequence[str]] = loop.create_future()
        loop.call_later(0.1, found.set_result, ["127.0.0.1"])
        return await found

    async with scripted(lambda r: chunked(*STREAMS["openai-chat"](r.nonce).events)) as server:
        started = time.perf_counter()
        url = f"http://a.example:{server.port}"
        found = (await probe_client(resolve=slowly).measure(target(url), PLAIN)).record
        elapsed = (time.perf_counter() - started) * 1000
    assert_measured(found)
    assert found.connect_ms is not None
    assert found.connect_ms > 90
    assert found.total_response_time_ms is not None
    assert found.connect_ms + found.total_response_time_ms < elapsed


async def test_it_measures_many_at_a_time() -> None:
    async with scripted(lambda r: chunked(*STREAMS["openai-chat"](r.nonce).events)) as server:
        client = probe_client()
        probed = await asyncio.gather(*(client.measure(target(server.url), PLAIN) for _ in range(100)))
    for each in probed:
        assert_measured(each.record)


async def test_it_leaves_informational_answers_out() -> None:
    def play(request: Received) -> Script:
        early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
        return [early, early, *chunked(*STREAMS["openai-chat"](request.nonce).events)]

    async with scripted(play) as server:
        assert_measured((await probe_client().measure(target(server.url), PLAIN)).record)


async def test_it_speaks_a_style_that_was_only_put_into_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = importlib.import_module(PACKAGE)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    (tmp_path / "shouting.py").write_text(
        '"""One more."""\n'
        "from openmodels.prober.style import BEARER, MODEL, PROMPT, Style\n"
        'STYLE = Style(name="shouting", health_path="/alive", path="/shout", keys={"bearer": BEARER},\n'
        '    body={"who": MODEL, "what": PROMPT}, plain=({},), reasoning=({},), content=(("said",),),\n'
        '    finish=(("over",),), failure=(("oops",),), input_tokens=(), output_tokens=(("n",),))\n'
    )

    def play(request: Received) -> Script:
        said = b'data: {"said": "%s", "over": true, "n": 3}\n\n' % request.nonce.encode()
        return chunked(said) if request.line.startswith("POST /shout ") else [answer()]

    async with scripted(play) as server:
        client = probe_client()
        probed = await client.measure(target(server.url, style="shouting"), PLAIN)
        checked = await client.check(target(server.url, style="shouting"))
    assert (probed.record.outcome, probed.record.output_tokens) == ("ok", 3)
    assert checked.record.outcome == "ok"
    assert [request.line for request in server.requests] == ["POST /shout HTTP/1.1", "GET /alive HTTP/1.1"]


async def test_it_says_which_styles_there_are_when_one_is_unknown() -> None:
    probed = await probe_client().measure(target("http://127.0.0.1:9", style="openai"), PLAIN)
    assert probed.record.outcome == "bad_request"
    assert "no API style is named openai; there are anthropic, cohere, google" in probed.detail
