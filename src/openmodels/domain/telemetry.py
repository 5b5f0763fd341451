"""What telemetry records, and the pure arithmetic that turns records into answers.

A *check* asks whether a provider's API answers; a *measurement* times one streamed completion. Times are in
milliseconds, rates in tokens per second, shares in percent.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from openmodels.domain.vocabulary import Outcome, ProviderStatus

CHECK_INTERVAL = timedelta(minutes=5)
"""How often a provider is checked unless its file says otherwise."""
DOWN_AFTER = 3
"""Failed checks in a row that make a provider ``down``."""
UP_AFTER = 2
"""Good checks in a row that make it ``up`` again."""
MIN_SAMPLES = 5
"""Percentiles of fewer samples than this say nothing and are null."""
KEY_OUTCOMES = frozenset({"auth", "quota", "rate_limited"})
"""Outcomes of a measurement that are about the key, not about the provider."""


class Check(Struct, frozen=True, kw_only=True):
    """One answer to "does this provider's API answer?"."""

    provider_id: str
    """The provider that was asked."""
    region: str
    """The name of the prober's region."""
    checked_at: datetime
    """When the request started."""
    status: Literal["up", "down"]
    """Whether the API is serving."""
    outcome: Outcome
    """What happened."""
    response_time_ms: float | None = None
    """From the request's first byte to the head of the answer; null when none came."""
    connect_ms: float | None = None
    """How long the connection took to set up: name, TCP and TLS; null when none was made."""
    http_status: int | None = None
    """The status of the answer; null when none came."""


class Measurement(Struct, frozen=True, kw_only=True):
    """One timed streaming completion."""

    provider_id: str
    """The provider that was asked."""
    model_id: str
    """The canonical id of the model that answered."""
    region: str
    """The name of the prober's region."""
    measured_at: datetime
    """When the request started."""
    outcome: Outcome
    """What happened."""
    time_to_first_token_ms: float | None = None
    """From the request's first byte to the first non-empty delta."""
    total_response_time_ms: float | None = None
    """From the request's first byte to the end of the stream."""
    tokens_per_second: float | None = None
    """Output tokens over the time from the first token to the end."""
    output_tokens: int | None = None
    """Output tokens, by the provider's own count, or by ours where ``tokens_estimated``."""
    input_tokens: int | None = None
    """Input tokens, by the provider's own count."""
    tokens_estimated: bool = False
    """Whether the provider sent no usage, so that its chunks were counted instead."""
    connect_ms: float | None = None
    """How long the connection took to set up: name, TCP and TLS; null when none was made."""
    time_to_first_byte_ms: float | None = None
    """From the request's first byte to the first byte of the answer."""
    time_to_first_content_ms: float | None = None
    """From the request's first byte to the first text that a user sees, after any reasoning."""
    http_status: int | None = None
    """The status of the answer; null when none came."""


class Incident(Struct, frozen=True, kw_only=True):
    """A time in which a provider was down."""

    provider_id: str
    """The provider that was down."""
    started_at: datetime
    """The first failed check."""
    ended_at: datetime | None = None
    """When it was up again; null while it is not."""
    reason: str = ""
    """What the checks saw."""


def trouble_of(incident: Incident) -> Literal["down", "degraded"]:
    """What the provider was; the reason begins with it."""
    return "degraded" if incident.reason.startswith("degraded: ") else "down"


class HealthSummary(Struct, frozen=True, kw_only=True):
    """The checks of one provider over a period."""

    checks_total: int = 0
    """All checks of the period."""
    uptime_percentage: float | None = None
    """up ÷ (up + down), in percent."""
    average_response_time_ms: float | None = None
    """Over the checks that were answered."""
    p95_response_time_ms: float | None = None
    """The same."""
    checks: tuple[Check, ...] = ()
    """The newest checks, newest first."""
    incidents: tuple[Incident, ...] = ()
    """The incidents that touch the period, newest first."""


