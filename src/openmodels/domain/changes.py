"""What a publish changed: entity, field, old and new value, and who says so.

``changes_between`` is exact: a registry and the changes that led to it give back the one before (``undo``),
byte for byte. So it also gives changes that are no news to anybody, such as ``updated_at``; ``is_news`` tells
them apart. Histories keep all, and show what is news.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from openmodels.domain.fields import id_of, named_by
from openmodels.domain.records import (
    Model,
    Offering,
    Provenance,
    Provider,
    Record,
    Registry,
    Vendor,
    encode_record,
)

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

    @property
    def entities(self) -> tuple[str | None, str | None]:
        """The ids of the model and of the provider that it is about; None where it is about none."""
        if self.kind == "offering":
            provider_id, _, model_id = self.id.partition("/")
            return model_id, provider_id
        return (
            self.id if self.kind == "model" else None,
            self.id if self.kind == "provider" else None,
        )


class Entity(NamedTuple):
    """A kind of what changes: where a registry keeps it, and what tells one from another."""

    kind: EntityKind
    group: str
    """The field of ``Registry`` that holds them."""
    type: type[Record]
    key: tuple[str, ...]
    """The fields that make up the id, in the order in which a registry sorts by them."""


ENTITIES: Mapping[EntityKind, Entity] = {
    "model": Entity("model", "models", Model, ("id",)),
    "provider": Entity("provider", "providers", Provider, ("id",)),
    "offering": Entity("offering", "offerings", Offering, ("provider_id", "model_id")),
    "vendor": Entity("vendor", "vendors", Vendor, ("id",)),
}
"""All of them, in the order in which changes of one revision are listed."""

_BOOKKEEPING = frozenset({"created_at", "updated_at", "provenance", "source.verified_at"})
"""Fields that say how a record came about and nothing about what it describes."""
_LIMITS = frozenset({"context_window", "context_window_override", "max_output_tokens"})
_LIFECYCLE = frozenset({"status", "deprecation_date", "replaced_by"})

_encode = msgspec.json.Encoder(decimal_format="number").encode


class _Revision(NamedTuple):
    """What all changes of one comparison have in common."""

    at: datetime
    revision: str


def changes_between(old: Registry, new: Registry, *, at: datetime, revision: str) -> list[Change]:
    """What ``new``, published at that time as that revision, has otherwise than ``old``; by kind, then id.

    A record that came or went is one change with the whole record. A record that differs gives a change for
    each field, down to the parts of a part (``pricing.batch.input_per_million``); a list is one value. Where
    a part as a whole came or went, a change of the part comes before those of its fields.
    """
    found: list[Change] = []
    for entity in ENTITIES.values():
        before = {id_of(record): record for record in getattr(old, entity.group)}
        after = {id_of(record): record for record in getattr(new, entity.group)}
        for key in sorted(before.keys() | after.keys()):
            was, now = before.get(key), after.get(key)
            if was is not now:
                found += _changes_of(entity, key, was, now, _Revision(at, revision))
    return found


def is_news(change: Change) -> bool:
    """Whether a change says something about a model, provider, offering or vendor.

    Times and sources of the record itself do not, nor does a number that is only written otherwise (0.10 for
    0.1), nor a part whose fields have changes of their own.
    """
    if change.action != "changed":
        return True
    if change.field in _BOOKKEEPING or isinstance(change.old, dict) or isinstance(change.new, dict):
        return False
    return bool(change.old != change.new)


def undo(registry: Registry, changes: Iterable[Change]) -> Registry:
    """The registry before ``changes``, which are all that led to this one, news or not, newest first.

    Raises ``ValueError`` for changes that cannot have led to it.
    """
    undone: dict[EntityKind, dict[str, dict[str, Any] | None]] = {kind: {} for kind in ENTITIES}
    records = {
        kind: {id_of(record): record for record in getattr(registry, entity.group)}
        for kind, entity in ENTITIES.items()
    }
    for change in changes:
        touched = undone[change.kind]
        if change.action == "added":
            touched[change.id] = None
        elif change.action == "removed":
            touched[change.id] = deepcopy(change.old)
        else:
            if change.id not in touched:
                record = records[change.kind].get(change.id)
                touched[change.id] = None if record is None else _as_data(record)
            _put_back(touched[change.id], change)
    groups: dict[str, Any] = {}
    for kind, entity in ENTITIES.items():
        groups[entity.group] = _restored(entity, records[kind], undone[kind])
    return Registry(**groups)


def encode_value(value: Any) -> str:
    """A value of a change as JSON text, decimals as they are written."""
    return _encode(value).decode()


def decode_value(text: str | bytes) -> Any:
    """The value that ``encode_value`` wrote; a number with a point or an exponent is a ``Decimal``."""
    return json.loads(text, parse_float=Decimal, parse_int=_whole)


def _whole(text: str) -> int | Decimal:
    # As an int it would lose its sign, and the record would be written otherwise than it was.
    return Decimal(text) if text == "-0" else int(text)


def _changes_of(
    entity: Entity, key: str, was: Record | None, now: Record | None, by: _Revision
) -> Iterator[Change]:
    kind = entity.kind
    if was is None or now is None:
        yield Change(
            at=by.at,
            revision=by.revision,
            kind=kind,
            id=key,
            action="added" if was is None else "removed",
            topic="lifecycle",
            field=None,
            old=None if was is None else _as_data(was),
            new=None if now is None else _as_data(now),
            source=None if now is None else _main_source(now),
        )
    elif encode_record(was) != encode_record(now):
        for field, old, new in _differences("", _as_data(was), _as_data(now)):
            naming = named_by(field, _provenance(now))
            yield Change(
                at=by.at,
                revision=by.revision,
                kind=kind,
                id=key,
                action="changed",
                topic=_topic(field),
                field=field,
                old=old,
                new=new,
                source=naming.source if naming else None,
            )


def _differences(path: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name, now in new.items():
        was, field = old[name], f"{path}{name}"
        parts = [value for value in (was, now) if isinstance(value, dict)]
        if len(parts) == 1:
            yield field, deepcopy(was), deepcopy(now)
        if parts:
            nothing = dict.fromkeys(parts[0])
            yield from _differences(
                f"{field}.", nothing if was is None else was, nothing if now is None else now
            )
        # Compared as they are written: to Python, 0.1 and 0.10 are the same.
        elif _encode(was) != _encode(now):
            yield field, was, now


def _topic(field: str) -> Topic:
    if field in _LIFECYCLE:
        return "lifecycle"
    if field in _LIMITS or field.partition(".")[0] == "rate_limits":
        return "limits"
    return "price" if field.partition(".")[0] == "pricing" else "other"


def _provenance(record: Record) -> tuple[Provenance, ...]:
    return getattr(record, "provenance", ())


def _main_source(record: Record) -> str | None:
    """The source of most of a record's fields; of two with as many, the first by id."""
    named = sorted((-len(item.fields), item.source) for item in _provenance(record) if item.fields)
    return named[0][1] if named else None


def _as_data(record: Record) -> Any:
    """A record as JSON gives it, decimals exact; the same as of a change that was kept as text."""
    return decode_value(encode_record(record))


def _put_back(record: dict[str, Any] | None, change: Change) -> None:
    if record is None or change.field is None:
        raise ValueError(f"the {change.kind} {change.id!r} changed, and it was not there")
    *parts, last = change.field.split(".")
    for part in parts:
        inner = record.get(part)
        if not isinstance(inner, dict):
            # The part came or went as a whole, and the change that says so puts all of it back.
            return
        record = inner
    record[last] = deepcopy(change.old)


def _restored(
    entity: Entity, records: dict[str, Record], undone: dict[str, dict[str, Any] | None]
) -> tuple[Record, ...]:
    found = dict(records)
    for key, data in undone.items():
        if data is None:
            found.pop(key, None)
            continue
        try:
            found[key] = msgspec.convert(data, entity.type)
        except msgspec.ValidationError as error:
            raise ValueError(
                f"the {entity.kind} {key!r} was something that this version cannot read: {error}"
            ) from error
    return tuple(sorted(found.values(), key=lambda record: [getattr(record, part) for part in entity.key]))
