"""The prober: makes each probe when it is due, within the bounds, and has its result recorded."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog

from openmodels.clock import Clock
from openmodels.prober.connectivity import Connectivity
from openmodels.prober.plan import Plan
from openmodels.prober.probing import Probing
from openmodels.prober.recorder import Recorder
from openmodels.prober.results import ProberCounters
from openmodels.prober.schedule import Job, Schedule, Turn
from openmodels.prober.turns import take_turn

log: Any = structlog.get_logger(__name__)

LONGEST_WAIT = 10.0
"""The longest sleep in seconds: a machine that was suspended, or whose clock was set, notices within it."""
CLOCK_SLACK = 1.0
"""Seconds by which a clock may go back, as clocks do that are kept right, before the plan is made anew."""


class Prober:
    """Probes by a plan until it is cancelled.

    ``make_plan`` gives the plan; it is called in a thread at the start and after each ``replan``.
    ``concurrency`` bounds the probes under way at a time. A provider has at most one check and one
    measurement under way, and jobs that were slow the last time have half of the places at most: so however
    many providers hang, they keep each other waiting, and nobody else.
    """

    def __init__(
        self,
        make_plan: Callable[[], Plan],
        probing: Probing,
        *,
        connectivity: Connectivity,
        recorder: Recorder,
        clock: Clock,
        counters: ProberCounters,
        concurrency: int,
        region: str,
    ) -> None:
        self._make_plan = make_plan
        self._probing = probing
        self._connectivity = connectivity
        self._recorder = recorder
        self._clock = clock
        self._concurrency = concurrency
        self._schedule = Schedule(region)
        self._plan: Plan | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._slow: set[Job] = set()
        self._slow_running: set[Job] = set()
        self._parked: deque[Turn] = deque()
        self._awake = asyncio.Event()
        self._stale = True
        self._crowded = False
        self.counters = counters
        """What it counts of itself."""

    @property
    def revision(self) -> str | None:
        """The revision by which it probes; None before the first plan is made."""
        return self._plan.revision if self._plan else None

    def replan(self) -> None:
        """Go by another plan from the next probe on: call this when a new revision is taken up."""
        self._stale = True
        self._awake.set()

    async def run(self) -> None:
        """Probe until cancelled; then drop the probes under way, and write the results that there are."""
        recording = asyncio.create_task(self._recorder.run())
        try:
            await self._probe()
        finally:
            while self._parked:
                self._schedule.finished(self._parked.popleft().job)
            for task in self._running:
                task.cancel()
            recording.cancel()
            await asyncio.gather(recording, *self._running, return_exceptions=True)
            await self._connectivity.close()
            await self._recorder.close()

    async def _probe(self) -> None:
        latest = self._clock.unix()
        # What fell due since this was cancelled, if it was, may have been another process's to probe.
        self._schedule.rejoin(latest)
        while True:
            self._awake.clear()
            if self._stale:
                await self._take_up_plan()
            now = self._clock.unix()
            if now < latest - CLOCK_SLACK:
                log.warning("the clock was set back; the plan starts anew", seconds=round(latest - now))
                self._schedule.rejoin(now)
                latest = now
            latest = max(latest, now)
            await self._pause(self._start_due(now))

    async def _take_up_plan(self) -> None:
        self._stale = False
        try:
            # In a thread, so that probes under way are timed right and requests are answered meanwhile.
            plan = await asyncio.to_thread(self._make_plan)
        except Exception:
            # Without this, one revision that cannot be planned would end all probing.
            log.exception("the new revision cannot be planned; going on by the one before")
            return
        self._plan = plan
        intervals = plan.intervals()
        self._schedule.plan(intervals, self._clock.unix())
        self._slow &= intervals.keys()
        log.info(
            "probing",
            revision=plan.revision,
            checked=sum(job.kind == "health" for job in intervals),
            measured_if_there_are_keys=sum(job.kind == "latency" for job in intervals),
        )

    def _start_due(self, now: float) -> float:
        """Start what is due and has a place; the seconds until there may be more to start."""
        while len(self._running) < self._concurrency:
            turn = self._schedule.take(now)
            self.counters.skipped = self._schedule.skipped
            if turn is None:
                next_at = self._schedule.next_at(now)
                return LONGEST_WAIT if next_at is None else min(LONGEST_WAIT, next_at - now)
            if turn.job in self._slow and len(self._slow_running) >= self._slow_places:
                self._parked.append(turn)
            else:
                self._start(turn)
        next_at = self._schedule.next_at(now)
        if next_at is not None and next_at <= now and not self._crowded:
            self._crowded = True
            log.warning(
                "as many probes are under way as may be; others wait, and are skipped when they are late",
                concurrency=self._concurrency,
            )
        # The next one that ends wakes the loop.
        return LONGEST_WAIT

    def _start(self, turn: Turn) -> None:
        if turn.job in self._slow:
            self._slow_running.add(turn.job)
        task = asyncio.create_task(self._take_turn(turn))
        self._running.add(task)
        self.counters.running = len(self._running)

        def ended(task: asyncio.Task[None]) -> None:
            self._running.discard(task)
            self._slow_running.discard(turn.job)
            self._schedule.finished(turn.job)
            if not task.cancelled():
                self._unpark()
            self.counters.running = len(self._running)
            if len(self._running) == self._concurrency - 1:
                self._awake.set()
            if len(self._running) <= self._concurrency // 2:
                self._crowded = False

        task.add_done_callback(ended)

    def _unpark(self) -> None:
        """Start the slow job that waits longest, if it has a place; those that are late are given up."""
        while self._parked and len(self._slow_running) < self._slow_places:
            turn = self._parked.popleft()
            if self._schedule.is_late(turn, self._clock.unix()):
                self._schedule.give_up(turn.job)
                self.counters.skipped = self._schedule.skipped
            else:
                self._start(turn)

    @property
    def _slow_places(self) -> int:
        return max(1, self._concurrency // 2)

    async def _take_turn(self, turn: Turn) -> None:
        plan = self._plan.providers.get(turn.job.provider_id) if self._plan else None
        if plan is None:
            return
        taken = await take_turn(self._probing, plan, turn.job, turn.slot, self.counters)
        if taken is not None and taken.slow:
            self._slow.add(turn.job)
        elif taken is not None:
            self._slow.discard(turn.job)

    async def _pause(self, seconds: float) -> None:
        """Return after so long, or when there is something to do before."""
        sleeping = asyncio.ensure_future(self._clock.sleep(max(0.0, seconds)))
        waking = asyncio.ensure_future(self._awake.wait())
        try:
            await asyncio.wait({sleeping, waking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            waking.cancel()
