"""Behaviours from text and JSON, and what is allowed in words."""

import math
from collections.abc import Callable, Mapping
from typing import Any, get_args

import msgspec
from msgspec import Struct
from msgspec.inspect import BoolType, FloatType, IntType, LiteralType, StrType, Type, VarTupleType, type_info

from openmodels.domain.schema import field_docs
from openmodels.domain.vocabulary import suggest
from openmodels.errors import SettingsError
from openmodels.fake.behaviour import HIDDEN, Behaviour


class Field(Struct, frozen=True, kw_only=True):
    """A field of ``Behaviour`` as people set it."""

    name: str
    """Its name in JSON."""
    flag: str
    """Its flag on the command line, with the dashes."""
    kind: Type
    """Its type, as msgspec sees it."""
    allowed: str
    """Which values it takes, in words."""
    default: Any
    """Its value when none is given."""
    help: str
    """What it means, in a sentence or two."""


def behaviour_fields() -> tuple[Field, ...]:
    """Every field of ``Behaviour``, in its order."""
    docs = field_docs(Behaviour)
    info = type_info(Behaviour)
    assert isinstance(info, msgspec.inspect.StructType)  # noqa: S101  # Behaviour is a struct
    return tuple(
        Field(
            name=field.name,
            flag="--" + field.name.replace("_", "-"),
            kind=field.type,
            allowed=_allowed(field.type),
            default=field.default,
            help=" ".join(docs[field.name].split()),
        )
        for field in info.fields
    )


def behaviour_from(
    given: Mapping[str, object], base: Behaviour, *, called: Callable[[str], str] = str
) -> Behaviour:
    """``base`` with the fields of ``given``, each as JSON has it or as text.

    ``called`` gives the name under which a message speaks of a field. Raises ``SettingsError``, which says
    for every wrong field what is allowed.
    """
    known = {field.name: field for field in behaviour_fields()}
    wrong: list[str] = []
    values: dict[str, Any] = {}
    for name, value in given.items():
        field = known.get(name)
        if field is None:
            near = suggest(name, known)
            hint = f"did you mean {called(near)}?" if near else f"the fields are {', '.join(known)}"
            wrong.append(f"there is no field {name[:100]}: {hint}")
            continue
        try:
            values[name] = _converted(field, value)
        except ValueError:
            shown = HIDDEN if name == "key" else repr(value)[:100]
            wrong.append(f"{called(name)} must be {field.allowed}, not {shown}")
    if wrong:
        raise SettingsError("; ".join(wrong))
    return msgspec.structs.replace(base, **values)


def shown_behaviour(behaviour: Behaviour) -> dict[str, Any]:
    """Every field as JSON has it, with stars for the key."""
    fields: dict[str, Any] = msgspec.to_builtins(behaviour)
    return fields | {"key": HIDDEN if behaviour.key else ""}


def _converted(field: Field, value: object) -> Any:
    """The value in the field's type. Raises ``ValueError``."""
    if field.name == "key" and value == HIDDEN:
        raise ValueError(value)  # what is shown for a key was sent back
    if isinstance(field.kind, VarTupleType) and isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    annotation = Behaviour.__annotations__[field.name]
    converted = msgspec.convert(value, annotation, strict=not isinstance(value, str))
    # Not a number is neither below the least nor above the most.
    if isinstance(converted, float) and not math.isfinite(converted):
        raise ValueError(value)
    return converted


def _allowed(kind: Type) -> str:
    match kind:
        case FloatType(ge=least, le=most):
            words = f"a number from {least:g} to {most:.0f}"
        case IntType(ge=least, le=most):
            words = f"a whole number from {least} to {most}"
        case BoolType():
            words = "true or false"
        case LiteralType():
            words = f"one of {', '.join(_in_order(kind))}"
        case VarTupleType(item_type=LiteralType() as item):
            words = f"a list of {', '.join(_in_order(item))}"
        case VarTupleType():
            words = "a list of texts"
        case StrType():
            words = "a text"
        case _:
            raise TypeError(f"no words for {kind}")
    return words


def _in_order(kind: LiteralType) -> tuple[str, ...]:
    """The words of a closed vocabulary as they are declared; msgspec sorts them."""
    for annotation in Behaviour.__annotations__.values():
        words = get_args(annotation)
        inner = get_args(words[0]) if words else ()
        for candidate in (words, inner):
            if set(candidate) == set(kind.values):
                return candidate
    return tuple(str(value) for value in kind.values)
