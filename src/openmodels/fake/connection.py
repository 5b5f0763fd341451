"""One connection: reads requests, plays answers at their times. No task, no thread: a timer at most."""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Iterator
from typing import NamedTuple, Protocol, cast

import msgspec

from openmodels.fake.answers import JSON, head
from openmodels.fake.journal import Received
from openmodels.fake.request import MAX_BODY, MAX_HEAD, BadRequest, Request, RequestReader
from openmodels.fake.steps import End, Mark, Step

BURST = 8
"""So many writes in a row, then others get their turn."""
EARLY = 0.00002
"""A write this many seconds before its time is in time: a timer takes longer than that to come back."""
SPIN = 0.0015
"""Where times are to be exact, the last seconds before a write pass in turns of the event loop, as its timers
are late by up to a millisecond."""


class Playing(NamedTuple):
    """An answer that is to be played."""

    steps: Iterator[Step]
    entry: Received | None  # None for the fake provider's own endpoints
    keep_alive: bool


class Host(Protocol):
    """What a connection needs of the fake provider."""

    exact: bool
    """Whether CPU is spent to be exact."""

    def joined(self, connection: "Connection") -> int:
        """The number of a new connection."""
        ...

    def left(self, connection: "Connection") -> None:
        """The connection is gone."""
        ...

    def answer(self, request: Request, connection: int) -> Playing:
        """The answer to a request."""
        ...

    def over(self, entry: Received) -> None:
        """An answer is over."""
        ...


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._number = 0
        self._reader = RequestReader()
        self._continued = False
        self._pending = b""
        self._busy = False
        self._paused = False
        self._playing: Playing | None = None
        self._next: Step | None = None
        self._started = 0.0
        self._timer: asyncio.Handle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came."""
        self._transport = cast("asyncio.Transport", transport)
        plug = transport.get_extra_info("socket")
        if plug is not None:
            plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._number = self._host.joined(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client, or this side, has closed."""
        del exc
        if self._timer is not None:
            self._timer.cancel()
        if self._playing is not None:
            if self._playing.entry is not None:
                self._playing.entry.client_left = True
            self._end_answer()
        self._busy = True
        self._host.left(self)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if not self._busy:
            self._feed(data)
            return
        self._pending += data
        if len(self._pending) > MAX_BODY + MAX_HEAD:
            self.abort()

    def pause_writing(self) -> None:
        """The client reads too slowly."""
        self._paused = True

    def resume_writing(self) -> None:
        """The client has read what there was."""
        self._paused = False
        if self._playing is not None and self._timer is None:
            self._advance()

    def abort(self) -> None:
        """Drop the client at once."""
        self._transport.abort()

    def _feed(self, data: bytes) -> None:
        try:
            request = self._reader.feed(data)
        except BadRequest as error:
            self._refuse(error)
            return
        if request is not None:
            self._start(request)
        elif self._reader.wants_continue and not self._continued:
            self._continued = True
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _refuse(self, error: BadRequest) -> None:
        self._busy = True
        body = msgspec.json.encode({"error": {"message": error.message}})
        headers = [("content-type", JSON), ("content-length", str(len(body)))]
        self._transport.write(head(error.status, headers, keep_alive=False) + body)
        self._transport.close()

    def _start(self, request: Request) -> None:
        self._started = time.monotonic()
        self._busy = True
        self._pending = self._reader.rest
        self._reader = RequestReader()
        self._continued = False
        self._playing = self._host.answer(request, self._number)
        self._advance()

    def _advance(self) -> None:
        """Write what is due; come back when the next write is."""
        self._timer = None
        for _ in range(BURST):
            if self._playing is None or self._paused:
                return
            if self._next is None:
                self._next = next(self._playing.steps, None)
                if self._next is None:
                    return  # it stalls until the client leaves
            wait = self._started + self._next.at - time.monotonic()
            if wait > EARLY:
                self._come_back(wait)
                return
            step, self._next = self._next, None
            self._write(step, self._playing)
        if self._playing is not None and not self._paused:
            self._timer = self._loop.call_soon(self._advance)

    def _come_back(self, wait: float) -> None:
        if self._host.exact:
            wait -= SPIN
            if wait <= 0:
                self._timer = self._loop.call_soon(self._advance)
                return
        self._timer = self._loop.call_later(wait, self._advance)

    def _write(self, step: Step, playing: Playing) -> None:
        if step.data:
            self._transport.write(step.data)
        if playing.entry is not None:
            self._note(step, playing.entry)
        if step.end is not None:
            self._finish(step.end, playing)

    def _note(self, step: Step, entry: Received) -> None:
        now = (time.monotonic() - self._started) * 1000
        if step.data and entry.first_byte_ms is None:
            entry.first_byte_ms = now
        if step.mark is not Mark.NOTHING and entry.first_token_ms is None:
            entry.first_token_ms = now
        if step.mark is Mark.CONTENT and entry.first_content_ms is None:
            entry.first_content_ms = now
        if step.end is not None:
            entry.end_ms = now

    def _finish(self, end: End, playing: Playing) -> None:
        self._end_answer()
        if end is End.RESET:
            # Closing a socket that does not linger sends a reset instead of an end.
            plug = self._transport.get_extra_info("socket")
            with contextlib.suppress(OSError):
                plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        elif end is End.CLOSE or not playing.keep_alive:
            self._transport.close()
        else:
            # In a turn of its own: a client that sends many requests at once must not nest answers.
            self._loop.call_soon(self._listen)

    def _listen(self) -> None:
        """Ready for the next request, of which some may be here already."""
        if self._transport.is_closing():
            return
        data, self._pending = self._pending, b""
        self._busy = False
        if data:
            self._feed(data)

    def _end_answer(self) -> None:
        playing, self._playing, self._next = self._playing, None, None
        if playing is not None and playing.entry is not None:
            self._host.over(playing.entry)
