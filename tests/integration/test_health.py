"""``GET /api/health``."""

import pytest

from fixtures.service import Service, start_service
from openmodels import version

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
