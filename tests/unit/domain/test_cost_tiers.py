"""What a workload costs where prompts are long, and where requests may wait."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from fixtures.catalogue import EVERY_PRICE, pricing
from openmodels.domain.cost import Cost, Workload, cost_of
from openmodels.domain.records import BatchPricing, PriceTier, Pricing

D = Decimal


def amounts(cost: Cost) -> dict[str, Decimal | None]:
    return {item.item: item.amount for item in cost.items}


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
    assert cost_of(EVERY_PRICE, Workload(searches=1, batch=True)).unknown == ("search_per_query in a batch",)
    reasoning = Workload(output_tokens=10, reasoning_tokens=10, batch=True)
    assert cost_of(EVERY_PRICE, reasoning).unknown == ("reasoning_per_million in a batch",)


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


THINKING = Workload(input_tokens=300_000, output_tokens=1000, reasoning_tokens=500)


def thinking(own: str | None = "4", **tier: str) -> Pricing:
    """Reasoning with a price of its own, and one tier."""
    above = PriceTier(above_tokens=256_000, **{name: D(price) for name, price in tier.items()})
    return pricing("0.4", "1.2", reasoning_per_million=None if own is None else D(own), tiers=(above,))


def test_reasoning_costs_what_its_tier_says() -> None:
    cost = cost_of(thinking(output_per_million="3.6", reasoning_per_million="12"), THINKING)
    assert amounts(cost) == {"input": D("0.12"), "output": D("0.0018"), "reasoning": D("0.006")}
    short = Workload(input_tokens=256_000, output_tokens=500, reasoning_tokens=500)
    prices = thinking(output_per_million="3.6", reasoning_per_million="12")
    assert amounts(cost_of(prices, short))["reasoning"] == D("0.002")


def test_nobody_knows_what_a_part_costs_where_the_tier_changes_the_whole_alone() -> None:
    cost = cost_of(thinking(output_per_million="3.6"), THINKING)
    assert (cost.total, cost.unknown) == (None, ("reasoning_per_million",))
    assert {item.item: item.note for item in cost.items} == {
        "input": None,
        "output": None,
        "reasoning": "the price is known for shorter prompts only",
    }


@pytest.mark.parametrize(
    "tier", [{}, {"input_per_million": "9"}, {"output_per_million": "1.20"}, {"cache_read_per_million": "9"}]
)
def test_a_part_keeps_its_price_where_the_tier_leaves_the_whole_as_it_is(tier: Mapping[str, str]) -> None:
    assert amounts(cost_of(thinking(**tier), THINKING))["reasoning"] == D("0.002")


def test_reasoning_may_have_a_price_of_its_own_for_long_prompts_only() -> None:
    prices = thinking(own=None, output_per_million="3.6", reasoning_per_million="12")
    assert amounts(cost_of(prices, THINKING))["reasoning"] == D("0.006")
    short = Workload(output_tokens=500, reasoning_tokens=500)
    assert amounts(cost_of(prices, short))["reasoning"] == D("0.0006")
    waits = Workload(input_tokens=300_000, output_tokens=500, reasoning_tokens=500, batch=True)
    assert "reasoning_per_million in a batch" in cost_of(prices, waits).unknown


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # What the lower tier says of the part holds on, until the whole changes once more.
        ({"output_per_million": "2", "reasoning_per_million": "6"}, {"input_per_million": "9"}, "0.003"),
        ({"output_per_million": "2", "reasoning_per_million": "6"}, {"output_per_million": "3"}, None),
        ({"output_per_million": "2"}, {"reasoning_per_million": "6"}, "0.003"),
        ({"output_per_million": "2"}, {"output_per_million": "1.2"}, None),
    ],
)
def test_each_tier_is_held_against_the_one_below(
    first: Mapping[str, str], second: Mapping[str, str], expected: str | None
) -> None:
    tiers = (
        PriceTier(above_tokens=1000, **{name: D(price) for name, price in first.items()}),
        PriceTier(above_tokens=5000, **{name: D(price) for name, price in second.items()}),
    )
    prices = pricing("0.4", "1.2", reasoning_per_million=D(4), tiers=tiers)
    assert amounts(cost_of(prices, THINKING))["reasoning"] == (None if expected is None else D(expected))


@pytest.mark.parametrize(
    ("side", "work", "part"),
    [
        ("input", Workload(input_tokens=2000, input_audio_tokens=2000), "input_audio"),
        (
            "output",
            Workload(input_tokens=2000, output_tokens=2000, output_audio_tokens=2000),
            "output_audio",
        ),
    ],
)
def test_audio_is_a_part_like_reasoning(side: str, work: Workload, part: str) -> None:
    name = f"{part}_per_million"

    def cost(**tier: Decimal) -> Cost:
        above = PriceTier(above_tokens=1000, **tier)
        prices: dict[str, Any] = {name: D(30), "tiers": (above,)}
        return cost_of(pricing("1", "1", **prices), work)

    assert cost(**{f"{side}_per_million": D(2)}).unknown == (name,)
    assert amounts(cost(**{f"{side}_per_million": D(2), name: D(50)}))[part] == D("0.1")
    assert amounts(cost(cache_read_per_million=D(2)))[part] == D("0.06")


def test_a_batch_has_words_for_the_prices_that_it_has_no_fields_for() -> None:
    work = Workload(input_tokens=9, input_audio_tokens=9, images=1, searches=1, audio_seconds=1, batch=True)
    assert cost_of(EVERY_PRICE, work).unknown == (
        "input_audio_per_million in a batch",
        "image_per_unit in a batch",
        "audio_per_second in a batch",
        "search_per_query in a batch",
    )


def test_it_says_why_a_long_prompt_costs_nobody_knows_what_in_a_batch() -> None:
    cost = cost_of(EVERY_PRICE, Workload(input_tokens=200_001, batch=True))
    assert [item.note for item in cost.items] == ["the price is known for shorter prompts only"]
