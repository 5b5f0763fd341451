"""How a database is found and opened, and what its failures are called."""

import logging
import sqlite3
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from contract.builders import AT, check, settings_in
from openmodels.errors import SchemaOutdated, StoreError
from openmodels.store import tables
from openmodels.store.engine import FILE_NAME, create_engine, reading, translated, writing
from openmodels.store.failures import DatabaseLocked
from openmodels.store.migrate import migrate
from openmodels.store.registry import SqlRegistryStore
from openmodels.store.telemetry import SqlTelemetryStore

pytestmark = pytest.mark.anyio


async def failure(engine: AsyncEngine) -> str:
    """What migrating says, which must be one line for people."""
    try:
        with pytest.raises(StoreError) as caught:
            await migrate(engine)
    finally:
        await engine.dispose()
    message = str(caught.value)
    assert "\n" not in message
    assert "sqlite3" not in message
    return message


async def test_it_makes_the_data_folder(tmp_path: Path) -> None:
    engine = create_engine(settings_in(tmp_path / "a" / "b"))
    await migrate(engine)
    await engine.dispose()
    assert (tmp_path / "a" / "b" / FILE_NAME).is_file()


async def test_it_opens_the_file_that_a_url_names(tmp_path: Path) -> None:
    settings = settings_in(
        tmp_path / "unused", OPENMODELS_DATABASE_URL=f"sqlite:///{tmp_path}/x/some file.db"
    )
    engine = create_engine(settings)
    await migrate(engine)
    await engine.dispose()
    assert (tmp_path / "x" / "some file.db").is_file()
    assert not (tmp_path / "unused").exists()


async def test_it_says_so_when_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"folder .*/file/var cannot be made .*set OPENMODELS_DATA_DIR"):
        create_engine(settings_in(tmp_path / "file" / "var"))


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder in which nobody can make files")
async def test_it_says_so_when_the_folder_cannot_be_written() -> None:
    message = await failure(create_engine(settings_in(Path("/proc"))))
    assert message.startswith(
        "the database /proc/openmodels.db cannot be opened; make it and its folder writable"
    )


