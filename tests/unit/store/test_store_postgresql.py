"""A PostgreSQL server that refuses, hangs, is full or was restarted, and what is said of it."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from contract.builders import AT, check, settings_in
from fixtures.real_servers import PostgresServer, postgres_server
from openmodels.errors import SchemaOutdated, StoreError
from openmodels.store import postgresql
from openmodels.store.engine import create_engine, create_read_engine, name_of, reading, writing
from openmodels.store.failures import DatabaseLocked, explained
from openmodels.store.migrate import migrate
from openmodels.store.postgresql import require_version
from openmodels.store.registry import SqlRegistryStore
from openmodels.store.telemetry import SqlTelemetryStore

pytestmark = pytest.mark.anyio

SECRET = "hunter2"
NOW = text("SELECT now()")
SLEEP = text("SELECT pg_sleep(60)")


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    """The URL of an empty database."""
    name = postgres.create_database()
    yield postgres.url(name)
    postgres.drop_database(name)


@asynccontextmanager
async def engine_of(url: str, folder: Path, pool: int = 3, limit: float = 30) -> AsyncIterator[AsyncEngine]:
    settings = settings_in(folder, OPENMODELS_DATABASE_URL=url, OPENMODELS_DATABASE_POOL=str(pool))
    engine = create_engine(settings, statement_timeout=limit)
    try:
        yield engine
    finally:
        await engine.dispose()


async def ask(engine: AsyncEngine) -> None:
    async with reading(engine) as connection:
        await connection.execute(NOW)


async def failure(url: str, folder: Path) -> str:
    """What the first question says, which must be one line for people, without the password."""
    async with engine_of(url, folder) as engine:
        with pytest.raises(StoreError) as caught:
            await ask(engine)
    message = str(caught.value)
    assert "\n" not in message
    assert "psycopg" not in message
    assert SECRET not in message
    return message


async def test_it_says_so_when_nobody_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    message = await failure(f"postgresql://u:{SECRET}@127.0.0.1:{port}/x", tmp_path)
    assert message.startswith(f"the database postgresql://u:***@127.0.0.1:{port}/x cannot be reached (")
    assert message.endswith("start it, or correct OPENMODELS_DATABASE_URL")


async def test_it_says_so_when_the_host_has_no_address(tmp_path: Path) -> None:
    message = await failure(f"postgresql://u:{SECRET}@nowhere.invalid/x", tmp_path)
    assert "nowhere.invalid/x cannot be reached" in message


async def test_it_says_so_when_the_database_is_missing(postgres: PostgresServer, tmp_path: Path) -> None:
    message = await failure(postgres.url("nothing"), tmp_path)
    assert message.startswith("there is no database postgresql://openmodels@127.0.0.1")
    assert "CREATE DATABASE" in message


@pytest.fixture
def with_password() -> Iterator[PostgresServer]:
    """A server that wants passwords."""
    with postgres_server() as server:
        server.execute(sql.SQL("CREATE ROLE member LOGIN PASSWORD {}").format(sql.Literal(SECRET)))
        server.execute(sql.SQL("CREATE DATABASE theirs OWNER member"))
        rules = "local all all trust\nhost all openmodels all trust\nhost all all all scram-sha-256\n"
        (server.data / "pg_hba.conf").write_text(rules)
        server.execute(sql.SQL("SELECT pg_reload_conf()"))
        yield server


async def test_it_never_shows_a_password(with_password: PostgresServer, tmp_path: Path) -> None:
    address = f"127.0.0.1:{with_password.port}"
    for wrong in (
        f"postgresql://member:not-{SECRET}@{address}/theirs",
        f"postgresql://nobody:{SECRET}@{address}/theirs",
        f"postgresql://{address}/theirs?user=member&password=not-{SECRET}",
        f"postgresql://member@{address}/theirs",
    ):
        message = await failure(wrong, tmp_path)
        assert "refuses the user or the password; correct" in message
    async with engine_of(f"postgresql://member:{SECRET}@{address}/theirs", tmp_path) as engine:
        await migrate(engine)
        async with writing(engine) as connection:
            await connection.execute(text("REVOKE INSERT ON telemetry_head FROM member"))
        foreign = f"postgresql://member:{SECRET}@{address}/postgres"
    async with engine_of(foreign, tmp_path) as engine:
        with pytest.raises(
            StoreError, match=r"user may not do this .*permission denied.* docs/postgresql.md"
        ):
            await migrate(engine)


async def test_it_says_what_to_run_when_there_are_no_tables(database: str, tmp_path: Path) -> None:
    async with engine_of(database, tmp_path) as engine:
        with pytest.raises(SchemaOutdated, match="run: openmodels migrate"):
            await SqlRegistryStore(engine).ping()


async def test_it_says_so_when_all_connections_are_in_use(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "POOL_SECONDS", 0.05)
    async with engine_of(database, tmp_path, pool=1) as engine:
        async with reading(engine):
            with pytest.raises(StoreError, match=r"are in use; raise OPENMODELS_DATABASE_POOL"):
                await ask(engine)
        await ask(engine)


async def test_it_says_so_when_the_server_has_no_connection_left(
    postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    name = sql.Identifier(str(make_url(database).database))
    postgres.execute(sql.SQL("CREATE ROLE plain LOGIN"))
    postgres.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 1").format(name))
    plain = database.replace("openmodels@", "plain@")
    async with engine_of(plain, tmp_path) as engine, reading(engine) as connection:
        await connection.execute(NOW)
        assert "takes no more connections; lower OPENMODELS_DATABASE_POOL" in await failure(plain, tmp_path)


async def test_it_does_not_wait_for_ever(database: str, tmp_path: Path) -> None:
    async with engine_of(database, tmp_path, limit=0.3) as engine:
        await ask(engine)
        with pytest.raises(StoreError, match=r"failed: it did not answer within 0.3 seconds"):
            async with reading(engine) as connection:
                await connection.execute(SLEEP)
        await ask(engine)
        async with writing(engine, patient=True) as connection:
            await connection.execute(text("SELECT pg_sleep(0.5)"))
        with pytest.raises(StoreError, match="did not answer within"):
            async with writing(engine) as connection:
                await connection.execute(SLEEP)
        async with reading(engine) as connection:
            left = "SELECT count(*) FROM pg_stat_activity WHERE query = :sleep AND state = 'active'"
            assert (await connection.execute(text(left), {"sleep": SLEEP.text})).scalar_one() == 0


async def test_a_connection_is_of_use_after_its_task_was_cancelled(database: str, tmp_path: Path) -> None:
    async with engine_of(database, tmp_path, pool=1) as engine:
        await ask(engine)

        async def sleep() -> None:
            async with writing(engine) as connection:
                begun.set()
                await connection.execute(SLEEP)

        begun = asyncio.Event()
        task = asyncio.create_task(sleep())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await ask(engine)


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may stop."""
    with postgres_server() as server:
        yield server


