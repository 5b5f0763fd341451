"""The port of a place where several processes leave each other bytes for a while.

It has an implementation in memory, here, and one in Redis (``store/redis_shelf.py``); one contract suite runs
over both.
"""

from typing import NamedTuple, Protocol

from openmodels.clock import Clock
from openmodels.errors import RedisAway


class Left(NamedTuple):
    """What was found."""

    value: bytes
    seconds: float
    """How much longer it will be there, more than 0."""


class Shelf(Protocol):
    """Bytes by key, each until its time is over or room is needed."""

    @property
    def up(self) -> bool:
        """Whether it can be asked now."""
        ...

    async def get(self, key: str) -> Left | None:
        """What was left there. Raises ``RedisAway``."""
        ...

    async def put(self, key: str, value: bytes, *, seconds: float) -> None:
        """Leave it there for so long, more than 0. Raises ``RedisAway``."""
        ...


class MemoryShelf:
    """A ``Shelf`` for one process."""

    def __init__(self, clock: Clock) -> None:
        self.up = True
        self._time = clock.unix
        self._values: dict[str, tuple[bytes, float]] = {}

    async def get(self, key: str) -> Left | None:
        """What was left there."""
        now = self._now()
        value, until = self._values.get(key, (b"", now))
        return Left(value, until - now) if until > now else None

    async def put(self, key: str, value: bytes, *, seconds: float) -> None:
        """Leave it there."""
        now = self._now()
        self._values = {name: kept for name, kept in self._values.items() if kept[1] > now}
        self._values[key] = value, now + seconds

    def _now(self) -> float:
        if not self.up:
            raise RedisAway("the shelf is away")
        return self._time()
