"""The JSON Schemas beside the registry's files, for editors.

Generated from the records, and opened for the other names that ``normalise`` accepts, so that an editor marks
nothing that ``openmodels validate`` takes.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from openmodels.domain.records import Model, Offering, Provider, Vendor
from openmodels.domain.schema import DIALECT, components, document
from openmodels.domain.vocabulary import (
    CAPABILITIES,
    CAPABILITY_ALIASES,
    MODALITIES,
    MODALITY_ALIASES,
    PRICE_ALIASES,
)


def schema_files() -> dict[str, str]:
    """The text of each schema file, by file name."""
    schemas = {
        name: document(struct, identifier=name)
        for name, struct in (
            ("model.schema.json", Model),
            ("provider.schema.json", Provider),
            ("mapping.schema.json", Offering),
        )
    }
    schemas["vendors.schema.json"] = {
        "$schema": DIALECT,
        "$id": "vendors.schema.json",
        "title": "Vendors",
        "description": "Who makes models: vendors.yaml.",
        "type": "array",
        "items": {"$ref": "#/$defs/Vendor"},
        "$defs": components([Vendor]),
    }
    for schema in schemas.values():
        for node in _nodes(schema):
            _admit_aliases(node)
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in schemas.items()}


def write_schemas(folder: Path) -> list[str]:
    """Write the schema files into ``folder``, which is made when missing; the names of those that changed."""
    folder.mkdir(parents=True, exist_ok=True)
    stale = stale_schemas(folder)
    files = schema_files()
    for name in stale:
        (folder / name).write_text(files[name], encoding="utf-8", newline="\n")
    return stale


def stale_schemas(folder: Path) -> list[str]:
    """The names of the schema files in ``folder`` that are missing or differ from the records."""
    return [name for name, text in schema_files().items() if _text_of(folder / name) != text]


def _text_of(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in list(node.values()):
            yield from _nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from _nodes(value)


def _admit_aliases(node: dict[str, Any]) -> None:
    words = node.get("enum")
    if isinstance(words, list):
        node["enum"] = _with_aliases(words, CAPABILITIES, CAPABILITY_ALIASES)
        node["enum"] = _with_aliases(node["enum"], MODALITIES, MODALITY_ALIASES)
    items = node.get("items", {})
    if node.get("type") == "array" and ("enum" in items or items.get("type") == "string"):
        node["uniqueItems"] = True
    properties = node.get("properties")
    if isinstance(properties, dict):
        for alias, name in PRICE_ALIASES.items():
            if name in properties:
                meaning = {"description": f"Another name for {name}.", "deprecated": True}
                properties[alias] = {**properties[name], **meaning}


def _with_aliases(words: list[str], vocabulary: tuple[str, ...], aliases: Mapping[str, str]) -> list[str]:
    return [*vocabulary, *aliases] if set(words) == set(vocabulary) else words
