"""What each offering of a model cost over time, from what it costs now and what changed before."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from openmodels.domain.changes import Change
from openmodels.domain.records import BatchPricing, Offering, PriceTier

Prices = dict[str, Any]
"""An offering's prices by field, those of ``batch`` with a dot; None stands for not being offered."""

_FIELD = "pricing."


class Step(NamedTuple):
    """From ``at`` on, until the next step, these prices held."""

    at: datetime
    prices: Prices | None


class Series(NamedTuple):
    """The steps of one offering in one currency, oldest first; no two that follow each other are equal."""

    provider_id: str
    currency: str
    steps: tuple[Step, ...]
    ended_at: datetime | None
    """When it was taken away or went over to another currency; None while it goes on."""


class PastPrices(NamedTuple):
    """What the offerings of a model cost over time."""

    begins_at: datetime
    """The beginning of every series that was offered by then: of the time before nothing is known."""
    series: Sequence[Series]
    """By provider, then time."""


def price_series(
    offerings: Iterable[Offering], changes: Sequence[Change], *, begins_at: datetime
) -> list[Series]:
    """By provider, then time: the prices of one model's offerings since ``begins_at``.

    ``offerings`` are those of now. ``changes`` are all that were made to prices and offerings of this model
    since ``begins_at``, newest first; of other changes nothing is taken.
    """
    now = {offering.provider_id: _of_record(_as_data(offering)) for offering in offerings}
    made: dict[str, list[Change]] = {}
    for change in changes:
        if change.kind == "offering" and change.at > begins_at:
            made.setdefault(change.id.partition("/")[0], []).append(change)
    found = []
    for provider_id in sorted(now.keys() | made.keys()):
        steps = _steps(now.get(provider_id), made.get(provider_id, ()), begins_at)
        found += _by_currency(provider_id, steps)
    return found


def batch_of(prices: Prices) -> BatchPricing | None:
    """The prices for requests that may wait; None where none is known."""
    batch = {field: amount_of(prices, f"batch.{field}") for field in BatchPricing.__struct_fields__}
    return BatchPricing(**batch) if any(price is not None for price in batch.values()) else None


def tiers_of(prices: Prices) -> tuple[PriceTier, ...]:
    """The prices by length of prompt."""
    return msgspec.convert(prices.get("tiers") or (), tuple[PriceTier, ...])


def amount_of(prices: Prices, field: str) -> Decimal | None:
    """One price; None where it is not known."""
    value = prices.get(field)
    return None if value is None else Decimal(value)


def _steps(prices: Prices | None, changes: Iterable[Change], begins_at: datetime) -> list[Step]:
    """The steps, oldest first: found by going back from now."""
    steps: list[Step] = []
    for change in changes:
        before = _undone(prices, change)
        if before != prices and not (steps and steps[-1].at == change.at):
            steps.append(Step(change.at, prices))
        prices = before
    if prices is not None:
        steps.append(Step(begins_at, prices))
    steps.reverse()
    # What one revision changed and another of the same moment changed back is no step.
    held = [None, *(step.prices for step in steps)]
    return [step for step, earlier in zip(steps, held, strict=False) if step.prices != earlier]


def _undone(prices: Prices | None, change: Change) -> Prices | None:
    if change.action == "added":
        return None
    if change.action == "removed":
        return _of_record(change.old)
    if prices is None or change.field is None or not change.field.startswith(_FIELD):
        return prices
    return {**prices, change.field.removeprefix(_FIELD): change.old}


def _by_currency(provider_id: str, steps: Sequence[Step]) -> list[Series]:
    found: list[Series] = []
    kept: list[Step] = []

    def close(ended_at: datetime | None) -> None:
        if kept:
            found.append(Series(provider_id, _currency(kept), tuple(kept), ended_at))
            kept.clear()

    for step in steps:
        if step.prices is not None and kept and step.prices["currency"] != _currency(kept):
            close(kept[-1].at if kept[-1].prices is None else step.at)
        kept.append(step)
    close(kept[-1].at if kept and kept[-1].prices is None else None)
    return found


def _currency(steps: Sequence[Step]) -> str:
    return next((str(step.prices["currency"]) for step in steps if step.prices is not None), "")


def _of_record(record: Any) -> Prices:
    pricing = dict(record["pricing"])
    batch = pricing.pop("batch", None) or {}
    return pricing | {f"batch.{field}": batch.get(field) for field in BatchPricing.__struct_fields__}


def _as_data(offering: Offering) -> Any:
    return msgspec.to_builtins(offering, builtin_types=(Decimal,))
