"""Answers too large for one write: made once, in a thread, kept outside of memory, and sent part by part.

Whoever asks first has a document made; all who ask meanwhile wait for the same one. It is written to a file
without a name, so that memory holds none of it, and compressed once in each coding that somebody takes. One
is made at a time, and the thread that makes it steps aside every few hundred microseconds: without that,
other requests would wait for Python's lock.
"""

import asyncio
import hashlib
import os
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from tempfile import TemporaryFile
from typing import NamedTuple, Protocol

import brotli
import zstandard
from msgspec import Struct

from openmodels.edge.encoding import BROTLI_QUALITY, GZIP_LEVEL, ZSTD_LEVEL
from openmodels.errors import Unavailable

KEPT_BYTES = 256 * 1024 * 1024
"""What all documents that are kept may weigh together, the newest one aside."""
KEPT_KNOWN = 256
"""Of how many documents it is remembered what they were, so that a client is told that nothing changed."""
MOST_WAITING = 32
"""Documents that are being made or wait for their turn; who asks for one more is told to come back."""
RETRY_SECONDS = 5
"""When to come back."""
NO_ROOM_MESSAGE = "This document cannot be made at the moment. Try again in a minute."
IDENTITY = "identity"
"""No coding."""
PART = 64 * 1024
"""Bytes that are written, read and sent at a time."""
STEP = 4096
"""Bytes after which the thread that makes a document steps aside."""
ASIDE_SECONDS = 0.0001

Parts = Callable[[], Iterator[bytes]]


class Document(Struct, frozen=True, kw_only=True):
    """What is asked for."""

    name: str
    """What tells it from other documents of the same revision."""
    revision: str
    """The revision of the registry that it shows."""
    modified: datetime
    """When that was published."""
    parts: Parts
    """Makes it, part by part; the same document gives the same bytes."""


class Known(NamedTuple):
    """What a document was when it was made."""

    digest: str
    """Of its bytes before any coding."""
    size: int
    """Before any coding."""


class Body:
    """The bytes of a document in one coding."""

    def __init__(self, descriptor: int, size: int, known: Known) -> None:
        """``descriptor`` is that of a file which this closes in the end."""
        self._descriptor = descriptor
        self.size = size
        self.known = known

    def __del__(self) -> None:
        # When the last who reads it is gone: it may be kept no more while somebody still does.
        os.close(self._descriptor)

    def part(self, offset: int, length: int = PART) -> bytes:
        """Some of it; nothing at its end. Many may read at a time, and go on when it is kept no more."""
        return os.pread(self._descriptor, length, offset)

    def parts(self) -> Iterator[bytes]:
        """All of it."""
        return (self.part(offset) for offset in range(0, self.size, PART))


class Compressor(Protocol):
    """What the three libraries have in common, once their words are put together."""

    def take(self, data: bytes) -> bytes:
        """What is ready after this much more."""
        ...

    def end(self) -> bytes:
        """The rest."""
        ...


class Stopped(Exception):
    """Nobody needs what is being made any more."""


