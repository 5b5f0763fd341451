"""``/api/openapi.json``: valid, complete, and true of what is answered."""

from typing import Any, cast

import jsonschema_rs
import msgspec
import pytest
import schemathesis

from fixtures.service import Service
from fixtures.shapes import RATE_LIMIT_HEADERS
from fixtures.streaming import Client
from openmodels.api.app import ENDPOINTS
from openmodels.api.endpoint import JSON, Endpoint
from openmodels.api.openapi import build_openapi, example_answers
from openmodels.api.params import AS_OF
from openmodels.errors import RequestError

pytestmark = pytest.mark.anyio

Json = dict[str, Any]
BUILT = build_openapi(ENDPOINTS, version="0.0.0", examples=example_answers())
DOCUMENT = msgspec.json.decode(msgspec.json.encode(BUILT))
OPERATIONS: dict[str, Json] = {path: item["get"] for path, item in DOCUMENT["paths"].items()}
FINITE = [endpoint for endpoint in ENDPOINTS if not endpoint.events]
STREAMS = [endpoint for endpoint in ENDPOINTS if endpoint.events]
ERROR_STATUSES = {"400", "405", "414", "429", "500"}
POPULATED = [
    "/api/models?limit=100",
    "/api/models/alpha-1",
    "/api/models/delta-embed",
    "/api/models/alpha-1/providers",
    "/api/models/alpha-1/compare",
    "/api/models/alpha-1/provenance",
    "/api/models/alpha-1/prices",
    "/api/models/alpha-1/history",
    "/api/changes",
    "/api/models/delta-embed/compare",
    "/api/models/alpha-1/cost?input_tokens=300000&cached_tokens=9&output_tokens=50&images=1",
    "/api/models/alpha-1/cost?batch=true",
    "/api/models/alpha-1/choose?input_tokens=1000",
    "/api/models/alpha-1/choose?min_uptime=99&max_price=1",
    "/api/providers?limit=100",
    "/api/providers/cirrus",
    "/api/telemetry/health/cirrus",
    "/api/telemetry/health/nimbus?period=30d",
    "/api/telemetry/health/vacant",
    "/api/telemetry/latency/cirrus",
    "/api/telemetry/latency/vacant",
    "/api/telemetry/ranked/alpha-1",
    "/api/telemetry/ranked/gamma-free?prefer=price",
    "/api/telemetry/uptime",
    "/api/telemetry/uptime?days=90&provider=nimbus",
    "/api/telemetry/series/cirrus",
    "/api/telemetry/series/vacant?period=1h",
    "/api/telemetry/incidents",
    "/api/badge/provider/cirrus.json?metric=ttft",
    "/api/badge/provider/nimbus.json?metric=uptime",
    "/api/search?q=alpha",
]


def by_path(path: str) -> Endpoint:
    return next(endpoint for endpoint in ENDPOINTS if endpoint.path == path)


def template_of(target: str) -> str:
    """The documented path that a target belongs to."""
    steps = target.partition("?")[0].split("/")

    def fits(template: str) -> bool:
        parts = template.split("/")
        return len(parts) == len(steps) and all(
            part == step or (part.startswith("{") and step.endswith(part.partition("}")[2]))
            for part, step in zip(parts, steps, strict=True)
        )

    return min(filter(fits, OPERATIONS), key=lambda template: template.count("{"))


