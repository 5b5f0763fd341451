"""``GET /api/models/{model_id}/compare``."""

import pytest

from fixtures.service import Service
from fixtures.shapes import COMPARED, OFFERING, PERFORMANCE

pytestmark = pytest.mark.anyio


async def rows(api: Service, query: str = "", model: str = "alpha-1") -> list[str]:
    body = await api.json(f"/api/models/{model}/compare?{query}")
    return [row["provider_id"] for row in body["comparison"]]


async def test_it_puts_offerings_and_measurements_side_by_side(api: Service) -> None:
    body = await api.json("/api/models/alpha-1/compare")
    assert list(body) == ["model_id", "model_name", "period", "comparison"]
    assert (body["model_id"], body["model_name"], body["period"]) == ("alpha-1", "Alpha One", "7d")
    offerings = {o["provider_id"]: o for o in (await api.json("/api/models/alpha-1/providers"))["providers"]}
    for row in body["comparison"]:
        assert list(row) == COMPARED
        assert list(row["performance"]) == PERFORMANCE
        assert {key: row[key] for key in OFFERING} == offerings[row["provider_id"]]


async def test_it_shows_what_was_measured(api: Service) -> None:
    cirrus = (await api.json("/api/models/alpha-1/compare"))["comparison"][0]
    assert cirrus["performance"] == {
        "status": "up",
        "uptime_percentage": 90,
        "average_ttft_ms": 350,
        "p50_ttft_ms": 300,
        "p95_ttft_ms": 600,
        "average_total_ms": 3500,
        "p50_total_ms": 3000,
        "p95_total_ms": 6000,
        "tokens_per_second": 35,
        "samples": 6,
        "last_measured_at": "2026-03-01T11:50:00.000Z",
    }


async def test_it_shows_no_percentile_of_fewer_than_five_samples(api: Service) -> None:
    nimbus = (await api.json("/api/models/alpha-1/compare"))["comparison"][1]
    performance = nimbus["performance"]
    assert (performance["status"], performance["uptime_percentage"]) == ("down", 25)
    assert (performance["samples"], performance["average_ttft_ms"]) == (4, 150)
    assert [performance[key] for key in ("p50_ttft_ms", "p95_ttft_ms", "p50_total_ms", "p95_total_ms")] == (
        [None] * 4
    )


async def test_it_says_null_where_nothing_was_measured(api: Service) -> None:
    (cirrus, *_) = (await api.json("/api/models/gamma-free/compare?period=1h"))["comparison"]
    nothing = {key: None for key in PERFORMANCE if key not in {"status", "samples", "uptime_percentage"}}
    assert cirrus["performance"] == nothing | {
        "status": "up",
        "uptime_percentage": round(100 * 10 / 12, 3),
        "samples": 0,
    }


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("price", ["cirrus", "nimbus", "altus"]),
        ("output_price", ["nimbus", "cirrus", "altus"]),
        ("blended_price", ["nimbus", "cirrus", "altus"]),
        ("ttft", ["nimbus", "cirrus", "altus"]),
        ("throughput", ["nimbus", "cirrus", "altus"]),
        ("uptime", ["altus", "cirrus", "nimbus"]),
    ],
)
async def test_it_sorts_the_best_first_and_the_unknown_last(
    api: Service, sort: str, expected: list[str]
) -> None:
    assert await rows(api, f"sort={sort}") == expected


async def test_it_sorts_by_input_price_unless_told_otherwise(api: Service) -> None:
    assert await rows(api) == ["cirrus", "nimbus", "altus"]
    assert await rows(api, model="gamma-free") == ["cirrus", "nimbus"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("region=us-east-1", ["cirrus"]),
        ("region=ap-south-1", ["altus"]),
        ("region=eu-west-1&region=ap-south-1", ["cirrus", "altus"]),
        ("region=eu-west-1,ap-south-1", ["cirrus", "altus"]),
        ("region=global", ["nimbus"]),
        ("region=mars-1", []),
        ("region=", ["cirrus", "nimbus", "altus"]),
    ],
)
async def test_it_keeps_the_offerings_of_the_regions_asked_for(
    api: Service, query: str, expected: list[str]
) -> None:
    assert await rows(api, query) == expected


async def test_it_keeps_the_measurements_of_one_region(api: Service) -> None:
    body = await api.json("/api/models/alpha-1/compare?region=eu-west-1")
    performance = body["comparison"][0]["performance"]
    assert (performance["samples"], performance["average_ttft_ms"]) == (3, 400)
    assert performance["uptime_percentage"] == 90
    both = await api.json("/api/models/alpha-1/compare?region=eu-west-1,us-east-1")
    assert both["comparison"][0]["performance"]["samples"] == 6


@pytest.mark.parametrize(
    ("period", "uptime"),
    [("1h", 0.0), ("24h", 0.0), ("1d", 0.0), ("7d", 25.0), ("30d", 33.333)],
)
async def test_it_looks_back_as_far_as_the_period(api: Service, period: str, uptime: float) -> None:
    body = await api.json(f"/api/models/alpha-1/compare?period={period}")
    assert body["period"] == period
    assert body["comparison"][1]["performance"]["uptime_percentage"] == uptime


async def test_it_answers_an_alias_with_the_canonical_id(api: Service) -> None:
    assert (await api.json("/api/models/alpha-one/compare"))["model_id"] == "alpha-1"


async def test_it_refuses_what_is_not_in_a_vocabulary(api: Service) -> None:
    error = await api.problem("/api/models/alpha-1/compare?sort=prise&period=2d")
    assert error["message"] == (
        "sort must be one of price, output_price, blended_price, ttft, throughput, uptime "
        "(did you mean price?), not 'prise'; period must be one of 1h, 24h, 1d, 7d, 30d, "
        "not '2d'"
    )
    await api.problem("/api/models/nothing-of-the-kind/compare", 404)
