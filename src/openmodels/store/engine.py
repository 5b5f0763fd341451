"""The way to the database: one place for addresses, transactions and the driver's errors.

Whatever is particular to one database stands here; the queries elsewhere are portable.
"""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from openmodels.errors import SchemaOutdated, StoreError
from openmodels.settings import Settings

FILE_NAME = "openmodels.db"
BUSY_TIMEOUT = 10.0
"""Seconds that a writer waits for another one; the publish of a very large registry takes a few."""
STATEMENT_TIMEOUT = 60.0
"""Seconds after which one statement is given up, where a server is asked over a network. SQLite has no such
limit: its statements are bounded by what they read."""
MANY_FREE = 1_000
"""Free pages, 4 KB each, from which on a SQLite file may get smaller; and a quarter of the file at least."""
GIVEN_BACK = 500
"""How many of them one step gives back."""
INCREMENTAL = 2
"""How SQLite numbers the kind of vacuum that goes in steps."""
CACHE_KB = 16_384
"""Memory that a connection may take for pages. SQLite's own 2 MB do not hold the places in the indexes where
the next rows of a thousand providers go."""
LEFTOVER_JOURNAL = 16 * 1024 * 1024
"""What the journal shrinks back to after a large publish, in bytes."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}
_PACKAGES = {"sqlite+aiosqlite": "aiosqlite", "postgresql+psycopg": "psycopg"}
_WRITES = "openmodels_writes"
_PERMIT = "make it and its folder writable, or set OPENMODELS_DATA_DIR to another folder"
_ELSEWHERE = "or set OPENMODELS_DATABASE_URL to another, such as sqlite:///var/openmodels.db"


class DatabaseLocked(StoreError):
    """Another program kept the database to itself for longer than a writer waits."""


_LOCKED = "the database {name} is locked: another program is writing to it; try again when it is done"
# By the beginning of SQLite's own name of the error: what to raise, and what the reader should do.
_ADVICE: tuple[tuple[str, type[StoreError], str], ...] = (
    ("SQLITE_BUSY", DatabaseLocked, _LOCKED),
    ("SQLITE_LOCKED", DatabaseLocked, _LOCKED),
    ("SQLITE_NOTADB", StoreError, "{name} is not a SQLite database; move the file away, " + _ELSEWHERE),
    (
        "SQLITE_CORRUPT",
        StoreError,
        "the database {name} is damaged; restore it from a backup, or move it away",
    ),
    ("SQLITE_CANTOPEN", StoreError, "the database {name} cannot be opened; " + _PERMIT),
    ("SQLITE_READONLY", StoreError, "the database {name} cannot be written; " + _PERMIT),
    ("SQLITE_FULL", StoreError, "there is no space left for the database {name}; make some and try again"),
    ("SQLITE_IOERR", StoreError, "the disk failed under the database {name}; look at the disk and try again"),
)
_WRONG_SCHEMA = ("no such table", "no such column", "has no column named")


def create_engine(settings: Settings, *, busy_timeout: float = BUSY_TIMEOUT) -> AsyncEngine:
    """The engine for the database that the settings name; SQLite in the data folder when they name none.

    Makes the folder of a SQLite file, and connects only when first used. ``busy_timeout`` is how many seconds
    a writer waits for another. Raises ``StoreError`` for an address that cannot be used.
    """
    url = _address(settings)
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, busy_timeout)
    try:
        unprepared = {"prepare_threshold": None}
        return create_async_engine(url, hide_parameters=True, connect_args=unprepared)
    except ImportError:
        package = _PACKAGES[url.drivername]
        raise StoreError(
            f"a {url.get_backend_name()} database needs the package {package}, which is not installed: "
            f"pip install {package}, {_ELSEWHERE}"
        ) from None


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A read transaction: everything in it sees one and the same state. Raises only ``StoreError``."""
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        # SQLite's readers see one state anyway; PostgreSQL's do so from this level on.
        options["isolation_level"] = "REPEATABLE READ"
    async with _transaction(engine, options) as connection:
        yield connection


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that writes: all of it or nothing. Raises only ``StoreError``.

    ``DatabaseLocked`` when another writer does not come to an end.
    """
    async with _transaction(engine, {_WRITES: True}) as connection:
        yield connection


async def give_back(engine: AsyncEngine) -> bool:
    """Make the file smaller by a few of the pages that deleting left free, when they are many.

    False when there was nothing to do: few are free, and will be used again; or the database does this by
    itself, as PostgreSQL; or its file was made by a version that did not provide for it. Raises
    ``StoreError``.
    """
    if engine.dialect.name != "sqlite":
        return False
    with translated(engine):
        async with engine.connect() as connection:
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            free = await _first_number(driver, "freelist_count")
            many = max(MANY_FREE, await _first_number(driver, "page_count") // 4)
            if free < many or await _first_number(driver, "auto_vacuum") != INCREMENTAL:
                return False
            # As a script, and outside a transaction: otherwise the driver takes one step, which is one page.
            await driver.executescript(f"PRAGMA incremental_vacuum({GIVEN_BACK})")
            return await _first_number(driver, "freelist_count") < free


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
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise _explained(error, engine.url) from error


def name_of(url: URL) -> str:
    """How a database is called in a message: a file by its path, a server by its address without password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def _explained(error: Exception, url: URL) -> StoreError:
    cause = getattr(error, "orig", None) or error
    name = name_of(url)
    code = getattr(cause, "sqlite_errorname", "")
    for beginning, kind, advice in _ADVICE:
        if code.startswith(beginning):
            return kind(advice.format(name=name))
    lines = str(cause).splitlines() or [type(cause).__name__]
    text = lines[0][:300]
    if any(words in text for words in _WRONG_SCHEMA):
        return SchemaOutdated(
            f"the database {name} has not the tables that this version reads; run: openmodels migrate"
        )
    if url.password:
        text = text.replace(str(url.password), "***")
    return StoreError(f"the database {name} failed: {text}")


