"""The one address that takes bodies, as the edge sees it: which requests pass, and how long a body may be.

Whoever is behind it, by ``edge/app.py`` the door for agents, gets each body as a whole.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import structlog

from openmodels.clock import Clock
from openmodels.edge.asgi import Message, Receive, Replayed, Scope, Send
from openmodels.edge.cache import Header
from openmodels.errors import BadRequest, ContentTooLarge, MethodNotAllowed, RequestTimeout, UnsupportedType

log: Any = structlog.get_logger(__name__)

MAX_BODY = 256 * 1024
"""Bytes; a call with every argument at its longest has a tenth of it."""
BODY_SECONDS = 10.0
"""How long a body may take to come, as long as the head of a request."""
ALLOW = b"POST, OPTIONS"
PREFLIGHT: tuple[Header, ...] = (
    (b"allow", ALLOW),
    (b"access-control-allow-methods", ALLOW),
    # The star is every header but this one (Fetch, 4.9); some clients send it always.
    (b"access-control-allow-headers", b"*, Authorization"),
    (b"access-control-max-age", b"86400"),
    (b"cache-control", b"no-store"),
)


class Door(Protocol):
    """An application that something must be freed of in the end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        ...

    async def aclose(self) -> None:
        """End what is still answered."""
        ...


class Posted:
    """Lets through what is posted."""

    def __init__(self, app: Door, clock: Clock, *, help_: str) -> None:
        self._app = app
        self._clock = clock
        self._help = help_

    async def __call__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: Mapping[bytes, bytes],
        added: Iterable[Header],
    ) -> int:
        """Answer a request, with the headers ``added`` to those of the answer; gives back its status.

        Raises ``RequestError``, before anything was sent.
        """
        if scope["method"] != "POST":
            raise MethodNotAllowed(f"{scope['method'][:20]} is not allowed here: {self._help}")
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind != b"application/json":
            raise UnsupportedType(f"The body must be application/json: {self._help}")
        body = await self._body(receive, headers)
        answer = _Answer(send, added)
        if body is not None:
            try:
                whole: Message = {"type": "http.request", "body": body, "more_body": False}
                await self._app(scope, Replayed(whole, receive), answer.send)
            except Exception:
                if not answer.begun:
                    raise
                log.exception("an answer to an agent broke off")
        return answer.status

    async def aclose(self) -> None:
        """End what is still answered; the server stops."""
        await self._app.aclose()

    async def _body(self, receive: Receive, headers: Mapping[bytes, bytes]) -> bytes | None:
        """The body; None when the client went away before it was whole."""
        length = headers.get(b"content-length", b"0")
        if not length.isdigit():
            raise BadRequest("The Content-Length header is malformed")
        # Longer numbers than Python reads are too much in any case.
        if len(length) > 18 or int(length) > MAX_BODY:
            raise _too_large()
        reading = asyncio.ensure_future(_read(receive))
        waiting = asyncio.ensure_future(self._clock.sleep(BODY_SECONDS))
        try:
            await asyncio.wait({reading, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                raise RequestTimeout(f"The body did not come within {BODY_SECONDS:g} s")
            return reading.result()
        finally:
            reading.cancel()
            waiting.cancel()


async def _read(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            raise _too_large()
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def _too_large() -> ContentTooLarge:
    return ContentTooLarge(f"The body is longer than {MAX_BODY} bytes")


class _Answer:
    """Passes an answer on, with more headers."""

    def __init__(self, send: Send, added: Iterable[Header]) -> None:
        self.status = 499
        self.begun = False
        self._send = send
        self._added = list(added)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.begun = message["status"], True
            own = [header for header in message.get("headers", ()) if bytes(header[0]) != b"cache-control"]
            message = {**message, "headers": [*own, *self._added]}
        await self._send(message)
