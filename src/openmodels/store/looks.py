"""When to look for what is new: at each announcement, and in any case now and then."""

import asyncio
from collections.abc import Awaitable, Callable

from openmodels.clock import Clock
from openmodels.store.news import CHANGES, Change, News

SELDOM, SELDOM_SECONDS = 10, 15.0
"""How many intervals, and at most how many seconds, lie between looks while announcements arrive. So late is
an announcement that got lost made up for: about when answers that show telemetry run out by themselves. And
so seldom do nodes look that it costs the database a tenth."""
PAUSE_SECONDS = 1.0
"""At least, between two looks at telemetry's epoch; an interval, where that is shorter. Without this, ten
probers that write each second would empty the caches of every node ten times a second."""


class Looks:
    """Looks at what may have changed, each kind for itself."""

    def __init__(
        self,
        interval: float,
        news: News,
        clock: Clock,
        in_trouble: Callable[[], bool],
    ) -> None:
        """``interval`` is how many seconds lie between looks while no announcements arrive, or while the
        database does not answer (``in_trouble``).
        """
        self._interval = interval
        self._news = news
        self._clock = clock
        self._in_trouble = in_trouble
        self._announced = {change: asyncio.Event() for change in CHANGES}
        self._pauses: dict[Change, float] = {"telemetry": min(interval, PAUSE_SECONDS), "registry": 0.0}

    def wake(self, change: Change) -> None:
        """Have this looked at: at once, or as soon as its pause is over."""
        self._announced[change].set()

    async def repeat(self, change: Change, look: Callable[[], Awaitable[object]]) -> None:
        """Call ``look`` whenever it is time to, until cancelled."""
        announced, pause = self._announced[change], self._pauses[change]
        rested = 0.0
        while True:
            await self._either(announced, self._between() - rested)
            announced.clear()
            await look()
            # All that is announced meanwhile is one look.
            await self._clock.sleep(pause)
            rested = pause

    def _between(self) -> float:
        if self._news.listening and not self._in_trouble():
            return max(self._interval, min(self._interval * SELDOM, SELDOM_SECONDS))
        return self._interval

    async def _either(self, announced: asyncio.Event, seconds: float) -> None:
        """Return when it was announced, or after that long."""
        waiting = [
            asyncio.create_task(announced.wait()),
            asyncio.ensure_future(self._clock.sleep(seconds)),
        ]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
