"""The stores in memory: for one process, for tests, and for trying things; nothing survives the process."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import TypeVar

from msgspec.structs import replace

from openmodels.domain.records import Registry, encode_record, revision_of
from openmodels.domain.standing import Standing, Transition, judge
from openmodels.domain.telemetry import (
    Check,
    HealthSummary,
    LatencySummary,
    Measurement,
    OfferingTelemetry,
    summarise_checks,
    summarise_measurements,
    uptime_percentage,
)
from openmodels.store.journal import Journal
from openmodels.store.kinds import KINDS, Key, Kind, difference, next_head, reported, require_base
from openmodels.store.memory_series import MemorySeriesStore
from openmodels.store.ports import Cursor, Head, NumberedTransition, PublishResult, Recorded
from openmodels.store.recording import advanced, in_order, newest_turns
from openmodels.store.turn_ports import Turn, TurnKey, TurnResult

_NO_REGISTRY = Registry()
_Kept = TypeVar("_Kept", Check, Measurement)


class MemoryRegistryStore:
    """A ``RegistryStore`` in memory; see the port for what each method promises."""

    def __init__(self) -> None:
        self._published: tuple[Head, Registry] | None = None
        self.journal = Journal()
        """What was published so far; ``MemoryHistoryStore`` reads it."""

    async def head(self) -> Head | None:
        """What is published, or None before the first publish."""
        return self._published[0] if self._published else None

    async def load(self) -> tuple[Head, Registry] | None:
        """The published registry, or None before the first publish."""
        return self._published

    async def publish(self, registry: Registry, *, base: str | None, at: datetime) -> PublishResult:
        """Replace the published registry."""
        previous, old = self._published or (None, _NO_REGISTRY)
        new = next_head(revision_of(registry), at, previous)
        if previous is not None and previous.revision == new.revision:
            return PublishResult(head=previous, previous=previous)
        require_base(previous, base)
        self._published = (new, registry)
        self.journal.publish(new, registry)
        found = {kind.name: difference(_by_key(old, kind), _by_key(registry, kind)) for kind in KINDS}
        return PublishResult(head=new, previous=previous, changes=reported(found))

    async def ping(self) -> None:
        """Memory always answers."""

    async def close(self) -> None:
        """There is nothing to let go of."""


class MemoryTelemetryStore(MemorySeriesStore):
    """A ``TelemetryStore`` in memory; see the port for what each method promises.

    Every answer is made from the single checks and measurements, and nothing is summed up: what ``forget``
    deletes is gone from every answer.
    """

    def __init__(self) -> None:
        super().__init__()
        self._standings: dict[str, Standing] = {}
        self._turns: dict[TurnKey, int] = {}
        self._slow: set[TurnKey] = set()
        self._transitions: list[NumberedTransition] = []
        self._cursor = Cursor(0, 0)
        self._last_probe_at: datetime | None = None
        self._transition = self._epoch = 0

    async def record(
        self, checks: Sequence[Check] = (), measurements: Sequence[Measurement] = ()
    ) -> tuple[Transition, ...]:
        """Keep all of these."""
        if not (checks or measurements):
            return ()
        self._epoch += 1
        check, measurement = self._cursor
        self._checks.update(enumerate(checks, check + 1))
        self._measurements.update(enumerate(measurements, measurement + 1))
        self._cursor = Cursor(check + len(checks), measurement + len(measurements))
        times = [c.checked_at for c in checks] + [m.measured_at for m in measurements]
        self._last_probe_at = max(times if self._last_probe_at is None else [*times, self._last_probe_at])
        standings, transitions = advanced(checks, self._standings)
        self._standings.update(standings)
        self._keep(transitions)
        return transitions

    async def record_turns(self, results: Sequence[TurnResult]) -> tuple[Transition, ...]:
        """Keep what is the first result of its turn."""
        kept = newest_turns(results, self._turns)
        for (key, slot), _, slow in kept:
            self._turns[key] = slot
            self._slow.discard(key)
            if slow:
                self._slow.add(key)
        records = [result.record for result in kept]
        return await self.record(
            [record for record in records if isinstance(record, Check)],
            [record for record in records if isinstance(record, Measurement)],
        )

    async def turn_recorded(self, turn: Turn) -> bool:
        """Whether a result of this turn, or of a later one of the same key, was kept."""
        return self._turns.get(turn.key, -1) >= turn.slot

    async def slow_turns(self, region: str) -> Collection[TurnKey]:
        """Whose last turn in this region took long."""
        return {key for key in self._slow if key.region == region}

    async def judge(self, provider_id: str, trouble: str, at: datetime) -> Transition | None:
        """Keep what an evaluation of a provider's answers found, and what it changed."""
        standing, transition = judge(self._standings.get(provider_id, Standing()), provider_id, trouble, at)
        if transition is None:
            return None
        self._epoch += 1
        self._standings[provider_id] = standing
        self._keep((transition,))
        return transition

    async def standings(self) -> Mapping[str, Standing]:
        """By provider id: how each provider that was ever checked stands."""
        return dict(sorted(self._standings.items()))

    async def transitions_after(self, number: int, *, limit: int) -> Sequence[NumberedTransition]:
        """The transitions recorded after that one, oldest first."""
        start = bisect_right(self._transitions, number, key=attrgetter("number"))
        return self._transitions[start : start + limit]

    async def cursor(self) -> Cursor:
        """The place after everything that is recorded now."""
        return self._cursor

    async def recorded_after(self, cursor: Cursor, *, limit: int) -> Recorded:
        """What was recorded after ``cursor``: at most ``limit`` checks and as many measurements."""
        return in_order(
            cursor,
            _after(self._checks, cursor.check, self._cursor.check, limit),
            _after(self._measurements, cursor.measurement, self._cursor.measurement, limit),
        )

    async def roll_up(self, now: datetime) -> bool:  # noqa: ARG002 - the port's
        """There is nothing to do: answers are made from what was recorded."""
        return False

    async def forget(self, *, raw_before: datetime, rollups_before: datetime) -> bool:
        """Delete all that is older at once."""
        checks = {n: c for n, c in self._checks.items() if c.checked_at >= raw_before}
        measurements = {n: m for n, m in self._measurements.items() if m.measured_at >= raw_before}
        incidents = {
            key: incident
            for key, incident in self._incidents.items()
            if incident.ended_at is None or incident.ended_at >= rollups_before
        }
        transitions = [kept for kept in self._transitions if kept.transition.at >= rollups_before]
        old = round(raw_before.timestamp() * 1_000_000)
        self._turns = {key: slot for key, slot in self._turns.items() if slot >= old}
        self._slow &= self._turns.keys()
        before = len(self._checks) + len(self._measurements) + len(self._incidents) + len(self._transitions)
        self._checks, self._measurements = checks, measurements
        self._incidents, self._transitions = incidents, transitions
        return before != len(checks) + len(measurements) + len(incidents) + len(transitions)

    async def epoch(self) -> int:
        """How often something was recorded."""
        return self._epoch

    async def health(
        self, provider_id: str, *, since: datetime, regions: Collection[str], limit: int
    ) -> HealthSummary:
        """The checks of one provider since then; ``limit`` of them one by one, newest first."""
        checks = [c for c in self._checks_in(since, regions) if c.provider_id == provider_id]
        incidents = [
            i
            for i in self._incidents.values()
            if i.provider_id == provider_id and (i.ended_at is None or i.ended_at >= since)
        ]
        return summarise_checks(
            _newest_first(checks), sorted(incidents, key=lambda i: i.started_at, reverse=True), limit=limit
        )

    async def latency(
        self,
        provider_id: str,
        *,
        since: datetime,
        regions: Collection[str],
        model_ids: Collection[str],
        limit: int,
    ) -> LatencySummary:
        """The measurements of one provider since then; ``limit`` of them one by one, newest first."""
        found = [
            m
            for m in self._measurements_in(since, regions)
            if m.provider_id == provider_id and (not model_ids or m.model_id in model_ids)
        ]
        newest = sorted(found, key=lambda m: m.measured_at)[::-1]
        return LatencySummary(timings=summarise_measurements(found), measurements=tuple(newest[:limit]))

    async def offerings(
        self, model_id: str, provider_ids: Collection[str], *, since: datetime, regions: Collection[str]
    ) -> Mapping[str, OfferingTelemetry]:
        """By provider id: what is known of this model at these providers."""
        wanted = frozenset(provider_ids)
        checks = _by_provider(c for c in self._checks_in(since, regions) if c.provider_id in wanted)
        measured = defaultdict(list)
        for measurement in self._measurements_in(since, regions):
            if measurement.model_id == model_id and measurement.provider_id in wanted:
                measured[measurement.provider_id].append(measurement)
        answers = {}
        for provider_id in sorted(checks.keys() | measured.keys()):
            of_provider = checks.get(provider_id, [])
            up = sum(check.status == "up" for check in of_provider)
            answers[provider_id] = OfferingTelemetry(
                checks_total=len(of_provider),
                uptime_percentage=uptime_percentage(up, len(of_provider) - up),
                timings=summarise_measurements(measured.get(provider_id, ())),
            )
        return answers

    async def checks_since(self, since: datetime) -> int:
        """How many checks were made since then."""
        return sum(check.checked_at >= since for check in self._checks.values())

    async def last_probe_at(self) -> datetime | None:
        """When the newest check or measurement was made, or None."""
        return self._last_probe_at

    def _checks_in(self, since: datetime, regions: Collection[str]) -> list[Check]:
        return [
            c for c in self._checks.values() if c.checked_at >= since and (not regions or c.region in regions)
        ]

    def _measurements_in(self, since: datetime, regions: Collection[str]) -> list[Measurement]:
        kept = self._measurements.values()
        return [m for m in kept if m.measured_at >= since and (not regions or m.region in regions)]

    def _keep(self, transitions: Iterable[Transition]) -> None:
        for transition in transitions:
            self._transition += 1
            bare = replace(transition, opens=None, closes=None)
            self._transitions.append(NumberedTransition(self._transition, bare))
            if (ended := transition.closes) is not None:
                key = (ended.provider_id, ended.started_at)
                if key in self._incidents:
                    self._incidents[key] = replace(self._incidents[key], ended_at=ended.ended_at)
            if (begun := transition.opens) is not None:
                self._incidents[begun.provider_id, begun.started_at] = begun


def _after(kept: Mapping[int, _Kept], number: int, newest: int, limit: int) -> list[tuple[int, _Kept]]:
    numbers = (n for n in range(max(0, number) + 1, newest + 1) if n in kept)
    return [(n, kept[n]) for n in islice(numbers, limit)]


def _newest_first(checks: Sequence[Check]) -> list[Check]:
    # Reversed after the stable sort: of two at the same instant, the one recorded later is the newer.
    return sorted(checks, key=lambda check: check.checked_at)[::-1]


def _by_provider(checks: Iterable[Check]) -> dict[str, list[Check]]:
    groups = defaultdict(list)
    for check in checks:
        groups[check.provider_id].append(check)
    return dict(groups)


def _by_key(registry: Registry, kind: Kind) -> dict[Key, bytes]:
    return {kind.key_of(record): encode_record(record) for record in getattr(registry, kind.name)}
