"""How a database comes to this version's schema."""

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from contract.builders import AT, check, measurement, model, registry, settings_in
from fixtures.real_servers import PostgresServer
from openmodels.domain.records import encode_record, revision_of
from openmodels.domain.telemetry import Check
from openmodels.errors import SchemaOutdated
from openmodels.store import tables
from openmodels.store.columns import microseconds
from openmodels.store.engine import FILE_NAME, create_engine, reading, writing
from openmodels.store.history import SqlHistoryStore
from openmodels.store.history_ports import ChangeQuery
from openmodels.store.migrate import Migration, migrate, newest_revision, require_schema
from openmodels.store.ports import Cursor, Head
from openmodels.store.registry import SqlRegistryStore
from openmodels.store.telemetry import SqlTelemetryStore

pytestmark = pytest.mark.anyio

PROCESS = Path(__file__).with_name("store_process.py")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database; empty for a file in the data folder."""
    if request.param == "sqlite":
        yield ""
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    database = server.create_database()
    yield server.url(database)
    server.drop_database(database)


@pytest.fixture
async def empty(url: str, tmp_path: Path, anyio_backend: str) -> AsyncIterator[AsyncEngine]:
    """An empty database of each kind."""
    engine = create_engine(settings_in(tmp_path, OPENMODELS_DATABASE_URL=url))
    yield engine
    await engine.dispose()


async def test_it_brings_up_an_empty_database(empty: AsyncEngine) -> None:
    engine = empty
    assert await migrate(engine) == Migration(before=None, after=newest_revision())
    await require_schema(engine)
    assert await migrate(engine) == Migration(before=newest_revision(), after=newest_revision())


async def test_it_changes_nothing_the_second_time(engine: AsyncEngine, tmp_path: Path) -> None:
    await SqlRegistryStore(engine).publish(registry(model("m")), base=None, at=AT)
    await engine.dispose()
    before = (tmp_path / FILE_NAME).read_bytes()
    assert await migrate(engine) == Migration(before=newest_revision(), after=newest_revision())
    await engine.dispose()
    assert (tmp_path / FILE_NAME).read_bytes() == before


async def test_the_migrated_schema_is_the_declared_one(empty: AsyncEngine) -> None:
    def ours(name: str | None) -> bool:
        # The queue's tables are procrastinate's, and it has its own migrations.
        return not (name or "").startswith("procrastinate")

    def differences(connection: Connection) -> list[object]:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, _parents: kind != "table" or ours(name),
        }
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, tables.metadata))

    await migrate(empty)
    async with reading(empty) as connection:
        assert await connection.run_sync(differences) == []
        found = await connection.run_sync(lambda on: inspect(on).get_table_names())
    assert {name for name in found if ours(name)} - {"alembic_version"} == tables.metadata.tables.keys()


async def test_checks_and_measurements_are_partitioned_where_that_can_be(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    database = postgres.create_database()
    engine = create_engine(settings_in(tmp_path, OPENMODELS_DATABASE_URL=postgres.url(database)))
    await migrate(engine)
    async with reading(engine) as connection:
        found = await connection.run_sync(lambda on: inspect(on).get_pk_constraint("checks"))
        assert (found["name"], found["constrained_columns"]) == ("pk_checks", ["id", "checked_at"])
        kinds = text("SELECT relname FROM pg_class WHERE relkind = 'p' ORDER BY relname")
        assert (await connection.execute(kinds)).scalars().all() == ["checks", "measurements"]
    await engine.dispose()
    postgres.drop_database(database)


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


async def test_a_migration_that_fails_leaves_nothing(empty: AsyncEngine) -> None:
    engine = empty
    async with writing(engine) as connection:
        # Somebody else's table, in the way of ours.
        await connection.execute(text("CREATE TABLE measurements (x INTEGER)"))
    with pytest.raises(Exception, match=r"\"?measurements\"? already exists"):
        await migrate(engine)
    async with reading(engine) as connection:
        assert await connection.run_sync(lambda on: inspect(on).get_table_names()) == ["measurements"]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_processes_that_migrate_at_once_do_not_break_each_other(
    empty: AsyncEngine, url: str, tmp_path: Path
) -> None:
    environ = os.environ | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "OPENMODELS_DATABASE_URL": url,
    }
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
    await require_schema(empty)


async def test_nodes_that_start_at_once_wait_for_the_one_that_migrates(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    database = postgres.create_database()
    settings = settings_in(tmp_path, OPENMODELS_DATABASE_URL=postgres.url(database))
    # Impatient, so that waiting must be what migrating does patiently.
    engines = [create_engine(settings, statement_timeout=5) for _ in range(6)]
    done = await asyncio.gather(*(migrate(engine) for engine in engines))
    assert sorted(str(migration.before) for migration in done) == ["None", *[newest_revision()] * 5][::-1]
    for engine in engines:
        await engine.dispose()
    postgres.drop_database(database)


async def test_it_keeps_what_an_older_version_recorded(empty: AsyncEngine) -> None:
    engine = empty
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


@pytest.mark.parametrize("revision", ["0002", "0003", "0004", "0005", "0006", "0007"])
async def test_it_keeps_rows_of_every_older_schema(empty: AsyncEngine, revision: str) -> None:
    async with writing(empty) as connection:
        await connection.run_sync(upgrade_to, "0002")
        for age in (0, 1, 1, 40):
            old = OLD_CHECKS.replace("1772366400000000", str(1772366400000000 - age * 86_400_000_000))
            await connection.execute(text(old))
            old = OLD_MEASUREMENT.replace("1772366300000000", str(1772366300000000 - age * 86_400_000_000))
            await connection.execute(text(old))
    async with writing(empty) as connection:
        await connection.run_sync(upgrade_to, revision)
    await migrate(empty)
    await require_schema(empty)
    store, at = SqlTelemetryStore(empty), datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert await store.cursor() == (4, 4)
    recorded = await store.recorded_after(Cursor(0, 0), limit=9)
    assert [cursor.check for cursor, event in recorded.events if isinstance(event, Check)] == [1, 2, 3, 4]
    assert await store.checks_since(at - timedelta(days=50)) == 4
    await store.record([check("p", at)], [measurement("q", "m", at)])
    assert await store.cursor() == (5, 5), "numbers go on"
    while await store.roll_up(at + timedelta(days=3)):
        pass
    assert await store.checks_since(at - timedelta(days=50)) == 5


async def test_what_was_published_before_there_was_a_history_is_its_beginning(empty: AsyncEngine) -> None:
    held = registry(model("m"))
    body = encode_record(held.models[0]).decode()
    async with writing(empty) as connection:
        await connection.run_sync(upgrade_to, "0007")
        await connection.execute(
            text("INSERT INTO models (id, digest, body) VALUES ('m', :digest, :body)"),
            {"digest": hashlib.blake2b(body.encode(), digest_size=16).hexdigest(), "body": body},
        )
        await connection.execute(
            text("UPDATE registry_head SET revision = :revision, published_at = :at"),
            {"revision": revision_of(held), "at": microseconds(AT)},
        )
    await migrate(empty)
    head = Head(revision=revision_of(held), published_at=AT)
    store, history = SqlRegistryStore(empty), SqlHistoryStore(empty)
    assert await history.beginning() == head
    assert await history.registry_at(AT) == (head, held)
    assert await history.changes(ChangeQuery(), limit=9) == []
    await store.publish(registry(model("m"), model("n")), base=head.revision, at=AT + timedelta(days=1))
    assert [(c.id, c.action) for _, c in await history.changes(ChangeQuery(), limit=9)] == [("n", "added")]
    assert await history.registry_at(AT) == (head, held)


async def test_a_database_in_which_nothing_was_published_has_no_history(empty: AsyncEngine) -> None:
    async with writing(empty) as connection:
        await connection.run_sync(upgrade_to, "0007")
    await migrate(empty)
    assert await SqlHistoryStore(empty).beginning() is None


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
