"""Nodes over one PostgreSQL database hear of each other's changes, and look where they cannot hear."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from psycopg import sql
from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from structlog.testing import capture_logs

from contract.builders import AT, check, minutes, settings_in
from fixtures.nodes import node_over, running, writer_over
from fixtures.pooler import pooler_before
from fixtures.real_servers import PostgresServer, postgres_server
from fixtures.relay import relay_to
from fixtures.running_prober import turns, until
from fixtures.server import free_port
from openmodels.clock import SettableClock
from openmodels.errors import StoreError
from openmodels.settings import Settings
from openmodels.store.engine import DIRECT, PRIMARY, listening_address, writing
from openmodels.store.news import notify
from openmodels.store.news_postgresql import Patience, PostgresNews

pytestmark = pytest.mark.anyio

SHORT = Patience(quiet=0.05, test=1.5, refused=300)
SECRET = "hunter2"


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    name = postgres.migrated_database()
    yield name
    postgres.drop_database(name)


@pytest.fixture
def settings(postgres: PostgresServer, database: str, tmp_path: Path) -> Settings:
    return settings_in(tmp_path, OPENMODELS_DATABASE_URL=postgres.url(database))


class Listening:
    """News of a database, by a clock that stands still."""

    def __init__(self, url: str, patience: Patience | None = None) -> None:
        self.clock = SettableClock(AT)
        self.news = PostgresNews(make_url(url), self.clock, patience=patience or Patience())
        self.heard: list[str] = []

    async def begun(self) -> None:
        """Wait until it listens, letting time pass for an attempt that a busy machine made fail."""
        async with asyncio.timeout(30):
            while not self.news.listening:
                await asyncio.sleep(0.01)
                self.clock.advance(seconds=1)
        await turns()
        self.heard.clear()

    async def lost(self) -> None:
        """Wait until it listens no more, and waits for its next attempt."""
        await until(lambda: not self.news.listening and self.clock.sleepers == 1)


def listening(settings: Settings) -> Listening:
    return Listening(settings.database_url)


@asynccontextmanager
async def listened(listener: Listening) -> AsyncIterator[Listening]:
    async with running(listener.news.run(listener.heard.append)):
        await listener.begun()
        yield listener


def terminate_listeners(postgres: PostgresServer, database: str) -> None:
    """End the server's side of every connection that listens."""
    listeners = sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = {}")
    postgres.execute(listeners.format("openmodels news"), database)


def announce(postgres: PostgresServer, database: str, *payloads: str) -> None:
    for payload in payloads:
        postgres.execute(sql.SQL("SELECT pg_notify('openmodels', {})").format(payload), database)


async def test_it_serves_at_once_what_another_node_published(settings: Settings) -> None:
    listener = listening(settings)
    async with node_over(settings, listener.news) as node, writer_over(settings) as other:
        await listener.begun()
        await node.serves(await other.publish("second"))
        await node.serves(await other.publish("third"))


async def test_it_knows_at_once_what_another_node_recorded(settings: Settings) -> None:
    listener = listening(settings)
    async with node_over(settings, listener.news) as node, writer_over(settings) as other:
        await listener.begun()
        await node.knows(await other.record())
        await other.telemetry.record([check("p", AT + minutes(number)) for number in range(3)])
        assert await other.telemetry.judge("p", "slow", AT + minutes(3)) is not None
        await node.knows(await other.telemetry.epoch())


async def test_it_announces_nothing_of_what_was_not_committed(settings: Settings) -> None:
    async with writer_over(settings) as node, listened(listening(settings)) as listener:
        with suppress(StoreError):
            async with writing(node.engine) as connection:
                await notify(connection, "registry")
                raise StoreError("it is taken back")
        assert await node.telemetry.record() == ()
        assert await node.telemetry.judge("p", "", AT) is None
        await node.record()
        await until(lambda: bool(listener.heard))
        assert listener.heard == ["telemetry"]


async def test_it_hears_of_its_own_database_only(postgres: PostgresServer, settings: Settings) -> None:
    elsewhere = postgres.create_database()
    async with listened(listening(settings)) as listener:
        announce(postgres, elsewhere, "registry")
        announce(postgres, str(make_url(settings.database_url).database), "telemetry")
        await until(lambda: bool(listener.heard))
        assert listener.heard == ["telemetry"]
    postgres.drop_database(elsewhere)


