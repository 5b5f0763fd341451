"""Which offering is cheaper. All arithmetic is exact."""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from openmodels.domain.records import Offering, Pricing

UNKNOWN_LAST = Decimal("Infinity")


def unknown_last(price: Decimal | None) -> Decimal:
    """A price to sort by, which puts an unknown one behind every other."""
    return UNKNOWN_LAST if price is None else price


def blended_price(pricing: Pricing) -> Decimal | None:
    """The price of a million tokens at 3 input tokens for 1 output token, or None when either is unknown.

    The ratio is the one that published comparisons of providers use, such as Artificial Analysis'.
    """
    if pricing.input_per_million is None or pricing.output_per_million is None:
        return None
    return (3 * pricing.input_per_million + pricing.output_per_million) / 4


def majority_currency(offerings: Iterable[Offering]) -> str | None:
    """The currency that most of the offerings are priced in, the first by name among equals; None of none."""
    counts = Counter(offering.pricing.currency for offering in offerings)
    return min(counts, key=lambda currency: (-counts[currency], currency), default=None)


def cheapest(offerings: Sequence[Offering]) -> Offering | None:
    """The offering with the lowest known input price, among those in the majority's currency.

    Retired offerings do not count. Equal input prices are told apart by output price, then by provider id.
    """
    live = [o for o in offerings if o.status != "retired" and o.pricing.input_per_million is not None]
    currency = majority_currency(live)
    return min((o for o in live if o.pricing.currency == currency), key=input_price_key, default=None)


def input_price_key(offering: Offering) -> tuple[Decimal, Decimal, str]:
    """Sorts offerings by input price, then output price, then provider id; unknown prices last."""
    pricing = offering.pricing
    return (
        unknown_last(pricing.input_per_million),
        unknown_last(pricing.output_per_million),
        offering.provider_id,
    )
