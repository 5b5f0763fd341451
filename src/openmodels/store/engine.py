"""The way to the database: one place for addresses, transactions and the driver's errors.

Whatever is particular to one database stands here, in ``sqlite`` and in ``postgresql``; the queries elsewhere
are portable.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy import func, make_url, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from openmodels.errors import StoreError
from openmodels.settings import Settings
from openmodels.store.failures import explained
from openmodels.store.sqlite import WRITES, first_number, sqlite_engine

FILE_NAME = "openmodels.db"
BUSY_TIMEOUT = 10.0
"""Seconds that a writer waits for another one; the publish of a very large registry takes a few."""
STATEMENT_TIMEOUT = 60.0
"""Seconds after which one statement is given up, where a server is asked over a network. SQLite has no such
limit: its statements are bounded by what they read."""
REPLICA_TIMEOUT = 5.0
"""The same for a replica, for the primary answers in its place."""
MANY_FREE = 1_000
"""Free pages, 4 KB each, from which on a SQLite file may get smaller; and a quarter of the file at least."""
GIVEN_BACK = 500
"""How many of them one step gives back."""
INCREMENTAL = 2
"""How SQLite numbers the kind of vacuum that goes in steps."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}
_PACKAGES = {"sqlite+aiosqlite": "aiosqlite", "postgresql+psycopg": "psycopg"}
ABANDONED_SECONDS = 30
"""After so long without a word from a client, PostgreSQL ends a transaction that writes."""
_ABANDONED = select(
    func.set_config("idle_in_transaction_session_timeout", str(ABANDONED_SECONDS * 1000), True)
)
_SETTING = "openmodels_setting"
PRIMARY, REPLICA = "OPENMODELS_DATABASE_URL", "OPENMODELS_DATABASE_READ_URL"
DIRECT = "OPENMODELS_DATABASE_DIRECT_URL"
_ELSEWHERE = "or set OPENMODELS_DATABASE_URL to another, such as sqlite:///var/openmodels.db"


def create_engine(
    settings: Settings, *, busy_timeout: float = BUSY_TIMEOUT, statement_timeout: float = STATEMENT_TIMEOUT
) -> AsyncEngine:
    """The engine for the database that the settings name; SQLite in the data folder when they name none.

    Makes the folder of a SQLite file, and connects only when first used. ``busy_timeout`` is how many seconds
    a writer waits for another in SQLite, ``statement_timeout`` how many a statement may take in PostgreSQL.
    Raises ``StoreError`` for an address that cannot be used.
    """
    if not settings.database_url:
        file = settings.data_dir / FILE_NAME
        return sqlite_engine(URL.create(_DRIVERS["sqlite"], database=str(file)), busy_timeout)
    url = _address(settings.database_url, PRIMARY)
    if url.get_backend_name() == "sqlite":
        _check_file_address(url)
        return sqlite_engine(url, busy_timeout)
    return _server_engine(url, settings, PRIMARY, statement_timeout)


def create_read_engine(
    settings: Settings, *, statement_timeout: float = REPLICA_TIMEOUT
) -> AsyncEngine | None:
    """The engine for the replica that the settings name; None when they name none. Raises ``StoreError``."""
    if not settings.database_read_url:
        return None
    both = {
        setting: _address(value, setting).get_backend_name() if value else "sqlite"
        for setting, value in ((PRIMARY, settings.database_url), (REPLICA, settings.database_read_url))
    }
    if set(both.values()) != {"postgresql"}:
        raise StoreError(
            f"{REPLICA} is for a replica of a PostgreSQL database; set it and {PRIMARY} both to "
            "postgresql://<user>:<password>@<host>/<database>, or unset it"
        )
    return _server_engine(_address(settings.database_read_url, REPLICA), settings, REPLICA, statement_timeout)


