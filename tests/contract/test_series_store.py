"""Series of what was recorded: by days and by slices, at every stage of summing up."""

import math
import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from contract.builders import check, incident, measurement
from contract.oracle import (
    DAY,
    HOUR,
    MODELS,
    NOW,
    PROVIDERS,
    REGIONS,
    Oracle,
    some_checks,
    some_measurements,
    some_time,
)
from openmodels.domain.series import CheckSlice, DayOfChecks, TimingSlice
from openmodels.domain.telemetry import Check, Measurement, mean, percentile
from openmodels.store.ports import TelemetryStore

pytestmark = pytest.mark.anyio

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WIDTHS = (HOUR, 3 * HOUR, 5 * HOUR, DAY, 2 * DAY)
TODAY = NOW.date()


async def sum_up(store: TelemetryStore, now: datetime = NOW, *, steps: int = 100_000) -> None:
    for _ in range(steps):
        if not await store.roll_up(now):
            return


def slice_of(at: datetime, width: timedelta) -> datetime:
    return EPOCH + (at - EPOCH) // width * width


def days_of(checks: Sequence[Check], since: datetime, names: Collection[str]) -> dict[str, list[DayOfChecks]]:
    """What ``checks_by_day`` must say of what was ever recorded."""
    days: defaultdict[str, defaultdict[date, list[Check]]] = defaultdict(lambda: defaultdict(list))
    for one in checks:
        if one.checked_at.date() >= since.date() and (not names or one.provider_id in names):
            days[one.provider_id][one.checked_at.date()].append(one)
    return {
        name: [
            DayOfChecks(day=day, total=len(found), up=[c.status for c in found].count("up"))
            for day, found in sorted(by_day.items())
        ]
        for name, by_day in days.items()
    }


def check_slices_of(checks: Sequence[Check], since: datetime, width: timedelta) -> list[CheckSlice]:
    """What ``check_slices`` must say of these checks."""
    made = []
    for start in sorted({slice_of(one.checked_at, width) for one in checks}):
        if start >= slice_of(since, width):
            found = [one for one in checks if start <= one.checked_at < start + width]
            times = sorted(c.response_time_ms for c in found if c.response_time_ms is not None)
            made.append(
                CheckSlice(
                    start=start,
                    total=len(found),
                    up=[c.status for c in found].count("up"),
                    p50_response_time_ms=percentile(times, 0.5),
                    p95_response_time_ms=percentile(times, 0.95),
                )
            )
    return made


def timing_slices_of(measured: Sequence[Measurement], since: datetime, width: timedelta) -> list[TimingSlice]:
    """What ``timing_slices`` must say of these measurements of one provider."""
    good = [one for one in measured if one.outcome == "ok"]
    made = []
    for start in sorted({slice_of(one.measured_at, width) for one in good}):
        if start >= slice_of(since, width):
            found = [one for one in good if start <= one.measured_at < start + width]
            ttft = sorted(m.time_to_first_token_ms for m in found if m.time_to_first_token_ms is not None)
            whole = sorted(m.total_response_time_ms for m in found if m.total_response_time_ms is not None)
            made.append(
                TimingSlice(
                    start=start,
                    samples=len(found),
                    p50_ttft_ms=percentile(ttft, 0.5),
                    p95_ttft_ms=percentile(ttft, 0.95),
                    p50_total_ms=percentile(whole, 0.5),
                    p95_total_ms=percentile(whole, 0.95),
                    average_ttft_ms=mean(ttft),
                    average_total_ms=mean(whole),
                    average_tokens_per_second=mean(
                        [m.tokens_per_second for m in found if m.tokens_per_second is not None]
                    ),
                )
            )
    return made


def same(found: Sequence[msgspec.Struct], wanted: Sequence[msgspec.Struct]) -> None:
    """Equal, but for the last digits of averages."""
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        for name in other.__struct_fields__:
            value, expected = getattr(one, name), getattr(other, name)
            if name.startswith("average") and expected is not None:
                assert math.isclose(value, expected, rel_tol=1e-9), (name, one, other)
            else:
                assert value == expected, (name, one, other)


