"""Figures as they stand in tables. None is what nobody knows; a price of 0 is free."""

from decimal import Decimal

from openmodels.cli.grid import money
from openmodels.web.words import milliseconds, percent

FREE = "free"


def price(amount: Decimal | None) -> str | None:
    """``0.25``: exactly as the registry has it; the currency stands in a column of its own."""
    return FREE if amount is not None and amount == 0 else money(amount)


def priced(amount: Decimal | None, currency: str) -> str | None:
    """``0.25 USD``."""
    shown = price(amount)
    return shown if shown is None or shown == FREE else f"{shown} {currency}"


def time(value: float | None) -> str | None:
    """``182 ms``, ``1.24 s``."""
    return None if value is None else milliseconds(value)


def share(value: float | None) -> str | None:
    """``99.98 %``; never 100 where it is less."""
    return None if value is None else percent(value)


def score(value: float | None) -> str | None:
    """``84.1``."""
    return None if value is None else f"{value:.1f}"
