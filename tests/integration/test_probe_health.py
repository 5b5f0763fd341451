"""Health checks against real servers."""

import pytest

from fixtures.probing import NOW, SECRET, anyio_backend, probe_client, target  # noqa: F401 - both loops
from fixtures.scripted_server import Step, answer, scripted
from openmodels.domain.vocabulary import Outcome

pytestmark = pytest.mark.anyio


async def test_it_calls_an_api_that_answers_up() -> None:
    async with scripted([answer()]) as server:
        probed = await probe_client().check(target(server.url + "/v1"))
    found = probed.record
    assert (found.provider_id, found.region, found.checked_at) == ("acme", "test", NOW)
    assert (found.status, found.outcome, found.http_status) == ("up", "ok", 200)
    assert found.response_time_ms is not None
    assert found.response_time_ms > 0
    assert found.connect_ms is not None
    assert found.connect_ms > 0
    assert probed.detail == ""
    assert server.requests[0].line == "GET /v1/models HTTP/1.1"


async def test_it_sends_no_key() -> None:
    async with scripted([answer()]) as server:
        for style in ("openai-chat", "anthropic", "google"):
            await probe_client().check(target(server.url, style=style, auth_type="api-key"))
    for request in server.requests:
        assert "authorization" not in request.headers
        assert SECRET not in str(request.headers)
        assert request.body == b""


@pytest.mark.parametrize(
    ("style", "health_path", "line"),
    [
        ("openai-chat", None, "GET /v1/models HTTP/1.1"),
        ("openai-chat", "/status?full=1", "GET /v1/status?full=1 HTTP/1.1"),
        (None, "/ping", "GET /v1/ping HTTP/1.1"),
        (None, None, "GET /v1 HTTP/1.1"),
        ("of-nobody", None, "GET /v1 HTTP/1.1"),
    ],
)
async def test_it_asks_for_the_health_path(style: str | None, health_path: str | None, line: str) -> None:
    async with scripted([answer()]) as server:
        probed = await probe_client().check(target(server.url + "/v1", style=style, health_path=health_path))
    assert probed.record.outcome == "ok"
    assert server.requests[0].line == line


@pytest.mark.parametrize(
    ("status", "outcome", "up"),
    [
        (204, "ok", True),
        (301, "bad_request", True),
        (401, "auth", True),
        (402, "quota", True),
        (403, "auth", True),
        (404, "bad_request", True),
        (405, "bad_request", True),
        (429, "rate_limited", True),
        (500, "server_error", False),
        (503, "server_error", False),
    ],
)
async def test_it_reads_the_status(status: int, outcome: Outcome, up: bool) -> None:
    async with scripted([b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status]) as server:
        found = (await probe_client().check(target(server.url))).record
    assert (found.status, found.outcome, found.http_status) == ("up" if up else "down", outcome, status)
    assert found.response_time_ms is not None


async def test_it_knows_a_missing_key_behind_a_500() -> None:
    body = b'{"error": {"message": "Authentication Error, No api key passed in.", "type": "auth_error"}}'
    async with scripted([answer(500, body)]) as server:
        found = (await probe_client().check(target(server.url))).record
    assert (found.status, found.outcome) == ("up", "auth")


@pytest.mark.parametrize(
    "answered",
    [
        [],
        [Step.RESET],
        [b"what?\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz"],
    ],
)
async def test_it_calls_what_is_no_answer_a_fault_of_the_network(answered: list[bytes | Step]) -> None:
    async with scripted(answered) as server:
        found = (await probe_client().check(target(server.url))).record
    assert (found.status, found.outcome) == ("down", "network")


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"])
async def test_it_calls_an_api_that_hangs_down(sent: bytes) -> None:
    async with scripted([sent, Step.HANG]) as server:
        probed = await probe_client().check(target(server.url, timeout=0.2))
        await server.left.wait()
    assert (probed.record.status, probed.record.outcome) == ("down", "timeout")
    assert "within 0.2 seconds" in probed.detail


async def test_it_reads_a_long_list_of_models_and_not_to_its_end() -> None:
    for size, hang in ((900_000, False), (5_000_000, True)):
        whole = answer(body=b"x" * size)
        async with scripted([whole, Step.HANG] if hang else [whole]) as server:
            found = (await probe_client().check(target(server.url))).record
        assert (found.status, found.outcome) == ("up", "ok")


async def test_it_does_not_mind_what_an_answer_is_packed_in() -> None:
    async with scripted([answer(body=b"\x1f\x8b", headers=b"Content-Encoding: gzip\r\n")]) as server:
        assert (await probe_client().check(target(server.url))).record.outcome == "ok"


async def test_it_sees_whether_anything_answers() -> None:
    client = probe_client()
    for script in ([answer(204)], [answer(500)], [answer(302)]):
        async with scripted(script) as server:
            assert await client.reachable(server.url + "/generate_204", timeout=10)
        assert not await client.reachable(server.url, timeout=10)
    for silent in ([], [b"nonsense\r\n\r\n"], [Step.HANG]):
        async with scripted(silent) as server:
            assert not await client.reachable(server.url, timeout=0.2)
    assert not await client.reachable("nonsense", timeout=1)
    await client.close()
