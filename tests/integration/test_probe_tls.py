"""Probes over TLS: the certificate must be for the name, valid, and of an authority that is trusted."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from fixtures.probing import PLAIN, anyio_backend, probe_client, target  # noqa: F401 - both loops
from fixtures.scripted_server import Step, answer, chunked, scripted
from fixtures.streams import STREAMS
from openmodels.clock import SystemClock
from openmodels.prober.client import ProbeClient
from openmodels.prober.guard import Guard

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def serving(issued: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return context


async def here(host: str) -> Sequence[str]:
    return ["127.0.0.1"]


async def test_it_probes_over_tls(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    names: list[str] = []
    tls = serving(authority.issue_cert("api.example.com"))
    tls.sni_callback = lambda _connection, name, _context: names.append(name)
    client = probe_client(resolve=here, tls=trusting)
    async with scripted(lambda r: chunked(*STREAMS["openai-chat"](r.nonce).events), tls=tls) as server:
        asked = target(f"https://API.example.com.:{server.port}/v1", own_endpoint=False)
        measured = (await client.measure(asked, PLAIN)).record
        await server.left.wait()
    async with scripted([answer()], tls=tls) as server:
        checked = (await client.check(target(f"https://api.example.com:{server.port}"))).record
    assert measured.outcome == checked.outcome == "ok"
    assert names == ["api.example.com", "api.example.com"]
    assert server.requests[0].headers["host"] == f"api.example.com:{server.port}"


async def test_it_probes_an_address_whose_certificate_names_it(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    async with scripted([answer()], tls=serving(authority.issue_cert("127.0.0.1"))) as server:
        assert (await probe_client(tls=trusting).check(target(server.url))).record.outcome == "ok"


def certificates(authority: trustme.CA) -> dict[str, tuple[trustme.LeafCert, str]]:
    past = datetime.now(UTC) - timedelta(days=2)
    return {
        "of another name": (authority.issue_cert("other.example.com"), "not valid for 'api.example.com'"),
        "self-signed": (trustme.CA().issue_cert("api.example.com"), "issuer certificate"),
        "expired": (authority.issue_cert("api.example.com", not_after=past), "expired"),
    }


@pytest.mark.parametrize("kind", ["of another name", "self-signed", "expired"])
async def test_it_gives_nothing_to_a_server_whose_certificate_is_wrong(
    kind: str, authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    issued, words = certificates(authority)[kind]
    client = probe_client(resolve=here, tls=trusting)
    async with scripted([answer()], tls=serving(issued)) as server:
        asked = target(f"https://api.example.com:{server.port}")
        measured = await client.measure(asked, PLAIN)
        checked = await client.check(asked)
    assert measured.record.outcome == checked.record.outcome == "network"
    assert measured.record.connect_ms is None
    assert checked.record.status == "down"
    assert "its certificate was refused" in measured.detail
    assert words in measured.detail
    assert server.requests == []


async def test_it_calls_a_server_that_speaks_no_tls_a_fault_of_the_network() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer(400))
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        probed = await probe_client().check(target(f"https://127.0.0.1:{port}"))
    assert (probed.record.outcome, probed.record.connect_ms) == ("network", None)


async def test_it_gives_up_on_a_handshake_that_hangs_and_leaves_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        probed = await probe_client().check(target(url, timeout=0.2))
        assert probed.record.outcome == "timeout"
        loop = asyncio.get_running_loop()
        accepted, _ = await loop.sock_accept(silent)
        with accepted:
            accepted.setblocking(False)
            while await loop.sock_recv(accepted, 65_536):  # the hello, and then the end
                pass


async def test_it_sees_a_stream_cut_under_tls(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    tls = serving(authority.issue_cert("127.0.0.1"))
    for cut in ([Step.RESET], []):
        parts = chunked(*STREAMS["openai-chat"]("om-x").events[:5], end=False)
        async with scripted([*parts, *cut], tls=tls) as server:
            probed = await probe_client(tls=trusting).measure(target(server.url), PLAIN)
        assert (probed.record.outcome, probed.record.http_status) == ("bad_stream", 200)


async def test_it_reads_a_long_answer_under_tls(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    tls = serving(authority.issue_cert("127.0.0.1"))
    filler = [b": " + b"x" * 5000 + b"\n\n"] * 400
    async with scripted(
        lambda r: chunked(*filler, *STREAMS["openai-chat"](r.nonce).events), tls=tls
    ) as server:
        probed = await probe_client(tls=trusting).measure(target(server.url), PLAIN)
    assert probed.record.outcome == "ok"


async def test_it_trusts_the_systems_authorities_by_default() -> None:
    async with scripted([answer()], tls=serving(trustme.CA().issue_cert("127.0.0.1"))) as server:
        client = ProbeClient(guard=Guard(allow_private=True), clock=SystemClock(), region="test")
        probed = await client.check(target(server.url))
    assert "its certificate was refused" in probed.detail
