"""Answers that show telemetry, made by one process and sent by all.

Such an answer asks the database for sums and sketches and holds for ten seconds at most. With many nodes each
would be made once by every node; here the first leaves it on a shelf. What is left is what the handler made,
its own headers included; the edge of each node adds the rest, so an answer is the same, byte by byte and by
its ETag, whoever made it.
"""

import asyncio
import hashlib
import re
from collections import deque
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import msgspec
import structlog
from msgspec import Struct

from openmodels.clock import Clock
from openmodels.edge.asgi import App, Message, Receive, Scope, Send
from openmodels.edge.cache import Header
from openmodels.edge.exchange import FRESHNESS, PARTIAL, SHARED, TELEMETRY_SECONDS, Freshness, Shared
from openmodels.errors import RedisAway
from openmodels.store.live import Live
from openmodels.store.shelf import Left, Shelf

log: Any = structlog.get_logger(__name__)
Covers = Callable[[bytes], bool]

SCHEMA = 1
"""Of ``SharedAnswer``: another number for every change, since nodes of two versions may share one shelf."""
LOOK_SECONDS = 0.05
"""How long an answer may be looked for before it is made: about as long as making one takes."""
MOST_LOOKS = 8
"""Answers that are looked for at a time; further ones are made at once."""
MOST_BYTES = 1_000_000
"""The largest body that is shared: a larger one takes longer to fetch than to make."""
MOST_WAITING = 64
"""Answers that wait to be left; further ones are not left at all."""
_NAME, _VALUE = re.compile(rb"[a-z0-9-]+"), re.compile(rb"[\t -~\x80-\xff]*")


