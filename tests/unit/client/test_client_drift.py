"""The SDK knows all that the API has: its types, its parameters, its endpoints."""

import ast
import inspect
import itertools
import re
import subprocess
import sys
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from msgspec import NODEFAULT
from msgspec import inspect as types_of

import openmodels_client
import openmodels_client.types
from openmodels.api.app import ENDPOINTS
from openmodels.api.openapi import build_openapi
from openmodels_client import OpenModels, words
from openmodels_client.stream import EventStream

PACKAGE = Path(__file__).parents[3] / "packages" / "client"
SOURCE = PACKAGE / "src" / "openmodels_client"
DOCUMENT: dict[str, Any] = build_openapi(ENDPOINTS, version="0")
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
STRUCTS = [getattr(openmodels_client.types, name) for name in openmodels_client.types.__all__]

RENAMED = {"UptimeDay": "DayView", "MaintenanceWindow": "MaintenanceView"}
"""What is called otherwise here; else the API's document at most adds ``View`` to a name."""
NOT_TYPES = {"ErrorEnvelope", "ErrorBody", "ErrorDetail", "ShieldsBadge", "Liveness"}
"""Schemas that are no type here: errors are exceptions, and two endpoints have no method."""

METHODS: dict[str, str] = {
    "/api/models": "models.list",
    "/api/models/popular": "models.popular",
    "/api/models/{model_id}": "models.get",
    "/api/models/{model_id}/providers": "models.providers",
    "/api/models/{model_id}/compare": "models.compare",
    "/api/models/{model_id}/cost": "models.cost",
    "/api/models/{model_id}/choose": "models.choose",
    "/api/models/{model_id}/provenance": "models.provenance",
    "/api/models/{model_id}/history": "models.history",
    "/api/models/{model_id}/prices": "models.prices",
    "/api/changes": "changes",
    "/api/lifecycle": "lifecycle",
    "/api/providers": "providers.list",
    "/api/providers/{provider_id}": "providers.get",
    "/api/telemetry/health/{provider_id}": "telemetry.health",
    "/api/telemetry/latency/{provider_id}": "telemetry.latency",
    "/api/telemetry/ranked/{model_id}": "telemetry.ranked",
    "/api/telemetry/uptime": "telemetry.uptime",
    "/api/telemetry/series/{provider_id}": "telemetry.series",
    "/api/telemetry/incidents": "telemetry.incidents",
    "/api/telemetry/stream": "telemetry.stream",
    "/api/search": "search",
    "/api/search/index": "names",
    "/api/stats": "stats",
    "/api/health": "health",
}
WITHOUT_METHOD = {
    "/api/badge/provider/{provider_id}.json": "for shields.io",
    "/api/health/live": "for whoever keeps the process running",
}
"""JSON that programs of other kinds read. Exports are in the shapes of other services, too."""
ITERATORS = {
    "models.iter": "models.list",
    "models.iter_history": "models.history",
    "providers.iter": "providers.list",
    "iter_changes": "changes",
    "iter_lifecycle": "lifecycle",
}
CALLED = {"last_event_id": "after"}
"""Parameters that are called otherwise here."""
OUR_OWN = {"telemetry.stream": {"silence"}}
VOCABULARIES = {
    ("models.list", "sort"): words.ModelSort,
    ("models.compare", "sort"): words.CompareSort,
    ("models.compare", "period"): words.Period,
    ("models.choose", "prefer"): words.Preference,
    ("models.choose", "period"): words.Period,
    ("providers.list", "sort"): words.ProviderSort,
    ("telemetry.health", "period"): words.Period,
    ("telemetry.latency", "period"): words.Period,
    ("telemetry.ranked", "period"): words.Period,
    ("telemetry.ranked", "prefer"): words.Preference,
    ("telemetry.series", "period"): words.Period,
    ("search", "type"): words.SearchType,
}


@pytest.fixture(scope="module")
def client() -> Any:
    with OpenModels("http://127.0.0.1:1") as made:
        yield made


def schema_of(name: str) -> str:
    named = RENAMED.get(name, name)
    return named if named in SCHEMAS else f"{named}View"