async def test_it_goes_on_after_a_restart_of_the_server(own_server: PostgresServer, tmp_path: Path) -> None:
    async with engine_of(own_server.url(), tmp_path) as engine:
        await migrate(engine)
        store = SqlTelemetryStore(engine)
        await asyncio.gather(*(ask(engine) for _ in range(3)))
        for how in ("fast", "immediate"):
            own_server.stop(how)
            with pytest.raises(StoreError, match="cannot be reached"):
                await store.epoch()
            own_server.start()
            # Not one of these may meet a connection of the server that was.
            await asyncio.gather(*(ask(engine) for _ in range(3)))
            await store.record([check("p", AT)])
        own_server.stop()
        own_server.start()
        await store.record([check("p", AT)])
        assert await store.epoch() == 3


async def test_it_says_so_when_the_server_stops_in_the_middle(
    own_server: PostgresServer, tmp_path: Path
) -> None:
    async with engine_of(own_server.url(), tmp_path) as engine:

        async def write() -> None:
            async with writing(engine) as connection:
                await connection.execute(NOW)
                await asyncio.to_thread(own_server.stop, "fast")
                await connection.execute(NOW)

        with pytest.raises(StoreError, match=r"is starting or stopping|was lost"):
            await write()
        own_server.start()
        await ask(engine)


