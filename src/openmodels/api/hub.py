"""Hands out what is recorded to all who follow it: read once, encoded once, whoever is slow goes.

A client holds a place in the order of recording (``Cursor``). The hub reads on from its own place when
telemetry's epoch has moved, and only while somebody follows. A client that joins with an older place is sent
what lies between first.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from typing import Any, Protocol, TypeVar

import structlog
from msgspec import Struct

from openmodels.api.events import (
    Event,
    Kind,
    event_of,
    frame,
    gap_frame,
    heartbeat,
    missed_between,
    opening,
    place_text,
)
from openmodels.clock import Clock
from openmodels.errors import BadRequest, StoreError, Unavailable
from openmodels.store.ports import Cursor, Recorded

log: Any = structlog.get_logger(__name__)
T = TypeVar("T")

QUEUE_EVENTS = 256
"""Events that may wait for one client; one more, and it has fallen behind."""
REPLAY_EVENTS = 1000
"""Events that a client that comes back is sent again; when more were missed, it is told so instead."""
PAGE = 100
"""Checks, and as many measurements, that are read at a time: fewer than a queue holds."""
HEARTBEAT_SECONDS = 15.0
"""Between signs of life, so that proxies keep a quiet connection (they close it after 30 to 60 seconds)."""
READ_SECONDS = 5.0
"""The longest that the store may take to answer."""
RETRY_AFTER = 30
"""Seconds after which a client that was one too many may ask again."""


class Feed(Protocol):
    """What the hub asks of a ``TelemetryStore``."""

    async def cursor(self) -> Cursor:
        """The place after everything that is recorded now."""
        ...

    async def recorded_after(self, cursor: Cursor, *, limit: int) -> Recorded:
        """What was recorded after ``cursor``: at most ``limit`` checks and as many measurements."""
        ...


class Wanted(Struct, frozen=True, kw_only=True):
    """What a client wants to hear of; nothing named is everything."""

    kinds: frozenset[Kind] = frozenset()
    providers: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    """Canonical ids. A check is of no model, so it fits none."""

    def fits(self, event: Event) -> bool:
        """Whether an event fits all that is named."""
        return (
            (not self.kinds or event.kind in self.kinds)
            and (not self.providers or event.provider_id in self.providers)
            and (not self.models or event.model_id in self.models)
        )


class Follower:
    """One client's place and what waits for it."""

    def __init__(self, wanted: Wanted, *, since: Cursor, until: Cursor) -> None:
        self.wanted = wanted
        self.since = since
        """What it had seen when it joined."""
        self.until = until
        """The hub's place when it joined: what is later comes through the queue."""
        self.over = asyncio.Event()
        self._waiting: deque[bytes] = deque()
        self._news = asyncio.Event()

    @property
    def idle(self) -> bool:
        """Whether nothing waits for it."""
        return not self._waiting

    def offer(self, sent: bytes) -> bool:
        """Put something into the queue; False, and it is over, when the queue is full."""
        if len(self._waiting) >= QUEUE_EVENTS:
            self.end()
            return False
        self._waiting.append(sent)
        self._news.set()
        return True

    def end(self) -> None:
        """Let it have what waits for it, and no more."""
        self.over.set()
        self._news.set()

    async def next(self) -> bytes:
        """All that waits, at least one event; nothing when it is over."""
        while not self._waiting and not self.over.is_set():
            self._news.clear()
            await self._news.wait()
        waiting = b"".join(self._waiting)
        self._waiting.clear()
        return waiting


