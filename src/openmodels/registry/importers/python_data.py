"""Reads the data in a Python module that consists of constructor calls, without running any of it."""

import ast
import re
from collections.abc import Callable, Mapping

from openmodels.errors import SourceUnreadable
from openmodels.registry.importers.document import Json
from openmodels.registry.importers.values import Unusable, number

MAX_SOURCE = 20 * 1024 * 1024
MAX_DEPTH = 40
_BRACKETS = re.compile(rb"[\[({]|[\])}]")


def constant(source: bytes, name: str, what: str) -> Json:
    """The value that a module gives to ``name``, as JSON would have it.

    A call stands for an object with the call's keywords as its keys (``or_`` for ``or``); ``Decimal('1')``
    for the number, ``date(2026, 1, 31)`` for its text, ``time(1, 30)`` for 01:30. Raises
    ``SourceUnreadable`` for anything else, and for what is too large or too deep.
    """
    if len(source) > MAX_SOURCE or _depth(source) > MAX_DEPTH:
        raise SourceUnreadable(f"{what} is larger or deeper than such data is")
    try:
        module = ast.parse(source)
        for statement in module.body:
            match statement:
                case (
                    ast.Assign(targets=[ast.Name(id=assigned)], value=ast.expr() as value)
                    | ast.AnnAssign(target=ast.Name(id=assigned), value=ast.expr() as value)
                ) if assigned == name:
                    return _value(value, MAX_DEPTH)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SourceUnreadable(f"{what} is not data in Python: {type(error).__name__}") from None
    raise SourceUnreadable(f"{what} says nothing of {name}")


def _depth(source: bytes) -> int:
    """How deep brackets nest, those in texts included: Python's own parser can crash on absurd depths."""
    deepest = depth = 0
    for bracket in _BRACKETS.findall(source):
        depth += 1 if bracket in b"[({" else -1
        deepest = max(deepest, depth)
    return deepest


def _value(node: ast.expr, room: int) -> Json:
    if not room:
        raise Unusable("nested too deeply")
    match node:
        case ast.Constant(value=str() | bool() | int() | None as plain):
            return plain
        case ast.Constant(value=float()):
            raise Unusable("a binary fraction")
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [_value(element, room - 1) for element in elements]
        case ast.Dict(keys=keys, values=found):
            names = [_text(key) for key in keys]
            return {name: _value(value, room - 1) for name, value in zip(names, found, strict=True)}
        case ast.Call(func=function, args=arguments, keywords=keywords):
            called = _called(function)
            if called in _PLAIN:
                return _PLAIN[called]([_value(argument, room - 1) for argument in arguments])
            if arguments:
                raise Unusable("a call that is no constructor with keywords")
            return {_key(word.arg): _value(word.value, room - 1) for word in keywords}
    raise Unusable("more than plain data")


def _text(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise Unusable("a key that is not text")


def _called(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="datetime"), attr="date" | "time" as name):
            return name
    raise Unusable("a call of something without a name")


def _key(name: str | None) -> str:
    if name is None:
        raise Unusable("keywords from elsewhere")
    return name.rstrip("_")


def _decimal(arguments: list[Json]) -> Json:
    if len(arguments) != 1:
        raise Unusable("not a number")
    return number(arguments[0])


def _date(arguments: list[Json]) -> Json:
    year, month, day = (_small(argument) for argument in arguments)
    return f"{year:04}-{month:02}-{day:02}"


def _time(arguments: list[Json]) -> Json:
    hour, minute = (_small(argument) for argument in arguments[:2])
    return f"{hour:02}:{minute:02}"


def _small(value: Json) -> int:
    if not isinstance(value, int) or not 0 <= value <= 9999:
        raise Unusable("not a part of a date")
    return value


_PLAIN: Mapping[str, Callable[[list[Json]], Json]] = {"Decimal": _decimal, "date": _date, "time": _time}
