"""JSON from strangers: read whole or refused, bounded in size and depth, numbers exactly as written."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal

from openmodels.errors import SourceUnreadable

MAX_BYTES = 100 * 1024 * 1024
MAX_DEPTH = 60
# Longer whole numbers cost time that grows with the square of their length, and mean nothing here.
MAX_WHOLE_DIGITS = 30

Progress = Callable[[int, int | None], None]
"""Called while a document comes: with its bytes so far and, where it is known, their number in the end."""
Json = str | int | bool | Decimal | list["Json"] | dict[str, "Json"] | None


def parse(document: bytes, what: str) -> Json:
    """The JSON value in ``document``, fractions as ``Decimal``.

    A key that stands twice in one object is refused: which of the two was meant is a guess. ``what`` names
    the document in the message of ``SourceUnreadable``.
    """
    if len(document) > MAX_BYTES:
        raise SourceUnreadable(f"{what} is larger than {MAX_BYTES // 1024 // 1024} MB")
    try:
        written = document.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceUnreadable(f"{what} is not UTF-8 text: byte {error.start:,} is not") from None
    try:
        value: Json = json.loads(
            written,
            parse_float=_decimal,
            parse_int=_whole,
            parse_constant=_refused,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise SourceUnreadable(f"{what} is nested too deeply") from None
    except json.JSONDecodeError as error:
        start = written[:1].strip()
        looks = " (it looks like a web page)" if start == "<" else ""
        place = f"line {error.lineno:,}, column {error.colno:,}"
        raise SourceUnreadable(f"{what} is not JSON{looks}: {place}: {error.msg}") from None
    except _RefusedError as refused:
        raise SourceUnreadable(f"{what} {refused}") from None
    if _depth_over(value, MAX_DEPTH):
        raise SourceUnreadable(f"{what} is nested too deeply")
    return value


def mapping(value: object) -> Mapping[str, Json]:
    """``value`` where it is an object, else one without keys."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Json]:
    """``value`` where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


class _RefusedError(Exception):
    """Why a document that is JSON is not read."""


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        raise _RefusedError(f"says {counts.most_common(1)[0][0][:60]!a} twice in one object")
    return found


def _decimal(written: str) -> Decimal:
    try:
        return Decimal(written)
    except ArithmeticError:
        # An exponent beyond what a Decimal holds: no number that a field takes.
        return Decimal("NaN")


def _whole(written: str) -> int | Decimal:
    return int(written) if len(written) <= MAX_WHOLE_DIGITS else _decimal(written)


def _refused(written: str) -> Json:
    raise _RefusedError(f"holds {written}, which is not JSON")


def _depth_over(value: Json, most: int) -> bool:
    level: list[Json] = [value]
    for _ in range(most):
        deeper: list[Json] = []
        for item in level:
            if isinstance(item, dict):
                deeper.extend(item.values())
            elif isinstance(item, list):
                deeper.extend(item)
        if not deeper:
            return False
        level = deeper
    return True
