"""The offerings of a model side by side: what each costs, takes and was measured, its rank and why."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from openmodels.domain.offerings import longest_answer_of, window_of
from openmodels.domain.pricing import majority_currency
from openmodels.domain.query import compare_offerings
from openmodels.domain.ranking import Confidence, Factor, RankedProvider
from openmodels.domain.records import Model, Offering, PriceTier, Pricing, RateLimits
from openmodels.domain.snapshot import ModelEntry, OfferingEntry
from openmodels.domain.telemetry import OfferingTelemetry, ProviderState, Timings
from openmodels.domain.vocabulary import Lifecycle, ProviderStatus
from openmodels.web import words
from openmodels.web.model_state import State

LONG = 12
"""A table of more offerings scrolls within itself, so that what follows it can be reached."""
SORT_NAMES: Mapping[str, str] = {
    "rank": "rank",
    "price": "input price",
    "output_price": "output price",
    "blended_price": "price, 3 input : 1 output",
    "ttft": "time to first token",
    "throughput": "tokens per second",
    "uptime": "uptime",
}
"""What the orders are called."""
FALLING = frozenset({"throughput", "uptime"})
"""The orders that begin with the largest."""
CONFIDENCE: Mapping[Confidence, str] = {
    "high": "high confidence",
    "medium": "medium confidence",
    "low": "low confidence",
    "none": "by price alone",
}
"""How far a score can be trusted, in words."""
_FACTORS = {"uptime": "uptime", "ttft": "first token", "price": "price", "total": "whole answer"}
_PRICES = {
    "cache_read_per_million": "cache read",
    "cache_write_per_million": "cache write",
    "reasoning_per_million": "reasoning",
    "input_audio_per_million": "audio in",
    "output_audio_per_million": "audio out",
    "image_per_unit": "each image",
    "audio_per_second": "second of audio",
    "search_per_query": "web search",
}


class Measured(Struct, frozen=True, kw_only=True):
    """A figure, and a second line that says more of it."""

    figure: str
    more: str = ""


class Row(Struct, frozen=True, kw_only=True):
    """One offering, in words."""

    provider_id: str
    provider_name: str
    provider_model_name: str
    state: ProviderStatus
    status: Lifecycle
    regions: str
    input_price: str
    output_price: str
    more_prices: tuple[str, ...]
    """The other prices, one line each."""
    context: str
    longest_answer: str
    limits: tuple[str, ...]
    """The provider's own limits, one line each."""
    measured: tuple[Measured, ...]
    """Time to first token, tokens per second, and the provider's uptime."""
    rank: int | None
    """None of a retired offering, which has no rank."""
    score: str
    confidence: str
    why: tuple[str, ...]
    """The factors of the score, one line each."""


class Best(Struct, frozen=True, kw_only=True):
    """The offering that is first by one figure."""

    label: str
    provider_id: str
    provider_name: str
    figure: str
    more: str


class Table(Struct, frozen=True, kw_only=True):
    """The offerings as the page shows them."""

    rows: tuple[Row, ...]
    best: tuple[Best, ...]
    regions: tuple[str, ...]
    """Where any offering of the model can be had."""
    sort: str
    limits_known: bool
    measured: bool
    """Whether anything at all was measured of these offerings or their providers."""
    long: bool


def table_of(
    entry: ModelEntry,
    ranking: Sequence[RankedProvider],
    names: Mapping[str, str],
    known: Mapping[str, OfferingTelemetry],
    states: Mapping[str, ProviderState],
    *,
    sort: str,
    regions: Sequence[str],
) -> Table:
    """The offerings in these regions, in this order; ``names`` are those of the providers by id."""
    ranked = {one.provider_id: one for one in ranking}
    ordered = ordered_offerings(entry, ranked, known, sort=sort, regions=regions)
    rows = tuple(
        _row(
            entry.record,
            offering.record,
            names[offering.record.provider_id],
            known.get(offering.record.provider_id, OfferingTelemetry()),
            states.get(offering.record.provider_id, ProviderState()).status,
            ranked.get(offering.record.provider_id),
        )
        for offering in ordered
    )
    return Table(
        rows=rows,
        best=tuple(_best(ordered, ranked, names, known)),
        regions=tuple(sorted({region for o in entry.offerings for region in o.record.available_regions})),
        sort=sort,
        limits_known=any(row.limits for row in rows),
        measured=bool(known),
        long=len(rows) > LONG,
    )


def ordered_offerings(
    entry: ModelEntry,
    ranked: Mapping[str, RankedProvider],
    known: Mapping[str, OfferingTelemetry],
    *,
    sort: str,
    regions: Sequence[str],
) -> list[OfferingEntry]:
    """The offerings in these regions, sorted; by rank, those without one come last."""
    found = compare_offerings(
        entry.offerings, known, sort="price" if sort == "rank" else sort, region=regions
    )
    if sort == "rank":
        last = len(ranked) + 1
        found.sort(key=lambda o: one.rank if (one := ranked.get(o.record.provider_id)) else last)
    return found


def sort_links(state: State) -> Mapping[str, str]:
    """By order: where its heading leads."""
    return {sort: state.to("offerings", sort="" if sort == "rank" else sort) for sort in SORT_NAMES}


