"""Where files become entries, and everything that is wrong with them is gathered and placed.

A registry is read at one desk. An overlay is read at another, which holds what the registry has under each
file and lays the two together (``Below``).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from openmodels.domain.entries import Catalogue, Entry
from openmodels.domain.faults import Fault
from openmodels.domain.faults import Path as DocumentPath
from openmodels.domain.records import Model, Offering, Provenance, Provider, Record, Vendor
from openmodels.registry.files import Listing, RegistryFile, read
from openmodels.registry.issues import START, Issue, Place, in_order, issue_of
from openmodels.registry.normalise import normalise
from openmodels.registry.structure import Reading, read_record
from openmodels.registry.yaml import Document, Located, locate, parse

# After one of these the data has a hole, and what the structure says about it is no news.
_HOLES = frozenset({"yaml-alias", "yaml-tag", "bad-number", "control-character"})

_STRUCTS: Mapping[str, type[Record]] = {"models": Model, "providers": Provider, "offerings": Offering}


class Below(Protocol):
    """What files are laid over."""

    def read(self, file: RegistryFile, data: Any, struct: type[Record]) -> Reading[Record]:
        """``data`` (normalised) together with what is below it, as a record, or its own faults."""
        ...


class Desk:
    """Collects entries and issues while the files go by."""

    def __init__(self, below: Below | None = None, *, reader: Callable[[RegistryFile], bytes] = read) -> None:
        """``below`` is what the files are laid over; None where they stand for themselves.

        ``reader`` gives the beginning of a file, as ``files.read`` does.
        """
        self._below = below
        self._reader = reader
        self._entries: dict[str, list[Any]] = defaultdict(list)
        self._unread: dict[str, set[str]] = defaultdict(set)
        self._issues: list[Issue] = []
        # Faults that are yet to be placed, by origin.
        self._unplaced: dict[str, list[Fault]] = defaultdict(list)
        self._files: dict[str, RegistryFile] = {}
        self._vendors_seen = False

    def place(self, file: RegistryFile, fault: Fault, place: Place) -> None:
        """Note a fault whose place is known."""
        self._issues.append(issue_of(file.name, fault, place, layer=file.layer))

    def misplaced(self, file: str, fault: Fault) -> None:
        """Note a fault of something that lies where a file should."""
        self._issues.append(issue_of(file, fault, START, layer="overlay" if self._below else None))

    def note(self, origin: str, fault: Fault) -> None:
        """Note a fault, of a file that was read, whose place is to be looked up."""
        self._unplaced[origin].append(fault)

    def has(self, origin: str) -> bool:
        """Whether the file was read here."""
        return origin in self._files

    def take_all(self, listing: Listing, tick: Callable[[int], None] = lambda _done: None) -> None:
        """Read all files; after each, ``tick`` is told how many are read."""
        for name, fault in listing.faults:
            self.misplaced(name, fault)
        for count, file in enumerate(listing.files, start=1):
            self.take(file)
            tick(count)

    def document(self, file: RegistryFile) -> Document | None:
        """What a file holds, its faults noted; None when nothing of it can be used."""
        self._files[file.origin] = file
        try:
            raw = self._reader(file)
        except OSError as error:
            found = error.strerror or str(error)
            self.place(file, Fault("unreadable-file", (), found, "a file that can be read"), START)
            return None
        document = parse(raw)
        for placed in document.faults:
            self.place(file, placed.fault, placed.place)
        return document if document.readable else None

    def take(self, file: RegistryFile) -> None:
        """Read one file."""
        document = self.document(file)
        if document is None:
            self._unread[file.kind].add(file.key)
        elif file.kind == "vendors":
            self._vendors_seen = True
            self._take_vendors(file, document)
        else:
            self.take_record(file, document, document.data, _STRUCTS[file.kind])

    def _take_vendors(self, file: RegistryFile, document: Document) -> None:
        data = document.data
        if type(data) is not list:
            found = "a mapping" if type(data) is dict else "a single value"
            hint = "begin each vendor with `- id: ...`"
            self.note(file.origin, Fault("wrong-type", (), found, "a list of vendors", hint))
            self._unread["vendors"].add(file.key)
            return
        for index, item in enumerate(data):
            self.take_record(file, document, item, Vendor, at=(index,))

    def take_record(
        self,
        file: RegistryFile,
        document: Document,
        data: Any,
        struct: type[Record],
        *,
        at: DocumentPath = (),
    ) -> None:
        """Read one record: the whole of a file, or the item ``at`` of it."""
        normalised = normalise(data)
        reading = self._read(file, data, struct, careful=document.trailing_newline)
        holes = holes_in(document)
        faulty = {p.fault.path[len(at)] for p in document.faults if _within(p.fault.path, at)}
        for fault in [*normalised.faults, *reading.faults]:
            path = at + normalised.path_in_file(fault.path)
            if fault.path:
                faulty.add(fault.path[0])
            if not within_any(path, holes):
                self.note(file.origin, msgspec.structs.replace(fault, path=path))
        if reading.record is None:
            self._unread[file.kind].add(file.key)
            return
        record = _in_utc(reading.record)
        key = str(getattr(record, "id", "")) if file.kind == "vendors" else file.key
        self._entries[file.kind].append(
            Entry(
                record=record,
                origin=file.origin,
                key=key,
                folder=file.folder,
                at=at,
                faulty=frozenset(str(field) for field in faulty),
                own=self._below is not None,
            )
        )

    def _read(self, file: RegistryFile, data: Any, struct: type[Record], *, careful: bool) -> Reading[Record]:
        if self._below is not None:
            return self._below.read(file, data, struct)
        return read_record(data, struct, careful=careful)

    def catalogue(self) -> Catalogue:
        """Everything that was read."""
        return Catalogue(
            models=self._entries["models"],
            providers=self._entries["providers"],
            offerings=self._entries["offerings"],
            vendors=self._entries["vendors"],
            unread_models=frozenset(self._unread["models"]),
            unread_providers=frozenset(self._unread["providers"]),
            vendors_known=self._vendors_seen and not self._unread["vendors"],
        )

    def issues(self) -> tuple[Issue, ...]:
        """All issues, each in its place."""
        for origin, faults in self._unplaced.items():
            file = self._files[origin]
            places = places_in(file, self._reader)
            for fault in faults:
                self.place(file, fault, place_of(fault.path, places, at_key=fault.at_key))
        self._unplaced.clear()
        return in_order(self._issues)


def holes_in(document: Document) -> Sequence[DocumentPath]:
    """Where the data lacks what a fault of the text took away: what its structure says there is no news."""
    return [placed.fault.path for placed in document.faults if placed.fault.code in _HOLES]


def within_any(path: DocumentPath, holes: Iterable[DocumentPath]) -> bool:
    """Whether a path leads to one of the holes, or into it."""
    return any(path[: len(hole)] == hole for hole in holes)


def _within(path: DocumentPath, at: DocumentPath) -> bool:
    return len(path) > len(at) and path[: len(at)] == at


def places_in(
    file: RegistryFile, reader: Callable[[RegistryFile], bytes] = read
) -> dict[DocumentPath, Located]:
    """Where every value of the file stands."""
    try:
        return locate(reader(file))
    except OSError:  # gone since it was read a moment ago
        return {}


def place_of(path: DocumentPath, places: Mapping[DocumentPath, Located], *, at_key: bool = False) -> Place:
    """Where the value at ``path`` is (or its key), or the nearest thing around it that exists."""
    near = path
    while near and near not in places:
        near = near[:-1]
    located = places.get(near)
    if located is None:
        return START
    return located.key if at_key and near == path else located.value


def _in_utc(record: Record) -> Record:
    """The record with its timestamps in UTC, so that equal moments are equal bytes everywhere."""
    changed: dict[str, Any] = {}
    for name in ("created_at", "updated_at", "verified_at"):
        moment = getattr(record, name, None)
        if isinstance(moment, datetime) and moment.tzinfo is not UTC:
            changed[name] = moment.astimezone(UTC)
    source: Record | None = getattr(record, "source", None)
    if source is not None:
        changed_source = _in_utc(source)
        if changed_source is not source:
            changed["source"] = changed_source
    provenance: tuple[Provenance, ...] = getattr(record, "provenance", ())
    if any(item.observed_at.tzinfo is not UTC for item in provenance):
        changed["provenance"] = tuple(
            msgspec.structs.replace(item, observed_at=item.observed_at.astimezone(UTC)) for item in provenance
        )
    return msgspec.structs.replace(record, **changed) if changed else record
