"""The fake provider over real connections: what it says, and when."""

import asyncio
import ssl

import httpx2
import pytest
import trustme

from fixtures.fake_client import (
    FAST,
    KEYS,
    MODELS,
    NONCE,
    REQUESTS,
    answered,
    built,
    connected,
    ended_well,
    events_in,
    output_tokens_in,
    raw,
    said_in,
)
from openmodels.fake.behaviour import Behaviour
from openmodels.fake.server import FakeProvider
from openmodels.fake.styles.table import STYLES

pytestmark = pytest.mark.anyio

EVERY_STYLE = pytest.mark.parametrize("style", REQUESTS)
SHAPES = {
    "plain": Behaviour(),
    "reasoning": Behaviour(reasoning_tokens=7, empty_frames=2, null_frames=2),
    "split": Behaviour(writes="split", split_gap_ms=0.1, multibyte=True, reasoning_tokens=2),
    "joined": Behaviour(writes="joined", newline="crlf"),
    "kept alive": Behaviour(keepalive_ms=0.2, tokens_per_second=2000, newline="crlf", writes="split"),
    "one token": Behaviour(output_tokens=1),
    "jittered": Behaviour(jitter=1, ttft_ms=3, tokens_per_second=5000),
}


@EVERY_STYLE
@pytest.mark.parametrize("shape", SHAPES)
async def test_it_streams_the_nonce_back(
    fake: FakeProvider, client: httpx2.AsyncClient, style: str, shape: str
) -> None:
    wanted = SHAPES[shape]
    fields = {name: getattr(wanted, name) for name in wanted.__struct_fields__}
    quick = {"headers_ms": 0.0, "ttft_ms": 2.0} | (
        {"tokens_per_second": 100_000.0} if wanted.tokens_per_second == 100 else {}
    )
    behaviour = Behaviour(**(fields | quick))
    fake.set("p", behaviour)
    response = await answered(client, fake, style)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    thoughts, text = said_in(style, response.content)
    assert text.split()[0] == NONCE
    assert len(text.split()) == max(1, behaviour.output_tokens - 2)  # the nonce is three tokens
    assert len(thoughts.split()) == behaviour.reasoning_tokens
    assert ended_well(style, response.content)
    total = behaviour.output_tokens + behaviour.reasoning_tokens
    assert output_tokens_in(style, response.content) == total
    if behaviour.newline == "crlf":
        assert b"\n" not in response.content.replace(b"\r\n", b"")


@EVERY_STYLE
async def test_it_counts_nothing_when_it_is_not_to(
    fake: FakeProvider, client: httpx2.AsyncClient, style: str
) -> None:
    fake.set("p", Behaviour(usage=False, ttft_ms=0, tokens_per_second=10_000))
    body = (await answered(client, fake, style)).content
    assert ended_well(style, body)
    assert output_tokens_in(style, body) is None


async def test_it_counts_for_chat_completions_only_when_it_is_asked_to(
    fake: FakeProvider, client: httpx2.AsyncClient
) -> None:
    body = (await answered(client, fake, "openai-chat", stream_options=None)).content
    assert b'"usage"' not in body


@pytest.mark.parametrize("style", ["openai-chat", "openai-responses", "anthropic", "cohere"])
async def test_it_answers_in_one_piece_when_no_stream_is_wanted(
    fake: FakeProvider, client: httpx2.AsyncClient, style: str
) -> None:
    response = await answered(client, fake, style, stream=False)
    assert response.headers["content-type"] == "application/json"
    assert NONCE in response.text
    assert response.json()


async def test_it_names_events_as_anthropic_does(fake: FakeProvider, client: httpx2.AsyncClient) -> None:
    fake.set("p", Behaviour(ttft_ms=0, tokens_per_second=10_000, output_tokens=1, reasoning_tokens=1))
    events = events_in((await answered(client, fake, "anthropic")).content)
    assert [name for name, _ in events] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert all(payload["type"] == name for name, payload in events)


