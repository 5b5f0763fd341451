from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.builders import offering
from openmodels.domain.pricing import blended_price, cheapest, input_price_key, majority_currency
from openmodels.domain.records import Offering, Pricing

AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=12)
MAYBE = st.none() | AMOUNTS


def pricing(into: Decimal | str | None, out: Decimal | str | None = None, currency: str = "USD") -> Pricing:
    return Pricing(
        input_per_million=None if into is None else Decimal(into),
        output_per_million=None if out is None else Decimal(out),
        currency=currency,
    )


def priced(provider_id: str, *prices: Any, **fields: Any) -> Offering:
    return offering(provider_id, "m", pricing=pricing(*prices), **fields)


def cheapest_id(*offerings: Offering) -> str | None:
    best = cheapest(offerings)
    return best.provider_id if best else None


@given(AMOUNTS, AMOUNTS)
def test_it_blends_three_to_one_exactly(into: Decimal, out: Decimal) -> None:
    blended = blended_price(pricing(into, out))
    assert blended is not None
    assert Fraction(blended) == (3 * Fraction(into) + Fraction(out)) / 4


@pytest.mark.parametrize(("into", "out"), [(None, "1"), ("1", None), (None, None)])
def test_it_does_not_blend_what_is_unknown(into: str | None, out: str | None) -> None:
    assert blended_price(pricing(into, out)) is None


def test_it_blends_free_to_free() -> None:
    assert blended_price(pricing("0", "0")) == 0
    assert blended_price(pricing("0.1", "0.2")) == Decimal("0.125")


def test_it_takes_the_lowest_input_price() -> None:
    assert cheapest_id(priced("a", "2"), priced("b", "1"), priced("c", None)) == "b"


def test_it_takes_free_for_the_cheapest_and_unknown_for_no_price() -> None:
    assert cheapest_id(priced("a", "1"), priced("b", "0"), priced("c", None, "0")) == "b"
    assert cheapest_id(priced("a", None)) is None
    assert cheapest_id() is None


def test_it_does_not_count_what_is_retired() -> None:
    assert cheapest_id(priced("a", "1", status="retired"), priced("b", "2", status="deprecated")) == "b"
    assert cheapest_id(priced("a", "1", status="retired")) is None


def test_it_tells_equal_input_prices_apart_by_output_price_then_by_id() -> None:
    assert cheapest_id(priced("a", "1", None), priced("b", "1", "5"), priced("c", "1.0", "4")) == "c"
    assert cheapest_id(priced("b", "1", "4"), priced("a", "1.0", "4.00")) == "a"


def test_it_does_not_mix_currencies() -> None:
    euros = [priced("x", "0.1", None, "EUR"), priced("y", "0.2", None, "EUR")]
    assert cheapest_id(priced("a", "5"), priced("b", "6"), priced("c", "7"), *euros) == "a"
    assert cheapest_id(priced("a", "5"), *euros) == "x"
    assert cheapest_id(priced("a", "5"), euros[0]) == "x"  # EUR comes before USD


def test_it_counts_only_live_known_prices_for_the_majority() -> None:
    dead = [priced("a", "1", None, "EUR", status="retired"), priced("b", None, None, "EUR")]
    assert cheapest_id(*dead, priced("c", "9")) == "c"
    assert majority_currency([*dead, priced("c", "9")]) == "EUR"
    assert majority_currency([]) is None


@given(st.lists(st.tuples(MAYBE, MAYBE), max_size=8), st.randoms())
def test_it_finds_the_same_cheapest_in_any_order(prices: list[tuple[Any, Any]], random: Any) -> None:
    offerings = [priced(f"p-{n}", *pair) for n, pair in enumerate(prices)]
    best = cheapest(offerings)
    known = [o for o in offerings if o.pricing.input_per_million is not None]
    assert best == min(known, key=input_price_key, default=None)
    assert best is None or all(input_price_key(best) <= input_price_key(o) for o in offerings)
    random.shuffle(offerings)
    assert cheapest(offerings) == best
