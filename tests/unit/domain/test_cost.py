"""What a workload costs: by the rules, exactly."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from fixtures.catalogue import EVERY_PRICE, pricing
from openmodels.domain.cost import MAX_REQUESTS, Cost, UnusableWorkload, Workload, cost_of, money
from openmodels.domain.limits import MAX_AMOUNT, MAX_DECIMALS
from openmodels.domain.records import MAX_TOKENS

D = Decimal


def amounts(cost: Cost) -> dict[str, Decimal | None]:
    return {item.item: item.amount for item in cost.items}


def test_it_charges_each_token_once_by_its_own_price() -> None:
    cost = cost_of(
        EVERY_PRICE,
        Workload(
            input_tokens=1000,
            cached_tokens=300,
            cache_write_tokens=200,
            input_audio_tokens=100,
            output_tokens=500,
            reasoning_tokens=50,
            output_audio_tokens=20,
            images=2,
            audio_seconds=30,
            searches=3,
        ),
    )
    assert amounts(cost) == {
        "input": D("0.00004"),
        "cache_read": D("0.0000075"),
        "cache_write": D("0.000025"),
        "input_audio": D("0.004"),
        "output": D("0.001075"),
        "reasoning": D("0.00015"),
        "output_audio": D("0.0016"),
        "image": D("0.008"),
        "audio_second": D("0.003"),
        "search": D("0.03"),
    }
    assert cost.total == D("0.0478975")
    assert (cost.currency, cost.unknown, cost.tier_above_tokens) == ("USD", (), None)


def test_it_shows_quantities_over_all_requests_and_prices_as_written() -> None:
    cost = cost_of(EVERY_PRICE, Workload(output_tokens=100, images=1, requests=3))
    tokens, images = cost.items
    assert (tokens.quantity, str(tokens.unit_price), tokens.per, tokens.known) == (
        300,
        "2.50",
        1_000_000,
        True,
    )
    assert (images.quantity, str(images.unit_price), images.per) == (3, "0.0040", 1)
    assert cost.total == D("0.01275")
    assert cost.total_per_request == D("0.00425")


def test_it_does_not_know_the_total_when_a_price_that_it_needs_is_unknown() -> None:
    cost = cost_of(pricing("1", None), Workload(input_tokens=10, output_tokens=10, images=1))
    assert (cost.total, cost.total_per_request) == (None, None)
    assert cost.unknown == ("output_per_million", "image_per_unit")
    assert amounts(cost) == {"input": D("0.00001"), "output": None, "image": None}
    assert [item.known for item in cost.items] == [True, False, False]


def test_it_needs_no_price_for_what_is_not_asked() -> None:
    assert cost_of(pricing("1", None), Workload(input_tokens=10)).total == D("0.00001")
    nothing = cost_of(pricing(None, None), Workload())
    assert (nothing.total, nothing.items, nothing.unknown) == (D(0), (), ())


def test_it_knows_free_from_unknown() -> None:
    cost = cost_of(pricing("0", "0.0"), Workload(input_tokens=10, output_tokens=10))
    assert (cost.total, cost.unknown) == (D(0), ())


@pytest.mark.parametrize(("name", "what"), [("cached_tokens", "reading"), ("cache_write_tokens", "writing")])
def test_it_charges_as_input_where_no_price_for_the_cache_is_known_and_says_so(name: str, what: str) -> None:
    parts: Any = {name: 400}
    cost = cost_of(pricing("2", "8"), Workload(input_tokens=1000, **parts))
    assert cost.total == D("0.002")
    assert [item.note for item in cost.items] == [
        None,
        f"no price for {what} the cache is known: charged as input",
    ]
    unknown = cost_of(pricing(None, "8"), Workload(input_tokens=400, **parts))
    assert unknown.total is None
    assert [item.note for item in unknown.items] == [None]


def test_it_charges_reasoning_as_output_where_it_has_no_price_of_its_own() -> None:
    cost = cost_of(pricing("1", "4"), Workload(output_tokens=100, reasoning_tokens=60))
    assert amounts(cost) == {"output": D("0.00016"), "reasoning": D("0.00024")}
    unknown = cost_of(pricing("1", None), Workload(output_tokens=100, reasoning_tokens=100))
    assert unknown.unknown == ("output_per_million",)


def test_it_takes_no_price_of_text_for_audio() -> None:
    cost = cost_of(pricing("1", "4"), Workload(input_tokens=10, input_audio_tokens=10))
    assert cost.unknown == ("input_audio_per_million",)


@pytest.mark.parametrize("name", ["cached_tokens", "cache_write_tokens"])
def test_it_says_nothing_of_the_cache_where_input_is_free(name: str) -> None:
    parts: Any = {name: 400}
    cost = cost_of(pricing("0", "0"), Workload(input_tokens=1000, **parts))
    assert cost.total == 0
    assert [item.note for item in cost.items] == [None, None]


@pytest.mark.parametrize(
    ("numbers", "parameter", "message"),
    [
        ({"input_tokens": -1}, "input_tokens", "input_tokens must be an integer from 0 to 100000000, not -1"),
        ({"images": 10**7}, "images", "images must be an integer from 0 to 1000000, not 10000000"),
        ({"requests": 0}, "requests", "requests must be an integer from 1 to 1000000000, not 0"),
        (
            {"input_tokens": 9, "cached_tokens": 5, "cache_write_tokens": 5},
            "input_tokens",
            (
                "input_tokens must be at least 10, not 9: cached_tokens, cache_write_tokens and "
                "input_audio_tokens are counted among them"
            ),
        ),
        (
            {"reasoning_tokens": 1},
            "output_tokens",
            (
                "output_tokens must be at least 1, not 0: reasoning_tokens and output_audio_tokens are "
                "counted among them"
            ),
        ),
    ],
)
def test_it_refuses_a_workload_that_cannot_be(numbers: dict[str, Any], parameter: str, message: str) -> None:
    with pytest.raises(UnusableWorkload) as refused:
        Workload(**numbers)
    assert str(refused.value) == message
    assert refused.value.parameter == parameter


def test_it_rounds_nothing_at_the_ends_of_every_range() -> None:
    dearest = D(MAX_AMOUNT) - D(1).scaleb(-MAX_DECIMALS)
    work = Workload(input_tokens=MAX_TOKENS - 1, output_tokens=MAX_TOKENS - 3, requests=MAX_REQUESTS - 7)
    cost = cost_of(pricing(str(dearest), str(dearest)), work)
    expected = (MAX_AMOUNT - Fraction(1, 10**MAX_DECIMALS)) * (2 * MAX_TOKENS - 4) * (MAX_REQUESTS - 7)
    assert cost.total is not None
    assert Fraction(cost.total) == expected / 10**6


def test_it_writes_amounts_without_zeros_at_their_end() -> None:
    cost = cost_of(pricing("0.10", "100"), Workload(input_tokens=1_000_000, output_tokens=10_000_000))
    assert [str(item.amount) for item in cost.items] == ["0.1", "1000"]
    assert str(cost.total) == "1000.1"


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0.10", "0.1"), ("100", "100"), ("1E+3", "1000"), ("1E-7", "0.0000001"), ("0.0", "0")],
)
def test_it_writes_money_in_full(amount: str, text: str) -> None:
    assert money(D(amount)) == text


def test_it_does_not_write_out_a_million_zeros() -> None:
    assert money(D("1e-999999")) == "1E-999999"
