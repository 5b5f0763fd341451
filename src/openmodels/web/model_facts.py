"""What a model is: its facts, where they come from, and how search engines are told."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from openmodels.domain.pricing import cheapest
from openmodels.domain.records import Model, Offering, Vendor
from openmodels.domain.snapshot import ModelEntry, Snapshot
from openmodels.domain.views.provenance import FieldProvenance, model_provenance
from openmodels.web import words

LONGEST_DESCRIPTION = 300
"""Characters of a description that search engines show at most."""
MOST_OFFERS = 10
"""As many offers are told to search engines one by one."""
_FIELDS: Mapping[str, str] = {
    "name": "Name",
    "description": "Description",
    "vendor": "Vendor",
    "family": "Family",
    "capabilities": "Capabilities",
    "modalities": "Modalities",
    "input_modalities": "Input",
    "output_modalities": "Output",
    "context_window": "Context window",
    "max_output_tokens": "Longest answer",
    "licensing": "Licence",
    "open_weights": "Open weights",
    "release_date": "Released",
    "knowledge_cutoff": "Knowledge until",
    "status": "Status",
    "deprecation_date": "Ends on",
    "replaced_by": "Successor",
    "aliases": "Other ids",
    "country": "Country",
}


class Fact(Struct, frozen=True, kw_only=True):
    """One fact: what it is about, what is known, and where that leads."""

    label: str
    text: str
    href: str = ""
    note: str = ""
    """The exact figure, where the text is rounded."""


class Origin(Struct, frozen=True, kw_only=True):
    """Where one field comes from."""

    field: str
    value: str
    source: str
    """Who says so, and in which version."""
    observed: str
    """The day on which it did; empty where it was written by hand."""
    differs: tuple[str, ...]
    """What other sources say."""


class Ending(Struct, frozen=True, kw_only=True):
    """That a model is going, or gone."""

    status: str
    day: str
    """When; empty where nobody said."""
    past: bool
    successor: str
    """The id of the model that follows; empty where nobody said."""
    successor_name: str


def facts_of(model: Model, vendor: Vendor | None) -> tuple[Fact, ...]:
    """The facts of a model, the most asked for first; what is unknown is said as such."""
    vendor_path = words.with_query("/models", vendor=model.vendor)
    weights = {True: "yes", False: "no", None: words.UNKNOWN}[model.open_weights]
    return (
        Fact(
            label="Vendor",
            text=vendor.name if vendor else model.vendor or words.UNKNOWN,
            href=vendor_path if model.vendor else "",
        ),
        Fact(label="Family", text=model.family or words.UNKNOWN),
        Fact(label="Released", text=partial_day(model.release_date)),
        Fact(label="Knowledge until", text=partial_day(model.knowledge_cutoff)),
        _tokens("Context window", model.context_window),
        _tokens("Longest answer", model.max_output_tokens),
        *_modalities(model),
        Fact(
            label="Licence",
            text=model.licensing,
            href=words.with_query("/models", licensing=model.licensing),
        ),
        Fact(label="Open weights", text=weights),
    )


def _modalities(model: Model) -> tuple[Fact, ...]:
    """What goes in and what comes out; both together where nobody recorded them apart."""
    if model.input_modalities is None and model.output_modalities is None:
        return (Fact(label="Modalities", text=", ".join(model.modalities), note="in or out"),)
    return tuple(
        Fact(label=label, text=", ".join(known or ()) or words.UNKNOWN)
        for label, known in (("Input", model.input_modalities), ("Output", model.output_modalities))
    )


def _tokens(label: str, number: int | None) -> Fact:
    note = "" if number is None or number < 1000 else f"{words.count(number)} tokens"
    return Fact(label=label, text=words.tokens(number), note=note)


def partial_day(known: str | None) -> str:
    """``12 Mar 2026``, ``Mar 2026`` or ``2026``: as much of a date as is known."""
    if known is None:
        return words.UNKNOWN
    parts = [int(part) for part in known.split("-")]
    if len(parts) == 1:
        return known
    day = date(parts[0], parts[1], parts[2] if len(parts) > 2 else 1)
    return words.day(day) if len(parts) > 2 else f"{day:%b} {day.year}"


def ending_of(model: Model, snapshot: Snapshot, today: date) -> Ending | None:
    """When the model ends and what follows it; None of one that goes on."""
    if model.status not in {"deprecated", "retired"} and model.deprecation_date is None:
        return None
    successor = snapshot.model(model.replaced_by) if model.replaced_by else None
    return Ending(
        status=model.status,
        day=words.day(model.deprecation_date) if model.deprecation_date else "",
        past=model.deprecation_date is not None and model.deprecation_date <= today,
        successor=successor.record.id if successor else "",
        successor_name=successor.record.name if successor else model.replaced_by or "",
    )


def origins_of(model: Model) -> tuple[Origin, ...]:
    """Where each fact of the model itself comes from."""
    fields = model_provenance(model, (), {}).fields
    return tuple(_origin(field) for field in fields if field.value not in (None, []) or field.differs)


def _origin(field: FieldProvenance) -> Origin:
    name = field.source_name or field.source or words.UNKNOWN
    return Origin(
        field=_FIELDS.get(field.field, field.field),
        value=_said(field.value),
        source=f"{name} {field.version}" if field.version else name,
        observed=(field.observed_at or "")[:10],
        differs=tuple(
            f"{other.source_name or other.source}: {_said(other.value)}" for other in field.differs
        ),
    )


def _said(value: Any) -> str:
    if value is None:
        return words.UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_said, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def description_of(entry: ModelEntry) -> str:
    """One or two sentences for search engines: what it is, who has it, what it costs at least."""
    best = cheapest([offering.record for offering in entry.offerings])
    said = entry.record.description
    if entry.offerings:
        number = len(entry.offerings)
        said = f"{said.rstrip('.')}. Offered by {number} provider{'' if number == 1 else 's'}"
        price = best.pricing.input_per_million if best else None
        if best and price is not None:
            said += f", input from {words.price(price, best.pricing.currency)} per million tokens"
        said += "."
    return said if len(said) <= LONGEST_DESCRIPTION else said[: LONGEST_DESCRIPTION - 1] + "…"


def structured_of(
    entry: ModelEntry,
    vendor: Vendor | None,
    offerings: Sequence[Offering],
    names: Mapping[str, str],
    *,
    url: str,
) -> Mapping[str, Any]:
    """The model for search engines, as schema.org has it; ``offerings`` are those to tell, the best first.

    Only prices that are known are told, and a model that nobody offers has no offers.
    """
    model = entry.record
    told: dict[str, Any] = {
        "@type": "SoftwareApplication",
        "name": words.plain(model.name),
        "description": words.plain(model.description),
        "applicationCategory": "DeveloperApplication",
        "identifier": model.id,
        "url": url,
    }
    if vendor is not None:
        told["author"] = {"@type": "Organization", "name": words.plain(vendor.name)}
    if model.release_date is not None:
        told["datePublished"] = model.release_date
    offers = [_offer(o, names[o.provider_id]) for o in offerings if o.pricing.input_per_million is not None]
    if offers:
        told["offers"] = offers[:MOST_OFFERS]
    return told


def _offer(offering: Offering, provider_name: str) -> Mapping[str, Any]:
    prices = offering.pricing
    parts = (("input", prices.input_per_million), ("output", prices.output_per_million))
    return {
        "@type": "Offer",
        "seller": {"@type": "Organization", "name": words.plain(provider_name)},
        "priceSpecification": [
            {
                "@type": "UnitPriceSpecification",
                "price": f"{amount:f}",
                "priceCurrency": prices.currency,
                "unitText": f"1,000,000 {what} tokens",
            }
            for what, amount in parts
            if amount is not None
        ],
    }
