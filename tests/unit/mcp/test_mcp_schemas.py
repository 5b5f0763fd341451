"""The schemas of tools: complete, and short."""

import json
from typing import Any

import jsonschema_rs
import pytest

from openmodels.mcp.schemas import schema_of
from openmodels.mcp.tools import TOOLS, Tool

MOST_BYTES = 10_000
"""What names, descriptions and input schemas of all tools may have: agents carry them always."""


def walk(schema: Any) -> list[dict[str, Any]]:
    found = [schema] if isinstance(schema, dict) else []
    for value in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else []:
        found += walk(value)
    return found


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_schemas_are_valid_and_refer_to_nothing(tool: Tool) -> None:
    for kind in (tool.takes, tool.gives):
        schema = schema_of(kind)
        jsonschema_rs.Draft202012Validator(dict(schema))
        assert schema["type"] == "object"
        assert not [part for part in walk(schema) if "$ref" in part or "anyOf" in part or "title" in part]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_every_filter_that_needs_words_has_them(tool: Tool) -> None:
    for name, schema in schema_of(tool.takes)["properties"].items():
        known = "enum" in schema or "enum" in schema.get("items", {}) or schema["type"] == "boolean"
        said = "description" in schema or name in {"limit", "images", "audio_seconds", "searches"}
        assert known or said or name.endswith("_tokens"), name


def test_what_agents_always_carry_is_short() -> None:
    told = [(tool.name, tool.description, schema_of(tool.takes)) for tool in TOOLS]
    assert len(json.dumps(told, separators=(",", ":"))) < MOST_BYTES


def test_only_what_is_needed_is_required() -> None:
    required = {tool.name: schema_of(tool.takes).get("required", []) for tool in TOOLS}
    without = {"search_models", "provider_status", "recent_changes"}
    assert required == {name: [] if name in without else ["model_id"] for name in required}
