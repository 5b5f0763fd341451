"""Writes results to the store: many at a time, and again when the store failed."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import structlog

from openmodels.clock import Clock
from openmodels.domain.standing import Transition
from openmodels.domain.telemetry import Check, Measurement
from openmodels.errors import StoreError
from openmodels.logs import log_change
from openmodels.prober.results import ProberCounters

log: Any = structlog.get_logger(__name__)

CAPACITY = 100_000
"""Results that may wait while the store does not answer: about 30 MB, and 40 minutes of 10,000 providers."""
BATCH = 5000
"""The most results that one transaction writes."""
FLUSH_SECONDS = 1.0
"""How long a result waits for others at most: what a crash can lose."""
LONGEST_PAUSE = 30.0
"""The longest wait before a write that failed is tried again, in seconds."""
CLOSE_SECONDS = 3.0
"""How long the last writes may take in the end."""

Result = Check | Measurement
T = TypeVar("T")
Write = Callable[[Sequence[T]], Awaitable[Sequence[Transition]]]
"""Writes all of these in one transaction; gives back which providers changed by it. Raises ``StoreError``."""


class Records(Protocol):
    """What a recorder asks of a ``TelemetryStore``."""

    async def record(
        self, checks: Sequence[Check] = (), measurements: Sequence[Measurement] = ()
    ) -> Sequence[Transition]:
        """Keep all of these in one transaction; which providers changed by it."""
        ...


class Writer(Generic[T]):
    """A queue of results and who empties it.

    ``put`` never waits. ``run`` writes until cancelled; ``close`` writes what is left. Results are written in
    the order in which they came; when more wait than the queue holds, the oldest are lost, counted and said.
    ``flush`` is how long a result waits for others, and ``longest_pause`` how long at most until a write that
    failed is tried again, both in seconds; ``on_lost`` is told of each result that is lost.
    """

    def __init__(
        self,
        write: Write[T],
        clock: Clock,
        counters: ProberCounters,
        *,
        capacity: int = CAPACITY,
        batch: int = BATCH,
        flush: float = FLUSH_SECONDS,
        longest_pause: float = LONGEST_PAUSE,
        on_lost: Callable[[T], None] | None = None,
    ) -> None:
        self._write_all = write
        self._clock = clock
        self._counters = counters
        self._capacity = capacity
        self._batch = batch
        self._flush_seconds = flush
        self._longest_pause = longest_pause
        self._on_lost = on_lost
        self._waiting: deque[T] = deque()
        self._writing: list[T] = []
        self._write: asyncio.Task[None] | None = None
        self._arrived = asyncio.Event()
        self._full_batch = asyncio.Event()
        self._failing = False
        self._losing = False

    def put(self, result: T) -> None:
        """Have ``result`` written soon."""
        self._waiting.append(result)
        self._trim()
        self._arrived.set()
        if len(self._waiting) >= self._batch:
            self._full_batch.set()

    async def run(self) -> None:
        """Write results as they come, until cancelled."""
        pause = self._flush_seconds
        while True:
            await self._arrived.wait()
            if self._failing:
                await self._clock.sleep(pause)
            else:
                await self._gather()
            written = await self._flush()
            pause = self._flush_seconds if written else min(self._longest_pause, pause * 2)

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Write what still waits, within ``seconds``; what cannot be written is lost, counted and said."""
        try:
            async with asyncio.timeout(seconds):
                while (self._waiting or self._writing) and await self._flush():
                    pass
        except TimeoutError:
            if self._write is not None:
                self._write.cancel()
                await asyncio.gather(self._write, return_exceptions=True)
        lost = [*self._writing, *self._waiting]
        if lost:
            log.error("results could not be written in the end and are lost", lost=len(lost))
            self._lose(lost)
        self._waiting.clear()
        self._writing.clear()
        # So that it can be run again.
        self._write = None
        self._arrived.clear()
        self._counters.queued = 0

    async def _gather(self) -> None:
        """Wait for more results, until there are enough of them or the first has waited long enough."""
        self._full_batch.clear()
        if len(self._waiting) >= self._batch:
            return
        sleeping = asyncio.ensure_future(self._clock.sleep(self._flush_seconds))
        filling = asyncio.ensure_future(self._full_batch.wait())
        try:
            await asyncio.wait({sleeping, filling}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            filling.cancel()

    async def _flush(self) -> bool:
        """Write one batch; False when the store failed, in which case the results wait on.

        A write that has begun is never begun again before it has ended, not even by ``close``: whether it
        came through is known only then, and no result is to be written twice.
        """
        if self._write is None:
            self._writing = [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
            self._write = asyncio.create_task(self._write_batch())
        try:
            await asyncio.shield(self._write)
        except StoreError as error:
            self._keep_for_later(error)
            return False
        except Exception:
            # Results that no store takes would keep all others waiting for ever.
            log.exception("results could not be written and are lost", lost=len(self._writing))
            self._lose(self._writing)
            self._done()
            return True
        if self._failing:
            log.info("results are written again", waiting=len(self._waiting))
        self._failing = self._losing = False
        self._counters.written += len(self._writing)
        self._done()
        return True

    async def _write_batch(self) -> None:
        for transition in await self._write_all(self._writing):
            log_change(transition)

    def _done(self) -> None:
        self._writing = []
        self._write = None
        if not self._waiting:
            self._arrived.clear()
        self._counters.queued = len(self._waiting)

    def _keep_for_later(self, error: StoreError) -> None:
        self._waiting.extendleft(reversed(self._writing))
        self._writing = []
        self._write = None
        self._counters.write_failures += 1
        self._trim()
        if not self._failing:
            self._failing = True
            log.warning("results wait: the store does not take them", reason=str(error))

    def _trim(self) -> None:
        """Keep to the capacity, at the cost of the oldest."""
        excess = len(self._waiting) + len(self._writing) - self._capacity
        for _ in range(min(excess, len(self._waiting))):
            self._lose([self._waiting.popleft()])
            if not self._losing:
                self._losing = True
                log.error("too many results wait; the oldest are lost from here on", capacity=self._capacity)
        self._counters.queued = len(self._waiting) + len(self._writing)

    def _lose(self, results: Sequence[T]) -> None:
        self._counters.dropped += len(results)
        if self._on_lost is not None:
            for result in results:
                self._on_lost(result)


class Recorder(Writer[Result]):
    """A writer of results as they are."""

    def __init__(
        self,
        store: Records,
        clock: Clock,
        counters: ProberCounters,
        *,
        capacity: int = CAPACITY,
        batch: int = BATCH,
    ) -> None:
        async def write(results: Sequence[Result]) -> Sequence[Transition]:
            checks = [result for result in results if isinstance(result, Check)]
            measurements = [result for result in results if isinstance(result, Measurement)]
            return await store.record(checks, measurements)

        super().__init__(write, clock, counters, capacity=capacity, batch=batch)
