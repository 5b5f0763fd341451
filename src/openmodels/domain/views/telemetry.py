"""The shapes of what telemetry adds: comparisons, health, latency; and how records are shown in them."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from openmodels.domain.telemetry import Check, Incident, Measurement, OfferingTelemetry, ProviderState
from openmodels.domain.views.registry import OfferingView, Time, iso, iso_or_none
from openmodels.domain.vocabulary import Outcome, Period, ProviderStatus


class Performance(Struct, frozen=True, kw_only=True):
    """What telemetry measured of an offering in the period; null where nothing was measured."""

    status: ProviderStatus
    """How the provider is doing now."""
    uptime_percentage: float | None
    """Share of the provider's checks that found it up."""
    average_ttft_ms: float | None
    """Mean time to first token."""
    p50_ttft_ms: float | None
    """Median time to first token."""
    p95_ttft_ms: float | None
    """95th percentile of the time to first token."""
    average_total_ms: float | None
    """Mean total time."""
    p50_total_ms: float | None
    """Median total time."""
    p95_total_ms: float | None
    """95th percentile of the total time."""
    tokens_per_second: float | None
    """Mean output tokens per second."""
    samples: int
    """Successful measurements in the period."""
    last_measured_at: Time | None
    """When the newest measurement was made."""


class ComparedOffering(OfferingView, frozen=True, kw_only=True):
    """An offering with what telemetry measured of it."""

    performance: Performance
    """What telemetry measured."""


class Comparison(Struct, frozen=True, kw_only=True):
    """The offerings of a model side by side."""

    model_id: str
    """The canonical id."""
    model_name: str
    """The display name."""
    period: Period
    """The period that the performance figures cover."""
    comparison: tuple[ComparedOffering, ...]
    """The offerings, sorted as asked."""


class CheckView(Struct, frozen=True, kw_only=True):
    """One health check."""

    status: Annotated[str, Meta(extra_json_schema={"enum": ["up", "down"]})]
    """Whether the API was serving."""
    outcome: Outcome
    """What happened."""
    checked_at: Time
    """When the request started."""
    response_time_ms: float | None
    """To the head of the answer, without setting the connection up; null when none came."""
    region: str
    """The region it was made from."""


class IncidentView(Struct, frozen=True, kw_only=True):
    """A time in which the provider was down or degraded."""

    started_at: Time
    """When the first of the failed checks was made, or when its answers were found degraded."""
    ended_at: Time | None
    """When it was over; null while it is not."""
    duration_s: float
    """How long it lasted, or has lasted so far, in seconds."""
    reason: str
    """What was seen, for people."""


class ProviderHealth(Struct, frozen=True, kw_only=True):
    """How a provider has been doing."""

    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    period: Period
    """The period that the figures cover."""
    status: ProviderStatus
    """How it is doing now, by the checks of all regions."""
    uptime_percentage: float | None
    """Share of the checks that found it up; null with no checks."""
    checks_total: int
    """Checks in the period."""
    average_response_time_ms: float | None
    """Mean time to answer a check."""
    p95_response_time_ms: float | None
    """95th percentile of that time; null with fewer than 5 answers."""
    checks: tuple[CheckView, ...]
    """The newest checks, newest first."""
    incidents: tuple[IncidentView, ...]
    """The incidents that touch the period, newest first, by what all regions saw."""


class MeasurementView(Struct, frozen=True, kw_only=True):
    """One timed completion."""

    model_id: str
    """The model that answered."""
    time_to_first_token_ms: float | None
    """From the request's first byte on the established connection to the first non-empty delta."""
    total_response_time_ms: float | None
    """From there to the end of the stream."""
    tokens_per_second: float | None
    """Output tokens over the time from the first token to the end."""
    output_tokens: int | None
    """Output tokens, by the provider's own count, or by ours where `tokens_estimated`."""
    outcome: Outcome
    """What happened."""
    region: str
    """The region it was made from."""
    measured_at: Time
    """When the request started."""
    tokens_estimated: bool
    """Whether the provider sent no usage, so that its chunks were counted instead."""
    connect_ms: float | None
    """How long the connection took to set up (name, TCP, TLS), before any of the other times."""
    time_to_first_byte_ms: float | None
    """To the first byte of the answer."""
    time_to_first_content_ms: float | None
    """To the first text that a user sees, after any reasoning."""