def listening_address(settings: Settings) -> tuple[URL, str] | None:
    """Where to listen for announcements, and which setting says so; None for a database that makes none.

    Raises ``StoreError`` for an address that cannot be used.
    """
    serves = settings.database_url and _address(settings.database_url, PRIMARY).get_backend_name() != "sqlite"
    if serves and not settings.database_direct_url:
        return _address(settings.database_url, PRIMARY), PRIMARY
    if not settings.database_direct_url:
        return None
    url = _address(settings.database_direct_url, DIRECT)
    if not serves or url.get_backend_name() == "sqlite":
        raise StoreError(
            f"{DIRECT} is for a PostgreSQL database behind a pooler; set it and {PRIMARY} both to "
            "postgresql://<user>:<password>@<host>/<database>, or unset it"
        )
    return url, DIRECT


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A read transaction: everything in it sees one and the same state. Raises only ``StoreError``."""
    options: dict[str, Any] = {}
    if not is_sqlite(engine):
        # SQLite's readers see one state anyway; PostgreSQL's do so from this level on.
        options["isolation_level"] = "REPEATABLE READ"
    async with _transaction(engine, options) as connection:
        yield connection


@asynccontextmanager
async def writing(engine: AsyncEngine, *, patient: bool = False) -> AsyncIterator[AsyncConnection]:
    """A transaction that writes: all of it or nothing. Raises only ``StoreError``.

    ``DatabaseLocked`` when another writer does not come to an end. A ``patient`` one has statements that may
    take as long as they take.
    """
    async with _transaction(engine, {WRITES: True}) as connection:
        if is_sqlite(engine):
            yield connection
            return
        if not patient:
            # Without this, a machine that vanishes within a transaction keeps its locks for hours, and all
            # others wait for them. It is part of the transaction, so it goes through a pooler.
            await connection.execute(_ABANDONED)
            yield connection
            return
        driver: Any = (await connection.get_raw_connection()).driver_connection
        limit, driver.limit = driver.limit, None
        try:
            yield connection
        finally:
            driver.limit = limit


def is_sqlite(of: AsyncEngine | AsyncConnection) -> bool:
    """Whether this is SQLite; the only other database is PostgreSQL."""
    return of.dialect.name == "sqlite"


async def give_back(engine: AsyncEngine) -> bool:
    """Make the file smaller by a few of the pages that deleting left free, when they are many.

    False when there was nothing to do: few are free, and will be used again; or the database does this by
    itself, as PostgreSQL; or its file was made by a version that did not provide for it. Raises
    ``StoreError``.
    """
    if not is_sqlite(engine):
        return False
    with translated(engine):
        async with engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            free = await first_number(driver, "freelist_count")
            many = max(MANY_FREE, await first_number(driver, "page_count") // 4)
            if free < many or await first_number(driver, "auto_vacuum") != INCREMENTAL:
                return False
            # As a script, and outside a transaction: otherwise the driver takes one step, which is one page.
            await driver.executescript(f"PRAGMA incremental_vacuum({GIVEN_BACK})")
            return await first_number(driver, "freelist_count") < free


@asynccontextmanager
async def _transaction(engine: AsyncEngine, options: dict[str, Any]) -> AsyncIterator[AsyncConnection]:
    with translated(engine):
        async with engine.connect() as connection:
            await connection.execution_options(**options)
            async with connection.begin():
                yield connection


@contextmanager
def translated(engine: AsyncEngine) -> Iterator[None]:
    """The border: what the driver raises inside comes out as a ``StoreError`` of one line."""
    try:
        yield
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error, OSError) as error:
        setting = engine.get_execution_options().get(_SETTING, PRIMARY)
        raise explained(error, name_of(engine.url), setting=setting) from error


def name_of(url: URL) -> str:
    """How a database is called in a message: a file by its path, a server by its address without password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    # What stands after '?' may be a password as well.
    bare = url.set(drivername=url.get_backend_name(), query={})
    return bare.render_as_string(hide_password=True)


def _address(value: str, setting: str) -> URL:
    try:
        url = make_url(value)
        scheme = url.drivername
    except (ArgumentError, ValueError):
        raise StoreError(f"{setting} is not a URL; correct it, {_ELSEWHERE}") from None
    driver = scheme if scheme in _PACKAGES else _DRIVERS.get(scheme)
    if driver is None:
        raise StoreError(
            f"{setting} begins with {scheme[:40]!r}, which openmodels does not speak; "
            "use sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>"
        )
    return url.set(drivername=driver)


def _server_engine(url: URL, settings: Settings, setting: str, statement_timeout: float) -> AsyncEngine:
    try:
        # Only here, for a database in a file needs no driver for servers, and starts faster without.
        from openmodels.store.postgresql import postgresql_engine  # noqa: PLC0415

        return postgresql_engine(
            url,
            pool=settings.database_pool,
            statement_timeout=statement_timeout,
            options={_SETTING: setting},
        )
    except ImportError:
        package = _PACKAGES[url.drivername]
        raise StoreError(
            f"a {url.get_backend_name()} database needs the package {package}, which is not installed: "
            f"pip install {package}, {_ELSEWHERE}"
        ) from None


def _check_file_address(url: URL) -> None:
    if url.host or url.username:
        raise StoreError(
            "OPENMODELS_DATABASE_URL has two slashes where a file needs three: sqlite:///var/openmodels.db"
        )
    if url.query:
        raise StoreError("OPENMODELS_DATABASE_URL has options after '?', and a SQLite database takes none")
    if url.database in (None, "", ":memory:"):
        # Each connection would have a database of its own.
        raise StoreError("OPENMODELS_DATABASE_URL names no file; write sqlite:///var/openmodels.db")