async def test_it_says_so_when_the_file_is_no_database(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("models:\n" * 500)
    message = await failure(create_engine(settings_in(tmp_path)))
    assert "openmodels.db is not a SQLite database; move the file away" in message


async def test_it_says_so_when_the_file_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    assert "cannot be opened" in await failure(create_engine(settings_in(tmp_path)))


async def test_it_says_so_when_the_file_is_damaged(engine: AsyncEngine, tmp_path: Path) -> None:
    await SqlTelemetryStore(engine).record(checks=[check("p", AT)] * 1000)
    await engine.dispose()
    file = tmp_path / FILE_NAME
    intact = file.read_bytes()
    file.write_bytes(intact[:4096] + b"\xff" * (len(intact) - 4096))
    with pytest.raises(StoreError, match=r"openmodels.db is damaged; restore it from a backup"):
        await SqlTelemetryStore(engine).health("p", since=AT, regions=(), limit=9)


async def test_it_says_so_when_another_program_holds_the_lock(engine: AsyncEngine, tmp_path: Path) -> None:
    impatient = create_engine(settings_in(tmp_path), busy_timeout=0.01)
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(DatabaseLocked, match=r"is locked: another program is writing to it; try again"):
            await SqlTelemetryStore(impatient).record(checks=[check("p", AT)])
        assert await SqlTelemetryStore(impatient).epoch() == 0, "readers go on"
    finally:
        other.close()
    await SqlTelemetryStore(impatient).record(checks=[check("p", AT)])
    await impatient.dispose()


async def test_it_says_so_when_a_new_file_is_locked(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        message = await failure(create_engine(settings_in(tmp_path), busy_timeout=0.01))
    finally:
        other.close()
    assert "is locked" in message


async def test_it_says_what_to_run_when_there_are_no_tables(tmp_path: Path) -> None:
    engine = create_engine(settings_in(tmp_path))
    try:
        with pytest.raises(SchemaOutdated, match="run: openmodels migrate"):
            await SqlRegistryStore(engine).ping()
    finally:
        await engine.dispose()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://user:hunter2@db/x", "begins with 'mysql', which openmodels does not speak"),
        ("sqlite+pysqlite:///x.db", "begins with 'sqlite+pysqlite'"),
        ("hunter2", "is not a URL"),
        ("postgresql://user:hunter2@host:port/x", "is not a URL"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite://var/openmodels.db", "has two slashes where a file needs three"),
        ("sqlite:///x.db?mode=ro", "has options after '?'"),
    ],
)
def test_it_says_what_to_type_for_an_address_it_cannot_use(tmp_path: Path, url: str, message: str) -> None:
    with pytest.raises(StoreError) as caught:
        create_engine(settings_in(tmp_path, OPENMODELS_DATABASE_URL=url))
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_it_says_which_package_a_server_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    settings = settings_in(tmp_path, OPENMODELS_DATABASE_URL="postgres://user:hunter2@db.example.com/x")
    with pytest.raises(
        StoreError, match="needs the package psycopg, which is not installed: pip install"
    ) as e:
        create_engine(settings)
    assert "hunter2" not in str(e.value)


async def test_it_lets_no_foreign_exception_through(engine: AsyncEngine) -> None:
    async with reading(engine) as connection:
        with pytest.raises(OperationalError):
            await connection.execute(text("SELECT nonsense FROM"))
    with pytest.raises(StoreError, match=r"the database .*openmodels.db failed: incomplete input"):
        async with reading(engine) as connection:
            await connection.execute(text("SELECT nonsense FROM"))


@pytest.mark.parametrize(
    "foreign", [sqlite3.DatabaseError("the disk\nis odd"), OSError(111, "Connection refused")]
)
async def test_it_translates_what_the_driver_raises(engine: AsyncEngine, foreign: Exception) -> None:
    with pytest.raises(StoreError) as caught, translated(engine):
        raise foreign
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is foreign


async def test_it_shows_neither_statements_nor_values(engine: AsyncEngine) -> None:
    with pytest.raises(StoreError) as caught:
        await SqlTelemetryStore(engine).record(checks=[check("a-secret-name", AT.replace(tzinfo=None))])
    assert "has no time zone" in str(caught.value)
    assert "INSERT" not in str(caught.value)
    assert "a-secret-name" not in str(caught.value)


async def test_a_writer_takes_back_everything_when_it_fails(engine: AsyncEngine) -> None:
    async def fail_half_way() -> None:
        async with writing(engine) as connection:
            await connection.execute(text("UPDATE telemetry_head SET epoch = 7"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_half_way()
    assert await SqlTelemetryStore(engine).epoch() == 0


async def test_a_reader_sees_one_state(engine: AsyncEngine) -> None:
    epoch = text("SELECT epoch FROM telemetry_head")
    async with reading(engine) as connection:
        before = (await connection.execute(epoch)).scalar_one()
        await SqlTelemetryStore(engine).record(checks=[check("p", AT)])
        assert (await connection.execute(epoch)).scalar_one() == before
    assert await SqlTelemetryStore(engine).epoch() == before + 1


async def test_it_asks_its_thread_once_for_a_statement_and_once_for_the_end(
    engine: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    async with engine.connect() as connection:
        # The driver tells of each time in its log.
        caplog.set_level(logging.DEBUG, "aiosqlite")
        async with connection.begin():
            pass
        assert caplog.messages == []
        async with connection.begin():
            rows = await connection.execute(text("SELECT epoch, id FROM telemetry_head"))
            assert list(rows.keys()) == ["epoch", "id"]
            assert rows.all() == [(0, 1)]
        assert sum(message.startswith("executing") for message in caplog.messages) == 2


async def test_a_reader_that_failed_leaves_nothing_begun(engine: AsyncEngine) -> None:
    with pytest.raises(StoreError):
        async with reading(engine) as connection:
            await connection.execute(text("SELECT nothing FROM nowhere"))
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        assert not driver.in_transaction
    assert await SqlTelemetryStore(engine).epoch() == 0


async def test_it_counts_what_many_statements_at_once_changed(engine: AsyncEngine) -> None:
    late = [{"provider_id": "p", "start": AT + n * timedelta(hours=1), "checks": n} for n in range(3)]
    async with writing(engine) as connection:
        await connection.execute(insert(tables.late_hours), late)
        changed = await connection.execute(update(tables.late_hours).values(checks=7))
        assert changed.rowcount == 3
    async with reading(engine) as connection:
        rows = await connection.execute(select(tables.late_hours.c.checks))
        assert list(rows.scalars()) == [7, 7, 7]
