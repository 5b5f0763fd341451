"""Where telemetry is measured: databases of each kind, filled, and what each tells of itself."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.exc import SQLAlchemyError

from bench.servers import Postgres
from bench.telemetry_copy import copy_fill
from bench.telemetry_fill import Filled, Size, fill
from openmodels.opening import Stores, open_stores
from openmodels.settings import Settings, read_settings


class Place(Protocol):
    """One database."""

    stores: Stores
    filled: Filled
    """How filling it went."""

    async def tidy(self) -> None:
        """Do at once what the database does by itself sooner or later."""
        ...

    async def file_mb(self) -> float:
        """What it takes up on the disk, in megabytes."""
        ...

    async def mb_by_kind(self) -> dict[str, float]:
        """Megabytes by table, with its indexes; nothing where the database does not tell."""
        ...


class House(Protocol):
    """Where databases can be made."""

    kind: str
    """What they are."""
    recorded_when_filled: bool
    """Whether all was recorded through the store when it was filled, so that this tells how fast that is."""

    def filled(self, size: Size) -> AbstractAsyncContextManager[Place]:
        """A new database with so much in it, until the block ends."""
        ...


class SqlitePlace:
    """A SQLite file in a folder of its own."""

    def __init__(self, stores: Stores, folder: Path, filled: Filled) -> None:
        self.stores = stores
        self.filled = filled
        self._folder = folder

    async def tidy(self) -> None:
        """Nothing is left to do."""

    async def file_mb(self) -> float:
        """The file, and its journal."""
        return sum(file.stat().st_size for file in self._folder.iterdir()) / 1e6

    async def mb_by_kind(self) -> dict[str, float]:
        """Nothing where SQLite was built without the table that tells."""
        statement = (
            "SELECT m.tbl_name, SUM(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name "
            "WHERE s.aggregate = TRUE GROUP BY 1"
        )
        try:
            async with self.stores.engine.connect() as connection:
                rows: Sequence[Any] = (await connection.exec_driver_sql(statement)).all()
        except SQLAlchemyError:
            return {}
        return {row[0]: round(row[1] / 1e6, 2) for row in rows}


class SqliteHouse:
    """SQLite files below a folder."""

    kind = "SQLite"
    recorded_when_filled = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def filled(self, size: Size) -> AsyncIterator[SqlitePlace]:
        """A file in which all was recorded."""
        place = self._folder / size.name
        try:
            async with open_stores(read_settings({"OPENMODELS_DATA_DIR": str(place)})) as stores:
                yield SqlitePlace(stores, place, await fill(stores.telemetry, size))
        finally:
            shutil.rmtree(place, ignore_errors=True)


class PostgresPlace:
    """A database of a PostgreSQL server."""

    def __init__(self, stores: Stores, server: Postgres, database: str, filled: Filled) -> None:
        self.stores = stores
        self.filled = filled
        self._server = server
        self._database = database

    async def tidy(self) -> None:
        """Autovacuum's work."""
        await asyncio.to_thread(self._server.tidy, self._database)

    async def file_mb(self) -> float:
        """What the database says."""
        return self._server.file_mb(self._database)

    async def mb_by_kind(self) -> dict[str, float]:
        """Partitions count with the table that they are parts of."""
        return self._server.mb_by_table(self._database)


class PostgresHouse:
    """Databases of one PostgreSQL server, which need not be durable while they are filled."""

    kind = "PostgreSQL"
    recorded_when_filled = False

    def __init__(self, server: Postgres, folder: Path) -> None:
        self._server = server
        self._folder = folder

    @asynccontextmanager
    async def filled(self, size: Size) -> AsyncIterator[PostgresPlace]:
        """A database into which nearly all was copied; the server is durable by then."""
        database = self._server.create_database()
        settings = self._settings(database)
        try:
            with self._server.hurrying():
                async with open_stores(settings) as stores:
                    url = self._server.url(database)
                    filled = await copy_fill(stores.telemetry, url, size)
            async with open_stores(settings) as stores:
                yield PostgresPlace(stores, self._server, database, filled)
        finally:
            self._server.drop_database(database)

    def _settings(self, database: str) -> Settings:
        url = self._server.url(database)
        return read_settings({"OPENMODELS_DATABASE_URL": url, "OPENMODELS_DATA_DIR": str(self._folder)})
