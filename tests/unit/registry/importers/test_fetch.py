import gzip
import os
import socket
import ssl
import threading
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from fixtures.sources import READ_AT, Served, served, wheel
from openmodels.clock import SettableClock
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import web
from openmodels.registry.importers.fetch import Fetched, Place, fetch
from openmodels.registry.importers.gather import digest
from openmodels.registry.importers.packages import Package

ANYWHERE = Place(kind="url")
PACKAGED = Place(
    kind="package",
    package=Package(
        name="glow-prices", members=("glow_prices/data.json",), install="pip install glow-prices"
    ),
    address="https://glow.example.com/data.json",
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with served() as running:
        yield running


def get(from_: str | None, *, place: Place = ANYWHERE, key: str | None = None) -> Fetched:
    return fetch(place, from_, clock=SettableClock(READ_AT), key=key)


def refused(from_: str | None, *, place: Place = ANYWHERE) -> str:
    with pytest.raises(SourceUnreadable) as error:
        get(from_, place=place)
    message = str(error.value)
    assert message.isprintable()
    return message


def test_it_reads_a_file_and_dates_it_by_when_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    path.write_bytes(b"{}")
    os.utime(path, (1_700_000_000, 1_700_000_000.5))
    found = get(str(path))
    assert found == Fetched(
        document=b"{}",
        version=digest(b"{}"),
        observed_at=datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        origin=str(path),
    )


def test_a_file_from_the_future_was_seen_now(tmp_path: Path) -> None:
    path = tmp_path / "catalog.json"
    path.write_bytes(b"{}")
    os.utime(path, (2_000_000_000, 2_000_000_000))
    assert get(str(path)).observed_at == READ_AT


def test_it_says_what_to_type_where_there_is_nothing(tmp_path: Path) -> None:
    assert "an address begins with https://" in refused(str(tmp_path / "none.json"))
    assert "is a folder" in refused(str(tmp_path))
    assert "--from" in refused(None)
    message = refused(None, place=PACKAGED)
    assert "the package glow-prices is not installed: pip install glow-prices" in message
    assert "--from https://glow.example.com/data.json" in message


def test_it_reads_a_wheel_from_a_file_and_from_an_address(tmp_path: Path, server: Served) -> None:
    whole = wheel({"glow_prices/data.json": b"[]", "glow_prices-2.0.dist-info/METADATA": b"Version: 2.0\n"})
    path = tmp_path / "glow_prices-2.0-py3-none-any.whl"
    path.write_bytes(whole)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    found = get(str(path), place=PACKAGED)
    assert (found.document, found.version) == (b"[]", "2.0")
    assert found.observed_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    address = server.put("/glow.whl", whole, {"Last-Modified": "Wed, 04 Mar 2026 05:06:07 GMT"})
    found = get(address, place=PACKAGED)
    assert (found.document, found.version, found.origin) == (b"[]", "2.0", address)
    assert found.observed_at == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_it_reads_a_plain_document_where_a_package_would_do_too(tmp_path: Path, server: Served) -> None:
    (tmp_path / "data.json").write_bytes(b"[1]")
    assert get(str(tmp_path / "data.json"), place=PACKAGED).document == b"[1]"
    assert get(server.put("/data.json", b"[2]"), place=PACKAGED).document == b"[2]"


@pytest.mark.parametrize(
    "said", [None, "yesterday", "Wed, 99 Mar 2026 05:06:07 GMT", "Fri, 01 Jan 2027 00:00:00 GMT"]
)
def test_an_answer_without_a_date_was_seen_now(server: Served, said: str | None) -> None:
    address = server.put("/a", b"{}", {"Last-Modified": said} if said else {})
    found = get(address + "?key=secret")
    assert (found.document, found.observed_at, found.origin) == (b"{}", READ_AT, address)
    assert found.version == digest(b"{}")


def test_it_tells_how_far_it_is(server: Served) -> None:
    told: list[tuple[int, int | None]] = []
    address = server.put("/a", b"x" * 300_000)
    fetch(
        ANYWHERE, address, clock=SettableClock(READ_AT), progress=lambda got, all_: told.append((got, all_))
    )
    assert told[-1] == (300_000, 300_000)
    assert [got for got, _ in told] == sorted(got for got, _ in told)


def test_it_unpacks_gzip(server: Served) -> None:
    whole = b'{"a": 1}' * 1000
    assert get(server.put("/a", gzip.compress(whole), {"Content-Encoding": "gzip"})).document == whole
    assert server.requests[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("body", "coding", "why"),
    [
        (gzip.compress(b"0" * 10_000, mtime=0), "gzip", "more than"),
        (gzip.compress(b"0" * 100, mtime=0)[:-9], "gzip", "ends too early"),
        (b"not packed", "gzip", "cannot be read"),
        (zlib.compress(b"{}"), "br", "in the coding br"),
        (b"0" * 10_000, "identity", "more than"),
    ],
)
def test_it_refuses_an_answer_that_does_not_unpack_within_bounds(
    server: Served, monkeypatch: pytest.MonkeyPatch, body: bytes, coding: str, why: str
) -> None:
    monkeypatch.setattr(web, "MAX_BYTES", 5000)
    assert why in refused(server.put("/a", body, {"Content-Encoding": coding}))


def test_it_follows_a_few_redirects(server: Served) -> None:
    server.put("/here", b"[]")
    server.put("/4", b"", {"Location": "/here"}, status=302)
    for number in range(4):
        server.put(f"/{number}", b"", {"Location": f"{server.url}/{number + 1}"}, status=301)
    assert get(server.url + "/0").document == b"[]"
    server.put("/more", b"", {"Location": "/0"}, status=307)
    assert "redirects more than 5 times" in refused(server.url + "/more")
    loop = server.put("/loop", b"", {"Location": "/loop"}, status=308)
    assert "redirects more than 5 times" in refused(loop)


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("", "to nowhere"),
        ("ftp://127.0.0.1/", "not an address"),
        ("file:///etc/passwd", "not an address"),
        ("http://8.8.8.8/", "without https"),
        ("http://[::1", "redirects to no address"),
        ("http://user:word@127.0.0.1/", "a user name or a password"),
        ("https:///x", "not an address"),
    ],
)
def test_it_does_not_follow_to_a_worse_place(server: Served, location: str, why: str) -> None:
    assert why in refused(server.put("/a", b"", {"Location": location}, status=302))