def resolved(node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        target: Any = DOCUMENT
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def content_of(path: str, status: str) -> Json:
    content = resolved(OPERATIONS[path]["responses"][status])["content"]
    assert list(content) == [by_path(path).media_type if status == "200" else JSON]
    return cast("Json", next(iter(content.values())))


def body_schema(path: str, status: str) -> Json:
    return cast("Json", content_of(path, status)["schema"])


def problems(schema: Json, body: Any) -> list[str]:
    """What of ``body`` does not fit ``schema``."""
    validator = jsonschema_rs.Draft202012Validator(
        {**schema, "components": DOCUMENT["components"]}, validate_formats=True
    )
    return [error.message for error in validator.iter_errors(body)]


PARAMETERS = [(path, item) for path, operation in OPERATIONS.items() for item in operation["parameters"]]


async def test_it_serves_the_document(api: Service) -> None:
    response = await api.get("/api/openapi.json")
    assert response.headers["content-type"] == "application/json"
    served = response.json()
    assert served["paths"] == DOCUMENT["paths"]
    assert served["components"] == DOCUMENT["components"]
    assert served["info"]["version"] == (await api.json("/api/health"))["version"]


def test_it_is_a_valid_openapi_3_1_document() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(DOCUMENT).validate()


def test_its_schemas_are_valid_json_schemas() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        jsonschema_rs.meta.validate(schema | {"$schema": "https://json-schema.org/draft/2020-12/schema"})
        assert schema.get("description"), name
        for field, of_field in schema.get("properties", {}).items():
            assert of_field.get("description"), f"{name}.{field} has no description"
    for _, parameter in PARAMETERS:
        jsonschema_rs.meta.validate(parameter["schema"])


def test_it_documents_every_endpoint_of_the_contract() -> None:
    assert set(OPERATIONS) == {
        "/api/models",
        "/api/models/popular",
        "/api/models/{model_id}",
        "/api/models/{model_id}/providers",
        "/api/models/{model_id}/compare",
        "/api/models/{model_id}/cost",
        "/api/models/{model_id}/choose",
        "/api/models/{model_id}/history",
        "/api/models/{model_id}/prices",
        "/api/models/{model_id}/provenance",
        "/api/changes",
        "/api/changes.atom",
        "/api/lifecycle",
        "/api/lifecycle.ics",
        "/api/export/models-dev.json",
        "/api/export/models-dev/api.json",
        "/api/export/models-dev/catalog.json",
        "/api/export/litellm.json",
        "/api/export/openrouter.json",
        "/api/export/openrouter/models",
        "/api/export/registry.ndjson",
        "/api/export/registry.csv",
        "/api/export/registry.sqlite",
        "/api/providers",
        "/api/providers/{provider_id}",
        "/api/telemetry/health/{provider_id}",
        "/api/telemetry/latency/{provider_id}",
        "/api/telemetry/ranked/{model_id}",
        "/api/telemetry/uptime",
        "/api/telemetry/series/{provider_id}",
        "/api/telemetry/incidents",
        "/api/telemetry/incidents.atom",
        "/api/telemetry/stream",
        "/api/badge/provider/{provider_id}.svg",
        "/api/badge/provider/{provider_id}.json",
        "/api/search",
        "/api/search/index",
        "/api/stats",
        "/api/health",
        "/api/health/live",
    }
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)
    for operation in OPERATIONS.values():
        assert operation["summary"]
        assert operation["description"]
        assert operation["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (
            "/api/models",
            """search capability modality vendor provider licensing status open_weights min_context
            max_input_price sort as_of page limit""",
        ),
        ("/api/models/popular", "limit"),
        ("/api/models/{model_id}", "model_id as_of"),
        ("/api/models/{model_id}/providers", "model_id as_of"),
        ("/api/models/{model_id}/compare", "model_id sort region period"),
        (
            "/api/models/{model_id}/cost",
            """model_id input_tokens output_tokens cached_tokens cache_write_tokens reasoning_tokens
            input_audio_tokens output_audio_tokens images audio_seconds searches requests batch region
            as_of""",
        ),
        (
            "/api/models/{model_id}/choose",
            """model_id input_tokens output_tokens min_context region max_price min_uptime max_ttft_ms
            capability prefer period""",
        ),
        ("/api/models/{model_id}/history", "model_id since until topic cursor limit"),
        ("/api/models/{model_id}/prices", "model_id provider since"),
        ("/api/models/{model_id}/provenance", "model_id provider as_of"),
        ("/api/changes", "since until kind topic action model provider cursor limit"),
        ("/api/changes.atom", "since until kind topic action model provider limit"),
        ("/api/providers", "search compatibility region status sort page limit"),
        ("/api/providers/{provider_id}", "provider_id"),
        ("/api/telemetry/health/{provider_id}", "provider_id period region limit"),
        ("/api/telemetry/latency/{provider_id}", "provider_id period model region limit"),
        ("/api/telemetry/ranked/{model_id}", "model_id period region weights prefer limit"),
        ("/api/telemetry/uptime", "days provider"),
        ("/api/telemetry/series/{provider_id}", "provider_id period model region"),
        ("/api/telemetry/incidents", "since provider limit"),
        ("/api/telemetry/incidents.atom", "since provider limit"),
        ("/api/telemetry/stream", "provider model kind last_event_id Last-Event-ID"),
        ("/api/badge/provider/{provider_id}.svg", "provider_id metric period label"),
        ("/api/badge/provider/{provider_id}.json", "provider_id metric period label"),
        ("/api/search", "q type limit"),
        ("/api/search/index", ""),
        ("/api/stats", ""),
        ("/api/health", ""),
    ],
)
def test_it_documents_every_parameter_of_the_contract(path: str, names: str) -> None:
    assert [parameter["name"] for parameter in OPERATIONS[path]["parameters"]] == names.split()