def fitting(
    regions: Collection[str], model_ids: Collection[str] = ()
) -> Callable[[Check | Measurement], bool]:
    def fits(record: Check | Measurement) -> bool:
        if regions and record.region not in regions:
            return False
        return not model_ids or (isinstance(record, Measurement) and record.model_id in model_ids)

    return fits


async def agree_on_figures(store: TelemetryStore, name: str, since: datetime, width: timedelta) -> None:
    """What is read of a provider at once is what is read of it one by one."""
    found = await store.provider_figures(name, since=since, width=width)
    health = await store.health(name, since=since, regions=(), limit=0)
    latency = await store.latency(name, since=since, regions=(), model_ids=(), limit=500)
    same([found.health, found.timings], [replace(health, incidents=()), latency.timings])
    same(found.checks, await store.check_slices(name, since=since, width=width))
    slices = await store.timing_slices(since=since, width=width, provider_ids=[name])
    same(found.measurements, slices.get(name, ()))
    rates = defaultdict(list)
    for one in latency.measurements:
        if one.outcome == "ok" and one.tokens_per_second is not None:
            rates[one.model_id].append(one.tokens_per_second)
    assert found.speeds == {model_id: statistics.median(known) for model_id, known in rates.items()}


async def compare(oracle: Oracle, store: TelemetryStore, chance: random.Random, times: int = 2) -> None:
    """Ask for series of several periods, and compare them with what was ever recorded."""
    for since in (NOW - 30 * DAY, NOW - 7 * DAY, NOW - HOUR, *(some_time(chance) for _ in range(times))):
        width = chance.choice(WIDTHS)
        regions = chance.choice([(), (), ("eu",), ("eu", "us"), ("mars",)])
        model_ids = chance.choice([(), (MODELS[0],), MODELS[:2]])
        names = chance.choice([(), (), PROVIDERS[:2], ("nobody",)])
        found = await store.checks_by_day(since=since, provider_ids=names)
        assert found == days_of(oracle.checks, since, names)
        assert list(found) == sorted(found)
        fits = fitting(regions)
        for name in PROVIDERS[:3]:
            own = [c for c in oracle.checks if c.provider_id == name and fits(c)]
            slices = await store.check_slices(name, since=since, width=width, regions=regions)
            same(slices, check_slices_of(own, since, width))
            await agree_on_figures(store, name, since, width)
        fits = fitting(regions, model_ids)
        asked = PROVIDERS[1:]
        timed = await store.timing_slices(
            since=since, width=width, provider_ids=asked, model_ids=model_ids, regions=regions
        )
        wanted = {
            name: series
            for name in asked
            if (
                series := timing_slices_of(
                    [m for m in oracle.measurements if m.provider_id == name and fits(m)], since, width
                )
            )
        }
        assert list(timed) == sorted(wanted)
        for name, series in wanted.items():
            same(timed[name], series)


@pytest.mark.parametrize("seed", range(2))
async def test_no_series_changes_while_hours_and_days_are_summed_up(
    telemetry_store: TelemetryStore, seed: int
) -> None:
    chance, oracle = random.Random(seed), Oracle()
    await oracle.record(telemetry_store, some_checks(chance, 150), some_measurements(chance, 90))
    await compare(oracle, telemetry_store, chance)
    for _ in range(4):
        await sum_up(telemetry_store, steps=chance.randrange(1, 60))
        await compare(oracle, telemetry_store, chance, 1)
    await sum_up(telemetry_store)
    await compare(oracle, telemetry_store, chance, 4)


@pytest.mark.parametrize("seed", range(2))
async def test_no_series_changes_when_rows_come_late(telemetry_store: TelemetryStore, seed: int) -> None:
    chance, oracle = random.Random(100 + seed), Oracle()
    await oracle.record(telemetry_store, some_checks(chance, 100), some_measurements(chance, 60))
    for _ in range(4):
        await sum_up(telemetry_store, steps=chance.choice([7, 60, 100_000]))
        late = some_checks(chance, chance.choice([1, 40])), some_measurements(chance, chance.choice([0, 20]))
        await oracle.record(telemetry_store, *late)
        await compare(oracle, telemetry_store, chance, 1)
    await sum_up(telemetry_store)
    await compare(oracle, telemetry_store, chance, 3)


