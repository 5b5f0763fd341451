"""The way to a SQLite file: an engine whose connections carry out each statement in one go."""

import functools
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import aiosqlite
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from openmodels.errors import StoreError

CACHE_KB = 16_384
"""Memory that a connection may take for pages. SQLite's own 2 MB do not hold the places in the indexes where
the next rows of a thousand providers go."""
LEFTOVER_JOURNAL = 16 * 1024 * 1024
"""What the journal shrinks back to after a large publish, in bytes."""
WRITES = "openmodels_writes"
"""The execution option of a transaction that writes."""


def sqlite_engine(url: URL, busy_timeout: float) -> AsyncEngine:
    """The engine for a file, whose folder is made; it connects when first used.

    ``busy_timeout`` is how many seconds a writer waits for another. Raises ``StoreError``.
    """
    _make_folder(Path(str(url.database)).parent)

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES, False):
            # A writer takes the lock at once: one that reads first and asks for it later can be refused
            # at a point where waiting does not help.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            driver: Any = connection.connection.driver_connection
            driver.begin()

    engine = create_async_engine(
        url, hide_parameters=True, async_creator=lambda: _connected(str(url.database), busy_timeout)
    )
    event.listen(engine.sync_engine, "begin", begin)
    return engine


async def first_number(connection: aiosqlite.Connection, pragma: str) -> int:
    """What a pragma answers."""
    for row in await connection.execute_fetchall(f"PRAGMA {pragma}"):
        return int(row[0])
    return 0


class _Cursor:
    """As SQLAlchemy wants it of a driver, but a statement and its rows come in one go of the thread.

    The driver's own asks the thread four times: for a cursor, to execute, for the rows, to close. Each time
    costs more than most of our statements do.
    """

    arraysize = 1

    def __init__(self, connection: "_Connection") -> None:
        self._connection = connection
        self._rows: Sequence[Any] = ()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> "_Cursor":
        return self

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Carry it out, and fetch its rows."""
        await self._connection.in_thread(self._run, statement, parameters)

    async def executemany(self, statement: str, parameters: Iterable[Sequence[Any]]) -> None:
        """Carry it out for each of these."""
        await self._connection.in_thread(self._run_many, statement, parameters)

    async def fetchall(self) -> Sequence[Any]:
        """The rows."""
        return self._rows

    async def close(self) -> None:
        """Forget the rows."""
        self._rows = ()

    def _run(self, connection: sqlite3.Connection, statement: str, parameters: Sequence[Any]) -> None:
        self._connection.begin_in(connection)
        self._keep(connection.execute(statement, parameters))

    def _run_many(
        self, connection: sqlite3.Connection, statement: str, parameters: Iterable[Sequence[Any]]
    ) -> None:
        self._connection.begin_in(connection)
        self._keep(connection.executemany(statement, parameters))

    def _keep(self, cursor: sqlite3.Cursor) -> None:
        self.description, self.lastrowid = cursor.description, cursor.lastrowid
        self._rows = cursor.fetchall() if cursor.description else ()
        self.rowcount = cursor.rowcount
        cursor.close()


class _Connection(aiosqlite.Connection):
    """A connection that asks its thread once for each statement, and not for the beginning of a reader."""

    def __init__(self, file: str) -> None:
        # Without isolation_level=None, the driver begins transactions by itself, and never for a SELECT: two
        # reads would not see the same state, and the tables of a migration would not come in one transaction.
        super().__init__(functools.partial(sqlite3.connect, file, isolation_level=None), iter_chunk_size=64)
        self._to_begin = False

    def cursor(self) -> Any:
        """See ``_Cursor``."""
        return _Cursor(self)

    async def in_thread(self, run: Any, *arguments: Any) -> None:
        """Have ``run`` called with the driver's connection and these."""
        await self._execute(run, self._conn, *arguments)  # type: ignore[no-untyped-call]  # of the library

    def begin(self) -> None:
        """Begin a transaction with the next statement: until it reads, a reader sees nothing anyway."""
        self._to_begin = True

    def begin_in(self, connection: sqlite3.Connection) -> None:
        """Begin it now, if one is to begin; in the thread."""
        if self._to_begin:
            self._to_begin = False
            connection.execute("BEGIN")

    async def commit(self) -> None:
        """Commit what was begun."""
        if not self._unbegun():
            await super().commit()

    async def rollback(self) -> None:
        """Undo what was begun."""
        if not self._unbegun():
            await super().rollback()

    def _unbegun(self) -> bool:
        unbegun, self._to_begin = self._to_begin, False
        return unbegun


async def _connected(file: str, busy_timeout: float) -> aiosqlite.Connection:
    opening = _Connection(file)
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
        if await first_number(connection, "page_count") == 0:
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


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the database's folder {folder} cannot be made ({error.strerror}); "
            "set OPENMODELS_DATA_DIR to one that can be written"
        ) from error
