"""What every ``ClusterStore`` promises."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.builders import AT, settings_in
from fixtures.real_servers import PostgresServer
from openmodels.errors import StoreError
from openmodels.settings import Settings
from openmodels.store.cluster import SqlClusterStore
from openmodels.store.cluster_ports import (
    ALIVE_FOR,
    KNOWN_FOR,
    LONGEST_LEASE,
    MOST_APART,
    ClusterStore,
    ProberSeen,
    RegionSeen,
    known_regions,
)
from openmodels.store.engine import create_engine
from openmodels.store.memory_cluster import MemoryClusterStore
from openmodels.store.migrate import migrate

pytestmark = pytest.mark.anyio

LEASE = timedelta(seconds=15)


@asynccontextmanager
async def sql_cluster(given: Settings) -> AsyncIterator[SqlClusterStore]:
    engine = create_engine(given)
    try:
        await migrate(engine)
        yield SqlClusterStore(engine)
    finally:
        await engine.dispose()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def nodes(
    request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[list[ClusterStore]]:
    """Three nodes' ways to one and the same store."""
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            yield [MemoryClusterStore()] * 3
            return
        environ = {}
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres")
            database = server.migrated_database()
            stack.callback(server.drop_database, database)
            environ["OPENMODELS_DATABASE_URL"] = server.url(database)
        given = settings_in(tmp_path, **environ)
        yield [await stack.enter_async_context(sql_cluster(given)) for _ in range(3)]


@pytest.fixture
def store(nodes: list[ClusterStore]) -> ClusterStore:
    return nodes[0]


async def test_a_clock_far_from_the_databases_gets_no_lease(postgres: PostgresServer, tmp_path: Path) -> None:
    database = postgres.migrated_database()
    engine = create_engine(settings_in(tmp_path, OPENMODELS_DATABASE_URL=postgres.url(database)))
    await migrate(engine)
    store = SqlClusterStore(engine, most_apart=MOST_APART)
    now = datetime.now(UTC)
    for wrong, words in ((timedelta(days=60), "ahead of"), (-timedelta(minutes=2), "behind")):
        with pytest.raises(StoreError, match=f"this machine's clock is .* seconds {words} the database's"):
            await take(store, "me", now + wrong)
    assert await take(store, "me", now)
    await engine.dispose()
    postgres.drop_database(database)


async def take(store: ClusterStore, holder: str, now: datetime = AT, name: str = "jobs") -> bool:
    return await store.take_lease(name, holder, now=now, until=now + LEASE)


async def seen(
    store: ClusterStore, name: str, at: datetime = AT, region: str = "eu", lost_before: datetime | None = None
) -> None:
    await store.prober_seen(
        ProberSeen(name=name, region=region, at=at), lost_before=lost_before or at - ALIVE_FOR
    )


def region(name: str, probers: int, at: datetime = AT, lost: int = 0) -> RegionSeen:
    return RegionSeen(region=name, probers=probers, lost=lost, last_seen_at=at)


async def test_a_lease_has_one_holder_until_it_runs_out(store: ClusterStore) -> None:
    assert await take(store, "a")
    assert not await take(store, "b")
    assert not await take(store, "b", AT + LEASE - timedelta(microseconds=1))
    assert await take(store, "b", AT + LEASE)
    assert not await take(store, "a", AT + LEASE)


async def test_its_holder_renews_it(store: ClusterStore) -> None:
    assert await take(store, "a")
    assert await take(store, "a", AT + timedelta(seconds=5))
    assert not await take(store, "b", AT + LEASE)
    assert await take(store, "b", AT + LEASE + timedelta(seconds=5))


async def test_its_holder_has_it_back_when_nobody_took_it_meanwhile(store: ClusterStore) -> None:
    assert await take(store, "a")
    assert await take(store, "a", AT + 100 * LEASE)


