"""The stores in memory: for one process, for tests, and for trying things; nothing survives the process."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from openmodels.domain.records import Registry, encode_record, revision_of
from openmodels.domain.telemetry import (
    STATE_CHECKS,
    Check,
    HealthSummary,
    Incident,
    LatencySummary,
    Measurement,
    OfferingTelemetry,
    ProviderState,
    state_of,
    summarise_checks,
    summarise_measurements,
    uptime_percentage,
)
from openmodels.store.kinds import KINDS, Key, Kind, difference, reported, require_base
from openmodels.store.ports import Head, PublishResult

_NO_REGISTRY = Registry()


class MemoryRegistryStore:
    """A ``RegistryStore`` in memory; see the port for what each method promises."""

    def __init__(self) -> None:
        self._published: tuple[Head, Registry] | None = None

    async def head(self) -> Head | None:
        """What is published, or None before the first publish."""
        return self._published[0] if self._published else None

    async def load(self) -> tuple[Head, Registry] | None:
        """The published registry, or None before the first publish."""
        return self._published

    async def publish(self, registry: Registry, *, base: str | None, at: datetime) -> PublishResult:
        """Replace the published registry."""
        previous, old = self._published or (None, _NO_REGISTRY)
        new = Head(revision=revision_of(registry), published_at=at)
        if previous is not None and previous.revision == new.revision:
            return PublishResult(head=previous, previous=previous)
        require_base(previous, base)
        self._published = (new, registry)
        found = {kind.name: difference(_by_key(old, kind), _by_key(registry, kind)) for kind in KINDS}
        return PublishResult(head=new, previous=previous, changes=reported(found))

    async def ping(self) -> None:
        """Memory always answers."""

    async def close(self) -> None:
        """There is nothing to let go of."""


class MemoryTelemetryStore:
    """A ``TelemetryStore`` in memory; see the port for what each method promises."""

    def __init__(self) -> None:
        self._checks: list[Check] = []
        self._measurements: list[Measurement] = []
        self._incidents: dict[tuple[str, datetime], Incident] = {}
        self._epoch = 0

    async def record(
        self,
        checks: Sequence[Check] = (),
        measurements: Sequence[Measurement] = (),
        incidents: Sequence[Incident] = (),
    ) -> None:
        """Keep all of these."""
        if not (checks or measurements or incidents):
            return
        self._epoch += 1
        self._checks.extend(checks)
        self._measurements.extend(measurements)
        self._incidents.update({(i.provider_id, i.started_at): i for i in incidents})

    async def epoch(self) -> int:
        """How often something was recorded."""
        return self._epoch

    async def health(
        self, provider_id: str, *, since: datetime, region: str | None, limit: int
    ) -> HealthSummary:
        """The checks of one provider since then; ``limit`` of them one by one, newest first."""
        checks = [c for c in self._checks_in(since, region) if c.provider_id == provider_id]
        incidents = [
            i
            for i in self._incidents.values()
            if i.provider_id == provider_id and (i.ended_at is None or i.ended_at >= since)
        ]
        return summarise_checks(
            _newest_first(checks), sorted(incidents, key=lambda i: i.started_at, reverse=True), limit=limit
        )

    async def latency(
        self, provider_id: str, *, since: datetime, region: str | None, model_id: str | None, limit: int
    ) -> LatencySummary:
        """The measurements of one provider since then; ``limit`` of them one by one, newest first."""
        found = [
            m
            for m in self._measurements_in(since, region)
            if m.provider_id == provider_id and model_id in (None, m.model_id)
        ]
        newest = sorted(found, key=lambda m: m.measured_at)[::-1]
        return LatencySummary(timings=summarise_measurements(found), measurements=tuple(newest[:limit]))

    async def offerings(
        self, model_id: str, *, since: datetime, region: str | None
    ) -> Mapping[str, OfferingTelemetry]:
        """By provider id: what is known of this model's offerings."""
        checks = _by_provider(self._checks_in(since, region))
        measured = defaultdict(list)
        for measurement in self._measurements_in(since, region):
            if measurement.model_id == model_id:
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

    async def states(self, now: datetime) -> Mapping[str, ProviderState]:
        """By provider id: how each provider that was ever checked is doing."""
        return {
            provider_id: state_of(_newest_first(checks)[:STATE_CHECKS], now)
            for provider_id, checks in sorted(_by_provider(self._checks).items())
        }

    async def checks_since(self, since: datetime) -> int:
        """How many checks were made since then."""
        return sum(check.checked_at >= since for check in self._checks)

    async def last_probe_at(self) -> datetime | None:
        """When the newest check or measurement was made, or None."""
        times = [c.checked_at for c in self._checks] + [m.measured_at for m in self._measurements]
        return max(times, default=None)

    def _checks_in(self, since: datetime, region: str | None) -> list[Check]:
        return [c for c in self._checks if c.checked_at >= since and region in (None, c.region)]

    def _measurements_in(self, since: datetime, region: str | None) -> list[Measurement]:
        return [m for m in self._measurements if m.measured_at >= since and region in (None, m.region)]


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
