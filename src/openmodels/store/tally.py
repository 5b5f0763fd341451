"""The port of counts that several processes share, each within a window that begins with its first.

It has an implementation in memory, here, and one in Redis (``store/redis_tally.py``); one contract suite runs
over both.
"""

from collections.abc import Collection, Mapping
from typing import Protocol

from msgspec import Struct

from openmodels.clock import Clock
from openmodels.errors import RedisAway


class Added(Struct, frozen=True):
    """What adding gave."""

    counts: Mapping[str, int]
    """By name: what each count is now; one that equals what was added has just begun."""
    ends_in: Mapping[str, float]
    """In how many seconds the window ends of each that this was asked of."""


class Tally(Protocol):
    """Counts by name."""

    @property
    def up(self) -> bool:
        """Whether it can be asked now."""
        ...

    async def add(self, amounts: Mapping[str, int], timed: Collection[str] = ()) -> Added:
        """Add to these counts, and tell of those in ``timed`` when their windows end, in one question.

        Raises ``RedisAway``, and then may or may not have added.
        """
        ...

    async def ends_in(self, names: Collection[str]) -> Mapping[str, float]:
        """In how many seconds each window ends; 0 for one that has. Raises ``RedisAway``."""
        ...


class MemoryTally:
    """A ``Tally`` for limiters of one process."""

    def __init__(self, clock: Clock, *, seconds: int) -> None:
        self.up = True
        self._time = clock.unix
        self._seconds = seconds
        self._counts: dict[str, tuple[int, float]] = {}

    async def add(self, amounts: Mapping[str, int], timed: Collection[str] = ()) -> Added:
        """Add to these counts."""
        now = self._now()
        self._counts = {name: kept for name, kept in self._counts.items() if kept[1] > now}
        for name, amount in amounts.items():
            count, ends_at = self._counts.get(name, (0, now + self._seconds))
            self._counts[name] = count + amount, ends_at
        ends_in = {name: self._counts[name][1] - now for name in timed}
        return Added({name: self._counts[name][0] for name in amounts}, ends_in)

    async def ends_in(self, names: Collection[str]) -> Mapping[str, float]:
        """In how many seconds each window ends."""
        now = self._now()
        return {name: max(0.0, self._counts.get(name, (0, now))[1] - now) for name in names}

    def _now(self) -> float:
        if not self.up:
            raise RedisAway("the counts are away")
        return self._time()
