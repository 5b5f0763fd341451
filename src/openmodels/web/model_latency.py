"""How fast a model answers at its providers: a chart over time."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from openmodels.domain.ranking import RankedProvider
from openmodels.domain.series import TimingSlice
from openmodels.domain.telemetry import OfferingTelemetry
from openmodels.web import words
from openmodels.web.chart import Chart, Column, Row

MOST_DRAWN = 8
"""As many lines can be told apart."""
WIDTHS: Mapping[str, timedelta] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=1),
    "1d": timedelta(hours=1),
    "7d": timedelta(hours=6),
    "30d": timedelta(hours=24),
}
"""By period: how long a slice is. One offering is measured about once an hour, so a slice of a few hours has
enough for a median."""


def drawn_providers(
    ranking: Sequence[RankedProvider], known: Mapping[str, OfferingTelemetry], shown: Collection[str]
) -> list[str]:
    """The providers that get a line: of those shown that were measured, the best ranked."""
    measured = [
        one.provider_id
        for one in ranking
        if one.provider_id in shown and (of := known.get(one.provider_id)) and of.timings.samples
    ]
    return measured[:MOST_DRAWN]


def latency_chart(
    providers: Sequence[str],
    slices: Mapping[str, Sequence[TimingSlice]],
    names: Mapping[str, str],
    known: Mapping[str, OfferingTelemetry],
    *,
    width: timedelta,
) -> Chart | None:
    """The time to first token of these providers, the best ranked first, whose spread is shown too.

    None where nothing was measured, or in one slice alone: that is no line.
    """
    drawn = [provider_id for provider_id in providers if slices.get(provider_id)]
    starts = _starts([one.start for provider_id in drawn for one in slices[provider_id]], width)
    if len(starts) < 2:
        return None
    by_start = {p: {one.start: one for one in slices[p]} for p in drawn}
    best = drawn[0]
    spread = any(one.p95_ttft_ms is not None for one in slices[best])
    columns = [Column(label=names[p], group=p) for p in drawn]
    if spread:
        columns[1:1] = [
            Column(label="p50", role="low", group=best),
            Column(label="p95", role="high", group=best),
        ]
    return Chart(
        id="speed",
        kind="line",
        title="Time to first token",
        summary=_summary(drawn, names, known, width, spread=spread),
        unit="ms",
        columns=columns,
        rows=[
            Row(at=start, values=list(_values(by_start, start, best if spread else ""))) for start in starts
        ],
    )


def _starts(found: Sequence[datetime], width: timedelta) -> list[datetime]:
    """Every slice from the first to the last, so that one without measurements is a gap."""
    if not found:
        return []
    first, last = min(found), max(found)
    return [first + n * width for n in range((last - first) // width + 1)]


def _values(
    by_start: Mapping[str, Mapping[datetime, TimingSlice]], start: datetime, spread: str
) -> Iterator[float | None]:
    for provider_id, slices in by_start.items():
        one = slices.get(start)
        yield _shown(one)
        if provider_id == spread:
            yield _rounded(one.p50_ttft_ms) if one else None
            yield _rounded(one.p95_ttft_ms) if one else None


def _shown(one: TimingSlice | None) -> float | None:
    """The median; of too few measurements for one, their mean."""
    if one is None:
        return None
    return _rounded(one.average_ttft_ms if one.p50_ttft_ms is None else one.p50_ttft_ms)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _summary(
    drawn: Sequence[str],
    names: Mapping[str, str],
    known: Mapping[str, OfferingTelemetry],
    width: timedelta,
    *,
    spread: bool,
) -> str:
    hours = int(width / timedelta(hours=1))
    each = f"{hours} hours" if hours > 1 else "hour"
    figures = "; ".join(f"{words.plain(names[p])} {_over_all(known[p])}" for p in drawn)
    said = f"The median of each {each}, or the mean of fewer than 5 measurements. Over all: {figures}."
    return f"{said} The band is the best ranked provider's p50 to p95." if spread else said


def _over_all(known: OfferingTelemetry) -> str:
    timings = known.timings
    return words.milliseconds(timings.average_ttft_ms if timings.p50_ttft_ms is None else timings.p50_ttft_ms)
