"""Work that one process does at a time, however many run: whoever holds a lease in the database.

A process that ends gives its lease back; that of one that died runs out. Leases are times, so what they keep
apart is kept apart as well as the nodes' clocks agree.
"""

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any

import structlog

from openmodels.clock import Clock
from openmodels.errors import StoreError
from openmodels.jobs.parts import Part
from openmodels.store.cluster_ports import ClusterStore

log: Any = structlog.get_logger(__name__)

LEASE = timedelta(seconds=15)
"""How long nobody does the work after its process died: room for two renewals that fail."""
RENEW_SECONDS = 5.0
"""Between two renewals, and between two looks of those who wait whether the lease is free."""
RELEASE_SECONDS = 1.0
"""How long giving a lease back may take; it runs out by itself."""


class Leased:
    """A part that runs while this process holds a lease: takes it when it is free, and renews it.

    ``holder`` names this process, as no other is named. When another process has the lease, the part is
    cancelled, and waits until it can be had again.

    While the store does not answer, nobody can tell whether another took the lease after its end. A part is
    cancelled then, unless ``unsure`` says to go on: for work that is worth more done twice than not at all.
    """

    def __init__(
        self, part: Part, name: str, cluster: ClusterStore, clock: Clock, holder: str, *, unsure: bool = False
    ) -> None:
        self._part = part
        self._name = name
        self._cluster = cluster
        self._clock = clock
        self._holder = holder
        self._unsure = unsure
        self._until: datetime | None = None
        self._failing = False

    async def run(self) -> None:
        """Wait for the lease and work, until cancelled or the part ends by itself; then give it back."""
        try:
            while True:
                await self._wait()
                if await self._work():
                    return
        finally:
            await self._give_back()

    async def _wait(self) -> None:
        """Return when the lease is ours."""
        waiting = False
        while not await self._take():
            if not waiting and not self._failing:
                waiting = True
                log.info("another process does this work", work=self._name)
            await self._clock.sleep(RENEW_SECONDS)
        if waiting:
            log.info("this process does the work from here on", work=self._name)

    async def _work(self) -> bool:
        """Run the part as long as the lease is ours; whether it ended by itself. Raises what it raises."""
        working = asyncio.create_task(self._part.run(), name=self._name)
        try:
            while True:
                await _first(working, self._clock.sleep(min(RENEW_SECONDS, self._left())))
                if working.done():
                    await working
                    return True
                if not await self._renewed(working):
                    log.warning("this process does the work no longer", work=self._name)
                    return False
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def _renewed(self, working: asyncio.Task[None]) -> bool:
        """Whether the part may go on."""
        taking = asyncio.create_task(self._take())
        try:
            await _first(taking, self._over(working))
        finally:
            if not taking.done():
                # Should it come through all the same, the lease is ours, and the next look finds it so.
                taking.cancel()
                await asyncio.gather(taking, return_exceptions=True)
        if taking.cancelled():
            return working.done()
        return taking.result() or (self._failing and self._left() > 0)

    async def _over(self, working: asyncio.Task[None]) -> None:
        """Return when there is no point in waiting for the store any longer."""
        if self._unsure:
            await asyncio.wait({working})
        else:
            await _first(working, self._clock.sleep(self._left()))

    def _left(self) -> float:
        """Seconds for which the part may go on without an answer of the store."""
        if self._unsure:
            return RENEW_SECONDS
        return 0.0 if self._until is None else (self._until - self._clock.now()).total_seconds()

    async def _take(self) -> bool:
        """Take or renew the lease; False when another has it, or when the store fails."""
        now = self._clock.now()
        try:
            taken = await self._cluster.take_lease(self._name, self._holder, now=now, until=now + LEASE)
        except StoreError as error:
            if not self._failing:
                log.info("a lease waits for the database", work=self._name, reason=str(error))
            self._failing = True
            return False
        self._failing = False
        if taken:
            # From before the question: the answer may have taken its time.
            self._until = now + LEASE
        return taken

    async def _give_back(self) -> None:
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                await self._cluster.release_lease(self._name, self._holder)
        except (StoreError, TimeoutError):
            # Others wait for its end instead.
            log.info("a lease was not given back; it runs out", work=self._name, seconds=LEASE.seconds)


async def _first(task: asyncio.Task[Any], waited: Awaitable[None]) -> None:
    """Return when either has come to an end; ``waited`` is cancelled when it has not."""
    waiting = asyncio.ensure_future(waited)
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
