"""Where probes go, and where they never go."""

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Sequence

import pytest

from fixtures.probing import PLAIN, anyio_backend, probe_client, target  # noqa: F401 - both loops
from fixtures.scripted_server import answer, scripted

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "https://169.254.169.254",
        "http://[fd00:ec2::254]",
        "http://100.100.100.200",
        "http://[::ffff:169.254.169.254]",
        "http://2852039166",
        "http://0xa9fea9fe",
    ],
)
async def test_it_never_asks_for_cloud_metadata(url: str) -> None:
    for allow_private in (False, True):
        client = probe_client(allow_private=allow_private)
        checked = await client.check(target(url))
        measured = await client.measure(target(url), PLAIN)
        assert (checked.record.status, checked.record.outcome) == ("down", "blocked")
        assert measured.record.outcome == "blocked"
        assert measured.record.connect_ms is None
        assert not await client.reachable(url, timeout=10)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]"])
async def test_it_does_not_connect_to_this_machine_unless_it_is_told_to(host: str) -> None:
    async with scripted([answer()]) as server:
        client = probe_client(allow_private=False)
        probed = await client.check(target(f"http://{host}:{server.port}"))
    assert probed.record.outcome == "blocked"
    assert server.connections == 0


async def test_it_does_not_connect_to_a_name_that_gives_another_address_the_second_time() -> None:
    answers = itertools.chain([["192.0.2.7"], ["203.0.113.7"]], itertools.repeat(["127.0.0.1"]))
    asked: list[str] = []

    async def rebinding(host: str) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    async with scripted([answer()]) as server:
        client = probe_client(allow_private=False, resolve=rebinding)
        for _ in range(4):
            probed = await client.check(target(f"http://rebind.example:{server.port}"))
            assert probed.record.outcome == "blocked"
    assert server.connections == 0
    assert len(asked) == 4


async def test_it_connects_to_the_address_that_was_judged_without_a_second_look_up() -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])

    async def rebinding(host: str) -> Sequence[str]:
        return next(answers)

    async with scripted([answer()]) as server:
        client = probe_client(resolve=rebinding)
        probed = await client.check(target(f"http://rebind.example:{server.port}"))
    assert probed.record.outcome == "ok"
    assert next(answers) == ["127.0.0.2"]
    assert server.requests[0].headers["host"] == f"rebind.example:{server.port}"


async def test_it_leaves_the_refused_addresses_of_a_name_alone() -> None:
    async def both(host: str) -> Sequence[str]:
        return ["0.0.0.0", "::ffff:127.0.0.1", "127.0.0.1"]

    async with scripted([answer()]) as server:
        client = probe_client(resolve=both)
        assert (await client.check(target(f"http://a.example:{server.port}"))).record.outcome == "ok"
        client = probe_client(allow_private=False, resolve=both)
        assert (await client.check(target(f"http://a.example:{server.port}"))).record.outcome == "blocked"
    assert server.connections == 1


async def test_it_tries_the_next_address_when_one_refuses() -> None:
    async def several(host: str) -> Sequence[str]:
        return ["127.0.0.2", "::1", "127.0.0.1"]

    async with scripted([answer()]) as server:
        probed = await probe_client(resolve=several).check(target(f"http://a.example:{server.port}"))
    assert probed.record.outcome == "ok"


async def test_it_tries_the_next_address_when_one_says_nothing() -> None:
    async def several(host: str) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]

    loop = asyncio.get_running_loop()
    async with scripted([answer()]) as server:
        with contextlib.ExitStack() as stack:
            full = stack.enter_context(socket.socket())
            full.bind(("127.0.0.2", server.port))
            full.listen(0)
            for _ in range(8):  # until its queue is full and it drops who comes
                caller = stack.enter_context(socket.socket())
                caller.setblocking(False)
                try:
                    async with asyncio.timeout(0.1):
                        await loop.sock_connect(caller, full.getsockname())
                except TimeoutError:
                    break
            else:
                pytest.skip("no queue of this machine's is ever full")
            client = probe_client(resolve=several)
            probed = await client.check(target(f"http://a.example:{server.port}", timeout=3.0))
    assert probed.record.outcome == "ok"
    assert probed.record.connect_ms is not None
    assert probed.record.connect_ms > 900


async def test_it_speaks_to_ipv6_addresses() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer())
        writer.close()
        await writer.wait_closed()

    received: list[bytes] = []
    try:
        server = await asyncio.start_server(serve, "::1", 0, family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with server:
        port = server.sockets[0].getsockname()[1]
        probed = await probe_client().check(target(f"http://[::1]:{port}"))
    assert probed.record.outcome == "ok"
    assert f"Host: [::1]:{port}\r\n".lower().encode() in received[0].lower()


async def test_it_gives_up_on_a_look_up_that_hangs() -> None:
    async def hang(host: str) -> Sequence[str]:
        await asyncio.get_running_loop().create_future()
        return []

    probed = await probe_client(resolve=hang).check(target("http://a.example", timeout=0.2))
    assert probed.record.outcome == "timeout"
    assert probed.record.connect_ms is None


async def test_it_calls_a_name_that_is_not_there_a_fault_of_the_network() -> None:
    async def nothing(host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    probed = await probe_client(resolve=nothing).check(target("https://a.example"))
    assert (probed.record.outcome, probed.detail) == ("network", "its name could not be looked up")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "ftp://example.com",
        "file:///etc/passwd",
        "http://",
        "http://:80",
        "http://user:password@example.com",
        "http://example.com:99999",
        "http://example.com:0",
        "http://[::1",
        "http://exa mple.com",
        "http://example.com/\r\nX-Injected: 1",
        "http://example.com\t.evil.example",
        "http://ünï.example",
        "http://{account_id}.example.com",
    ],
)
async def test_it_asks_nothing_of_an_address_that_is_none(url: str) -> None:
    client = probe_client()
    assert (await client.check(target(url, health_path="/x"))).record.outcome == "blocked"
    assert (await client.measure(target(url), PLAIN)).record.outcome == "blocked"
    assert not await client.reachable(url, timeout=10)


async def test_it_writes_an_address_with_other_letters_as_a_request_line_can_hold_it() -> None:
    async with scripted([answer()]) as server:
        probed = await probe_client().check(target(f"{server.url}/bücher", health_path="/a%20b?q=ä&r=/?"))
    assert probed.record.outcome == "ok"
    assert server.requests[0].line == "GET /b%C3%BCcher/a%20b?q=%C3%A4&r=/? HTTP/1.1"


async def test_it_takes_no_proxy_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted([answer()]) as server, scripted([answer()]) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert (await probe_client().check(target(server.url))).record.outcome == "ok"
    assert (server.connections, proxy.connections) == (1, 0)
