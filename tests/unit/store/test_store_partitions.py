"""Partitions by day, in PostgreSQL."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from contract.builders import AT, check, measurement, settings_in
from fixtures.real_servers import PostgresServer
from openmodels.domain.telemetry import Check
from openmodels.store.engine import create_engine, reading, writing
from openmodels.store.migrate import migrate
from openmodels.store.partitions import AHEAD, partitions
from openmodels.store.telemetry import SqlTelemetryStore

pytestmark = pytest.mark.anyio

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def engine(postgres: PostgresServer, tmp_path: Path, anyio_backend: str) -> AsyncIterator[AsyncEngine]:
    """An empty PostgreSQL database, migrated."""
    database = postgres.migrated_database()
    engine = create_engine(settings_in(tmp_path, OPENMODELS_DATABASE_URL=postgres.url(database)))
    await migrate(engine)
    yield engine
    await engine.dispose()
    postgres.drop_database(database)


async def names(engine: AsyncEngine) -> set[str]:
    async with reading(engine) as connection:
        return {part.name for part in await partitions(connection)}


async def run(engine: AsyncEngine, statement: str) -> Sequence[Any]:
    async with writing(engine) as connection:
        result = await connection.execute(text(statement))
        return result.all() if result.returns_rows else []


async def sum_up(store: SqlTelemetryStore, now: datetime) -> None:
    while await store.roll_up(now):
        pass


async def forget(store: SqlTelemetryStore, raw_before: datetime) -> None:
    while await store.forget(raw_before=raw_before, rollups_before=AT - 999 * DAY):
        pass


def day_of_checks(day: datetime, every: timedelta = HOUR) -> list[Check]:
    return [check(name, day + n * every) for n in range(DAY // every) for name in ("p", "q")]


async def test_a_day_has_its_partition_when_its_first_row_comes(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    await store.record([check("p", AT), check("p", AT - DAY)], [measurement("p", "m", AT)])
    assert await names(engine) == {"checks_20260228", "checks_20260301", "measurements_20260301"}
    midnight = AT.replace(hour=0)
    await store.record([check("p", midnight - timedelta(microseconds=1)), check("p", midnight)])
    assert await run(engine, "SELECT count(*) FROM checks_20260228") == [(2,)]
    assert await run(engine, "SELECT count(*) FROM checks_20260301") == [(2,)]


@pytest.mark.parametrize("year", [1, 1969, 9999])
async def test_it_has_a_partition_for_any_day_that_there_is(engine: AsyncEngine, year: int) -> None:
    at = datetime(year, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    await SqlTelemetryStore(engine).record([check("p", at)])
    assert await names(engine) == {f"checks_{year:04}1231"}


async def test_upkeep_makes_partitions_ahead(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    assert not await store.roll_up(AT)
    days = [AT + n * DAY for n in range(AHEAD // DAY + 1)]
    wanted = {f"{table}_{day:%Y%m%d}" for table in ("checks", "measurements") for day in days}
    assert await names(engine) == wanted
    assert not await store.roll_up(AT)
    assert await names(engine) == wanted


async def test_several_processes_make_the_same_partition_at_once(
    engine: AsyncEngine, tmp_path: Path, postgres: PostgresServer
) -> None:
    url = postgres.url(str(engine.url.database))
    others = [create_engine(settings_in(tmp_path, OPENMODELS_DATABASE_URL=url)) for _ in range(3)]
    stores = [SqlTelemetryStore(one) for one in (engine, *others)]
    await asyncio.gather(
        *(store.record([check("p", AT + n * DAY)]) for store in stores for n in range(4)),
        *(store.roll_up(AT) for store in stores),
    )
    assert len(await names(engine)) == 4 + 3
    assert await run(engine, "SELECT count(*) FROM checks") == [(16,)]
    for other in others:
        await other.dispose()


async def test_readers_do_not_wait_for_a_new_partition(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    await store.record([check("p", AT)])
    async with reading(engine) as connection:
        before = (await connection.execute(text("SELECT count(*) FROM checks"))).scalar_one()
        # Would never return if it waited for the reader.
        await asyncio.wait_for(store.record([check("p", AT + DAY)]), 20)
        assert (await connection.execute(text("SELECT count(*) FROM checks"))).scalar_one() == before
    assert await store.checks_since(AT) == 2


async def test_old_days_are_dropped_and_not_deleted_from(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    for age in (4, 3, 2, 0):
        await store.record(
            day_of_checks(AT.replace(hour=0) - age * DAY), [measurement("p", "m", AT - age * DAY)]
        )
    await sum_up(store, AT + DAY)
    since = AT - 5 * DAY
    before = await store.health("p", since=since, regions=(), limit=0)
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    await forget(store, AT - 2 * DAY)
    event.remove(engine.sync_engine, "before_cursor_execute", note)
    assert not [one for one in said if one.startswith(("DELETE FROM checks", "DELETE FROM measurements"))]
    kept = {name for name in await names(engine) if name < "checks_20260301" or "measurements" in name}
    assert {name for name in kept if name.endswith(("25", "26"))} == set()
    assert "checks_20260227" in kept, "a part of that day is to be kept"
    assert await run(engine, "SELECT count(*) FROM checks") == [(2 * 48,)]
    assert await store.health("p", since=since, regions=(), limit=0) == before


async def test_no_day_is_dropped_that_is_not_summed_up(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    old = AT - 9 * DAY
    await store.record(day_of_checks(old.replace(hour=0)))
    await store.record([check("p", AT)])
    await forget(store, AT)
    assert await run(engine, "SELECT count(*) FROM checks") == [(49,)]
    await sum_up(store, AT)
    await store.record([check("p", old)])
    await forget(store, AT)
    assert await run(engine, "SELECT count(*) FROM checks") == [(50,)], "a late row is not in its sums yet"
    await sum_up(store, AT)
    await forget(store, AT)
    found = await store.health("p", since=old - DAY, regions=(), limit=0)
    assert found.checks_total == 24 + 1 + 1


async def test_a_day_that_is_being_read_is_dropped_later(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    await store.record(day_of_checks(AT.replace(hour=0) - 5 * DAY))
    await store.record([check("p", AT)])
    await sum_up(store, AT)
    async with reading(engine) as connection:
        counted = text("SELECT count(*) FROM checks")
        assert (await connection.execute(counted)).scalar_one() == 49
        await asyncio.wait_for(forget(store, AT - DAY), 20)
        assert (await connection.execute(counted)).scalar_one() == 49
        await asyncio.wait_for(store.record([check("p", AT)]), 20)
    await forget(store, AT - DAY)
    assert await run(engine, "SELECT count(*) FROM checks") == [(2,)]


async def test_a_reader_never_finds_rows_missing_that_the_head_promises(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    day = AT.replace(hour=0) - 5 * DAY
    await store.record(day_of_checks(day, timedelta(minutes=10)))
    await store.record([check("p", AT)])
    await sum_up(store, AT)
    wanted = {}
    for since in (day, day + timedelta(minutes=25), day + 3 * HOUR + timedelta(minutes=59)):
        wanted[since] = {(await store.health("p", since=since, regions=(), limit=0)).checks_total}
        # Once its rows are gone, a period begins with a whole hour.
        whole = since.replace(minute=0)
        wanted[since].add((await store.health("p", since=whole, regions=(), limit=0)).checks_total)
    done = asyncio.Event()

    async def read() -> None:
        while not done.is_set():
            for since, totals in wanted.items():
                found = await store.health("p", since=since, regions=(), limit=0)
                assert found.checks_total in totals

    readers = [asyncio.create_task(read()) for _ in range(3)]
    for _ in range(50):
        await forget(store, AT - DAY)
        if await run(engine, "SELECT count(*) FROM checks") == [(1,)]:
            break
    done.set()
    await asyncio.gather(*readers)
    assert await run(engine, "SELECT count(*) FROM checks") == [(1,)]


async def test_the_newest_row_stays(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    await store.record([check("p", AT - 9 * DAY)])
    await sum_up(store, AT)
    place = await store.cursor()
    await forget(store, AT)
    assert await store.cursor() == place
    await store.record([check("p", AT)])
    await sum_up(store, AT + 2 * HOUR)
    await forget(store, AT)
    assert await run(engine, "SELECT count(*) FROM checks") == [(1,)]


async def test_an_operators_own_partition_is_left_alone(engine: AsyncEngine) -> None:
    await run(engine, "CREATE TABLE the_rest PARTITION OF checks DEFAULT")
    store = SqlTelemetryStore(engine)
    await store.record([check("p", AT - 9 * DAY)])
    await store.record([check("p", AT)])
    await sum_up(store, AT + 2 * HOUR)
    await forget(store, AT)
    assert "checks_20260220" not in await names(engine)
    await run(engine, "SELECT count(*) FROM the_rest")


def scanned(plan: Any) -> set[str]:
    """The tables that a plan reads."""
    found = {plan["Relation Name"]} if "Relation Name" in plan else set()
    return found.union(*(scanned(part) for part in plan.get("Plans", ())))


class Plans:
    """What the server reads for each question."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._asked: list[tuple[str, Any]] = []

    def _note(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        self._asked.append((statement, parameters))

    async def of(self, question: Any) -> set[str]:
        """The partitions of checks and measurements that this reads."""
        self._asked.clear()
        event.listen(self._engine.sync_engine, "before_cursor_execute", self._note)
        await question
        event.remove(self._engine.sync_engine, "before_cursor_execute", self._note)
        found: set[str] = set()
        async with self._engine.connect() as connection:
            for statement, parameters in self._asked:
                if not statement.startswith(("SELECT", "(SELECT")):
                    continue
                explained = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
                plans = explained.scalar_one()
                plans = json.loads(plans) if isinstance(plans, str) else plans
                found |= scanned(plans[0]["Plan"])
        return {name for name in found if name.startswith(("checks_2", "measurements_2"))}


@pytest.fixture
async def month(engine: AsyncEngine) -> SqlTelemetryStore:
    """Thirty days and the two that are made ahead, nothing summed up."""
    store = SqlTelemetryStore(engine)
    days = [AT - age * DAY for age in range(30)]
    await store.record([check("p", day) for day in days], [measurement("p", "m", day) for day in days])
    await store.roll_up(AT - 60 * DAY)
    await store.roll_up(AT)
    return store


async def test_a_question_reads_the_partitions_of_its_period_alone(
    engine: AsyncEngine, month: SqlTelemetryStore
) -> None:
    plans, since = Plans(engine), AT - HOUR
    # Those of the two days after today are empty, and a period has no end.
    checks = {f"checks_2026030{day}" for day in (1, 2, 3)}
    measurements = {f"measurements_2026030{day}" for day in (1, 2, 3)}
    today = {name for name in checks | measurements if name in await names(engine)}
    assert await plans.of(month.health("p", since=since, regions=(), limit=9)) == today & checks
    assert await plans.of(month.checks_since(since)) == today & checks
    asked = month.latency("p", since=since, regions=(), model_ids=["m"], limit=9)
    assert await plans.of(asked) == today & measurements
    assert await plans.of(month.offerings("m", ["p"], since=since, regions=())) == today
    await sum_up(month, AT + 2 * HOUR)
    # Of thirty days, only the hour in which they begin, and what is not summed up.
    long_ago = AT - 29 * DAY - timedelta(minutes=30)
    wanted = checks | measurements | {"checks_20260131", "measurements_20260131"}
    assert await plans.of(month.offerings("m", ["p"], since=long_ago, regions=())) <= wanted
    assert await plans.of(month.checks_since(long_ago)) <= wanted


async def test_a_place_in_the_order_of_recording_is_found_by_indexes(
    engine: AsyncEngine, month: SqlTelemetryStore
) -> None:
    place = await month.cursor()
    async with reading(engine) as connection:
        # As it is with many rows: here a page holds a whole partition, and looking through it costs nothing.
        for other in ("seqscan", "bitmapscan", "sort"):
            await connection.execute(text(f"SET LOCAL enable_{other} = off"))
        for statement in (
            "SELECT max(id) FROM checks",
            f"SELECT * FROM checks WHERE id > {place.check} ORDER BY id LIMIT 1000",
            "SELECT min(checked_at) FROM checks WHERE checked_at >= 0",
            (
                "SELECT checked_at, id FROM checks WHERE provider_id = 'p' AND checked_at >= 0 "
                "ORDER BY checked_at DESC, id DESC LIMIT 9"
            ),
        ):
            plan = (await connection.execute(text(f"EXPLAIN {statement}"))).scalars().all()
            assert not [line for line in plan if "Seq Scan" in line], plan
            assert not [line for line in plan if "->  Sort" in line or line.startswith("Sort")], plan
