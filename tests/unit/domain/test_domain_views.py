import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.builders import AT, model, offering, provider
from openmodels.domain import records, telemetry
from openmodels.domain.ranking import Ranking
from openmodels.domain.schema import DIALECT, components, document, field_docs
from openmodels.domain.telemetry import OfferingTelemetry, ProviderState, Timings
from openmodels.domain.views import registry as registry_views
from openmodels.domain.views import telemetry as telemetry_views
from openmodels.domain.views.registry import encoder, iso, iso_or_none, json_without_last_key, provider_view
from openmodels.domain.views.telemetry import performance_view
from openmodels.domain.vocabulary import (
    CAPABILITIES,
    CAPABILITY_ALIASES,
    MODALITIES,
    MODALITY_ALIASES,
    suggest,
)


def structs_of(module: Any) -> list[type]:
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value.__module__ == module.__name__
    ]


VIEWS = [*structs_of(registry_views), *structs_of(telemetry_views), *structs_of(telemetry), Ranking]
RECORDS = structs_of(records)


@pytest.mark.parametrize("struct", [*VIEWS, *RECORDS], ids=lambda struct: struct.__name__)
def test_it_documents_every_field(struct: Any) -> None:
    docs = field_docs(struct)
    assert set(docs) == set(struct.__struct_fields__)
    assert all(doc and doc == doc.strip() and "``" not in doc for doc in docs.values())


def test_it_inherits_the_documentation_of_fields() -> None:
    assert field_docs(registry_views.ModelDetail)["id"] == field_docs(registry_views.ModelView)["id"]
    assert "providers" in field_docs(registry_views.ModelDetail)
    assert "providers" not in field_docs(registry_views.ModelView)


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [ref for value in node.values() for ref in references(value)]
    return [ref for value in node for ref in references(value)] if isinstance(node, list) else []


def nodes(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        return [node, *(found for value in node.values() for found in nodes(value))]
    return [found for value in node for found in nodes(value)] if isinstance(node, list) else []


def test_it_resolves_every_reference_of_the_components() -> None:
    schemas = components([*VIEWS, *RECORDS])
    found = references(schemas)
    assert len(found) > 20
    assert {ref.removeprefix("#/$defs/") for ref in found} <= set(schemas)
    elsewhere = references(components(VIEWS, "#/components/schemas/{name}"))
    assert all(ref.startswith("#/components/schemas/") for ref in elsewhere)


def test_it_describes_every_property_of_every_component_in_the_words_of_the_field() -> None:
    structs: dict[str, Any] = {struct.__name__: struct for struct in [*VIEWS, *RECORDS]}
    for name, schema in components(structs.values()).items():
        for field, described in schema.get("properties", {}).items():
            if name in structs:
                assert described["description"] == field_docs(structs[name])[field]


def test_it_says_that_decimals_are_numbers() -> None:
    schemas = components([*VIEWS, *RECORDS])
    assert all(node.get("format") != "decimal" for node in nodes(schemas))
    price = schemas["Pricing"]["properties"]["input_per_million"]
    kinds = {branch.get("type") for branch in price["anyOf"]}
    assert kinds == {"number", "null"}
    assert {branch.get("minimum") for branch in price["anyOf"]} == {0, None}
    assert schemas["Factor"]["properties"]["value"]["description"].startswith("What was measured")


@pytest.mark.parametrize("struct", [records.Model, records.Provider, records.Offering, records.Vendor])
def test_it_makes_a_document_that_stands_alone(struct: Any) -> None:
    made = document(struct, identifier="https://example.com/x.json")
    assert (made["$schema"], made["$id"]) == (DIALECT, "https://example.com/x.json")
    assert made["additionalProperties"] is False
    assert {ref.removeprefix("#/$defs/") for ref in references(made)} <= set(made.get("$defs", {}))
    assert json.loads(json.dumps(made))["properties"].keys() == made["properties"].keys()


def test_it_makes_the_same_schema_every_time() -> None:
    assert components(VIEWS) == components(VIEWS)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (datetime(2025, 7, 10, 14, 30, tzinfo=UTC), "2025-07-10T14:30:00.000Z"),
        (datetime(2025, 7, 10, 14, 30, 0, 999_999, tzinfo=UTC), "2025-07-10T14:30:00.999Z"),
        (datetime(2025, 7, 10, 1, tzinfo=timezone(timedelta(hours=2))), "2025-07-09T23:00:00.000Z"),
        (datetime(2025, 1, 1, tzinfo=timezone(-timedelta(hours=3, minutes=30))), "2025-01-01T03:30:00.000Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
        (datetime(987, 6, 5, tzinfo=UTC), "0987-06-05T00:00:00.000Z"),
    ],
)
def test_it_writes_times_in_utc_with_milliseconds(time: datetime, text: str) -> None:
    assert iso(time) == text
    assert iso_or_none(time) == text


