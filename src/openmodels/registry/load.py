"""The registry's files to records, with every issue of every file.

Each file is read on its own: YAML, other names, structure. Then the rules go over everything that could be
read. Places are looked up last, and only in files that have an issue: that keeps a good registry fast.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from openmodels.domain.checks import check
from openmodels.domain.entries import Catalogue, Entry, R
from openmodels.domain.faults import Fault
from openmodels.domain.faults import Path as DocumentPath
from openmodels.domain.records import Model, Offering, Provider, Record, Registry, Vendor
from openmodels.domain.vendors import prefix_index, vendor_of
from openmodels.errors import RegistryInvalid
from openmodels.registry.files import VENDORS, RegistryFile, list_files, read
from openmodels.registry.issues import START, Issue, Place, PlacedFault, in_order, issue_of
from openmodels.registry.normalise import normalise
from openmodels.registry.structure import read_record
from openmodels.registry.yaml import Located, locate, parse

Progress = Callable[[int, int], None]
"""Told after each file how many of how many are read."""

# After one of these the data has a hole, and what the structure says about it is no news.
_HOLES = frozenset({"yaml-alias", "yaml-tag", "bad-number", "control-character"})


_STRUCTS: Mapping[str, type[Record]] = {"models": Model, "providers": Provider, "offerings": Offering}


class Loaded(Struct, frozen=True, kw_only=True):
    """What came of loading a registry."""

    registry: Registry | None
    """The records; None when there is any issue."""
    issues: tuple[Issue, ...]
    """Everything that is wrong, by file, then from top to bottom."""
    files: int
    """How many files were read."""


def load_registry(path: Path, *, progress: Progress | None = None) -> Loaded:
    """Read the registry in the folder ``path``.

    Raises ``RegistryUnreadable``, which says what to type, when there is no registry there.
    """
    listing = list_files(path)
    desk = _Desk()
    for name, fault in listing.faults:
        desk.place(name, fault, START)
    for count, file in enumerate(listing.files, start=1):
        desk.take(file)
        if progress is not None:
            progress(count, len(listing.files))
    catalogue = desk.catalogue()
    for finding in check(catalogue):
        desk.note(finding.origin, finding.fault)
    issues = desk.issues()
    return Loaded(registry=None if issues else _registry(catalogue), issues=issues, files=len(listing.files))


def require_registry(path: Path, *, progress: Progress | None = None) -> Registry:
    """The registry in the folder ``path``.

    Raises ``RegistryUnreadable`` when there is none, ``RegistryInvalid`` when it has issues.
    """
    loaded = load_registry(path, progress=progress)
    if loaded.registry is None:
        raise RegistryInvalid(loaded.issues)
    return loaded.registry


def _registry(catalogue: Catalogue) -> Registry:
    vendors = sorted((entry.record for entry in catalogue.vendors), key=lambda v: v.id)
    prefixes = prefix_index(vendors)
    models = (_with_vendor(entry.record, prefixes) for entry in catalogue.models)
    return Registry(
        models=tuple(sorted(models, key=lambda m: m.id)),
        providers=tuple(sorted((e.record for e in catalogue.providers), key=lambda p: p.id)),
        offerings=tuple(
            sorted((e.record for e in catalogue.offerings), key=lambda o: (o.provider_id, o.model_id))
        ),
        vendors=tuple(vendors),
    )


def _with_vendor(model: Model, prefixes: dict[str, str]) -> Model:
    if model.vendor is not None:
        return model
    vendor = vendor_of(model.id, prefixes)
    return model if vendor is None else msgspec.structs.replace(model, vendor=vendor)


class _Desk:
    """Collects entries and issues while the files go by."""

    def __init__(self) -> None:
        self._entries: dict[str, list[Any]] = defaultdict(list)
        self._unread: dict[str, set[str]] = defaultdict(set)
        self._issues: list[Issue] = []
        # Faults that are yet to be placed, by file.
        self._unplaced: dict[str, list[Fault]] = defaultdict(list)
        self._files: dict[str, RegistryFile] = {}

    def place(self, name: str, fault: Fault, place: Place) -> None:
        """Note a fault whose place is known."""
        self._issues.append(issue_of(name, fault, place))

    def note(self, name: str, fault: Fault) -> None:
        """Note a fault whose place is to be looked up."""
        self._unplaced[name].append(fault)

    def take(self, file: RegistryFile) -> None:
        """Read one file."""
        self._files[file.name] = file
        try:
            raw = read(file)
        except OSError as error:
            found = error.strerror or str(error)
            self.place(file.name, Fault("unreadable-file", (), found, "a file that can be read"), START)
            self._unread[file.kind].add(file.key)
            return
        document = parse(raw)
        for placed in document.faults:
            self.place(file.name, placed.fault, placed.place)
        if not document.readable:
            self._unread[file.kind].add(file.key)
        elif file.kind == "vendors":
            self._take_vendors(file, document.data, document.faults, careful=document.trailing_newline)
        else:
            struct = _STRUCTS[file.kind]
            self._take_record(file, document.data, struct, document.faults, careful=document.trailing_newline)

    def _take_vendors(
        self, file: RegistryFile, data: Any, refused: list[PlacedFault], *, careful: bool
    ) -> None:
        if type(data) is not list:
            found = "a mapping" if type(data) is dict else "a single value"
            hint = "begin each vendor with `- id: ...`"
            self.note(file.name, Fault("wrong-type", (), found, "a list of vendors", hint))
            self._unread["vendors"].add(file.key)
            return
        for index, item in enumerate(data):
            self._take_record(file, item, Vendor, refused, at=(index,), careful=careful)

    def _take_record(
        self,
        file: RegistryFile,
        data: Any,
        struct: type[R],
        refused: list[PlacedFault],
        *,
        careful: bool,
        at: DocumentPath = (),
    ) -> None:
        normalised = normalise(data)
        reading = read_record(data, struct, careful=careful)
        holes = [p.fault.path for p in refused if p.fault.code in _HOLES]
        faulty = {p.fault.path[len(at)] for p in refused if _within(p.fault.path, at)}
        for fault in [*normalised.faults, *reading.faults]:
            path = at + normalised.path_in_file(fault.path)
            if fault.path:
                faulty.add(fault.path[0])
            if not any(path[: len(hole)] == hole for hole in holes):
                self.note(file.name, msgspec.structs.replace(fault, path=path))
        if reading.record is None:
            self._unread[file.kind].add(file.key)
            return
        record = _in_utc(reading.record)
        key = str(getattr(record, "id", "")) if file.kind == "vendors" else file.key
        self._entries[file.kind].append(
            Entry(
                record=record,
                origin=file.name,
                key=key,
                folder=file.folder,
                at=at,
                faulty=frozenset(str(field) for field in faulty),
            )
        )

    def catalogue(self) -> Catalogue:
        """Everything that was read."""
        return Catalogue(
            models=self._entries["models"],
            providers=self._entries["providers"],
            offerings=self._entries["offerings"],
            vendors=self._entries["vendors"],
            unread_models=frozenset(self._unread["models"]),
            unread_providers=frozenset(self._unread["providers"]),
            vendors_known=VENDORS in self._files and not self._unread["vendors"],
        )

    def issues(self) -> tuple[Issue, ...]:
        """All issues, each in its place."""
        for name, faults in self._unplaced.items():
            places = _places(self._files[name])
            for fault in faults:
                self.place(name, fault, _place_of(fault, places))
        self._unplaced.clear()
        return in_order(self._issues)


def _within(path: DocumentPath, at: DocumentPath) -> bool:
    return len(path) > len(at) and path[: len(at)] == at


def _places(file: RegistryFile) -> dict[DocumentPath, Located]:
    try:
        return locate(read(file))
    except OSError:  # gone since it was read a moment ago
        return {}


def _place_of(fault: Fault, places: dict[DocumentPath, Located]) -> Place:
    """Where the value is, or the nearest thing around it that exists."""
    path = fault.path
    while path and path not in places:
        path = path[:-1]
    located = places.get(path)
    if located is None:
        return START
    return located.key if fault.at_key and path == fault.path else located.value


def _in_utc(record: R) -> R:
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
    return msgspec.structs.replace(record, **changed) if changed else record