class Timings(Struct, frozen=True, kw_only=True):
    """Averages and percentiles over the successful measurements of a period."""

    samples: int = 0
    """How many measurements these figures come from."""
    average_ttft_ms: float | None = None
    """Mean time to first token."""
    p50_ttft_ms: float | None = None
    """Median time to first token."""
    p95_ttft_ms: float | None = None
    """95th percentile of the time to first token."""
    p99_ttft_ms: float | None = None
    """99th percentile of the time to first token."""
    average_total_ms: float | None = None
    """Mean total time."""
    p50_total_ms: float | None = None
    """Median total time."""
    p95_total_ms: float | None = None
    """95th percentile of the total time."""
    p99_total_ms: float | None = None
    """99th percentile of the total time."""
    average_tokens_per_second: float | None = None
    """Mean tokens per second."""
    success_percentage: float | None = None
    """Successful measurements ÷ all that say something about the provider, in percent."""
    last_measured_at: datetime | None = None
    """When the newest measurement, successful or not, was made."""


class LatencySummary(Struct, frozen=True, kw_only=True):
    """The measurements of one provider over a period."""

    timings: Timings = Timings()
    """The figures, over all successful measurements."""
    measurements: tuple[Measurement, ...] = ()
    """The newest measurements, newest first."""


class OfferingTelemetry(Struct, frozen=True, kw_only=True):
    """What is known of one offering over a period: its provider's checks, its own measurements."""

    checks_total: int = 0
    """Checks of the provider."""
    uptime_percentage: float | None = None
    """Uptime of the provider."""
    timings: Timings = Timings()
    """Of this model at this provider."""


class ProviderState(Struct, frozen=True, kw_only=True):
    """How a provider is doing now."""

    status: ProviderStatus = "unknown"
    """up, degraded, down, or unknown."""
    last_checked_at: datetime | None = None
    """When it was last checked."""


def percentile(sorted_values: Sequence[float], share: float) -> float | None:
    """The value below which ``share`` (0..1) of the values lie; None for fewer than ``MIN_SAMPLES``.

    The nearest-rank definition (Hyndman and Fan, type 1): always a value that was really measured.
    """
    if len(sorted_values) < MIN_SAMPLES:
        return None
    return sorted_values[max(0, math.ceil(share * len(sorted_values)) - 1)]


def mean(values: Sequence[float]) -> float | None:
    """The arithmetic mean, or None of nothing."""
    return math.fsum(values) / len(values) if values else None


def uptime_percentage(up: int, down: int) -> float | None:
    """up ÷ (up + down) in percent; None with no checks."""
    return 100 * up / (up + down) if up + down else None


def summarise_checks(
    checks: Sequence[Check], incidents: Sequence[Incident] = (), *, limit: int
) -> HealthSummary:
    """The summary of a period's checks, given newest first; ``limit`` of them are kept as they are."""
    up = sum(check.status == "up" for check in checks)
    times = sorted(c.response_time_ms for c in checks if c.response_time_ms is not None)
    return HealthSummary(
        checks_total=len(checks),
        uptime_percentage=uptime_percentage(up, len(checks) - up),
        average_response_time_ms=mean(times),
        p95_response_time_ms=percentile(times, 0.95),
        checks=tuple(checks[:limit]),
        incidents=tuple(incidents),
    )


def summarise_measurements(measurements: Iterable[Measurement]) -> Timings:
    """Averages and percentiles of all successful measurements, in any order."""
    measurements = list(measurements)
    good = [m for m in measurements if m.outcome == "ok"]
    telling = [m for m in measurements if m.outcome not in KEY_OUTCOMES]
    ttft = sorted(m.time_to_first_token_ms for m in good if m.time_to_first_token_ms is not None)
    total = sorted(m.total_response_time_ms for m in good if m.total_response_time_ms is not None)
    speeds = [m.tokens_per_second for m in good if m.tokens_per_second is not None]
    return Timings(
        samples=len(good),
        average_ttft_ms=mean(ttft),
        p50_ttft_ms=percentile(ttft, 0.50),
        p95_ttft_ms=percentile(ttft, 0.95),
        p99_ttft_ms=percentile(ttft, 0.99),
        average_total_ms=mean(total),
        p50_total_ms=percentile(total, 0.50),
        p95_total_ms=percentile(total, 0.95),
        p99_total_ms=percentile(total, 0.99),
        average_tokens_per_second=mean(speeds),
        success_percentage=100 * len(good) / len(telling) if telling else None,
        last_measured_at=max((m.measured_at for m in measurements), default=None),
    )
