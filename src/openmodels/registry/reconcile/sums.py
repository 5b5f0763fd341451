"""A plan's lists, made of the registry before and after."""

from collections import Counter
from collections.abc import Iterable, Iterator

from openmodels.domain.fields import id_of, value_of
from openmodels.domain.records import Model, Offering, Provider, Registry
from openmodels.registry.reconcile.fields import as_json, is_blank
from openmodels.registry.reconcile.plan import AnyRecord, Disagreement, Kind, RecordChange, Voice

_NO_VALUES = frozenset({"provenance", "updated_at", "source"})


def record_changes(before: Registry, after: Registry) -> tuple[RecordChange, ...]:
    """What differs, by kind, then id."""
    return (
        *_changes("model", before.models, after.models),
        *_changes("provider", before.providers, after.providers),
        *_changes("offering", before.offerings, after.offerings),
    )


def _changes(kind: Kind, before: Iterable[AnyRecord], after: Iterable[AnyRecord]) -> Iterator[RecordChange]:
    olds = {id_of(record): record for record in before}
    news = {id_of(record): record for record in after}
    for name in sorted({*olds, *news}):
        old, new = olds.get(name), news.get(name)
        if old == new:
            continue
        fields = tuple(_differing(old, new)) if old and new else ()
        replaces = any(not is_blank(field, value_of(old, field)) for field in fields)
        yield RecordChange(kind=kind, id=name, old=old, new=new, fields=fields, replaces=replaces)


def _differing(old: AnyRecord, new: AnyRecord) -> Iterator[str]:
    for field in old.__struct_fields__:
        ours, theirs = getattr(old, field), getattr(new, field)
        if field in _NO_VALUES or ours == theirs:
            continue
        if field == "pricing":
            for part in ours.__struct_fields__:
                if getattr(ours, part) != getattr(theirs, part):
                    yield f"pricing.{part}"
        else:
            yield field


def disagreements_of(registry: Registry, source: str) -> tuple[Disagreement, ...]:
    """Every field of which ``source`` says something else than the registry, with all who speak of it."""
    found: list[Disagreement] = []
    groups: tuple[tuple[Kind, tuple[Model, ...] | tuple[Provider, ...] | tuple[Offering, ...]], ...] = (
        ("model", registry.models),
        ("provider", registry.providers),
        ("offering", registry.offerings),
    )
    for kind, records in groups:
        for record in records:
            found += _of_record(kind, record, source)
    return tuple(found)


def _of_record(kind: Kind, record: AnyRecord, source: str) -> Iterator[Disagreement]:
    item = next((item for item in record.provenance if item.source == source), None)
    for claim in item.differs if item else ():
        ours = as_json(value_of(record, claim.field))
        others = [other for other in record.provenance if other.source != source]
        says = [Voice(source, claim.value)]
        for other in others:
            told = [c.value for c in other.differs if c.field == claim.field]
            says += [Voice(other.source, value) for value in told]
            if claim.field in other.fields:
                says.append(Voice(other.source, ours))
        yield Disagreement(kind=kind, id=id_of(record), field=claim.field, ours=ours, says=tuple(says))


def removed_share(before: Registry, changes: Iterable[RecordChange]) -> tuple[int, int]:
    """How many of how many records go."""
    return sum(change.new is None for change in changes), size(before)


def replaced_share(before: Registry, changes: Iterable[RecordChange]) -> tuple[int, int]:
    """How many of how many records have a value that becomes another or goes."""
    return sum(change.replaces and change.new is not None for change in changes), size(before)


def repriced_shares(before: Registry, changes: Iterable[RecordChange]) -> dict[str, tuple[int, int]]:
    """Of how many of each provider's offerings a price becomes another or goes, by its id."""
    repriced: Counter[str] = Counter()
    for change in changes:
        if not isinstance(change.old, Offering) or change.new is None:
            continue
        fields = (field for field in change.fields if field.startswith("pricing."))
        if any(not is_blank(field, value_of(change.old, field)) for field in fields):
            repriced[change.old.provider_id] += 1
    whole = Counter(offering.provider_id for offering in before.offerings)
    return {provider: (count, whole[provider]) for provider, count in repriced.items()}


def added_shares(before: Registry, changes: Iterable[RecordChange]) -> dict[Kind, tuple[int, int]]:
    """How many records of each kind are new, beside how many there are."""
    added = Counter(change.kind for change in changes if change.old is None)
    return {
        "model": (added["model"], len(before.models)),
        "provider": (added["provider"], len(before.providers)),
        "offering": (added["offering"], len(before.offerings)),
    }


def size(registry: Registry) -> int:
    """How many records a registry has, vendors aside."""
    return len(registry.models) + len(registry.providers) + len(registry.offerings)
