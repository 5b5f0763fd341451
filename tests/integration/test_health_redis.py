"""``GET /api/health`` where a Redis is set, and ``GET /api/health/live``."""

from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import generate_latest

from fixtures.failing import FailingTelemetry
from fixtures.real_servers import ValkeyServer, valkey_server
from fixtures.redis_links import Nodes, client_of, nodes
from fixtures.service import Service, start_service
from openmodels.errors import StoreError
from openmodels.metrics.collect import _Families
from openmodels.metrics.redis import redis_families

pytestmark = pytest.mark.anyio


@pytest.fixture
def own_valkey() -> Iterator[ValkeyServer]:
    """A server that the test may stop."""
    with valkey_server() as server:
        yield server


async def health(service: Service) -> tuple[int, str, Any]:
    """The status code, the status, and what is said of Redis, found out anew."""
    service.clock.advance(seconds=1)
    answer = await service.get("/api/health")
    body = answer.json()
    return answer.status_code, body["status"], body["services"].get("redis")


async def test_it_says_nothing_of_a_redis_that_is_not_set() -> None:
    # Its own: finding out anew moves the clock.
    assert await health(await start_service()) == (200, "healthy", None)


async def test_it_is_degraded_while_redis_is_away_and_healthy_again(own_valkey: ValkeyServer) -> None:
    async with nodes(own_valkey.url, 1) as one:
        code, status, found = await health(one[0])
        assert (code, status, found["status"]) == (200, "healthy", "up")
        assert 0 <= found["latency_ms"] < 1000
        own_valkey.stop()
        for _ in range(3):
            found = await health(one[0])
            assert found == (503, "degraded", {"status": "down", "latency_ms": None})
        own_valkey.start()
        await one.until_up()
        assert (await health(one[0]))[:2] == (200, "healthy")


async def test_it_is_degraded_while_redis_takes_no_writes(own_valkey: ValkeyServer) -> None:
    async with nodes(own_valkey.url, 1) as one:
        client_of(own_valkey).config_set("maxmemory", "1")
        assert await health(one[0]) == (503, "degraded", {"status": "down", "latency_ms": None})


async def test_live_says_which_revision_it_serves(api: Service) -> None:
    answer = await api.get("/api/health/live")
    assert answer.status_code == 200
    assert answer.json() == {"status": "up", "revision": api.live.snapshot.revision}
    assert answer.headers["cache-control"] == "no-store"


async def test_live_asks_nobody() -> None:
    service = await start_service(
        telemetry=FailingTelemetry(StoreError("the database is away")), RATE_LIMIT="1"
    )
    for _ in range(5):
        assert (await service.get("/api/health/live")).status_code == 200
    assert (await service.get("/api/health")).status_code == 503


async def test_live_is_up_while_redis_is_away(own_valkey: ValkeyServer) -> None:
    async with nodes(own_valkey.url, 1, limit=1) as one:
        own_valkey.stop()
        for _ in range(3):
            assert (await one[0].get("/api/health/live")).status_code == 200
        # It did not even find out.
        assert one.links[0].link.up


def figures(running: Nodes) -> dict[str, float]:
    families = redis_families(running.links[0].link, running[0].app)
    lines = generate_latest(_Families(families)).decode().splitlines()
    return {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))
    }


async def test_the_metrics_tell_how_it_is_shared(own_valkey: ValkeyServer) -> None:
    async with nodes(own_valkey.url, 1, limit=5) as one:
        for _ in range(3):
            await one[0].get("/api/stats")
        own_valkey.stop()
        await one[0].get("/api/stats")
        assert figures(one) == {
            "openmodels_redis_up": 0,
            "openmodels_redis_failures_total": 1,
            'openmodels_shared_limit_total{counted="shared"}': 3,
            'openmodels_shared_limit_total{counted="local"}': 1,
            "openmodels_shared_cache_hits_total": 0,
            "openmodels_shared_cache_misses_total": 1,
            "openmodels_shared_cache_errors_total": 0,
            "openmodels_shared_cache_skipped_total": 0,
        }
