"""What telemetry recorded, as it went: by day, or by slices of equal length. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median

from msgspec import Struct

from openmodels.domain.telemetry import HealthSummary, Timings
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


class ProviderFigures(Struct, frozen=True, kw_only=True):
    """What the checks and measurements of one provider over a period add up to, in all and as it went."""

    health: HealthSummary = HealthSummary()
    """The checks, none of them one by one, and no incidents."""
    timings: Timings = Timings()
    """The measurements."""
    checks: Sequence[CheckSlice] = ()
    """The checks by slices."""
    measurements: Sequence[TimingSlice] = ()
    """The successful measurements by slices."""
    speeds: Mapping[str, float] = {}
    """By model id: the median tokens per second of its newest answers, see ``SPEEDS_OF``."""


SPEEDS_OF = 500
"""So many of a provider's newest answers tell how fast its models are."""


def speeds_of(answers: Iterable[tuple[str, float]]) -> Mapping[str, float]:
    """By model id: the median of its rates, each given as the model and its tokens per second."""
    rates: defaultdict[str, list[float]] = defaultdict(list)
    for model_id, rate in answers:
        rates[model_id].append(rate)
    return {model_id: median(found) for model_id, found in rates.items()}


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
