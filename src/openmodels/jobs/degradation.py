"""Evaluates providers' answers, and tells the store which of them are degraded and which no longer are."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from openmodels.domain.degradation import trouble_in
from openmodels.domain.standing import Standing, Transition
from openmodels.domain.telemetry import LatencySummary

RECENT = timedelta(hours=1)
"""The time in which answers count as a provider's present ones."""
USUAL = timedelta(days=7)
"""The time that tells what is usual for it."""
MAX_RECENT = 500
"""How many of the hour's newest measurements are looked at."""


class Telemetry(Protocol):
    """What an evaluation needs of a ``TelemetryStore``."""

    async def standings(self) -> Mapping[str, Standing]:
        """By provider id: how each stands."""
        ...

    async def latency(
        self,
        provider_id: str,
        *,
        since: datetime,
        regions: Collection[str],
        model_ids: Collection[str],
        limit: int,
    ) -> LatencySummary:
        """The measurements of one provider since then."""
        ...

    async def judge(self, provider_id: str, trouble: str, at: datetime) -> Transition | None:
        """Keep what was found."""
        ...


async def evaluate(
    telemetry: Telemetry, now: datetime, provider_ids: Collection[str]
) -> tuple[Transition, ...]:
    """Judge these providers by their answers, and those that are degraded now; give back what changed by it.

    Only one that is up can be degraded, so only those that are up or degraded are looked at. One that is
    degraded and has no measurements of the last hour any more is up again: nothing speaks against it. Raises
    ``StoreError``; what was judged before that stays.
    """
    standings = await telemetry.standings()
    degraded = {provider_id for provider_id, kept in standings.items() if kept.status == "degraded"}
    changed = []
    for provider_id in sorted(degraded.union(provider_ids)):
        standing = standings.get(provider_id, Standing())
        if standing.status not in {"up", "degraded"}:
            continue
        trouble = await _trouble(telemetry, provider_id, now)
        # The store is written to only where it may make a difference.
        if bool(trouble) != (standing.status == "degraded"):
            transition = await telemetry.judge(provider_id, trouble, now)
            if transition is not None:
                changed.append(transition)
    return tuple(changed)


async def _trouble(telemetry: Telemetry, provider_id: str, now: datetime) -> str:
    hour = await telemetry.latency(
        provider_id, since=now - RECENT, regions=(), model_ids=(), limit=MAX_RECENT
    )
    if not hour.measurements:
        return ""
    week = await telemetry.latency(provider_id, since=now - USUAL, regions=(), model_ids=(), limit=1)
    return trouble_in(hour.measurements, week.timings)
