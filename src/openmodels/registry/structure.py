"""Plain data to a record, or every reason why it is none.

The fast way is one call of msgspec. Only data that it refuses, or that breaks a bound it cannot hold, is gone
through value by value, beside the description of the type, so that all faults are told and in our words.
"""

import functools
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, cast, get_type_hints

import msgspec
from msgspec import Struct
from msgspec import inspect as shapes

from openmodels.domain import limits
from openmodels.domain.entries import R
from openmodels.domain.faults import Fault, Path, did_you_mean, shown
from openmodels.domain.records import PARTIAL_DATE_PATTERN, Record
from openmodels.domain.schema import field_docs
from openmodels.domain.vocabulary import suggest
from openmodels.registry.wording import date_fault, format_fault, timestamp_fault, type_fault

SUGGESTIONS = 100
"""How many times a record's faults are compared with what is allowed; a bound for hostile files."""


class Reading(Struct, Generic[R], frozen=True):
    """What came of reading one record."""

    record: R | None
    """The record; with faults, one whose faulty fields hold placeholders. None when it is no mapping."""
    faults: list[Fault]
    """Everything that is wrong with its structure."""


def read_record(data: Any, struct: type[R], *, careful: bool = False) -> Reading[R]:
    """``data`` as a ``struct``, or all of its faults. ``careful`` leaves out the fast way."""
    if not careful:
        try:
            # Decimal is called built in so that text is not taken for one.
            record = msgspec.convert(data, struct, builtin_types=(Decimal,))
        except (msgspec.ValidationError, OverflowError):
            pass
        else:
            if limits.hold(record):
                return Reading(record, [])
    walk = _Walk()
    info = _shape(struct)
    walk.visit(data, info, ())
    if type(data) is not dict:
        return Reading(None, walk.faults)
    faulty = {fault.path[0] for fault in walk.faults if fault.path}
    values: dict[str, Any] = {}
    for name, hint in _hints(struct).items():
        if name in faulty or name not in data:
            continue
        try:
            values[name] = msgspec.convert(data[name], hint, builtin_types=(Decimal,))
        except (msgspec.ValidationError, OverflowError):  # the walk has overlooked something
            walk.faults.append(
                Fault("wrong-type", (name,), shown(data[name]), "a value that the field takes")
            )
    return Reading(_partial(struct, info, values), walk.faults)


@functools.cache
def _shape(struct: type[Record]) -> shapes.StructType:
    return cast("shapes.StructType", shapes.type_info(struct))


@functools.cache
def _hints(struct: type[Record]) -> Mapping[str, Any]:
    return {
        name: hint
        for name, hint in get_type_hints(struct, include_extras=True).items()
        if name in struct.__struct_fields__
    }


def _partial(struct: type[R], info: shapes.StructType, values: dict[str, Any]) -> R:
    """A record of ``values``; a field that has none gets its default, or None though its type says not."""
    for field in info.fields:
        if field.name not in values:
            values[field.name] = None if field.default is msgspec.NODEFAULT else field.default
    return struct(**values)