async def test_it_ignores_what_is_no_announcement(
    postgres: PostgresServer, database: str, settings: Settings
) -> None:
    async with listened(listening(settings)) as listener:
        announce(postgres, database, "", "Registry", "test 1", "{}", "ünïcode \U0001f4e3", "x" * 7999)
        announce(postgres, database, "registry")
        await until(lambda: bool(listener.heard))
        assert (listener.heard, listener.news.heard) == (["registry"], 1)


async def test_it_looks_while_its_connection_is_lost_and_comes_back(
    postgres: PostgresServer, database: str, settings: Settings
) -> None:
    listener = listening(settings)
    with capture_logs() as logs:
        async with (
            node_over(settings, listener.news, interval=0.05) as node,
            writer_over(settings) as other,
        ):
            await listener.begun()
            terminate_listeners(postgres, database)
            await listener.lost()
            await node.serves(await other.publish("second"))  # by looking
            await node.knows(await other.record())
            assert not listener.news.listening
            listener.clock.advance(seconds=1)
            await listener.begun()
            await node.serves(await other.publish("third"))
    told = [(line["log_level"], line["event"]) for line in logs if line.get("by") == "postgresql"]
    assert told == [
        ("warning", "no news of changes arrive; looking for them instead"),
        ("info", "news of changes arrive again"),
    ]


async def test_it_finds_what_was_published_while_nothing_was_heard(
    postgres: PostgresServer, database: str, settings: Settings
) -> None:
    listener = listening(settings)
    async with node_over(settings, listener.news) as node, writer_over(settings) as other:
        await listener.begun()
        terminate_listeners(postgres, database)
        await listener.lost()
        revision = await other.publish("second")
        listener.clock.advance(seconds=1)
        await node.serves(revision)


async def test_it_waits_longer_before_each_new_attempt() -> None:
    listener = Listening(f"postgresql://openmodels:{SECRET}@127.0.0.1:{free_port()}/none")
    waited = []
    with capture_logs() as logs:
        async with running(listener.news.run(listener.heard.append)):
            for _ in range(8):
                await until(lambda: listener.clock.sleepers == 1)
                waited.append(0)
                while listener.clock.sleepers:
                    listener.clock.advance(seconds=1)
                    waited[-1] += 1
    assert waited == [1, 2, 4, 8, 16, 30, 30, 30]
    assert len(logs) == 1  # not one for each attempt
    assert SECRET not in str(logs)


async def test_it_comes_back_after_the_server_was_restarted(tmp_path: Path) -> None:
    with postgres_server() as server:
        settings = settings_in(tmp_path, OPENMODELS_DATABASE_URL=server.url())
        listener = listening(settings)
        async with node_over(settings, listener.news) as node, writer_over(settings) as other:
            await listener.begun()
            await asyncio.to_thread(server.stop)
            await listener.lost()
            await asyncio.to_thread(server.start)
            listener.clock.advance(seconds=1)
            await listener.begun()
            await node.serves(await other.publish("second"))


async def test_it_notices_a_connection_over_which_nothing_comes_any_more(
    postgres: PostgresServer, database: str
) -> None:
    async with relay_to(postgres.port) as relay:
        listener = Listening(relay.url(database), SHORT)
        async with listened(listener):
            relay.hang()
            await listener.lost()
            relay.go_on()
            listener.clock.advance(seconds=1)
            await listener.begun()
            announce(postgres, database, "registry")
            await until(lambda: bool(listener.heard))


async def test_it_notices_when_announcements_are_swallowed_later(
    postgres: PostgresServer, database: str
) -> None:
    async with relay_to(postgres.port) as relay:
        listener = Listening(relay.url(database), SHORT)
        async with listened(listener):
            relay.swallowing = True
            await listener.lost()


