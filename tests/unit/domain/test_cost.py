"""What a workload costs: by the rules, exactly."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.builders import model, offering
from fixtures.catalogue import EVERY_PRICE, pricing
from openmodels.domain.cost import (
    INPUT_PARTS,
    MAX_REQUESTS,
    OUTPUT_PARTS,
    Cost,
    UnusableWorkload,
    Workload,
    cost_of,
    fit_of,
    money,
    priced_offerings,
)
from openmodels.domain.limits import MAX_AMOUNT, MAX_DECIMALS
from openmodels.domain.records import MAX_TOKENS, BatchPricing, PriceTier, Pricing

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


TIERED = pricing(
    "1",
    "10",
    cache_read_per_million=D("0.1"),
    tiers=(
        PriceTier(above_tokens=1000, input_per_million=D(2), output_per_million=D(20)),
        PriceTier(above_tokens=5000, input_per_million=D(4)),
    ),
)


@pytest.mark.parametrize(
    ("prompt", "tier", "in_price", "out_price"),
    [
        (1000, None, "1", "10"),
        (1001, 1000, "2", "20"),
        (5000, 1000, "2", "20"),
        # What the higher tier does not state, the lower one does.
        (5001, 5000, "4", "20"),
    ],
)
def test_it_charges_the_whole_request_at_the_prices_of_its_tier(
    prompt: int, tier: int | None, in_price: str, out_price: str
) -> None:
    # Cached tokens lengthen the prompt; their own price no tier changes.
    cost = cost_of(TIERED, Workload(input_tokens=prompt, cached_tokens=900, output_tokens=100))
    assert cost.tier_above_tokens == tier
    assert {item.item: item.unit_price for item in cost.items} == {
        "input": D(in_price),
        "cache_read": D("0.1"),
        "output": D(out_price),
    }


def test_it_takes_the_prices_for_batches() -> None:
    cost = cost_of(EVERY_PRICE, Workload(input_tokens=1000, output_tokens=100, batch=True))
    assert amounts(cost) == {"input": D("0.00005"), "output": D("0.000125")}


def test_it_does_not_know_what_a_batch_costs_where_nobody_says() -> None:
    work = Workload(input_tokens=1000, output_tokens=100, batch=True)
    assert cost_of(pricing("1", "2"), work).unknown == (
        "batch.input_per_million",
        "batch.output_per_million",
    )
    half = pricing("1", "2", batch=BatchPricing(input_per_million=D("0.5")))
    assert cost_of(half, work).unknown == ("batch.output_per_million",)
    assert cost_of(EVERY_PRICE, Workload(searches=1, batch=True)).unknown == ("batch.search_per_query",)
    reasoning = Workload(output_tokens=10, reasoning_tokens=10, batch=True)
    assert cost_of(EVERY_PRICE, reasoning).unknown == ("batch.reasoning_per_million",)


def test_it_charges_the_cache_as_input_in_a_batch() -> None:
    cost = cost_of(EVERY_PRICE, Workload(input_tokens=1000, cached_tokens=1000, batch=True))
    assert cost.total == D("0.00005")
    assert cost.items[0].note == "no price for reading the cache is known: charged as input"


def test_it_does_not_know_what_a_long_prompt_costs_in_a_batch() -> None:
    cost = cost_of(EVERY_PRICE, Workload(input_tokens=200_001, output_tokens=1, batch=True))
    assert cost.unknown == ("batch.input_per_million", "batch.output_per_million")
    # A tier that says nothing of the price leaves it as it is.
    silent = pricing(
        "1", "2", batch=BatchPricing(output_per_million=D(1)), tiers=(PriceTier(above_tokens=5),)
    )
    assert cost_of(silent, Workload(input_tokens=0, output_tokens=10, batch=True)).total == D("0.00001")


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


ROOMY = model("m", context_window=1000, max_output_tokens=100)


@pytest.mark.parametrize(
    ("fields", "tokens", "fits", "reasons"),
    [
        ({}, (900, 100), True, ()),
        ({}, (901, 100), False, ("context too small: needs 1,001, has 1,000",)),
        ({}, (0, 101), False, ("answer too long: needs 101, may be at most 100",)),
        ({"context_window_override": 2000, "max_output_tokens": 500}, (1500, 500), True, ()),
        (
            {"context_window_override": 50},
            (0, 200),
            False,
            (
                "context too small: needs 200, has 50",
                "answer too long: needs 200, may be at most 100",
            ),
        ),
    ],
)
def test_it_says_whether_a_request_fits(
    fields: dict[str, Any], tokens: tuple[int, int], fits: bool, reasons: tuple[str, ...]
) -> None:
    fit = fit_of(
        offering("p", "m", **fields), ROOMY, Workload(input_tokens=tokens[0], output_tokens=tokens[1])
    )
    assert (fit.fits, fit.reasons) == (fits, reasons)


def test_it_cannot_tell_whether_a_request_fits_into_an_unknown_window() -> None:
    unknown = model("m", context_window=None)
    fit = fit_of(offering("p", "m"), unknown, Workload(input_tokens=1))
    assert (fit.fits, fit.reasons) == (None, ("context window unknown",))
    assert fit_of(offering("p", "m"), unknown, Workload(images=1)).fits is True


def test_it_puts_the_cheapest_first_then_other_currencies_then_the_unknown() -> None:
    offerings = [
        offering("unknown", "m", None),
        offering("euro", "m", pricing=pricing("0.1", "0.1", "EUR")),
        offering("dear", "m", "2"),
        offering("retired", "m", "0", status="retired"),
        offering("b-tied", "m", "1"),
        offering("a-tied", "m", "1"),
    ]
    listed = priced_offerings(model("m"), offerings, Workload(input_tokens=10))
    assert [p.offering.provider_id for p in listed] == ["a-tied", "b-tied", "dear", "euro", "unknown"]


def test_it_lists_the_offerings_of_the_regions_asked_for() -> None:
    offerings = [
        offering("us", "m"),
        offering("eu", "m", available_regions=("eu-west-1", "eu-north-1")),
        offering("any", "m", available_regions=("global",)),
    ]
    listed = priced_offerings(model("m"), offerings, Workload(), regions=["eu-north-1", "ap-south-1"])
    assert [p.offering.provider_id for p in listed] == ["eu"]


# What has a shape.

AMOUNTS = st.decimals(0, 1000, places=6)
MAYBE = st.none() | AMOUNTS
SMALL = st.integers(0, 20_000)


@st.composite
def pricings(draw: st.DrawFn) -> Pricing:
    names = [n for n in Pricing.__struct_fields__ if n not in {"currency", "batch", "tiers"}]
    starts = draw(st.lists(st.integers(1, 40_000), unique=True, max_size=3))
    return Pricing(
        **{name: draw(MAYBE) for name in names},
        currency="USD",
        batch=draw(st.none() | st.builds(BatchPricing, input_per_million=MAYBE, output_per_million=MAYBE)),
        tiers=tuple(
            draw(
                st.builds(
                    PriceTier,
                    above_tokens=st.just(start),
                    input_per_million=MAYBE,
                    output_per_million=MAYBE,
                    cache_read_per_million=MAYBE,
                    cache_write_per_million=MAYBE,
                )
            )
            for start in sorted(starts)
        ),
    )


@st.composite
def workloads(draw: st.DrawFn) -> Workload:
    parts = {name: draw(SMALL) for name in (*INPUT_PARTS, *OUTPUT_PARTS)}
    return Workload(
        **parts,
        input_tokens=sum(parts[name] for name in INPUT_PARTS) + draw(SMALL),
        output_tokens=sum(parts[name] for name in OUTPUT_PARTS) + draw(SMALL),
        images=draw(st.integers(0, 9)),
        audio_seconds=draw(st.integers(0, 9)),
        searches=draw(st.integers(0, 9)),
        requests=draw(st.integers(1, 1000)),
        batch=draw(st.booleans()),
    )


def numbers(cost: Cost) -> list[Any]:
    return [
        cost.total,
        cost.total_per_request,
        *(i.amount for i in cost.items),
        *(i.unit_price for i in cost.items),
    ]


def changed(workload: Workload, **fields: Any) -> Workload:
    kept = {name: getattr(workload, name) for name in workload.__struct_fields__}
    return Workload(**kept | fields)


@given(pricings(), workloads())
@settings(max_examples=150)
def test_its_items_sum_to_the_total_and_are_never_floats(prices: Pricing, work: Workload) -> None:
    cost = cost_of(prices, work)
    assert all(number is None or isinstance(number, Decimal) for number in numbers(cost))
    assert (cost.total is None) == bool(cost.unknown) == any(not item.known for item in cost.items)
    if cost.total is not None and cost.total_per_request is not None:
        assert cost.total == sum(item.amount or 0 for item in cost.items)
        assert cost.total == cost.total_per_request * work.requests
    for item in cost.items:
        if item.amount is not None and item.unit_price is not None:
            assert item.amount * item.per == item.unit_price * item.quantity
    tokens = sum(item.quantity for item in cost.items if item.per > 1)
    assert tokens == (work.input_tokens + work.output_tokens) * work.requests


@given(pricings(), workloads(), st.integers(1, 1000))
@settings(max_examples=100)
def test_it_is_additive_in_requests(prices: Pricing, work: Workload, more: int) -> None:
    one, other = cost_of(prices, work), cost_of(prices, changed(work, requests=more))
    both = cost_of(prices, changed(work, requests=work.requests + more))
    assert both.unknown == one.unknown == other.unknown
    if one.total is not None and other.total is not None:
        assert both.total == one.total + other.total


@given(
    pricings(), workloads(), st.sampled_from(["input_tokens", "output_tokens", "images", "searches"]), SMALL
)
@settings(max_examples=150)
def test_it_is_monotone_within_a_tier(prices: Pricing, work: Workload, name: str, more: int) -> None:
    before = cost_of(prices, work)
    after = cost_of(prices, changed(work, **{name: getattr(work, name) + more}))
    if before.tier_above_tokens == after.tier_above_tokens:
        assert set(before.unknown) <= set(after.unknown)
        if before.total is not None and after.total is not None:
            assert before.total <= after.total
