"""What both clients send with and receive by, short of the sending itself."""

import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx2

from openmodels_client.answers import Response, shown
from openmodels_client.errors import ConnectionFailed, InvalidResponse, TimedOut
from openmodels_client.version import __version__

VARIABLE = "OPENMODELS_API_URL"
DEFAULT = "http://127.0.0.1:8000"
"""Where a server listens that was started on this machine."""
MOST_BYTES = 64 * 1024 * 1024
"""More than any answer has, when it is no longer compressed."""
LONGEST_TIMEOUT = 86_400.0
_SHORTEST_STEP = 0.001
_STEPS = ("connect", "read", "write", "pool")


def address_of(given: str | None) -> str:
    """The server's address, without a slash at its end.

    Raises ``ValueError`` for what is no http or https address.
    """
    text = (given or os.environ.get(VARIABLE) or DEFAULT).strip().rstrip("/")
    try:
        parts = urlsplit(text)
        secret = parts.username is not None or parts.password is not None
        usable = (
            parts.scheme in {"http", "https"} and parts.hostname and not parts.query and not parts.fragment
        )
        _ = parts.port  # it is read, and refused, when it is asked for
        httpx2.URL(text)
    except (ValueError, httpx2.InvalidURL):
        secret, usable = "@" in text, False
    if secret:
        # Not shown, for it ends up in logs.
        raise ValueError("an address without a user and a password is needed: the API asks for none")
    if not usable:
        raise ValueError(f"an address such as {DEFAULT} is needed, not {text!r}")
    return text


def require_seconds(name: str, seconds: float) -> float:
    """``seconds``, unless nothing can take so long. Raises ``ValueError``."""
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise ValueError(f"{name} is needed in seconds, more than 0 and at most a day, not {seconds!r}")
    return seconds


def headers_of(*, etag: str | None = None, accept: str = "application/json") -> dict[str, str]:
    """The headers of a request."""
    headers = {"accept": accept, "user-agent": f"openmodels-client/{__version__}"}
    return headers if etag is None else headers | {"if-none-match": etag}


class Deadline:
    """Until when something may take."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._until = clock() + seconds

    def left(self) -> float:
        """The seconds that are left; 0 when it is over."""
        return max(0.0, self._until - self._clock())


class Timeouts(Mapping[str, float]):
    """How long each step of a request may take: what is left of the whole when the step begins."""

    def __init__(self, deadline: Deadline) -> None:
        self.silence: float | None = None
        """Where what is read has no end: how long it may say nothing, in seconds."""
        self.deadline = deadline

    def __getitem__(self, step: str) -> float:
        if step not in _STEPS:
            raise KeyError(step)
        if step == "read" and self.silence is not None:
            return self.silence
        return max(self.deadline.left(), _SHORTEST_STEP)

    def __iter__(self) -> Iterator[str]:
        return iter(_STEPS)

    def __len__(self) -> int:
        return len(_STEPS)


class Receiving:
    """Takes an answer in pieces, for as long and as much as it may be."""

    def __init__(self, response: httpx2.Response, url: str, deadline: Deadline) -> None:
        self._response = response
        self._url = url
        self._deadline = deadline
        self._chunks: list[bytes] = []
        self._size = 0

    def take(self, chunk: bytes) -> None:
        """One piece. Raises ``TimedOut`` or ``InvalidResponse`` when it is too late or too much."""
        if not self._deadline.left():
            raise too_late(self._url, self._deadline.seconds)
        self._size += len(chunk)
        if self._size > MOST_BYTES:
            raise InvalidResponse(f"{self._url} answered more than {MOST_BYTES} bytes", url=self._url)
        self._chunks.append(chunk)

    def done(self) -> Response:
        """The whole."""
        return Response(
            status=self._response.status_code,
            headers={name.lower(): value for name, value in self._response.headers.items()},
            body=b"".join(self._chunks),
            url=self._url,
        )


def too_late(url: str, seconds: float) -> TimedOut:
    """The error that an answer is which takes too long."""
    return TimedOut(f"{url} took longer than {seconds:g} s", url=url)


@contextmanager
def translated(url: str, seconds: float) -> Iterator[None]:
    """Makes the errors of sending and receiving ours."""
    try:
        yield
    except (httpx2.TimeoutException, TimeoutError) as error:
        raise too_late(url, seconds) from error
    except httpx2.DecodingError as error:
        raise InvalidResponse(shown(f"{url} answered what cannot be read: {error}"), url=url) from error
    except (httpx2.HTTPError, OSError) as error:
        causes = tuple(_causes(error))
        # What the system says is plainer than what libraries make of it.
        why = next(filter(None, map(_reason, causes)), str(error) or type(error).__name__)
        permanent = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes)
        raise ConnectionFailed(f"no answer from {url}: {shown(why)}", permanent=permanent, url=url) from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        # Where several addresses were tried, one stands for all.
        several = cause.exceptions if isinstance(cause, BaseExceptionGroup) else ()
        cause = several[0] if several else cause.__cause__ or cause.__context__


def _reason(cause: BaseException) -> str | None:
    if not isinstance(cause, OSError) or cause.errno is None:
        return None
    # Names and certificates have numbers of their own.
    theirs = isinstance(cause, ssl.SSLError | socket.gaierror)
    return cause.strerror if theirs else os.strerror(cause.errno)
