"""What arrived and what became of it, for tests to look at. No value of a header is ever kept."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable

import msgspec
from msgspec import Struct

KEPT = 5000
"""How many requests are remembered, over all personas."""
MAX_PERSONAS = 10_000
"""How many personas are counted; when there are more, the counts start anew."""


class Received(Struct, kw_only=True):
    """One request and its answer. Times are in milliseconds from the request's last byte; null for what did
    not happen."""

    persona: str
    """Who was asked."""
    kind: str
    """``models``, ``completion`` or ``unknown``."""
    style: str | None
    """The API style of the answer."""
    method: str
    """As it came."""
    path: str
    """Without the query."""
    parameters: tuple[str, ...]
    """The names in the query."""
    headers: tuple[str, ...]
    """The names of the headers, in lower case."""
    key_sent: bool
    """Whether a key came, in whichever header or parameter."""
    connection: int
    """Which connection it came over, counted from 1."""
    fields: tuple[str, ...] = ()
    """The names of the body's fields."""
    model: str | None = None
    """The model that was asked for."""
    limit: int | None = None
    """The most tokens that were asked for."""
    stream: bool = False
    """Whether a stream was asked for."""
    status: int | None = None
    """The HTTP status of the answer; null when it had none."""
    fault: str | None = None
    """What was made to go wrong."""
    first_byte_ms: float | None = None
    """When the first byte was written."""
    first_token_ms: float | None = None
    """When the first token was written, reasoning or content."""
    first_content_ms: float | None = None
    """When the first token of the visible answer was written."""
    end_ms: float | None = None
    """When the last byte was written."""
    client_left: bool = False
    """Whether the client closed the connection before that."""


class Journal:
    """The requests of one fake provider."""

    def __init__(self) -> None:
        self._received: deque[Received] = deque(maxlen=KEPT)
        self._counts: Counter[str] = Counter()
        self._draws: Counter[str] = Counter()
        self._active: Counter[str] = Counter()
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    def open(self, entry: Received) -> None:
        """A request came."""
        if entry.persona not in self._counts and len(self._counts) >= MAX_PERSONAS:
            self._counts.clear()
        self._received.append(entry)
        self._counts[entry.persona] += 1
        self._active[entry.persona] += 1
        self._wake()

    def close(self, entry: Received) -> None:
        """Its answer is over."""
        self._active[entry.persona] -= 1
        if not self._active[entry.persona]:
            del self._active[entry.persona]
        self._wake()

    def draw(self, persona: str, kind: str) -> int:
        """How many requests of this kind the persona had before: what its dice are seeded with."""
        if len(self._draws) >= 2 * MAX_PERSONAS:
            self._draws.clear()
        number = self._draws[f"{kind}:{persona}"]
        self._draws[f"{kind}:{persona}"] += 1
        return number

    def rewind(self, persona: str) -> None:
        """Start the persona's dice anew."""
        for kind in ("models", "completion", "unknown"):
            self._draws.pop(f"{kind}:{persona}", None)

    def clear(self) -> None:
        """Forget everything but the requests that are being answered."""
        self._received.clear()
        self._counts.clear()
        self._draws.clear()

    def requests(self, persona: str | None = None) -> tuple[Received, ...]:
        """The newest requests, oldest first; of all personas or of one."""
        return tuple(
            msgspec.structs.replace(entry)
            for entry in self._received
            if persona is None or entry.persona == persona
        )

    def count(self, persona: str) -> int:
        """How many requests the persona had."""
        return self._counts[persona]

    def counts(self) -> dict[str, int]:
        """How many requests each persona had."""
        return dict(self._counts)

    async def until_received(self, persona: str, count: int) -> None:
        """Return once the persona has had so many requests."""
        await self._until(lambda: self._counts[persona] >= count)

    async def until_idle(self, persona: str | None) -> None:
        """Return once no request is being answered."""
        await self._until(lambda: not (self._active if persona is None else self._active[persona]))

    async def _until(self, condition: Callable[[], bool]) -> None:
        if condition():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = (condition, future)
        self._waiting.append(waiting)
        try:
            await future
        finally:
            self._waiting.remove(waiting)

    def _wake(self) -> None:
        for condition, future in self._waiting:
            if not future.done() and condition():
                future.set_result(None)
