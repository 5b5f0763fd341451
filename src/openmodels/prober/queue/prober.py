"""The prober of a process that is one of many: takes the turns of its region from the queue."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog

from openmodels.clock import Clock
from openmodels.prober.connectivity import Connectivity
from openmodels.prober.plan import Plan
from openmodels.prober.queue.pace import Pace
from openmodels.prober.queue.planner import Planner
from openmodels.prober.queue.queue import Failures, ProbeQueue
from openmodels.prober.queue.taker import QueuedTurn, TurnTaker
from openmodels.prober.results import ProberCounters

log: Any = structlog.get_logger(__name__)

STEADY_SECONDS = 30.0
"""A queue that worked for this long and failed then is tried again as soon as at first."""

OpenQueue = Callable[[], AbstractAsyncContextManager[ProbeQueue]]
"""Opens the region's queue. Entering raises one of ``Failures`` while the database is away."""


class QueueProber:
    """Probes by a plan until it is cancelled, together with all others of its region.

    ``make_plan`` gives the plan; it is called in a thread at the start and after each ``replan``. Each of
    them plans in its turn, and each takes what it has a place for. ``explain`` puts into words why the
    database failed, without a secret.
    """

    def __init__(
        self,
        make_plan: Callable[[], Plan],
        open_queue: OpenQueue,
        *,
        taker: TurnTaker,
        planner: Planner,
        connectivity: Connectivity,
        clock: Clock,
        counters: ProberCounters,
        explain: Callable[[BaseException], str],
        pace: Pace,
    ) -> None:
        self._make_plan = make_plan
        self._open_queue = open_queue
        self._taker = taker
        self._planner = planner
        self._connectivity = connectivity
        self._clock = clock
        self._explain = explain
        self._pace = pace
        self._stale = asyncio.Event()
        self._stale.set()
        self._planned = asyncio.Event()
        self._away = False
        self.counters = counters
        """What it counts of itself."""

    @property
    def revision(self) -> str | None:
        """The revision by which it probes; None before the first plan is made."""
        return self._taker.plan.revision if self._taker.plan else None

    def replan(self) -> None:
        """Go by another plan from the next turns on: call this when a new revision is taken up."""
        self._stale.set()

    async def run(self) -> None:
        """Probe until cancelled; then give back what is under way, and write the results that there are."""
        beside = [asyncio.create_task(self._follow_plan()), asyncio.create_task(self._taker.run())]
        probing = asyncio.create_task(self._probe())
        try:
            # None of them ends but by a fault. Without this, one that did would leave the others at work in
            # vain, and nobody would know.
            ended, _ = await asyncio.wait([probing, *beside], return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            # First, since it gives back what it has not finished while results are still written.
            probing.cancel()
            await asyncio.gather(probing, return_exceptions=True)
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self._connectivity.close()

    async def _follow_plan(self) -> None:
        while True:
            await self._stale.wait()
            self._stale.clear()
            try:
                # In a thread, so that probes under way are timed right and requests are answered meanwhile.
                plan = await asyncio.to_thread(self._make_plan)
            except Exception:
                # Without this, one revision that cannot be planned would end all probing.
                log.exception("the new revision cannot be planned; going on by the one before")
                continue
            self._taker.plan = plan
            self._planned.set()
            jobs = plan.intervals()
            log.info(
                "probing",
                revision=plan.revision,
                checked=sum(job.kind == "health" for job in jobs),
                measured_if_there_are_keys=sum(job.kind == "latency" for job in jobs),
            )

    async def _probe(self) -> None:
        """Work as long as the database is there, and come back when it is."""
        await self._planned.wait()
        pause = self._pace.first_pause
        while True:
            begun = self._clock.unix()
            reason = "its worker ended"
            try:
                async with self._open_queue() as queue:
                    self._say_back()
                    await queue.work(
                        self._take,
                        lambda queue=queue: self._plan(queue),  # type: ignore[misc]  # bound, not passed
                        late=self._skip,
                        concurrency=self._taker.concurrency,
                        clock=self._clock,
                    )
            except Failures as error:
                reason = self._explain(error)
            self._say_away(reason)
            if self._clock.unix() - begun > STEADY_SECONDS:
                pause = self._pace.first_pause
            await self._clock.sleep(pause)
            pause = min(self._pace.longest_pause, pause * 2)

    async def _take(self, queued: QueuedTurn, again: bool) -> None:
        await self._taker.take(queued, again=again)

    def _skip(self, turns: int) -> None:
        self.counters.skipped += turns

    async def _plan(self, queue: ProbeQueue) -> None:
        if self._taker.plan is not None:
            await self._planner.plan(self._taker.plan, queue)

    def _say_away(self, reason: str) -> None:
        if not self._away:
            self._away = True
            log.warning("the queue of probes does not answer; nothing is probed meanwhile", reason=reason)

    def _say_back(self) -> None:
        if self._away:
            self._away = False
            log.info("the queue of probes answers again", waiting=self.counters.queued)
