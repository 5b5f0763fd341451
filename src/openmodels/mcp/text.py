"""Answers as short plain text, and texts of the registry made harmless. Pure.

The text of an answer says what its structured content does, in fewer tokens: a list is a table, whose head
names the fields once.
"""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from openmodels_client.errors import InvalidResponse

LONGEST = 600
"""Characters of one text of the registry; more is cut."""
_JOINERS = "\u200c\u200d"
"""Invisible, but letters of some languages and pictures are not the same without them."""


def plain(text: str) -> str:
    """In one line, without what does not show or turns the direction: instructions could hide in that."""
    if text.isascii() and text.isprintable() and len(text) <= LONGEST:
        return text
    shown = "".join(map(_shown, text[: LONGEST * 4]))
    shown = " ".join(shown.split())
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def _shown(character: str) -> str:
    if character in _JOINERS:
        return character
    kind = unicodedata.category(character)
    return "" if kind in {"Cf", "Cs", "Co", "Cn"} else " " if kind[0] in "CZ" else character


def number_of(value: Decimal) -> int | float:
    """As JSON writes it: exact up to 15 digits, more than which no reader of JSON takes in; 3, not 3.0.

    Raises ``InvalidResponse`` for what is no number.
    """
    found = float(value)
    if not math.isfinite(found):
        raise InvalidResponse("The server answered a number that is none")
    return int(found) if found.is_integer() and abs(found) < 1e15 else found


def built(answer: Any) -> Any:
    """An answer as JSON's own types, its texts ``plain``."""
    return _clean(msgspec.to_builtins(answer))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {name: _clean(one) for name, one in value.items()}
    if isinstance(value, Sequence):
        return [_clean(one) for one in value]
    return value


def as_text(answer: Mapping[str, Any]) -> str:
    """What ``built`` gave, for who reads text alone."""
    lines: list[str] = []
    for name, value in answer.items():
        if not _is_table(value):
            lines += _fields(_flat({name: value}))
        elif len(value) == 1:
            lines += [f"{name}:", *(f"  {line}" for line in _fields(_flat(value[0])))]
        else:
            lines += [f"{name}:", *_table([_flat(row) for row in value])]
    return "\n".join(lines)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _fields(row: Mapping[str, Any]) -> list[str]:
    return [f"{name}: {_cell(value)}" for name, value in row.items()]


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    head = _heads(rows)
    body = ["|".join(_cell(row[name]) if name in row else "" for name in head) for row in rows]
    return ["|".join(head), *body]


def _heads(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Every field of any row, each after the one that it follows in its row."""
    found: list[str] = []
    for row in rows:
        place = 0
        for name in row:
            if name not in found:
                found.insert(place, name)
            place = found.index(name) + 1
    return found


def _flat(row: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{before}{name}.")
        else:
            found[before + name] = value
    return found


def _cell(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        if _is_table(value):
            return "; ".join(" ".join(f"{k}={_cell(v)}" for k, v in _flat(one).items()) for one in value)
        return ", ".join(map(_cell, value)) or "none"
    return str(value).replace("|", "¦")
