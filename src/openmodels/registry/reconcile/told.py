"""A reading, sorted by what it speaks of."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct

from openmodels.domain.observation import Reading, Subject
from openmodels.domain.records import Record
from openmodels.registry.reconcile.fields import NotForUs, converted
from openmodels.registry.reconcile.plan import Kind, LeftOut


class Listing(Struct, frozen=True, kw_only=True):
    """A model as a provider lists it."""

    provider: str
    """Our id of the provider."""
    name: str
    """What the provider calls it."""
    values: Mapping[str, Any]
    """What the source says, by field, as it says it."""
    unusable: frozenset[str] = frozenset()
    """The fields of which it says something that nobody can use."""

    @property
    def title(self) -> str | None:
        """How the provider shows it to people."""
        title = self.values.get("title")
        return title if isinstance(title, str) else None


def by_subject(reading: Reading) -> dict[Subject, dict[str, Any]]:
    """What is said of each subject, by field; of a field that comes twice, the first value."""
    told: dict[Subject, dict[str, Any]] = {}
    for subject, field, value in reading.observations:
        told.setdefault(subject, {}).setdefault(field, value)
    return told


def unusable_by_subject(reading: Reading) -> dict[Subject, frozenset[str]]:
    """The fields of each subject of which the source says something that nobody can use."""
    found: dict[Subject, set[str]] = {}
    for subject, field in reading.left_out:
        found.setdefault(subject, set()).add(field)
    return {subject: frozenset(fields) for subject, fields in found.items()}


def listings_of(
    told: Mapping[Subject, Mapping[str, Any]],
    unusable: Mapping[Subject, frozenset[str]],
    providers: Mapping[str, Iterable[str]],
) -> list[Listing]:
    """What the source lists of each provider; ``providers`` holds its ids of them by ours."""
    ours = {name: ours for ours, names in providers.items() for name in names}
    return [
        Listing(
            provider=ours[subject.provider],
            name=subject.name,
            values=values,
            unusable=unusable.get(subject, frozenset()),
        )
        for subject, values in told.items()
        if subject.kind == "offering" and subject.provider in ours
    ]


def spoken_of(fields: Iterable[str]) -> Callable[[str], bool]:
    """Whether one of ``fields`` is a field, a part of it, or the whole of which it is a part."""
    names = set(fields)
    if "context_window" in names:
        names.add("context_window_override")
    return lambda field: any(
        field == name or field.startswith(f"{name}.") or name.startswith(f"{field}.") for name in names
    )


class Sieve:
    """Lets through what our records can hold, and remembers the rest."""

    def __init__(self, excluded: Mapping[tuple[Kind, str, str], str]) -> None:
        """``excluded`` holds what broke a rule before: kind, id and field, and why."""
        self._excluded = excluded
        self.left_out: dict[tuple[Kind, str, str], LeftOut] = {}

    def refused(self, kind: Kind, name: str) -> set[str]:
        """The fields of a record that did not get through."""
        return {field for (of, this, field) in self.left_out if (of, this) == (kind, name) and field}

    def admits(self, kind: Kind, name: str) -> bool:
        """Whether anything at all may be said of a record."""
        why = self._excluded.get((kind, name, ""))
        if why is not None:
            self._note(kind, name, "", why)
        return why is None

    def values(
        self, kind: Kind, name: str, struct: type[Record], told: Mapping[str, Any], fields: Iterable[str]
    ) -> dict[str, Any]:
        """Those of ``told`` that are of ``fields`` and fit, as the record holds them."""
        wanted = {}
        for field in fields:
            if field not in told:
                continue
            why = self._excluded.get((kind, name, field))
            if why is not None:
                self._note(kind, name, field, why)
                continue
            try:
                wanted[field] = converted(struct, field, told[field])
            except (NotForUs, KeyError) as error:
                self._note(kind, name, field, str(error))
        return wanted

    def _note(self, kind: Kind, name: str, field: str, why: str) -> None:
        key = (kind, name, field)
        self.left_out.setdefault(key, LeftOut(kind=kind, id=name, field=field, why=why))
