"""Query parameters: declared once, then read, checked, explained and documented from the declaration."""

import re
from collections import defaultdict
from collections.abc import Callable, Container, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote_plus, urlencode

from msgspec import Struct

from openmodels.domain.vocabulary import suggest
from openmodels.errors import BadRequest

MAX_TEXT = 200
"""The longest free text that is searched for, in characters."""
MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8259, 6)."""
MAX_NUMBER = 40
"""The longest decimal number that is read, in characters."""
MAX_EXPONENT = 20
"""The largest exponent that a decimal number is written with; ten to it is the largest of them."""
PLAINLY = f"without a sign and with an exponent of at most {MAX_EXPONENT}"
_PLAIN = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?0{0,4}(1?[0-9]|20))?")


class Param(Struct, frozen=True, kw_only=True):
    """One query parameter.

    ``read`` makes a value from the texts given, or raises ``Unusable``. ``schema`` is its JSON Schema.
    """

    name: str
    description: str
    read: Callable[[list[str]], Any]
    schema: dict[str, Any]
    default: Any = None
    example: Any = None
    many: bool = False
    """Whether it may be repeated, its values separated by commas too."""


class Unusable(Exception):
    """A value that a parameter cannot take; ``detail`` goes into ``error.details``."""

    def __init__(self, expected: str, value: str, **detail: Any) -> None:
        super().__init__(expected)
        self.expected = expected
        self.value = value[:MAX_TEXT]
        self.detail = detail


def integer(
    name: str, description: str, *, low: int, high: int, default: int | None = None, example: Any = None
) -> Param:
    """A whole number in a range, written in ASCII digits and nothing else."""

    def read(values: list[str]) -> int:
        text = values[0]
        digits = text.removeprefix("-")
        if digits.isascii() and digits.isdigit() and len(digits) <= 20 and low <= int(text) <= high:
            return int(text)
        raise Unusable(f"an integer from {low} to {high}", text, range=[low, high])

    schema: dict[str, Any] = {"type": "integer", "minimum": low, "maximum": high}
    if default is not None:
        schema["default"] = default
    return Param(
        name=name, description=description, read=read, schema=schema, default=default, example=example
    )


def decimal(name: str, description: str, *, high: int | None = None, example: Any = None) -> Param:
    """A decimal number, 0 or more, and at most ``high`` where that is given.

    It is shown again as it was given, so what is short must be short when it is written out.
    """
    expected = "a number, 0 or more" if high is None else f"a number from 0 to {high}"
    # Of what is refused for how it is written, a schema can say no more than this.
    most = 10**MAX_EXPONENT if high is None else high
    schema = {"type": "number", "minimum": 0, "maximum": float(most) if high is None else high}

    def read(values: list[str]) -> Decimal:
        text = values[0]
        value = _number(text)
        in_range = value is not None and value >= 0 and (high is None or value <= high)
        if value is not None and in_range and value <= most and _PLAIN.fullmatch(text):
            return value
        if value is not None and in_range and value > most:
            raise Unusable(f"a number from 0 to 1e{MAX_EXPONENT}", text, range=[0, high])
        raise Unusable(f"{expected}, {PLAINLY}" if in_range else expected, text, range=[0, high])

    return Param(name=name, description=description, read=read, schema=schema, example=example)


def _number(text: str) -> Decimal | None:
    if not text.isascii() or "_" in text or text != text.strip() or len(text) > MAX_NUMBER:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def boolean(name: str, description: str) -> Param:
    """``true`` or ``false``."""

    def read(values: list[str]) -> bool:
        if values[0] not in {"true", "false"}:
            raise Unusable("true or false", values[0], allowed=["true", "false"])
        return values[0] == "true"

    return Param(name=name, description=description, read=read, schema={"type": "boolean"}, example=True)


def text(name: str, description: str, *, required: bool = False, example: Any = None) -> Param:
    """Free text of at most 200 characters."""

    def read(values: list[str]) -> str:
        if len(values[0]) > MAX_TEXT:
            raise Unusable(f"at most {MAX_TEXT} characters", values[0][:40] + "…", range=[0, MAX_TEXT])
        return values[0]

    schema: dict[str, Any] = {"type": "string", "maxLength": MAX_TEXT}
    return Param(
        name=name,
        description=description,
        read=read,
        schema=schema,
        default=None if required else "",
        example=example,
    )


def choice(
    name: str, description: str, allowed: Sequence[str], *, default: str | None = None, example: Any = None
) -> Param:
    """One word of a closed vocabulary."""

    def read(values: list[str]) -> str:
        return _allowed(values[0], allowed, {})

    schema: dict[str, Any] = {"type": "string", "enum": list(allowed)}
    if default is not None:
        schema["default"] = default
    return Param(
        name=name, description=description, read=read, schema=schema, default=default, example=example
    )


def choices(
    name: str,
    description: str,
    allowed: Sequence[str],
    *,
    aliases: Mapping[str, str] | None = None,
    example: Any = None,
) -> Param:
    """Words of a closed vocabulary, any of which may fit."""
    known = aliases or {}

    def read(values: list[str]) -> tuple[str, ...]:
        return tuple(_allowed(word, allowed, known) for word in _split(values, keep_empty=True))

    schema = {"type": "array", "items": {"type": "string", "enum": [*allowed, *known]}}
    return Param(
        name=name,
        description=description,
        read=read,
        schema=schema,
        default=(),
        example=example,
        many=True,
    )


def words(name: str, description: str, *, example: Any = None) -> Param:
    """Free words, any of which may fit; unknown ones fit nothing."""

    def read(values: list[str]) -> tuple[str, ...]:
        return tuple(_split(values))

    schema = {"type": "array", "items": {"type": "string"}}
    return Param(
        name=name,
        description=description,
        read=read,
        schema=schema,
        default=(),
        example=example,
        many=True,
    )


def _split(values: list[str], *, keep_empty: bool = False) -> list[str]:
    parts = [part.strip() for value in values for part in value.split(",")]
    return parts if keep_empty else [part for part in parts if part]


def _allowed(word: str, allowed: Sequence[str], aliases: Mapping[str, str]) -> str:
    canonical = aliases.get(word, word)
    if canonical in allowed:
        return canonical
    near = suggest(word, [*allowed, *aliases]) if word else None
    detail: dict[str, Any] = {"allowed": list(allowed)}
    hint = ""
    if near:
        detail["did_you_mean"] = aliases.get(near, near)
        hint = f" (did you mean {detail['did_you_mean']}?)"
    raise Unusable(f"one of {', '.join(allowed)}{hint}", word, **detail)


def decode_query(query: bytes) -> list[tuple[str, str]]:
    """The name-value pairs of a well-formed query string, in order."""
    pairs = []
    for part in query.decode("utf-8", "replace").split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((unquote_plus(name), unquote_plus(value)))
    return pairs


def read_params(query: bytes, params: Sequence[Param], *, of_form: bool = False) -> dict[str, Any]:
    """The value of every parameter, or its default. Parameters that are not declared are ignored.

    ``of_form`` tells that a form may have sent it, which sends its empty fields too: they were not given.
    Raises ``BadRequest`` that explains every parameter that is wrong, not just the first.
    """
    given: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in decode_query(query):
        if value or not of_form:
            given[name].append(value)
    values, complaints, details = {}, [], []
    for param in params:
        texts = given.get(param.name)
        if texts is None:
            values[param.name] = param.default
            continue
        try:
            if len(texts) > 1 and not param.many:
                raise Unusable("given once", ", ".join(texts))
            values[param.name] = param.read(texts)
        except Unusable as wrong:
            complaints.append(f"{param.name} must be {wrong.expected}, not {wrong.value!r}")
            details.append({"parameter": param.name, "value": wrong.value, **wrong.detail})
    if complaints:
        raise BadRequest("; ".join(complaints), details)
    return values


def page_links(
    path: str, query: bytes, declared: Container[str], *, page: int, limit: int, total: int
) -> str:
    """The ``Link`` header (RFC 8288) of one page of a list: first, prev, next, last.

    Only ``declared`` parameters are kept: the others are ignored, and could blow the header up.
    """
    last = max(1, -(-total // limit))
    kept = [(name, value) for name, value in decode_query(query) if name in declared and name != "page"]

    def link(number: int, relation: str) -> str:
        return f'<{path}?{urlencode([*kept, ("page", str(number))])}>; rel="{relation}"'

    links = [link(1, "first")]
    if page > 1:
        links.append(link(min(page - 1, last), "prev"))
    if page < last:
        links.append(link(page + 1, "next"))
    links.append(link(last, "last"))
    return ", ".join(links)
