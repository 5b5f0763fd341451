"""What every registry store needs to know to publish: the kinds of records, and how two sides differ."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from openmodels.domain.changes import EntityKind
from openmodels.domain.records import Model, Offering, Provider, Record, Vendor
from openmodels.errors import PublishConflict
from openmodels.store.ports import Changes, Head

Key = tuple[str, ...]


class Kind(NamedTuple):
    """A kind of record: its name, which is also that of its table and of its field in ``Registry``."""

    name: str
    type: type[Record]
    key: Key
    """The fields that tell one record from another."""
    entity: EntityKind
    """What one of them is called."""

    def key_of(self, record: Record) -> Key:
        """What tells this record from the others of its kind."""
        return tuple(getattr(record, part) for part in self.key)


KINDS = (
    Kind("models", Model, ("id",), "model"),
    Kind("providers", Provider, ("id",), "provider"),
    Kind("offerings", Offering, ("provider_id", "model_id"), "offering"),
    Kind("vendors", Vendor, ("id",), "vendor"),
)
"""All of them, in the order in which changes are reported."""


class Difference(NamedTuple):
    """The keys of what to insert, to update and to delete."""

    added: list[Key]
    changed: list[Key]
    removed: list[Key]


def difference(before: Mapping[Key, Any], after: Mapping[Key, Any]) -> Difference:
    """How ``after`` differs from ``before``; the values need only be equal where the content is."""
    return Difference(
        added=sorted(after.keys() - before.keys()),
        changed=sorted(key for key in after.keys() & before.keys() if before[key] != after[key]),
        removed=sorted(before.keys() - after.keys()),
    )


def reported(differences: Mapping[str, Difference]) -> tuple[Changes, ...]:
    """The differences, by kind, as a publish reports them: only kinds in which something changed."""
    return tuple(
        Changes(kind=kind, added=_ids(found.added), changed=_ids(found.changed), removed=_ids(found.removed))
        for kind, found in differences.items()
        if any(found)
    )


def next_head(revision: str, at: datetime, previous: Head | None) -> Head:
    """The head after a publish: a clock that went backwards does not put it before the one it follows."""
    return Head(revision=revision, published_at=max(at, previous.published_at) if previous else at)


def require_base(published: Head | None, base: str | None) -> None:
    """Raises ``PublishConflict`` unless what is published is what the publisher saw."""
    revision = published.revision if published else None
    if revision != base:
        raise PublishConflict(
            f"another publish came first: revision {revision or 'none'} is published now, not "
            f"{base or 'none'}; nothing of this one was written; publish again"
        )


def _ids(keys: Iterable[Key]) -> tuple[str, ...]:
    return tuple(sorted("/".join(key) for key in keys))
