"""Time as a dependency, so that tests can set it."""

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the program takes the time from."""

    def now(self) -> datetime:
        """The wall-clock time, timezone-aware, in UTC."""
        ...

    def unix(self) -> float:
        """The wall-clock time in seconds since 1970-01-01 UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when that much of this clock's time has passed."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The wall-clock time, timezone-aware, in UTC."""
        return datetime.now(UTC)

    # Every request asks, so the builtin itself, without a method around it.
    unix = staticmethod(time.time)
    """The wall-clock time in seconds since 1970-01-01 UTC."""
    sleep = staticmethod(asyncio.sleep)
    """Return when that much time has passed."""


class SettableClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> datetime:
        """The time it was last set to."""
        return self._now

    def unix(self) -> float:
        """The time it was last set to, in seconds since 1970-01-01 UTC."""
        return self._now.timestamp()

    @property
    def sleepers(self) -> int:
        """How many wait for this clock to move."""
        return sum(not waking.done() for _, _, waking in self._sleepers)

    def advance(self, *, seconds: float) -> None:
        """Move the clock by ``seconds`` and wake who has slept long enough, the earliest first."""
        self._now += timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, waking = heapq.heappop(self._sleepers)
            if not waking.done():
                waking.set_result(None)

    async def sleep(self, seconds: float) -> None:
        """Return when the clock was moved that far; at once for nothing."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + timedelta(seconds=seconds), next(self._order), waking))
        await waking
