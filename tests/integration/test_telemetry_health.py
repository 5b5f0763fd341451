"""``GET /api/telemetry/health/{provider_id}``."""

from datetime import timedelta

import pytest

from contract.builders import check
from fixtures.service import NOW, Service, start_service
from fixtures.shapes import CHECK, HEALTH, INCIDENT

pytestmark = pytest.mark.anyio


async def test_it_sums_up_the_checks_of_a_period(api: Service) -> None:
    body = await api.json("/api/telemetry/health/cirrus")
    assert list(body) == HEALTH
    assert {key: body[key] for key in HEALTH[:8]} == {
        "provider_id": "cirrus",
        "provider_name": "Cirrus Cloud",
        "period": "7d",
        "status": "up",
        "uptime_percentage": 90,
        "checks_total": 20,
        "average_response_time_ms": round(1985 / 18, 3),
        "p95_response_time_ms": 119,
    }


async def test_it_lists_the_newest_checks_first(api: Service) -> None:
    checks = (await api.json("/api/telemetry/health/cirrus"))["checks"]
    assert len(checks) == 20
    assert all(list(item) == CHECK for item in checks)
    times = [item["checked_at"] for item in checks]
    assert times == sorted(times, reverse=True)
    assert checks[0] == {
        "status": "up",
        "outcome": "ok",
        "checked_at": "2026-03-01T11:59:00.000Z",
        "response_time_ms": 100,
        "region": "us-east-1",
    }
    assert checks[2] == {
        "status": "down",
        "outcome": "timeout",
        "checked_at": "2026-03-01T11:49:00.000Z",
        "response_time_ms": None,
        "region": "us-east-1",
    }


async def test_it_lists_as_many_checks_as_asked_and_sums_up_all(api: Service) -> None:
    body = await api.json("/api/telemetry/health/cirrus?limit=3")
    assert (len(body["checks"]), body["checks_total"], body["uptime_percentage"]) == (3, 20, 90)


async def test_it_lists_fifty_checks_unless_told_otherwise() -> None:
    service = await start_service()
    await service.record([check("vacant", NOW - timedelta(minutes=n)) for n in range(60)])
    assert len((await service.json("/api/telemetry/health/vacant"))["checks"]) == 50
    assert len((await service.json("/api/telemetry/health/vacant?limit=500"))["checks"]) == 60


async def test_it_lists_the_incidents_that_touch_the_period(api: Service) -> None:
    incidents = (await api.json("/api/telemetry/health/nimbus"))["incidents"]
    assert incidents == [
        {
            "started_at": "2026-03-01T11:48:00.000Z",
            "ended_at": None,
            "duration_s": 720,
            "reason": "down: 3 checks in a row failed (timeout)",
        }
    ]
    month = (await api.json("/api/telemetry/health/nimbus?period=30d"))["incidents"]
    assert all(list(item) == INCIDENT for item in month)
    assert [item["started_at"] for item in month] == ["2026-03-01T11:48:00.000Z", "2026-02-09T12:00:00.000Z"]
    assert (month[1]["ended_at"], month[1]["duration_s"]) == ("2026-02-10T12:00:00.000Z", 86400)


@pytest.mark.parametrize(
    ("provider", "status"),
    [("cirrus", "up"), ("nimbus", "down"), ("altus", "unknown"), ("vacant", "unknown")],
)
async def test_it_tells_the_status_now(api: Service, provider: str, status: str) -> None:
    assert (await api.json(f"/api/telemetry/health/{provider}"))["status"] == status
    assert (await api.json(f"/api/providers/{provider}"))["status"] == status


async def test_it_says_unknown_once_the_newest_check_is_older_than_three_intervals() -> None:
    service = await start_service()
    await service.record([check("vacant", NOW)])
    service.clock.advance(seconds=15 * 60)
    assert (await service.json("/api/telemetry/health/vacant"))["status"] == "up"
    service.clock.advance(seconds=11)  # what was kept of the answer has run out
    assert (await service.json("/api/telemetry/health/vacant"))["status"] == "unknown"
    assert (await service.json("/api/telemetry/health/vacant"))["uptime_percentage"] == 100


async def test_it_says_null_with_no_checks(api: Service) -> None:
    body = await api.json("/api/telemetry/health/vacant")
    assert body == {
        "provider_id": "vacant",
        "provider_name": "Vacant",
        "period": "7d",
        "status": "unknown",
        "uptime_percentage": None,
        "checks_total": 0,
        "average_response_time_ms": None,
        "p95_response_time_ms": None,
        "checks": [],
        "incidents": [],
    }


async def test_it_says_no_percentile_of_fewer_than_five_answers(api: Service) -> None:
    body = await api.json("/api/telemetry/health/nimbus")
    assert (body["checks_total"], body["average_response_time_ms"]) == (4, 80)
    assert body["p95_response_time_ms"] is None


@pytest.mark.parametrize(("period", "total"), [("1h", 12), ("24h", 20), ("1d", 20), ("7d", 20), ("30d", 20)])
async def test_it_looks_back_as_far_as_the_period(api: Service, period: str, total: int) -> None:
    body = await api.json(f"/api/telemetry/health/cirrus?period={period}")
    assert (body["period"], body["checks_total"]) == (period, total)


async def test_it_looks_back_a_month_at_most(api: Service) -> None:
    body = await api.json("/api/telemetry/health/altus?period=30d")
    assert (body["checks_total"], body["uptime_percentage"]) == (2, 50)


async def test_it_keeps_the_checks_of_one_region(api: Service) -> None:
    body = await api.json("/api/telemetry/health/cirrus?region=eu-west-1")
    assert (body["checks_total"], body["uptime_percentage"]) == (10, 90)
    assert {item["region"] for item in body["checks"]} == {"eu-west-1"}
    assert (await api.json("/api/telemetry/health/cirrus?region=mars-1"))["uptime_percentage"] is None


@pytest.mark.parametrize("query", ["region=eu-west-1,us-east-1", "region=eu-west-1&region=us-east-1"])
async def test_it_keeps_the_checks_of_any_of_several_regions(api: Service, query: str) -> None:
    body = await api.json(f"/api/telemetry/health/cirrus?{query},mars-1")
    assert body == await api.json("/api/telemetry/health/cirrus")
    assert body["checks_total"] == 20


async def test_it_refuses_what_it_cannot_read(api: Service) -> None:
    error = await api.problem("/api/telemetry/health/cirrus?period=fortnight&limit=501&limit=5")
    assert error["message"] == (
        "period must be one of 1h, 24h, 1d, 7d, 30d, not 'fortnight'; limit must be given once, not '501, 5'"
    )
    assert (await api.problem("/api/telemetry/health/nimbuss", 404))["message"] == (
        "Provider not found: 'nimbuss'. Did you mean 'nimbus'?"
    )


async def test_it_gives_a_duration_to_the_millisecond() -> None:
    service = await start_service()
    began = NOW - timedelta(seconds=31.892984)
    await service.record([check("cirrus", began, "down") for _ in range(3)])
    (incident,) = (await service.json("/api/telemetry/health/cirrus"))["incidents"]
    assert incident["duration_s"] == 31.893
