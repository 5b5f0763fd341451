"""Changes as the page shows them: by day and revision, what changed of one thing together. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from openmodels.domain.change_wording import LONGEST_VALUE, Paid, Step, is_price, signed, step_of, told
from openmodels.domain.changes import Action, Change, EntityKind, encode_value
from openmodels.domain.snapshot import Snapshot

Direction = Literal["up", "down", ""]
BY_HAND = "written by hand"


class Name(NamedTuple):
    """What something is called, and its page; no page where it is gone, or has none."""

    text: str
    href: str = ""


class Value(NamedTuple):
    """A value that its line does not show whole."""

    label: str
    text: str


class Line(Struct, frozen=True, kw_only=True):
    """One change, in the words of the feed."""

    what: str
    before: str | None
    after: str | None
    unit: str
    trend: str
    """``cheaper, −12.5 %``: where a price went; empty where that cannot be said."""
    direction: Direction
    source: str
    """Who says so; empty where something is gone, which no source says."""
    whole: tuple[Value, ...]
    """Both values, where the line cuts them or leaves them out."""


class Item(Struct, frozen=True, kw_only=True):
    """What one revision changed of one model, provider, offering or vendor."""

    kind: EntityKind
    action: Action
    name: Name
    provider: Name | None
    """Who offers it, where it is an offering."""
    lines: tuple[Line, ...]


class RevisionShown(Struct, frozen=True, kw_only=True):
    """What one revision changed, as much of it as is on the page."""

    revision: str
    at: datetime
    items: tuple[Item, ...]


class Day(Struct, frozen=True, kw_only=True):
    """The revisions of one day (UTC), newest first."""

    day: date
    revisions: tuple[RevisionShown, ...]


def by_day(changes: Sequence[Change], paid: Mapping[Step, Paid], snapshot: Snapshot) -> tuple[Day, ...]:
    """The changes, newest first, by day, revision and what changed; ``paid`` as ``headline`` takes it."""
    vendors = {vendor.id: vendor.name for vendor in snapshot.registry.vendors}
    return tuple(
        Day(day=day, revisions=tuple(_revisions(tuple(of_day), paid, snapshot, vendors)))
        for day, of_day in groupby(changes, key=lambda change: change.at.date())
    )


def _revisions(
    changes: Sequence[Change], paid: Mapping[Step, Paid], snapshot: Snapshot, vendors: Mapping[str, str]
) -> Iterator[RevisionShown]:
    for (at, revision), together in groupby(changes, key=lambda change: (change.at, change.revision)):
        items = []
        for (kind, entity_id, action), of_one in groupby(together, key=_entity):
            name, provider = _names(kind, entity_id, snapshot, vendors)
            # Newest first means last field first; people read a record from its top.
            lines = tuple(_line(change, paid.get(step_of(change))) for change in reversed(tuple(of_one)))
            items.append(Item(kind=kind, action=action, name=name, provider=provider, lines=lines))
        yield RevisionShown(revision=revision, at=at, items=tuple(items))


def _entity(change: Change) -> tuple[EntityKind, str, Action]:
    return change.kind, change.id, change.action


def _names(
    kind: EntityKind, entity_id: str, snapshot: Snapshot, vendors: Mapping[str, str]
) -> tuple[Name, Name | None]:
    """What it is called now, and who offers it; ids where it is gone."""
    if kind == "offering":
        provider_id, _, model_id = entity_id.partition("/")
        return _model(model_id, snapshot), _provider(provider_id, snapshot)
    if kind == "model":
        return _model(entity_id, snapshot), None
    if kind == "provider":
        return _provider(entity_id, snapshot), None
    return Name(vendors.get(entity_id, entity_id)), None


def _model(model_id: str, snapshot: Snapshot) -> Name:
    entry = snapshot.model(model_id)
    # An id that became an alias of another model is not that model.
    if entry is None or entry.record.id != model_id:
        return Name(model_id)
    return Name(entry.record.name, f"/models/{model_id}")


def _provider(provider_id: str, snapshot: Snapshot) -> Name:
    entry = snapshot.provider(provider_id)
    return Name(provider_id) if entry is None else Name(entry.record.name, f"/providers/{provider_id}")


def _line(change: Change, paid: Paid | None) -> Line:
    said = told(change, paid)
    direction, trend = _trend(change, paid, said.percent)
    return Line(
        what=said.what,
        before=said.before,
        after=said.after,
        unit=said.unit,
        trend=trend,
        direction=direction,
        source=change.source or ("" if change.action == "removed" else BY_HAND),
        whole=_whole(change),
    )


def _trend(change: Change, paid: Paid | None, percent: Decimal | None) -> tuple[Direction, str]:
    """Where a price went that is in one currency before and after."""
    old, new = change.old, change.new
    if paid is None or paid.before != paid.after or not is_price(change):
        return "", ""
    if not isinstance(old, int | Decimal) or not isinstance(new, int | Decimal) or old == new:
        return "", ""
    if not new or not old:
        return ("down", "free now") if not new else ("up", "no longer free")
    by = "" if percent is None else f", {signed(percent).replace('-', '−')}"
    return ("up", f"dearer{by}") if new > old else ("down", f"cheaper{by}")


def _whole(change: Change) -> tuple[Value, ...]:
    """Both values of a field where a line does not hold them."""
    if change.field is None:
        return ()
    values = (Value("Before", _text(change.old)), Value("After", _text(change.new)))
    listed = any(isinstance(value, list | tuple) for value in (change.old, change.new))
    if listed or change.field == "description" or any(len(value.text) > LONGEST_VALUE for value in values):
        return values
    return ()


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return ", ".join(value) or "none"
    return value if isinstance(value, str) else encode_value(value)
