"""Every implementation of each port; a new one is one more line here."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from contract.builders import settings_in
from openmodels.store.engine import create_engine, writing
from openmodels.store.memory import MemoryRegistryStore, MemoryTelemetryStore
from openmodels.store.migrate import migrate
from openmodels.store.ports import RegistryStore, TelemetryStore
from openmodels.store.registry import SqlRegistryStore
from openmodels.store.telemetry import SqlTelemetryStore
from openmodels.store.upkeep import Steps

Stores = tuple[RegistryStore, TelemetryStore]
OpenStores = Callable[[Path], AbstractAsyncContextManager[Stores]]
POSTGRESQL = os.environ.get("OPENMODELS_TEST_POSTGRESQL", "")
SMALL_STEPS = Steps(providers=2, rows=20, deleted=7)
"""So small that most tests see hours, days and deletions half done."""


@asynccontextmanager
async def memory(_folder: Path) -> AsyncIterator[Stores]:
    yield MemoryRegistryStore(), MemoryTelemetryStore()


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncIterator[Stores]:
    engine = create_engine(settings_in(folder))
    await migrate(engine)
    registry = SqlRegistryStore(engine)
    try:
        yield registry, SqlTelemetryStore(engine, steps=SMALL_STEPS)
    finally:
        await registry.close()


@asynccontextmanager
async def postgresql(folder: Path) -> AsyncIterator[Stores]:
    """Over the database that ``OPENMODELS_TEST_POSTGRESQL`` names, all of which is dropped first."""
    engine = create_engine(settings_in(folder, OPENMODELS_DATABASE_URL=POSTGRESQL))
    async with writing(engine) as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    await migrate(engine)
    registry = SqlRegistryStore(engine)
    try:
        yield registry, SqlTelemetryStore(engine, steps=SMALL_STEPS)
    finally:
        await registry.close()


IMPLEMENTATIONS: tuple[OpenStores, ...] = (memory, sqlite, postgresql) if POSTGRESQL else (memory, sqlite)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=IMPLEMENTATIONS, ids=lambda open_stores: open_stores.__name__)
def open_stores(request: pytest.FixtureRequest) -> OpenStores:
    """Opens a pair of empty stores, for tests that need several."""
    opener: OpenStores = request.param
    return opener


@pytest.fixture
async def stores(open_stores: OpenStores, tmp_path: Path, anyio_backend: str) -> AsyncIterator[Stores]:
    async with open_stores(tmp_path) as opened:
        yield opened


@pytest.fixture
def registry_store(stores: Stores) -> RegistryStore:
    return stores[0]


@pytest.fixture
def telemetry_store(stores: Stores) -> TelemetryStore:
    return stores[1]
