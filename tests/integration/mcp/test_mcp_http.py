"""The door over HTTP: what passes, what is refused, and how."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from fixtures.agents import ERAS, JSON, agent_at, message, post
from fixtures.server import eventually
from fixtures.service import Service, start_service
from fixtures.site import Site, running_site
from openmodels.edge.posted import BODY_SECONDS, MAX_BODY

pytestmark = pytest.mark.anyio

INITIALIZE = message(
    "initialize",
    {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}},
)


def error_of(response: httpx2.Response) -> dict[str, object]:
    """The error of the envelope."""
    found: dict[str, object] = response.json()["error"]
    assert found["status"] == response.status_code
    assert found["request_id"] == response.headers["x-request-id"]
    return found


async def test_it_answers_json_at_once_and_keeps_no_session(observed: Site) -> None:
    response = await post(observed.url, INITIALIZE)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert "mcp-session-id" not in response.headers
    # Another node may answer the next one, which knows nothing of that.
    alone = await post(observed.url, message("tools/list"), mcp_protocol_version="2025-06-18")
    assert len(alone.json()["result"]["tools"]) == 8


async def test_answers_are_not_kept_and_have_the_headers_of_the_api(observed: Site) -> None:
    response = await post(observed.url, message("ping"))
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-request-id"]
    assert "etag" not in response.headers


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
async def test_it_is_there_with_and_without_a_slash(observed: Site, path: str) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        response = await client.post(observed.url + path, json=message("ping"), headers=JSON)
    assert response.json()["result"] == {}


async def test_a_notification_is_accepted_without_an_answer(observed: Site) -> None:
    response = await post(observed.url, {"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (response.status_code, response.content) == (202, b"")


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PUT", "PATCH"])
async def test_other_methods_are_refused(observed: Site, method: str) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        url, taken = f"{observed.url}/mcp", {"accept": "text/event-stream"}
        response = await client.request(method, url, headers=taken)
    assert response.status_code == 405
    assert response.headers["allow"] == "POST, OPTIONS"
    if method != "HEAD":
        assert "see /docs/mcp" in str(error_of(response)["message"])


async def test_pages_of_other_sites_may_ask(observed: Site) -> None:
    asked = {
        "origin": "https://inspector.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type, mcp-protocol-version, mcp-session-id",
    }
    async with httpx2.AsyncClient(trust_env=False) as client:
        response = await client.options(f"{observed.url}/mcp", headers=asked)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-allow-methods"] == "POST, OPTIONS"
    assert response.headers["access-control-allow-headers"] == "*, Authorization"
    answered = await post(observed.url, message("ping"), origin="https://inspector.example")
    assert answered.status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":' + b"[" * 9000, -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"\\ud800"}}', -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1e999}}', -32600),
        (b'{"jsonrpc":"2.0","id":' + b"9" * 200_000 + b',"method":"ping"}', -32600),
        (b"null", -32600),
        (b"[]", -32600),
        (json.dumps([message("ping"), message("ping", number=2)]).encode(), -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32600),
    ],
)
async def test_what_is_no_message_is_refused_in_words_of_the_protocol(
    observed: Site, body: bytes, code: int
) -> None:
    response = await post(observed.url, body)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == code
    assert "pydantic" not in response.text


async def test_an_unknown_method_and_wrong_parameters_are_errors_of_the_protocol(observed: Site) -> None:
    unknown = await post(observed.url, message("tools/destroy"), mcp_protocol_version="2025-06-18")
    assert unknown.json()["error"]["code"] == -32601
    wrong = await post(observed.url, message("tools/call", {"name": 5}), mcp_protocol_version="2025-06-18")
    assert wrong.json()["error"]["code"] == -32602
    assert "pydantic" not in wrong.text


async def test_a_version_of_the_protocol_that_there_is_not_is_refused(observed: Site) -> None:
    response = await post(observed.url, message("tools/list"), mcp_protocol_version="1999-12-31")
    assert response.status_code == 400
    assert response.json()["error"]["code"] < 0


async def test_a_body_of_another_type_is_refused(observed: Site) -> None:
    response = await post(observed.url, b"a=b", content_type="application/x-www-form-urlencoded")
    assert (response.status_code, error_of(response)["type"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_body_that_is_too_long_is_refused_said_so_or_found_so(observed: Site) -> None:
    said = await post(observed.url, b" " * (MAX_BODY + 1))
    assert (said.status_code, error_of(said)["type"]) == (413, "CONTENT_TOO_LARGE")

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY // 4096 + 1):
            yield b" " * 4096

    async with httpx2.AsyncClient(trust_env=False) as client:
        found = await client.post(f"{observed.url}/mcp", content=pieces(), headers=JSON)
    assert found.status_code == 413
    longest = json.dumps(message("ping")).encode().ljust(MAX_BODY)
    assert (await post(observed.url, longest)).status_code == 200


def test_a_body_that_does_not_come_is_given_up(observed: Site) -> None:
    head = "POST /mcp HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{"
    with socket.create_connection(("127.0.0.1", int(observed.url.rpartition(":")[2])), timeout=20) as wire:
        wire.sendall(head.encode())
        eventually(lambda: observed.service.clock.sleepers, seconds=20, what="the server waits for the rest")
        observed.advance(seconds=BODY_SECONDS)
        assert wire.recv(4096).startswith(b"HTTP/1.1 408 ")


@pytest.fixture(scope="module")
def limited() -> Iterator[Site]:
    with running_site(lambda: start_service(RATE_LIMIT="4")) as site:
        yield site


async def test_requests_are_counted_with_those_of_the_api(limited: Site) -> None:
    limited.advance(seconds=60)
    first = await post(limited.url, message("tools/call", {"name": "search_models", "arguments": {}}))
    assert first.headers["x-ratelimit-limit"] == "4"
    # However much of the API a call asks for, it is one request.
    assert first.headers["x-ratelimit-remaining"] == "3"
    async with httpx2.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{limited.url}/api/stats")).headers["x-ratelimit-remaining"] == "2"
        preflight = {"access-control-request-method": "POST", "origin": "https://x.example"}
        asked = await client.options(f"{limited.url}/mcp", headers=preflight)
        assert asked.headers["x-ratelimit-remaining"] == "2"


async def test_too_many_requests_are_refused_with_when_to_come_back(limited: Site) -> None:
    limited.advance(seconds=60)
    answers = [await post(limited.url, message("ping")) for _ in range(5)]
    assert [one.status_code for one in answers] == [200, 200, 200, 200, 429]
    assert answers[-1].headers["retry-after"] == "60"
    assert answers[-1].headers["x-ratelimit-remaining"] == "0"
    assert error_of(answers[-1])["type"] == "RATE_LIMITED"


@pytest.mark.parametrize("era", ERAS)
async def test_a_hundred_calls_at_a_time_are_all_answered(observed: Site, era: str) -> None:
    async with agent_at(observed.url, mode=era) as agent:
        answers = await asyncio.gather(
            *(agent.call("search_models", search=f"flock-{number % 60:02}", limit=1) for number in range(100))
        )
    assert [one["models"][0]["id"] for one in answers] == [f"flock-{number % 60:02}" for number in range(100)]


async def test_the_first_requests_may_come_together_and_the_server_may_stop_and_go_on() -> None:
    with running_site() as site:
        for _ in range(2):
            answers = await asyncio.gather(*(post(site.url, message("ping")) for _ in range(5)))
            assert [one.status_code for one in answers] == [200] * 5
            await asyncio.to_thread(site.stop)
            assert site.service.app.agents is not None
            await asyncio.to_thread(site.start)


async def test_plain_requests_are_sent_to_https_where_that_is_the_rule() -> None:
    service = await start_service(HTTPS_ONLY="on")
    response = await service.request("POST", "/mcp", json=message("ping"), headers=JSON)
    assert (response.status_code, response.headers["location"]) == (308, "https://api.example.com/mcp")


async def test_an_answer_of_a_demo_says_that_it_is_one() -> None:
    service = await start_service(DEMO="on")
    response = await service.request("POST", "/mcp", json=message("ping"), headers=JSON)
    assert "fake" in response.headers["x-openmodels-demo"]
    await ended(service)


async def test_a_client_that_goes_away_leaves_nothing_behind() -> None:
    service = await start_service()
    async with service.client() as client:
        asking = asyncio.create_task(client.post("/mcp", json=message("ping"), headers=JSON))
        await asyncio.sleep(0)
        asking.cancel()
        # The next one finds the door open.
        assert (await client.post("/mcp", json=message("ping"), headers=JSON)).status_code == 200
    await ended(service)


async def ended(service: Service) -> None:
    """As the end of a server does."""
    assert service.app.agents is not None
    await service.app.agents.aclose()
