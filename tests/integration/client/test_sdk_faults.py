"""What the SDK makes of servers that fail in every way."""

import asyncio
import json
import socket
import ssl
from typing import Any

import pytest
import trustme

from fixtures.clients import Flavour, driven, http_of
from fixtures.faulty_server import STATS, OneAfterAnother, as_json, dripping, error, said, streamed
from fixtures.scripted_server import Received, Script, ScriptedServer, Step, scripted
from openmodels_client import (
    ApiError,
    ConnectionFailed,
    InvalidResponse,
    OpenModelsError,
    RateLimited,
    Retry,
    ServerError,
    TimedOut,
    __version__,
)

pytestmark = pytest.mark.anyio

NEVER = Retry(times=0)
SOON = 0.15
"""A timeout that is meant to be over, in seconds."""
HTML: Any = {"content_type": "text/html"}


def targets(server: ScriptedServer) -> list[str]:
    return [request.line for request in server.requests]


# --- Asking again -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_it_asks_again_while_a_server_is_away(flavour: Flavour, status: int) -> None:
    away = said("<html>", status, **HTML)
    async with scripted(OneAfterAnother(away, away, as_json())) as server:
        async with driven(flavour, server.url) as client:
            assert (await client.ask("stats")).models == 3
            assert len(client.waits) == 2
            assert 0 <= client.waits[0] <= 0.5
            assert 0 <= client.waits[1] <= 1
        assert targets(server) == ["GET /api/stats HTTP/1.1"] * 3


@pytest.mark.parametrize("status", [429, 503])
async def test_it_obeys_when_to_come_back(flavour: Flavour, status: int) -> None:
    slow = error(status, retry_after="7")
    async with scripted(OneAfterAnother(slow, as_json())) as server, driven(flavour, server.url) as client:
        await client.ask("stats")
        assert len(client.waits) == 1
        assert 7 <= client.waits[0] < 7.5


async def test_it_obeys_a_date_to_come_back_at(flavour: Flavour) -> None:
    slow = error(429, retry_after="Sun, 01 Mar 2026 12:00:20 GMT", date="Sun, 01 Mar 2026 12:00:00 GMT")
    async with scripted(OneAfterAnother(slow, as_json())) as server, driven(flavour, server.url) as client:
        await client.ask("stats")
        assert 20 <= client.waits[0] < 20.5


async def test_it_gives_up_where_it_should_come_back_too_late(flavour: Flavour) -> None:
    async with (
        scripted([error(429, "slow down", retry_after="3600")]) as server,
        driven(flavour, server.url) as client,
    ):
        with pytest.raises(RateLimited, match="slow down") as caught:
            await client.ask("stats")
        assert caught.value.retry_after == 3600
        assert client.waits == []


async def test_it_gives_up_after_as_many_times_as_it_is_told(flavour: Flavour) -> None:
    async with scripted([error(503, "away")]) as server:
        async with driven(flavour, server.url, retry=Retry(times=2)) as client:
            with pytest.raises(ServerError, match="away"):
                await client.ask("stats")
        async with driven(flavour, server.url, retry=NEVER) as client:
            with pytest.raises(ServerError):
                await client.ask("stats")
        assert len(server.requests) == 3 + 1


@pytest.mark.parametrize("status", [400, 403, 404, 405, 414, 500, 501])
async def test_it_does_not_ask_again_where_that_cannot_help(flavour: Flavour, status: int) -> None:
    async with scripted([error(status)]) as server, driven(flavour, server.url) as client:
        with pytest.raises(ApiError) as caught:
            await client.ask("stats")
        assert (caught.value.status, len(server.requests)) == (status, 1)


async def test_it_asks_again_when_a_connection_breaks(flavour: Flavour) -> None:
    whole = as_json()
    breaks: tuple[Any, ...] = (
        [b""],
        [Step.RESET],
        [whole[:30], Step.RESET],
        [whole[:-10]],
        streamed(json.dumps(STATS).encode()[:20], end=False),
        [whole],
    )
    async with (
        scripted(OneAfterAnother(*breaks)) as server,
        driven(flavour, server.url, retry=Retry(times=5)) as client,
    ):
        assert (await client.ask("stats")).models == 3
        assert len(client.waits) == 5