async def test_it_numbers_the_events_of_responses(fake: FakeProvider, client: httpx2.AsyncClient) -> None:
    fake.set("p", Behaviour(ttft_ms=0, tokens_per_second=10_000, output_tokens=1, reasoning_tokens=1))
    events = events_in((await answered(client, fake, "openai-responses")).content)
    assert [payload["sequence_number"] for _, payload in events] == list(range(len(events)))
    assert [name for name, _ in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done",
        "response.output_item.done",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]


async def test_it_writes_nothing_before_its_time(fake: FakeProvider, client: httpx2.AsyncClient) -> None:
    slow = Behaviour(headers_ms=30, ttft_ms=80, tokens_per_second=500, output_tokens=10, reasoning_tokens=10)
    fake.set("p", slow)
    await answered(client, fake, "openai-chat")
    await fake.until_idle("p")
    (entry,) = fake.requests("p")
    assert entry.first_byte_ms is not None
    assert entry.first_token_ms is not None
    assert entry.first_content_ms is not None
    assert entry.end_ms is not None
    # A timer that is 20 microseconds early is in time.
    assert entry.first_byte_ms >= 29.9
    assert entry.first_token_ms >= 79.9
    assert entry.first_content_ms >= 99.9
    assert entry.end_ms >= 119.9


async def test_it_is_exact_when_it_may_spend_cpu(client: httpx2.AsyncClient) -> None:
    async with FakeProvider(Behaviour(headers_ms=1, ttft_ms=10, output_tokens=1), exact=True) as fake:
        for _ in range(20):
            await answered(client, fake, "openai-chat")
        times = sorted(entry.first_token_ms or 0 for entry in fake.requests("p"))
    assert times[0] >= 9.9
    assert times[0] < 10.9  # the best of many, so that a busy machine does not matter


def test_it_gives_the_same_seed_and_persona_the_same_sequence() -> None:
    async def faults(seed: int, persona: str) -> list[str | None]:
        flaky = Behaviour(headers_ms=0, faults=("status_500", "status_503", "quota"), failure_rate=0.5)
        async with FakeProvider(flaky, seed=seed) as fake, httpx2.AsyncClient(trust_env=False) as client:
            for _ in range(24):
                await client.get(f"{fake.url(persona)}/v1/models")
            first = [entry.fault for entry in fake.requests(persona)]
            fake.reset()
            for _ in range(24):
                await client.get(f"{fake.url(persona)}/v1/models")
            assert [entry.fault for entry in fake.requests(persona)] == first
            return first

    one = asyncio.run(faults(1, "a"))
    assert one == asyncio.run(faults(1, "a"))
    assert one != asyncio.run(faults(2, "a"))
    assert one != asyncio.run(faults(1, "b"))
    assert 4 <= sum(fault is not None for fault in one) <= 20


@EVERY_STYLE
async def test_it_wants_the_key_in_the_styles_own_header(
    fake: FakeProvider, client: httpx2.AsyncClient, style: str
) -> None:
    fake.set("p", Behaviour(key="sk-1", headers_ms=0, ttft_ms=0, tokens_per_second=10_000))
    assert (await answered(client, fake, style)).status_code == 200
    asked = built(fake, style)
    for headers in ({}, {name: value + "x" for name, value in KEYS[style].items()}, {"x-other": "sk-1"}):
        asked["headers"] = {"anthropic-version": "2023-06-01"} | headers
        refused = await client.post(**asked)
        assert refused.status_code == 401
        assert "sk-1" not in refused.text
    assert [entry.key_sent for entry in fake.requests("p")] == [True, False, True, False]
    assert "sk-1" not in repr(fake.requests())


async def test_it_lists_models(fake: FakeProvider, client: httpx2.AsyncClient) -> None:
    fake.set("p", Behaviour(models=("m-1", "m-2"), key="k"))
    assert (await client.get(f"{fake.url('p')}/v1/models")).status_code == 401
    fake.set("p", Behaviour(models=("m-1", "m-2"), key="k", open_models=True))
    for style in STYLES:
        fake.set("p", Behaviour(models=("m-1", "m-2"), style=style))  # type: ignore[arg-type]
        listed = await client.get(f"{fake.url('p')}/any/prefix/models")
        assert listed.status_code == 200
        assert "m-1" in listed.text
        assert "m-2" in listed.text