async def test_leases_of_other_names_are_other_leases(store: ClusterStore) -> None:
    assert await take(store, "a", name="prober:eu")
    assert await take(store, "b", name="prober:us")


async def test_a_lease_that_is_given_back_is_free(store: ClusterStore) -> None:
    assert await take(store, "a")
    await store.release_lease("jobs", "a")
    assert await take(store, "b")


async def test_nobody_gives_back_what_another_has(store: ClusterStore) -> None:
    await store.release_lease("jobs", "a")
    assert await take(store, "a")
    await store.release_lease("jobs", "b")
    assert not await take(store, "b")


async def test_nobody_waits_for_a_lease_of_before_the_clock_was_set_back(store: ClusterStore) -> None:
    assert await take(store, "a", AT + LONGEST_LEASE)
    assert await take(store, "b", AT)
    assert await take(store, "a", AT + LONGEST_LEASE)


async def test_a_lease_as_long_as_may_be_is_waited_for(store: ClusterStore) -> None:
    assert await store.take_lease("jobs", "a", now=AT, until=AT + LONGEST_LEASE)
    assert not await take(store, "b")


async def test_of_many_who_take_a_lease_at_a_time_one_gets_it(nodes: list[ClusterStore]) -> None:
    takers = [(nodes[n % len(nodes)], f"holder-{n}") for n in range(15)]
    # First where nobody has it, then where one's has run out.
    for now in (AT, AT + LEASE, AT + 2 * LEASE):
        taken = await asyncio.gather(*(take(store, holder, now) for store, holder in takers))
        assert taken.count(True) == 1
        winner = takers[taken.index(True)][1]
        # The winner alone may renew it.
        again = await asyncio.gather(*(take(store, holder, now) for store, holder in takers))
        assert [holder for (_, holder), had in zip(takers, again, strict=True) if had] == [winner]


async def test_nobody_takes_what_its_holder_just_renews(nodes: list[ClusterStore]) -> None:
    now = AT
    assert await take(nodes[0], "a", now)
    for _ in range(10):
        now += timedelta(seconds=5)
        mine, *others = await asyncio.gather(
            take(nodes[0], "a", now), take(nodes[1], "b", now), take(nodes[2], "c", now)
        )
        assert mine
        assert others == [False, False]


async def test_it_knows_the_regions_in_which_somebody_probes(store: ClusterStore) -> None:
    assert await store.regions(alive_since=AT) == []
    await seen(store, "one", AT - timedelta(seconds=3))
    await seen(store, "two", AT)
    await seen(store, "three", AT, region="ap")
    later = AT + timedelta(seconds=10)
    await seen(store, "one", later)
    found = await store.regions(alive_since=AT)
    assert found == [region("ap", 1), region("eu", 2, later)]
    assert {one.status for one in found} == {"up"}


async def test_a_region_whose_probers_fell_silent_is_down(store: ClusterStore) -> None:
    await seen(store, "one")
    await seen(store, "two")
    later = AT + timedelta(seconds=30)
    await seen(store, "two", later)
    assert await store.regions(alive_since=later) == [region("eu", 1, later, lost=1)]
    (found,) = await store.regions(alive_since=later + timedelta(microseconds=1))
    assert found == region("eu", 0, later, lost=2)
    assert found.status == "down"


async def test_a_region_whose_probers_said_good_bye_is_idle(store: ClusterStore) -> None:
    await seen(store, "one")
    await store.prober_gone("one")
    (found,) = await store.regions(alive_since=AT)
    assert found == region("eu", 0)
    assert found.status == "idle"


async def test_a_region_where_one_fell_silent_and_another_said_good_bye_is_down(store: ClusterStore) -> None:
    await seen(store, "one")
    await seen(store, "two")
    await store.prober_gone("two")
    (found,) = await store.regions(alive_since=AT + timedelta(seconds=1))
    assert (found.status, found.lost) == ("down", 1)


