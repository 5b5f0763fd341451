"""``GET /api/models/{model_id}/cost``."""

import json
from decimal import Decimal
from typing import Any

import pytest

from contract.builders import model, offering, provider, registry
from fixtures.catalogue import pricing
from fixtures.service import Service, start_service

pytestmark = pytest.mark.anyio

URL = "/api/models/alpha-1/cost"
COST = ["model_id", "model_name", "workload", "offerings"]
OFFERING_COST = [
    "provider_id",
    "provider_name",
    "provider_model_name",
    "status",
    "currency",
    "total",
    "total_per_request",
    "tier_above_tokens",
    "fits",
    "fits_reasons",
    "items",
    "unknown",
]
ITEM = ["item", "quantity", "unit_price", "per", "amount", "known", "note"]
QUANTITIES = [
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "input_audio_tokens",
    "output_audio_tokens",
    "images",
    "audio_seconds",
    "searches",
]


async def at(api: Service, provider_id: str, query: str) -> dict[str, Any]:
    rows = (await api.json(f"{URL}?{query}"))["offerings"]
    return next(row for row in rows if row["provider_id"] == provider_id)


async def test_it_lists_every_field_in_order(api: Service) -> None:
    body = await api.json(f"{URL}?input_tokens=10&cached_tokens=4")
    assert list(body) == COST
    assert (body["model_id"], body["model_name"]) == ("alpha-1", "Alpha One")
    assert list(body["workload"]) == [*QUANTITIES, "requests", "batch"]
    assert (body["workload"]["input_tokens"], body["workload"]["output_tokens"]) == (10, 0)
    for row in body["offerings"]:
        assert list(row) == OFFERING_COST
        for item in row["items"]:
            assert list(item) == ITEM


async def test_it_lists_the_cheapest_first_and_the_unknown_last(api: Service) -> None:
    rows = (await api.json(f"{URL}?input_tokens=1000&output_tokens=1000"))["offerings"]
    assert [(row["provider_id"], row["total"]) for row in rows] == [
        ("nimbus", 0.0009),
        ("cirrus", 0.0026),
        ("altus", None),
    ]
    assert rows[-1]["unknown"] == ["input_per_million", "output_per_million"]
    rows = (await api.json(f"{URL}?input_tokens=1000"))["offerings"]
    assert [row["provider_id"] for row in rows] == ["cirrus", "nimbus", "altus"]


async def test_it_itemises_exactly(api: Service) -> None:
    text = (
        await api.get(f"{URL}?input_tokens=1003&cached_tokens=700&output_tokens=7&searches=1&requests=3")
    ).text
    body = json.loads(text, parse_float=Decimal)
    (cirrus,) = (row for row in body["offerings"] if row["provider_id"] == "cirrus")
    assert cirrus["items"][1] == {
        "item": "cache_read",
        "quantity": 2100,
        "unit_price": Decimal("0.025"),
        "per": 1_000_000,
        "amount": Decimal("0.0000525"),
        "known": True,
        "note": None,
    }
    assert [item["item"] for item in cirrus["items"]] == ["input", "cache_read", "output", "search"]
    assert cirrus["total"] == sum(item["amount"] for item in cirrus["items"]) == Decimal("0.0301959")
    assert cirrus["total_per_request"] * 3 == cirrus["total"]
    assert '"unit_price":2.50,' in text


async def test_it_applies_tiers_and_says_what_does_not_fit(api: Service) -> None:
    cirrus = await at(api, "cirrus", "input_tokens=200001&cached_tokens=200000")
    assert cirrus["tier_above_tokens"] == 200_000
    assert cirrus["items"][0]["unit_price"] == 0.2
    assert cirrus["fits"] is False
    assert cirrus["fits_reasons"] == ["context too small: needs 200,001, has 128,000"]
    assert (await at(api, "cirrus", "input_tokens=200000"))["tier_above_tokens"] is None
    assert (await at(api, "cirrus", "input_tokens=1"))["fits"] is True


async def test_it_says_where_cached_tokens_are_charged_as_input(api: Service) -> None:
    nimbus = await at(api, "nimbus", "input_tokens=10&cached_tokens=10")
    assert nimbus["items"][0]["note"] == "no price for reading the cache is known: charged as input"
    assert nimbus["total"] == 0.000003


