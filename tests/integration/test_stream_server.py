"""The stream and the metrics of a real server, over real connections."""

import asyncio
import re
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.builders import check
from fixtures.server import RunningServer, eventually, free_port, run_program, start_server
from fixtures.service import NOW
from fixtures.wire import ask, read_all, request
from openmodels.domain.telemetry import Check
from openmodels.opening import open_stores
from openmodels.settings import read_settings

STREAM = b"/api/telemetry/stream"
SECONDS = 10.0


class Served:
    """A server that streams to three clients at a time, its database, and its metrics."""

    def __init__(self, server: RunningServer, folder: Path, metrics_port: int) -> None:
        self.server = server
        self._folder = folder
        self._metrics_port = metrics_port

    def record(self, *checks: Check) -> None:
        """Record these as another process would."""

        async def record() -> None:
            settings = read_settings({"OPENMODELS_DATA_DIR": str(self._folder / "data")})
            async with open_stores(settings) as stores:
                await stores.telemetry.record(checks)

        asyncio.run(record())

    def metric(self, name: str) -> float:
        url = f"http://127.0.0.1:{self._metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:
            text = answer.read().decode()
        found = re.search(rf"^openmodels_{name} (\S+)$", text, re.MULTILINE)
        assert found is not None, text
        return float(found[1])

    def follow(self, target: bytes = STREAM, headers: bytes = b"") -> "Connection":
        return Connection(self.server, request(target, close=False, headers=headers))

    def wait_for_clients(self, count: int) -> None:
        eventually(
            lambda: self.metric("stream_clients") == count, seconds=SECONDS, what=f"{count} clients follow"
        )


class Connection:
    """A connection on which a stream comes, as text."""

    def __init__(self, server: RunningServer, sent: bytes) -> None:
        self.socket = server.connect(timeout=SECONDS)
        self.socket.sendall(sent)
        self.received = b""

    def until(self, text: bytes) -> bytes:
        """All that has come once ``text`` has; fails when the other side closes before."""
        while text not in self.received:
            part = self.socket.recv(65536)
            assert part, f"it was closed before {text!r}: {self.received[-300:]!r}"
            self.received += part
        return self.received

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


@pytest.fixture
def served(tmp_path: Path, excerpt: Path) -> Iterator[Served]:
    port = free_port()
    given = {"RATE_LIMIT": "0", "STREAM_CLIENTS": "3", "POLL_INTERVAL": "0.05", "METRICS_PORT": str(port)}
    with start_server(tmp_path, registry=excerpt, **given) as server:
        yield Served(server, tmp_path, port)


def test_it_sends_what_another_process_records(served: Served) -> None:
    with served.follow() as client:
        head = client.until(b"retry: 3000\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"content-type: text/event-stream\r\n" in head
        served.record(check("openai", NOW, "down"))
        body = client.until(b'"provider_id":"openai"')
        assert b"event: check\ndata: {" in body
    last = re.findall(rb"^id: (\d+-\d+)$", client.received, re.MULTILINE)[-1]
    served.record(check("anthropic", NOW))
    with served.follow(headers=b"Last-Event-ID: " + last + b"\r\n") as again:
        assert b'"openai"' not in again.until(b'"provider_id":"anthropic"')


def test_it_notices_at_once_that_a_client_is_gone(served: Served) -> None:
    clients = [served.follow() for _ in range(3)]
    for client in clients:
        client.until(b"retry: ")
    served.wait_for_clients(3)
    refused = ask(served.server, request(STREAM))
    assert (refused.status, refused.headers["retry-after"]) == (503, "30")
    for client in clients:
        client.socket.close()
    served.wait_for_clients(0)
    with served.follow() as client:
        client.until(b"retry: ")


def test_it_takes_a_connection_that_is_reset_for_one_that_is_gone(served: Served) -> None:
    with served.follow() as client:
        client.until(b"retry: ")
        # Without lingering, closing sends a reset.
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    served.wait_for_clients(0)


def test_it_cuts_off_a_client_that_reads_nothing(served: Served) -> None:
    with served.follow() as slow, served.follow() as quick:
        slow.until(b"retry: ")
        quick.until(b"retry: ")
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for number in range(1, 200):
            served.record(*(check("openai", NOW, region="x" * 500) for _ in range(200)))
            quick.until(b"id: %d-0\n" % (200 * number))
            if served.metric("stream_dropped_clients_total"):
                break
        served.wait_for_clients(1)
        assert served.metric("stream_dropped_clients_total") == 1


def test_it_ends_its_streams_when_it_stops(served: Served) -> None:
    with served.follow() as one, served.follow() as other:
        one.until(b"retry: ")
        other.until(b"retry: ")
        started = time.monotonic()
        code, _ = served.server.stop(signal.SIGTERM)
        assert code == 0
        assert time.monotonic() - started < 3
        for client in (one, other):
            # The end of a chunked body: the stream was ended, not cut.
            assert (client.received + read_all(client.socket)).endswith(b"\r\n0\r\n\r\n")
    assert "Traceback" not in served.server.errors


def test_it_answers_head_and_keeps_no_place_for_it(served: Served) -> None:
    with served.server.connect(timeout=SECONDS) as connection:
        connection.sendall(request(STREAM, method=b"HEAD"))
        received = read_all(connection)
    assert received.startswith(b"HTTP/1.1 200")
    assert b"content-type: text/event-stream\r\n" in received
    assert received.endswith(b"\r\n\r\n")
    served.wait_for_clients(0)


def test_it_serves_metrics_apart_from_the_public_listener(served: Served) -> None:
    assert ask(served.server, request(b"/metrics")).status == 404
    assert served.metric("registry_models") > 0


def test_it_says_that_the_port_of_the_metrics_is_taken(tmp_path: Path, excerpt: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        result = run_program(
            tmp_path, "serve", "--publish", PORT=str(free_port()), REGISTRY=str(excerpt), METRICS_PORT=port
        )
    assert result.returncode == 2
    assert result.stderr == (
        f"openmodels: metrics: port {port} is taken: stop what uses it, "
        "or set OPENMODELS_METRICS_PORT to another\n"
    )
