"""``GET /api/telemetry/ranked/{model_id}``."""

import json
import re
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest

from contract.builders import check, measurement, model, offering, provider, registry
from fixtures.catalogue import pricing
from fixtures.service import NOW, Service, start_service
from fixtures.shapes import FACTOR, FACTORS, RANKED

pytestmark = pytest.mark.anyio

URL = "/api/telemetry/ranked/alpha-1"


async def order(api: Service, query: str = "") -> list[str]:
    return [row["provider_id"] for row in (await api.json(f"{URL}?{query}"))["ranked_providers"]]


async def test_it_ranks_by_the_weighted_sum_of_four_scores(api: Service) -> None:
    body = await api.json(URL)
    assert list(body) == ["model_id", "model_name", "period", "weights", "ranked_providers"]
    assert (body["model_id"], body["model_name"], body["period"]) == ("alpha-1", "Alpha One", "7d")
    assert body["weights"] == {"uptime": 0.4, "ttft": 0.3, "price": 0.2, "total": 0.1}
    assert list(body["weights"]) == FACTORS
    scores = {row["provider_id"]: row["composite_score"] for row in body["ranked_providers"]}
    assert list(scores) == ["cirrus", "altus", "nimbus"]
    price = 100 * 0.375 / 0.7
    assert scores["cirrus"] == pytest.approx(0.4 * 90 + 0.3 * 100 + 0.2 * price + 0.1 * 100)
    assert scores["altus"] == pytest.approx(0.4 * 100)
    assert scores["nimbus"] == pytest.approx(0.4 * 25 + 0.2 * 100)


async def test_it_lists_every_field_in_order(api: Service) -> None:
    for row in (await api.json(URL))["ranked_providers"]:
        assert list(row) == RANKED
        assert list(row["factors"]) == FACTORS
        for factor in row["factors"].values():
            assert list(factor) == FACTOR


async def test_it_says_how_a_score_came_about(api: Service) -> None:
    first = (await api.json(URL))["ranked_providers"][0]
    factors: dict[str, Any] = first.pop("factors")
    assert first == {
        "rank": 1,
        "provider_id": "cirrus",
        "provider_name": "Cirrus Cloud",
        "composite_score": pytest.approx(86.714, abs=0.001),
        "confidence": "medium",
        "uptime_percentage": 90,
        "average_ttft_ms": 350,
        "average_total_ms": 3500,
        "input_per_million": 0.1,
        "output_per_million": 2.5,
        "currency": "USD",
    }
    assert factors["uptime"] == {"value": 90, "score": 90, "weight": 0.4, "samples": 20, "note": None}
    assert factors["ttft"] == {"value": 300, "score": 100, "weight": 0.3, "samples": 6, "note": None}
    assert factors["total"] == {"value": 3000, "score": 100, "weight": 0.1, "samples": 6, "note": None}
    assert factors["price"] == {
        "value": 0.7,
        "score": pytest.approx(100 * 0.375 / 0.7),
        "weight": 0.2,
        "samples": 1,
        "note": None,
    }


async def test_it_writes_prices_as_the_registry_does(api: Service) -> None:
    assert (
        b'"input_per_million":0.1,"output_per_million":2.50,"currency":"USD"' in (await api.get(URL)).content
    )


async def test_it_gives_nothing_for_what_is_not_known(api: Service) -> None:
    altus = (await api.json(URL))["ranked_providers"][1]
    assert (altus["rank"], altus["confidence"], altus["average_ttft_ms"]) == (2, "low", None)
    assert (altus["input_per_million"], altus["output_per_million"]) == (None, None)
    assert altus["factors"]["price"] == {
        "value": None,
        "score": 0,
        "weight": 0.2,
        "samples": 0,
        "note": None,
    }


async def test_it_ranks_by_price_alone_before_anything_was_measured() -> None:
    service = await start_service()
    body = await service.json(URL)
    assert body["weights"] == {"uptime": 0, "ttft": 0, "price": 1, "total": 0}
    rows = body["ranked_providers"]
    assert [row["provider_id"] for row in rows] == ["nimbus", "cirrus", "altus"]
    assert {row["confidence"] for row in rows} == {"none"}
    assert rows[0]["composite_score"] == 100
    assert rows[0]["factors"]["uptime"]["score"] is None


async def test_it_halves_the_price_score_where_the_best_is_free() -> None:
    service = await start_service()
    rows = (await service.json("/api/telemetry/ranked/gamma-free"))["ranked_providers"]
    assert [(row["provider_id"], row["composite_score"]) for row in rows] == [("cirrus", 100), ("nimbus", 50)]


