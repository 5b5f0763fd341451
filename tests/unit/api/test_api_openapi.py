import json
import re
from typing import Any

import pytest

from openmodels.api.app import ENDPOINTS
from openmodels.api.endpoint import Endpoint
from openmodels.api.openapi import build_openapi
from openmodels.api.params import AS_OF
from openmodels.api.wire import read_params

DOCUMENT: dict[str, Any] = json.loads(json.dumps(build_openapi(ENDPOINTS, version="1.2.3")))
OPERATIONS = [path["get"] for path in DOCUMENT["paths"].values()]


def nodes(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        return [node, *(found for value in node.values() for found in nodes(value))]
    return [found for value in node for found in nodes(value)] if isinstance(node, list) else []


def test_it_documents_every_endpoint() -> None:
    assert (DOCUMENT["openapi"], DOCUMENT["info"]["version"]) == ("3.1.0", "1.2.3")
    assert set(DOCUMENT["paths"]) == {endpoint.path for endpoint in ENDPOINTS}
    ids = [operation["operationId"] for operation in OPERATIONS]
    assert len(set(ids)) == len(ids)


def test_it_resolves_every_reference() -> None:
    references = [node["$ref"] for node in nodes(DOCUMENT) if isinstance(node.get("$ref"), str)]
    assert len(references) > 100
    for reference in references:
        target: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        assert target


def test_it_uses_every_component() -> None:
    used = {node["$ref"] for node in nodes(DOCUMENT) if isinstance(node.get("$ref"), str)}
    for group, members in DOCUMENT["components"].items():
        assert {f"#/components/{group}/{name}" for name in members} <= used


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
def test_it_documents_every_parameter_with_an_example_that_is_accepted(endpoint: Endpoint) -> None:
    parameters = DOCUMENT["paths"][endpoint.path]["get"]["parameters"]
    assert [p["name"] for p in parameters if p["in"] == "header"] == (
        ["Last-Event-ID"] if endpoint.events else []
    )
    in_path = {p["name"] for p in parameters if p["in"] == "path"}
    assert in_path == set(re.findall(r"\{(\w+)\}", endpoint.path))
    assert [p["name"] for p in parameters if p["in"] == "query"] == [param.name for param in endpoint.params]
    for parameter in parameters:
        assert parameter["description"].endswith(".")
        assert "example" in parameter, parameter["name"]
        assert parameter["schema"]
    for param in endpoint.params:
        given = param.example if isinstance(param.example, list) else [param.example]
        written = [str(value).lower() if isinstance(value, bool) else str(value) for value in given]
        param.read(written)
        if param.default is not None and not param.many and param.default != "":
            assert param.schema["default"] == param.default


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
def test_it_documents_what_may_go_wrong(endpoint: Endpoint) -> None:
    responses = DOCUMENT["paths"][endpoint.path]["get"]["responses"]
    assert {"200", "400", "405", "414", "429", "500"} <= set(responses)
    past = AS_OF in endpoint.params
    assert ("404" in responses) == ("{" in endpoint.path or past)
    assert ("503" in responses) == (endpoint.degraded or endpoint.tag in {"Telemetry", "History"} or past)
    assert ("304" in responses) == ("ETag" in responses["200"]["headers"])
    assert ("Link" in responses["200"]["headers"]) == (endpoint.paged or endpoint.linked)


@pytest.mark.parametrize("status", ["400", "404", "405", "414", "429", "500", "503"])
def test_it_shows_an_example_of_every_error(status: str) -> None:
    response = DOCUMENT["components"]["responses"][status]
    example = response["content"]["application/json"]["example"]["error"]
    assert example["status"] == int(status)
    assert re.fullmatch("[A-Z_]+", example["type"])
    assert {"X-Request-ID", "X-RateLimit-Reset"} <= set(response["headers"])
    assert ("Retry-After" in response["headers"]) == (status == "429")


def test_it_describes_every_property_and_writes_decimals_as_numbers() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            assert described.get("description"), f"{name}.{field}"
    assert not [node for node in nodes(DOCUMENT) if node.get("format") == "decimal"]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
def test_its_examples_are_well_formed(endpoint: Endpoint) -> None:
    path, _, query = endpoint.example.partition("?")
    pattern = re.sub(
        r"\{\w+\}", "[a-z0-9-]+", re.escape(endpoint.path).replace(r"\{", "{").replace(r"\}", "}")
    )
    assert re.fullmatch(pattern, path)
    assert read_params(query.encode(), endpoint.params).keys() == {param.name for param in endpoint.params}