@pytest.mark.parametrize(("path", "parameter"), PARAMETERS, ids=lambda value: str(value)[:40])
def test_it_describes_each_parameter_with_schema_and_example(path: str, parameter: Json) -> None:
    assert parameter["description"].endswith(".")
    header = "header" if parameter["name"] == "Last-Event-ID" else "query"
    assert parameter["in"] == ("path" if "{" + parameter["name"] + "}" in path else header)
    assert problems(parameter["schema"], parameter["example"]) == []
    if "default" in parameter["schema"]:
        assert problems(parameter["schema"], parameter["schema"]["default"]) == []


@pytest.mark.parametrize(
    ("path", "name", "default"),
    [
        ("/api/models", "page", 1),
        ("/api/models", "limit", 20),
        ("/api/models/popular", "limit", 12),
        ("/api/models/{model_id}/compare", "period", "7d"),
        ("/api/models/{model_id}/compare", "sort", "price"),
        ("/api/providers", "limit", 20),
        ("/api/providers", "sort", "name"),
        ("/api/telemetry/health/{provider_id}", "period", "7d"),
        ("/api/telemetry/health/{provider_id}", "limit", 50),
        ("/api/telemetry/latency/{provider_id}", "limit", 50),
        ("/api/telemetry/ranked/{model_id}", "limit", 10),
        ("/api/telemetry/uptime", "days", 30),
        ("/api/telemetry/series/{provider_id}", "period", "7d"),
        ("/api/telemetry/incidents", "limit", 50),
        ("/api/telemetry/incidents.atom", "limit", 100),
        ("/api/search", "limit", 10),
    ],
)
def test_it_documents_the_default(path: str, name: str, default: object) -> None:
    (parameter,) = (p for p in OPERATIONS[path]["parameters"] if p["name"] == name)
    assert parameter["schema"]["default"] == default


@pytest.mark.parametrize("path", OPERATIONS)
def test_it_shows_an_example_answer_that_fits_its_schema(path: str) -> None:
    content = content_of(path, "200")
    assert problems(content["schema"], content["example"]) == []


@pytest.mark.parametrize("path", OPERATIONS)
def test_it_documents_every_status_and_header(path: str) -> None:
    responses = OPERATIONS[path]["responses"]
    expected = {"200"} | ERROR_STATUSES
    history = by_path(path).tag == "History" or AS_OF in by_path(path).params
    if "{" in path or AS_OF in by_path(path).params:
        expected |= {"404"}
    if path in {"/api/health", "/api/telemetry/stream"}:
        expected |= {"503"}
    elif path != "/api/health/live":
        expected |= {"304"}
    if path.startswith("/api/telemetry/") or path.endswith("/choose") or history:
        expected |= {"503"}
    assert set(responses) == expected
    for response in map(resolved, responses.values()):
        assert response["description"]
        names = {name.lower() for name in response["headers"]}
        assert names >= {*RATE_LIMIT_HEADERS, "x-request-id"}
        for header in map(resolved, response["headers"].values()):
            assert header["description"]
            assert problems(header["schema"], header["example"]) == []
    assert "Retry-After" in resolved(responses["429"])["headers"]
    assert "Allow" in resolved(responses["405"])["headers"]
    if by_path(path).paged or by_path(path).linked:
        assert "Link" in responses["200"]["headers"]


