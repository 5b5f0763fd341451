"""Clients that take their time: the server, here with one second for a head, does not wait for ever."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.server import RunningServer, eventually, start_server
from fixtures.wire import answers_in, ask, read_all, request

IMPATIENT = Path(__file__).parent.parent / "fixtures" / "impatient_server.py"


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory, excerpt: Path) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("impatient")
    with start_server(
        folder, registry=excerpt, program=(str(IMPATIENT),), arguments=(), RATE_LIMIT="0"
    ) as running:
        yield running
        assert running.errors == ""


def closed_within(server: RunningServer, sent: bytes, *, seconds: float) -> bytes:
    """What comes back before the server closes; fails when it waits for longer than that."""
    started = time.monotonic()
    with server.connect(timeout=seconds + 5) as connection:
        connection.sendall(sent)
        received = read_all(connection)
    assert time.monotonic() - started < seconds
    return received


@pytest.mark.parametrize("sent", [b"G", b"GET /api/models HTTP/1.1\r\nHost: x\r\nX-", b"GET / HTTP/1.1\r\n"])
def test_it_closes_a_connection_whose_request_never_ends(impatient: RunningServer, sent: bytes) -> None:
    received = closed_within(impatient, sent, seconds=4)
    assert not received or answers_in(received)[0].status == 408


def test_it_cuts_off_a_request_that_comes_one_byte_at_a_time(impatient: RunningServer) -> None:
    started = time.monotonic()
    with impatient.connect() as connection:

        def refused() -> bool:
            try:
                connection.sendall(b"a")
            except ConnectionError:
                return True
            return time.monotonic() - started > 6

        connection.sendall(b"GET /api/models HTTP/1.1\r\nX-Slow: ")
        eventually(refused, seconds=10, what="the server hangs up")
    assert time.monotonic() - started < 5


def test_it_takes_a_request_that_comes_in_pieces_in_time(impatient: RunningServer) -> None:
    with impatient.connect() as connection:
        for byte in request(b"/api/models?limit=1"):
            connection.sendall(bytes([byte]))
        assert answers_in(read_all(connection))[0].status == 200


def test_it_answers_others_meanwhile(impatient: RunningServer) -> None:
    with impatient.connect() as slow:
        slow.sendall(b"GET /api/models HTTP/1.1\r\nX-Slow: ")
        started = time.monotonic()
        assert ask(impatient, request(b"/api/models?limit=1")).status == 200
        assert time.monotonic() - started < 1
