"""Summing up changes no answer: at no stage, for no period, and whatever comes late."""

import random
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.builders import check, measurement
from contract.conftest import OpenStores
from contract.oracle import (
    DAY,
    HOUR,
    MODELS,
    NOW,
    REGIONS,
    Oracle,
    same,
    some_checks,
    some_measurements,
    some_time,
)
from openmodels.domain.telemetry import summarise_checks, summarise_measurements
from openmodels.store.ports import TelemetryStore

pytestmark = pytest.mark.anyio

AGES = (HOUR, DAY, 7 * DAY, 30 * DAY, 40 * DAY)


async def sum_up(store: TelemetryStore, now: datetime = NOW, *, steps: int = 100_000) -> bool:
    """Make so many steps, or all; whether there was an end to them."""
    for _ in range(steps):
        if not await store.roll_up(now):
            return True
    return False


def some_of(chance: random.Random, names: Sequence[str]) -> Sequence[str]:
    """None of them, which stands for all, half of the time; else one or more."""
    return chance.sample(names, chance.randint(1, len(names))) if chance.random() < 0.5 else ()


async def compare(oracle: Oracle, store: TelemetryStore, chance: random.Random, times: int) -> None:
    """Compare every period, and some that begin at any time."""
    for since in (*(NOW - age for age in AGES), *(some_time(chance) for _ in range(times))):
        await oracle.compare(
            store,
            since,
            regions=some_of(chance, [*REGIONS, "mars"]),
            model_ids=some_of(chance, MODELS),
        )


@pytest.mark.parametrize("seed", range(3))
async def test_no_answer_changes_while_hours_and_days_are_summed_up(
    telemetry_store: TelemetryStore, seed: int
) -> None:
    chance, oracle = random.Random(seed), Oracle()
    await oracle.record(telemetry_store, some_checks(chance, 150), some_measurements(chance, 80))
    await compare(oracle, telemetry_store, chance, 1)
    for _ in range(4):
        ended = await sum_up(telemetry_store, steps=chance.randrange(1, 60))
        await compare(oracle, telemetry_store, chance, 1)
        if ended:
            break
    await sum_up(telemetry_store)
    await compare(oracle, telemetry_store, chance, 3)
    assert not await telemetry_store.roll_up(NOW), "it comes to an end"


@pytest.mark.parametrize("seed", range(3))
async def test_no_answer_changes_when_rows_come_late(telemetry_store: TelemetryStore, seed: int) -> None:
    chance, oracle = random.Random(seed), Oracle()
    await oracle.record(telemetry_store, some_checks(chance, 100), some_measurements(chance, 50))
    for _ in range(5):
        await sum_up(telemetry_store, steps=chance.choice([7, 60, 100_000]))
        late = some_checks(chance, chance.choice([1, 40])), some_measurements(chance, chance.choice([0, 20]))
        await oracle.record(telemetry_store, *late)
        await compare(oracle, telemetry_store, chance, 1)
    await sum_up(telemetry_store)
    await compare(oracle, telemetry_store, chance, 3)


@pytest.mark.parametrize("seed", range(3))
async def test_no_answer_changes_as_time_goes_by(telemetry_store: TelemetryStore, seed: int) -> None:
    chance, oracle = random.Random(seed), Oracle()
    checks = sorted(some_checks(chance, 120, days=3), key=lambda c: c.checked_at)
    measurements = sorted(some_measurements(chance, 60, days=3), key=lambda m: m.measured_at)
    now = NOW - 3 * DAY
    while now < NOW:
        later = min(NOW, now + chance.choice([0.1, 1, 5, 20]) * HOUR)
        await oracle.record(
            telemetry_store,
            [c for c in checks if now < c.checked_at <= later],
            [m for m in measurements if now < m.measured_at <= later],
        )
        now = later
        await sum_up(telemetry_store, now, steps=chance.choice([2, 30, 100_000]))
        since = now - chance.choice(AGES) - chance.random() * HOUR
        await oracle.compare(telemetry_store, since, regions=(), model_ids=some_of(chance, MODELS))


Moves = st.lists(
    st.one_of(
        st.tuples(st.just("record"), st.integers(0, 12), st.integers(0, 4)),
        st.tuples(st.just("sum"), st.integers(1, 40), st.just(0)),
        st.tuples(st.just("ask"), st.integers(0, 10**6), st.just(0)),
    ),
    max_size=15,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=Moves, seed=st.integers(0, 10**6))
async def test_it_answers_as_an_oracle_does_whatever_comes_in_whatever_order(
    open_stores: OpenStores, moves: list[tuple[str, int, int]], seed: int
) -> None:
    chance, oracle = random.Random(seed), Oracle()
    with tempfile.TemporaryDirectory() as folder:
        async with open_stores(Path(folder)) as (_, store):
            for what, number, more in [*moves, ("sum", 10_000, 0), ("ask", seed, 0)]:
                if what == "record":
                    await oracle.record(
                        store, some_checks(chance, number, days=4), some_measurements(chance, more, days=4)
                    )
                elif what == "sum":
                    await sum_up(store, steps=number)
                else:
                    since = some_time(random.Random(number), days=5)
                    await oracle.compare(store, since, regions=(), model_ids=())


async def test_it_sums_up_no_hour_before_it_is_over(telemetry_store: TelemetryStore) -> None:
    at = NOW.replace(minute=59, second=59)
    await telemetry_store.record([check("amber", at)])
    assert not await telemetry_store.roll_up(at + timedelta(minutes=2))


