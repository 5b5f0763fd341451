"""News in memory: for tests, and for parts of one process that tell each other."""

import asyncio

from openmodels.store.news import CHANGES, Change, Wake


class MemoryNews:
    """Announcements from one caller of ``announce`` to everybody who runs."""

    by = "memory"

    def __init__(self, *, listening: bool = True) -> None:
        self.heard = 0
        self._listening = listening
        self._wakes: list[Wake] = []

    @property
    def listening(self) -> bool:
        """Whether announcements arrive now."""
        return self._listening and bool(self._wakes)

    @property
    def followers(self) -> int:
        """How many listen."""
        return len(self._wakes)

    def announce(self, change: Change) -> None:
        """Tell everybody who listens."""
        for wake in self._wakes if self._listening else ():
            self.heard += 1
            wake(change)

    def switch(self, *, listening: bool) -> None:
        """Let announcements arrive from now on, or not."""
        self._listening = listening
        for wake in self._wakes:
            for change in CHANGES:
                wake(change)

    async def run(self, wake: Wake) -> None:
        """Listen until cancelled; see the protocol."""
        self._wakes.append(wake)
        try:
            if self._listening:
                for change in CHANGES:
                    wake(change)
            await asyncio.get_running_loop().create_future()
        finally:
            self._wakes.remove(wake)
