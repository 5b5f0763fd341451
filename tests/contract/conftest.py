"""Every implementation of each port; a new one is one more line here."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from contract.builders import settings_in
from contract.kept import Kept, kept_by
from fixtures.real_servers import PostgresServer
from openmodels.settings import Settings
from openmodels.store.engine import FILE_NAME, create_engine
from openmodels.store.memory import MemoryRegistryStore, MemoryTelemetryStore
from openmodels.store.migrate import migrate
from openmodels.store.ports import RegistryStore, TelemetryStore
from openmodels.store.registry import SqlRegistryStore
from openmodels.store.telemetry import SqlTelemetryStore
from openmodels.store.upkeep import Steps

Stores = tuple[RegistryStore, TelemetryStore]
OpenStores = Callable[[Path], AbstractAsyncContextManager[Stores]]
SMALL_STEPS = Steps(providers=2, rows=20, deleted=7)
"""So small that most tests see hours, days and deletions half done."""


@asynccontextmanager
async def memory(_folder: Path) -> AsyncIterator[Stores]:
    yield MemoryRegistryStore(), MemoryTelemetryStore()


def sqlite(template: Path) -> OpenStores:
    """Opens stores over a copy of that file."""

    @asynccontextmanager
    async def open_stores(folder: Path) -> AsyncIterator[Stores]:
        settings = settings_in(folder)
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        file = settings.data_dir / FILE_NAME
        if not file.exists():
            shutil.copy(template, file)
        async with sql_stores(settings) as stores:
            yield stores

    return open_stores


def postgresql(server: PostgresServer, template: str) -> OpenStores:
    """Opens stores over a copy of that database of this server, which is dropped afterwards."""

    @asynccontextmanager
    async def open_stores(folder: Path) -> AsyncIterator[Stores]:
        with copied(server, template) as url:
            async with sql_stores(settings_in(folder, OPENMODELS_DATABASE_URL=url)) as stores:
                yield stores

    return open_stores


@contextmanager
def copied(server: PostgresServer, template: str) -> Iterator[str]:
    """The URL of a copy of that database, for as long as this lasts."""
    database = server.create_database(template=template)
    try:
        yield server.url(database)
    finally:
        server.drop_database(database)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with the newest schema, to make copies of."""
    settings = settings_in(tmp_path_factory.mktemp("migrated-file"))

    async def migrate_once() -> None:
        async with sql_stores(settings):
            pass

    asyncio.run(migrate_once())
    return settings.data_dir / FILE_NAME


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of an empty PostgreSQL database with the newest schema, to make copies of."""
    database = postgres.migrated_database()
    folder = tmp_path_factory.mktemp("migrated")

    async def migrate_once() -> None:
        async with sql_stores(settings_in(folder, OPENMODELS_DATABASE_URL=postgres.url(database))):
            pass

    asyncio.run(migrate_once())
    return database


@pytest.fixture
def postgres_url(postgres: PostgresServer, migrated: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database with the newest schema."""
    with copied(postgres, migrated) as url:
        yield url


@asynccontextmanager
async def sql_stores(settings: Settings) -> AsyncIterator[Stores]:
    """Stores over the database that the settings name, its schema up to date."""
    engine = create_engine(settings)
    try:
        await migrate(engine)
        yield SqlRegistryStore(engine), SqlTelemetryStore(engine, steps=SMALL_STEPS)
    finally:
        await engine.dispose()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def open_stores(request: pytest.FixtureRequest) -> OpenStores:
    """Opens a pair of empty stores, for tests that need several."""
    if request.param == "postgresql":
        return postgresql(request.getfixturevalue("postgres"), request.getfixturevalue("migrated"))
    return sqlite(request.getfixturevalue("migrated_file")) if request.param == "sqlite" else memory


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


@pytest.fixture
def kept(registry_store: RegistryStore) -> Kept:
    return kept_by(registry_store)