class SharedAnswer(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One answer, as it is left."""

    modified: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF_FFFF)]
    """When it was made, in seconds since 1970-01-01 UTC."""
    headers: list[tuple[bytes, bytes]]
    """The handler's own."""
    body: bytes
    """As the handler made it."""


class Held(NamedTuple):
    """An answer, and until when it holds."""

    answer: SharedAnswer
    until: float
    """In seconds since 1970-01-01 UTC."""


class Looks:
    """How looking for answers ended."""

    __slots__ = ("errors", "hits", "misses", "skipped")

    def __init__(self) -> None:
        self.hits = 0
        """Found."""
        self.misses = 0
        """Not there, and so made here."""
        self.errors = 0
        """Not looked for in time, not readable, or not left."""
        self.skipped = 0
        """Neither looked for nor left, since too many were at a time."""


class SharedAnswers:
    """Stands in front of the framework; asks a ``Shelf``, which may be away and slow, before it."""

    def __init__(
        self, inner: App, shelf: Shelf, live: Live, clock: Clock, *, covers: Covers, variant: str
    ) -> None:
        """``covers`` says of a path whether its answers are shared.

        ``variant`` stands for whatever they depend on beside the data: the program's version, settings.
        """
        self.looks = Looks()
        self._inner = inner
        self._shelf = shelf
        self._live = live
        self._time = clock.unix
        self._covers = covers
        self._variant = f"{SCHEMA}\n{variant}"
        self._looking: set[asyncio.Task[Left | None]] = set()
        self._making: dict[str, asyncio.Future[Held | None]] = {}
        self._waiting: deque[tuple[str, Held]] = deque()
        self._leaving: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, from what is there or by the framework."""
        if scope["type"] != "http" or not self._covers(scope["raw_path"]):
            await self._inner(scope, receive, send)
            return
        name = self._name(scope["raw_path"], scope["query_string"])
        # Without this, a hundred who ask for what has just run out would have it made a hundred times.
        while (under_way := self._making.get(name)) is not None:
            await asyncio.wait({under_way})
            if under_way.cancelled():
                continue
            if (held := under_way.result()) is not None:
                await _send(scope, send, held.answer, found=False, seconds=held.until - self._time())
            else:
                # It cannot be shared, an error perhaps: each has its own, side by side.
                await self._inner(scope, receive, send)
            return
        made = self._making[name] = asyncio.get_running_loop().create_future()
        try:
            made.set_result(await self._find_or_make(name, scope, receive, send))
        finally:
            # Where nothing came of it, since its client hung up, the next who waits makes it.
            made.cancel()
            del self._making[name]

    async def _find_or_make(self, name: str, scope: Scope, receive: Receive, send: Send) -> Held | None:
        """The answer that was sent, if others may have it too."""
        found = await self._find(name)
        if found is not None:
            answer, seconds = found
            await _send(scope, send, answer, found=True, seconds=seconds)
            return Held(answer, self._time() + seconds)
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        now, snapshot = self._time(), self._live.snapshot
        await self._inner(scope, receive, collect)
        made = _to_share(scope, messages, int(now))
        # An answer that was begun under one revision and ended under another belongs to neither.
        held = Held(made, now + TELEMETRY_SECONDS) if made and self._live.snapshot is snapshot else None
        if held is not None:
            scope[SHARED] = Shared(found=False, modified=int(now), seconds=TELEMETRY_SECONDS)
            self._leave(name, held)
        for message in messages:
            await send(message)
        return held

    async def left(self) -> None:
        """Return once what was to be left is."""
        while self._leaving is not None:
            await asyncio.wait({self._leaving})

    def _name(self, path: bytes, query: bytes) -> str:
        # When it was published tells databases apart that hold the same revision.
        snapshot = self._live.snapshot
        data = f"{snapshot.revision}\n{snapshot.published_at.isoformat()}\n{self._live.epoch}"
        text = f"{self._variant}\n{data}\n".encode() + path + b"?" + query
        return f"answers:{hashlib.blake2b(text, digest_size=20).hexdigest()}"

    async def _find(self, name: str) -> tuple[SharedAnswer, float] | None:
        """An answer, and in how many seconds it runs out; None when it has to be made."""
        if not self._shelf.up:
            return None
        if len(self._looking) >= MOST_LOOKS:
            self.looks.skipped += 1
            return None
        looking = asyncio.ensure_future(self._shelf.get(name))
        self._looking.add(looking)
        looking.add_done_callback(self._looked)
        # Looking goes on when this gives up: only so does the link find out that nobody answers.
        await asyncio.wait({looking}, timeout=LOOK_SECONDS)
        if not looking.done() or looking.exception() is not None:
            self.looks.errors += 1
            return None
        return self._read(looking.result())

    def _looked(self, looking: asyncio.Task[Left | None]) -> None:
        self._looking.discard(looking)
        error = None if looking.cancelled() else looking.exception()
        if error is not None and not isinstance(error, RedisAway):
            log.error("looking for an answer failed", exc_info=error)

    def _read(self, found: Left | None) -> tuple[SharedAnswer, float] | None:
        if found is None:
            self.looks.misses += 1
            return None
        try:
            answer = msgspec.msgpack.decode(found.value, type=SharedAnswer)
            if not all(_is_sound(header) for header in answer.headers):
                raise msgspec.ValidationError("a header that cannot be sent")
        except msgspec.MsgspecError as error:
            self.looks.errors += 1
            log.warning("an answer in redis cannot be read; making it anew", reason=str(error)[:200])
            return None
        self.looks.hits += 1
        return answer, min(found.seconds, TELEMETRY_SECONDS)

    def _leave(self, name: str, held: Held) -> None:
        """Have it left there, later: nobody waits for it."""
        if not self._shelf.up or len(held.answer.body) > MOST_BYTES:
            return
        if len(self._waiting) >= MOST_WAITING:
            self.looks.skipped += 1
            return
        self._waiting.append((name, held))
        if self._leaving is None:
            self._leaving = asyncio.create_task(self._leave_all())

    async def _leave_all(self) -> None:
        try:
            while self._waiting:
                name, held = self._waiting.popleft()
                seconds = held.until - self._time()
                if seconds > 0:
                    await self._shelf.put(name, msgspec.msgpack.encode(held.answer), seconds=seconds)
        except RedisAway:
            self.looks.errors += 1
            self._waiting.clear()
        finally:
            self._leaving = None


def _to_share(scope: Scope, messages: list[Message], now: int) -> SharedAnswer | None:
    """The answer in these messages; None when it is no 200, shows no telemetry, or lacks some."""
    if not messages or messages[0].get("status") != 200 or PARTIAL in scope:
        return None
    if scope.get(FRESHNESS) is not Freshness.TELEMETRY:
        return None
    headers = [(bytes(name), bytes(value)) for name, value in messages[0].get("headers", ())]
    return SharedAnswer(now, headers, b"".join(part.get("body", b"") for part in messages[1:]))


async def _send(scope: Scope, send: Send, answer: SharedAnswer, *, found: bool, seconds: float) -> None:
    scope[FRESHNESS] = Freshness.TELEMETRY
    scope[SHARED] = Shared(found=found, modified=answer.modified, seconds=seconds)
    await send({"type": "http.response.start", "status": 200, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})


def _is_sound(header: Header) -> bool:
    """Whether a server may send it: what is left could be anybody's."""
    name, value = header
    return bool(_NAME.fullmatch(name)) and bool(_VALUE.fullmatch(value))
