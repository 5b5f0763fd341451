"""Upkeep of what telemetry keeps: sums of finished hours and days, and forgetting what is old.

Both go in small steps with a pause between them, so that neither requests nor the prober's writes wait.
"""

from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from openmodels.clock import Clock
from openmodels.errors import StoreError

log: Any = structlog.get_logger(__name__)

ROUND_SECONDS = 60.0
"""How often there is a look at what is to be done."""
PAUSE_SECONDS = 0.05
"""Between two steps of one round, in which others get at the database."""
FORGET_EVERY = timedelta(hours=1)
"""How often there is a look for what is too old."""


class Keeper(Protocol):
    """What upkeep asks of a ``TelemetryStore``."""

    async def roll_up(self, now: datetime) -> bool:
        """One step of summing up; False when there was nothing to do."""
        ...

    async def forget(self, *, raw_before: datetime, rollups_before: datetime) -> bool:
        """One step of deleting; False when there was nothing to delete."""
        ...


class Upkeep:
    """Sums up and forgets, for as long as it runs."""

    def __init__(self, store: Keeper, clock: Clock, *, keep_raw: timedelta, keep_rollups: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._keep_raw = keep_raw
        self._keep_rollups = keep_rollups
        self._forgot_at: datetime | None = None
        self._failing = False

    async def run(self) -> None:
        """A round every minute, until cancelled; a store that fails is tried again in the next."""
        while True:
            try:
                await self.round()
                self._failing = False
            except StoreError as error:
                if not self._failing:
                    self._failing = True
                    log.warning("upkeep waits for the database", reason=str(error))
            except Exception:
                # Without this, one unforeseen failure would end upkeep for as long as the program runs.
                log.exception("upkeep failed; trying again in the next round")
            await self._clock.sleep(ROUND_SECONDS)

    async def round(self) -> None:
        """Do all that is to be done now. Raises ``StoreError``."""
        while await self._store.roll_up(self._clock.now()):
            await self._clock.sleep(PAUSE_SECONDS)
        now = self._clock.now()
        # A clock that was set back must not keep what is old until it has caught up.
        if self._forgot_at is not None and timedelta() <= now - self._forgot_at < FORGET_EVERY:
            return
        while await self._store.forget(
            raw_before=now - self._keep_raw, rollups_before=now - self._keep_rollups
        ):
            await self._clock.sleep(PAUSE_SECONDS)
        self._forgot_at = now
