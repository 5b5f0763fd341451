"""The database fails: what comes from the registry goes on being answered, and health says so."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contract.builders import check
from fixtures.catalogue import catalogue
from fixtures.failing import FailingTelemetry
from fixtures.service import NOW, PUBLISHED, Service, start_service
from openmodels.bootstrap import create_app
from openmodels.clock import SettableClock
from openmodels.errors import StoreError
from openmodels.opening import open_stores
from openmodels.settings import read_settings
from openmodels.store.live import Live

pytestmark = pytest.mark.anyio

REGISTRY_TARGETS = [
    "/api/models",
    "/api/models?search=alpha&sort=price",
    "/api/models/alpha-1",
    "/api/models/alpha-1/providers",
    "/api/models/alpha-1/compare",
    "/api/models/popular",
    "/api/providers",
    "/api/providers?status=unknown",
    "/api/providers/cirrus",
    "/api/search?q=cirrus",
    "/api/search/index",
    "/api/stats",
    "/api/openapi.json",
]


@asynccontextmanager
async def service_over_sqlite(folder: Path) -> AsyncIterator[Service]:
    """A service over a real database in ``folder``."""
    settings = read_settings({"OPENMODELS_DATA_DIR": str(folder), "OPENMODELS_RATE_LIMIT": "0"})
    clock = SettableClock(NOW)
    async with open_stores(settings) as stores:
        await stores.registry.publish(catalogue(), base=None, at=PUBLISHED)
        live = Live(stores.registry, stores.telemetry)
        await live.start()
        app = create_app(
            settings,
            live=live,
            registry=stores.registry,
            telemetry=stores.telemetry,
            history=stores.history,
            clock=clock,
        )
        yield Service(
            app=app,
            live=live,
            registry=stores.registry,
            telemetry=stores.telemetry,
            history=stores.history,
            clock=clock,
        )


def drop_tables(folder: Path) -> None:
    """Take the tables away, as a broken migration or a wrong file would."""
    with sqlite3.connect(folder / "openmodels.db") as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in names:
            if not name.startswith("sqlite_"):
                connection.execute(f'DROP TABLE "{name}"')
    connection.close()


async def test_it_answers_the_same_over_sqlite_as_over_memory(tmp_path: Path) -> None:
    memory = await start_service()
    checks = [check("cirrus", NOW)]
    await memory.record(checks)
    async with service_over_sqlite(tmp_path) as service:
        await service.record(checks)
        for target in [*REGISTRY_TARGETS, "/api/telemetry/health/cirrus", "/api/telemetry/ranked/alpha-1"]:
            assert (await service.get(target)).content == (await memory.get(target)).content, target


async def test_it_goes_on_answering_from_the_registry_without_its_tables(tmp_path: Path) -> None:
    async with service_over_sqlite(tmp_path) as service:
        expected = {target: await service.get(target) for target in REGISTRY_TARGETS}
        drop_tables(tmp_path)
        service.clock.advance(seconds=60)  # what was kept of telemetry has run out
        await service.live.refresh()
        for target, before in expected.items():
            after = await service.get(target)
            assert after.status_code == 200, target
            if target != "/api/stats":
                assert after.content == before.content, target
        assert (await service.json("/api/stats"))["checks_24h"] is None


async def test_it_says_that_it_is_degraded(tmp_path: Path) -> None:
    async with service_over_sqlite(tmp_path) as service:
        drop_tables(tmp_path)
        response = await service.get("/api/health")
        assert response.status_code == 503
        body = response.json()
        assert body["status"] == "degraded"
        assert body["services"]["api"] == {"status": "up"}
        assert body["services"]["database"] == {"status": "down", "latency_ms": None}
        assert body["services"]["telemetry"] == {"status": "down", "last_probe_at": None}
        assert body["services"]["cache"]["status"] == "up"
        assert body["services"]["registry"]["status"] == "up"


async def test_it_hides_what_failed_where_only_telemetry_could_answer(tmp_path: Path) -> None:
    async with service_over_sqlite(tmp_path) as service:
        drop_tables(tmp_path)
        for target in (
            "/api/telemetry/health/cirrus",
            "/api/telemetry/latency/cirrus",
            "/api/telemetry/ranked/alpha-1",
        ):
            response = await service.get(target)
            assert response.status_code == 503
            assert response.json()["error"]["status"] == 503
            assert response.json()["error"]["type"] == "SERVICE_UNAVAILABLE"
            assert "openmodels.db" not in response.text
            assert "table" not in response.text


async def test_it_recovers_when_the_database_is_back() -> None:
    store = FailingTelemetry(None, wholly=True)
    service = await start_service(telemetry=store)
    store.error = StoreError("the database is locked")
    await service.live.refresh()
    assert (await service.get("/api/health")).status_code == 503
    assert (await service.json("/api/providers/cirrus"))["status"] == "unknown"
    store.error = None
    await service.record([check("cirrus", NOW)])
    service.clock.advance(seconds=1)  # so long an answer is held
    assert (await service.get("/api/health")).status_code == 200
    assert (await service.json("/api/providers/cirrus"))["status"] == "up"


async def test_it_shows_unknown_in_place_of_what_telemetry_would_say() -> None:
    service = await start_service(telemetry=FailingTelemetry(StoreError("the database is locked")))
    provider = await service.json("/api/providers/cirrus")
    assert (provider["status"], provider["last_checked_at"]) == ("unknown", None)
    comparison = (await service.json("/api/models/alpha-1/compare"))["comparison"]
    assert [row["provider_id"] for row in comparison] == ["cirrus", "nimbus", "altus"]
    assert comparison[0]["performance"]["status"] == "unknown"
    assert comparison[0]["performance"]["uptime_percentage"] is None


async def test_it_answers_everything_while_somebody_else_holds_the_write_lock(tmp_path: Path) -> None:
    async with service_over_sqlite(tmp_path) as service:
        other = sqlite3.connect(tmp_path / "openmodels.db")
        try:
            other.execute("BEGIN IMMEDIATE")
            await service.live.refresh()
            for target in [*REGISTRY_TARGETS, "/api/telemetry/health/cirrus", "/api/health"]:
                assert (await service.get(target)).status_code == 200, target
        finally:
            other.close()
