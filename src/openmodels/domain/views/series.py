"""The shapes of what telemetry recorded as it went: days, slices, incidents and maintenance."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from openmodels.domain.alerts import Window
from openmodels.domain.series import CheckSlice, DayOfChecks, TimingSlice
from openmodels.domain.telemetry import Incident, uptime_percentage
from openmodels.domain.views.registry import Time, iso
from openmodels.domain.views.telemetry import IncidentView, figure, incident_view
from openmodels.domain.vocabulary import Period

Day = Annotated[str, Meta(extra_json_schema={"format": "date"})]


class DayView(Struct, frozen=True, kw_only=True):
    """The checks of a provider on one day, in UTC."""

    day: Day
    """The day."""
    total: int
    """How many checks."""
    up: int
    """How many of them found it up."""
    uptime_percentage: float | None
    """Their share."""


class ProviderUptime(Struct, frozen=True, kw_only=True):
    """How much a provider was up, day by day."""

    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    total: int
    """Checks in all these days."""
    up: int
    """How many of them found it up."""
    uptime_percentage: float | None
    """Their share; null with no checks."""
    days: tuple[DayView, ...]
    """The days, oldest first; one without checks is left out."""


class Uptime(Struct, frozen=True, kw_only=True):
    """How much providers were up, day by day."""

    first_day: Day
    """The first day that is told of."""
    last_day: Day
    """The last one: today, in UTC, as far as it has come."""
    providers: tuple[ProviderUptime, ...]
    """The providers, by id."""


class CheckSliceView(Struct, frozen=True, kw_only=True):
    """The checks of a provider in one slice of time."""

    start: Time
    """Where the slice begins."""
    total: int
    """How many checks."""
    up: int
    """How many of them found it up."""
    uptime_percentage: float | None
    """Their share."""
    p50_response_time_ms: float | None
    """Median time to answer a check; null with fewer than 5 answers."""
    p95_response_time_ms: float | None
    """95th percentile of that time; null with fewer than 5 answers."""


class TimingSliceView(Struct, frozen=True, kw_only=True):
    """The successful measurements of a provider in one slice of time."""

    start: Time
    """Where the slice begins."""
    samples: int
    """How many successful measurements."""
    p50_ttft_ms: float | None
    """Median time to first token."""
    p95_ttft_ms: float | None
    """95th percentile of the time to first token."""
    p50_total_ms: float | None
    """Median total time."""
    p95_total_ms: float | None
    """95th percentile of the total time."""
    average_ttft_ms: float | None
    """Mean time to first token."""
    average_total_ms: float | None
    """Mean total time."""
    average_tokens_per_second: float | None
    """Mean output tokens per second."""


class ProviderSeries(Struct, frozen=True, kw_only=True):
    """What was recorded of a provider, slice by slice. Percentiles of fewer than 5 samples are null."""

    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    period: Period
    """How far back the series reach."""
    slice_s: int
    """How long each slice is, in seconds; slices are counted from 1970-01-01 in UTC."""
    since: Time
    """Where the first slice begins: the one in which the period does, all of it."""
    checks: tuple[CheckSliceView, ...]
    """The slices with checks, oldest first; the last goes on still."""
    measurements: tuple[TimingSliceView, ...]
    """The slices with successful measurements, oldest first."""


class ProviderIncident(IncidentView, frozen=True, kw_only=True):
    """A time in which a provider was down or degraded."""

    provider_id: str
    """The provider's id."""
    provider_name: str | None
    """Its display name; null when it is not in the registry any more."""


class MaintenanceView(Struct, frozen=True, kw_only=True):
    """A maintenance window: a time in which alerts about a provider, or about all, are not sent."""

    provider_id: str | None
    """The provider's id; null for all."""
    provider_name: str | None
    """Its display name; null for all, and when it is not in the registry."""
    starts_at: Time
    """From when."""
    ends_at: Time
    """Until when."""
    current: bool
    """Whether it has begun."""
    reason: str
    """Why, for people."""


class Incidents(Struct, frozen=True, kw_only=True):
    """What happened to providers, and what is going to."""

    since: Time
    """The beginning of the time that is told of."""
    incidents: tuple[ProviderIncident, ...]
    """The incidents that touch the time since then, newest first, by what all regions saw."""
    maintenance: tuple[MaintenanceView, ...] | None
    """The maintenance windows that are not over, earliest first; null when they cannot be read."""


def uptime_view(provider_id: str, name: str, days: Iterable[DayOfChecks]) -> ProviderUptime:
    """The days of a provider as they are shown."""
    shown = tuple(
        DayView(day=str(day.day), total=day.total, up=day.up, uptime_percentage=_share_up(day.up, day.total))
        for day in days
    )
    total, up = sum(day.total for day in shown), sum(day.up for day in shown)
    return ProviderUptime(
        provider_id=provider_id,
        provider_name=name,
        total=total,
        up=up,
        uptime_percentage=_share_up(up, total),
        days=shown,
    )


def check_slice_view(found: CheckSlice) -> CheckSliceView:
    """A slice of checks as it is shown."""
    return CheckSliceView(
        start=iso(found.start),
        total=found.total,
        up=found.up,
        uptime_percentage=_share_up(found.up, found.total),
        p50_response_time_ms=figure(found.p50_response_time_ms),
        p95_response_time_ms=figure(found.p95_response_time_ms),
    )


def timing_slice_view(found: TimingSlice) -> TimingSliceView:
    """A slice of measurements as it is shown."""
    return TimingSliceView(
        start=iso(found.start),
        samples=found.samples,
        p50_ttft_ms=figure(found.p50_ttft_ms),
        p95_ttft_ms=figure(found.p95_ttft_ms),
        p50_total_ms=figure(found.p50_total_ms),
        p95_total_ms=figure(found.p95_total_ms),
        average_ttft_ms=figure(found.average_ttft_ms),
        average_total_ms=figure(found.average_total_ms),
        average_tokens_per_second=figure(found.average_tokens_per_second),
    )


def provider_incident_view(incident: Incident, name: str | None, now: datetime) -> ProviderIncident:
    """An incident as it is shown beside those of other providers."""
    view = incident_view(incident, now)
    return ProviderIncident(
        provider_id=incident.provider_id,
        provider_name=name,
        started_at=view.started_at,
        ended_at=view.ended_at,
        duration_s=view.duration_s,
        reason=view.reason,
    )


def maintenance_view(window: Window, name: str | None, now: datetime) -> MaintenanceView:
    """A maintenance window as it is shown."""
    return MaintenanceView(
        provider_id=window.provider_id,
        provider_name=name,
        starts_at=iso(window.starts_at),
        ends_at=iso(window.ends_at),
        current=window.starts_at <= now,
        reason=window.reason,
    )


def _share_up(up: int, total: int) -> float | None:
    return figure(uptime_percentage(up, total - up))
