"""What a publish changed: entity, field, old and new value, and who says so."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

EntityKind = Literal["model", "provider", "offering", "vendor"]
Action = Literal["added", "changed", "removed"]
Topic = Literal["price", "limits", "lifecycle", "other"]


class Change(Struct, frozen=True, kw_only=True):
    """One thing that one revision changed."""

    at: datetime
    """When the revision was published; for one that was replayed, when it was committed."""
    revision: str
    """The revision that brought it."""
    kind: EntityKind
    """What changed."""
    id: str
    """Its id; of an offering, ``provider/model``."""
    action: Action
    """Whether it is new, has another value, or is gone."""
    topic: Topic
    """What it is about: additions, removals, status and retirement dates are of ``lifecycle``."""
    field: str | None
    """The field, its parts joined by dots; None where the whole entity is new or gone."""
    old: Any
    """The value before, as JSON gives it, decimals exact; the whole record where the entity is gone."""
    new: Any
    """The value since; the whole record where the entity is new."""
    source: str | None
    """The id of the source that the new value comes from; None where it was written by hand."""
