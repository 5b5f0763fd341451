"""What all ways of listening have in common: trying again, and saying so once."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from openmodels.clock import Clock
from openmodels.store.news import CHANGES, Wake, change_of

log: Any = structlog.get_logger(__name__)

FIRST_PAUSE = 1.0
"""Seconds before the first new attempt; each further one waits twice as long."""


class NewsLost(Exception):
    """Nothing is heard any more; the text says why. ``pause`` is when to try again, None for the usual."""

    def __init__(self, reason: str, *, pause: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pause = pause


class Reception:
    """Whether announcements arrive by one way, and how many did."""

    def __init__(self, by: str, clock: Clock, *, longest_pause: float) -> None:
        """``longest_pause`` is the most, in seconds, between two attempts to listen again."""
        self.by = by
        self.listening = False
        self.heard = 0
        self._clock = clock
        self._longest_pause = longest_pause
        self._complaint: str | None = None

    async def keep(self, listen: Callable[[Wake], Awaitable[None]], wake: Wake) -> None:
        """Have ``listen`` called again and again until cancelled; it ends by raising ``NewsLost``."""
        pause = FIRST_PAUSE
        while True:
            lost = await self._attempt(listen, wake)
            if self.listening:
                self.listening = False
                pause = FIRST_PAUSE
                # Without this, a slow look that has just begun to wait would be waited for.
                _wake_for_everything(wake)
            self._complain(lost)
            await self._clock.sleep(pause if lost.pause is None else lost.pause)
            pause = min(pause * 2, self._longest_pause)

    async def _attempt(self, listen: Callable[[Wake], Awaitable[None]], wake: Wake) -> NewsLost:
        try:
            await listen(wake)
        except NewsLost as lost:
            return lost
        except Exception as error:
            # Without this, one unforeseen failure would end all listening.
            log.exception("listening for news failed", by=self.by)
            return NewsLost(type(error).__name__)
        except BaseException:
            self.listening = False
            raise
        return NewsLost("it ended")

    def begins(self, wake: Wake) -> None:
        """Note that announcements arrive from now on."""
        self.listening = True
        if self._complaint is not None:
            self._complaint = None
            log.info("news of changes arrive again", by=self.by)
        _wake_for_everything(wake)

    def hear(self, payload: str, wake: Wake) -> None:
        """Take what came by the channel; what is no announcement is nothing."""
        change = change_of(payload)
        if change is not None:
            self.heard += 1
            wake(change)

    def _complain(self, lost: NewsLost) -> None:
        # Once for each kind of trouble, not for each attempt.
        kind = "refused" if lost.pause is not None else "away"
        if self._complaint != kind:
            self._complaint = kind
            log.warning("no news of changes arrive; looking for them instead", by=self.by, reason=lost.reason)


def _wake_for_everything(wake: Wake) -> None:
    for change in CHANGES:
        wake(change)
