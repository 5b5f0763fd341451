"""Says that a prober works, for those who want to know in which regions somebody does."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import structlog

from openmodels.clock import Clock
from openmodels.errors import StoreError
from openmodels.jobs.parts import Part
from openmodels.store.cluster_ports import ALIVE_FOR, KNOWN_FOR, ClusterStore, ProberSeen

log: Any = structlog.get_logger(__name__)

SAY_SECONDS = 10.0
"""Between two words of a prober; six of them may be lost before it is taken for dead."""
FORGET_EVERY = timedelta(hours=1)
"""How often a prober has the regions forgotten that are no more."""
GOODBYE_SECONDS = 1.0
"""How long the last word may take; without it, the region is taken for down."""


class Present:
    """A prober, and its word every ``SAY_SECONDS`` that it works; a last one when it is stopped.

    ``name`` is of this prober as of no other. ``alone`` is for a prober that shares its region with no other,
    so that of any other that is noted there, the process has ended.
    """

    def __init__(
        self, part: Part, cluster: ClusterStore, clock: Clock, *, name: str, region: str, alone: bool
    ) -> None:
        self._part = part
        self._cluster = cluster
        self._clock = clock
        self._name = name
        self._region = region
        self._alone = alone
        self._forgot_at: datetime | None = None

    async def run(self) -> None:
        """Probe until cancelled. A prober that fails says nothing: others should take it for dead."""
        saying = asyncio.create_task(self._say())
        failed = False
        try:
            await self._part.run()
        except Exception:
            failed = True
            raise
        finally:
            saying.cancel()
            await asyncio.gather(saying, return_exceptions=True)
            if not failed:
                await self._say_goodbye()

    async def _say(self) -> None:
        while True:
            try:
                await self._say_once()
            except StoreError as error:
                # The prober itself has said already that the database does not answer.
                log.debug("a prober's presence was not noted", reason=str(error))
            except Exception:
                # Without this, one unforeseen failure would have a prober at work taken for dead.
                log.exception("a prober's presence was not noted")
            await self._clock.sleep(SAY_SECONDS)

    async def _say_once(self) -> None:
        now = self._clock.now()
        await self._cluster.prober_seen(
            ProberSeen(name=self._name, region=self._region, at=now),
            lost_before=now if self._alone else now - ALIVE_FOR,
        )
        # Neither when the clock was set back: without that, nothing is forgotten until it has caught up.
        if self._forgot_at is None or not timedelta() <= now - self._forgot_at < FORGET_EVERY:
            await self._cluster.forget_regions(before=now - KNOWN_FOR)
            self._forgot_at = now

    async def _say_goodbye(self) -> None:
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._cluster.prober_gone(self._name)
        except (StoreError, TimeoutError):
            log.info("the end of this prober was not noted", region=self._region)
