"""Reading from a replica that lags behind, fails and comes back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from contract.builders import AT, check, measurement, model, registry, settings_in
from fixtures.real_servers import PostgresServer, postgres_server, replica_of
from openmodels.clock import SettableClock
from openmodels.errors import StoreError
from openmodels.store.engine import create_engine, create_read_engine
from openmodels.store.history_ports import ChangeQuery, Replayed
from openmodels.store.live import Live
from openmodels.store.migrate import migrate
from openmodels.store.registry import SqlRegistryStore
from openmodels.store.replica import FARTHEST_BEHIND, Replica, ReplicaRegistryStore, ReplicaTelemetryStore
from openmodels.store.replica_history import ReplicaHistoryStore
from openmodels.store.telemetry import SqlTelemetryStore

pytestmark = pytest.mark.anyio

BOUND = 30.0
"""Seconds for something to happen, on a machine that is busy."""


@pytest.fixture(scope="module")
def primary() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="module")
def follower(primary: PostgresServer) -> Iterator[PostgresServer]:
    with replica_of(primary) as server:
        yield server


class Site:
    """A primary and its replica, and what reads from them. ``asked`` counts the questions to the replica."""

    def __init__(self, engine: AsyncEngine, replica_engine: AsyncEngine, follower: PostgresServer) -> None:
        self.clock = SettableClock(AT)
        self.follower = follower
        self.replica = Replica(engine, replica_engine, self.clock)
        self.here = SqlTelemetryStore(engine)
        self.there = SqlTelemetryStore(replica_engine)
        self.telemetry = ReplicaTelemetryStore(engine, self.replica)
        self.registry = ReplicaRegistryStore(SqlRegistryStore(engine), self.replica)
        self.woken: list[str] = []
        self.asked = 0
        event.listen(replica_engine.sync_engine, "before_cursor_execute", self._count)

    def _count(self, *_args: object) -> None:
        self.asked += 1

    async def until(self, done: Callable[[], Awaitable[bool]]) -> None:
        """Wait for something in the servers."""
        async with asyncio.timeout(BOUND):
            while not await done():  # noqa: ASYNC110 - another program's doing
                await asyncio.sleep(0.02)

    async def caught_up(self) -> None:
        """Wait until the replica shows what the primary does."""
        wanted = await self.here.epoch()

        async def shown() -> bool:
            return await self.there.epoch() == wanted

        await self.until(shown)

    async def look(self) -> None:
        """One look at the replica, as one is made each second."""
        await self.replica.look(self.woken.append)

    def answers(self) -> bool:
        """Whether the replica is asked."""
        return self.replica.up

    def pause(self) -> None:
        self.follower.execute(sql.SQL("SELECT pg_wal_replay_pause()"))

    def resume(self) -> None:
        self.follower.execute(sql.SQL("SELECT pg_wal_replay_resume()"))


@pytest.fixture
async def site(
    primary: PostgresServer, follower: PostgresServer, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[Site]:
    database = primary.create_database()
    settings = settings_in(
        tmp_path,
        OPENMODELS_DATABASE_URL=primary.url(database),
        OPENMODELS_DATABASE_READ_URL=follower.url(database),
    )
    engine = create_engine(settings)
    replica = create_read_engine(settings, statement_timeout=1)
    assert replica is not None
    await migrate(engine)
    made = Site(engine, replica, follower)
    await made.here.record([check("p", AT)], [measurement("p", "m", AT)])

    async def there() -> bool:
        try:
            return await made.there.epoch() == 1
        except StoreError:
            return False

    await made.until(there)
    made.asked = 0
    yield made
    await replica.dispose()
    await engine.dispose()
    made.resume()


async def checks(site: Site) -> int:
    found = await site.telemetry.health("p", since=AT - timedelta(hours=1), regions=(), limit=1)
    return found.checks_total


async def ask_all(site: Site) -> None:
    """Everything that requests ask."""
    hour_ago = AT - timedelta(hours=1)
    assert await checks(site) == 1
    assert (await site.telemetry.latency("p", since=hour_ago, regions=(), model_ids=(), limit=1)).measurements
    assert await site.telemetry.offerings("m", ["p"], since=hour_ago, regions=())
    assert await site.telemetry.checks_since(hour_ago) == 1
    assert await site.telemetry.last_probe_at() == AT
    assert set(await site.telemetry.checks_by_day(since=hour_ago)) == {"p"}
    hour = timedelta(hours=1)
    assert await site.telemetry.check_slices("p", since=hour_ago, width=hour)
    assert await site.telemetry.timing_slices(since=hour_ago, width=hour, provider_ids=["p"])
    figures = await site.telemetry.provider_figures("p", since=hour_ago, width=hour)
    assert figures.health.checks_total == len(figures.checks) == 1
    assert await site.telemetry.incidents(since=hour_ago, limit=9) == []
    assert set(await site.telemetry.standings()) == {"p"}
    cursor = await site.telemetry.cursor()
    assert (await site.telemetry.recorded_after(cursor, limit=9)).events == ()
    assert await site.telemetry.epoch() == 1


async def test_the_primary_answers_until_the_replica_was_looked_at(site: Site) -> None:
    await ask_all(site)
    assert site.asked == 0
    with pytest.raises(StoreError, match="nobody has looked"):
        await site.replica.ping()
    await site.look()
    await site.replica.ping()
    assert site.answers()


async def test_answers_come_from_the_replica(site: Site) -> None:
    await site.look()
    primary = site.here._engine

    def refuse(*_args: object) -> None:
        raise AssertionError("the primary was asked")

    event.listen(primary.sync_engine, "before_cursor_execute", refuse)
    before = site.asked
    await ask_all(site)
    assert await site.registry.head() is None
    assert await site.registry.load() is None
    assert site.asked > before
    event.remove(primary.sync_engine, "before_cursor_execute", refuse)
    await site.registry.ping()
    published = await site.registry.publish(registry(model("m")), base=None, at=AT)
    assert await SqlRegistryStore(primary).head() == published.head
    await site.telemetry.record([check("p", AT)])
    assert await site.here.epoch() == 2


async def test_history_is_read_from_the_replica_and_written_to_the_primary(site: Site) -> None:
    base = (await site.registry.publish(registry(model("m")), base=None, at=AT)).head
    later = await site.registry.publish(
        registry(model("m", name="Renamed")), base=base.revision, at=AT + timedelta(days=1)
    )
    history = ReplicaHistoryStore(site.here._engine, site.replica)

    async def ask() -> None:
        assert await history.beginning() == base
        (numbered,) = await history.changes(ChangeQuery(model_id="m"), limit=9)
        assert (numbered.change.old, numbered.change.new) == ("M", "Renamed")
        assert await history.changes(ChangeQuery(), limit=9, before=numbered.place) == []
        assert await history.head_at(AT + timedelta(days=2)) == later.head
        assert await history.registry_at(AT) == (base, registry(model("m")))

    await ask()
    assert site.asked == 0
    there = SqlRegistryStore(site.replica.engine)

    async def shown() -> bool:
        return await there.head() == later.head

    await site.until(shown)
    await site.look()
    before = site.asked
    await ask()
    assert site.asked > before
    replayed = Replayed(at=AT - timedelta(days=1), registry=registry(model("m", name="First")))
    assert (await history.replay([replayed])).revisions == 1


async def test_it_is_told_when_the_replica_shows_something_new(site: Site) -> None:
    await site.look()
    assert site.woken == ["telemetry", "registry"]
    await site.look()
    assert len(site.woken) == 2
    await site.here.record([check("p", AT)])
    await site.caught_up()
    await site.look()
    assert len(site.woken) == 4


async def test_epoch_and_data_are_never_older_than_what_was_told(site: Site) -> None:
    await site.look()
    site.pause()
    await site.here.record([check("p", AT)])
    assert (await site.telemetry.epoch(), await checks(site)) == (1, 1), "both are the replica's"
    site.replica._leave("it is said to be away")
    assert (await site.telemetry.epoch(), await checks(site)) == (2, 2), "both are the primary's"
    await site.look()
    assert not site.answers(), "it has not come as far as what was told"
    assert await checks(site) == 2
    site.resume()
    await site.caught_up()
    await site.look()
    assert site.answers()
    assert (await site.telemetry.epoch(), await checks(site)) == (2, 2)


async def test_a_replica_that_comes_back_in_the_midst_of_a_question_is_asked_again(site: Site) -> None:
    site.pause()
    told: list[int] = []

    async def here() -> int:
        await site.look()
        await site.here.record([check("p", AT)])
        told.append(await site.here.epoch())
        return told[-1]

    assert await site.replica.epoch(site.there.epoch, here) == 1
    assert told == [2]
    assert await checks(site) == 1


async def test_a_replica_that_is_far_behind_is_not_asked(site: Site) -> None:
    await site.look()
    site.pause()
    await site.here.record([check("p", AT)])
    site.clock.advance(seconds=6)
    await site.look()
    assert site.answers(), "a little behind is what replicas are"
    site.clock.advance(seconds=FARTHEST_BEHIND.seconds + 1)
    await site.look()
    assert not site.answers()
    with pytest.raises(StoreError, match="more than 30 seconds behind"):
        await site.replica.ping()
    assert await checks(site) == 2
    site.resume()
    await site.caught_up()
    await site.look()
    assert site.answers()


async def test_no_revision_is_served_that_is_older_than_one_served_before(site: Site) -> None:
    live = Live(site.registry, site.telemetry)
    await site.registry.publish(registry(model("old")), base=None, at=AT)
    await live.start()
    old = live.snapshot.revision
    site.pause()
    await site.registry.publish(registry(model("new")), base=old, at=AT + timedelta(seconds=1))
    await live.refresh()
    new = live.snapshot.revision
    assert new != old
    await site.look()
    await live.refresh()
    assert live.snapshot.revision == new
    site.resume()
    async with asyncio.timeout(BOUND):
        while not site.answers():
            await site.look()
    await live.refresh()
    assert live.snapshot.revision == new


async def test_requests_do_not_notice_that_the_replica_stops(site: Site) -> None:
    await site.look()
    site.follower.stop("immediate")
    try:
        assert await checks(site) == 1
        assert not site.answers()
        before = site.asked
        await ask_all(site)
        assert site.asked == before, "it is not tried again for each request"
        await site.look()
        assert not site.answers()
        with pytest.raises(StoreError, match="cannot be reached"):
            await site.replica.ping()
    finally:
        site.follower.start()
    async with asyncio.timeout(BOUND):
        while not site.answers():
            await site.look()
    await ask_all(site)
    assert site.asked > before
