"""Plans the turns of a region: whoever of its workers is first, by the database's clock."""

import asyncio
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import structlog

from openmodels.clock import Clock
from openmodels.errors import StoreError
from openmodels.prober.plan import Plan
from openmodels.prober.queue.pace import Pace
from openmodels.prober.queue.queue import ProbeQueue
from openmodels.prober.queue.timetable import PlannedTurn, Timetable, intervals_for
from openmodels.store.cluster_ports import ClusterStore
from openmodels.store.turn_ports import TurnKey, TurnStore

log: Any = structlog.get_logger(__name__)

LASTING = timedelta(minutes=15)
"""How long a region still counts among those that share the daily limits when nobody is heard of there any
more: intervals, and so turns, should not change with every restart of a worker."""
CLOCK_SLACK = 60.0
"""Seconds by which a region may be planned further ahead than anybody plans; beyond it, the database's
clock was wrong."""


class Planner:
    """Puts turns into the queue of its region."""

    def __init__(
        self, store: TurnStore, cluster: ClusterStore, clock: Clock, *, region: str, pace: Pace
    ) -> None:
        self._store = store
        self._cluster = cluster
        self._clock = clock
        self._region = region
        self._pace = pace
        self._regions = 1
        self._slow: Collection[TurnKey] = ()
        self._made_for: tuple[Plan, int] | None = None
        self._timetable = Timetable({}, region)

    async def plan(self, plan: Plan, queue: ProbeQueue) -> None:
        """Put into the queue what is due from where the last one stopped. Raises what the queue raises.

        Of any number who do so at once or soon after one another one does it.
        """
        await self._look_around()
        if self._made_for != (plan, self._regions):
            intervals = intervals_for(plan, self._regions)
            self._timetable = await asyncio.to_thread(Timetable, intervals, self._region)
            self._made_for = (plan, self._regions)
        async with queue.planning() as planning:
            if planning.others:
                return
            # Not by the own clock: of two that disagree, each would plan what the other had planned.
            now = planning.now
            until = now + self._pace.ahead
            after = now if planning.until is None else planning.until
            if after > until + CLOCK_SLACK:
                log.warning(
                    "the database's clock was set back; the plan starts anew", seconds=round(after - until)
                )
                after = now
            # What another planned just now will do; half, so that a single planner never finds it so.
            if after <= until - self._pace.plan / 2:
                # In a thread, so that probes under way are timed right.
                turns = await asyncio.to_thread(self._timetable.turns, after, until, now=now)
                await planning.put(turns, slow=self._is_slow)
                await planning.done(until)

    def _is_slow(self, turn: PlannedTurn) -> bool:
        return TurnKey(self._region, turn.job.kind, turn.job.provider_id) in self._slow

    async def _look_around(self) -> None:
        """How many regions there are, and who is slow; where nobody answers, as it was."""
        now = self._clock.now()
        try:
            known = await self._cluster.regions(alive_since=now - LASTING)
            self._slow = set(await self._store.slow_turns(self._region))
        except StoreError as error:
            log.debug("planned by what was known before", reason=str(error))
            return
        others = sum(seen.probers > 0 and seen.region != self._region for seen in known)
        self._regions = others + 1