@given(st.datetimes(timezones=st.just(UTC)))
def test_it_writes_times_that_read_back(time: datetime) -> None:
    written = iso(time)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", written)
    assert timedelta(0) <= time - datetime.fromisoformat(written) < timedelta(milliseconds=1)
    assert iso_or_none(None) is None


def test_it_lists_a_provider_as_it_answers_alone_but_for_models() -> None:
    record = provider("p", description='It says ,"models":["x"] somewhere.')
    view = provider_view(record, ("m", "n"), ProviderState(status="up", last_checked_at=AT))
    detail = encoder.encode(view)
    alone = json.loads(detail)
    listed = json.loads(json_without_last_key(detail, b"models"))
    assert alone.pop("models") == ["m", "n"]
    assert listed == alone
    assert (listed["models_count"], listed["status"], listed["last_checked_at"]) == (2, "up", iso(AT))


def test_it_puts_the_last_key_last() -> None:
    # ``json_without_last_key`` relies on it.
    assert registry_views.ModelDetail.__struct_fields__[-1] == "providers"
    assert registry_views.ProviderDetail.__struct_fields__[-1] == "models"
    assert telemetry_views.ComparedOffering.__struct_fields__[-1] == "performance"


def test_it_shows_nulls_where_nothing_was_measured() -> None:
    view = json.loads(encoder.encode(performance_view(OfferingTelemetry(), ProviderState())))
    assert view.pop("status") == "unknown"
    assert view.pop("samples") == 0
    assert set(view.values()) == {None}


def test_it_shows_what_was_measured() -> None:
    timings = Timings(samples=7, average_ttft_ms=1.5, average_tokens_per_second=80.0, last_measured_at=AT)
    view = performance_view(
        OfferingTelemetry(uptime_percentage=99.9, timings=timings), ProviderState(status="up")
    )
    assert (view.status, view.uptime_percentage, view.average_ttft_ms, view.samples) == ("up", 99.9, 1.5, 7)
    assert (view.tokens_per_second, view.last_measured_at) == (80.0, iso(AT))


def test_it_answers_with_what_its_types_say() -> None:
    view = registry_views.model_view(model("m"), None, (offering("p", "m"),))
    read = msgspec.json.decode(encoder.encode(view), type=registry_views.ModelDetail)
    assert read == view


def test_it_maps_every_alias_to_a_word_of_the_vocabulary() -> None:
    assert set(CAPABILITY_ALIASES.values()) <= set(CAPABILITIES)
    assert set(MODALITY_ALIASES.values()) <= set(MODALITIES)
    assert not set(CAPABILITY_ALIASES) & set(CAPABILITIES)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("visoin", "vision"), ("VISION", "vision"), ("reasonning", "reasoning"), ("qqq", None), ("", None)],
)
def test_it_suggests_the_word_that_was_meant(typed: str, meant: str | None) -> None:
    assert suggest(typed, CAPABILITIES) == meant
    assert suggest("v" * 10**6, CAPABILITIES) is None
