"""Time as a dependency, so that tests can set it."""

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


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The wall-clock time, timezone-aware, in UTC."""
        return datetime.now(UTC)

    # Every request asks, so the builtin itself, without a method around it.
    unix = staticmethod(time.time)
    """The wall-clock time in seconds since 1970-01-01 UTC."""


class SettableClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """The time it was last set to."""
        return self._now

    def unix(self) -> float:
        """The time it was last set to, in seconds since 1970-01-01 UTC."""
        return self._now.timestamp()

    def advance(self, *, seconds: float) -> None:
        """Move the clock by ``seconds``."""
        self._now += timedelta(seconds=seconds)
