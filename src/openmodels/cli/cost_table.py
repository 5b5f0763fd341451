"""What a workload costs, for people. Pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from openmodels.cli.figures import FREE
from openmodels.cli.grid import Cell, Grid, table_of
from openmodels.domain.cost import money
from openmodels_client.types import CostItem, OfferingCost

HEAD = ("provider", "total", "per request", "currency", "items", "remarks")
RIGHT = ("total", "per request")
SPARE = ("per request", "items", "remarks", "currency")


def costs(offerings: Sequence[OfferingCost]) -> Grid:
    """A row for each offering, in the order that they came in: the cheapest first."""
    rows = [_row(offering) for offering in offerings]
    return table_of(HEAD, rows, right=RIGHT, spare=SPARE, whole=("items",))


def _row(offering: OfferingCost) -> tuple[Cell, ...]:
    return (
        offering.provider_id,
        _amount(offering.total),
        _amount(offering.total_per_request),
        offering.currency,
        " + ".join(_part(item) for item in offering.items),
        "; ".join(_remarks(offering)),
    )


def _amount(amount: Decimal | None) -> str | None:
    if amount is None:
        return None
    return money(amount) if amount else FREE


def _part(item: CostItem) -> str:
    return f"{'?' if item.amount is None else money(item.amount)} {item.item}"


def _remarks(offering: OfferingCost) -> Iterator[str]:
    if offering.unknown:
        yield f"unknown: {', '.join(offering.unknown)}"
    if offering.tier_above_tokens is not None:
        yield f"tier above {offering.tier_above_tokens:,} tokens"
    yield from dict.fromkeys(item.note for item in offering.items if item.note)
    yield from offering.fits_reasons
    if offering.status != "active":
        yield offering.status
