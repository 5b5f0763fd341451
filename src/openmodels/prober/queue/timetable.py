"""Which turns are due in a stretch of time. Pure: times are seconds since 1970.

Turns are where ``schedule.phase`` puts them, so that every worker of a region comes to the same ones, and a
turn is known by when it was due.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from openmodels.prober.plan import Plan
from openmodels.prober.schedule import HASTE, SMALLEST_RATE, Job, phase

DAY = 86_400


class PlannedTurn(NamedTuple):
    """A turn to be put into the queue."""

    job: Job
    number: int
    """Which one of all turns since 1970: whose turn it is among a provider's offerings."""
    due: float
    """When it is due."""
    start: float
    """When it may begin: later than it was due only where many are late."""
    interval: int
    """Seconds until the job's next turn; late by more than this, it is not made."""


def intervals_for(plan: Plan, regions: int) -> dict[Job, int]:
    """Every job with its interval, in seconds, where so many regions share the daily limits.

    A provider's limit is for all regions together. Without this, more regions than its interval provides for
    would have used it up before the day is over, and nothing would be known of the rest of each day.
    """
    intervals = plan.intervals()
    for job, interval in intervals.items():
        limit = plan.providers[job.provider_id].policy.daily_limit
        if job.kind == "latency" and limit > 0:
            intervals[job] = max(interval, math.ceil(DAY * regions / limit))
    return intervals


class Timetable:
    """The turns of a region's jobs."""

    def __init__(self, intervals: Mapping[Job, int], region: str) -> None:
        self._rows = [(job, interval, phase(job, interval, region)) for job, interval in intervals.items()]
        # As many as an in-process prober starts in one second: see ``Schedule``.
        self._rate = max(SMALLEST_RATE, math.ceil(HASTE * sum(1 / every for every in intervals.values())))

    def turns(self, after: float, until: float, *, now: float) -> list[PlannedTurn]:
        """The turns due in (after, until], of those that are past the newest of each job.

        Those that are past begin one after the other, the one that is soonest too late first, and those that
        would not have begun by ``until`` are given up: so no pause, however long it was, ends in a burst, and
        the queue stays short.
        """
        ahead: list[PlannedTurn] = []
        past: list[PlannedTurn] = []
        for job, interval, own in self._rows:
            first = max(math.floor((after - own) / interval) + 1, math.floor((now - own) / interval))
            for number in range(first, math.floor((until - own) / interval) + 1):
                due = own + number * interval
                turns = ahead if due > now else past
                turns.append(PlannedTurn(job, number, due, due, interval))
        past.sort(key=lambda turn: turn.due + turn.interval)
        room = max(0, math.ceil((until - now) * self._rate))
        spread = [turn._replace(start=now + place / self._rate) for place, turn in enumerate(past[:room])]
        return spread + sorted(ahead, key=lambda turn: turn.due)
