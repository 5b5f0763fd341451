"""JSON Schema of our types, as short as it can be said: agents carry it through every conversation."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

_UNSAID = frozenset({"title", "maxLength", "default"})
"""What tells an agent nothing."""


@cache
def schema_of(kind: type[Struct]) -> Mapping[str, Any]:
    """The schema of an object, in which nothing refers to elsewhere.

    A property that may be None in arguments is one that need not be there.
    """
    (schema,), parts = msgspec.json.schema_components([kind], ref_template="{name}")
    found: dict[str, Any] = _short(schema, parts)
    found.pop("description", None)
    return found


def _short(schema: Any, parts: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        own = {name: value for name, value in parts[schema["$ref"]].items() if name != "description"}
        schema = own | {name: value for name, value in schema.items() if name != "$ref"}
    if "anyOf" in schema:
        schema = _one_of(schema, parts)
    kept = {name: value for name, value in schema.items() if name not in _UNSAID}
    if "properties" in kept:
        kept["properties"] = {name: _property(one, parts) for name, one in kept["properties"].items()}
        if not kept.get("required"):
            kept.pop("required", None)
    if "items" in kept:
        kept["items"] = _short(kept["items"], parts)
    return kept


def _property(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Any:
    default = schema.get("default")
    short = _short(schema, parts)
    return short if default in (None, [], {}) else short | {"default": default}


def _one_of(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    """Several types as one schema; null is left out where it only stands for what was not given."""
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    real: list[dict[str, Any]] = [
        _short(option, parts) for option in schema["anyOf"] if option.get("type") != "null"
    ]
    if len(real) == 1 and "default" in schema:
        return real[0] | rest
    types = [option["type"] for option in real]
    return real[0] | rest | {"type": [*types, "null"] if len(real) < len(schema["anyOf"]) else types}