async def test_who_was_gone_and_comes_back_is_there(store: ClusterStore) -> None:
    await store.prober_gone("one")
    assert await store.regions(alive_since=AT) == []
    await seen(store, "one")
    await store.prober_gone("one")
    await seen(store, "one", AT + timedelta(seconds=1))
    assert await store.regions(alive_since=AT) == [region("eu", 1, AT + timedelta(seconds=1))]


async def test_who_works_takes_the_place_of_those_who_do_not(store: ClusterStore) -> None:
    await seen(store, "dead", AT)
    await seen(store, "ended", AT)
    await seen(store, "elsewhere", AT, region="us")
    await seen(store, "other", AT + timedelta(seconds=1))
    await store.prober_gone("ended")
    now = AT + timedelta(seconds=60)
    await seen(store, "new", now, lost_before=AT + timedelta(seconds=1))
    assert await store.regions(alive_since=now) == [
        region("eu", 1, now, lost=1),
        region("us", 0, lost=1),
    ]
    await store.prober_gone("new")
    (eu, _) = await store.regions(alive_since=now)
    assert (eu.probers, eu.lost) == (0, 1)


async def test_probers_that_come_back_together_keep_each_other_from_nothing(
    nodes: list[ClusterStore],
) -> None:
    names = [f"prober-{n}" for n in range(6)]
    for name in names:
        await seen(nodes[0], name)
    now = AT + 10 * ALIVE_FOR
    for _ in range(2):
        await asyncio.gather(*(seen(nodes[n % 3], name, now) for n, name in enumerate(names)))
    (found,) = await nodes[0].regions(alive_since=now)
    assert found == region("eu", len(names), now)


async def test_it_forgets_what_was_not_heard_of(store: ClusterStore) -> None:
    await seen(store, "one", AT, region="eu")
    await store.prober_gone("one")
    await seen(store, "two", AT, region="us")
    await seen(store, "three", AT + timedelta(seconds=1), region="ap")
    await store.forget_regions(before=AT + timedelta(seconds=1))
    assert [one.region for one in await store.regions(alive_since=AT)] == ["ap"]


async def test_it_forgets_a_region_when_told_to(store: ClusterStore) -> None:
    await seen(store, "one")
    await seen(store, "two")
    await seen(store, "three", region="us")
    assert await store.forget_region("eu")
    assert not await store.forget_region("eu")
    assert await store.regions(alive_since=AT) == [region("us", 1)]
    await seen(store, "one", AT + timedelta(seconds=10))
    assert await store.regions(alive_since=AT) == [
        region("eu", 1, AT + timedelta(seconds=10)),
        region("us", 1),
    ]


async def test_a_region_is_known_for_a_while_after_its_last_prober(store: ClusterStore) -> None:
    await seen(store, "one")
    for since, status in ((ALIVE_FOR, "up"), (2 * ALIVE_FOR, "down"), (KNOWN_FOR, "down")):
        (found,) = await known_regions(store, AT + since)
        assert found.status == status
    assert await known_regions(store, AT + KNOWN_FOR + timedelta(microseconds=1)) == []


Action = tuple[str, str, int]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["take", "release"]), st.sampled_from("abc"), st.integers(0, 20)),
        max_size=40,
    )
)
def test_a_lease_never_has_two_holders(actions: list[Action]) -> None:
    """By a model of who believes to have it: until when it was granted, and was not given back."""

    async def play() -> None:
        store, now = MemoryClusterStore(), AT
        believes: dict[str, datetime] = {}
        for action, holder, seconds in actions:
            now += timedelta(seconds=seconds)
            if action == "release":
                await store.release_lease("jobs", holder)
                believes.pop(holder, None)
            elif await take(store, holder, now):
                believes[holder] = now + LEASE
            assert sum(until > now for until in believes.values()) <= 1
            free = not any(until > now for name, until in believes.items() if name != "d")
            assert await take(store, "d", now) == free
            await store.release_lease("jobs", "d")

    asyncio.run(play())
