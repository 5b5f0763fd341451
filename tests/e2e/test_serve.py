"""The life of a server process: it stops when told, finishes what it began, and comes back as it was."""

import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fixtures.server import RunningServer, eventually, start_server
from fixtures.wire import answers_in, ask, read_all, request

STOP_SECONDS = 5.0
FINE = request(b"/api/models?limit=1")


@contextmanager
def serving(folder: Path, excerpt: Path) -> Iterator[RunningServer]:
    with start_server(folder, registry=excerpt, RATE_LIMIT="0") as running:
        yield running


def check_clean_stop(server: RunningServer, number: signal.Signals = signal.SIGTERM) -> None:
    code, seconds = server.stop(number)
    assert code == 0
    assert seconds < STOP_SECONDS
    assert "Traceback" not in server.errors
    assert [line["event"] for line in server.log] == ["stopped"]


def test_it_answers_as_soon_as_it_says_that_it_serves(tmp_path: Path, excerpt: Path) -> None:
    with serving(tmp_path, excerpt) as server:
        assert ask(server, FINE).status == 200
        assert re.match(
            r"OpenModels \d+\.\d+\.\d+: \d+ models, \d+ providers, \d+ offerings, revision [0-9a-f]{16}\n",
            server.output,
        )
        assert server.revision() in server.output


def test_it_takes_a_name_for_its_address(tmp_path: Path, excerpt: Path) -> None:
    with start_server(tmp_path, registry=excerpt, HOST="localhost") as server:
        assert "http://127.0.0.1:" in server.output or "http://[::1]:" in server.output


def test_it_stops_at_once_when_nobody_is_connected(tmp_path: Path, excerpt: Path) -> None:
    with serving(tmp_path, excerpt) as server:
        check_clean_stop(server)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_though_connections_are_kept_alive_and_half_a_request_has_come(
    tmp_path: Path, excerpt: Path, number: signal.Signals
) -> None:
    with serving(tmp_path, excerpt) as server, server.connect() as idle, server.connect() as half:
        idle.sendall(request(b"/api/health", close=False))
        assert idle.recv(65536).startswith(b"HTTP/1.1 200")
        half.sendall(b"GET /api/models HTTP/1.1\r\nHost: ")
        assert ask(server, FINE).status == 200
        check_clean_stop(server, number)


def test_it_finishes_the_answer_that_it_has_begun(tmp_path: Path, excerpt: Path) -> None:
    """Slow without a hook: so many large answers that they fill the sockets' buffers until they are read."""
    with serving(tmp_path, excerpt) as server, server.connect() as connection:
        connection.sendall(request(b"/api/models?limit=100", close=False) * 400)
        received = bytearray(connection.recv(1024))
        stopping = threading.Thread(target=server.process.send_signal, args=(signal.SIGTERM,))
        stopping.start()
        stopping.join()
        # Refused now, so the server has begun to stop while an answer is under way.
        eventually(lambda: not accepts(server), seconds=STOP_SECONDS, what="it takes no new connections")
        received += read_all(connection)
        answers = answers_in(bytes(received))
        assert 1 <= len(answers) < 400
        assert {answer.status for answer in answers} == {200}
        assert server.process.wait(timeout=STOP_SECONDS) == 0
        assert "Traceback" not in server.errors


def accepts(server: RunningServer) -> bool:
    try:
        server.connect(timeout=1).close()
    except OSError:
        return False
    return True


def test_it_serves_the_same_revision_after_it_was_killed(tmp_path: Path, excerpt: Path) -> None:
    with serving(tmp_path, excerpt) as server:
        before = ask(server, request(b"/api/models?limit=100"))
        server.process.kill()
        assert server.process.wait(timeout=10) == -signal.SIGKILL
    with start_server(tmp_path, registry=excerpt, arguments=("serve",), RATE_LIMIT="0") as again:
        after = ask(again, request(b"/api/models?limit=100"))
        assert after.body == before.body
        for name in ("etag", "last-modified", "x-registry-revision"):
            assert after.headers[name] == before.headers[name]


def test_it_logs_neither_clients_nor_requests_that_went_well(tmp_path: Path, excerpt: Path) -> None:
    with serving(tmp_path, excerpt) as server:
        for target in (b"/api/models", b"/api/nothing", b"/api/models?limit=0", b"/api/%zz"):
            ask(server, request(target))
        assert server.errors == ""
        check_clean_stop(server)
        assert "127.0.0.1" not in server.errors
