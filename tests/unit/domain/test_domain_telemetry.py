import math
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contract.builders import AT, check, incident, measurement, minutes
from openmodels.domain.telemetry import (
    KEY_OUTCOMES,
    mean,
    percentile,
    summarise_checks,
    summarise_measurements,
    uptime_percentage,
)
from openmodels.domain.vocabulary import OUTCOMES

TIMES = st.floats(min_value=0, max_value=1e7)


@given(st.lists(TIMES, min_size=5, max_size=200), st.sampled_from([0.0, 0.5, 0.9, 0.95, 0.99, 1.0]))
def test_it_takes_percentiles_by_nearest_rank(values: list[float], share: float) -> None:
    ordered = sorted(values)
    found = percentile(ordered, share)
    # By definition: the smallest value that at least that share of the values do not exceed.
    wanted = min(
        v for v in ordered if Fraction(sum(w <= v for w in ordered), len(ordered)) >= Fraction(str(share))
    )
    assert found == wanted


@given(st.lists(TIMES, max_size=4))
def test_it_takes_no_percentile_of_fewer_than_five(values: list[float]) -> None:
    assert percentile(sorted(values), 0.5) is None


def test_it_takes_the_median_of_five() -> None:
    assert percentile([1, 2, 3, 4, 5], 0.5) == 3
    assert percentile([1, 2, 3, 4, 5, 6], 0.5) == 3


@given(st.lists(TIMES, min_size=1))
def test_it_takes_the_mean(values: list[float]) -> None:
    found = mean(values)
    assert found is not None
    assert math.isclose(found, float(sum(map(Fraction, values)) / len(values)), rel_tol=1e-12)


def test_it_takes_no_mean_and_no_uptime_of_nothing() -> None:
    assert mean([]) is None
    assert uptime_percentage(0, 0) is None


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_it_keeps_uptime_within_bounds(up: int, down: int) -> None:
    found = uptime_percentage(up, down)
    if up + down:
        assert found is not None
        assert 0 <= found <= 100
        assert (found == 100) == (down == 0) or up > 10**8


def test_it_summarises_checks() -> None:
    newest_first = [
        check("p", AT, "down", response_time_ms=None),
        check("p", AT - minutes(5), "down", response_time_ms=400.0, outcome="server_error"),
        *(check("p", AT - minutes(10 + n), response_time_ms=100.0) for n in range(6)),
    ]
    incidents = [incident("p", AT)]
    summary = summarise_checks(newest_first, incidents, limit=3)
    assert summary.checks_total == 8
    assert summary.uptime_percentage == 75.0
    assert summary.average_response_time_ms == 1000 / 7
    assert summary.p95_response_time_ms == 400.0
    assert summary.checks == tuple(newest_first[:3])
    assert summary.incidents == tuple(incidents)


def test_it_summarises_no_checks_as_unknown() -> None:
    summary = summarise_checks([], limit=50)
    assert (summary.checks_total, summary.uptime_percentage, summary.average_response_time_ms) == (
        0,
        None,
        None,
    )


def of(outcome: str, **fields: Any) -> Any:
    figures = {} if outcome == "ok" else dict.fromkeys(
        ("time_to_first_token_ms", "total_response_time_ms", "tokens_per_second", "output_tokens")
    )  # fmt: skip
    return measurement("p", "m", AT, outcome=outcome, **{**figures, **fields})


@given(st.lists(st.sampled_from(OUTCOMES)))
def test_it_counts_success_over_what_says_something_about_the_provider(outcomes: list[str]) -> None:
    timings = summarise_measurements(map(of, outcomes))
    telling = [outcome for outcome in outcomes if outcome not in {"auth", "quota", "rate_limited"}]
    good = outcomes.count("ok")
    assert timings.success_percentage == (100 * good / len(telling) if telling else None)
    assert timings.samples == good
    assert {"auth", "quota", "rate_limited"} == KEY_OUTCOMES


@given(
    st.lists(st.tuples(st.none() | TIMES, st.none() | TIMES, st.none() | TIMES), max_size=30), st.randoms()
)
def test_it_summarises_measurements_in_any_order(drawn: list[tuple[Any, Any, Any]], random: Any) -> None:
    rows = [
        of("ok", time_to_first_token_ms=a, total_response_time_ms=b, tokens_per_second=c) for a, b, c in drawn
    ]
    timings = summarise_measurements(rows)
    columns = [sorted(v for v in column if v is not None) for column in zip(*drawn, strict=True)] or [[]] * 3
    assert timings.average_ttft_ms == mean(columns[0])
    assert (timings.p50_ttft_ms is None) == (len(columns[0]) < 5)
    assert timings.p99_ttft_ms == percentile(columns[0], 0.99)
    assert timings.p95_total_ms == percentile(columns[1], 0.95)
    assert timings.average_tokens_per_second == mean(columns[2])
    random.shuffle(rows)
    assert summarise_measurements(rows) == timings


def test_it_ignores_the_times_of_failed_measurements() -> None:
    rows = [of("ok") for _ in range(5)] + [of("timeout", time_to_first_token_ms=9e6) for _ in range(50)]
    timings = summarise_measurements(rows)
    assert timings.average_ttft_ms == timings.p99_ttft_ms == 250.25
    assert timings.success_percentage == 100 * 5 / 55


def test_it_tells_when_the_newest_measurement_was_made_even_if_it_failed() -> None:
    newer = of("auth", measured_at=AT + minutes(1))
    assert summarise_measurements([of("ok"), newer, of("ok")]).last_measured_at == AT + minutes(1)
    assert summarise_measurements([]).last_measured_at is None
