"""What holds of every cost, whatever the prices and the workload."""

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from openmodels.domain.cost import INPUT_PARTS, OUTPUT_PARTS, Cost, Workload, cost_of
from openmodels.domain.records import BatchPricing, PriceTier, Pricing

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
                    reasoning_per_million=MAYBE,
                    input_audio_per_million=MAYBE,
                    output_audio_per_million=MAYBE,
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