def _address(settings: Settings) -> URL:
    if not settings.database_url:
        return URL.create(_DRIVERS["sqlite"], database=str(settings.data_dir / FILE_NAME))
    try:
        url = make_url(settings.database_url)
        scheme = url.drivername
    except (ArgumentError, ValueError):
        raise StoreError(f"OPENMODELS_DATABASE_URL is not a URL; correct it, {_ELSEWHERE}") from None
    driver = scheme if scheme in _PACKAGES else _DRIVERS.get(scheme)
    if driver is None:
        raise StoreError(
            f"OPENMODELS_DATABASE_URL begins with {scheme[:40]!r}, which openmodels does not speak; "
            "use sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>"
        )
    url = url.set(drivername=driver)
    if url.get_backend_name() == "sqlite":
        _check_file_address(url)
    return url


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


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the database's folder {folder} cannot be made ({error.strerror}); "
            "set OPENMODELS_DATA_DIR to one that can be written"
        ) from error


def _sqlite_engine(url: URL, busy_timeout: float) -> AsyncEngine:
    _make_folder(Path(str(url.database)).parent)

    def begin(connection: Connection) -> None:
        # A writer takes the lock at once: one that reads first and asks for it later can be refused
        # at a point where waiting does not help.
        immediate = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    engine = create_async_engine(
        url, hide_parameters=True, async_creator=lambda: _sqlite_connection(str(url.database), busy_timeout)
    )
    event.listen(engine.sync_engine, "begin", begin)
    return engine


async def _sqlite_connection(file: str, busy_timeout: float) -> aiosqlite.Connection:
    # Without isolation_level=None, the driver begins transactions by itself, and never for a SELECT: two
    # reads would not see the same state, and the tables of a migration would not come in one transaction.
    opening = aiosqlite.connect(file, isolation_level=None)
    thread = opening._thread  # noqa: SLF001 - there is no other way to it
    thread.daemon = True
    try:
        connection = await opening
    except BaseException:
        # The thread is told to stop, and tells the loop when it does: were the loop closed by then, it
        # would print a traceback.
        thread.join()
        raise
    try:
        await _set_up(connection, busy_timeout)
    except BaseException:
        await connection.close()
        raise
    return connection


async def _set_up(connection: aiosqlite.Connection, busy_timeout: float) -> None:
    await connection.execute_fetchall("PRAGMA busy_timeout = 0")
    try:
        if await _first_number(connection, "page_count") == 0:
            # It can only be had before the first page is written: see give_back.
            await connection.execute_fetchall("PRAGMA auto_vacuum = INCREMENTAL")
        # Readers go on while somebody writes. Kept in the file, so that this changes it only once.
        await connection.execute_fetchall("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        # Another process is just doing the same; SQLite is correct in either mode.
        if not error.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise
    await connection.execute_fetchall(f"PRAGMA busy_timeout = {round(busy_timeout * 1000)}")
    # FULL: what was said to be published is on the disk, even if the power fails. So is telemetry, of which
    # there is one transaction a second, more or less.
    await connection.execute_fetchall("PRAGMA synchronous = FULL")
    await connection.execute_fetchall("PRAGMA foreign_keys = ON")
    await connection.execute_fetchall(f"PRAGMA cache_size = -{CACHE_KB}")
    await connection.execute_fetchall(f"PRAGMA journal_size_limit = {LEFTOVER_JOURNAL}")


async def _first_number(connection: aiosqlite.Connection, pragma: str) -> int:
    for row in await connection.execute_fetchall(f"PRAGMA {pragma}"):
        return int(row[0])
    return 0
