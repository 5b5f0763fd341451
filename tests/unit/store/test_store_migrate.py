"""How a database comes to this version's schema."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from contract.builders import AT, check, model, registry, settings_in
from openmodels.errors import SchemaOutdated
from openmodels.store import tables
from openmodels.store.engine import FILE_NAME, create_engine, reading, writing
from openmodels.store.migrate import Migration, migrate, newest_revision, require_schema
from openmodels.store.registry import SqlRegistryStore
from openmodels.store.telemetry import SqlTelemetryStore

pytestmark = pytest.mark.anyio

PROCESS = Path(__file__).with_name("store_process.py")


async def test_it_brings_up_an_empty_database(tmp_path: Path) -> None:
    engine = create_engine(settings_in(tmp_path))
    assert await migrate(engine) == Migration(before=None, after=newest_revision())
    await require_schema(engine)
    await engine.dispose()


async def test_it_changes_nothing_the_second_time(engine: AsyncEngine, tmp_path: Path) -> None:
    await SqlRegistryStore(engine).publish(registry(model("m")), base=None, at=AT)
    await engine.dispose()
    before = (tmp_path / FILE_NAME).read_bytes()
    assert await migrate(engine) == Migration(before=newest_revision(), after=newest_revision())
    await engine.dispose()
    assert (tmp_path / FILE_NAME).read_bytes() == before


async def test_the_migrated_schema_is_the_declared_one(engine: AsyncEngine) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, tables.metadata))

    async with reading(engine) as connection:
        assert await connection.run_sync(differences) == []
        found = await connection.run_sync(table_definitions)
    assert found.keys() - {"alembic_version"} == tables.metadata.tables.keys()


def table_definitions(connection: Connection) -> dict[str, str]:
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
    return {row.name: row.sql for row in rows}


async def test_it_refuses_a_database_of_a_newer_version(engine: AsyncEngine) -> None:
    async with writing(engine) as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for look in (migrate, require_schema):
        with pytest.raises(SchemaOutdated, match="schema '9999', which this version does not know: a newer"):
            await look(engine)


async def test_it_says_what_to_run_for_an_older_schema(tmp_path: Path) -> None:
    engine = create_engine(settings_in(tmp_path))
    with pytest.raises(SchemaOutdated, match=r"has schema none, .* run: openmodels migrate"):
        await require_schema(engine)
    await engine.dispose()


async def test_a_migration_that_fails_leaves_nothing(tmp_path: Path) -> None:
    engine = create_engine(settings_in(tmp_path))
    async with writing(engine) as connection:
        # Somebody else's table, in the way of ours.
        await connection.execute(text("CREATE TABLE measurements (x INTEGER)"))
    with pytest.raises(Exception, match="table measurements already exists"):
        await migrate(engine)
    async with reading(engine) as connection:
        assert await connection.run_sync(table_definitions) == {
            "measurements": "CREATE TABLE measurements (x INTEGER)"
        }
    await engine.dispose()


async def test_processes_that_migrate_at_once_do_not_break_each_other(tmp_path: Path) -> None:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-Werror",
            str(PROCESS),
            "migrate",
            str(tmp_path),
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    answers = [await process.communicate() for process in processes]
    assert [
        (process.returncode, error) for process, (_out, error) in zip(processes, answers, strict=True)
    ] == [(0, b"")] * 4
    assert sum(b"before=None" in out for out, _error in answers) == 1
    engine = create_engine(settings_in(tmp_path))
    await require_schema(engine)
    await engine.dispose()


async def test_it_keeps_what_an_older_version_recorded(tmp_path: Path) -> None:
    engine = create_engine(settings_in(tmp_path))
    async with writing(engine) as connection:
        await connection.run_sync(upgrade_to, "0001")
        await connection.execute(text(OLD_CHECKS))
        await connection.execute(text(OLD_MEASUREMENT))
        await connection.execute(text("INSERT INTO incidents VALUES ('p', 1, NULL, 'old')"))
    assert await migrate(engine) == Migration(before="0001", after=newest_revision())
    store = SqlTelemetryStore(engine)
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert await store.last_probe_at() == at
    found = await store.health("p", since=at, regions=(), limit=9)
    assert (found.checks_total, found.checks[0].http_status, len(found.incidents)) == (1, None, 1)
    assert await store.standings() == {}, "the next check says how it stands"
    while await store.roll_up(at + timedelta(days=3)):
        pass
    latency = await store.latency("q", since=at - timedelta(days=9), regions=(), model_ids=["m"], limit=9)
    assert (latency.timings.samples, latency.measurements[0].tokens_estimated) == (1, False)
    assert (await store.health("p", since=at - timedelta(days=9), regions=(), limit=9)).checks_total == 1
    await store.record([check("p", at + timedelta(days=3))])
    assert (await store.standings())["p"].run == 1
    await engine.dispose()


OLD_CHECKS = (
    "INSERT INTO checks (provider_id, region, checked_at, status, outcome, response_time_ms) "
    "VALUES ('p', 'local', 1772366400000000, 'up', 'ok', 12.5)"
)
OLD_MEASUREMENT = (
    "INSERT INTO measurements (provider_id, model_id, region, measured_at, outcome) "
    "VALUES ('q', 'm', 'local', 1772366300000000, 'ok')"
)


def upgrade_to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "openmodels.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
