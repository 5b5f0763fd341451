"""A document from an address: few redirects, bounded in time and size, and never less private than asked."""

import ipaddress
import re
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit
from urllib.request import getproxies

import httpx2

from openmodels.clock import Clock
from openmodels.domain.faults import visible
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers.document import MAX_BYTES, Progress

MAX_REDIRECTS = 5
MAX_SECONDS = 60
SILENCE = 20
REDIRECTS = frozenset({301, 302, 303, 307, 308})
HEADERS = {
    "User-Agent": "openmodels-import",
    "Accept": "application/json, */*;q=0.5",
    "Accept-Encoding": "gzip",
}


def download(
    address: str, clock: Clock, *, key: str | None = None, progress: Progress | None = None
) -> tuple[bytes, datetime | None]:
    """What an address answers, and when it says that this was last changed.

    Plain http is for machines at home only, and an answer from the internet cannot lead to one of those.
    ``key`` is sent as a bearer token to the host that was asked, not to where it redirects. Raises
    ``SourceUnreadable`` for whatever goes wrong.
    """
    until = clock.unix() + MAX_SECONDS
    asked = _parts(address)
    at_home = _is_at_home(asked)
    if asked.scheme == "http" and not at_home:
        raise SourceUnreadable(f"{_shown(address)} is not private: write https:// instead of http://")
    with (
        _Connection(at_home=at_home) as connection,
        httpx2.Client(follow_redirects=False, timeout=httpx2.Timeout(SILENCE), headers=HEADERS) as client,
    ):
        for _ in range(MAX_REDIRECTS + 1):
            parts = _parts(address)
            same = (parts.scheme, parts.netloc) == (asked.scheme, asked.netloc)
            headers = {"Authorization": f"Bearer {key}"} if key and same else {}
            watched = {"trace": connection.watch}
            with (
                _said_plainly(address, connection),
                client.stream("GET", address, headers=headers, extensions=watched) as answer,
            ):
                if answer.status_code not in REDIRECTS:
                    _refuse_failure(address, answer)
                    body = _body(address, answer, lambda: clock.unix() > until, progress)
                    return body, _last_modified(answer)
                address = _next(address, answer, at_home=at_home)
    raise SourceUnreadable(f"{_shown(address)} redirects more than {MAX_REDIRECTS} times")


class _IntoPrivateNetworkError(Exception):
    """Whom a name leads to is not whom it led to when it was looked up."""


class _Connection:
    """The connection in use: cut when the time is over, and left before anything is sent to a wrong place.

    A server that keeps on sending the head of its answer, byte by byte, is never silent for long; and whom a
    name leads to may be another one than a moment ago.
    """

    def __init__(self, *, at_home: bool) -> None:
        # Through a proxy, everything goes to the proxy, which may well be in the house.
        self._any_peer = at_home or bool(getproxies())
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(MAX_SECONDS, self._cut)
        self._timer.daemon = True
        self.is_cut = False

    def __enter__(self) -> "_Connection":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, event: str, details: dict[str, Any]) -> None:
        """Take note of a connection that was opened; called by the HTTP library."""
        if event not in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            return
        stream = details["return_value"]
        self._socket = stream.get_extra_info("socket")
        if self.is_cut:
            self._cut()
        peer = stream.get_extra_info("server_addr")
        if not self._any_peer and _is_private(ipaddress.ip_address(str(peer[0]).partition("%")[0])):
            stream.close()
            raise _IntoPrivateNetworkError

    def _cut(self) -> None:
        self.is_cut = True
        if self._socket is not None:
            with suppress(OSError):
                # Not the one of TLS, which another thread is reading from.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        well_formed = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        well_formed = False
    if not well_formed or parts.scheme not in {"http", "https"} or not address.isprintable():
        raise SourceUnreadable(f"{_shown(address)} is not an address that begins with https://")
    if parts.username or parts.password:
        raise SourceUnreadable("the address holds a user name or a password; leave them out")
    return parts


