"""A SQLite file of the registry, for SQL, Datasette and sqlite-utils.

SQLite has no decimals, so a price is there twice: as the text that the registry has, exactly, and as the
nearest binary number, to sort and compare by.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from openmodels.domain.fields import id_of
from openmodels.domain.records import (
    Model,
    Offering,
    Pricing,
    Provenance,
    Provider,
    Record,
    Registry,
    Vendor,
    revision_of,
)
from openmodels.domain.views.registry import iso, iso_or_none
from openmodels.registry.exporters.sqlite_schema import FORMAT, SCHEMA, VIEWS

PART = 1024 * 1024
"""Bytes that are read at a time."""
ROWS = 100
"""Rows that are written at a time: others get to run in between."""

Value = str | int | float | None
Rows = Iterable[tuple[Value, ...]]


def write(registry: Registry) -> Iterator[bytes]:
    """The file, part by part. It is made in a folder of its own, which is gone however this ends.

    The same registry gives the same bytes, as long as the SQLite library is the same. Raises ``OSError``
    where there is no room for it.
    """
    with TemporaryDirectory(prefix="openmodels-export-") as folder:
        file = Path(folder) / "registry.sqlite"
        for _ in _make(file, registry):
            # Nothing to send yet; whoever makes it may stop here, or let others run.
            yield b""
        with file.open("rb") as opened:
            while part := opened.read(PART):
                yield part


def _make(file: Path, registry: Registry) -> Iterator[None]:
    try:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            yield from _fill(connection, registry)
    except sqlite3.Error as error:
        # SQLite has an error of its own for a full disk.
        raise OSError(f"the SQLite file cannot be made: {error}") from error


def _fill(connection: sqlite3.Connection, registry: Registry) -> Iterator[None]:
    # Nobody else reads the file, and a half-written one is thrown away.
    connection.executescript("PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
    connection.executescript(SCHEMA)
    connection.execute("BEGIN")
    for table, rows in _tables(registry):
        yield from _insert(connection, table, rows)
    connection.execute("COMMIT")
    connection.executescript(VIEWS)


def _insert(connection: sqlite3.Connection, table: str, rows: Rows) -> Iterator[None]:
    waiting: list[tuple[Value, ...]] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == ROWS:
            _insert_all(connection, table, waiting)
            waiting.clear()
            yield
    if waiting:
        _insert_all(connection, table, waiting)
    yield


def _insert_all(connection: sqlite3.Connection, table: str, rows: list[tuple[Value, ...]]) -> None:
    marks = ", ".join("?" * len(rows[0]))
    # The table's name is one of ours, below. A list may say the same word twice.
    connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)  # noqa: S608


def _tables(registry: Registry) -> Iterator[tuple[str, Rows]]:
    yield "metadata", _metadata(registry)
    yield "vendors", map(_vendor, registry.vendors)
    yield "providers", map(_provider, registry.providers)
    yield "provider_regions", ((p.id, region) for p in registry.providers for region in p.regions)
    yield "provider_env", ((p.id, name) for p in registry.providers for name in p.env)
    yield "models", map(_model, registry.models)
    yield "model_aliases", ((alias, m.id) for m in registry.models for alias in m.aliases)
    yield "model_capabilities", ((m.id, word) for m in registry.models for word in m.capabilities)
    yield "model_modalities", (row for m in registry.models for row in _modalities(m))
    yield "offerings", map(_offering, registry.offerings)
    yield (
        "offering_regions",
        ((o.provider_id, o.model_id, region) for o in registry.offerings for region in o.available_regions),
    )
    yield "prices", (row for o in registry.offerings for row in _prices(o))
    yield "provenance", _provenances(registry)


def _metadata(registry: Registry) -> Rows:
    return (
        ("format", FORMAT),
        ("revision", revision_of(registry)),
        ("models", str(len(registry.models))),
        ("providers", str(len(registry.providers))),
        ("offerings", str(len(registry.offerings))),
    )


def _vendor(vendor: Vendor) -> tuple[Value, ...]:
    return vendor.id, vendor.name, vendor.country, vendor.website


def _provider(provider: Provider) -> tuple[Value, ...]:
    return (
        provider.id,
        provider.name,
        provider.description,
        provider.api_base_url,
        provider.auth_type,
        provider.compatibility,
        provider.docs_url,
        provider.status_page_url,
        *_times(provider.created_at, provider.updated_at),
    )


def _model(model: Model) -> tuple[Value, ...]:
    return (
        model.id,
        model.name,
        model.description,
        model.vendor,
        model.family,
        model.context_window,
        model.max_output_tokens,
        model.licensing,
        model.open_weights,
        model.release_date,
        model.knowledge_cutoff,
        model.status,
        model.deprecation_date.isoformat() if model.deprecation_date else None,
        model.replaced_by,
        model.country,
        *_times(model.created_at, model.updated_at),
    )


def _modalities(model: Model) -> Rows:
    directions = (
        ("any", model.modalities),
        ("input", model.input_modalities or ()),
        ("output", model.output_modalities or ()),
    )
    return ((model.id, direction, word) for direction, words in directions for word in words)


def _offering(offering: Offering) -> tuple[Value, ...]:
    limits, source = offering.rate_limits, offering.source
    return (
        offering.provider_id,
        offering.model_id,
        offering.provider_model_name,
        offering.status,
        offering.pricing.currency,
        offering.context_window_override,
        offering.max_output_tokens,
        limits.requests_per_minute if limits else None,
        limits.tokens_per_minute if limits else None,
        source.name if source else None,
        source.url if source else None,
        iso_or_none(source.verified_at) if source else None,
        *_times(offering.created_at, offering.updated_at),
    )


def _prices(offering: Offering) -> Rows:
    for kind, above, prices in _groups(offering.pricing):
        for item in prices.__struct_fields__:
            price = getattr(prices, item)
            if isinstance(price, Decimal):
                exact = format(price, "f")
                yield offering.provider_id, offering.model_id, item, kind, above, exact, float(price)


def _groups(pricing: Pricing) -> Iterator[tuple[str, int, Record]]:
    yield "standard", 0, pricing
    for tier in pricing.tiers:
        yield "standard", tier.above_tokens, tier
    if pricing.batch is not None:
        yield "batch", 0, pricing.batch


def _provenances(registry: Registry) -> Rows:
    for provider in registry.providers:
        yield from _provenance("provider", provider.id, provider.provenance)
    for model in registry.models:
        yield from _provenance("model", model.id, model.provenance)
    for offering in registry.offerings:
        yield from _provenance("offering", id_of(offering), offering.provenance)


def _provenance(kind: str, record: str, items: Iterable[Provenance]) -> Rows:
    for item in items:
        said = [(field, None) for field in item.fields]
        differs = [(claim.field, claim.value) for claim in item.differs]
        for field, value in (*said, *differs):
            yield kind, record, field, item.source, item.version, iso(item.observed_at), value


def _times(*times: datetime) -> tuple[str, ...]:
    return tuple(map(iso, times))
