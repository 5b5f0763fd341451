"""``GET /api/health``."""

import asyncio
from datetime import datetime

import pytest

from fixtures.service import Service, start_service
from openmodels import version
from openmodels.store.memory import MemoryTelemetryStore

pytestmark = pytest.mark.anyio


async def test_it_tells_how_every_service_is(api: Service) -> None:
    response = await api.get("/api/health")
    assert response.status_code == 200
    body = response.json()
    assert list(body) == ["status", "timestamp", "version", "services"]
    assert body["status"] == "healthy"
    assert body["timestamp"] == "2026-03-01T12:00:00.000Z"
    assert body["version"] == version()
    services = body["services"]
    assert list(services) == ["api", "database", "cache", "telemetry", "registry"]
    assert services["api"] == {"status": "up"}
    for name in ("database", "cache"):
        assert list(services[name]) == ["status", "latency_ms"]
        assert services[name]["status"] == "up"
        assert 0 <= services[name]["latency_ms"] < 1000
    assert services["telemetry"] == {"status": "up", "last_probe_at": "2026-03-01T11:59:00.000Z"}
    assert services["registry"] == {
        "status": "up",
        "revision": api.live.snapshot.revision,
        "problem": None,
    }


async def test_it_says_idle_before_the_first_probe() -> None:
    service = await start_service()
    body = await service.json("/api/health")
    assert body["services"]["telemetry"] == {"status": "idle", "last_probe_at": None}
    assert body["status"] == "healthy"


async def test_it_is_found_out_anew_each_time(api: Service) -> None:
    response = await api.get("/api/health")
    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers


class Counting(MemoryTelemetryStore):
    """Counts how often it is asked."""

    asked = 0
    failing = False

    async def last_probe_at(self) -> datetime | None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.failing:
            raise KeyError("nobody foresaw this")
        return await super().last_probe_at()


async def test_it_asks_once_for_all_who_ask_at_a_time_and_for_a_second_after() -> None:
    telemetry = Counting()
    service = await start_service(telemetry=telemetry)
    answers = await asyncio.gather(*(service.get("/api/health") for _ in range(20)))
    service.clock.advance(seconds=0.9)
    answers.append(await service.get("/api/health"))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert telemetry.asked == 1
    service.clock.advance(seconds=0.1)
    assert (await service.json("/api/health"))["timestamp"] != answers[0].json()["timestamp"]
    assert telemetry.asked == 2


async def test_it_holds_no_failure() -> None:
    telemetry = Counting()
    service = await start_service(telemetry=telemetry)
    telemetry.failing = True
    assert (await service.get("/api/health")).status_code == 500
    telemetry.failing = False
    assert (await service.get("/api/health")).status_code == 200
