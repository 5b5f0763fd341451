"""Bounds of single values that msgspec cannot hold: prices, scores, and dates that exist.

``hold`` is a quick yes or no over a whole record; the functions before it say what is wrong with one value.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal

from openmodels.domain.records import (
    PARTIAL_DATE_PATTERN,
    Model,
    Offering,
    Pricing,
    Provider,
    Record,
    Vendor,
)

MAX_AMOUNT = 10**9
"""The largest price and the largest score. Keeps an exponent such as 1e999999 out of every sum."""
MAX_DECIMALS = 12
"""How many digits a price or a score may have after the point."""
PRICE_EXPECTED = f"a price from 0 to {MAX_AMOUNT} with at most {MAX_DECIMALS} digits after the point"
SCORE_EXPECTED = f"a number from -{MAX_AMOUNT} to {MAX_AMOUNT} with at most {MAX_DECIMALS} decimals"


def amount_holds(value: Decimal) -> bool:
    """Whether a number of either sign is finite, not absurdly large and not absurdly precise."""
    exponent = value.as_tuple().exponent
    # The exponent is bounded above as well: 0e999999 is small, but would be written with that exponent.
    return isinstance(exponent, int) and -MAX_DECIMALS <= exponent <= 9 and value.copy_abs() <= MAX_AMOUNT


def price_holds(value: Decimal) -> bool:
    """Whether a price is within its bounds."""
    return not value.is_signed() and amount_holds(value)


def partial_date_holds(text: str) -> bool:
    """Whether as much of a date as ``text`` gives is well-formed and exists."""
    if not text.isascii() or not re.fullmatch(PARTIAL_DATE_PATTERN.strip("^$"), text):
        return False
    return len(text) < 10 or _exists(text)


def timestamp_holds(moment: datetime) -> bool:
    """Whether a timestamp can be said in UTC; one at the very ends of the calendar cannot."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True


def hold(record: Record) -> bool:
    """Whether every value of ``record`` is within its bounds."""
    match record:
        case Model():
            dates = [record.release_date, record.knowledge_cutoff]
            dates += [b.published_at for b in record.benchmarks]
            texts = [record.name, record.description, *(b.name for b in record.benchmarks)]
            return (
                _dates_hold(dates)
                and _not_blank(texts)
                and _timestamps_hold(record)
                and all(amount_holds(b.score) for b in record.benchmarks)
            )
        case Provider():
            budget = record.probe.daily_budget if record.probe else None
            return (
                _not_blank((record.name, record.description))
                and _timestamps_hold(record)
                and (budget is None or price_holds(budget))
            )
        case Offering():
            texts = [record.provider_model_name, record.source.name if record.source else None]
            return (
                all(price_holds(price) for price in _prices(record.pricing))
                and _not_blank(texts)
                and _timestamps_hold(record)
            )
        case Vendor():
            return _not_blank((record.name,))
    return True


def _exists(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _dates_hold(texts: Iterable[str | None]) -> bool:
    return all(text is None or partial_date_holds(text) for text in texts)


def _not_blank(texts: Iterable[str | None]) -> bool:
    return all(text is None or not text.isspace() for text in texts)


def _timestamps_hold(record: Model | Provider | Offering) -> bool:
    moments = [record.created_at, record.updated_at]
    if isinstance(record, Offering) and record.source and record.source.verified_at:
        moments.append(record.source.verified_at)
    return all(moment.tzinfo is UTC or timestamp_holds(moment) for moment in moments)


def _prices(pricing: Pricing) -> Iterable[Decimal]:
    for part in (pricing, pricing.batch, *pricing.tiers):
        if part is not None:
            for name in part.__struct_fields__:
                value = getattr(part, name)
                if isinstance(value, Decimal):
                    yield value
