"""What differs between two versions of a record, as edits of its file."""

from typing import Any, Final

import msgspec
from msgspec import Struct

from openmodels.domain.faults import Path
from openmodels.registry.edit.house import plain_data


class Absent(Struct, frozen=True):
    """In place of a value: the key goes."""


ABSENT: Final = Absent()


class Edit(Struct, frozen=True):
    """One value of a document to be set, or one key to go."""

    path: Path
    """Which; every part but the last exists."""
    value: Any
    """Plain data, or ``ABSENT``."""


def edits_between(old: Struct, new: Struct) -> list[Edit]:
    """What turns the file of ``old`` into that of ``new``; both are of one type.

    Parts are compared one by one, so that what stays is not touched: parts of a mapping by key, lists of
    mappings by place where they are equally long.
    """
    return list(_edits(old, new, ()))


def _edits(old: Struct, new: Struct, path: Path) -> list[Edit]:
    edits: list[Edit] = []
    for field in msgspec.structs.fields(new):
        before, after = getattr(old, field.name), getattr(new, field.name)
        here = (*path, field.name)
        if before == after:
            continue
        if not field.required and after == field.default:
            edits.append(Edit(here, ABSENT))
        elif isinstance(before, Struct) and type(before) is type(after):
            edits += _edits(before, after, here)
        elif _alike(before, after):
            for index, (one, other) in enumerate(zip(before, after, strict=True)):
                edits += _edits(one, other, (*here, index))
        else:
            edits.append(Edit(here, plain_data(after)))
    return edits


def _alike(before: Any, after: Any) -> bool:
    """Whether two lists of structs can be compared item by item."""
    return (
        isinstance(before, tuple)
        and isinstance(after, tuple)
        and len(before) == len(after) > 0
        and all(isinstance(item, Struct) for item in (*before, *after))
    )