async def test_it_ends_at_once_though_the_server_hangs(postgres: PostgresServer, database: str) -> None:
    async with relay_to(postgres.port) as relay:
        listener = Listening(relay.url(database), Patience(quiet=0.05, test=600))
        async with listened(listener):
            relay.hang()
            seen = relay.asked
            await until(lambda: relay.asked > seen)  # it tests the connection, and waits for the answer
        # It has ended by now, and not after the ten minutes that it would wait.


async def test_it_says_what_to_set_behind_a_pooler_and_tries_again_later(
    postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    async with relay_to(postgres.port) as relay:
        relay.swallowing = True
        listener = Listening(relay.url(database), SHORT)
        settings = settings_in(tmp_path, OPENMODELS_DATABASE_URL=relay.url(database))
        with capture_logs() as logs:
            async with (
                node_over(settings, listener.news, interval=0.05) as node,
                writer_over(settings) as other,
            ):
                await listener.lost()
                await node.serves(await other.publish("second"))  # by looking
                listener.clock.advance(seconds=299)
                await turns()
                assert listener.clock.sleepers == 1
                relay.swallowing = False
                listener.clock.advance(seconds=1)
                assert listener.clock.sleepers == 0
                await listener.begun()
    (warning,) = [line for line in logs if line["log_level"] == "warning"]
    assert "OPENMODELS_DATABASE_DIRECT_URL" in warning["reason"]


@pytest.mark.parametrize("others", [0, 3])
async def test_it_is_not_deceived_by_a_real_pooler(
    postgres: PostgresServer, database: str, others: int
) -> None:
    with pooler_before(postgres) as pooler:
        # With others' work and without: what the pooler lends to whom differs.
        engines = [create_async_engine(_driven(pooler.url(database))) for _ in range(others)]
        working = [asyncio.create_task(_work(engine)) for engine in engines]
        listener = Listening(pooler.url(database), SHORT)
        with capture_logs() as logs:
            async with running(listener.news.run(listener.heard.append)):
                await until(lambda: listener.clock.sleepers == 1)
        assert (listener.news.listening, listener.heard) == (False, [])
        assert "OPENMODELS_DATABASE_DIRECT_URL" in logs[0]["reason"]
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        for engine in engines:
            await engine.dispose()


async def test_it_hears_through_a_real_pooler_that_lends_whole_sessions(
    postgres: PostgresServer, database: str
) -> None:
    with pooler_before(postgres, "session") as pooler:
        async with listened(Listening(pooler.url(database))) as listener:
            announce(postgres, database, "registry")
            await until(lambda: listener.heard == ["registry"])


def _driven(url: str) -> URL:
    return make_url(url).set(drivername="postgresql+psycopg")


async def _work(engine: AsyncEngine) -> None:
    while True:
        async with engine.begin() as connection:
            await connection.exec_driver_sql("SELECT 1")


async def test_it_listens_where_the_direct_address_says(tmp_path: Path) -> None:
    def address(**urls: str) -> tuple[str, str] | None:
        found = listening_address(
            settings_in(tmp_path, **{f"OPENMODELS_DATABASE_{name}": url for name, url in urls.items()})
        )
        return found and (str(found[0].host), found[1])

    assert address() is None
    assert address(URL="sqlite:///a.db") is None
    assert address(URL="postgresql://pooler/a") == ("pooler", PRIMARY)
    assert address(URL="postgresql://pooler/a", DIRECT_URL="postgres://db/a") == ("db", DIRECT)
    for wrong in ({}, {"URL": "sqlite:///a.db"}):
        with pytest.raises(StoreError, match="DIRECT_URL is for a PostgreSQL database"):
            address(DIRECT_URL=f"postgresql://u:{SECRET}@db/a", **wrong)
    with pytest.raises(StoreError, match="DIRECT_URL is not a URL"):
        address(URL="postgresql://pooler/a", DIRECT_URL=f":{SECRET}@")


async def test_it_says_nothing_of_the_password(postgres: PostgresServer, database: str) -> None:
    url = f"postgresql://nobody:{SECRET}@127.0.0.1:{postgres.port}/{database}"
    listener = Listening(url)
    with capture_logs() as logs:
        async with running(listener.news.run(listener.heard.append)):
            await until(lambda: listener.clock.sleepers == 1)
    assert "nobody" in str(logs)
    assert SECRET not in str(logs)
