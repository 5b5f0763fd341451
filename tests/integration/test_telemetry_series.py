"""``GET /api/telemetry/series/{provider_id}``."""

from datetime import timedelta

import pytest

from contract.builders import check, measurement
from fixtures.failing import FailingTelemetry
from fixtures.service import NOW, Service, start_service
from openmodels.errors import StoreError

pytestmark = pytest.mark.anyio

SERIES = "/api/telemetry/series/cirrus"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def recorded() -> Service:
    """Five checks and measurements each in this hour's slice, and older ones of another region and model."""
    service = await start_service()
    now = NOW + 30 * MINUTE
    service.clock.advance(seconds=30 * 60)
    models = [model.record.id for model in service.live.snapshot.models]
    await service.record(
        [
            check("cirrus", now - 25 * HOUR, response_time_ms=10.0),
            check("cirrus", now - 3 * HOUR, "down", region="eu"),
            check("nimbus", now),
            *(
                check(
                    "cirrus",
                    now - n * MINUTE,
                    "up" if n else "down",
                    response_time_ms=100.0 + n if n else None,
                )
                for n in range(6)
            ),
        ],
        [
            measurement("cirrus", models[1], now - 3 * HOUR, region="eu", time_to_first_token_ms=7.0),
            measurement("cirrus", models[0], now - 2 * HOUR, outcome="timeout"),
            *(
                measurement("cirrus", models[0], now - n * MINUTE, time_to_first_token_ms=200.0 + n)
                for n in range(5)
            ),
        ],
    )
    return service


async def test_it_tells_slices_and_leaves_gaps() -> None:
    body = await (await recorded()).json(f"{SERIES}?period=24h")
    assert list(body) == [
        "provider_id",
        "provider_name",
        "period",
        "slice_s",
        "since",
        "checks",
        "measurements",
    ]
    assert {name: body[name] for name in ("provider_id", "provider_name", "period", "slice_s", "since")} == {
        "provider_id": "cirrus",
        "provider_name": "Cirrus Cloud",
        "period": "24h",
        "slice_s": 3600,
        "since": "2026-02-28T12:00:00.000Z",
    }
    assert body["checks"] == [
        {
            "start": "2026-03-01T09:00:00.000Z",
            "total": 1,
            "up": 0,
            "uptime_percentage": 0,
            "p50_response_time_ms": None,
            "p95_response_time_ms": None,
        },
        {
            "start": "2026-03-01T12:00:00.000Z",
            "total": 6,
            "up": 5,
            "uptime_percentage": 83.333,
            "p50_response_time_ms": 103,
            "p95_response_time_ms": 105,
        },
    ]
    old, new = body["measurements"]
    assert (old["start"], old["samples"], old["p50_ttft_ms"]) == ("2026-03-01T09:00:00.000Z", 1, None)
    assert new == {
        "start": "2026-03-01T12:00:00.000Z",
        "samples": 5,
        "p50_ttft_ms": 202,
        "p95_ttft_ms": 204,
        "p50_total_ms": 900.75,
        "p95_total_ms": 900.75,
        "average_ttft_ms": 202,
        "average_total_ms": 900.75,
        "average_tokens_per_second": 61.5,
    }


@pytest.mark.parametrize(
    ("period", "seconds", "since"),
    [
        ("1h", 3600, "2026-03-01T11:00:00.000Z"),
        ("1d", 3600, "2026-02-28T12:00:00.000Z"),
        ("7d", 3 * 3600, "2026-02-22T12:00:00.000Z"),
        ("30d", 24 * 3600, "2026-01-30T00:00:00.000Z"),
    ],
)
async def test_its_slices_are_as_long_as_the_period_asks_for(period: str, seconds: int, since: str) -> None:
    body = await (await recorded()).json(f"{SERIES}?period={period}")
    assert (body["period"], body["slice_s"], body["since"]) == (period, seconds, since)


async def test_the_first_slice_is_whole() -> None:
    body = await (await recorded()).json(f"{SERIES}?period=7d")
    assert [(one["start"][5:13], one["total"]) for one in body["checks"]] == [
        ("02-28T09", 1),
        ("03-01T09", 1),
        ("03-01T12", 6),
    ]


async def test_it_selects_regions_and_models() -> None:
    service = await recorded()
    eu = await service.json(f"{SERIES}?region=eu")
    assert [one["total"] for one in eu["checks"]] == [1]
    assert [one["samples"] for one in eu["measurements"]] == [1]
    name = service.live.snapshot.models[0].record.id
    one = await service.json(f"{SERIES}?model={name}")
    assert [slice_["samples"] for slice_ in one["measurements"]] == [5]
    assert len(one["checks"]) == 3
    assert (await service.json(f"{SERIES}?model=none-such"))["measurements"] == []


async def test_a_provider_of_which_nothing_is_known_has_no_slices() -> None:
    body = await (await recorded()).json("/api/telemetry/series/vacant")
    assert (body["checks"], body["measurements"]) == ([], [])


async def test_an_unknown_provider_is_a_404_that_suggests() -> None:
    problem = await (await recorded()).problem("/api/telemetry/series/cirus", 404)
    assert "cirrus" in problem["message"]


async def test_it_answers_503_while_the_database_fails() -> None:
    service = await start_service(telemetry=FailingTelemetry(StoreError("away")))
    await service.problem(SERIES, 503)