class _Walk:
    """Goes through data and type together and collects faults."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._suggestions = SUGGESTIONS

    def _near(self, value: str, words: list[str]) -> str | None:
        self._suggestions -= 1
        return suggest(value, words) if self._suggestions >= 0 else None

    def visit(self, value: Any, info: Any, path: Path, extra: Mapping[str, Any] | None = None) -> None:
        """Note what is wrong with ``value``, and with everything in it."""
        match info:
            case shapes.Metadata():
                self.visit(value, info.type, path, info.extra_json_schema)
            case shapes.UnionType():
                if value is not None:
                    real = next(t for t in info.types if not isinstance(t, shapes.NoneType))
                    self.visit(value, real, path, extra)
            case shapes.StructType():
                self._struct(value, info, path)
            case shapes.VarTupleType():
                self._list(value, info, path)
            case shapes.LiteralType():
                self._word(value, info, path)
            case _:
                fault = _leaf_fault(value, info, path, is_price=bool(extra and "minimum" in extra))
                if fault:
                    self.faults.append(fault)

    def _struct(self, value: Any, info: shapes.StructType, path: Path) -> None:
        if type(value) is not dict:
            self.faults.append(type_fault(value, info, path))
            return
        fields = {field.name: field for field in info.fields}
        for key in value:
            if key not in fields:
                near = self._near(key, list(fields))
                hint = did_you_mean(near) or "remove it, or see the keys in the schema"
                if near in value:
                    hint = f"remove it; `{near}` is given already"
                expected = "a key of this record"
                fault = Fault("unknown-key", (*path, key), f"the key {shown(key)}", expected, hint, True)
                self.faults.append(fault)
        for name, field in fields.items():
            if name in value:
                self.visit(value[name], field.type, (*path, name))
            elif field.required:
                meaning = field_docs(info.cls).get(name, "").rstrip(".")
                hint = f"add it: {meaning[:1].lower()}{meaning[1:]}" if meaning else "add it"
                self.faults.append(Fault("missing-key", (*path, name), "nothing", f"the key `{name}`", hint))

    def _list(self, value: Any, info: shapes.VarTupleType, path: Path) -> None:
        if type(value) is not list:
            self.faults.append(type_fault(value, info, path))
            return
        if len(value) < (info.min_length or 0):
            self.faults.append(Fault("empty-list", path, "an empty list", "at least one item"))
        for index, item in enumerate(value):
            self.visit(item, info.item_type, (*path, index))

    def _word(self, value: Any, info: shapes.LiteralType, path: Path) -> None:
        words = [str(word) for word in info.values]
        if type(value) is str and value in words:
            return
        near = self._near(value, words) if type(value) is str else None
        expected = f"one of {', '.join(words)}"
        self.faults.append(Fault("unknown-word", path, shown(value), expected, did_you_mean(near)))


def _leaf_fault(value: Any, info: Any, path: Path, *, is_price: bool) -> Fault | None:
    kind = type(value)
    fault: Fault | None = None
    match info:
        case shapes.StrType() if kind is str:
            fault = _text_fault(value, info, path)
        case shapes.IntType() if kind is int:
            fault = _int_fault(value, info, path)
        case shapes.DecimalType() if kind is Decimal or kind is int:
            fault = _amount_fault(Decimal(value), path, is_price=is_price)
        case shapes.DateTimeType() if kind is str:
            fault = None if _is_timestamp(value) else timestamp_fault(value, path)
        case shapes.DateType() if kind is str:
            fault = None if _is_date(value) else date_fault(value, path, partial=False)
        case shapes.BoolType() if kind is bool:
            fault = None
        case _:
            fault = type_fault(value, info, path, is_price=is_price)
    return fault


def _is_timestamp(value: str) -> bool:
    try:
        moment = msgspec.convert(value, datetime)
    except (msgspec.ValidationError, OverflowError):
        return False
    return moment.tzinfo is not None and limits.timestamp_holds(moment)


def _is_date(value: str) -> bool:
    return len(value) == len("2025-03-14") and limits.partial_date_holds(value)


def _text_fault(value: str, info: shapes.StrType, path: Path) -> Fault | None:
    shortest, longest = info.min_length or 0, info.max_length
    if len(value) > (longest or len(value)) or len(value) < shortest:
        bounds = f"at least {shortest}" if len(value) < shortest else f"at most {longest}"
        found = f"{len(value)} characters: {shown(value, 40)}" if value else "an empty text"
        return Fault("wrong-length", path, found, f"{bounds} characters" if value else "a text")
    if info.pattern == PARTIAL_DATE_PATTERN:
        return None if limits.partial_date_holds(value) else date_fault(value, path, partial=True)
    if info.pattern is not None:
        # `$` also matches before a line break at the end; no value that has a form may have one.
        if value.endswith("\n") or not re.search(info.pattern, value):
            return format_fault(value, info.pattern, path)
    elif shortest and value.isspace():
        return Fault("wrong-length", path, "a blank text", "a text with something in it")
    return None


def _int_fault(value: int, info: shapes.IntType, path: Path) -> Fault | None:
    low, high = info.ge, info.le
    if (low is not None and value < low) or (high is not None and value > high):
        hint = "write null when nobody knows it" if value in (0, -1) else None
        return Fault("out-of-range", path, shown(value), f"a whole number from {low} to {high}", hint)
    return None


def _amount_fault(value: Decimal, path: Path, *, is_price: bool) -> Fault | None:
    if is_price and not limits.price_holds(value):
        hint = "write null when nobody knows the price" if value.is_signed() else None
        return Fault("out-of-range", path, shown(value), limits.PRICE_EXPECTED, hint)
    if not limits.amount_holds(value):
        return Fault("out-of-range", path, shown(value), limits.SCORE_EXPECTED)
    return None
