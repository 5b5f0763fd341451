"""Records as CSV (RFC 4180): nested fields by dots, lists joined, nothing that a spreadsheet would run."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from openmodels.cli.output import json_text, time_text
from openmodels.domain.faults import visible
from openmodels.registry.exporters.flat import DANGEROUS

BETWEEN = ";"
"""What stands between the values of a list."""


def csv_lines(records: Iterable[Struct], kind: type[Struct] | None, *, on_terminal: bool) -> Iterator[str]:
    """The head, then a line for each record.

    What a spreadsheet would take for a formula gets an apostrophe in front, as in the registry's export.
    ``on_terminal``: what cannot be seen is escaped; elsewhere the texts are what they are.
    """
    items = list(records)
    kinds = dict.fromkeys(type(item) for item in items) or ({kind: None} if kind else {})
    columns = list(dict.fromkeys(column for each in kinds for column in columns_of(each)))
    if not columns:
        return
    yield _line(".".join(column) for column in columns)
    for item in items:
        cells = (cell_text(_value(item, column)) for column in columns)
        yield _line(visible(cell) if on_terminal else cell for cell in cells)


def columns_of(kind: type[Struct]) -> Iterator[tuple[str, ...]]:
    """The fields of a record, and those of the records in it."""
    for field in msgspec.structs.fields(kind):
        inner = _struct_in(field.type)
        if inner is None:
            yield (field.encode_name,)
        else:
            yield from ((field.encode_name, *rest) for rest in columns_of(inner))


def _struct_in(annotation: Any) -> type[Struct] | None:
    whole = get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)
    options = [option for option in whole if option is not NoneType]
    only = options[0] if len(options) == 1 else None
    return only if isinstance(only, type) and issubclass(only, Struct) else None


def _value(item: Any, column: tuple[str, ...]) -> Any:
    for name in column:
        item = getattr(item, name, None)
    return item


def cell_text(value: Any) -> str:
    """A value as it stands in a cell; what nobody knows is empty."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        value = BETWEEN.join(value)
    if isinstance(value, str):
        return "'" + value if value.startswith(DANGEROUS) else value
    return json_text(value, indented=False)


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()