@pytest.mark.parametrize(
    "part", [b"", b"HTTP/1.1 200 OK\r\nContent-Ty", as_json()[:-5]], ids=["none", "head", "body"]
)
async def test_it_waits_no_longer_than_it_may_and_does_not_ask_again(flavour: Flavour, part: bytes) -> None:
    async with scripted([part, Step.HANG]) as server:
        async with driven(flavour, server.url, timeout=SOON) as client:
            with pytest.raises(TimedOut, match=r"/api/stats took longer than 0\.15 s"):
                await client.ask("stats")
            assert client.waits == []
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n", b" "),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1\r\n \r\n",
        ),
    ],
    ids=["length", "chunks"],
)
async def test_it_bounds_an_answer_that_drips_as_a_whole(flavour: Flavour, head: bytes, drop: bytes) -> None:
    async with dripping(head, drop) as url, driven(flavour, url, timeout=SOON) as client:
        with pytest.raises(TimedOut):
            await client.ask("stats")


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"0",
        ),
    ],
    ids=["headers", "a chunk's length"],
)
async def test_with_asyncio_it_bounds_a_head_that_drips_too(head: bytes, drop: bytes) -> None:
    async with dripping(head, drop) as url, driven("async", url, timeout=SOON) as client:
        with pytest.raises(TimedOut):
            await client.ask("stats")


# --- Nobody there -------------------------------------------------------------------------------------------


async def test_it_says_when_nobody_listens(flavour: Flavour) -> None:
    async with scripted([b""]) as server:
        url = server.url
    async with driven(flavour, url) as client:
        with pytest.raises(ConnectionFailed, match=f"no answer from {url}/api/stats: .*refused") as caught:
            await client.ask("stats")
        assert len(client.waits) == 3
        assert not caught.value.permanent