async def test_summed_up_series_outlive_single_rows(telemetry_store: TelemetryStore) -> None:
    checks = [check("amber", NOW - 9 * DAY + n * HOUR, "down" if n == 3 else "up") for n in range(9 * 24)]
    await telemetry_store.record(checks, [measurement("amber", "m", NOW - age * DAY) for age in (9, 2)])
    await sum_up(telemetry_store)
    before = await telemetry_store.checks_by_day(since=NOW - 2 * DAY)
    while await telemetry_store.forget(raw_before=NOW - 4 * DAY, rollups_before=NOW - 700 * DAY):
        pass
    assert await telemetry_store.checks_by_day(since=NOW - 2 * DAY) == before
    slices = await telemetry_store.check_slices("amber", since=NOW - 3 * DAY, width=3 * HOUR)
    assert {one.total for one in slices[:-1]} == {3}
    timed = await telemetry_store.timing_slices(since=NOW - 3 * DAY, width=DAY, provider_ids=["amber"])
    assert [one.samples for one in timed["amber"]] == [1]


async def test_nothing_recorded_has_no_series(telemetry_store: TelemetryStore) -> None:
    since = NOW - 30 * DAY
    assert await telemetry_store.checks_by_day(since=since) == {}
    assert await telemetry_store.checks_by_day(since=since, provider_ids=["amber"]) == {}
    assert list(await telemetry_store.check_slices("amber", since=since, width=HOUR)) == []
    assert await telemetry_store.timing_slices(since=since, width=HOUR, provider_ids=["amber"]) == {}
    assert await telemetry_store.timing_slices(since=since, width=HOUR, provider_ids=[]) == {}
    assert list(await telemetry_store.incidents(since=since, limit=9)) == []


@pytest.mark.parametrize("summed", [False, True])
async def test_a_slice_begins_at_its_edge_and_ends_before_the_next(
    telemetry_store: TelemetryStore, summed: bool
) -> None:
    edge, tick = datetime(2026, 3, 14, 6, tzinfo=UTC), timedelta(microseconds=1)
    times = (edge - 3 * HOUR - tick, edge - 3 * HOUR, edge - tick, edge, edge + 3 * HOUR - tick)
    await telemetry_store.record([check("amber", at) for at in times])
    if summed:
        await sum_up(telemetry_store)
    found = await telemetry_store.check_slices("amber", since=edge - tick, width=3 * HOUR)
    assert [(one.start, one.total) for one in found] == [(edge - 3 * HOUR, 2), (edge, 2)]
    found = await telemetry_store.check_slices("amber", since=edge, width=3 * HOUR)
    assert [(one.start, one.total) for one in found] == [(edge, 2)]


@pytest.mark.parametrize("summed", [False, True])
async def test_a_day_begins_and_ends_at_midnight_in_utc(
    telemetry_store: TelemetryStore, summed: bool
) -> None:
    midnight, tick = datetime(2026, 3, 14, tzinfo=UTC), timedelta(microseconds=1)
    times = (midnight - tick, midnight, midnight + DAY - tick, midnight + DAY)
    await telemetry_store.record([check("amber", at) for at in times])
    if summed:
        await sum_up(telemetry_store)
    found = await telemetry_store.checks_by_day(since=midnight + 20 * HOUR)
    assert [(str(one.day), one.total) for one in found["amber"]] == [("2026-03-14", 2), ("2026-03-15", 1)]


async def test_times_before_1970_have_their_day_and_slice(telemetry_store: TelemetryStore) -> None:
    at = datetime(1969, 12, 30, 1, tzinfo=UTC)
    await telemetry_store.record([check("amber", at)], [measurement("amber", "m", at)])
    found = await telemetry_store.checks_by_day(since=at)
    assert [one.day for one in found["amber"]] == [at.date()]
    (one,) = await telemetry_store.check_slices("amber", since=at, width=3 * HOUR)
    assert one.start == at - HOUR


