"""What a plain (unquoted) YAML scalar means: the core schema of YAML 1.2.

So ``no``, ``on``, ``2025-03-14`` and ``12:30`` are text, and ``010`` is ten. A number with a point or an
exponent is a ``Decimal`` of exactly the digits written.
"""

import re
from decimal import Decimal, InvalidOperation

Plain = str | int | bool | Decimal | None

MAX_DIGITS = 64
"""The longest number that is read; no field takes one half as long."""

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_MAY_BE_NUMBER = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def resolve(text: str) -> Plain:
    """The value of a plain scalar. Raises ``ValueError`` for a number that no record can hold."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _MAY_BE_NUMBER:
        return text
    if _INT.fullmatch(text):
        return int(_bounded(text))
    if _FLOAT.fullmatch(text):
        try:
            return Decimal(_bounded(text))
        except InvalidOperation:
            raise ValueError(text) from None
    if _BASED.fullmatch(text):
        return int(_bounded(text), 0)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(text)
    return text


def _bounded(text: str) -> str:
    if len(text) > MAX_DIGITS:
        raise ValueError(text)
    return text
