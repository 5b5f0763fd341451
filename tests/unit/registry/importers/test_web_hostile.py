"""Servers that mean harm: that never come to an end, or lead to where nobody wanted to go."""

import gzip
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from fixtures.sources import READ_AT, Served, served
from openmodels.clock import SettableClock
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import web

PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[Served]:
    with served() as running:
        yield running


def refused(address: str) -> str:
    with pytest.raises(SourceUnreadable) as error:
        web.download(address, SettableClock(READ_AT))
    return str(error.value)


@contextmanager
def answering(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that talks so to the first who comes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                talk(connection)

        talking = threading.Thread(target=serve)
        talking.start()
        yield listening.getsockname()[1]
        talking.join()


@pytest.mark.parametrize("said", [b"H", b"X: y\r\n"])
def test_a_head_that_comes_drop_by_drop_does_not_come_for_ever(
    monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(web, "MAX_SECONDS", 0.2)
    gone = threading.Event()

    def drip(connection: socket.socket) -> None:
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\n" if said != b"H" else b"")
            while not gone.wait(0.01):
                connection.sendall(said)
        except OSError:
            gone.set()

    with answering(drip) as port:
        try:
            assert "takes longer than" in refused(f"http://127.0.0.1:{port}/")
        finally:
            gone.set()


def test_a_name_that_leads_elsewhere_a_moment_later_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    heard: list[bytes] = []
    truly = socket.getaddrinfo

    def turning(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        looked_up.append(host)
        return truly("8.8.8.8" if len(looked_up) == 1 else "127.0.0.1", port, *rest, **named)

    with answering(lambda connection: heard.append(connection.recv(100))) as port:
        monkeypatch.setattr(socket, "getaddrinfo", turning)
        message = refused(f"https://turning.example.com:{port}/")
    assert "leads into a private network" in message
    assert heard == [b""]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "fe80::1",
        "fd00::1",
    ],
)
def test_what_is_not_on_the_internet_is_private(address: str) -> None:
    assert web._is_private(ipaddress.ip_address(address))
    assert not web._is_private(ipaddress.ip_address("8.8.8.8"))


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f.1", "localhost"])
def test_no_spelling_of_an_address_hides_where_it_leads(host: str) -> None:
    with pytest.raises(SourceUnreadable, match="into a private network"):
        web._next(
            "https://models.example.com/x",
            httpx2.Response(302, headers={"Location": f"https://{host}/"}),
            at_home=False,
        )


def test_a_redirect_does_not_take_privacy_away_even_at_home() -> None:
    with pytest.raises(SourceUnreadable, match="without https"):
        web._next(
            "https://127.0.0.1/x",
            httpx2.Response(302, headers={"Location": "http://127.0.0.1/y"}),
            at_home=True,
        )


@pytest.mark.parametrize("more", [b"x", b"x" * 300_000, gzip.compress(b"[]", mtime=0)])
def test_nothing_may_follow_the_gzip(server: Served, more: bytes) -> None:
    body = gzip.compress(b"{}", mtime=0) + more
    assert "more than its gzip" in refused(server.put("/a", body, {"Content-Encoding": "gzip"}))
