"""What costs others work to find: found once for all who ask at a time, and held for a moment."""

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine, Hashable
from typing import Any, Generic, TypeVar

from openmodels.clock import Clock

T = TypeVar("T")

HELD_SECONDS = 1.0
"""How long it is handed out again: hardly older than a monitor's own delay, and whoever floods gets no more
than one question a second through."""


class Held(Generic[T]):
    """The last finding, of one kind, of one process."""

    def __init__(self, seconds: float = HELD_SECONDS) -> None:
        """``seconds`` is how long a finding is handed out again."""
        self._seconds = seconds
        self._finding: asyncio.Task[T] | None = None
        self._found: tuple[float, T] | None = None

    async def get(self, find: Coroutine[Any, Any, T], clock: Clock) -> T:
        """What ``find`` gives, or gave a moment ago. Raises what it raises, which is not held."""
        if self._finding is None:
            # A clock that was set back must not make it last.
            if self._found is not None and 0 <= clock.unix() - self._found[0] < self._seconds:
                find.close()
                return self._found[1]
            self._finding = asyncio.create_task(self._find(find, clock))
        else:
            find.close()
        # Shielded, since others wait for it too when one hangs up.
        return await asyncio.shield(self._finding)

    async def _find(self, find: Coroutine[Any, Any, T], clock: Clock) -> T:
        try:
            found = await find
            self._found = clock.unix(), found
            return found
        finally:
            self._finding = None


class HeldEach(Generic[T]):
    """The last findings of many kinds: those of the keys that were asked for last."""

    def __init__(self, seconds: float, *, most: int) -> None:
        """``seconds`` is how long a finding is handed out again, ``most`` how many are held."""
        self._seconds = seconds
        self._most = most
        self._held: OrderedDict[Hashable, Held[T]] = OrderedDict()

    async def get(self, key: Hashable, find: Coroutine[Any, Any, T], clock: Clock) -> T:
        """What ``find`` gives, or gave a moment ago for this key. Raises what it raises; that is not held."""
        held = self._held.setdefault(key, Held(self._seconds))
        self._held.move_to_end(key)
        while len(self._held) > self._most:
            self._held.popitem(last=False)
        return await held.get(find, clock)
