"""What an overlay's file and the registry's file of the same name make together.

Keys of the overlay replace the registry's, mappings are gone into, lists are replaced as a whole, and null
takes a key away, so that it has its default or is unknown. Prices in another currency are not mixed with the
old ones: they replace all of them.
"""

import functools
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import msgspec
from msgspec import inspect as shapes

from openmodels.domain.faults import Fault
from openmodels.domain.records import Pricing, Provenance, Record, Vendor
from openmodels.domain.vocabulary import suggest
from openmodels.registry.files import VENDORS, RegistryFile, read
from openmodels.registry.normalise import normalise
from openmodels.registry.structure import Reading, read_record
from openmodels.registry.yaml import parse

SOURCE = "overlay"
"""The source that provenance names for fields that an overlay sets."""

_NOT_FACTS = frozenset({"id", "model_id", "provider_id", "created_at", "updated_at", "provenance"})
"""Fields that say which record it is and when it changed, not what is known."""


class Underneath:
    """The registry's files, as what an overlay's files are laid over."""

    def __init__(self, files: Iterable[RegistryFile]) -> None:
        """``files`` are the registry's own; one is read only where the overlay has one of its name."""
        self._files = {file.name: file for file in files}
        self._vendors: dict[str, Any] | None = None

    def read(self, file: RegistryFile, data: Any, struct: type[Record]) -> Reading[Record]:
        """``data`` over the registry's record of the same name, or as a record of its own."""
        base = self._base(file, data, struct) if type(data) is dict else None
        if base is None:
            reading = self._alone(file, data, struct)
        else:
            reading = read_record(merged(base, data, struct), struct, careful=True)
            # What is wrong in the registry's own file is told there.
            known = read_record(base, struct, careful=True).faults
            faults = [fault for fault in reading.faults if fault not in known]
            reading = Reading(reading.record, faults)
        if reading.record is None or reading.faults:
            return reading
        return Reading(stamped(reading.record, data), [])

    def _alone(self, file: RegistryFile, data: Any, struct: type[Record]) -> Reading[Record]:
        """A whole new record; where parts are missing, what its file was likely meant to be laid over."""
        reading = read_record(data, struct, careful=True)
        if struct is Vendor or not any(_lacks_a_key(fault) for fault in reading.faults):
            return reading
        folder = file.name.partition("/")[0]
        near = suggest(file.name, [name for name in self._files if name.startswith(folder)])
        meant = f"; did you mean {near}?" if near else ""
        hint = f"the registry has no {file.name} that this could be laid over{meant}"
        faults = [
            msgspec.structs.replace(fault, hint=hint) if _lacks_a_key(fault) else fault
            for fault in reading.faults
        ]
        return Reading(reading.record, faults)

    def _base(self, file: RegistryFile, data: Mapping[str, Any], struct: type[Record]) -> Any:
        """The registry's plain data of the same record; None where it has none that can be read."""
        if struct is Vendor:
            return self._known_vendors().get(str(data.get("id")))
        below = self._files.get(file.name)
        base = None if below is None else _data_of(below)
        return base if type(base) is dict else None

    def _known_vendors(self) -> dict[str, Any]:
        if self._vendors is None:
            below = self._files.get(VENDORS)
            items = None if below is None else _data_of(below)
            named = items if type(items) is list else []
            self._vendors = {str(item.get("id")): item for item in named if type(item) is dict}
        return self._vendors


def _lacks_a_key(fault: Fault) -> bool:
    return fault.code == "missing-key" and len(fault.path) == 1


def _data_of(file: RegistryFile) -> Any:
    try:
        document = parse(read(file))
    except OSError:  # told where the registry's files are read
        return None
    for item in document.data if type(document.data) is list else [document.data]:
        normalise(item)
    return document.data if document.readable else None


def merged(base: Mapping[str, Any], over: Mapping[str, Any], struct: type[Record]) -> dict[str, Any]:
    """``base`` with what ``over`` says of a ``struct``; both are plain data in the vocabulary's own words."""
    if struct is Pricing and over.get("currency", base.get("currency")) != base.get("currency"):
        return dict(over)
    result = dict(base)
    fields = _fields_of(struct)
    for key, value in over.items():
        field, before = fields.get(key), result.get(key)
        inner = None if field is None else _struct_in(field.type)
        if value is None and field is not None and not field.required:
            result.pop(key, None)
        elif inner is not None and type(value) is dict and type(before) is dict:
            result[key] = merged(before, value, inner)
        else:
            result[key] = value
    return result


@functools.cache
def _fields_of(struct: type[Record]) -> Mapping[str, shapes.Field]:
    info = cast("shapes.StructType", shapes.type_info(struct))
    return {field.name: field for field in info.fields}


def _struct_in(info: shapes.Type) -> type[Record] | None:
    """The record that a field holds; None where it holds something else."""
    match info:
        case shapes.Metadata():
            return _struct_in(info.type)
        case shapes.UnionType():
            return next((found for kind in info.types if (found := _struct_in(kind)) is not None), None)
        case shapes.StructType():
            return cast("type[Record]", info.cls)
    return None


def stamped(record: Record, data: Mapping[str, Any]) -> Record:
    """The record with the overlay as the source of what ``data`` says; a vendor stays as it is.

    The version is a digest of the data, and the time the record's own ``updated_at``: the same files make the
    same revision wherever and whenever they are published.
    """
    before: tuple[Provenance, ...] | None = getattr(record, "provenance", None)
    own = frozenset(_facts(data))
    if before is None or not own:
        return record
    kept = [_without(item, own) for item in before if item.source != SOURCE]
    item = Provenance(
        source=SOURCE,
        version=hashlib.sha256(msgspec.json.encode(data, order="deterministic")).hexdigest()[:12],
        observed_at=cast("Any", record).updated_at,
        fields=tuple(sorted(own)),
    )
    provenance = (*(item for item in kept if item.fields or item.differs), item)
    return msgspec.structs.replace(record, provenance=provenance)


def _facts(data: Mapping[str, Any], before: str = "") -> Iterator[str]:
    for key, value in data.items():
        if before or key not in _NOT_FACTS:
            if type(value) is dict and value:
                yield from _facts(value, f"{before}{key}.")
            else:
                yield f"{before}{key}"


def _without(item: Provenance, own: frozenset[str]) -> Provenance:
    """The item without the fields that the overlay sets, or has something to say within."""

    def stays(field: str) -> bool:
        parts = field.split(".")
        return own.isdisjoint(".".join(parts[: n + 1]) for n in range(len(parts)))

    return msgspec.structs.replace(
        item,
        fields=tuple(field for field in item.fields if stays(field)),
        differs=tuple(claim for claim in item.differs if stays(claim.field)),
    )