def test_an_answer_from_the_internet_does_not_lead_into_a_private_network() -> None:
    with pytest.raises(SourceUnreadable, match=r"into a private network: http://127\.0\.0\.1/latest"):
        web._next(
            "https://models.example.com/x",
            httpx2.Response(302, headers={"Location": "http://127.0.0.1/latest"}),
            at_home=False,
        )


@pytest.mark.parametrize("address", ["http://8.8.8.8/x", "http://[2001:4860:4860::8888]/x"])
def test_plain_http_is_for_machines_at_home(address: str) -> None:
    assert "write https:// instead of http://" in refused(address)


@pytest.mark.parametrize(
    "address",
    ["ftp://example.com/x", "https://", "https://[::1", "http://127.0.0.1:99999/", "http://a\x1b[31m/"],
)
def test_it_says_what_an_address_looks_like(address: str) -> None:
    assert "is not an address that begins with https://" in refused(address)


def test_a_secret_in_an_address_is_not_shown() -> None:
    assert "hidden" not in refused("https://user:hidden@example.com/x")
    assert "hidden" not in refused("http://8.8.8.8/x?key=hidden")


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (404, "answers 404"),
        (401, "wants a key"),
        (403, "wants a key"),
        (500, "answers 500"),
        (204, "answers 204"),
    ],
)
def test_it_says_what_the_server_answered(server: Served, status: int, why: str) -> None:
    assert why in refused(server.put("/a", b"", status=status))


def test_it_says_that_a_web_page_is_no_data(server: Served) -> None:
    assert "a web page" in refused(server.put("/a", b"<html>", {"Content-Type": "text/html; charset=utf-8"}))


def test_a_key_goes_to_who_was_asked_and_to_nobody_else(server: Served) -> None:
    with served() as other:
        server.put("/a", b"", {"Location": "/b"}, status=302)
        server.put("/b", b"", {"Location": other.put("/c", b"[]")}, status=302)
        assert get(server.url + "/a", key="secret").document == b"[]"
    assert [request.headers.get("authorization") for request in server.requests] == ["Bearer secret"] * 2
    assert "authorization" not in other.requests[0].headers


def test_it_completes_an_address_where_the_source_says_how(server: Served) -> None:
    server.put("/v1/models", b"[]")
    place = Place(kind="url", complete=lambda typed: typed + "/v1/models")
    assert get(server.url, place=place).origin == server.url + "/v1/models"


class HurryingClock(SettableClock):
    """Half a minute passes whenever somebody looks."""

    def unix(self) -> float:
        self._now += timedelta(seconds=35)
        return super().unix()


def test_it_stops_when_a_minute_is_over(server: Served) -> None:
    address = server.put("/a", b"x" * 1_000_000)
    with pytest.raises(SourceUnreadable, match="longer than 60 seconds"):
        fetch(ANYWHERE, address, clock=HurryingClock(READ_AT))


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx", b"nonsense\r\n\r\n"]
)
def test_it_says_that_a_connection_was_cut(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(said)

        cutting = threading.Thread(target=answer)
        cutting.start()
        assert "cannot be read" in refused(f"http://127.0.0.1:{listening.getsockname()[1]}/")
        cutting.join()


def test_it_says_that_nobody_answers_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "SILENCE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "does not answer within" in refused(f"http://127.0.0.1:{silent.getsockname()[1]}/")


def test_it_says_that_a_certificate_is_not_trusted(tmp_path: Path) -> None:
    import trustme  # noqa: PLC0415

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def shake_hands() -> None:
            connection, _ = listening.accept()
            with connection, pytest.raises(OSError, match=r".*"):
                context.wrap_socket(connection, server_side=True)

        shaking = threading.Thread(target=shake_hands)
        shaking.start()
        assert "cannot be read" in refused(f"https://127.0.0.1:{listening.getsockname()[1]}/")
        shaking.join()
