"""How the queue's own schema gets into a database."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from procrastinate import App, PsycopgConnector
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from contract.builders import settings_in
from fixtures.real_servers import PostgresServer
from openmodels.store.engine import create_engine, reading, writing
from openmodels.store.migrate import migrate, newest_revision
from openmodels.store.queue_schema import queue_is_current
from openmodels.store.turns import queued_jobs

pytestmark = pytest.mark.anyio

QUEUE_TABLES = "SELECT name FROM sqlite_master WHERE name LIKE 'procrastinate%'"
LAST = "03.04.00_50_post_add_retry_failed_job_procedure.sql"


@pytest.fixture
async def server_engine(postgres: PostgresServer, tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    database = postgres.create_database()
    engine = create_engine(settings_in(tmp_path, OPENMODELS_DATABASE_URL=postgres.url(database)))
    yield engine
    await engine.dispose()
    postgres.drop_database(database)


async def applied(engine: AsyncEngine) -> list[str]:
    async with reading(engine) as connection:
        rows = await connection.execute(text("SELECT script FROM procrastinate_applied ORDER BY 1"))
        return [str(row[0]) for row in rows]


async def test_it_comes_with_the_other_tables(server_engine: AsyncEngine) -> None:
    await migrate(server_engine)
    async with reading(server_engine) as connection:
        assert await queue_is_current(connection)
    assert LAST in await applied(server_engine)
    app = App(
        connector=PsycopgConnector(conninfo=server_engine.url.set(drivername="postgresql").render_as_string())
    )
    async with app.open_async():
        assert await app.check_connection_async()
        await app.configure_task("x").defer_async()
    assert await queued_jobs(server_engine) == {("", "due"): 1}, "that of another program"


async def test_it_changes_nothing_the_second_time(server_engine: AsyncEngine) -> None:
    await migrate(server_engine)
    before = await applied(server_engine)
    assert (await migrate(server_engine)).before == newest_revision()
    assert await applied(server_engine) == before


async def test_it_applies_what_a_newer_version_brings(server_engine: AsyncEngine) -> None:
    await migrate(server_engine)
    before = await applied(server_engine)
    async with writing(server_engine) as connection:
        # As if that one had come with an update of procrastinate.
        await connection.execute(text(f"DELETE FROM procrastinate_applied WHERE script = '{LAST}'"))
        assert not await queue_is_current(connection)
    assert (await migrate(server_engine)).before == newest_revision()
    assert await applied(server_engine) == before


async def test_of_several_that_start_at_once_one_makes_it(
    postgres: PostgresServer, server_engine: AsyncEngine, tmp_path: Path
) -> None:
    settings = settings_in(
        tmp_path, OPENMODELS_DATABASE_URL=server_engine.url.set(drivername="postgresql").render_as_string()
    )
    engines = [create_engine(settings) for _ in range(3)]
    await asyncio.gather(*(migrate(engine) for engine in engines))
    for engine in engines:
        await engine.dispose()
    assert LAST in await applied(server_engine)


async def test_sqlite_has_no_queue(tmp_path: Path) -> None:
    engine = create_engine(settings_in(tmp_path))
    await migrate(engine)
    async with reading(engine) as connection:
        assert await queue_is_current(connection)
        tables = await connection.execute(text(QUEUE_TABLES))
        assert tables.all() == []
    assert await queued_jobs(engine) == {}
    await engine.dispose()
