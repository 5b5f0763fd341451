"""What we work out, against genai-prices' own calculator, for every model of every provider that it knows.

Its bundled prices are put into our shape, so that only the arithmetic and the rules differ. Every difference
is listed in ``genai_prices_differences.txt``, pair by pair, under a reason from ``REASONS``; each reason is
itself checked by arithmetic, so that no entry can cover up another difference.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

from genai_prices import Usage, __version__, calc_price
from genai_prices.data import providers
from genai_prices.types import ModelInfo, ModelPrice, Provider, Tier, TieredPrices

from openmodels.domain.cost import Cost, Workload, cost_of
from openmodels.domain.limits import MAX_DECIMALS
from openmodels.domain.records import BatchPricing, PriceTier, Pricing

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
"""When the requests are made: some of its prices depend on the time."""
BATCH = {"processing": "batch"}
TABLE = Path(__file__).with_name("genai_prices_differences.txt")

PRICES = {
    "input_mtok": "input_per_million",
    "output_mtok": "output_per_million",
    "cache_read_mtok": "cache_read_per_million",
    "cache_write_mtok": "cache_write_per_million",
    "input_audio_mtok": "input_audio_per_million",
    "output_audio_mtok": "output_audio_per_million",
    "output_reasoning_mtok": "reasoning_per_million",
}
USAGES = {
    "cached_tokens": "cache_read_tokens",
    "reasoning_tokens": "output_reasoning_tokens",
    "searches": "web_searches",
    "audio_seconds": "input_audio_seconds",
}


class Compared(NamedTuple):
    """One workload at one pair of provider and model."""

    provider: str
    model: str
    pricing: Pricing
    theirs_by: ModelPrice
    workload: Workload
    ours: Cost
    theirs: Decimal


def pricing_of(prices: ModelPrice, batch: ModelPrice | None) -> Pricing:
    """Its prices in our shape; its tiers are by price, ours are by length of prompt."""
    base: dict[str, Any] = {"input_per_million": None, "output_per_million": None}
    tiers: defaultdict[int, dict[str, Decimal]] = defaultdict(dict)
    for theirs, ours in PRICES.items():
        price = getattr(prices, theirs)
        if isinstance(price, TieredPrices):
            for tier in price.tiers:
                tiers[tier.start][ours] = tier.price
        base[ours] = base_of(price)
    hourly = base_of(prices.input_audio_hours if prices.audio_hours is None else prices.audio_hours)
    searches = base_of(prices.web_searches_kcount)
    return Pricing(
        **base,
        currency="USD",
        audio_per_second=None if hourly is None else round(hourly / 3600, MAX_DECIMALS),
        search_per_query=None if searches is None else searches / 1000,
        batch=None
        if batch is None
        else BatchPricing(
            input_per_million=base_of(batch.input_mtok), output_per_million=base_of(batch.output_mtok)
        ),
        tiers=tuple(PriceTier(above_tokens=start, **tiers[start]) for start in sorted(tiers)),
    )


def base_of(price: Any) -> Decimal | None:
    """The price below all tiers."""
    known: Decimal | None = price.base if isinstance(price, TieredPrices) else price
    return known


def batch_prices(model: ModelInfo) -> ModelPrice | None:
    """What a request in a batch costs, where it says so; a price that it does not change for that holds."""
    said = any(
        variant.when == BATCH and (variant.constraint is None or variant.constraint.active(AT))
        for variant in model.price_variants or ()
    )
    return model.get_prices(AT, BATCH) if said else None


def workloads(pricing: Pricing) -> Iterator[Workload]:
    """What is compared: quantities that are no round numbers, and all that the pair has prices for."""
    cached = partial(Workload, input_tokens=10_007, output_tokens=301, cached_tokens=7003)
    yield Workload(input_tokens=1234, output_tokens=567)
    yield Workload(input_tokens=1234)
    yield cached()
    yield Workload(input_tokens=10_007, output_tokens=301, cached_tokens=3001, cache_write_tokens=4003)
    yield Workload(input_tokens=1007, output_tokens=901, reasoning_tokens=603)
    for tier in pricing.tiers:
        start = tier.above_tokens
        yield Workload(input_tokens=start, output_tokens=99, cached_tokens=11)
        yield Workload(
            input_tokens=start + 1, output_tokens=99, cached_tokens=start - 99, cache_write_tokens=50
        )
    if pricing.batch is not None:
        yield Workload(input_tokens=1234, output_tokens=567, batch=True)
        yield cached(batch=True)
        for tier in pricing.tiers:
            yield Workload(input_tokens=tier.above_tokens + 1, output_tokens=99, batch=True)
    if pricing.input_audio_per_million is not None:
        yield Workload(input_tokens=2003, output_tokens=301, input_audio_tokens=1501)
    if pricing.output_audio_per_million is not None:
        yield Workload(input_tokens=2003, output_tokens=301, output_audio_tokens=151)
    if pricing.search_per_query is not None:
        yield Workload(input_tokens=2003, output_tokens=301, searches=3)
    if pricing.audio_per_second is not None:
        yield Workload(audio_seconds=127)
        yield Workload(audio_seconds=7)


def usage_of(workload: Workload) -> Usage:
    """The same in its words."""
    given = {
        USAGES.get(name, name): getattr(workload, name)
        for name in workload.__struct_fields__
        if name not in {"requests", "batch", "images"}
    }
    # That no token is both cached and audio, or both reasoning and audio, it wants to be told.
    return Usage(
        **given,
        audio_seconds=workload.audio_seconds,
        cache_audio_read_tokens=0,
        output_audio_reasoning_tokens=0,
    )


def their_total(provider: Provider, model: ModelInfo, workload: Workload) -> Decimal:
    """What its calculator says; where it does not find a model by its own id, the calculator of the model."""
    usage, context = usage_of(workload), BATCH if workload.batch else None
    try:
        found = calc_price(
            usage, model.id, provider_id=provider.id, genai_request_timestamp=AT, price_context=context
        )
    except LookupError:
        return model.calc_price(
            usage, provider, genai_request_timestamp=AT, price_context=context
        ).total_price
    assert found.model.id == model.id
    return found.total_price


@cache
def compared() -> tuple[Compared, ...]:
    """Every workload at every pair."""
    rows = []
    for provider in providers:
        for model in provider.models:
            pricing = pricing_of(model.get_prices(AT), batch_prices(model))
            for workload in workloads(pricing):
                theirs = their_total(provider, model, workload)
                by = model.get_prices(AT, BATCH if workload.batch else None)
                ours = cost_of(pricing, workload)
                rows.append(Compared(provider.id, model.id, pricing, by, workload, ours, theirs))
    return tuple(rows)


def charges_nothing(one: Compared) -> bool:
    known = sum((item.amount or Decimal(0) for item in one.ours.items), Decimal(0))
    return one.ours.total is None and one.theirs == known


def charges_each_request(one: Compared) -> bool:
    price = base_of(one.theirs_by.requests_kcount)
    return price is not None and one.ours.total is not None and one.theirs - one.ours.total == price / 1000


def has_endless_digits(one: Compared) -> bool:
    seconds, total = one.workload.audio_seconds, one.ours.total
    unit = Decimal(1).scaleb(-MAX_DECIMALS)
    return seconds > 0 and total is not None and abs(one.theirs - total) <= seconds * unit / 2


def charges_ten_seconds(one: Compared) -> bool:
    price = one.pricing.audio_per_second
    least = None if price is None else 10 * price
    # To what an hour's price leaves after twelve digits.
    return (
        one.workload.audio_seconds < 10 and least is not None and abs(one.theirs - least) < Decimal("1e-11")
    )


def caches_in_batches(one: Compared) -> bool:
    batch, cached = one.pricing.batch, base_of(one.theirs_by.cache_read_mtok)
    if not one.workload.batch or batch is None or batch.input_per_million is None or cached is None:
        return False
    saved = (batch.input_per_million - cached) * one.workload.cached_tokens / 1_000_000
    return one.ours.total is not None and one.ours.total - one.theirs == saved


def has_tiers_in_batches(one: Compared) -> bool:
    return one.workload.batch and one.ours.total is None and one.ours.tier_above_tokens is not None


REASONS: Mapping[str, tuple[str, Callable[[Compared], bool]]] = {
    "no-price": (
        "It charges nothing for what it has no price for; here the total is unknown.",
        charges_nothing,
    ),
    "per-request": (
        "It has a price for each request, which no field of the registry holds.",
        charges_each_request,
    ),
    "per-hour": (
        "Its price of an hour, divided by 3600, does not end; the registry keeps twelve digits of a price.",
        has_endless_digits,
    ),
    "ten-seconds": (
        "It knows that this provider charges for at least ten seconds; the registry has no word for that.",
        charges_ten_seconds,
    ),
    "batch-cache": (
        "It has a price for cached tokens in a batch; the registry has none, and charges them as input.",
        caches_in_batches,
    ),
    "batch-tier": (
        "It has prices for long prompts in a batch; the registry has none, so the total is unknown.",
        has_tiers_in_batches,
    ),
}


def found_differences() -> set[tuple[str, str, str]]:
    """Provider, model and reason of every difference; the reason is empty where none explains it."""
    found = set()
    for one in compared():
        if one.ours.total != one.theirs:
            reasons = [name for name, (_, explains) in REASONS.items() if explains(one)]
            found.add((one.provider, one.model, reasons[0] if reasons else ""))
    return found


def declared_differences() -> list[tuple[str, ...]]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("#")]


def test_it_compares_enough_for_the_result_to_mean_something() -> None:
    agreed: defaultdict[tuple[str, str], int] = defaultdict(int)
    for one in compared():
        agreed[one.provider, one.model] += one.ours.total == one.theirs
    assert sum(count >= 4 for count in agreed.values()) > 2000
    equal = [one for one in compared() if one.ours.total == one.theirs]
    for quantity in ("cached_tokens", "cache_write_tokens", "input_audio_tokens", "output_audio_tokens"):
        assert sum(getattr(one.workload, quantity) > 0 for one in equal) >= 10, quantity
    assert sum(one.workload.batch for one in equal) >= 50
    assert sum(one.ours.tier_above_tokens is not None for one in equal) >= 100


def test_it_differs_from_genai_prices_only_where_that_is_explained() -> None:
    unexplained = found_differences() - set(declared_differences())
    assert not unexplained, "explain, or list:\n" + "\n".join("\t".join(row) for row in sorted(unexplained))


def test_it_explains_no_difference_that_is_not_there() -> None:
    declared = declared_differences()
    assert len(declared) == len(set(declared))
    gone = set(declared) - found_differences()
    assert not gone, "no longer a difference:\n" + "\n".join("\t".join(row) for row in sorted(gone))
    assert {reason for _, _, reason in declared} == set(REASONS)


def test_it_is_documented_as_it_is() -> None:
    page = (Path(__file__).parents[3] / "docs" / "cost.md").read_text(encoding="utf-8")
    pairs = {(one.provider, one.model) for one in compared()}
    assert f"{len(pairs):,} models of the {len({p for p, _ in pairs})} providers" in page
    assert f"genai-prices {__version__} by both" in page
    for reason in REASONS:
        assert f"| `{reason}` |" in page


def test_it_takes_one_price_for_the_whole_prompt_as_genai_prices_does() -> None:
    above = [Tier(start=1000, price=Decimal(10))]
    theirs = ModelPrice(input_mtok=TieredPrices(base=Decimal(1), tiers=above), output_mtok=Decimal(2))
    ours = pricing_of(theirs, None)
    totals = []
    for length in (999, 1000, 1001, 5000):
        totals.append(cost_of(ours, Workload(input_tokens=length, output_tokens=10)).total)
        assert theirs.calc_price(Usage(input_tokens=length, output_tokens=10))["total_price"] == totals[-1]
    assert totals == [Decimal(amount) for amount in ("0.001019", "0.00102", "0.01003", "0.05002")]
