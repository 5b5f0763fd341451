"""What ``openmodels telemetry`` answers with: three answers of the API, and slices as records."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from openmodels_client.types import (
    CheckSlice,
    ProviderHealth,
    ProviderLatency,
    ProviderSeries,
    TimingSlice,
)


class ProviderTelemetry(Struct, frozen=True, kw_only=True):
    """How a provider has been doing, from three endpoints."""

    health: ProviderHealth
    """As ``/api/telemetry/health`` answers."""
    latency: ProviderLatency
    """As ``/api/telemetry/latency`` answers."""
    series: ProviderSeries
    """As ``/api/telemetry/series`` answers."""


class Slice(Struct, frozen=True, kw_only=True):
    """One slice of time: its checks and its measurements."""

    provider_id: str
    start: datetime
    slice_s: int
    checks: int
    up: int
    uptime_percentage: float | None
    p50_response_time_ms: float | None
    p95_response_time_ms: float | None
    samples: int
    average_ttft_ms: float | None
    p50_ttft_ms: float | None
    p95_ttft_ms: float | None
    average_total_ms: float | None
    p50_total_ms: float | None
    p95_total_ms: float | None
    average_tokens_per_second: float | None


def slices_of(series: ProviderSeries) -> Iterator[Slice]:
    """Each slice in which anything was recorded, oldest first."""
    checks = {one.start: one for one in series.checks}
    timings = {one.start: one for one in series.measurements}
    for start in sorted(checks.keys() | timings.keys()):
        yield _slice(series, start, checks.get(start), timings.get(start))


def _slice(
    series: ProviderSeries, start: datetime, checks: CheckSlice | None, timing: TimingSlice | None
) -> Slice:
    return Slice(
        provider_id=series.provider_id,
        start=start,
        slice_s=series.slice_s,
        checks=checks.total if checks else 0,
        up=checks.up if checks else 0,
        uptime_percentage=checks.uptime_percentage if checks else None,
        p50_response_time_ms=checks.p50_response_time_ms if checks else None,
        p95_response_time_ms=checks.p95_response_time_ms if checks else None,
        samples=timing.samples if timing else 0,
        average_ttft_ms=timing.average_ttft_ms if timing else None,
        p50_ttft_ms=timing.p50_ttft_ms if timing else None,
        p95_ttft_ms=timing.p95_ttft_ms if timing else None,
        average_total_ms=timing.average_total_ms if timing else None,
        p50_total_ms=timing.p50_total_ms if timing else None,
        p95_total_ms=timing.p95_total_ms if timing else None,
        average_tokens_per_second=timing.average_tokens_per_second if timing else None,
    )