# --- Types --------------------------------------------------------------------------------------------------


def test_it_has_a_type_for_every_schema() -> None:
    assert {schema_of(struct.__name__) for struct in STRUCTS} == set(SCHEMAS) - NOT_TYPES


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_its_types_are_the_apis(struct: type) -> None:
    schema = SCHEMAS[schema_of(struct.__name__)]
    info: Any = types_of.type_info(struct)
    fields = {field.name: field for field in info.fields}
    assert set(fields) == set(schema["properties"])
    for name, described in schema["properties"].items():
        field, required = fields[name], name in schema["required"]
        shape, nullable = shape_of_schema(described)
        ours, takes_none = shape_of_type(field.type)
        assert ours == shape, name
        has_default = field.default is not NODEFAULT
        if required:
            # What a server of another version may leave out is what nobody knows; the rest must be there.
            assert takes_none == nullable, name
            assert has_default == nullable, name
        else:
            assert has_default, name
            assert takes_none == (field.default is None), name


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_its_types_say_what_the_api_says_of_them(struct: type) -> None:
    schema = SCHEMAS[schema_of(struct.__name__)]
    docs = {name: doc for base in reversed(struct.__mro__) for name, doc in field_docs(base).items()}
    for name, described in schema["properties"].items():
        assert nulls(docs[name]) == nulls(described["description"]), f"{struct.__name__}.{name}"
    first, _, _ = (inspect.getdoc(struct) or "").partition("\n")
    described_as, _, _ = schema["description"].partition("\n")
    assert first
    assert described_as


def nulls(text: str) -> str:
    return " ".join(re.sub(r"\bNone\b|`null`", "null", text).replace("``", "`").split())


