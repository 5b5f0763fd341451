"""Judges, every minute, the providers whose answers were measured since the last look."""

from datetime import datetime
from typing import Any, Protocol

import structlog

from openmodels.clock import Clock
from openmodels.domain.telemetry import Measurement
from openmodels.errors import StoreError
from openmodels.jobs.degradation import Telemetry, evaluate
from openmodels.logs import log_change
from openmodels.store.ports import Cursor, Recorded

log: Any = structlog.get_logger(__name__)

ROUND_SECONDS = 60.0
"""How often there is a look."""
PAGE = 1000
"""Checks, and as many measurements, that are read at a time."""


class Feed(Telemetry, Protocol):
    """What an evaluation asks of a ``TelemetryStore``."""

    async def cursor(self) -> Cursor:
        """The place after everything that is recorded now."""
        ...

    async def recorded_after(self, cursor: Cursor, *, limit: int) -> Recorded:
        """What was recorded after ``cursor``."""
        ...


class Evaluation:
    """Judges as long as it runs. What several processes find of one provider is the same, and kept once."""

    def __init__(self, feed: Feed, clock: Clock) -> None:
        self._feed = feed
        self._clock = clock
        self._place: Cursor | None = None
        self._failing = False

    async def run(self) -> None:
        """A round every minute, until cancelled; a store that fails is asked again in the next."""
        while True:
            try:
                await self.round(self._clock.now())
                self._failing = False
            except StoreError as error:
                if not self._failing:
                    self._failing = True
                    log.warning("evaluation waits for the database", reason=str(error))
            except Exception:
                # Without this, one unforeseen failure would end evaluation for as long as the program runs.
                log.exception("evaluation failed; trying again in the next round")
            await self._clock.sleep(ROUND_SECONDS)

    async def round(self, now: datetime) -> None:
        """Judge who was measured since the last round, and who is degraded. Raises ``StoreError``."""
        if self._place is None:
            # Those that were measured before the start are judged after their next measurement.
            self._place = await self._feed.cursor()
        place, measured = self._place, set[str]()
        while True:
            recorded = await self._feed.recorded_after(place, limit=PAGE)
            measured.update(i.provider_id for _, i in recorded.events if isinstance(i, Measurement))
            place = recorded.end
            if len(recorded.events) < PAGE:
                break
        for transition in await evaluate(self._feed, now, measured):
            log_change(transition)
        # Only now: a round that failed halfway looks at the same ones again.
        self._place = place
