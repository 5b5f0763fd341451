import itertools
import math
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.builders import offering
from openmodels.domain.pricing import blended_price, majority_currency
from openmodels.domain.ranking import (
    DEFAULT_WEIGHTS,
    FACTORS,
    PREFERENCES,
    Candidate,
    RankedProvider,
    confidence_of,
    effective_weights,
    rank,
)
from openmodels.domain.records import Pricing
from openmodels.domain.telemetry import OfferingTelemetry, Timings


def candidate(
    name: str,
    *,
    uptime: float | None = None,
    ttft: float | None = None,
    total: float | None = None,
    price: str | Decimal | None = None,
    currency: str = "USD",
    checks: int = 0,
    samples: int = 0,
) -> Candidate:
    amount = None if price is None else Decimal(price)
    prices = Pricing(input_per_million=amount, output_per_million=amount, currency=currency)
    timings = Timings(samples=samples, p50_ttft_ms=ttft, p50_total_ms=total)
    telemetry = OfferingTelemetry(checks_total=checks, uptime_percentage=uptime, timings=timings)
    return Candidate(
        offering=offering(name, "m", pricing=prices), provider_name=name.upper(), telemetry=telemetry
    )


def order(candidates: list[Candidate], weights: Any = DEFAULT_WEIGHTS) -> list[str]:
    return [row.provider_id for row in rank(candidates, weights)[1]]


def scores(candidates: list[Candidate], weights: Any = DEFAULT_WEIGHTS) -> dict[str, float]:
    return {row.provider_id: round(row.composite_score, 9) for row in rank(candidates, weights)[1]}


def factor_scores(row: RankedProvider) -> dict[str, float | None]:
    return {name: getattr(row.factors, name).score for name in FACTORS}


UPTIMES = st.none() | st.floats(0, 100)
TIMES = st.none() | st.floats(0, 1e6)
PRICES = st.sampled_from([None, *map(Decimal, ("0", "0.000000000001", "0.1", "0.10", "3", "1000000000"))])
WEIGHTS = st.fixed_dictionaries({name: st.sampled_from([0.0, 0.1, 0.5, 1.0, 7.0]) for name in FACTORS})


@st.composite
def fields(draw: st.DrawFn, *, currencies: tuple[str, ...] = ("USD", "USD", "EUR")) -> dict[str, Any]:
    return {
        "uptime": draw(UPTIMES),
        "ttft": draw(TIMES),
        "total": draw(TIMES),
        "price": draw(PRICES),
        "currency": draw(st.sampled_from(currencies)),
    }


def fields_list(least: int = 0) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(fields(), min_size=least, max_size=6)


def made(drawn: list[dict[str, Any]]) -> list[Candidate]:
    return [candidate(f"p-{n}", **given) for n, given in enumerate(drawn)]


@settings(max_examples=300, deadline=None)
@given(fields_list(), WEIGHTS)
def test_it_scores_the_weighted_sum_of_factors_within_bounds(drawn: list[Any], weights: Any) -> None:
    used, ranked = rank(made(drawn), weights)
    shares = [getattr(used, name) for name in FACTORS]
    assert math.isclose(sum(shares), 1.0) or sum(shares) == 0
    for number, row in enumerate(ranked, start=1):
        assert row.rank == number
        factors = [getattr(row.factors, name) for name in FACTORS]
        assert all(f.score is None or 0 <= f.score <= 100 for f in factors)
        assert all((f.score is None) == (f.weight == 0) for f in factors)
        assert 0 <= row.composite_score <= 100
        composite = sum(f.weight * f.score for f in factors if f.score is not None)
        assert math.isclose(row.composite_score, composite, abs_tol=1e-9)
        own = sum(f.weight for f in factors)
        assert math.isclose(own, 1.0) or own == 0
    found = [row.composite_score for row in ranked]
    assert found == sorted(found, reverse=True)


@settings(max_examples=200, deadline=None)
@given(fields_list(1), WEIGHTS, st.data())
def test_it_never_lowers_a_score_for_more_uptime(drawn: list[Any], weights: Any, data: Any) -> None:
    at = data.draw(st.integers(0, len(drawn) - 1))
    before = drawn[at]["uptime"]
    if before is None and all(other["uptime"] is None for other in drawn):
        return  # the first uptime of all brings a factor in that nobody was scored on
    better = data.draw(st.floats(before or 0.0, 100))
    after = [*drawn[:at], {**drawn[at], "uptime": better}, *drawn[at + 1 :]]
    name = f"p-{at}"
    assert scores(made(after), weights)[name] >= scores(made(drawn), weights)[name]