def field_docs(struct: type) -> dict[str, str]:
    """What stands under each field of a struct, without those of its bases."""
    if not struct.__module__.startswith("openmodels_client"):
        return {}
    body = ast.parse(inspect.getsource(struct)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, doc in itertools.pairwise(body.body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            assert isinstance(doc, ast.Expr)
            found[field.target.id] = inspect.cleandoc(ast.literal_eval(doc.value))
    return found


def shape_of_schema(schema: dict[str, Any]) -> tuple[str, bool]:
    """In words, and whether it may be null. Vocabularies are open here, so they are texts."""
    kinds = schema.get("anyOf", [schema])
    solid = [kind for kind in kinds if kind.get("type") != "null"]
    nullable = len(solid) < len(kinds)
    if isinstance(schema.get("type"), list):
        return "anything", True
    if any("decimal number" in kind.get("description", "") for kind in solid):
        return "decimal", nullable
    (kind,) = solid
    if kind.get("type") == "array":
        return f"list of {shape_of_schema(kind['items'])[0]}", nullable
    if "$ref" in kind:
        return named(kind["$ref"].rpartition("/")[2]), nullable
    time = kind.get("format") == "date-time"
    return "time" if time else kind.get("type", "boolean"), nullable


def named(schema: str) -> str:
    back = {theirs: ours for ours, theirs in RENAMED.items()}
    return back.get(schema, schema.removesuffix("View"))


def shape_of_type(found: Any) -> tuple[str, bool]:
    names: dict[type, str] = {
        types_of.StrType: "string",
        types_of.IntType: "integer",
        types_of.FloatType: "number",
        types_of.BoolType: "boolean",
        types_of.DecimalType: "decimal",
        types_of.DateTimeType: "time",
    }
    if isinstance(found, types_of.AnyType):
        return "anything", True
    if isinstance(found, types_of.UnionType):
        (solid,) = [kind for kind in found.types if not isinstance(kind, types_of.NoneType)]
        return shape_of_type(solid)[0], True
    if isinstance(found, types_of.VarTupleType):
        return f"list of {shape_of_type(found.item_type)[0]}", False
    if isinstance(found, types_of.StructType):
        return found.cls.__name__, False
    return names[type(found)], False


# --- Endpoints and parameters -------------------------------------------------------------------------------


def test_it_has_a_method_for_every_endpoint_of_json() -> None:
    json = {
        endpoint.path
        for endpoint in ENDPOINTS
        if (endpoint.media_type == "application/json" or endpoint.events) and endpoint.body is not dict
    }
    assert set(METHODS) | set(WITHOUT_METHOD) == json
    assert not set(METHODS) & set(WITHOUT_METHOD)


@pytest.mark.parametrize(
    "endpoint", [one for one in ENDPOINTS if one.path in METHODS], ids=lambda one: one.path
)
def test_its_methods_take_every_parameter(endpoint: Any, client: OpenModels) -> None:
    name = METHODS[endpoint.path]
    given = signature(client, name)
    in_path = re.findall(r"\{(\w+)\}", endpoint.path)
    in_query = [CALLED.get(param.name, param.name) for param in endpoint.params]
    assert set(given) == {*in_path, *in_query, *OUR_OWN.get(name, ())}
    for parameter in in_path:
        assert given[parameter].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    for param in endpoint.params:
        words_of = VOCABULARIES.get((name, param.name))
        assert (words_of is not None) == ("enum" in param.schema), param.name
        if words_of is not None:
            assert set(get_args(words_of)) == set(param.schema["enum"])


@pytest.mark.parametrize(("iterating", "method"), ITERATORS.items())
def test_its_iterators_take_what_their_lists_do(iterating: str, method: str, client: OpenModels) -> None:
    ours, lists = signature(client, iterating), signature(client, method)
    assert set(ours) == set(lists) - {"page", "cursor"}
    assert all(ours[name].annotation == lists[name].annotation for name in set(ours) - {"limit"})


def signature(client: OpenModels, name: str) -> dict[str, inspect.Parameter]:
    method: Callable[..., Any] = attrgetter(name)(client)
    return dict(inspect.signature(method).parameters)


def test_both_clients_have_the_same_methods_with_the_same_parameters(client: OpenModels) -> None:
    plain = {name: kind for name, kind in members(openmodels_client).items() if not name.startswith("Async")}
    for name, kind in plain.items():
        twin = getattr(openmodels_client, f"Async{name}", None)
        if twin is None:
            continue
        ours, theirs = public(kind), public(twin)
        assert set(ours) == {name.replace("aclose", "close") for name in theirs}
        for method in set(ours) & set(theirs):
            one, other = (inspect.signature(found[method]) for found in (ours, theirs))
            assert list(one.parameters) == list(other.parameters)
            assert inspect.getdoc(ours[method])


def members(module: Any) -> dict[str, type]:
    return {name: one for name in module.__all__ if inspect.isclass(one := getattr(module, name))}


def public(kind: type) -> dict[str, Any]:
    return {name: one for name, one in vars(kind).items() if callable(one) and not name.startswith("_")}


# --- The package --------------------------------------------------------------------------------------------


def test_what_is_made_is_as_it_would_be_made_now() -> None:
    done = subprocess.run(
        [sys.executable, PACKAGE / "unasync.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_it_knows_nothing_of_the_server() -> None:
    for module in SOURCE.rglob("*.py"):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        imported = [
            name
            for node in ast.walk(tree)
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        ]
        allowed = {*sys.stdlib_module_names, "httpx2", "msgspec", "openmodels_client"}
        assert {name.partition(".")[0] for name in imported} <= allowed, module.name


def test_every_part_of_it_has_a_docstring_and_is_small() -> None:
    for module in SOURCE.rglob("*.py"):
        text = module.read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)), module.name
        assert len(text.splitlines()) < 400, module.name


def test_its_hints_can_be_read_at_run_time(client: OpenModels) -> None:
    for name in [*METHODS.values(), *ITERATORS]:
        assert "return" in get_type_hints(attrgetter(name)(client)), name
    assert get_type_hints(EventStream.__next__)["return"] == openmodels_client.Event


def test_its_answers_can_be_kept_and_shown() -> None:
    stats = openmodels_client.types.Gap(after="1-1", until="2-2", missed=2)
    assert msgspec.json.decode(msgspec.json.encode(stats), type=type(stats)) == stats
    assert hash(stats) == hash(msgspec.structs.replace(stats))
