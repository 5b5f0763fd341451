"""The shapes of the registry's history: changes, and prices over time."""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct

from openmodels.domain.changes import Action, Change, EntityKind, Topic
from openmodels.domain.records import BatchPricing, Price, PriceTier
from openmodels.domain.views.registry import Time, iso

AnyValue = Annotated[
    Any, Meta(extra_json_schema={"type": ["object", "array", "string", "number", "boolean", "null"]})
]
"""Whatever a field of a record can hold."""

_COMPACT: Mapping[EntityKind, tuple[str, ...]] = {
    "model": ("id", "name", "vendor", "status"),
    "provider": ("id", "name"),
    "offering": ("model_id", "provider_id", "provider_model_name", "pricing", "status"),
    "vendor": ("id", "name"),
}


class ChangeView(Struct, frozen=True, kw_only=True):
    """One thing that a revision changed."""

    at: Time
    """When the revision was published; of one that was replayed, when it was committed."""
    revision: str
    """The revision that brought it."""
    kind: EntityKind
    """What changed."""
    id: str
    """Its id; of an offering, provider/model."""
    action: Action
    """Whether it is new, has another value, or is gone."""
    topic: Topic
    """What it is about; that something is new or gone, and what becomes of it, is lifecycle."""
    field: str | None
    """The field, its parts joined by dots; null where the whole of it is new or gone."""
    old: AnyValue
    """The value before; the record, where it is gone."""
    new: AnyValue
    """The value since; the record, where it is new."""
    source: str | None
    """The id of the source that says so; null where it was written by hand."""


class ChangePage(Struct, frozen=True, kw_only=True):
    """Changes, newest first."""

    begins_at: Time | None
    """When the history begins: of the time before nothing is known."""
    changes: tuple[ChangeView, ...]
    """The changes; of what is new or gone, the record in short."""
    next: str | None
    """The cursor of the older ones; null when there are none."""


class ModelHistory(Struct, frozen=True, kw_only=True):
    """What changed of a model and of its offerings, newest first."""

    model_id: str
    """The canonical id."""
    model_name: str | None
    """The display name, which it last had if it is gone; null where nobody knows."""
    begins_at: Time | None
    """When the history begins: of the time before nothing is known."""
    changes: tuple[ChangeView, ...]
    """The changes; of what is new or gone, the whole record."""
    next: str | None
    """The cursor of the older ones; null when there are none."""


class PricePoint(Struct, frozen=True, kw_only=True):
    """What an offering cost from then on, until the next point."""

    at: Time
    """From when on."""
    offered: bool
    """Whether it was offered at all; when not, every price is null."""
    input_per_million: Price | None
    """Per million input tokens."""
    output_per_million: Price | None
    """Per million output tokens."""
    cache_read_per_million: Price | None
    """Per million tokens read from the prompt cache."""
    cache_write_per_million: Price | None
    """Per million tokens written to the prompt cache."""
    reasoning_per_million: Price | None
    """Per million reasoning tokens, where they cost something else than output."""
    input_audio_per_million: Price | None
    """Per million input audio tokens."""
    output_audio_per_million: Price | None
    """Per million output audio tokens."""
    image_per_unit: Price | None
    """Per image."""
    audio_per_second: Price | None
    """Per second of audio."""
    search_per_query: Price | None
    """Per web search that the model makes."""
    batch: BatchPricing | None
    """Prices for requests that may wait."""
    tiers: tuple[PriceTier, ...]
    """Prices by length of prompt."""


class PriceSeries(Struct, frozen=True, kw_only=True):
    """The prices of one offering in one currency: steps, each of which holds until the next."""

    provider_id: str
    """Who offers it, or offered it."""
    provider_name: str | None
    """The display name; null when the provider is gone."""
    currency: str
    """ISO 4217. Another currency is another series."""
    ended_at: Time | None
    """When it was taken away, or went over to another currency; null while it goes on."""
    points: tuple[PricePoint, ...]
    """The steps, oldest first."""


class ModelPrices(Struct, frozen=True, kw_only=True):
    """The prices of a model at each provider over time."""

    model_id: str
    """The canonical id."""
    model_name: str | None
    """The display name, which it last had if it is gone; null where nobody knows."""
    begins_at: Time | None
    """The beginning of every series that was offered by then: of the time before nothing is known."""
    series: tuple[PriceSeries, ...]
    """By provider id, then time."""


def change_view(change: Change, *, whole: bool) -> ChangeView:
    """The view of a change; a record that is new or gone is given ``whole``, or only what tells it apart."""
    old, new = change.old, change.new
    if change.action != "changed" and not whole:
        old, new = compact(change.kind, old), compact(change.kind, new)
    return ChangeView(
        at=iso(change.at),
        revision=change.revision,
        kind=change.kind,
        id=change.id,
        action=change.action,
        topic=change.topic,
        field=change.field,
        old=old,
        new=new,
        source=change.source,
    )


def compact(kind: EntityKind, record: Any) -> Any:
    """What of a record a list shows; None stays None."""
    if not isinstance(record, dict):
        return None
    return {name: record.get(name) for name in _COMPACT[kind]}