async def test_it_does_not_have_other_models(fake: FakeProvider, client: httpx2.AsyncClient) -> None:
    fake.set("p", Behaviour(models=("m-1",)))
    response = await answered(client, fake, "openai-chat")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "model_not_found"


async def test_it_refuses_fields_as_reasoning_models_do(
    fake: FakeProvider, client: httpx2.AsyncClient
) -> None:
    fake.set("p", Behaviour(refuse_fields=("max_tokens", "generationConfig.thinkingConfig")))
    refused = await answered(client, fake, "openai-chat", max_tokens=1)
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "max_tokens"
    nested = {"thinkingConfig": {"thinkingBudget": 0}}
    assert (await answered(client, fake, "google", generationConfig=nested)).status_code == 400
    assert (await answered(client, fake, "google", generationConfig={})).status_code == 200


async def test_it_serves_one_style_only_when_it_is_to(fake: FakeProvider, client: httpx2.AsyncClient) -> None:
    fake.set("p", Behaviour(style="anthropic"))
    assert (await answered(client, fake, "anthropic")).status_code == 200
    assert (await answered(client, fake, "openai-chat")).status_code == 404


async def test_it_answers_many_requests_over_one_connection(fake: FakeProvider) -> None:
    async with connected(fake) as (reader, writer):
        writer.write(MODELS * 500)  # at once: the answers come one after the other
        for _ in range(500):
            await reader.readuntil(b'"owned_by":"fake"}]}')
    assert {entry.connection for entry in fake.requests("p")} == {1}
    assert fake.counts() == {"p": 500}


async def test_it_asks_for_the_body_that_a_client_holds_back(fake: FakeProvider) -> None:
    head, _, body = raw().partition(b"\r\n\r\n")
    async with connected(fake) as (reader, writer):
        writer.write(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        await reader.readline()
        writer.write(body)
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000, b"431"),
        (b"GET /p/nothing HTTP/1.1\r\nHost: x\r\n\r\n", b"404"),
        (b"DELETE /p/v1/models HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
        (b"POST /p/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n[1]", b"400"),
        (b"POST /p/chat HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n\xff{}", b"400"),
    ],
)
async def test_it_bears_hostile_requests(fake: FakeProvider, sent: bytes, status: bytes) -> None:
    async with connected(fake) as (reader, writer):
        writer.write(sent)
        assert (await reader.readline()).split()[1] == status


async def test_it_serves_thousands_of_slow_connections(fake: FakeProvider) -> None:
    fake.set("p", Behaviour(headers_ms=0, faults=("stall_after_headers",)))
    async with asyncio.timeout(60):
        pairs = [await asyncio.open_connection("127.0.0.1", fake.port) for _ in range(400)]
        for _, writer in pairs:
            writer.write(raw())
        await fake.until_received("p", 400)
        fake.set("p", FAST)
        async with httpx2.AsyncClient(trust_env=False) as client:
            assert (await answered(client, fake, "cohere")).status_code == 200
        for _, writer in pairs:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in pairs))
        await fake.until_idle()
    assert fake.connections == 0


async def test_it_asks_the_personality_for_each_request(client: httpx2.AsyncClient) -> None:
    turns = iter([FAST, Behaviour(headers_ms=0, faults=("status_503",))])
    async with FakeProvider(personality=lambda _: next(turns)) as fake:
        statuses = [(await answered(client, fake, "cohere")).status_code for _ in range(2)]
        fake.set("p", FAST)
        statuses.append((await answered(client, fake, "cohere")).status_code)
    assert statuses == [200, 503, 200]