class ProviderLatency(Struct, frozen=True, kw_only=True):
    """How fast a provider has been answering. Percentiles of fewer than 5 samples are null."""

    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    period: Period
    """The period that the figures cover."""
    samples: int
    """Successful measurements in the period, from which all figures come."""
    average_ttft_ms: float | None
    """Mean time to first token."""
    average_total_ms: float | None
    """Mean total time."""
    p50_ttft_ms: float | None
    """Median time to first token."""
    p95_ttft_ms: float | None
    """95th percentile of the time to first token."""
    p99_ttft_ms: float | None
    """99th percentile of the time to first token."""
    p50_total_ms: float | None
    """Median total time."""
    p95_total_ms: float | None
    """95th percentile of the total time."""
    p99_total_ms: float | None
    """99th percentile of the total time."""
    average_tokens_per_second: float | None
    """Mean output tokens per second."""
    success_percentage: float | None
    """Successful measurements over all that say something about the provider."""
    measurements: tuple[MeasurementView, ...]
    """The newest measurements, newest first."""


def check_view(check: Check) -> CheckView:
    """A check as it is shown."""
    return CheckView(
        status=check.status,
        outcome=check.outcome,
        checked_at=iso(check.checked_at),
        response_time_ms=check.response_time_ms,
        region=check.region,
    )


def incident_view(incident: Incident, now: datetime) -> IncidentView:
    """An incident as it is shown; one that goes on has lasted until ``now``."""
    return IncidentView(
        started_at=iso(incident.started_at),
        ended_at=iso_or_none(incident.ended_at),
        duration_s=round(max(0.0, ((incident.ended_at or now) - incident.started_at).total_seconds()), 3),
        reason=incident.reason,
    )


def measurement_view(measurement: Measurement) -> MeasurementView:
    """A measurement as it is shown."""
    return MeasurementView(
        model_id=measurement.model_id,
        time_to_first_token_ms=measurement.time_to_first_token_ms,
        total_response_time_ms=measurement.total_response_time_ms,
        tokens_per_second=measurement.tokens_per_second,
        output_tokens=measurement.output_tokens,
        outcome=measurement.outcome,
        region=measurement.region,
        measured_at=iso(measurement.measured_at),
        tokens_estimated=measurement.tokens_estimated,
        connect_ms=measurement.connect_ms,
        time_to_first_byte_ms=measurement.time_to_first_byte_ms,
        time_to_first_content_ms=measurement.time_to_first_content_ms,
    )


def figure(value: float | None) -> float | None:
    """A figure that was worked out, as it is shown: to a thousandth, which is a microsecond of a time."""
    return None if value is None else round(value, 3)


def performance_view(telemetry: OfferingTelemetry, state: ProviderState) -> Performance:
    """The ``performance`` of an offering in a comparison."""
    timings = telemetry.timings
    return Performance(
        status=state.status,
        uptime_percentage=figure(telemetry.uptime_percentage),
        average_ttft_ms=figure(timings.average_ttft_ms),
        p50_ttft_ms=figure(timings.p50_ttft_ms),
        p95_ttft_ms=figure(timings.p95_ttft_ms),
        average_total_ms=figure(timings.average_total_ms),
        p50_total_ms=figure(timings.p50_total_ms),
        p95_total_ms=figure(timings.p95_total_ms),
        tokens_per_second=figure(timings.average_tokens_per_second),
        samples=timings.samples,
        last_measured_at=iso_or_none(timings.last_measured_at),
    )
