"""How the SDK finds its server and bounds what it waits for."""

import ssl

import httpx2
import pytest

from openmodels_client import (
    ConnectionFailed,
    InvalidResponse,
    OpenModels,
    OpenModelsError,
    TimedOut,
    __version__,
)
from openmodels_client.sending import Deadline, Receiving, Timeouts, address_of, headers_of, translated


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        (" https://models.example.com/ ", "https://models.example.com"),
        ("https://example.com/open/models//", "https://example.com/open/models"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("HTTP://EXAMPLE.com", "HTTP://EXAMPLE.com"),
        ("http://bücher.example", "http://bücher.example"),
    ],
)
def test_it_takes_an_address(given: str, address: str) -> None:
    assert address_of(given) == address


@pytest.mark.parametrize(
    "given",
    [
        "127.0.0.1:8000",
        "localhost",
        "ftp://example.com",
        "http://",
        "http:///api",
        "http://example.com:99999",
        "http://example.com:port",
        "http://[::1",
        "http://example.com?a=b",
        "http://example.com#a",
        "http://exa mple.com\x1b[2J",
        "file:///etc/passwd",
    ],
)
def test_it_refuses_what_is_no_address_and_says_what_one_is(given: str) -> None:
    with pytest.raises(ValueError, match="an address such as") as caught:
        address_of(given)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "given", ["http://user:pw-7@example.com", "http://user@example.com:99999", "http://@x"]
)
def test_it_refuses_credentials_without_showing_them(given: str) -> None:
    with pytest.raises(ValueError, match="without a user and a password") as caught:
        address_of(given)
    assert "user:" not in str(caught.value)
    assert "pw-7" not in str(caught.value)


def test_it_finds_the_address_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENMODELS_API_URL", raising=False)
    assert address_of(None) == "http://127.0.0.1:8000"
    monkeypatch.setenv("OPENMODELS_API_URL", "https://models.example.com/")
    assert address_of(None) == "https://models.example.com"
    assert address_of("http://other.example.com") == "http://other.example.com"


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan"), 100_000])
def test_it_refuses_a_timeout_that_bounds_nothing(seconds: float) -> None:
    with pytest.raises(ValueError, match="timeout is needed in seconds"):
        OpenModels(timeout=seconds)


def test_it_says_who_it_is() -> None:
    assert headers_of() == {
        "accept": "application/json",
        "user-agent": f"openmodels-client/{__version__}",
    }
    assert headers_of(etag='"1"')["if-none-match"] == '"1"'


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_gives_each_step_what_is_left_of_the_whole() -> None:
    clock = Clock()
    timeouts = Timeouts(Deadline(10, clock))
    assert dict(timeouts) == {"connect": 10, "read": 10, "write": 10, "pool": 10}
    clock.now += 7
    assert timeouts.get("read") == 3
    clock.now += 7
    # No time at all would mean not to wait at all, which is another kind of failure.
    assert 0 < timeouts["read"] < 0.01
    assert timeouts.get("sleep") is None
    timeouts.silence = 60
    assert (timeouts["read"], timeouts["write"] < 1) == (60, True)


def test_it_stops_receiving_when_it_is_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    receiving = Receiving(httpx2.Response(200), "http://x", Deadline(10, clock))
    receiving.take(b"a")
    clock.now += 10
    with pytest.raises(TimedOut, match="http://x took longer than 10 s"):
        receiving.take(b"b")


@pytest.mark.parametrize(
    ("error", "ours", "message"),
    [
        (httpx2.ReadTimeout(""), TimedOut, "took longer than 2 s"),
        (httpx2.PoolTimeout(""), TimedOut, "took longer than 2 s"),
        (TimeoutError(), TimedOut, "took longer than 2 s"),
        (httpx2.ConnectError("refused\x1b[2J"), ConnectionFailed, "refused"),
        (httpx2.RemoteProtocolError(""), ConnectionFailed, "RemoteProtocolError"),
        (OSError("broken"), ConnectionFailed, "broken"),
        (httpx2.DecodingError("bad gzip"), InvalidResponse, "bad gzip"),
    ],
    ids=repr,
)
def test_it_makes_errors_of_the_connection_its_own(
    error: Exception, ours: type[OpenModelsError], message: str
) -> None:
    with pytest.raises(ours, match=message) as caught, translated("http://x", 2):
        raise error
    assert str(caught.value).isprintable()
    assert caught.value.url == "http://x"
    assert caught.value.__cause__ is error


def test_it_knows_a_certificate_that_will_not_become_better() -> None:
    untrusted = httpx2.ConnectError("no")
    untrusted.__cause__ = ssl.SSLCertVerificationError("self-signed")
    with pytest.raises(ConnectionFailed) as caught, translated("http://x", 2):
        raise untrusted
    assert caught.value.permanent


def test_it_shows_where_its_server_is() -> None:
    with OpenModels("http://127.0.0.1:1/prefix/") as client:
        assert repr(client) == "OpenModels('http://127.0.0.1:1/prefix')"
