"""JSON Schemas (draft 2020-12) from the record types: for editors, for OpenAPI, for people.

msgspec makes the structure; this module adds what it leaves out: the docstring under each field, and that a
decimal is written as a JSON number.
"""

import ast
import functools
import inspect
import itertools
import textwrap
from collections.abc import Iterable
from typing import Any

import msgspec

from openmodels.domain.vocabulary import VOCABULARIES

_ORDERED: dict[frozenset[Any], tuple[str, ...]] = {frozenset(words): words for words in VOCABULARIES}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


@functools.cache
def field_docs(struct: type) -> dict[str, str]:
    """The docstring under each field of ``struct`` and of its bases, by field name."""
    docs: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        if base.__module__.startswith("openmodels."):
            docs.update(_own_field_docs(base))
    return docs


def _own_field_docs(struct: type) -> dict[str, str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(struct)))
    body = tree.body[0].body  # type: ignore[attr-defined]  # the source of a class is one class statement
    docs = {}
    for statement, following in itertools.pairwise(body):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
            and isinstance(following.value.value, str)
        ):
            docs[statement.target.id] = inspect.cleandoc(following.value.value).replace("``", "")
    return docs


def components(types: Iterable[type], ref_template: str = "#/$defs/{name}") -> dict[str, dict[str, Any]]:
    """The schema of each struct among ``types`` and of all that they name, by struct name."""
    types = list(types)
    _, schemas = msgspec.json.schema_components(types, ref_template=ref_template)
    structs = {struct.__name__: struct for struct in _reachable_structs(types)}
    for name, schema in schemas.items():
        _in_our_words(schema)
        if name in structs:
            struct: Any = structs[name]
            written = dict(zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True))
            for field, doc in field_docs(struct).items():
                key = written.get(field, field)
                if key in schema.get("properties", {}):
                    schema["properties"][key] = _described(schema["properties"][key], doc)
    return dict(schemas)


def _reachable_structs(types: Iterable[type]) -> list[type]:
    found: dict[type, None] = {}

    def visit(info: Any) -> None:
        if isinstance(info, msgspec.inspect.StructType):
            if info.cls in found:
                return
            found[info.cls] = None
            for field in info.fields:
                visit(field.type)
        for attribute in ("types", "item_types"):
            for inner in getattr(info, attribute, ()):
                visit(inner)
        for attribute in ("item_type", "key_type", "value_type", "type"):
            inner = getattr(info, attribute, None)
            if inner is not None:
                visit(inner)

    for info in msgspec.inspect.multi_type_info(types):
        visit(info)
    return list(found)


def _described(schema: dict[str, Any], doc: str) -> dict[str, Any]:
    """``schema`` described by the words of the field, not those of its type."""
    kept = {key: value for key, value in schema.items() if key != "description"}
    return {"description": doc, **kept}


def _in_our_words(node: Any) -> None:
    """Decimals as numbers, since they are written so; vocabularies typed, and in their own order."""
    if isinstance(node, dict):
        if "enum" in node and all(isinstance(word, str) for word in node["enum"]):
            node["type"] = "string"
            node["enum"] = list(_ORDERED.get(frozenset(node["enum"])) or node["enum"])
        if node.get("format") == "decimal":
            del node["format"]
            node["type"] = "number"
        for value in node.values():
            _in_our_words(value)
    elif isinstance(node, list):
        for value in node:
            _in_our_words(value)


def document(struct: type, *, identifier: str) -> dict[str, Any]:
    """A self-contained JSON Schema document for ``struct``, to be saved as a file."""
    definitions = components([struct])
    root = definitions.pop(struct.__name__)
    return {"$schema": DIALECT, "$id": identifier, **root, **({"$defs": definitions} if definitions else {})}
