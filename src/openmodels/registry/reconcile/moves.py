"""Prices that move further than prices do: more likely a slip of the source than news."""

from collections.abc import Iterator
from decimal import Decimal

from openmodels.domain.fields import id_of
from openmodels.domain.records import BatchPricing, Offering, PriceTier, Pricing
from openmodels.registry.reconcile.plan import LeftOut

STEEP = 10
"""By how many times a price may rise or fall without being looked at. From or to 0, or nothing, any may."""


def leap_of(before: Offering, after: Offering) -> LeftOut | None:
    """What to say of an offering of which a price moves too far to be taken unseen; None where none does."""
    move = steep_move(before.pricing, after.pricing)
    if move is None:
        return None
    field, old, new = move
    why = f"the price would go from {old:f} to {new:f}, more than tenfold: look, then import with --force"
    return LeftOut(kind="offering", id=id_of(before), field=field, why=why)


def steep_move(before: Pricing, after: Pricing) -> tuple[str, Decimal, Decimal] | None:
    """The first price that moves more than tenfold, as its field, what it was and what it would be."""
    pairs = [
        *_pairs("pricing", before, after),
        *_pairs("pricing.batch", before.batch, after.batch),
    ]
    later = {tier.above_tokens: tier for tier in after.tiers}
    for tier in before.tiers:
        pairs += _pairs("pricing.tiers", tier, later.get(tier.above_tokens))
    for field, old, new in pairs:
        if max(old, new) > min(old, new) * STEEP:
            return field, old, new
    return None


AnyPrices = Pricing | BatchPricing | PriceTier


def _pairs(
    path: str, before: AnyPrices | None, after: AnyPrices | None
) -> Iterator[tuple[str, Decimal, Decimal]]:
    if before is None or after is None:
        return
    for name in before.__struct_fields__:
        old, new = getattr(before, name), getattr(after, name)
        if isinstance(old, Decimal) and isinstance(new, Decimal) and old and new:
            yield path if path.endswith("tiers") else f"{path}.{name}", old, new
