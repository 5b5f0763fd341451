"""Prices as other tools write them, exactly: nothing here is ever a float."""

from decimal import Decimal

import msgspec

from openmodels.domain.pricing import TIER_PRICES, price_in_tiers
from openmodels.domain.records import Price, PriceTier, Pricing

PER_MILLION = -6
"""The power of ten from a price per million tokens to that of one."""

Prices = Pricing | PriceTier


def plain(price: Price) -> msgspec.Raw:
    """The price as a JSON number, with the digits that the registry has and no exponent."""
    return msgspec.Raw(format(price, "f").encode())


def per_token_text(price: Price) -> str:
    """The price of one token from that of a million, in as few digits as say it exactly: 0.00000015."""
    text = format(price.scaleb(PER_MILLION), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def unit_text(price: Price) -> str:
    """The price of one unit in as few digits as say it exactly."""
    return per_token_text(price.scaleb(-PER_MILLION))


def per_token(price: Price) -> msgspec.Raw:
    """The price of one token from that of a million, as a JSON number."""
    return msgspec.Raw(per_token_text(price).encode())


def prices_in_tier(pricing: Pricing, number: int) -> dict[str, Price]:
    """Every price by its name that is known where the tier of this number holds, stated there or below."""
    holding = pricing.tiers[number::-1]
    found = {name: price_in_tiers(pricing, holding, name) for name in TIER_PRICES}
    return {name: price for name, price in found.items() if price is not None}


def price_of(prices: Prices, name: str) -> Decimal | None:
    """The price of that name, None where it is unknown or there is no such dimension."""
    found: Decimal | None = getattr(prices, name, None)
    return found
