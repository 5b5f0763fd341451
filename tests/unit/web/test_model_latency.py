"""How fast a model answers, as its page draws it."""

from datetime import UTC, datetime, timedelta

from openmodels.domain.series import TimingSlice
from openmodels.domain.telemetry import OfferingTelemetry, Timings
from openmodels.web.chart import Chart
from openmodels.web.model_latency import latency_chart

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = {"acme": "Acme", "zen": "Zen"}
KNOWN = {
    "acme": OfferingTelemetry(timings=Timings(samples=9, average_ttft_ms=210.0, p50_ttft_ms=200.0)),
    "zen": OfferingTelemetry(timings=Timings(samples=2, average_ttft_ms=1500.0)),
}


def measured(hour: int, mean: float, p50: float | None = None, p95: float | None = None) -> TimingSlice:
    return TimingSlice(
        start=START + hour * HOUR, samples=1, average_ttft_ms=mean, p50_ttft_ms=p50, p95_ttft_ms=p95
    )


def chart(**slices: list[TimingSlice]) -> Chart | None:
    return latency_chart(["acme", "zen"], slices, NAMES, KNOWN, width=HOUR)


def test_an_hour_without_measurements_is_a_gap() -> None:
    drawn = chart(acme=[measured(0, 100), measured(2, 300)], zen=[measured(1, 50)])
    assert drawn is not None
    assert [(row.at, list(row.values)) for row in drawn.rows] == [
        (START, [100, None]),
        (START + HOUR, [None, 50]),
        (START + 2 * HOUR, [300, None]),
    ]


def test_it_shows_medians_means_of_few_and_how_far_the_best_ranked_spreads() -> None:
    drawn = chart(acme=[measured(0, 120, 100, 180), measured(1, 140)], zen=[measured(0, 90, 80, 95)])
    assert drawn is not None
    assert [(c.label, c.role, c.group) for c in drawn.columns] == [
        ("Acme", "line", "acme"),
        ("p50", "low", "acme"),
        ("p95", "high", "acme"),
        ("Zen", "line", "zen"),
    ]
    assert [list(row.values) for row in drawn.rows] == [[100, 100, 180, 80], [140, None, None, None]]
    assert "Acme 200 ms; Zen 1.50 s" in drawn.summary


def test_one_slice_is_no_line() -> None:
    assert chart(acme=[measured(0, 100)]) is None
    assert chart() is None
