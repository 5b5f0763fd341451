"""Which offering is cheaper. All arithmetic is exact."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from openmodels.domain.records import Offering, PriceTier, Pricing

UNKNOWN_LAST = Decimal("Infinity")
PRICES = tuple(name for name in Pricing.__struct_fields__ if name not in {"currency", "batch", "tiers"})
"""The fields of ``Pricing`` that are one price each."""
TIER_PRICES = tuple(name for name in PriceTier.__struct_fields__ if name != "above_tokens")
"""The fields of ``PriceTier`` that are one price each."""
WHOLES: Mapping[str, str] = {
    "reasoning_per_million": "output_per_million",
    "input_audio_per_million": "input_per_million",
    "output_audio_per_million": "output_per_million",
}
"""The price of a part of what goes in or comes out → that of the whole, with which it moves."""


def price_in_tiers(pricing: Pricing, tiers: Sequence[PriceTier], name: str) -> Decimal | None:
    """The price of this name where these tiers hold, the highest first; None where it is unknown.

    What a tier does not state is as in the tier below, and at last as in ``pricing`` itself. But where a
    tier changes the price of the whole and says nothing of a part's, nobody knows what the part costs there.
    """
    for index, tier in enumerate(tiers):
        stated: Decimal | None = getattr(tier, name)
        if stated is not None:
            return stated
        whole = WHOLES.get(name)
        changed = None if whole is None else getattr(tier, whole)
        if whole and changed is not None and changed != price_in_tiers(pricing, tiers[index + 1 :], whole):
            return None
    base: Decimal | None = getattr(pricing, name)
    return base


def plainly(amount: Decimal) -> Decimal:
    """The same number without zeros at its end, nor an exponent where it is whole: 15, not 15.0 or 1.5E+1."""
    if not amount:
        return Decimal(0)
    short = amount.normalize()
    exponent = short.as_tuple().exponent
    return short.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else short


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