async def test_it_says_when_there_is_no_such_host(flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    # Whether a name server is asked, and how long it takes, is the machine's affair.
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    async with driven(flavour, "http://nobody.invalid", retry=Retry(times=1)) as client:
        with pytest.raises(ConnectionFailed, match=r"nobody\.invalid/api/stats: Name or service not known"):
            await client.ask("stats")
        assert len(client.waits) == 1


async def test_it_does_not_trust_any_certificate_and_does_not_ask_again(flavour: Flavour) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    async with scripted([as_json()], tls=tls) as server, driven(flavour, server.url, own=True) as client:
        with pytest.raises(ConnectionFailed, match="CERTIFICATE_VERIFY_FAILED") as caught:
            await client.ask("stats")
        assert caught.value.permanent
        assert client.waits == []


async def test_it_speaks_tls_with_a_client_of_the_callers(flavour: Flavour) -> None:
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(trusting)
    async with scripted([as_json()], tls=tls) as server, http_of(flavour, verify=trusting) as http:
        async with driven(flavour, server.url, http_client=http) as client:
            assert (await client.ask("stats")).models == 3
        assert not http.is_closed


async def test_it_says_when_what_answers_speaks_no_http(flavour: Flavour) -> None:
    async with (
        scripted([b"SSH-2.0-OpenSSH_9.2\r\n"]) as server,
        driven(flavour, server.url, retry=NEVER) as client,
    ):
        with pytest.raises(ConnectionFailed):
            await client.ask("stats")


# --- How it asks --------------------------------------------------------------------------------------------


async def test_it_says_who_asks_and_what_it_takes(flavour: Flavour) -> None:
    async with scripted([as_json()]) as server, driven(flavour, server.url, own=True) as client:
        await client.ask("stats")
        headers = server.requests[0].headers
        assert headers["user-agent"] == f"openmodels-client/{__version__}"
        assert headers["accept"] == "application/json"
        assert "gzip" in headers["accept-encoding"]


async def test_it_asks_below_the_path_of_its_address(flavour: Flavour) -> None:
    async with scripted([as_json()]) as server, driven(flavour, f"{server.url}/open/models/") as client:
        await client.ask("stats")
        assert targets(server) == ["GET /open/models/api/stats HTTP/1.1"]


async def test_an_id_is_one_segment_on_the_wire(flavour: Flavour) -> None:
    async with scripted([error(404)]) as server, driven(flavour, server.url) as client:
        for model_id in ("acme/one", "a b", "ü", "...", "../x", "%2F"):
            with pytest.raises(ApiError):
                await client.ask("models.get", model_id)
        assert [line.split()[1].removeprefix("/api/models/") for line in targets(server)] == [
            "acme%2Fone",
            "a%20b",
            "%C3%BC",
            "...",
            "..%2Fx",
            "%252F",
        ]


async def test_what_the_callers_client_adds_is_sent(flavour: Flavour) -> None:
    options: dict[str, Any] = {"headers": {"x-team": "blue"}, "follow_redirects": True, "timeout": 1e-9}
    answers = OneAfterAnother(as_json(), said("", 302, location="/"))
    async with (
        scripted(answers) as server,
        http_of(flavour, **options) as http,
        driven(flavour, server.url, http_client=http) as client,
    ):
        await client.ask("stats")
        assert server.requests[0].headers["x-team"] == "blue"
        with pytest.raises(InvalidResponse, match="redirect"):
            await client.ask("stats")


async def test_it_cannot_be_used_when_it_is_closed(flavour: Flavour) -> None:
    async with scripted([as_json()]) as server:
        async with driven(flavour, server.url, own=True) as client:
            await client.ask("stats")
        with pytest.raises(RuntimeError, match="closed"):
            await client.ask("stats")


async def test_it_may_be_closed_twice(flavour: Flavour) -> None:
    async with driven(flavour, "http://127.0.0.1:1", own=True) as client:
        await close_client(client.client)


async def close_client(client: Any) -> None:
    closed = client.aclose() if hasattr(client, "aclose") else client.close()
    if closed is not None:
        await closed


async def test_with_asyncio_it_can_be_cancelled() -> None:
    heard = asyncio.Event()

    def play(_: Received) -> Script:
        heard.set()
        return [Step.HANG]

    async with scripted(play) as server, driven("async", server.url) as client:
        asking = asyncio.create_task(client.ask("stats"))
        await heard.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await server.left.wait()


# --- Pages --------------------------------------------------------------------------------------------------


def page(number: int, ids: str, total: int) -> bytes:
    data = [{"id": one, "name": one} | PROVIDER for one in ids]
    return as_json({"data": data, "pagination": {"page": number, "limit": 2, "total": total}})


PROVIDER: dict[str, Any] = {
    "description": "",
    "api_base_url": "https://example.com",
    "auth_type": "bearer",
    "regions": [],
    "compatibility": "openai",
    "models_count": 0,
    "env": [],
    "status": "up",
    "created_at": "2026-03-01T12:00:00Z",
    "updated_at": "2026-03-01T12:00:00Z",
}


async def test_a_list_that_becomes_shorter_ends(flavour: Flavour) -> None:
    pages = OneAfterAnother(page(1, "ab", 5), page(2, "cd", 5), page(3, "", 4))
    async with scripted(pages) as server, driven(flavour, server.url) as client:
        assert [one.id for one in await client.go_through("providers.iter", limit=2)] == list("abcd")
    pages = OneAfterAnother(page(1, "ab", 9), page(2, "c", 3))
    async with scripted(pages) as server, driven(flavour, server.url) as client:
        assert [one.id for one in await client.go_through("providers.iter", limit=2)] == list("abc")
    # A page without anything ends it, whatever else it says.
    pages = OneAfterAnother(page(1, "ab", 9), page(2, "", 9))
    async with scripted(pages) as server, driven(flavour, server.url) as client:
        assert [one.id for one in await client.go_through("providers.iter", limit=2)] == list("ab")
        assert len(server.requests) == 2


async def test_an_error_on_a_later_page_comes_after_what_was_read(flavour: Flavour) -> None:
    pages = OneAfterAnother(page(1, "ab", 5), error(500, "broken"))
    async with scripted(pages) as server, driven(flavour, server.url) as client:
        assert len(await client.go_through("providers.iter", most=2)) == 2
        with pytest.raises(OpenModelsError, match="broken"):
            await client.go_through("providers.iter", most=3)


async def test_a_cursor_that_leads_nowhere_ends(flavour: Flavour) -> None:
    async with scripted([as_json({"changes": [], "next": "same"})]) as server:
        async with driven(flavour, server.url) as client:
            assert await client.go_through("iter_changes") == []
        assert len(server.requests) == 2
