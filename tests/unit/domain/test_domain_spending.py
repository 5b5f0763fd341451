"""What probes cost: never less than they do."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.builders import AT, measurement
from openmodels.domain.records import Pricing
from openmodels.domain.spending import (
    CAUTIOUS_INPUT,
    CAUTIOUS_OUTPUT,
    MAX_NANO,
    bill,
    cost,
    from_nano,
    to_nano,
)
from openmodels.domain.telemetry import Measurement
from openmodels.settings import read_settings

prices = st.decimals(0, 10**9, places=12)
tokens = st.integers(0, 100_000_000)


def pricing(into: str | None, out: str | None, **more: Any) -> Pricing:
    return Pricing(
        input_per_million=None if into is None else Decimal(into),
        output_per_million=None if out is None else Decimal(out),
        currency="USD",
        **more,
    )


def probed(outcome: str = "ok", **fields: Any) -> Measurement:
    given: dict[str, Any] = {"outcome": outcome, "output_tokens": None, "input_tokens": None} | fields
    return measurement("p", "m", AT, **given)


def billed(one: Measurement, prices: Pricing | None = None) -> int:
    return bill(one, prices or pricing("1", "10"), estimate=777, input_tokens=200, reasoning=False)


def test_it_costs_what_the_price_list_says() -> None:
    # 200 tokens at 3 USD and 32 at 15 USD per million are 0.00108 USD.
    assert cost(pricing("3", "15"), input_tokens=200, output_tokens=32, reasoning=False) == 1_080_000
    assert from_nano(1_080_000) == Decimal("0.00108")


def test_it_costs_nothing_where_the_model_is_free() -> None:
    assert cost(pricing("0", "0"), input_tokens=200, output_tokens=1024, reasoning=True) == 0


@pytest.mark.parametrize(("into", "out"), [(None, "1"), ("1", None), (None, None)])
def test_it_takes_an_unknown_price_for_a_high_one(into: str | None, out: str | None) -> None:
    cautious = pricing(into or str(CAUTIOUS_INPUT), out or str(CAUTIOUS_OUTPUT))
    unknown = cost(pricing(into, out), input_tokens=200, output_tokens=32, reasoning=False)
    assert unknown == cost(cautious, input_tokens=200, output_tokens=32, reasoning=False) > 0


def test_it_takes_the_higher_price_for_tokens_that_may_be_reasoning() -> None:
    dear = pricing("0", "10", reasoning_per_million=Decimal(30))
    cheap = pricing("0", "10", reasoning_per_million=Decimal(1))
    assert cost(dear, input_tokens=0, output_tokens=1000, reasoning=True) == 30_000_000
    assert cost(cheap, input_tokens=0, output_tokens=1000, reasoning=True) == 10_000_000
    assert cost(dear, input_tokens=0, output_tokens=1000, reasoning=False) == 10_000_000


@given(prices, prices, tokens, tokens)
@settings(deadline=None)
def test_it_is_the_exact_cost_rounded_up(into: Decimal, out: Decimal, sent: int, answered: int) -> None:
    exact = (Fraction(into) * sent + Fraction(out) * answered) * 1000
    found = cost(pricing(str(into), str(out)), input_tokens=sent, output_tokens=answered, reasoning=False)
    assert found == MAX_NANO if exact > MAX_NANO else exact <= found < exact + 1


@given(st.integers(-(10**30), 10**30), st.integers(-(10**30), 10**30))
@settings(deadline=None)
def test_a_days_bills_fit_into_64_bits_whatever_usage_is_claimed(sent: int, answered: int) -> None:
    dearest = pricing("1000000000", "1000000000")
    most_probes = 10_000
    read_settings({"OPENMODELS_PROBE_DAILY_LIMIT": str(most_probes)})  # the most that a setting allows
    claimed = billed(probed(input_tokens=sent, output_tokens=answered), dearest)
    assert 0 <= claimed * most_probes < 2**63


@given(st.decimals(0, 10**9, places=12))
@settings(deadline=None)
def test_a_budget_is_not_stretched(amount: Decimal) -> None:
    assert from_nano(to_nano(amount)) <= amount < from_nano(to_nano(amount) + 1)


def test_it_bills_what_the_provider_counted() -> None:
    assert billed(probed(input_tokens=20, output_tokens=5)) == 20 * 1000 + 5 * 10_000


def test_it_bills_an_allowance_for_an_input_that_was_not_counted() -> None:
    assert billed(probed(output_tokens=5)) == 200 * 1000 + 5 * 10_000


@pytest.mark.parametrize(
    "one",
    [
        probed("timeout", connect_ms=3.0),
        probed("timeout"),
        probed("bad_stream", http_status=200, connect_ms=3.0),
        probed("rate_limited", http_status=200, connect_ms=3.0),
        probed("server_error", http_status=504, connect_ms=3.0),
        probed("network", connect_ms=3.0),
        probed("ok", http_status=200, output_tokens=3, tokens_estimated=True),
    ],
    ids=lambda one: f"{one.outcome}-{one.http_status}-{one.tokens_estimated}",
)
def test_it_lets_the_estimate_stand_where_a_model_may_have_worked_and_nobody_counted(
    one: Measurement,
) -> None:
    assert billed(one) == 777


@pytest.mark.parametrize(
    "one",
    [
        probed("auth", http_status=401),
        probed("quota", http_status=402),
        probed("rate_limited", http_status=429),
        probed("model_missing", http_status=404),
        probed("bad_request", http_status=400),
        probed("server_error", http_status=503),
        probed("blocked"),
        probed("network"),
    ],
    ids=lambda one: one.outcome,
)
def test_it_bills_nothing_for_what_was_refused(one: Measurement) -> None:
    assert billed(one) == 0