@settings(max_examples=200, deadline=None)
@given(fields_list(), WEIGHTS, st.randoms())
def test_it_does_not_depend_on_the_order_of_its_input(drawn: list[Any], weights: Any, random: Any) -> None:
    candidates = made(drawn)
    expected = rank(candidates, weights)
    random.shuffle(candidates)
    assert rank(candidates, weights) == expected


@settings(max_examples=200, deadline=None)
@given(fields_list(), WEIGHTS)
def test_it_breaks_ties_by_price_then_id(drawn: list[Any], weights: Any) -> None:
    candidates = made(drawn)
    currency = majority_currency(c.offering for c in candidates)

    def price(name: str) -> tuple[bool, Decimal]:
        pricing = next(c.offering.pricing for c in candidates if c.offering.provider_id == name)
        blended = blended_price(pricing) if pricing.currency == currency else None
        return blended is None, blended or Decimal(0)

    ranked = rank(candidates, weights)[1]
    for one, next_one in itertools.pairwise(ranked):
        if one.composite_score == next_one.composite_score:
            pair = one.provider_id, next_one.provider_id
            assert (price(pair[0]), pair[0]) < (price(pair[1]), pair[1])


def test_it_scores_as_the_specification_says() -> None:
    candidates = [
        candidate("a", uptime=99.0, ttft=200.0, total=1000.0, price="2"),
        candidate("b", uptime=100.0, ttft=400.0, total=500.0, price="1"),
    ]
    assert scores(candidates) == {
        "a": round(0.4 * 99 + 0.3 * 100 + 0.2 * 50 + 0.1 * 50, 9),
        "b": round(0.4 * 100 + 0.3 * 50 + 0.2 * 100 + 0.1 * 100, 9),
    }
    assert order(candidates) == ["b", "a"]


def test_it_leaves_out_a_factor_that_nobody_has_a_value_for() -> None:
    used, ranked = rank([candidate("a", uptime=90.0, price="1")], DEFAULT_WEIGHTS)
    assert (used.ttft, used.total) == (0, 0)
    assert math.isclose(used.uptime, 2 / 3)
    assert math.isclose(used.price, 1 / 3)
    assert factor_scores(ranked[0]) == {"uptime": 90.0, "ttft": None, "price": 100.0, "total": None}


def test_it_gives_nothing_for_what_is_not_known() -> None:
    ranked = rank([candidate("a", uptime=90.0), candidate("b", ttft=100.0)], DEFAULT_WEIGHTS)[1]
    rows = {row.provider_id: row for row in ranked}
    assert factor_scores(rows["a"]) == {"uptime": 90.0, "ttft": 0.0, "price": None, "total": None}
    assert factor_scores(rows["b"]) == {"uptime": 0.0, "ttft": 100.0, "price": None, "total": None}
    assert rows["a"].factors.ttft.value is None


def test_it_ranks_by_id_when_nothing_at_all_is_known() -> None:
    used, ranked = rank([candidate("b"), candidate("a")], DEFAULT_WEIGHTS)
    assert msgspec.structs.astuple(used) == (0, 0, 0, 0)
    assert [(r.provider_id, r.composite_score, r.confidence) for r in ranked] == [
        ("a", 0, "none"),
        ("b", 0, "none"),
    ]
    assert all(score is None for row in ranked for score in factor_scores(row).values())


def test_it_ranks_nobody_and_a_single_provider() -> None:
    assert rank([], DEFAULT_WEIGHTS)[1] == []
    alone = [candidate("a", uptime=100.0, ttft=9e5, total=9e5, price="1000")]
    assert scores(alone) == {"a": 100}


def test_it_gives_equal_offerings_equal_scores() -> None:
    same: dict[str, Any] = {"uptime": 99.5, "ttft": 300.0, "total": 900.0}
    candidates = [candidate(name, price="1", **same) for name in "cab"]
    assert len(set(scores(candidates).values())) == 1
    assert order(candidates) == ["a", "b", "c"]


def test_it_scores_free_prices() -> None:
    only_price = {"price": 1.0}
    assert scores([candidate("a", price="0"), candidate("b", price="0.0")], only_price) == {
        "a": 100,
        "b": 100,
    }
    mixed = [candidate("a", price="0"), candidate("b", price="2"), candidate("c", price="4"), candidate("d")]
    assert scores(mixed, only_price) == {"a": 100, "b": 50, "c": 25, "d": 0}