def _row(
    model: Model,
    offering: Offering,
    provider_name: str,
    telemetry: OfferingTelemetry,
    state: ProviderStatus,
    ranked: RankedProvider | None,
) -> Row:
    pricing, timings = offering.pricing, telemetry.timings
    return Row(
        provider_id=offering.provider_id,
        provider_name=provider_name,
        provider_model_name=offering.provider_model_name,
        state=state,
        status=offering.status,
        regions=", ".join(offering.available_regions),
        input_price=words.price(pricing.input_per_million, pricing.currency),
        output_price=words.price(pricing.output_per_million, pricing.currency),
        more_prices=tuple(_more_prices(pricing)),
        context=words.tokens(window_of(offering, model)),
        longest_answer=words.tokens(longest_answer_of(offering, model)),
        limits=tuple(_limits(offering.rate_limits)),
        measured=(
            _ttft(timings),
            Measured(figure=words.per_second(timings.average_tokens_per_second)),
            Measured(
                figure=words.percent(telemetry.uptime_percentage),
                more=f"{telemetry.checks_total:,} checks" if telemetry.checks_total else "",
            ),
        ),
        rank=ranked.rank if ranked else None,
        score=f"{ranked.composite_score:.1f}" if ranked else "",
        confidence=CONFIDENCE[ranked.confidence] if ranked else "",
        why=tuple(why(ranked)) if ranked else (),
    )


def _ttft(timings: Timings) -> Measured:
    if timings.p50_ttft_ms is not None:
        return Measured(
            figure=words.milliseconds(timings.p50_ttft_ms),
            more=f"p95 {words.milliseconds(timings.p95_ttft_ms)}",
        )
    if timings.average_ttft_ms is None:
        return Measured(figure=words.UNKNOWN)
    return Measured(figure=words.milliseconds(timings.average_ttft_ms), more=f"mean of {timings.samples}")


def _limits(limits: RateLimits | None) -> Iterator[str]:
    if limits is not None and limits.requests_per_minute is not None:
        yield f"{words.count(limits.requests_per_minute)} requests"
    if limits is not None and limits.tokens_per_minute is not None:
        yield f"{words.tokens(limits.tokens_per_minute)} tokens"


def _more_prices(pricing: Pricing) -> Iterator[str]:
    currency = pricing.currency
    for name, label in _PRICES.items():
        amount: Decimal | None = getattr(pricing, name)
        if amount is not None:
            yield f"{label} {words.price(amount, currency)}"
    batch = pricing.batch
    if batch is not None:
        yield f"batch {_pair(batch.input_per_million, batch.output_per_million, currency)}"
    for tier in pricing.tiers:
        yield f"prompts above {words.tokens(tier.above_tokens)}: {_tier(tier, currency)}"


def _tier(tier: PriceTier, currency: str) -> str:
    more = (
        f", {label} {words.price(amount, currency)}"
        for name, label in _PRICES.items()
        if (amount := getattr(tier, name, None)) is not None
    )
    return _pair(tier.input_per_million, tier.output_per_million, currency) + "".join(more)


def _pair(input_price: Decimal | None, output_price: Decimal | None, currency: str) -> str:
    pairs = (("in", input_price), ("out", output_price))
    said = [f"{words.price(amount, currency)} {way}" for way, amount in pairs if amount is not None]
    return ", ".join(said) or words.UNKNOWN


def why(ranked: RankedProvider) -> Iterator[str]:
    """How the score came about, by factor: ``uptime 99.9 % → 40.0 of 40``."""
    for name, label in _FACTORS.items():
        factor: Factor = getattr(ranked.factors, name)
        if factor.note is not None:
            yield f"{label}: {factor.note}"
        elif factor.weight and factor.score is not None:
            most = 100 * factor.weight
            value = _value(name, factor.value, ranked.currency)
            yield f"{label} {value} → {_points(factor.weight * factor.score)} of {_points(most)}"


def _points(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _value(name: str, value: Decimal | float | None, currency: str) -> str:
    if value is None:
        return words.UNKNOWN
    if name == "price":
        return words.price(value if isinstance(value, Decimal) else Decimal(str(value)), currency)
    return words.percent(float(value)) if name == "uptime" else words.milliseconds(float(value))


def _best(
    offerings: Sequence[OfferingEntry],
    ranked: Mapping[str, RankedProvider],
    names: Mapping[str, str],
    known: Mapping[str, OfferingTelemetry],
) -> Iterator[Best]:
    """The first by rank, by price and by what was measured, of those that are not retired."""
    live = [o for o in offerings if o.record.provider_id in ranked]
    if len(live) < 2:
        return

    def best(label: str, offering: OfferingEntry, figure: str, more: str = "") -> Best:
        provider_id = offering.record.provider_id
        return Best(
            label=label, provider_id=provider_id, provider_name=names[provider_id], figure=figure, more=more
        )

    first = min(live, key=lambda o: ranked[o.record.provider_id].rank)
    one = ranked[first.record.provider_id]
    yield best("Best ranked", first, f"{one.composite_score:.1f} of 100", CONFIDENCE[one.confidence])
    # Nothing is converted, so only what most are priced in can be called the lowest.
    currency = majority_currency(o.record for o in live)
    comparable = [o for o in live if o.record.pricing.currency == currency]
    cheapest = compare_offerings(comparable, known, sort="blended_price")[0]
    prices = cheapest.record.pricing
    if prices.input_per_million is not None and prices.output_per_million is not None:
        pair = _pair(prices.input_per_million, prices.output_per_million, prices.currency)
        yield best("Lowest price", cheapest, pair, "per million tokens")
    quickest = compare_offerings(live, known, sort="ttft")[0]
    timings = known.get(quickest.record.provider_id, OfferingTelemetry()).timings
    if timings.average_ttft_ms is not None:
        yield best("First token soonest", quickest, words.milliseconds(timings.average_ttft_ms), "on average")
    fastest = compare_offerings(live, known, sort="throughput")[0]
    speed = known.get(fastest.record.provider_id, OfferingTelemetry()).timings.average_tokens_per_second
    if speed is not None:
        yield best("Fastest", fastest, f"{words.per_second(speed)} tokens/s", "on average")