@pytest.mark.parametrize("status", sorted(ERROR_STATUSES | {"404", "503"}))
def test_it_shows_an_example_of_each_error_that_fits_its_schema(status: str) -> None:
    media = DOCUMENT["components"]["responses"][status]["content"]["application/json"]
    assert problems(media["schema"], media["example"]) == []
    errors: list[type[RequestError]] = [RequestError, *RequestError.__subclasses__()]
    kinds = {str(error.status): error.type for error in errors}
    assert media["example"]["error"]["type"] == kinds[status]
    assert media["example"]["error"]["status"] == int(status)


@pytest.mark.parametrize("endpoint", FINITE, ids=lambda endpoint: endpoint.path)
async def test_its_example_request_works_and_fits(documented_api: Service, endpoint: Endpoint) -> None:
    assert template_of(endpoint.example) == endpoint.path
    response = await documented_api.get(endpoint.example)
    assert response.status_code == 200
    assert response.headers["content-type"] == endpoint.media_type
    body: Any = response.json() if endpoint.media_type == JSON else response.text
    assert problems(body_schema(endpoint.path, "200"), body) == []
    if endpoint.paged:
        assert body["data"]


@pytest.mark.parametrize("endpoint", STREAMS, ids=lambda endpoint: endpoint.path)
async def test_what_is_streamed_fits_its_schema(documented_api: Service, endpoint: Endpoint) -> None:
    client = await Client(documented_api.app, f"{endpoint.path}?last_event_id=0-0").begin()
    variants = [event["properties"] for event in body_schema(endpoint.path, "200")["oneOf"]]
    schemas = {event["event"]["const"]: event["data"]["contentSchema"] for event in variants}
    assert list(schemas) == list(endpoint.events)
    seen = set()
    for _ in range(30):
        block = await client.event()
        assert problems(schemas[block.event], block.data) == []
        seen.add(block.event)
    client.hang_up()
    await client.ended()
    assert seen == {"check", "measurement"}


def test_it_tells_a_stream_that_it_may_be_refused() -> None:
    refused = OPERATIONS["/api/telemetry/stream"]["responses"]["503"]
    assert "Retry-After" in refused["headers"]


@pytest.mark.parametrize("target", POPULATED)
async def test_what_is_answered_fits_its_schema(documented_api: Service, target: str) -> None:
    body = await documented_api.json(target)
    assert problems(body_schema(template_of(target), "200"), body) == []


@pytest.mark.parametrize(
    "target",
    [
        "/api/models?limit=0&sort=nmae&capability=x",
        "/api/models?max_input_price=-1&min_context=x&search=" + "a" * 201,
        "/api/models/nothing",
        "/api/models?search=%00",
        "/api/models?search=" + "a" * 9000,
        "/api/telemetry/ranked/alpha-1?weights=price:1&prefer=price",
    ],
)
async def test_an_error_that_is_answered_fits_its_schema(documented_api: Service, target: str) -> None:
    response = await documented_api.get(target)
    schema = body_schema("/api/models/{model_id}", str(response.status_code))
    assert problems(schema, response.json()) == []


def test_a_body_that_lacks_a_key_does_not_fit() -> None:
    """So that the tests above can fail at all."""
    schema = body_schema("/api/health", "200")
    assert problems(schema, {"status": "healthy"})
    assert problems(body_schema("/api/models", "200"), {"data": [{}], "pagination": {}})
