"""Takes the turns that the queue gives to this process: from a job's arguments to a result that is kept."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import structlog
from msgspec import Struct
from msgspec.structs import replace

from openmodels.clock import Clock
from openmodels.domain.standing import Transition
from openmodels.errors import StoreError
from openmodels.prober.plan import Plan, ProviderPlan
from openmodels.prober.probing import Probing
from openmodels.prober.queue.pace import Pace
from openmodels.prober.recorder import Writer
from openmodels.prober.results import ProberCounters
from openmodels.prober.schedule import Job, Kind
from openmodels.prober.turns import take_turn
from openmodels.store.turn_ports import Turn, TurnKey, TurnResult, TurnStore

log: Any = structlog.get_logger(__name__)


class QueuedTurn(Struct, frozen=True, kw_only=True):
    """A turn as it is in the queue: what any worker needs to know to take it."""

    kind: Kind
    provider_id: str
    number: int
    """Which one of all turns since 1970."""
    slot: int
    """When it was due, in microseconds since 1970: by this it is known."""
    interval: int
    """Seconds from its due time after which it is too late."""

    @property
    def job(self) -> Job:
        """What is probed."""
        return Job(self.provider_id, self.kind)

    def key(self, region: str) -> Turn:
        """How results of it are told apart."""
        return Turn(TurnKey(region, self.kind, self.provider_id), self.slot)


class _Waiting(NamedTuple):
    """A result, and who waits until it is written."""

    result: TurnResult
    settled: asyncio.Future[None]


class TurnTaker:
    """Makes the probes of turns, ``concurrency`` at a time, and has their results written.

    ``take`` returns when the result is kept, or when it is certain that there is none. What it began goes on
    when the one who waits for it is cancelled: so a queue that goes away takes no result with it.
    """

    def __init__(
        self,
        probing: Probing,
        store: TurnStore,
        clock: Clock,
        counters: ProberCounters,
        *,
        region: str,
        concurrency: int,
        pace: Pace,
    ) -> None:
        self._probing = probing
        self._store = store
        self._clock = clock
        self._counters = counters
        self._region = region
        self.concurrency = concurrency
        """How many probes it makes at a time."""
        self._places = asyncio.Semaphore(concurrency)
        self._under_way: dict[Turn, asyncio.Task[None]] = {}
        self._probed: set[TurnKey] = set()
        self._crowded = False
        self._writer: Writer[_Waiting] = Writer(
            self._write,
            clock,
            counters,
            flush=pace.flush,
            longest_pause=pace.longest_pause,
            on_lost=_settle,
        )
        self.plan: Plan | None = None
        """By which it probes."""

    async def run(self) -> None:
        """Write results until cancelled; then drop the probes under way, and write what there is."""
        try:
            await self._writer.run()
        finally:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)
            await self._writer.close()

    async def take(self, queued: QueuedTurn, *, again: bool) -> None:
        """Take this turn. ``again`` says that another may have done so before, who did not say how it ended.

        Raises nothing.
        """
        turn = queued.key(self._region)
        task = self._under_way.get(turn)
        if task is None:
            task = asyncio.create_task(self._see_through(queued, turn, again))
            self._under_way[turn] = task
            task.add_done_callback(lambda _: self._under_way.pop(turn, None))
        await asyncio.shield(task)

    async def _see_through(self, queued: QueuedTurn, turn: Turn, again: bool) -> None:
        if self._is_late(queued) or (again and await self._recorded(turn)):
            return
        async with self._places:
            plan = self._plan_of(queued)
            if plan is None or self._is_late(queued):
                return
            if turn.key in self._probed:
                # The one before still runs.
                self._counters.skipped += 1
                return
            self._probed.add(turn.key)
            self._counters.running += 1
            try:
                taken = await take_turn(self._probing, plan, queued.job, queued.number, self._counters)
            finally:
                self._counters.running -= 1
                self._probed.discard(turn.key)
        if taken is None or taken.attempt.probed is None or taken.attempt.reason:
            return
        settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._writer.put(_Waiting(TurnResult(turn, taken.attempt.probed.record, taken.slow), settled))
        await settled

    def _plan_of(self, queued: QueuedTurn) -> ProviderPlan | None:
        """How the provider is probed now; None when it is not, or no longer.

        Who planned the turn may have gone by another revision, which this process has not taken up yet.
        """
        plan = self.plan.providers.get(queued.provider_id) if self.plan else None
        if plan is None or plan.unprobed:
            return None
        if queued.kind != "health" and not plan.choices:
            return None
        if queued.interval < plan.target.timeout:
            # Else the next turn's result could come first, from another process, and this one be old news.
            return replace(plan, target=replace(plan.target, timeout=float(queued.interval)))
        return plan

    def _is_late(self, queued: QueuedTurn) -> bool:
        late = self._clock.unix() - queued.slot / 1_000_000 > queued.interval
        if late:
            self._counters.skipped += 1
            if not self._crowded and self._places.locked():
                self._crowded = True
                log.warning(
                    "as many probes are under way as may be; others wait, and are skipped when they are late",
                    concurrency=self.concurrency,
                )
        elif not self._places.locked():
            self._crowded = False
        return late

    async def _recorded(self, turn: Turn) -> bool:
        try:
            return await self._store.turn_recorded(turn)
        except StoreError:
            # At worst the provider is asked twice: of two results one is kept.
            return False

    async def _write(self, waiting: Sequence[_Waiting]) -> Sequence[Transition]:
        transitions = await self._store.record_turns([each.result for each in waiting])
        for each in waiting:
            _settle(each)
        return transitions


def _settle(waiting: _Waiting) -> None:
    """Let the job end: the result is kept, or lost for good."""
    if not waiting.settled.done():
        waiting.settled.set_result(None)
