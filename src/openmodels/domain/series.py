"""What telemetry recorded, as it went: by day, or by slices of equal length. Pure."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from openmodels.domain.telemetry import Timings
from openmodels.domain.vocabulary import Period

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SLICE_WIDTHS: Mapping[Period, timedelta] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=1),
    "1d": timedelta(hours=1),
    "7d": timedelta(hours=3),
    "30d": timedelta(days=1),
}
"""How long the slices of each period are: whole hours, and never more than some sixty of them."""


class DayOfChecks(Struct, frozen=True, kw_only=True, gc=False):
    """The checks of one provider on one day, in UTC. A day without checks has none of these."""

    day: date
    """The day."""
    total: int
    """How many checks."""
    up: int
    """How many of them found it up."""


class CheckSlice(Struct, frozen=True, kw_only=True):
    """The checks of one provider in one slice of time. A slice without checks has none of these."""

    start: datetime
    """Where the slice begins."""
    total: int
    """How many checks."""
    up: int
    """How many of them found it up."""
    p50_response_time_ms: float | None = None
    """Median time to answer; None with too few answers."""
    p95_response_time_ms: float | None = None
    """95th percentile of it; None with too few answers."""


class TimingSlice(Struct, frozen=True, kw_only=True):
    """The successful measurements of one slice of time. A slice without any has none of these."""

    start: datetime
    """Where the slice begins."""
    samples: int
    """How many successful measurements."""
    p50_ttft_ms: float | None = None
    """Median time to first token; None with too few samples."""
    p95_ttft_ms: float | None = None
    """95th percentile of it; None with too few samples."""
    p50_total_ms: float | None = None
    """Median total time; None with too few samples."""
    p95_total_ms: float | None = None
    """95th percentile of it; None with too few samples."""
    average_ttft_ms: float | None = None
    """Mean time to first token."""
    average_total_ms: float | None = None
    """Mean total time."""
    average_tokens_per_second: float | None = None
    """Mean tokens per second."""


def timing_slice(start: datetime, timings: Timings) -> TimingSlice:
    """The slice that begins then, whose measurements have these figures."""
    return TimingSlice(
        start=start,
        samples=timings.samples,
        p50_ttft_ms=timings.p50_ttft_ms,
        p95_ttft_ms=timings.p95_ttft_ms,
        p50_total_ms=timings.p50_total_ms,
        p95_total_ms=timings.p95_total_ms,
        average_ttft_ms=timings.average_ttft_ms,
        average_total_ms=timings.average_total_ms,
        average_tokens_per_second=timings.average_tokens_per_second,
    )


def slice_start(at: datetime, width: timedelta) -> datetime:
    """When the slice begins that ``at`` lies in; slices are counted from 1970-01-01 in UTC."""
    return at - (at - _EPOCH) % width
