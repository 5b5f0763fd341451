"""``GET /api/models/{model_id}/providers``."""

import pytest

from fixtures.service import Service
from fixtures.shapes import OFFERING, PRICING, RATE_LIMITS, SOURCE

pytestmark = pytest.mark.anyio


async def test_it_lists_the_offerings_by_provider(api: Service) -> None:
    body = await api.json("/api/models/alpha-1/providers")
    assert list(body) == ["model_id", "model_name", "providers"]
    assert (body["model_id"], body["model_name"]) == ("alpha-1", "Alpha One")
    assert [offering["provider_id"] for offering in body["providers"]] == ["altus", "cirrus", "nimbus"]
    for offering in body["providers"]:
        assert list(offering) == OFFERING
        assert list(offering["pricing"]) == PRICING
        assert list(offering["rate_limits"]) == RATE_LIMITS


async def test_it_tells_everything_about_an_offering(api: Service) -> None:
    cirrus = (await api.json("/api/models/alpha-1/providers"))["providers"][1]
    assert list(cirrus["source"]) == SOURCE
    assert cirrus == {
        "provider_id": "cirrus",
        "provider_name": "Cirrus Cloud",
        "provider_model_name": "acme/alpha-1@2026",
        "pricing": {
            "input_per_million": 0.1,
            "output_per_million": 2.5,
            "currency": "USD",
            "cache_read_per_million": 0.025,
            "cache_write_per_million": 0.125,
            "reasoning_per_million": 3,
            "input_audio_per_million": 40,
            "output_audio_per_million": 80,
            "image_per_unit": 0.004,
            "audio_per_second": 0.0001,
            "search_per_query": 0.01,
            "batch": {"input_per_million": 0.05, "output_per_million": 1.25},
            "tiers": [
                {
                    "above_tokens": 200_000,
                    "input_per_million": 0.2,
                    "output_per_million": 5,
                    "cache_read_per_million": None,
                    "cache_write_per_million": None,
                    "reasoning_per_million": None,
                    "input_audio_per_million": None,
                    "output_audio_per_million": None,
                }
            ],
        },
        "rate_limits": {"requests_per_minute": 500, "tokens_per_minute": None},
        "context_window": 128_000,
        "context_window_override": 128_000,
        "max_output_tokens": 4096,
        "available_regions": ["us-east-1", "eu-west-1"],
        "status": "active",
        "updated_at": "2025-07-10T14:30:00.000Z",
        "source": {
            "name": "Cirrus price list",
            "url": "https://cirrus.example.com/pricing",
            "verified_at": "2025-07-10T14:30:00.000Z",
        },
    }


async def test_it_writes_every_price_as_the_registry_does(api: Service) -> None:
    raw = (await api.get("/api/models/alpha-1/providers")).content
    for written in (
        b'"input_per_million":0.1,"output_per_million":2.50,',
        b'"cache_read_per_million":0.025,"cache_write_per_million":0.125,"reasoning_per_million":3.00,',
        b'"input_audio_per_million":40,"output_audio_per_million":80.0,"image_per_unit":0.0040,',
        b'"audio_per_second":0.0001,"search_per_query":0.010,',
        b'"batch":{"input_per_million":0.05,"output_per_million":1.250},',
        b'"tiers":[{"above_tokens":200000,"input_per_million":0.20,"output_per_million":5,',
    ):
        assert written in raw


async def test_it_fills_in_what_an_offering_takes_from_its_model(api: Service) -> None:
    nimbus = (await api.json("/api/models/alpha-1/providers"))["providers"][2]
    assert (nimbus["context_window"], nimbus["context_window_override"]) == (200_000, None)
    assert nimbus["max_output_tokens"] == 8192
    assert nimbus["rate_limits"] == {"requests_per_minute": None, "tokens_per_minute": None}
    assert nimbus["source"] is None


async def test_it_says_null_for_an_unknown_price_and_0_for_a_free_one(api: Service) -> None:
    altus = (await api.json("/api/models/alpha-1/providers"))["providers"][0]
    assert altus["pricing"]["input_per_million"] is None
    assert altus["pricing"]["batch"] is None
    assert altus["pricing"]["tiers"] == []
    raw = (await api.get("/api/models/gamma-free/providers")).content
    assert b'"input_per_million":0,"output_per_million":0.0,' in raw


async def test_it_lists_none_for_a_model_that_nobody_offers(api: Service) -> None:
    assert (await api.json("/api/models/delta-embed/providers"))["providers"] == []


async def test_it_answers_an_alias_with_the_canonical_id(api: Service) -> None:
    assert (await api.json("/api/models/alpha-latest/providers"))["model_id"] == "alpha-1"


async def test_it_does_not_know_an_unknown_model(api: Service) -> None:
    error = await api.problem("/api/models/beta-minni/providers", 404)
    assert error["message"] == "Model not found: 'beta-minni'. Did you mean 'beta-mini'?"