async def test_it_does_not_mix_currencies_and_says_so() -> None:
    content = registry(
        model("m"),
        *(provider(name) for name in ("a", "b", "c")),
        offering("a", "m", pricing=pricing("2", "2")),
        offering("b", "m", pricing=pricing("1", "1")),
        offering("c", "m", pricing=pricing("1", "1", "EUR")),
    )
    service = await start_service(content)
    rows = (await service.json("/api/telemetry/ranked/m"))["ranked_providers"]
    assert [row["provider_id"] for row in rows] == ["b", "a", "c"]
    assert rows[2]["factors"]["price"]["score"] is None
    assert rows[2]["factors"]["price"]["note"] == "priced in EUR, most offerings in USD: not compared"


async def test_it_leaves_retired_offerings_out() -> None:
    content = registry(
        model("m"), provider("a"), provider("b"), offering("a", "m"), offering("b", "m", status="retired")
    )
    service = await start_service(content)
    rows = (await service.json("/api/telemetry/ranked/m"))["ranked_providers"]
    assert [row["provider_id"] for row in rows] == ["a"]


async def test_it_breaks_ties_by_provider_id() -> None:
    content = registry(model("m"), *(provider(p) for p in "cab"), *(offering(p, "m") for p in "cab"))
    service = await start_service(content)
    rows = (await service.json("/api/telemetry/ranked/m"))["ranked_providers"]
    assert [(row["rank"], row["provider_id"]) for row in rows] == [(1, "a"), (2, "b"), (3, "c")]


@pytest.mark.parametrize(
    ("query", "expected", "weights"),
    [
        ("prefer=balanced", ["cirrus", "altus", "nimbus"], [0.4, 0.3, 0.2, 0.1]),
        ("prefer=latency", ["cirrus", "altus", "nimbus"], [0.2, 0.5, 0.1, 0.2]),
        ("prefer=price", ["cirrus", "nimbus", "altus"], [0.25, 0.1, 0.6, 0.05]),
        ("prefer=reliability", ["cirrus", "altus", "nimbus"], [0.7, 0.15, 0.1, 0.05]),
        (
            "weights=uptime:0.4,ttft:0.3,price:0.2,total:0.1",
            ["cirrus", "altus", "nimbus"],
            [0.4, 0.3, 0.2, 0.1],
        ),
        ("weights=uptime:1", ["altus", "cirrus", "nimbus"], [1, 0, 0, 0]),
        ("weights=price:1", ["nimbus", "cirrus", "altus"], [0, 0, 1, 0]),
        ("weights=price:0.5,uptime:0.5", ["cirrus", "nimbus", "altus"], [0.5, 0, 0.5, 0]),
        ("weights=price:0.5,%20uptime:.5", ["cirrus", "nimbus", "altus"], [0.5, 0, 0.5, 0]),
    ],
)
async def test_it_weighs_as_asked(
    api: Service, query: str, expected: list[str], weights: list[float]
) -> None:
    assert await order(api, query) == expected
    assert list((await api.json(f"{URL}?{query}"))["weights"].values()) == weights


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ("uptime:0.5", "they sum to 0.5"),
        ("uptime:0.7,price:0.7", "they sum to 1.4"),
        ("uptime:0.5,uptime:0.5", "uptime is given twice"),
        ("uptme:1", "there is no factor 'uptme', did you mean uptime?"),
        ("speed:1", "there is no factor 'speed'"),
        ("", "there is no factor ''"),
        ("uptime", "the weight of uptime must be a number from 0 to 1"),
        ("uptime:", "the weight of uptime must be a number from 0 to 1"),
        ("uptime:2,price:-1", "the weight of uptime must be a number from 0 to 1"),
        ("uptime:nan", "the weight of uptime must be a number from 0 to 1"),
        ("uptime:%D9%A1", "the weight of uptime must be a number from 0 to 1"),
        ("uptime:1_0", "the weight of uptime must be a number from 0 to 1"),
        ("uptime:1e0", "the weight of uptime must be a number from 0 to 1"),
        ("uptime:%2B1", "the weight of uptime must be a number from 0 to 1"),
        ("uptime:1,ttft:-0", "the weight of ttft must be a number from 0 to 1"),
        ("uptime:.", "the weight of uptime must be a number from 0 to 1"),
    ],
)
async def test_it_says_what_is_wrong_with_weights(api: Service, weights: str, reason: str) -> None:
    error = await api.problem(f"{URL}?weights={weights}")
    assert error["message"].startswith(
        "weights must be factors with weights that sum to 1, such as uptime:0.4,ttft:0.3,price:0.2,total:0.1 "
        f"({reason}), not "
    )
    assert error["details"][0]["parameter"] == "weights"
    assert error["details"][0]["allowed"] == FACTORS