async def test_it_is_told_over_http_how_to_behave(fake: FakeProvider, client: httpx2.AsyncClient) -> None:
    control = f"{fake.origin}/_behaviour/p"
    put = await client.put(control, json={"faults": ["status_429"], "key": "sk-1"})
    assert put.status_code == 200
    assert put.json()["key"] == "***"
    assert fake.behaviour("p").faults == ("status_429",)
    assert fake.behaviour("p").tokens_per_second == FAST.tokens_per_second
    assert (await client.get(control)).json() == put.json()
    assert (await client.get(f"{fake.origin}/_behaviour")).json()["personas"] == {"p": put.json()}
    assert (await answered(client, fake, "cohere")).status_code == 429
    assert (await client.delete(control)).json()["faults"] == []
    assert (await answered(client, fake, "cohere")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("PUT", "/_behaviour/p", b'{"ttft":1}', 400, "did you mean ttft_ms?"),
        ("PUT", "/_behaviour/p", b'{"jitter":9}', 400, "jitter must be a number from 0 to 1, not 9"),
        ("PUT", "/_behaviour/p", b"[1]", 400, "must be an object of fields"),
        ("PUT", "/_behaviour/p", b"{", 400, "not JSON"),
        ("PUT", "/_behaviour/p", b"[" * 20_000, 400, "not JSON"),
        ("PUT", "/_behaviour/_p", b"{}", 400, "does not begin with _"),
        ("PUT", "/_behaviour/a/b", b"{}", 400, "one segment"),
        ("POST", "/_behaviour/p", b"{}", 405, "use GET, PUT, DELETE"),
        ("GET", "/_reset", b"", 405, "POST /_reset"),
        ("GET", "/_nothing", b"", 404, "/_requests"),
        ("GET", "/_requests?limit=x", b"", 400, "from 1 to 5000"),
    ],
)
async def test_it_says_what_is_allowed(
    fake: FakeProvider,
    client: httpx2.AsyncClient,
    method: str,
    path: str,
    body: bytes,
    status: int,
    says: str,
) -> None:
    response = await client.request(method, fake.origin + path, content=body)
    assert response.status_code == status
    assert says in response.json()["error"]["message"]


async def test_it_shows_what_arrived_and_no_key(fake: FakeProvider, client: httpx2.AsyncClient) -> None:
    await answered(client, fake, "anthropic")
    await client.get(f"{fake.url('q')}/v1/models?key=sk-1")
    shown = await client.get(f"{fake.origin}/_requests")
    assert "sk-1" not in shown.text
    assert shown.json()["counts"] == {"p": 1, "q": 1}
    first, second = shown.json()["requests"]
    assert (first["method"], first["path"], first["style"]) == ("POST", "/p/v1/messages", "anthropic")
    assert (first["model"], first["limit"], first["stream"], first["key_sent"]) == ("m", 50, True, True)
    assert "x-api-key" in first["headers"]
    assert (second["parameters"], second["key_sent"]) == (["key"], True)
    only = (await client.get(f"{fake.origin}/_requests?persona=q&limit=1")).json()
    assert (only["counts"], len(only["requests"])) == ({"q": 1}, 1)
    assert (await client.post(f"{fake.origin}/_reset")).status_code == 200
    assert fake.requests() == ()
    assert fake.counts() == {}


async def test_it_speaks_https_and_its_certificate_may_be_another_hosts() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with (
        FakeProvider(FAST, ssl_context=context) as fake,
        httpx2.AsyncClient(verify=trusting, trust_env=False) as client,
    ):
        good = fake.origin.replace("127.0.0.1", "localhost")
        assert (await client.get(f"{good}/p/v1/models")).status_code == 200
        with pytest.raises(httpx2.ConnectError, match="certificate verify failed"):
            await client.get(f"{fake.url('p')}/v1/models")
        fake.set("p", Behaviour(faults=("reset",), ttft_ms=0))
        with pytest.raises(httpx2.ReadError):
            await client.post(f"{good}/p/v1/chat/completions", json=REQUESTS["openai-chat"][1])


async def test_it_drops_everybody_when_it_ends() -> None:
    async with FakeProvider(Behaviour(faults=("stall_before_headers",))) as fake:
        reader, writer = await asyncio.open_connection("127.0.0.1", fake.port)
        writer.write(raw())
        await fake.until_received("p")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()
    with pytest.raises(OSError, match=r"."):
        await asyncio.open_connection("127.0.0.1", fake.port)
