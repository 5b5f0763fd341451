"""Summing up and forgetting in a database: in steps, whatever happens between them."""

import asyncio
import random
import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from contract.builders import AT, check, measurement, settings_in
from contract.oracle import NOW, Oracle, some_checks, some_measurements
from openmodels.domain.telemetry import Check
from openmodels.errors import RecordUnreadable, StoreError
from openmodels.store.engine import FILE_NAME, create_engine, reading, writing
from openmodels.store.migrate import migrate
from openmodels.store.telemetry import SqlTelemetryStore
from openmodels.store.upkeep import Steps

pytestmark = pytest.mark.anyio

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def run(engine: AsyncEngine, statement: str) -> Sequence[Any]:
    async with writing(engine) as connection:
        result = await connection.execute(text(statement))
        return result.all() if result.returns_rows else []


async def sum_up(store: SqlTelemetryStore, now: Any = NOW) -> int:
    steps = 0
    while await store.roll_up(now):
        steps += 1
    return steps


async def forget(store: SqlTelemetryStore, raw_before: Any, rollups_before: Any = NOW - 800 * DAY) -> None:
    while await store.forget(raw_before=raw_before, rollups_before=rollups_before):
        pass


async def test_it_keeps_sums_when_single_rows_are_forgotten(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    at = NOW - 20 * DAY
    await store.record(
        [check("p", at + timedelta(minutes=n)) for n in range(10)], [measurement("p", "m", at)]
    )
    await store.record([check("p", NOW)])
    await sum_up(store)
    since = at - DAY
    before = await store.health("p", since=since, regions=(), limit=0)
    timings = (await store.latency("p", since=since, regions=(), model_ids=["m"], limit=0)).timings
    await forget(store, NOW - DAY)
    assert await run(engine, "SELECT count(*) FROM checks") == [(1,)]
    assert await store.health("p", since=since, regions=(), limit=0) == before
    assert (await store.latency("p", since=since, regions=(), model_ids=["m"], limit=0)).timings == timings
    assert before.checks_total == await store.checks_since(since) == 11


async def test_it_begins_with_a_whole_hour_where_single_rows_are_forgotten(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    hour = (NOW - 20 * DAY).replace(minute=0, second=0, microsecond=0)
    await store.record([check("p", hour + timedelta(minutes=n)) for n in (0, 20, 40)])
    await store.record([check("p", NOW)])
    await sum_up(store)
    since = hour + timedelta(minutes=30)
    assert (await store.health("p", since=since, regions=(), limit=9)).checks_total == 2
    await forget(store, NOW - DAY)
    found = await store.health("p", since=since, regions=(), limit=9)
    assert (found.checks_total, len(found.checks)) == (4, 1)


async def test_what_comes_after_its_hour_was_forgotten_is_not_counted(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    at = NOW - 20 * DAY
    await store.record([check("p", at), check("p", NOW)])
    await sum_up(store)
    await forget(store, NOW - DAY)
    await store.record([check("p", at), check("q", at)])
    await sum_up(store)
    assert (await store.health("p", since=at - HOUR, regions=(), limit=0)).checks_total == 2
    assert (await store.health("q", since=at - HOUR, regions=(), limit=0)).checks_total == 0
    assert await store.checks_since(at - HOUR) == 2
    await forget(store, NOW - DAY)
    assert await run(engine, "SELECT count(*) FROM checks") == [(2,)], "the newest stays"


async def test_it_forgets_no_row_that_is_not_summed_up(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    at = NOW - 20 * DAY
    await store.record([check("p", at), check("p", NOW)])
    await forget(store, NOW)
    assert await run(engine, "SELECT count(*) FROM checks") == [(2,)]
    await sum_up(store)
    await store.record([check("p", at + timedelta(minutes=1))])
    await forget(store, NOW)
    found = await store.health("p", since=at - HOUR, regions=(), limit=0)
    assert found.checks_total == 3, (
        "an hour to which rows came late is not forgotten before it is summed again"
    )


async def test_it_forgets_sums_after_their_time(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine, steps=Steps(deleted=2))
    await store.record(
        [check("p", NOW - age * DAY) for age in (900, 899, 850, 10, 9, 0)],
        [measurement("p", "m", NOW - age * DAY) for age in (900, 10, 9, 0)],
    )
    await sum_up(store)
    await forget(store, NOW - DAY, NOW - 700 * DAY)
    for table in ("check_hours", "check_days", "measurement_hours", "measurement_days", "summed_hours"):
        (oldest,) = (await run(engine, f"SELECT min(start) FROM {table}"))[0]
        assert oldest > (NOW - 700 * DAY).timestamp() * 1e6, table


@pytest.mark.parametrize(
    "statement", ["INSERT INTO check_hours", "INSERT INTO measurement_days", "UPDATE telemetry"]
)
async def test_a_step_that_fails_is_made_again(engine: AsyncEngine, statement: str) -> None:
    chance, oracle = random.Random(1), Oracle()
    checks = [check(name, NOW - n * HOUR) for n in range(30) for name in ("p", "q")]
    store = SqlTelemetryStore(engine, steps=Steps(providers=1))
    measured = [measurement("p", "m", NOW - n * HOUR) for n in range(30)]
    await oracle.record(store, checks, measured)
    failing = True

    def fail(_connection: Any, _cursor: Any, executed: str, *_rest: Any) -> None:
        # After the statement was executed: what it wrote must be taken back.
        if failing and executed.startswith(statement):
            raise OSError("the disk failed")

    event.listen(engine.sync_engine, "after_cursor_execute", fail)
    for _ in range(500):
        failing = not failing
        try:
            if not await store.roll_up(NOW) and failing:
                break
        except StoreError:
            if chance.random() < 0.1:
                await oracle.compare(store, NOW - 2 * DAY, regions=(), model_ids=())
    failing = False
    await sum_up(store)
    await oracle.compare(store, NOW - 2 * DAY, regions=(), model_ids=())


async def test_it_can_be_recorded_and_asked_while_it_sums_up(tmp_path: Path) -> None:
    engines = [create_engine(settings_in(tmp_path)) for _ in range(3)]
    await migrate(engines[0])
    writer, other, upkeep = (SqlTelemetryStore(engine, steps=Steps(providers=2)) for engine in engines)
    chance, oracle = random.Random(7), Oracle()
    await oracle.record(writer, some_checks(chance, 60), some_measurements(chance, 30))
    done = asyncio.Event()

    async def record(store: SqlTelemetryStore) -> None:
        for _ in range(15):
            await oracle.record(store, some_checks(chance, 5), some_measurements(chance, 2))

    async def sum_until_done() -> None:
        while not done.is_set():
            await upkeep.roll_up(NOW)

    summing = [asyncio.create_task(sum_until_done()) for _ in range(2)]
    await asyncio.gather(record(writer), record(other))
    done.set()
    await asyncio.gather(*summing)
    await oracle.compare(writer, NOW - 30 * DAY, regions=(), model_ids=())
    await sum_up(upkeep)
    await oracle.compare(other, NOW - 30 * DAY, regions=(), model_ids=())
    for engine in engines:
        await engine.dispose()


@pytest.mark.parametrize("table", ["check_hours", "check_days"])
async def test_it_names_the_sums_that_cannot_be_read(engine: AsyncEngine, table: str) -> None:
    store = SqlTelemetryStore(engine)
    await store.record([check("amber", NOW - n * HOUR) for n in range(50)])
    await sum_up(store)
    await run(engine, f"UPDATE {table} SET times = x'0102030405060708090a0b0c0d0e0f1011'")
    with pytest.raises(
        RecordUnreadable, match=rf"sums {table}/amber/local/2026-03-1.* cannot be read: .*summary"
    ):
        await store.health("amber", since=NOW - 3 * DAY, regions=(), limit=1)
    found = await store.offerings("m", ["amber"], since=NOW - 3 * DAY, regions=())
    assert found["amber"].checks_total == 50, "counts are read without them"


async def test_it_names_a_standing_that_cannot_be_read(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    await store.record([check("amber", AT)])
    await run(engine, """UPDATE provider_standings SET body = '{"status": "asleep"}'""")
    with pytest.raises(RecordUnreadable, match="provider_standings/amber cannot be read"):
        await store.standings()


async def test_it_goes_on_recording_beside_a_standing_that_cannot_be_read(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    await store.record([check("amber", AT)])
    await run(engine, """UPDATE provider_standings SET body = '{"status": "asleep"}'""")
    later = AT + timedelta(minutes=5)
    with capture_logs() as logs:
        await store.record([check("amber", later), check("birch", later)])
    assert [(line["log_level"], line["provider"]) for line in logs] == [("error", "amber")]
    standings = await store.standings()
    assert {name: standing.last_checked_at for name, standing in standings.items()} == {
        "amber": later,
        "birch": later,
    }


async def test_it_steps_over_providers_and_rows_a_few_at_a_time(engine: AsyncEngine) -> None:
    checks = [check(f"p{n:03}", NOW - 3 * HOUR + timedelta(seconds=s)) for n in range(30) for s in range(10)]
    for steps, wanted in (
        (Steps(providers=10), 3 + 1),
        (Steps(rows=50), 6 + 1),
        (Steps(rows=1), 30 + 1),
        (Steps(), 1 + 1),
    ):
        store = SqlTelemetryStore(engine, steps=steps)
        for table in ("checks", "check_hours", "summed_hours", "provider_standings"):
            await run(engine, f"DELETE FROM {table}")
        await run(
            engine, "UPDATE telemetry_head SET hours_until = NULL, late_before = NULL, last_probe_at = NULL"
        )
        await store.record(checks)
        assert await sum_up(store) == wanted
        assert await run(engine, "SELECT count(*), sum(total) FROM check_hours") == [(30, 300)]


def a_day_of_checks(day: int) -> list[Check]:
    start = NOW - 400 * DAY + day * DAY
    return [check(f"provider-{n % 40:02}", start + n * timedelta(seconds=40)) for n in range(2000)]


async def pages(engine: AsyncEngine) -> tuple[int, int]:
    """How many pages the file has, and how many of them are free."""
    async with reading(engine) as connection:
        numbers = [
            (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("page_count", "freelist_count")
        ]
    return int(numbers[0]), int(numbers[1])


async def test_the_file_does_not_grow_in_the_long_run(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    sizes = []
    for day in range(14):
        await store.record(a_day_of_checks(day))
        now = NOW - 400 * DAY + (day + 1) * DAY
        await sum_up(store, now)
        await forget(store, now - 3 * DAY, now - 5 * DAY)
        sizes.append((await pages(engine))[0])
    assert max(sizes[8:]) <= sizes[7] * 1.1


async def test_a_file_of_which_much_is_free_gets_smaller(engine: AsyncEngine) -> None:
    store = SqlTelemetryStore(engine)
    one_hour = [check("p", NOW - 9 * DAY, outcome="x" * 200) for _ in range(40_000)]
    await store.record(one_hour)
    await store.record([check("p", NOW)])
    before = await pages(engine)
    await sum_up(store)
    await forget(store, NOW - DAY, NOW - DAY)
    after = await pages(engine)
    assert after[0] < before[0] / 2
    assert after[1] < 1000
    assert not await store.forget(raw_before=NOW - DAY, rollups_before=NOW - DAY), "it comes to an end"


async def test_a_file_of_an_older_version_is_used_again_and_gets_no_smaller(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("CREATE TABLE somebody_elses (x INTEGER)")
    connection.close()
    engine = create_engine(settings_in(tmp_path))
    await migrate(engine)
    store = SqlTelemetryStore(engine)
    await store.record(a_day_of_checks(0))
    await store.record([check("p", NOW)])
    await sum_up(store)
    await forget(store, NOW - DAY, NOW - DAY)
    assert not await store.forget(raw_before=NOW - DAY, rollups_before=NOW - DAY)
    await engine.dispose()
