"""When answers make a provider degraded."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.builders import AT, measurement
from openmodels.domain.degradation import MIN_BASELINE, nearest_rank, trouble_in
from openmodels.domain.telemetry import KEY_OUTCOMES, Measurement, Timings, percentile
from openmodels.domain.vocabulary import OUTCOMES

FAILURES = sorted(set(OUTCOMES) - KEY_OUTCOMES - {"ok"})
USUAL = Timings(samples=100, p95_ttft_ms=200.0)


def answers(*outcomes: str) -> list[Measurement]:
    """Measurements with these outcomes; a good one came after 100 ms."""
    return [
        measurement("p", "m", AT, outcome=one, time_to_first_token_ms=100.0 if one == "ok" else None)
        for one in outcomes
    ]


def timed(*milliseconds: float) -> list[Measurement]:
    return [measurement("p", "m", AT, time_to_first_token_ms=time) for time in milliseconds]


@pytest.mark.parametrize("outcome", FAILURES)
def test_it_is_degraded_when_under_ninety_percent_are_good(outcome: str) -> None:
    found = trouble_in(answers(*["ok"] * 17, *[outcome] * 2), USUAL)
    assert found == "89.4 % of 19 answers in the last hour were good, under 90 %"


def test_it_is_not_degraded_at_ninety_percent() -> None:
    assert trouble_in(answers(*["ok"] * 18, *["timeout"] * 2), USUAL) == ""


@pytest.mark.parametrize("outcome", sorted(KEY_OUTCOMES))
def test_it_does_not_blame_the_provider_for_the_key(outcome: str) -> None:
    assert trouble_in(answers("ok", "ok", "ok", *[outcome] * 50), USUAL) == ""


def test_it_does_not_cry_wolf_over_few_answers() -> None:
    assert trouble_in([], USUAL) == ""
    assert trouble_in(answers("timeout", "timeout"), USUAL) == ""
    assert trouble_in(answers("ok", "ok", "ok", "timeout"), USUAL) == ""
    assert trouble_in(answers("ok", "timeout", "timeout"), USUAL) != ""


def test_it_is_degraded_when_answers_come_three_times_later_than_usual() -> None:
    assert trouble_in(timed(100, 601, 601), USUAL) == (
        "p95 of the time to first token was 601 ms in the last hour, over 3 × the 200 ms of the last 7 days"
    )
    assert trouble_in(timed(600, 600, 600), USUAL) == ""


def test_it_needs_more_than_one_late_answer_and_something_usual_to_compare_with() -> None:
    assert trouble_in(timed(100, 100, 9000), USUAL) == ""
    assert trouble_in(timed(9000, 9000), USUAL) == ""
    assert trouble_in(timed(9000, 9000, 9000), Timings(samples=MIN_BASELINE - 1, p95_ttft_ms=200.0)) == ""
    assert trouble_in(timed(9000, 9000, 9000), Timings(samples=MIN_BASELINE)) == ""
    assert trouble_in(timed(9000, 9000, 9000), Timings(samples=MIN_BASELINE, p95_ttft_ms=200.0)) != ""


@given(
    outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=40),
    times=st.lists(st.floats(1, 1e5), max_size=40),
    more=st.lists(st.sampled_from(FAILURES), max_size=10),
    order=st.randoms(use_true_random=False),
)
def test_more_failures_never_make_it_better(
    outcomes: list[str], times: list[float], more: list[str], order: Random
) -> None:
    before = answers(*outcomes) + timed(*times)
    after = before + answers(*more)
    order.shuffle(after)
    if trouble_in(before, USUAL):
        assert trouble_in(after, USUAL)


@given(values=st.lists(st.floats(0, 1e6), min_size=1, max_size=60), share=st.floats(0, 1))
def test_the_nearest_rank_is_the_percentile_of_larger_samples(values: list[float], share: float) -> None:
    found = nearest_rank(values, share)
    assert found in values
    if len(values) >= 5:
        assert found == percentile(sorted(values), share)


def test_the_nearest_rank_of_few_is_the_largest_and_of_none_there_is_none() -> None:
    assert nearest_rank([3.0, 1.0, 2.0], 0.95) == 3.0
    with pytest.raises(ValueError, match="of no values"):
        nearest_rank([], 0.5)
