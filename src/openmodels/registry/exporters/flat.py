"""A table for spreadsheets: one row for each offering, with what matters of its model and provider.

CSV as in RFC 4180, UTF-8. A cell that a spreadsheet would run as a formula gets an apostrophe in front, which
the same spreadsheet does not show (OWASP, CSV injection).
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal

from openmodels.domain.offerings import longest_answer_of, window_of
from openmodels.domain.pricing import PRICES
from openmodels.domain.records import Model, Offering, Provider, Registry
from openmodels.domain.views.registry import encoder, iso

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With what a cell begins that a spreadsheet takes for a formula."""
BETWEEN = "|"
"""What stands between the values of a list."""

Cell = str | int | Decimal | bool | None
Row = tuple[Offering, Model, Provider]


def _price(name: str) -> Callable[[Row], Cell]:
    return lambda row: getattr(row[0].pricing, name)


def _batch(name: str) -> Callable[[Row], Cell]:
    return lambda row: getattr(row[0].pricing.batch, name, None)


def _limit(name: str) -> Callable[[Row], Cell]:
    return lambda row: getattr(row[0].rate_limits, name, None)


def _source(name: str) -> Callable[[Row], Cell]:
    return lambda row: getattr(row[0].source, name, None)


def _joined(values: Iterable[str] | None) -> str | None:
    return None if values is None else BETWEEN.join(values)


def _verified(row: Row) -> Cell:
    source = row[0].source
    return iso(source.verified_at) if source and source.verified_at else None


def _tiers(row: Row) -> Cell:
    tiers = row[0].pricing.tiers
    return encoder.encode(tiers).decode() if tiers else None


COLUMNS: Mapping[str, Callable[[Row], Cell]] = {
    "provider_id": lambda row: row[0].provider_id,
    "provider_name": lambda row: row[2].name,
    "model_id": lambda row: row[0].model_id,
    "model_name": lambda row: row[1].name,
    "vendor": lambda row: row[1].vendor,
    "family": lambda row: row[1].family,
    "provider_model_name": lambda row: row[0].provider_model_name,
    "status": lambda row: row[0].status,
    "currency": lambda row: row[0].pricing.currency,
    **{name: _price(name) for name in PRICES},
    "batch_input_per_million": _batch("input_per_million"),
    "batch_output_per_million": _batch("output_per_million"),
    "tiers": _tiers,
    "context_window": lambda row: window_of(row[0], row[1]),
    "max_output_tokens": lambda row: longest_answer_of(row[0], row[1]),
    "requests_per_minute": _limit("requests_per_minute"),
    "tokens_per_minute": _limit("tokens_per_minute"),
    "available_regions": lambda row: _joined(row[0].available_regions),
    "capabilities": lambda row: _joined(row[1].capabilities),
    "input_modalities": lambda row: _joined(row[1].input_modalities),
    "output_modalities": lambda row: _joined(row[1].output_modalities),
    "open_weights": lambda row: row[1].open_weights,
    "licensing": lambda row: row[1].licensing,
    "release_date": lambda row: row[1].release_date,
    "knowledge_cutoff": lambda row: row[1].knowledge_cutoff,
    "source_name": _source("name"),
    "source_url": _source("url"),
    "source_verified_at": _verified,
    "updated_at": lambda row: iso(row[0].updated_at),
}
"""The columns, and what stands in each. Where nobody knows, it is empty."""


class _Line:
    """Takes what ``csv`` writes, a line at a time."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text = text


def write(registry: Registry) -> Iterator[bytes]:
    """The head, then a row for each offering, retired ones too, by provider, then model."""
    models = {model.id: model for model in registry.models}
    providers = {provider.id: provider for provider in registry.providers}
    line = _Line()
    writer = csv.writer(line, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    yield line.text.encode()
    for offering in registry.offerings:
        row = (offering, models[offering.model_id], providers[offering.provider_id])
        writer.writerow(_text(cell(row)) for cell in COLUMNS.values())
        yield line.text.encode()


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return format(cell, "f")
    text = str(cell)
    return "'" + text if text.startswith(DANGEROUS) else text
