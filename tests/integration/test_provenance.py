"""``/api/models/:id/provenance``: where each field comes from."""

from typing import Any

import pytest

from fixtures.past import start_lived
from fixtures.service import Service

pytestmark = pytest.mark.anyio


@pytest.fixture
async def service() -> Service:
    return await start_lived()


def field(fields: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (found,) = (item for item in fields if item["field"] == name)
    return found


async def test_it_names_the_source_of_each_field(service: Service) -> None:
    found = await service.json("/api/models/llama/provenance?as_of=2026-03-03")
    assert (found["model_id"], found["model_name"]) == ("llama", "Llama")
    (offering,) = found["offerings"]
    assert offering["provider_id"] == "groq"
    assert field(offering["fields"], "pricing.input_per_million") == {
        "field": "pricing.input_per_million",
        "value": 0.64,
        "source": "litellm",
        "source_name": "LiteLLM",
        "version": "1.80.0",
        "observed_at": "2026-02-20T00:00:00.000Z",
        "inherited_from": None,
        "differs": [],
    }
    by_hand = field(offering["fields"], "pricing.output_per_million")
    assert (by_hand["value"], by_hand["source"], by_hand["version"]) == (0.79, "curated", None)
    unknown = field(offering["fields"], "pricing.cache_read_per_million")
    assert (unknown["value"], unknown["source"]) == (None, None)


async def test_what_is_inherited_says_so_and_who_differs_is_listed(service: Service) -> None:
    found = await service.json("/api/models/llama/provenance?as_of=2026-03-05&provider=groq")
    (offering,) = found["offerings"]
    window = field(offering["fields"], "context_window")
    assert (window["value"], window["source"], window["inherited_from"]) == (128_000, "curated", "model")
    assert window["differs"] == [
        {
            "source": "litellm",
            "source_name": "LiteLLM",
            "value": 64_000,
            "version": "1.80.0",
            "observed_at": "2026-02-20T00:00:00.000Z",
        }
    ]
    assert field(found["fields"], "context_window")["differs"] == []


async def test_it_is_filtered_by_provider_and_answers_to_an_alias(service: Service) -> None:
    found = await service.json("/api/models/llama-latest/provenance?provider=nobody")
    assert (found["model_id"], found["offerings"]) == ("llama", [])
    await service.problem("/api/models/old/provenance", 404)


async def test_values_are_exact(api: Service) -> None:
    response = await api.get("/api/models/alpha-1/provenance?provider=cirrus")
    assert b'"field":"pricing.output_per_million","value":2.50,' in response.content
    found = response.json()
    (offering,) = found["offerings"]
    assert offering["source"]["name"] == "Cirrus price list"
    assert field(offering["fields"], "context_window")["inherited_from"] is None
    assert field(offering["fields"], "context_window")["value"] == 128_000
    assert field(offering["fields"], "rate_limits.requests_per_minute")["value"] == 500