async def test_it_passes_over_time_in_which_nothing_was_recorded(telemetry_store: TelemetryStore) -> None:
    oracle = Oracle()
    ages = [0 * DAY, 300 * DAY, 301 * DAY, 20_000 * DAY]
    await oracle.record(telemetry_store, [check("amber", NOW - age) for age in ages], [])
    # For each of the old ones: its hour, the hour's end, its day and the day's end.
    await sum_up(telemetry_store, NOW + DAY, steps=20)
    assert not await telemetry_store.roll_up(NOW + DAY)
    for since in (NOW - HOUR, NOW - 300 * DAY, NOW - 302 * DAY, NOW - 20_001 * DAY):
        await oracle.compare(telemetry_store, since, regions=(), model_ids=())


async def test_it_counts_rows_of_the_future(telemetry_store: TelemetryStore) -> None:
    oracle = Oracle()
    ages = [-9 * DAY, -1 * HOUR, 0 * HOUR, 9 * HOUR, 19 * HOUR]
    await oracle.record(telemetry_store, [check("amber", NOW - age) for age in ages], [])
    for now in (NOW, NOW + HOUR + DAY, NOW + 8 * DAY, NOW + 12 * DAY):
        await sum_up(telemetry_store, now)
        for since in (NOW - 3 * DAY, NOW, NOW + HOUR, NOW + 8 * DAY):
            await oracle.compare(telemetry_store, since, regions=(), model_ids=())
        await oracle.record(telemetry_store, [check("amber", NOW + 2 * DAY)], [])


async def test_it_stays_near_for_more_values_than_are_kept_one_by_one(
    telemetry_store: TelemetryStore,
) -> None:
    chance = random.Random(1)
    start = NOW - 10 * DAY
    times = [chance.lognormvariate(6, 1) for _ in range(20_000)]
    checks = [
        check("amber", start + n * timedelta(seconds=40), response_time_ms=time)
        for n, time in enumerate(times)
    ]
    await telemetry_store.record(checks)
    await sum_up(telemetry_store)
    found = await telemetry_store.health("amber", since=NOW - 30 * DAY, regions=(), limit=0)
    assert found.checks_total == len(times)
    assert found.average_response_time_ms == pytest.approx(sum(times) / len(times), rel=1e-9)
    assert found.p95_response_time_ms is not None
    rank = sum(time <= found.p95_response_time_ms for time in times) / len(times)
    assert 0.935 <= rank <= 0.965


async def test_it_forgets_single_rows_and_goes_on_after_them(telemetry_store: TelemetryStore) -> None:
    await telemetry_store.record(
        [check("amber", NOW - age * DAY) for age in (9, 8, 2, 1)],
        [measurement("amber", "m", NOW - age * DAY) for age in (9, 1)],
    )
    await sum_up(telemetry_store)
    while await telemetry_store.forget(raw_before=NOW - 7 * DAY, rollups_before=NOW - 700 * DAY):
        pass
    found = await telemetry_store.health("amber", since=NOW - 5 * DAY, regions=(), limit=9)
    assert found.checks_total == 2
    before = await telemetry_store.cursor()
    await telemetry_store.record([check("amber", NOW)], [measurement("amber", "m", NOW)])
    recorded = await telemetry_store.recorded_after(before, limit=9)
    assert len(recorded.events) == 2


async def test_numbers_are_not_given_again_when_everything_was_forgotten(
    telemetry_store: TelemetryStore,
) -> None:
    old = NOW - 2000 * DAY
    downs = [check("amber", old + timedelta(minutes=n), "down") for n in range(3)]
    await telemetry_store.record(downs, [measurement("amber", "m", old)])
    await sum_up(telemetry_store)
    cursor = await telemetry_store.cursor()
    kept = await telemetry_store.transitions_after(0, limit=9)
    while await telemetry_store.forget(raw_before=NOW, rollups_before=NOW):
        pass
    await telemetry_store.record([check("birch", NOW, "down")] * 3, [measurement("birch", "m", NOW)])
    recorded = await telemetry_store.recorded_after(cursor, limit=9)
    assert [event.provider_id for _, event in recorded.events] == ["birch"] * 4
    (down,) = await telemetry_store.transitions_after(kept[-1].number, limit=9)
    assert down.transition.provider_id == "birch"


async def test_it_forgets_incidents_that_ended_and_transitions(telemetry_store: TelemetryStore) -> None:
    for name, days in (("amber", 900), ("birch", 10)):
        checks = [
            check(name, NOW - days * DAY + timedelta(minutes=n), "down" if n < 3 else "up") for n in range(5)
        ]
        await telemetry_store.record(checks)
    await telemetry_store.record([check("cedar", NOW - 900 * DAY, "down")] * 3)
    await sum_up(telemetry_store)
    while await telemetry_store.forget(raw_before=NOW - DAY, rollups_before=NOW - 700 * DAY):
        pass

    async def incidents(name: str) -> int:
        since = NOW - 1000 * DAY
        return len((await telemetry_store.health(name, since=since, regions=(), limit=1)).incidents)

    assert [await incidents(name) for name in ("amber", "birch", "cedar")] == [0, 1, 1]
    kept = await telemetry_store.transitions_after(0, limit=99)
    assert {one.transition.provider_id for one in kept} <= {"birch", "cedar"}


async def test_what_is_the_same_is_told_the_same(telemetry_store: TelemetryStore) -> None:
    """The oracle itself must tell differences apart."""
    one = summarise_checks([check("amber", NOW)], limit=1)
    with pytest.raises(AssertionError):
        same(one, summarise_checks([check("amber", NOW, "down")], limit=1))
    with pytest.raises(AssertionError):
        same(summarise_measurements([measurement("a", "m", NOW)]), summarise_measurements([]))
