"""What changed, what ends, and where facts come from."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from openmodels_client.types.registry import Pagination, Source


class Change(Struct, frozen=True, kw_only=True):
    """One thing that a revision changed."""

    at: datetime
    """When the revision was published; of one that was replayed, when it was committed."""
    revision: str
    """The revision that brought it."""
    kind: str
    """What changed."""
    id: str
    """Its id; of an offering, provider/model."""
    action: str
    """Whether it is new, has another value, or is gone."""
    topic: str
    """What it is about; that something is new or gone, and what becomes of it, is lifecycle."""
    field: str | None = None
    """The field, its parts joined by dots; None where the whole of it is new or gone."""
    old: Any = None
    """The value before; the record, where it is gone."""
    new: Any = None
    """The value since; the record, where it is new."""
    source: str | None = None
    """The id of the source that says so; None where it was written by hand."""


class ChangePage(Struct, frozen=True, kw_only=True):
    """Changes, newest first."""

    begins_at: datetime | None = None
    """When the history begins: of the time before nothing is known."""
    changes: tuple[Change, ...]
    """The changes; of what is new or gone, the record in short."""
    next: str | None = None
    """The cursor of the older ones; None when there are none."""


class ModelHistory(Struct, frozen=True, kw_only=True):
    """What changed of a model and of its offerings, newest first."""

    model_id: str
    """The canonical id."""
    model_name: str | None = None
    """The display name, which it last had if it is gone; None where nobody knows."""
    begins_at: datetime | None = None
    """When the history begins: of the time before nothing is known."""
    changes: tuple[Change, ...]
    """The changes; of what is new or gone, the whole record."""
    next: str | None = None
    """The cursor of the older ones; None when there are none."""


class Ending(Struct, frozen=True, kw_only=True):
    """A model that is retired, or is going to be."""

    model_id: str
    """The canonical id."""
    model_name: str
    """The display name."""
    vendor: str | None = None
    """The id of who made it."""
    status: str
    """Where it stands in its life."""
    retires_on: str | None = None
    """The day on which the vendor retires it; None when nobody knows it."""
    days_left: int | None = None
    """How many days there are until then, by the day it is in UTC; negative once it is past."""
    replaced_by: str | None = None
    """The id of the model that the vendor names as its successor."""
    providers: tuple[str, ...]
    """The ids of the providers that have it still."""


class EndingPage(Struct, frozen=True, kw_only=True):
    """One page of the models that end."""

    data: tuple[Ending, ...]
    """The earliest first; those whose day nobody knows last."""
    pagination: Pagination
    """Which page this is."""


class Dissent(Struct, frozen=True, kw_only=True):
    """What a source says of a field otherwise than the registry."""

    source: str
    """The source's id."""
    source_name: str | None = None
    """What it is called."""
    value: Any = None
    """What it says."""
    version: str
    """Which version of the source: a package's version, or a digest of the document."""
    observed_at: datetime
    """When it said so."""


class FieldProvenance(Struct, frozen=True, kw_only=True):
    """A field, and who says so."""

    field: str
    """The field, its parts joined by dots."""
    value: Any = None
    """Its value, exact; None where nobody knows."""
    source: str | None = None
    """The id of the source; curated where it was written by hand, None where there is no value."""
    source_name: str | None = None
    """What the source is called; None where nobody said."""
    version: str | None = None
    """Which version of the source; None where it was written by hand."""
    observed_at: datetime | None = None
    """When the source said so; None where it was written by hand."""
    inherited_from: str | None = None
    """Where an offering has no value of its own: whose value it is."""
    differs: tuple[Dissent, ...]
    """The sources that say something else."""


class OfferingProvenance(Struct, frozen=True, kw_only=True):
    """The fields of an offering."""

    provider_id: str
    """Who offers it."""
    provider_name: str
    """The display name."""
    source: Source | None = None
    """What was written down about where its numbers come from."""
    fields: tuple[FieldProvenance, ...]
    """Every field; then those of which only other sources say something."""


class ModelProvenance(Struct, frozen=True, kw_only=True):
    """Where what is said of a model comes from."""

    model_id: str
    """The canonical id."""
    model_name: str
    """The display name."""
    fields: tuple[FieldProvenance, ...]
    """The model's own fields; then those of which only other sources say something."""
    offerings: tuple[OfferingProvenance, ...]
    """One item for each provider that offers it, by provider id."""