class Whole:
    """Makes documents and keeps them."""

    def __init__(self, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._kept: OrderedDict[tuple[str, str, str], Body] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], Known] = OrderedDict()
        self._making: dict[tuple[str, str, str], asyncio.Task[Body]] = {}
        self._turn = asyncio.Lock()
        self.made = 0
        """How many bodies were made, for whoever watches."""

    async def known(self, document: Document) -> Known:
        """What the document is, made when nobody asked before. Raises as ``body`` does."""
        found = self._known.get((document.revision, document.name))
        return found or (await self.body(document, IDENTITY)).known

    async def body(self, document: Document, coding: str) -> Body:
        """The document in that coding, made when nobody asked before.

        Raises ``Unavailable`` when too many different ones are being made, or there is no room for it.
        """
        key = (document.revision, document.name, coding)
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        making = self._making.get(key)
        if making is None:
            if len(self._making) >= MOST_WAITING:
                raise Unavailable(
                    "Many different documents are being made, and each takes a while. "
                    f"Try again in {RETRY_SECONDS} seconds.",
                    retry_after=RETRY_SECONDS,
                )
            making = self._making[key] = asyncio.create_task(self._make(document, coding))
            making.add_done_callback(partial(self._made, key))
        # Shielded, since others wait for it too when one hangs up.
        return await asyncio.shield(making)

    @property
    def bytes(self) -> int:
        """What all that is kept weighs."""
        return sum(body.size for body in self._kept.values())

    async def _make(self, document: Document, coding: str) -> Body:
        plain = None if coding == IDENTITY else await self.body(document, IDENTITY)

        def work(stopping: threading.Event) -> Body:
            if plain is None:
                return _write(document.parts(), stopping)
            return _write(_compressed(plain, coding), stopping, known=plain.known)

        async with self._turn:
            try:
                body = await _in_thread(work)
            except OSError as error:
                raise Unavailable(NO_ROOM_MESSAGE) from error
        self.made += 1
        self._keep((document.revision, document.name, coding), body)
        return body

    def _made(self, key: tuple[str, str, str], making: asyncio.Task[Body]) -> None:
        del self._making[key]
        if not making.cancelled():
            # Looked at here, since everybody who waited may have hung up.
            making.exception()

    def _keep(self, key: tuple[str, str, str], body: Body) -> None:
        self._kept[key] = body
        self._known[key[:2]] = body.known
        self._known.move_to_end(key[:2])
        while len(self._known) > KEPT_KNOWN:
            self._known.popitem(last=False)
        while len(self._kept) > 1 and self.bytes > self._kept_bytes:
            self._kept.popitem(last=False)


async def _in_thread(work: Callable[[threading.Event], Body]) -> Body:
    """What ``work`` gives, done in a thread that soon ends when this is cancelled.

    Without this, the end of the program would wait for a document that nobody gets.
    """
    stopping = threading.Event()
    try:
        return await asyncio.to_thread(work, stopping)
    except asyncio.CancelledError:
        stopping.set()
        raise


def _write(parts: Iterable[bytes], stopping: threading.Event, *, known: Known | None = None) -> Body:
    """The parts in a file. ``known`` is what they were before a coding."""
    hashed = hashlib.blake2b(digest_size=12)
    size = since = 0
    with TemporaryFile(buffering=PART, prefix="openmodels-") as file:
        for part in parts:
            file.write(part)
            if known is None:
                hashed.update(part)
            size += len(part)
            # A part may be empty, where something was done that is not to be sent.
            since += len(part) or STEP
            if since >= STEP:
                since = 0
                if stopping.is_set():
                    raise Stopped
                time.sleep(ASIDE_SECONDS)
        file.flush()
        return Body(os.dup(file.fileno()), size, known or Known(hashed.hexdigest(), size))


def _compressed(plain: Body, coding: str) -> Iterator[bytes]:
    compressor = COMPRESSORS[coding](plain.size)
    for part in plain.parts():
        yield compressor.take(part)
    yield compressor.end()


class _Gzip:
    def __init__(self, _size: int) -> None:
        # 16 makes it gzip's format, whose head then holds no time: the same bytes every time.
        self._inner = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        self.take = self._inner.compress
        self.end = self._inner.flush


class _Brotli:
    def __init__(self, _size: int) -> None:
        inner = brotli.Compressor(quality=BROTLI_QUALITY)
        self.take: Callable[[bytes], bytes] = inner.process
        self.end: Callable[[], bytes] = inner.finish


class _Zstd:
    def __init__(self, size: int) -> None:
        # The size goes into the head, which some readers want.
        inner = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj(size=size)
        self.take: Callable[[bytes], bytes] = inner.compress
        self.end: Callable[[], bytes] = inner.flush


COMPRESSORS: Mapping[str, Callable[[int], Compressor]] = {"gzip": _Gzip, "br": _Brotli, "zstd": _Zstd}
"""By the names of the codings; each is told how many bytes will come."""