async def test_slices_with_few_answers_have_no_percentiles(telemetry_store: TelemetryStore) -> None:
    await telemetry_store.record(
        [check("amber", NOW - n * timedelta(seconds=9)) for n in range(4)],
        [measurement("amber", "m", NOW - n * timedelta(seconds=9)) for n in range(5)],
    )
    (few,) = await telemetry_store.check_slices("amber", since=NOW, width=HOUR)
    assert (few.total, few.p50_response_time_ms) == (4, None)
    timed = await telemetry_store.timing_slices(since=NOW, width=HOUR, provider_ids=["amber"])
    assert [(one.samples, one.p50_ttft_ms) for one in timed["amber"]] == [(5, 250.25)]


async def test_failed_measurements_alone_have_no_series(telemetry_store: TelemetryStore) -> None:
    await telemetry_store.record(measurements=[measurement("amber", "m", NOW, outcome="timeout")])
    assert await telemetry_store.timing_slices(since=NOW, width=HOUR, provider_ids=["amber"]) == {}


@pytest.mark.parametrize("width", [timedelta(), timedelta(minutes=90), timedelta(minutes=5), -HOUR])
async def test_slices_are_whole_hours(telemetry_store: TelemetryStore, width: timedelta) -> None:
    with pytest.raises(ValueError, match="whole hours"):
        await telemetry_store.check_slices("amber", since=NOW, width=width)
    with pytest.raises(ValueError, match="whole hours"):
        await telemetry_store.timing_slices(since=NOW, width=width, provider_ids=["amber"])
    with pytest.raises(ValueError, match="whole hours"):
        await telemetry_store.provider_figures("amber", since=NOW, width=width)


async def down_and_up(store: TelemetryStore, name: str, at: datetime, minutes: int | None) -> None:
    """Down from then on, for so many minutes or still."""
    step = timedelta(minutes=1)
    await store.record([check(name, at + n * step, "down") for n in range(3)])
    if minutes is not None:
        await store.record([check(name, at + (minutes - 1 + n) * step) for n in range(2)])


async def test_it_tells_incidents_that_touch_the_time_newest_first(telemetry_store: TelemetryStore) -> None:
    for name, days, minutes in (
        ("fir", 9, 30),
        ("birch", 8, None),
        ("cedar", 4, 60),
        ("amber", 4, 60),
        ("cedar", 2, 40),
    ):
        await down_and_up(telemetry_store, name, NOW - days * DAY, minutes)
    found = await telemetry_store.incidents(since=NOW - 5 * DAY, limit=9)
    assert [(one.provider_id, (NOW - one.started_at).days) for one in found] == [
        ("cedar", 2),
        ("amber", 4),
        ("cedar", 4),
        ("birch", 8),
    ]
    assert [one.ended_at is None for one in found] == [False, False, False, True]
    assert found[0].reason.startswith("down: 3 checks in a row failed")
    assert list(await telemetry_store.incidents(since=NOW - 5 * DAY, limit=2)) == list(found[:2])
    some = await telemetry_store.incidents(
        since=NOW - 5 * DAY, provider_ids=["birch", "amber", "x\0"], limit=9
    )
    assert [one.provider_id for one in some] == ["amber", "birch"]


async def test_an_incident_touches_the_moment_at_which_it_ended(telemetry_store: TelemetryStore) -> None:
    await down_and_up(telemetry_store, "amber", NOW - DAY, 30)
    (one,) = await telemetry_store.incidents(since=NOW - 9 * DAY, limit=9)
    assert one.ended_at is not None
    assert one == incident("amber", NOW - DAY, one.ended_at, one.reason)
    assert list(await telemetry_store.incidents(since=one.ended_at, limit=9)) == [one]
    after = one.ended_at + timedelta(microseconds=1)
    assert list(await telemetry_store.incidents(since=after, limit=9)) == []


async def test_a_provider_that_was_only_measured_has_no_days(telemetry_store: TelemetryStore) -> None:
    await telemetry_store.record([check("amber", NOW)], [measurement("birch", "m", NOW, region=REGIONS[0])])
    assert list(await telemetry_store.checks_by_day(since=NOW)) == ["amber"]
    assert (await telemetry_store.checks_by_day(since=NOW))["amber"][0].day == TODAY
