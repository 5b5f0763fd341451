"""One HTTP/1.1 request and its answer.

h11 parses; everything around it is bounded, because the other side is not to be trusted: the head, all bytes
together, and the number of pieces in which they come.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import NamedTuple

import h11

from openmodels.prober.address import WebAddress
from openmodels.prober.outcomes import ProbeFailed
from openmodels.prober.transport import Chunk, Connection

HEAD_BYTES = 65_536
"""The longest head of an answer."""
MAX_PIECES = 20_000
"""The most pieces of a body: ten times what any probe asks for. Bounds the work that tiny pieces make."""
TURN_SECONDS = 0.002
"""How long one probe may work on what it has received before the loop reads the other probes' bytes."""


class Request:
    """A request. Its headers may hold a key, so nothing shows them."""

    __slots__ = ("address", "body", "headers", "method")

    def __init__(
        self, method: str, address: WebAddress, headers: Mapping[str, str], body: bytes = b""
    ) -> None:
        self.method = method
        self.address = address
        self.headers = headers
        self.body = body

    def __repr__(self) -> str:
        return f"Request({self.method} {self.address.authority})"


class Head(NamedTuple):
    """The head of an answer, with its times in seconds of ``time.perf_counter``."""

    status: int
    """The HTTP status."""
    content_type: str
    """The media type, lower case, without parameters."""
    encoded: bool
    """Whether the body comes compressed, which nobody asked for."""
    sent_at: float
    """When the first byte of the request was written."""
    first_byte_at: float
    """When the first byte of the answer arrived."""
    at: float
    """When the head was complete."""


class Exchange:
    """One request and its answer over a connection that serves nothing else.

    ``limit`` bounds the bytes of the whole answer. Raises ``ProbeFailed``: ``network`` when the connection
    breaks or ends before an answer, ``bad_stream`` for an answer that is malformed, too large or cut.
    """

    def __init__(self, connection: Connection, *, limit: int) -> None:
        self._connection = connection
        self._left = limit
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
        self._first_byte_at = 0.0
        self._at = 0.0
        self._answered = False
        self._pieces = 0
        self._turn_began = 0.0
        self._ended = False

    async def ask(self, request: Request) -> Head:
        """Send the request; the head of the answer."""
        data = self._write(request)
        try:
            sent_at = self._connection.send(data)
        except ConnectionError:
            raise ProbeFailed("network", "it closed the connection") from None
        while True:
            event = await self._next_event()
            if isinstance(event, h11.InformationalResponse):
                # The final answer's first byte is what is asked for; these may be many, too.
                self._count_piece()
                self._first_byte_at = 0.0
            elif isinstance(event, h11.Response):
                break
            else:
                raise ProbeFailed("network", "it closed the connection without an answer")
        self._answered = True
        headers = dict(event.headers)
        encoding = headers.get(b"content-encoding", b"").strip().lower()
        media_type = headers.get(b"content-type", b"").partition(b";")[0]
        return Head(
            status=event.status_code,
            content_type=media_type.decode("latin-1").strip().lower(),
            encoded=encoding not in {b"", b"identity"},
            sent_at=sent_at,
            first_byte_at=self._first_byte_at or self._at,
            at=self._at,
        )

    async def piece(self) -> Chunk | None:
        """The next piece of the body with the time at which it arrived; None after the last."""
        while not self._ended:
            event = await self._next_event()
            if isinstance(event, h11.Data):
                self._count_piece()
                if time.perf_counter() - self._turn_began > TURN_SECONDS:
                    await asyncio.sleep(0)
                    self._turn_began = time.perf_counter()
                return Chunk(self._at, bytes(event.data))
            self._ended = True
        return None

    async def skip(self, most: int) -> None:
        """Read the body to its end, or ``most`` bytes of it."""
        while most > 0 and (piece := await self.piece()) is not None:
            most -= len(piece.data)

    def close(self) -> None:
        """Drop the connection."""
        self._connection.close()

    def _write(self, request: Request) -> bytes:
        headers = {"Host": request.address.authority, **request.headers, "Connection": "close"}
        if request.body:
            headers["Content-Length"] = str(len(request.body))
        try:
            head = self._http.send(
                h11.Request(
                    method=request.method, target=request.address.target, headers=list(headers.items())
                )
            )
            body = self._http.send(h11.Data(data=request.body)) if request.body else b""
            end = self._http.send(h11.EndOfMessage())
        except h11.LocalProtocolError:
            # Not chained: h11's message quotes the header, which may be the key's.
            raise ProbeFailed("blocked", "the request cannot be written: look at the address") from None
        return (head or b"") + (body or b"") + (end or b"")

    async def _next_event(self) -> object:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError:
                raise ProbeFailed("bad_stream", "its answer is cut, or no HTTP") from None
            if event is not h11.NEED_DATA:
                return event
            waits = not self._connection.has_more
            try:
                chunk = await self._connection.receive()
            except ConnectionError:
                if self._answered:
                    raise ProbeFailed(
                        "bad_stream", "the connection broke in the middle of the answer"
                    ) from None
                raise ProbeFailed("network", "the connection broke") from None
            if waits:
                self._turn_began = time.perf_counter()
            if chunk is None:
                if not (self._answered or self._first_byte_at):
                    raise ProbeFailed("network", "it closed the connection without an answer")
                self._http.receive_data(b"")
                continue
            self._at = chunk.at
            self._first_byte_at = self._first_byte_at or chunk.at
            self._left -= len(chunk.data)
            if self._left < 0:
                raise ProbeFailed("bad_stream", "its answer is too large")
            self._http.receive_data(chunk.data)

    def _count_piece(self) -> None:
        self._pieces += 1
        if self._pieces > MAX_PIECES:
            raise ProbeFailed("bad_stream", "its answer comes in too many pieces")