class Hub:
    """All who follow, and the one place from which they are served. Its counters are for whoever watches."""

    def __init__(self, feed: Feed, clock: Clock, *, limit: int) -> None:
        self.limit = limit
        """How many may follow at a time."""
        self.events: Counter[str] = Counter()
        """Events that were taken up, by kind."""
        self.refused = 0
        """Clients that were one too many."""
        self.fallen_behind = 0
        """Clients that were too slow."""
        self._feed = feed
        self._clock = clock
        self._place = Cursor(0, 0)
        self._followers: set[Follower] = set()
        self._joining = 0
        self._reading = asyncio.Lock()
        self._epoch: int | None = None
        self._taken_up: int | None = None
        self._news = asyncio.Event()
        self._pumping: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._failing = False
        self._closed = False

    @property
    def clients(self) -> int:
        """How many follow now."""
        return len(self._followers)

    def look(self, epoch: int) -> None:
        """Take note of telemetry's epoch; what is new is read when it differs from what was taken up."""
        self._epoch = epoch
        if epoch != self._taken_up:
            self._news.set()

    async def join(self, wanted: Wanted, after: Cursor | None) -> Follower:
        """Begin to follow: from now, or from after a place that was seen.

        Raises ``Unavailable`` when this client is one too many or the hub is closed, ``BadRequest`` for a
        place that was not reached yet, ``StoreError``.
        """
        self._require_room()
        self._joining += 1
        try:
            async with self._reading:
                if self._followers:
                    await self._catch_up()
                else:
                    self._place = await _in_time(self._feed.cursor())
                if after is not None and not _reached(after, self._place):
                    raise unknown_place(place_text(after))
                if self._closed:
                    raise _stopping()
                follower = Follower(wanted, since=after or self._place, until=self._place)
                self._followers.add(follower)
        finally:
            self._joining -= 1
        if self._pumping is None or self._pumping.done():
            self._news = asyncio.Event()
            self._pumping = asyncio.create_task(self._pump())
        if self._beating is None or self._beating.done():
            self._beating = asyncio.create_task(self._beat())
        return follower

    def leave(self, follower: Follower) -> None:
        """Follow no more. Nothing runs while nobody follows."""
        self._followers.discard(follower)
        if not self._followers:
            # The pump ends by itself: it may be in the middle of a question to the database.
            self._news.set()
            if self._beating is not None:
                self._beating.cancel()

    def close(self) -> None:
        """End all streams soon, and take no new ones."""
        self._closed = True
        for follower in self._followers:
            follower.end()

    async def parts(self, follower: Follower) -> AsyncGenerator[bytes, None]:
        """All that a client is sent, from the opening on, until it is over. Raises ``StoreError``."""
        yield opening(follower.since)
        async for part in self._missed(follower):
            yield part
        while part := await follower.next():
            yield part

    async def _missed(self, follower: Follower) -> AsyncIterator[bytes]:
        """What was recorded between what a client had seen and where the hub was when it joined."""
        place, until = follower.since, follower.until
        if missed_between(place, until) > REPLAY_EVENTS:
            yield gap_frame(place, until)
            return
        while not _reached(until, place):
            recorded = await _in_time(self._feed.recorded_after(place, limit=PAGE))
            parts = []
            for at, item in recorded.events:
                event = event_of(at, item)
                # Later ones come through the queue, so this client's place must not be beyond the hub's.
                seen = Cursor(min(at.check, until.check), min(at.measurement, until.measurement))
                if event.number <= getattr(until, event.kind) and follower.wanted.fits(event):
                    parts.append(frame(event.kind, seen, event.data))
            if parts:
                yield b"".join(parts)
            if len(recorded.events) < PAGE:
                return
            place = recorded.end

    def _require_room(self) -> None:
        if self._closed:
            raise _stopping()
        if len(self._followers) + self._joining >= self.limit:
            self.refused += 1
            raise Unavailable(
                f"This server streams to {self.limit} clients at a time, and is doing so. "
                f"Try again in {RETRY_AFTER} seconds.",
                retry_after=RETRY_AFTER,
            )

    async def _pump(self) -> None:
        """Read on whenever there may be something new, as long as somebody follows."""
        while self._followers:
            await self._news.wait()
            self._news.clear()
            epoch = self._epoch
            try:
                async with self._reading:
                    await self._catch_up()
            except StoreError as error:
                # The next look at the epoch tries again.
                if not self._failing:
                    log.warning("stream waits for the database", reason=str(error))
                self._failing = True
            except Exception:
                # Without this, one unforeseen failure would silence all streams for good.
                log.exception("reading for the stream failed")
            else:
                self._failing = False
                self._taken_up = epoch

    async def _catch_up(self) -> None:
        """Read up to what is recorded now and hand it out. Raises ``StoreError``."""
        while self._followers:
            recorded = await _in_time(self._feed.recorded_after(self._place, limit=PAGE))
            for at, item in recorded.events:
                self._publish(at, event_of(at, item))
            self._place = recorded.end
            if len(recorded.events) < PAGE:
                return
            # Without this, a store that answers at once would fill the queues before anybody can send.
            await asyncio.sleep(0)

    def _publish(self, at: Cursor, event: Event) -> None:
        sent = frame(event.kind, at, event.data)
        self.events[event.kind] += 1
        for follower in self._followers:
            wanted = not follower.over.is_set() and follower.wanted.fits(event)
            if wanted and not follower.offer(sent):
                self.fallen_behind += 1

    async def _beat(self) -> None:
        while True:
            await self._clock.sleep(HEARTBEAT_SECONDS)
            sign = heartbeat(self._place)
            for follower in self._followers:
                if follower.idle and not follower.over.is_set():
                    follower.offer(sign)


def unknown_place(text: str) -> BadRequest:
    """The refusal of an id that no event ever had."""
    message = f"last_event_id, or Last-Event-ID, must be an id that this stream has sent, not {text!r}"
    return BadRequest(message, [{"parameter": "last_event_id", "value": text}])


def _reached(place: Cursor, by: Cursor) -> bool:
    """Whether who is at ``by`` has passed ``place``."""
    return place.check <= by.check and place.measurement <= by.measurement


async def _in_time(asked: Awaitable[T]) -> T:
    """The store's answer. Raises ``StoreError``, also when it takes too long."""
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await asked
    except TimeoutError:
        raise StoreError(f"the database did not answer within {READ_SECONDS:g} seconds") from None


def _stopping() -> Unavailable:
    return Unavailable("The server is stopping. Try again in a moment.", retry_after=1)