def test_it_breaks_ties_by_price_before_id() -> None:
    by_uptime = {"uptime": 1.0}
    candidates = [candidate("a", uptime=99.0), candidate("b", uptime=99.0, price="2")]
    assert order([*candidates, candidate("c", uptime=99.0, price="1")], by_uptime) == ["c", "b", "a"]


def test_it_ranks_a_foreign_currency_without_the_price_and_says_so() -> None:
    candidates = [
        candidate("a", uptime=90.0, price="1"),
        candidate("b", uptime=90.0, price="2"),
        candidate("c", uptime=95.0, price="0.01", currency="EUR"),
    ]
    ranked = rank(candidates, DEFAULT_WEIGHTS)[1]
    foreign = next(row for row in ranked if row.provider_id == "c")
    assert foreign.composite_score == 95.0
    assert factor_scores(foreign)["price"] is None
    assert foreign.factors.price.value == Decimal("0.01")
    assert foreign.factors.price.note == "priced in EUR, most offerings in USD: not compared"
    assert foreign.currency == "EUR"
    assert scores(candidates)["a"] == round(0.4 / 0.6 * 90 + 0.2 / 0.6 * 100, 9)
    assert all(row.factors.price.note is None for row in ranked if row.provider_id != "c")


def test_it_has_nothing_to_rank_a_foreign_offering_by_when_only_prices_are_known() -> None:
    candidates = [
        candidate("a", price="1"),
        candidate("b", price="9"),
        candidate("0", price="1", currency="EUR"),
    ]
    assert order(candidates) == ["a", "b", "0"]
    assert scores(candidates)["0"] == 0


@pytest.mark.parametrize(
    ("checks", "samples", "confidence"),
    [
        (100, 20, "high"),
        (99, 20, "medium"),
        (100, 19, "medium"),
        (20, 5, "medium"),
        (19, 5, "low"),
        (20, 4, "low"),
        (1, 0, "low"),
        (0, 1, "low"),
        (0, 0, "none"),
    ],
)
def test_it_says_how_far_to_trust_a_score(checks: int, samples: int, confidence: str) -> None:
    assert confidence_of(candidate("a", checks=checks, samples=samples).telemetry) == confidence


def test_it_shows_what_each_factor_comes_from() -> None:
    only = candidate("a", uptime=99.0, ttft=200.0, total=900.0, price="0.30", checks=120, samples=21)
    row = rank([only], DEFAULT_WEIGHTS)[1][0]
    assert [getattr(row.factors, name).samples for name in FACTORS] == [120, 21, 1, 21]
    assert [getattr(row.factors, name).value for name in FACTORS] == [99.0, 200.0, Decimal("0.3"), 900.0]
    assert (row.provider_name, row.confidence) == ("A", "high")


def test_it_ignores_a_factor_that_weighs_nothing() -> None:
    row = rank([candidate("a", uptime=50.0, price="1")], {"uptime": 1.0, "price": 0.0})[1][0]
    assert row.composite_score == 50.0
    assert (row.factors.price.score, row.factors.price.weight) == (None, 0)
    assert row.factors.price.value == 1


def test_it_scales_the_weights_of_the_known_factors() -> None:
    weights = effective_weights({"uptime": 3, "price": 1}, {"uptime", "price", "ttft"})
    assert weights == {"uptime": 0.75, "ttft": 0.0, "price": 0.25, "total": 0.0}
    assert set(effective_weights({"uptime": 1}, {"price"}).values()) == {0.0}


@pytest.mark.parametrize("name", PREFERENCES)
def test_it_keeps_every_preference_summing_to_one(name: str) -> None:
    assert math.isclose(sum(PREFERENCES[name].values()), 1.0)
    assert set(PREFERENCES[name]) == set(FACTORS)


@given(st.floats(0, 1e6, exclude_min=True), st.floats(0, 1e6, exclude_min=True))
def test_it_never_ranks_the_slower_of_two_higher(one: float, other: float) -> None:
    pair = [candidate("a", ttft=max(one, other)), candidate("b", ttft=min(one, other))]
    found = scores(pair, {"ttft": 1.0})
    assert found["b"] == 100
    assert found["a"] <= found["b"]