async def test_it_gives_up_a_server_that_hangs(own_server: PostgresServer, tmp_path: Path) -> None:
    async with engine_of(own_server.url(), tmp_path, limit=0.3) as engine:
        await migrate(engine)
        postmaster = int((own_server.data / "postmaster.pid").read_text().split()[0])
        with psycopg.connect(own_server.url(), autocommit=True) as connection:
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'openmodels'"
            )
            servers = [postmaster, *(pid for (pid,) in found)]
        assert len(servers) > 1
        for pid in servers:
            os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(StoreError, match="did not answer within"):
                await SqlTelemetryStore(engine).epoch()
        finally:
            for pid in servers:
                os.kill(pid, signal.SIGCONT)
        assert await SqlTelemetryStore(engine).epoch() == 0


async def test_it_shows_in_the_server_what_it_is(database: str, tmp_path: Path) -> None:
    async with engine_of(database, tmp_path) as engine, reading(engine) as connection:
        shown = "SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        assert (await connection.execute(text(shown))).scalar_one() == "openmodels"
    async with engine_of(f"{database}?application_name=mine", tmp_path) as engine, reading(engine) as other:
        assert (await other.execute(text(shown))).scalar_one() == "mine"


async def test_it_keeps_nothing_in_a_session(database: str, tmp_path: Path) -> None:
    async with engine_of(database, tmp_path, pool=1) as engine:
        await migrate(engine)
        store = SqlTelemetryStore(engine)
        for _ in range(12):
            await store.record([check("p", AT)])
            await store.health("p", since=AT, regions=(), limit=3)
        async with reading(engine) as connection:
            prepared = text("SELECT count(*) FROM pg_prepared_statements")
            assert (await connection.execute(prepared)).scalar_one() == 0


@pytest.mark.parametrize(("number", "major"), [(140_012, 14), (90_603, 9)])
def test_it_refuses_a_server_that_is_too_old(number: int, major: int) -> None:
    url = make_url(f"postgresql://u:{SECRET}@db.example/x")
    with pytest.raises(StoreError, match=rf"db.example is PostgreSQL {major}, and openmodels needs 15") as e:
        require_version(number, url)
    assert SECRET not in str(e.value)
    require_version(150_000, url)


def test_it_names_a_database_without_its_secrets() -> None:
    url = make_url(f"postgresql+psycopg://u:{SECRET}@db/x?sslpassword={SECRET}")
    assert name_of(url) == "postgresql://u:***@db/x"


@pytest.mark.parametrize("kind", [psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable])
def test_who_was_in_the_way_is_no_fault_of_the_database(kind: type[psycopg.Error]) -> None:
    assert isinstance(explained(kind("so it is"), "db", setting="X"), DatabaseLocked)


@pytest.mark.parametrize(
    ("primary", "replica"),
    [
        ("", "postgresql://replica/x"),
        ("sqlite:///x.db", "postgresql://replica/x"),
        ("postgresql://primary/x", "sqlite:///x.db"),
    ],
)
def test_only_postgresql_has_replicas(tmp_path: Path, primary: str, replica: str) -> None:
    urls = {"OPENMODELS_DATABASE_URL": primary, "OPENMODELS_DATABASE_READ_URL": replica}
    with pytest.raises(StoreError, match="OPENMODELS_DATABASE_READ_URL is for a replica of a PostgreSQL"):
        create_read_engine(settings_in(tmp_path, **urls))
    assert create_read_engine(settings_in(tmp_path, OPENMODELS_DATABASE_URL=primary)) is None


def test_a_database_in_a_file_needs_no_driver_for_servers(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from openmodels.settings import read_settings; "
        "from openmodels.store.engine import create_engine; "
        f"create_engine(read_settings({{'OPENMODELS_DATA_DIR': {str(tmp_path)!r}}})); "
        "sys.exit('psycopg' in sys.modules)"
    )
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0
