"""What the tools ask of the API, held against what the API takes."""

from openmodels.api.app import ENDPOINTS
from openmodels.mcp.schemas import schema_of
from openmodels.mcp.tools import TOOLS

OWN = {"page", "limit", "model_id", "provider_id"}
"""Arguments that a tool reads itself, or that stand in a path."""
ASKED = {
    "search_models": "/api/models",
    "get_model": "/api/models/{model_id}",
    "list_offerings": "/api/models/{model_id}/providers",
    "compare_providers": "/api/models/{model_id}/compare",
    "choose_provider": "/api/models/{model_id}/choose",
    "estimate_cost": "/api/models/{model_id}/cost",
    "provider_status": "/api/providers",
    "recent_changes": "/api/changes",
}


def test_arguments_are_called_as_the_api_calls_them() -> None:
    params = {one.path: {param.name: param for param in one.params} for one in ENDPOINTS}
    for tool in TOOLS:
        known = params[ASKED[tool.name]]
        arguments = set(schema_of(tool.takes)["properties"]) - OWN - {"period"}
        assert arguments <= set(known), tool.name


def test_vocabularies_are_those_of_the_api() -> None:
    params = {one.path: {param.name: param for param in one.params} for one in ENDPOINTS}
    for tool in TOOLS:
        for name, schema in schema_of(tool.takes)["properties"].items():
            words = schema.get("enum") or schema.get("items", {}).get("enum")
            known = params[ASKED[tool.name]].get(name)
            if words is not None and known is not None:
                allowed = known.schema.get("enum") or known.schema["items"]["enum"]
                # The API takes other spellings too.
                assert set(words) <= set(allowed), (tool.name, name)