def _is_at_home(parts: SplitResult) -> bool:
    """Whether every address that the host has is one of this machine or of a private network."""
    host = parts.hostname or ""
    try:
        found = {ipaddress.ip_address(host)}
    except ValueError:
        try:
            looked_up = socket.getaddrinfo(host, parts.port or 80, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return False
        found = {ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in looked_up}
    return bool(found) and all(_is_private(one) for one in found)


def _is_private(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    inner = mapped or address
    # All that is not routed on the internet, carriers' own networks (RFC 6598) included.
    return not inner.is_global or inner.is_multicast


def _next(address: str, answer: httpx2.Response, *, at_home: bool) -> str:
    location = answer.headers.get("location", "")
    if not location or len(location) > 4000:
        raise SourceUnreadable(f"{_shown(address)} redirects to nowhere")
    try:
        target = urljoin(address, location)
    except ValueError:
        raise SourceUnreadable(f"{_shown(address)} redirects to no address") from None
    parts = _parts(target)
    leads_home = _is_at_home(parts)
    if leads_home and not at_home:
        raise SourceUnreadable(f"{_shown(address)} redirects into a private network: {_shown(target)}")
    if parts.scheme == "http" and (not leads_home or urlsplit(address).scheme == "https"):
        raise SourceUnreadable(f"{_shown(address)} redirects to an address without https: {_shown(target)}")
    return target


def _refuse_failure(address: str, answer: httpx2.Response) -> None:
    status = answer.status_code
    if status in {401, 403}:
        raise SourceUnreadable(f"{_shown(address)} answers {status}: it wants a key, or another one")
    if status != 200:
        raise SourceUnreadable(f"{_shown(address)} answers {status} {visible(answer.reason_phrase)}".rstrip())
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/html":
        raise SourceUnreadable(f"{_shown(address)} answers with a web page, not with data")


def _body(
    address: str, answer: httpx2.Response, overdue: Callable[[], bool], progress: Progress | None
) -> bytes:
    coding = answer.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "gzip", "x-gzip", ""}:
        raise SourceUnreadable(f"{_shown(address)} answers in the coding {visible(coding[:40])}, not in gzip")
    unpack = zlib.decompressobj(wbits=31) if "gzip" in coding else None
    total = _total(answer)
    body, received = bytearray(), 0
    for chunk in answer.iter_raw():
        received += len(chunk)
        if unpack is not None and unpack.eof:
            raise SourceUnreadable(f"{_shown(address)} answers with more than its gzip")
        room = MAX_BYTES - len(body) + 1
        # Bounded while unpacking: a small answer can be made to unpack to any size.
        body += unpack.decompress(chunk, room) if unpack else chunk
        if unpack is not None and unpack.unused_data:
            raise SourceUnreadable(f"{_shown(address)} answers with more than its gzip")
        if len(body) > MAX_BYTES or received > MAX_BYTES:
            raise SourceUnreadable(f"{_shown(address)} answers with more than {MAX_BYTES // 1024 // 1024} MB")
        if overdue():
            raise SourceUnreadable(f"{_shown(address)} takes longer than {MAX_SECONDS} seconds")
        if progress is not None:
            progress(received, total)
    if unpack is not None and not unpack.eof:
        raise SourceUnreadable(f"{_shown(address)} answers with gzip that ends too early")
    return bytes(body)


def _total(answer: httpx2.Response) -> int | None:
    length = answer.headers.get("content-length", "")
    return int(length) if re.fullmatch(r"[0-9]{1,12}", length) else None


def _last_modified(answer: httpx2.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(answer.headers["last-modified"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


@contextmanager
def _said_plainly(address: str, connection: _Connection) -> Iterator[None]:
    try:
        yield
    except _IntoPrivateNetworkError:
        raise SourceUnreadable(f"{_shown(address)} leads into a private network") from None
    except httpx2.TimeoutException:
        raise SourceUnreadable(f"{_shown(address)} does not answer within {SILENCE} seconds") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, zlib.error, UnicodeError) as error:
        if connection.is_cut:
            raise SourceUnreadable(f"{_shown(address)} takes longer than {MAX_SECONDS} seconds") from None
        reason = visible(str(error))[:200] or type(error).__name__
        raise SourceUnreadable(f"{_shown(address)} cannot be read: {reason}") from None


def _shown(address: str) -> str:
    """An address without its query, which may hold a secret, and with nothing that steers a terminal."""
    bare = re.sub(r"//[^/@]*@", "//", address.partition("?")[0].partition("#")[0])
    return visible(bare[:200])
