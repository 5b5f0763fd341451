"""Text as a literal of a shell, of Python and of JavaScript: nothing in it ends the literal.

What is not printable ASCII is escaped everywhere, so that marks of direction cannot make code look like other
code than it is (https://trojansource.codes).
"""

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from msgspec import Struct

URL_SIGNS = "!#$%&'()*+,/:;=?@~-._"
"""What stays as it is in an address. Brackets and braces do not: curl takes them for patterns."""
_PYTHON_ESCAPES: Mapping[str, str] = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Code(Struct, frozen=True, kw_only=True):
    """A value that is no literal: an expression, written by us and by nobody else."""

    python: str
    javascript: str


class Language(Struct, frozen=True, kw_only=True):
    """How a language writes values."""

    name: str
    """Which field of ``Code`` is its own."""
    literal: Callable[[str], str]
    """A text."""
    key: Callable[[str], str]
    """A key of an object."""


def address(url: str) -> str:
    """The same address in printable ASCII, without spaces, double quotes or backslashes."""
    return quote(url, safe=URL_SIGNS, errors="replace")


def shell(text: str) -> str:
    """One word of a POSIX shell. Holds for every text of printable ASCII: see ``is_printable``."""
    return shlex.quote(text)


def shell_variable(name: str) -> str:
    """What stands in a shell's double quotes for the value of an environment variable of letters, digits and
    underscores.

    A name that begins with a digit is none that a shell can expand, so another program reads it.
    """
    return f"${name}" if _NAME.fullmatch(name) else f"$(printenv {name})"


def is_printable(text: str) -> bool:
    """Whether there is nothing in it but printable ASCII."""
    return text.isascii() and text.isprintable()


def python(text: str) -> str:
    """A string literal of Python."""
    return '"' + "".join(map(_python_sign, text)) + '"'


def _python_sign(sign: str) -> str:
    if sign in _PYTHON_ESCAPES:
        return _PYTHON_ESCAPES[sign]
    if is_printable(sign):
        return sign
    code = ord(sign)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def javascript(text: str) -> str:
    """A string literal of JavaScript, and of JSON."""
    # DEL is what JSON leaves alone though nobody can see it.
    return json.dumps(text, ensure_ascii=True).replace("\x7f", "\\u007f")


def _javascript_key(name: str) -> str:
    return name if _NAME.fullmatch(name) else javascript(name)


PYTHON = Language(name="python", literal=python, key=python)
JAVASCRIPT = Language(name="javascript", literal=javascript, key=_javascript_key)
JSON = Language(name="json", literal=javascript, key=javascript)


def inline(value: Any, language: Language) -> str:
    """A text, a number, a list, an object or ``Code``, in one line."""
    if isinstance(value, str):
        return language.literal(value)
    if isinstance(value, Code):
        return value.python if language.name == "python" else value.javascript
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{language.key(name)}: {inline(item, language)}" for name, item in value.items())
        return f"{{ {pairs} }}" if language.name == "javascript" else f"{{{pairs}}}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(inline(item, language) for item in value) + "]"
    return str(value)


def members(body: Mapping[str, Any], language: Language, indent: str) -> str:
    """The members of an object, each on a line of its own, without a comma after the last."""
    lines = (f"{indent}{language.key(name)}: {inline(item, language)}" for name, item in body.items())
    return ",\n".join(lines)


def arguments(body: Mapping[str, Any], indent: str) -> str:
    """Keyword arguments of a call in Python, each on a line of its own."""
    return "\n".join(f"{indent}{name}={inline(item, PYTHON)}," for name, item in body.items())