@pytest.mark.parametrize("weights", ["uptime:1", "uptime:1.", "price:.5,%20ttft:0.50%20"])
async def test_its_documented_pattern_fits_what_it_takes(api: Service, weights: str) -> None:
    document = await api.json("/api/openapi.json")
    parameters = document["paths"]["/api/telemetry/ranked/{model_id}"]["get"]["parameters"]
    (pattern,) = (p["schema"]["pattern"] for p in parameters if p["name"] == "weights")
    assert re.search(pattern, unquote(weights))
    assert not re.search(pattern, "uptime:.")
    assert (await api.get(f"{URL}?weights={weights}")).status_code == 200


async def test_it_shows_values_to_a_thousandth_as_everywhere() -> None:
    service = await start_service()
    checks = [check("cirrus", NOW, "down" if n == 0 else "up") for n in range(3)]
    measured = [measurement("cirrus", "alpha-1", NOW, time_to_first_token_ms=100 / 3) for _ in range(5)]
    await service.record(checks, measured)
    rows = (await service.json(URL))["ranked_providers"]
    row = next(row for row in rows if row["provider_id"] == "cirrus")
    assert row["factors"]["uptime"]["value"] == row["uptime_percentage"] == 66.667
    assert row["factors"]["ttft"]["value"] == 33.333


async def test_it_takes_weights_or_a_preference_not_both(api: Service) -> None:
    error = await api.problem(f"{URL}?weights=price:1&prefer=price")
    assert error["message"] == "weights and prefer exclude each other: give one of them"
    assert error["details"] == [{"parameter": "prefer", "value": "price"}]


async def test_it_explains_a_preference_that_it_does_not_know(api: Service) -> None:
    error = await api.problem(f"{URL}?prefer=latncy")
    assert error["message"] == (
        "prefer must be one of balanced, latency, price, reliability (did you mean latency?), not 'latncy'"
    )


async def test_it_lists_as_many_as_asked(api: Service) -> None:
    assert await order(api, "limit=1") == ["cirrus"]
    for limit in ("0", "51"):
        error = await api.problem(f"{URL}?limit={limit}")
        assert error["message"] == f"limit must be an integer from 1 to 50, not '{limit}'"


async def test_it_lists_ten_unless_told_otherwise() -> None:
    names = [f"p{number:02}" for number in range(12)]
    content = registry(model("m"), *map(provider, names), *(offering(name, "m") for name in names))
    service = await start_service(content)
    assert len((await service.json("/api/telemetry/ranked/m"))["ranked_providers"]) == 10
    assert len((await service.json("/api/telemetry/ranked/m?limit=50"))["ranked_providers"]) == 12


async def test_it_looks_at_one_region_and_period_only(api: Service) -> None:
    eu = await api.json(f"{URL}?region=eu-west-1")
    cirrus = next(row for row in eu["ranked_providers"] if row["provider_id"] == "cirrus")
    assert (cirrus["factors"]["uptime"]["samples"], cirrus["factors"]["ttft"]["samples"]) == (10, 3)
    assert cirrus["confidence"] == "low"
    hour = await api.json(f"{URL}?period=1h")
    assert hour["period"] == "1h"
    cirrus = next(row for row in hour["ranked_providers"] if row["provider_id"] == "cirrus")
    assert cirrus["factors"]["uptime"]["samples"] == 12


async def test_it_answers_an_alias_with_the_canonical_id(api: Service) -> None:
    assert (await api.json("/api/telemetry/ranked/alpha-latest"))["model_id"] == "alpha-1"
    error = await api.problem("/api/telemetry/ranked/gama-free", 404)
    assert error["message"] == "Model not found: 'gama-free'. Did you mean 'gamma-free'?"


async def test_it_keeps_scores_within_0_and_100(api: Service) -> None:
    body = json.loads((await api.get(URL)).content, parse_float=Decimal)
    for row in body["ranked_providers"]:
        assert 0 <= row["composite_score"] <= 100
        for factor in row["factors"].values():
            assert factor["score"] is None or 0 <= factor["score"] <= 100
