"""The shapes of what telemetry adds: comparisons, health, latency."""

from typing import Annotated

from msgspec import Meta, Struct

from openmodels.domain.telemetry import OfferingTelemetry, ProviderState
from openmodels.domain.views.registry import OfferingView, Time, iso_or_none
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
    """How long the answer took; null when none came."""
    region: str
    """The region it was made from."""


class IncidentView(Struct, frozen=True, kw_only=True):
    """A time in which the provider was down."""

    started_at: Time
    """The first failed check."""
    ended_at: Time | None
    """When it was up again; null while it is not."""
    duration_s: float
    """How long it lasted, or has lasted so far, in seconds."""
    reason: str
    """What the checks saw."""


class ProviderHealth(Struct, frozen=True, kw_only=True):
    """How a provider has been doing."""

    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    period: Period
    """The period that the figures cover."""
    status: ProviderStatus
    """How it is doing now."""
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
    """The incidents that touch the period, newest first."""


class MeasurementView(Struct, frozen=True, kw_only=True):
    """One timed completion."""

    model_id: str
    """The model that answered."""
    time_to_first_token_ms: float | None
    """To the first non-empty delta."""
    total_response_time_ms: float | None
    """To the end of the stream."""
    tokens_per_second: float | None
    """Output tokens over the time from the first token to the end."""
    output_tokens: int | None
    """Output tokens, by the provider's own count."""
    outcome: Outcome
    """What happened."""
    region: str
    """The region it was made from."""
    measured_at: Time
    """When the request started."""


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
