"""The regions in ``GET /api/health``."""

from datetime import datetime

import pytest

from fixtures.service import NOW, Service, start_service
from openmodels.errors import StoreError
from openmodels.store.cluster_ports import ALIVE_FOR, KNOWN_FOR, ProberSeen, RegionSeen
from openmodels.store.memory_cluster import MemoryClusterStore

pytestmark = pytest.mark.anyio


class Cluster(MemoryClusterStore):
    """The store in memory, which fails as a test says."""

    error: Exception | None = None

    async def regions(self, *, alive_since: datetime) -> list[RegionSeen]:
        if self.error is not None:
            raise self.error
        return list(await super().regions(alive_since=alive_since))


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
async def service(cluster: Cluster, anyio_backend: str) -> Service:
    return await start_service(cluster=cluster)


async def seen(cluster: Cluster, name: str, region: str) -> None:
    await cluster.prober_seen(ProberSeen(name=name, region=region, at=NOW), lost_before=NOW)


async def test_it_names_none_where_nobody_ever_probed(service: Service) -> None:
    body = await service.json("/api/health")
    assert body["status"] == "healthy"
    assert "regions" not in body["services"]


async def test_it_names_those_that_are_probed_from(service: Service, cluster: Cluster) -> None:
    await seen(cluster, "one", "us")
    await seen(cluster, "two", "eu")
    await seen(cluster, "three", "eu")
    service.clock.advance(seconds=ALIVE_FOR.total_seconds())
    body = await service.json("/api/health")
    assert body["status"] == "healthy"
    last = {"last_seen_at": "2026-03-01T12:00:00.000Z"}
    assert body["services"]["regions"] == [
        {"region": "eu", "status": "up", "probers": 2} | last,
        {"region": "us", "status": "up", "probers": 1} | last,
    ]


async def test_it_is_degraded_while_a_region_is_silent(service: Service, cluster: Cluster) -> None:
    await seen(cluster, "one", "us")
    await seen(cluster, "two", "eu")
    await cluster.prober_gone("one")
    service.clock.advance(seconds=ALIVE_FOR.total_seconds() + 0.001)
    response = await service.get("/api/health")
    body = response.json()
    assert (response.status_code, body["status"]) == (503, "degraded")
    assert [(r["region"], r["status"], r["probers"]) for r in body["services"]["regions"]] == [
        ("eu", "down", 0),
        ("us", "idle", 0),
    ]
    assert (await service.get("/api/models")).status_code == 200
    await cluster.forget_region("eu")
    service.clock.advance(seconds=1)  # so long an answer is held
    body = await service.json("/api/health")
    assert (body["status"], [r["region"] for r in body["services"]["regions"]]) == ("healthy", ["us"])


async def test_it_forgets_a_region_after_a_week(service: Service, cluster: Cluster) -> None:
    await seen(cluster, "one", "us")
    service.clock.advance(seconds=KNOWN_FOR.total_seconds())
    assert (await service.get("/api/health")).status_code == 503
    service.clock.advance(seconds=1)
    assert "regions" not in (await service.json("/api/health"))["services"]


async def test_it_says_nothing_of_regions_while_the_database_does_not(
    service: Service, cluster: Cluster
) -> None:
    await seen(cluster, "one", "us")
    cluster.error = StoreError("away")
    assert "regions" not in (await service.json("/api/health"))["services"]
