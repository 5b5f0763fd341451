"""How fast a provider answers: its checks and its completions, as charts over time."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from openmodels.domain.series import CheckSlice, TimingSlice
from openmodels.domain.telemetry import MIN_SAMPLES, HealthSummary, Timings
from openmodels.web.chart import Chart, Column, Row
from openmodels.web.words import count, milliseconds


def response_chart(
    slices: Sequence[CheckSlice], summary: HealthSummary, *, over: str, width: timedelta
) -> Chart | None:
    """The time to answer a check; None where no slice has enough answers to tell."""
    rows = [
        Row(at=one.start, values=(_shown(one.p50_response_time_ms), _shown(one.p95_response_time_ms)))
        for one in slices
    ]
    if not _drawable(rows):
        return None
    return Chart(
        id="response-chart",
        kind="line",
        title="Response time of checks",
        summary=f"To the head of the answer, by {_each(width)}; the band reaches from the median to the 95th "
        f"percentile. Over {over}: mean {milliseconds(summary.average_response_time_ms)}, "
        f"p95 {milliseconds(summary.p95_response_time_ms)}, of {count(summary.checks_total)} checks.",
        unit="ms",
        columns=(Column(label="p50", group="response"), Column(label="p95", role="high", group="response")),
        rows=rows,
    )


def completion_chart(
    slices: Sequence[TimingSlice], timings: Timings, *, over: str, width: timedelta
) -> Chart | None:
    """The time to the first token and to the end of a completion; None where nothing can be told."""
    rows = [
        Row(
            at=one.start,
            values=(
                _shown(one.average_ttft_ms if one.p50_ttft_ms is None else one.p50_ttft_ms),
                _shown(one.p95_ttft_ms),
                _shown(one.average_total_ms if one.p50_total_ms is None else one.p50_total_ms),
                _shown(one.p95_total_ms),
            ),
        )
        for one in slices
    ]
    if not _drawable(rows):
        return None
    return Chart(
        id="completion-chart",
        kind="line",
        title="Completions, of all measured models together",
        summary=f"By {_each(width)}: the median, or the mean of fewer than {MIN_SAMPLES}; the bands reach to "
        f"the 95th percentile. Over {over}: "
        f"first token p50 {milliseconds(timings.p50_ttft_ms)}, p95 {milliseconds(timings.p95_ttft_ms)}; "
        f"whole answer p50 {milliseconds(timings.p50_total_ms)}, p95 {milliseconds(timings.p95_total_ms)}.",
        unit="ms",
        columns=(
            Column(label="First token p50", group="ttft"),
            Column(label="First token p95", role="high", group="ttft"),
            Column(label="Whole answer p50", group="total"),
            Column(label="Whole answer p95", role="high", group="total"),
        ),
        rows=rows,
    )


def filled(rows: Sequence[Row], width: timedelta) -> list[Row]:
    """The same with a row without values where a slice is missing, so that the line has a gap there."""
    return list(_filled(rows, width))


def _filled(rows: Sequence[Row], width: timedelta) -> Iterable[Row]:
    before: datetime | None = None
    for row in rows:
        if before is not None and row.at is not None and row.at - before > width:
            yield Row(at=before + width, values=(None,) * len(row.values))
        yield row
        before = row.at


def _shown(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _drawable(rows: Sequence[Row]) -> bool:
    """Whether there are two moments to draw a line between."""
    return sum(any(value is not None for value in row.values) for row in rows) > 1


def _each(width: timedelta) -> str:
    hours = int(width / timedelta(hours=1))
    return {1: "hour", 24: "day"}.get(hours, f"{hours} hours")