async def test_it_charges_batches(api: Service) -> None:
    query = "input_tokens=1000&output_tokens=1000&batch=true"
    rows = (await api.json(f"{URL}?{query}"))["offerings"]
    assert [(row["provider_id"], row["total"]) for row in rows] == [
        ("cirrus", 0.0013),
        ("altus", None),
        ("nimbus", None),
    ]
    assert rows[2]["unknown"] == ["batch.input_per_million", "batch.output_per_million"]


async def test_it_takes_a_usual_workload_where_no_quantity_is_given(api: Service) -> None:
    for query in ("", "?requests=2", "?batch=false"):
        workload = (await api.json(URL + query))["workload"]
        assert (workload["input_tokens"], workload["output_tokens"]) == (1000, 1000)
    workload = (await api.json(f"{URL}?images=1"))["workload"]
    assert (workload["input_tokens"], workload["output_tokens"], workload["images"]) == (0, 0, 1)
    workload = (await api.json(f"{URL}?input_tokens=0"))["workload"]
    assert (workload["input_tokens"], workload["output_tokens"]) == (0, 0)


async def test_it_lists_the_offerings_of_a_region(api: Service) -> None:
    rows = (await api.json(f"{URL}?region=eu-west-1,ap-south-1"))["offerings"]
    assert [row["provider_id"] for row in rows] == ["cirrus", "altus"]
    assert (await api.json(f"{URL}?region=nowhere"))["offerings"] == []


async def test_it_converts_no_currency_and_leaves_retired_offerings_out() -> None:
    content = registry(
        model("m"),
        *(provider(name) for name in "abcd"),
        offering("a", "m", pricing=pricing("0.1", "0.1", "EUR")),
        offering("b", "m", "2"),
        offering("c", "m", "1"),
        offering("d", "m", "0", status="retired"),
    )
    service = await start_service(content)
    rows = (await service.json("/api/models/m/cost"))["offerings"]
    assert [(row["provider_id"], row["currency"]) for row in rows] == [
        ("c", "USD"),
        ("b", "USD"),
        ("a", "EUR"),
    ]


@pytest.mark.parametrize("name", QUANTITIES)
@pytest.mark.parametrize("value", ["-1", "1.5", "", "1e3", "100000001", "9" * 30])
async def test_it_refuses_a_quantity_that_is_none(api: Service, name: str, value: str) -> None:
    error = await api.problem(f"{URL}?{name}={value}")
    assert error["message"].startswith(f"{name} must be an integer from 0 to 1")
    assert error["details"][0]["parameter"] == name


@pytest.mark.parametrize("value", ["0", "1000000001"])
async def test_it_refuses_a_number_of_requests_out_of_range(api: Service, value: str) -> None:
    error = await api.problem(f"{URL}?requests={value}")
    assert error["message"] == f"requests must be an integer from 1 to 1000000000, not '{value}'"


async def test_it_refuses_parts_that_are_more_than_the_whole(api: Service) -> None:
    error = await api.problem(f"{URL}?input_tokens=10&cached_tokens=8&cache_write_tokens=3")
    assert error["message"] == (
        "input_tokens must be at least 11, not 10: cached_tokens, cache_write_tokens and input_audio_tokens "
        "are counted among them"
    )
    assert error["details"] == [{"parameter": "input_tokens", "value": "10", "range": [11, 100_000_000]}]
    assert "output_tokens must be at least 1" in (await api.problem(f"{URL}?reasoning_tokens=1"))["message"]


async def test_it_answers_an_alias_and_suggests_what_was_meant(api: Service) -> None:
    assert (await api.json("/api/models/alpha-latest/cost"))["model_id"] == "alpha-1"
    assert (await api.json("/api/models/delta-embed/cost"))["offerings"] == []
    error = await api.problem("/api/models/gama-free/cost", 404)
    assert error["message"] == "Model not found: 'gama-free'. Did you mean 'gamma-free'?"


async def test_it_is_an_answer_of_the_revision(api: Service) -> None:
    answer = await api.get(URL)
    assert answer.headers["x-registry-revision"] == api.live.snapshot.revision
    again = await api.get(URL, if_none_match=answer.headers["etag"])
    assert again.status_code == 304
