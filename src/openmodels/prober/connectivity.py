"""Whether the prober itself is online: without this, its own outage would be everybody's."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog

from openmodels.clock import Clock
from openmodels.prober.results import ProberCounters

log: Any = structlog.get_logger(__name__)

OFFLINE_HOLD_SECONDS = 15.0
"""How long "offline" holds before the targets are asked again; the first probe that is answered ends it."""
ONLINE_HOLD_SECONDS = 3.0
"""How long "online" holds: shorter, since somebody always fails, and what fails while an old "online" holds
is believed although the prober may have lost its own network meanwhile."""
TARGET_SECONDS = 5.0
"""How long one of the targets may take to answer."""

Reach = Callable[[str], Awaitable[bool]]


class Connectivity:
    """Asks addresses of the operator's choice whether anything can be reached from here.

    ``reach`` tells whether one of them answers; it raises nothing. With no targets, the prober takes itself
    to be online.
    """

    def __init__(self, reach: Reach, targets: Sequence[str], clock: Clock, counters: ProberCounters) -> None:
        self._reach = reach
        self._targets = targets
        self._clock = clock
        self._counters = counters
        self._asking: asyncio.Task[bool] | None = None
        self._asked_at: float | None = None

    async def online(self) -> bool:
        """Whether one of the targets answers. All who ask while they are asked share one answer, as do those
        who come soon after it.
        """
        if not self._targets:
            return True
        if self._asking is not None and not self._asking.done():
            return await asyncio.shield(self._asking)
        hold = OFFLINE_HOLD_SECONDS if self._counters.offline else ONLINE_HOLD_SECONDS
        if self._asked_at is not None and 0 <= self._clock.unix() - self._asked_at < hold:
            return not self._counters.offline
        self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    def proven(self) -> None:
        """A probe was answered from the internet: the prober is online."""
        if self._counters.offline:
            self._asked_at = None
            self._say(online=True)

    async def close(self) -> None:
        """Stop asking."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self) -> bool:
        asked = [asyncio.ensure_future(self._reach(url)) for url in self._targets]
        try:
            # One answer is enough, so nobody waits for the slowest.
            found = False
            for answer in asyncio.as_completed(asked):
                found = await answer
                if found:
                    break
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
        self._asked_at = self._clock.unix()
        self._say(online=found)
        return found

    def _say(self, *, online: bool) -> None:
        if online and self._counters.offline:
            log.info("the prober is online again", not_recorded=self._counters.offline_dropped)
        elif not online and not self._counters.offline:
            log.warning(
                "the prober is offline: none of its connectivity targets answers; failures are not recorded",
                targets=len(self._targets),
            )
        self._counters.offline = not online
