"""Connections that know when their bytes arrived.

asyncio's streams wake a task, and the task reads the clock when it gets its turn: with hundreds of streams on
one loop that is late. Here the clock is read by the protocol, in the callback with which the loop hands over
what it read from the socket.
"""

import asyncio
import contextlib
import socket
import ssl
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, cast

from openmodels.prober.outcomes import Exhausted, ProbeFailed, is_exhaustion

READ_BYTES = 16_384
"""The most that is read from a socket at once: one TLS record, and a fair share where many stream."""
HELD_BYTES = 65_536
"""When this much waits to be taken, reading pauses."""
ATTEMPT_SECONDS = 2.0
"""The longest that one of several addresses may take to accept a connection before the next is tried."""


class Chunk(NamedTuple):
    """What one read from the socket gave."""

    at: float
    """When it arrived, in seconds of ``time.perf_counter``."""
    data: bytes
    """The bytes."""


class Connection(asyncio.BufferedProtocol):
    """One connection: what is written to it, and what arrives, chunk by chunk with its time."""

    def __init__(self) -> None:
        self._room = memoryview(bytearray(READ_BYTES))
        self._chunks: deque[Chunk] = deque()
        self._held = 0
        self._paused = False
        self._ended = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None

    @property
    def has_more(self) -> bool:
        """Whether something has arrived that was not taken yet."""
        return bool(self._chunks)

    def send(self, data: bytes) -> float:
        """Write ``data``; returns when its first byte was written, in seconds of ``time.perf_counter``.

        Raises ``ConnectionError`` when the connection is gone.
        """
        if self._transport is None or self._ended:
            raise ConnectionResetError
        at = time.perf_counter()
        self._transport.write(data)
        return at

    async def receive(self) -> Chunk | None:
        """The next chunk; None when the other side has ended. Raises ``ConnectionError`` for a broken one."""
        while not self._chunks:
            if self._error is not None:
                raise ConnectionResetError
            if self._ended:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        chunk = self._chunks.popleft()
        self._held -= len(chunk.data)
        if self._paused and not self._chunks and not self._ended and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return chunk

    def close(self) -> None:
        """Drop the connection at once, with whatever is still under way on it."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop's: the connection stands."""
        # A TCP connection's always is one; uvloop's does not inherit from the class.
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """The loop's: where to read to."""
        del sizehint
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        """The loop's: so many bytes have arrived."""
        at = time.perf_counter()
        self._chunks.append(Chunk(at, bytes(self._room[:nbytes])))
        self._held += nbytes
        if self._held > HELD_BYTES and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """The loop's: the other side sends nothing more."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The loop's: the connection is gone."""
        # After a clean end nothing more was to come, so what happens to the connection then says nothing.
        if not self._ended:
            self._error = exc
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def connect(
    addresses: Sequence[str], port: int, *, host: str, tls: ssl.SSLContext | None, seconds: float
) -> Connection:
    """A connection to the first of ``addresses`` that accepts one; with ``tls``, encrypted for ``host``.

    The certificate is verified for ``host``, whatever the address. Of the ``seconds`` that the caller allows
    for everything, each address gets a part, so that the last one gets its turn. Raises ``ProbeFailed``
    (``network``, or ``timeout`` when the system gives up), and ``Exhausted``. Whoever is given a connection
    closes it.
    """
    plain = await _first_to_accept(addresses, port, min(ATTEMPT_SECONDS, seconds / (len(addresses) + 1)))
    loop = asyncio.get_running_loop()
    try:
        # From here the loop owns the socket and closes it when this fails or is cancelled.
        _, connection = await loop.create_connection(
            Connection, sock=plain, ssl=tls, server_hostname=host if tls else None
        )
    except ssl.SSLCertVerificationError as error:
        raise ProbeFailed("network", f"its certificate was refused: {error.verify_message}") from None
    except (OSError, ssl.SSLError) as error:
        if is_exhaustion(error):
            raise Exhausted from None
        raise ProbeFailed("network", "no encrypted connection could be agreed on") from None
    return connection


async def _first_to_accept(addresses: Sequence[str], port: int, seconds: float) -> socket.socket:
    for address in addresses[:-1]:
        # An address that drops what is sent to it would use up the whole time that the probe has.
        with contextlib.suppress(OSError):
            async with asyncio.timeout(seconds):
                return await _open(address, port)
    try:
        return await _open(addresses[-1], port)
    except TimeoutError:
        raise ProbeFailed("timeout", "it did not accept a connection in time") from None
    except ConnectionRefusedError:
        raise ProbeFailed("network", "it refused the connection") from None
    except OSError:
        raise ProbeFailed("network", "no connection could be made") from None


async def _open(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        opened = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        if is_exhaustion(error):
            raise Exhausted from None
        raise
    try:
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, (address, port))
    except BaseException:  # a cancelled attempt must not leave its socket behind either
        opened.close()
        raise
    return opened
