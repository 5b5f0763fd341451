"""When each probe is due.

Pure: it knows jobs by name and interval, and times as seconds since 1970. A job is due at ``phase + k ×
interval`` for whole k, its phase being a hash of its name: so any number of jobs are spread evenly over their
interval, a restart changes no one's turn, and k, the *slot*, is the same number for every prober.
"""

import hashlib
import heapq
import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

Kind = Literal["health", "latency"]

SMALLEST_RATE = 20
"""How many probes may start in any one second, however few there are."""
HASTE = 3
"""How many times as many as are due in a second on average may start in one: enough for what chance heaps
together, and to catch up after a short pause without a burst."""


class Job(NamedTuple):
    """What is probed: a provider, in one of two ways."""

    provider_id: str
    kind: Kind


class Turn(NamedTuple):
    """A probe that is due."""

    job: Job
    slot: int
    """Which one of all turns since 1970."""
    at: float
    """When it was due."""


def phase(job: Job, interval: int, region: str = "") -> float:
    """Where in its interval the job's turns are: 0 <= phase < interval, the same on every machine.

    Another in each region: probers that all ask in the same second would all see the same blip.
    """
    digest = hashlib.blake2b(f"{region}:{job.kind}:{job.provider_id}".encode(), digest_size=6).digest()
    return int.from_bytes(digest) / 2**48 * interval


class _Entry:
    """A job's place in the plan."""

    __slots__ = ("at", "interval", "phase", "slot")

    def __init__(self, job: Job, interval: int, now: float, region: str) -> None:
        self.interval = interval
        self.phase = phase(job, interval, region)
        self.slot = 0
        self.at = 0.0
        self.move_after(now)

    def move_after(self, now: float) -> None:
        """Go to the first turn after ``now``."""
        self.slot = math.floor((now - self.phase) / self.interval) + 1
        self.at = self.phase + self.slot * self.interval
        if self.at <= now:  # rounding, far from 1970
            self.slot += 1
            self.at = self.phase + self.slot * self.interval


class Schedule:
    """Hands out turns, each job's in order and never two of a job at a time; O(log n) for each."""

    def __init__(self, region: str = "") -> None:
        self._region = region
        self._entries: dict[Job, _Entry] = {}
        self._heap: list[tuple[float, Job]] = []
        self._running: set[Job] = set()
        self._rate = SMALLEST_RATE
        self._second = 0
        self._started = 0
        self.skipped = 0
        """Turns given up: late by more than their interval, or due while the one before still ran."""

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def rate(self) -> int:
        """How many probes may start in any one second."""
        return self._rate

    def plan(self, intervals: Mapping[Job, int], now: float) -> None:
        """Have exactly these jobs from here on, by their intervals in seconds.

        A job that is there already with the same interval keeps its turn; others begin after ``now``.
        """
        entries = {}
        for job, interval in intervals.items():
            kept = self._entries.get(job)
            same = kept is not None and kept.interval == interval
            entries[job] = kept if kept and same else _Entry(job, interval, now, self._region)
        self._entries = entries
        self._rate = max(SMALLEST_RATE, math.ceil(HASTE * sum(1 / e.interval for e in entries.values())))
        self._rebuild()

    def rejoin(self, now: float) -> None:
        """Start counting from ``now``, which is earlier than it was: the clock was set back."""
        for entry in self._entries.values():
            entry.move_after(now)
        self._second = 0
        self._rebuild()

    def next_at(self, now: float) -> float | None:
        """When to ``take`` next; None when there is nothing to wait for."""
        if not self._heap:
            return None
        due = self._heap[0][0]
        spent = self._second == math.floor(now) and self._started >= self._rate
        return max(due, self._second + 1) if spent else due

    def take(self, now: float) -> Turn | None:
        """The turn that has been due longest, which now counts as running; None when none may start now.

        A turn that is late by more than its interval is given up together with what it would push aside: the
        job goes on with its next turn in the future, so that no pause ends in a burst.
        """
        second = math.floor(now)
        if second != self._second:
            self._second, self._started = second, 0
        while self._heap and self._heap[0][0] <= now and self._started < self._rate:
            at, job = self._heap[0]
            entry = self._entries[job]
            slot, late = entry.slot, now - at
            entry.move_after(now)
            heapq.heapreplace(self._heap, (entry.at, job))
            if late > entry.interval or job in self._running:
                self.skipped += 1
                continue
            self._running.add(job)
            self._started += 1
            return Turn(job, slot, at)
        return None

    def is_late(self, turn: Turn, now: float) -> bool:
        """Whether a turn that was taken is late by more than its interval, or its job is gone."""
        entry = self._entries.get(turn.job)
        return entry is None or now - turn.at > entry.interval

    def give_up(self, job: Job) -> None:
        """The turn that was taken is not made."""
        self.skipped += 1
        self.finished(job)

    def finished(self, job: Job) -> None:
        """The job's running probe has ended."""
        self._running.discard(job)

    def _rebuild(self) -> None:
        self._heap = [(entry.at, job) for job, entry in self._entries.items()]
        heapq.heapify(self._heap)
