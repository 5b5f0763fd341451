"""What every ``TelemetryStore`` promises."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pytest

from contract.builders import AT, check, incident, measurement, minutes
from openmodels.domain.standing import Standing, Transition
from openmodels.domain.telemetry import (
    Check,
    HealthSummary,
    LatencySummary,
    OfferingTelemetry,
    Timings,
    summarise_checks,
    summarise_measurements,
)
from openmodels.store.ports import Cursor, NumberedTransition, Recorded, TelemetryStore

pytestmark = pytest.mark.anyio

HOUR_AGO = AT - minutes(60)


async def health(store: TelemetryStore, provider_id: str = "p", *regions: str) -> HealthSummary:
    return await store.health(provider_id, since=HOUR_AGO, regions=regions, limit=50)


async def latency(
    store: TelemetryStore, regions: Sequence[str] = (), model_ids: Sequence[str] = ()
) -> LatencySummary:
    return await store.latency("p", since=HOUR_AGO, regions=regions, model_ids=model_ids, limit=50)


def every_minute(provider_id: str, statuses: str) -> list[Check]:
    """Checks newest first, ``u`` for up and ``d`` for down."""
    words = {"u": "up", "d": "down"}
    return [check(provider_id, AT - minutes(age), words[letter]) for age, letter in enumerate(statuses)]


async def test_it_knows_nothing_at_first(telemetry_store: TelemetryStore) -> None:
    assert await health(telemetry_store) == HealthSummary()
    assert await latency(telemetry_store) == LatencySummary()
    assert await telemetry_store.offerings("m", ["p"], since=HOUR_AGO, regions=()) == {}
    assert await telemetry_store.standings() == {}
    assert await telemetry_store.transitions_after(0, limit=9) == []
    assert await telemetry_store.cursor() == Cursor(0, 0)
    assert await telemetry_store.recorded_after(Cursor(0, 0), limit=9) == Recorded((), Cursor(0, 0))
    assert await telemetry_store.judge("p", "slow", AT) is None
    assert not await telemetry_store.roll_up(AT)
    assert not await telemetry_store.forget(raw_before=AT, rollups_before=AT)
    assert await telemetry_store.checks_since(HOUR_AGO) == 0
    assert await telemetry_store.last_probe_at() is None


async def test_it_gives_back_checks_as_recorded_newest_first(telemetry_store: TelemetryStore) -> None:
    older = check("p", AT - timedelta(microseconds=1), "down", outcome="server_error", response_time_ms=0.1)
    newer = check("p", AT, region="eu", response_time_ms=1234.5678)
    await telemetry_store.record(checks=[older, newer])
    assert await health(telemetry_store) == summarise_checks([newer, older], limit=50)


async def test_it_puts_the_later_recorded_first_at_the_same_instant(telemetry_store: TelemetryStore) -> None:
    first, second, third = (check("p", AT, region=region) for region in ("c", "a", "b"))
    await telemetry_store.record(checks=[first, second])
    await telemetry_store.record(checks=[third])
    assert (await health(telemetry_store)).checks == (third, second, first)
    one, two = (measurement("p", model_id, AT) for model_id in ("z", "a"))
    await telemetry_store.record(measurements=[one, two])
    assert (await latency(telemetry_store)).measurements == (two, one)


async def test_it_takes_times_of_any_zone(telemetry_store: TelemetryStore) -> None:
    in_india = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    await telemetry_store.record(checks=[check("p", in_india)])
    assert (await health(telemetry_store)).checks[0].checked_at == AT
    assert await telemetry_store.checks_since(in_india) == 1


async def test_it_counts_the_whole_period_and_shows_what_was_asked_for(
    telemetry_store: TelemetryStore,
) -> None:
    checks = every_minute("p", "ududuuuu")
    await telemetry_store.record(checks=list(reversed(checks)))
    found = await telemetry_store.health("p", since=HOUR_AGO, regions=(), limit=3)
    assert found == summarise_checks(checks, limit=3)
    assert found.uptime_percentage == 75
    assert len(found.checks) == 3


async def test_it_leaves_out_other_providers_regions_and_times(telemetry_store: TelemetryStore) -> None:
    wanted = check("p", HOUR_AGO, region="eu")
    await telemetry_store.record(
        checks=[
            wanted,
            check("q", AT, region="eu"),
            check("p", AT, region="us"),
            check("p", HOUR_AGO - timedelta(microseconds=1), region="eu"),
        ]
    )
    assert (await health(telemetry_store, "p", "eu")).checks == (wanted,)
    assert (await health(telemetry_store)).checks_total == 2
    assert (await health(telemetry_store, "nobody")).checks_total == 0


async def test_it_keeps_all_of_a_check_and_of_a_measurement(telemetry_store: TelemetryStore) -> None:
    full = check("p", AT, connect_ms=12.25, http_status=429, outcome="rate_limited")
    measured = measurement(
        "p",
        "m",
        AT,
        input_tokens=17,
        tokens_estimated=True,
        connect_ms=30.5,
        time_to_first_byte_ms=100.125,
        time_to_first_content_ms=2000.0625,
        http_status=200,
    )
    await telemetry_store.record([full], [measured])
    assert (await health(telemetry_store)).checks == (full,)
    assert (await latency(telemetry_store)).measurements == (measured,)


async def test_it_opens_and_closes_incidents_as_providers_change(telemetry_store: TelemetryStore) -> None:
    seen = every_minute("p", "uudddu")
    down, *_ = await telemetry_store.record(checks=[*seen[2:], *every_minute("q", "u")])
    begun = incident("p", AT - minutes(4), None, "down: 3 checks in a row failed (timeout)")
    assert down == Transition(
        provider_id="p",
        at=AT - minutes(2),
        before="unknown",
        after="down",
        reason=begun.reason,
        opens=begun,
    )
    assert (await health(telemetry_store)).incidents == (begun,)
    assert await telemetry_store.record(checks=[seen[1]]) == ()
    (up,) = await telemetry_store.record(checks=[seen[0]])
    assert (up.before, up.after, up.at) == ("down", "up", AT)
    ended = incident("p", AT - minutes(4), AT - minutes(1), begun.reason)
    assert (await health(telemetry_store)).incidents == (ended,)
    assert (await health(telemetry_store, "q")).incidents == ()


async def test_it_shows_incidents_that_touch_the_period(telemetry_store: TelemetryStore) -> None:
    # Down from minute 200 to 150 before now, from 100 to exactly an hour ago, and since 4 minutes ago.
    at = {200: "d", 190: "d", 180: "d", 150: "u", 140: "u", 100: "d", 90: "d", 80: "d", 60: "u", 50: "u"}
    letters = {"u": "up", "d": "down"}
    checks = [check("p", AT - minutes(age), letters[letter]) for age, letter in at.items()]
    await telemetry_store.record(checks=[*checks, *every_minute("p", "ddddd"), *every_minute("q", "ddd")])
    incidents = (await health(telemetry_store)).incidents
    assert [(i.started_at, i.ended_at) for i in incidents] == [
        (AT - minutes(4), None),
        (AT - minutes(100), HOUR_AGO),
    ]


async def test_it_folds_the_checks_of_a_batch_in_the_order_of_their_times(
    telemetry_store: TelemetryStore,
) -> None:
    checks = every_minute("p", "uuuddduu")
    (down, up) = await telemetry_store.record(checks=checks)
    assert [(t.at, t.after) for t in (down, up)] == [(AT - minutes(3), "down"), (AT - minutes(1), "up")]
    (standing,) = (await telemetry_store.standings()).values()
    assert (standing.status, standing.run, standing.last_checked_at) == ("up", 3, AT)


async def test_it_goes_on_where_it_stood(telemetry_store: TelemetryStore) -> None:
    for one in reversed(every_minute("p", "ddduu")):
        transitions = await telemetry_store.record(checks=[one])
    assert [(t.before, t.after) for t in transitions] == [("up", "down")]
    # What came late is counted, and changes nothing else.
    before = await telemetry_store.standings()
    late = [check("p", AT - minutes(age)) for age in (3.5, 3.25, 2.5)]
    assert await telemetry_store.record(checks=late) == ()
    assert await telemetry_store.standings() == before
    assert (await health(telemetry_store)).checks_total == 8


async def test_it_tells_how_every_provider_stands_that_was_ever_checked(
    telemetry_store: TelemetryStore,
) -> None:
    long_ago = AT - timedelta(days=400)
    await telemetry_store.record(
        checks=[*every_minute("a", "uu" * 20), *every_minute("b-c", "ddd"), check("z", long_ago)],
        measurements=[measurement("measured-only", "m", AT)],
    )
    standings = await telemetry_store.standings()
    assert {name: standing.status for name, standing in standings.items()} == {
        "a": "up",
        "b-c": "down",
        "z": "unknown",
    }
    assert standings["z"] == Standing(
        last_checked_at=long_ago, run_of="up", run=1, run_started_at=long_ago, run_outcomes=("ok",)
    )


async def test_it_opens_incidents_that_begin_in_the_same_instant(telemetry_store: TelemetryStore) -> None:
    letters = {"u": "up", "d": "down"}
    await telemetry_store.record(checks=[check("p", AT, letters[letter]) for letter in "ddduuddduuddd"])
    incidents = (await health(telemetry_store)).incidents
    assert len(incidents) == 3
    assert [i.ended_at is None for i in incidents] == [True, False, False]


async def test_it_keeps_what_an_evaluation_found(telemetry_store: TelemetryStore) -> None:
    await telemetry_store.record(checks=every_minute("p", "uu"))
    epochs = [await telemetry_store.epoch()]
    worse = await telemetry_store.judge("p", "slow", AT)
    assert worse is not None
    assert (worse.before, worse.after, worse.reason) == ("up", "degraded", "degraded: slow")
    epochs.append(await telemetry_store.epoch())
    assert (await telemetry_store.standings())["p"].status == "degraded"
    assert (await health(telemetry_store)).incidents == (incident("p", AT, None, "degraded: slow"),)
    assert await telemetry_store.judge("p", "slow", AT + minutes(1)) is None
    assert await telemetry_store.epoch() == epochs[-1]
    better = await telemetry_store.judge("p", "", AT + minutes(2))
    assert better is not None
    assert (await health(telemetry_store)).incidents == (
        incident("p", AT, AT + minutes(2), "degraded: slow"),
    )
    assert len({*epochs, await telemetry_store.epoch()}) == 3
    kept = await telemetry_store.transitions_after(0, limit=9)
    assert [(k.transition.before, k.transition.after) for k in kept] == [
        ("up", "degraded"),
        ("degraded", "up"),
    ]


async def test_it_numbers_transitions_in_the_order_in_which_they_were_recorded(
    telemetry_store: TelemetryStore,
) -> None:
    first = await telemetry_store.record(checks=every_minute("p", "ddd"))
    second = await telemetry_store.record(checks=[*every_minute("q", "ddduu"), *every_minute("r", "dddd")])
    assert [transition.provider_id for transition in second] == ["r", "q"], "by time"
    wanted = [
        Transition(provider_id=t.provider_id, at=t.at, before=t.before, after=t.after, reason=t.reason)
        for t in (*first, *second)
    ]
    kept = await telemetry_store.transitions_after(0, limit=9)
    assert [one.transition for one in kept] == wanted
    numbers = [one.number for one in kept]
    assert numbers == sorted(set(numbers))
    assert await telemetry_store.transitions_after(0, limit=2) == kept[:2]
    assert await telemetry_store.transitions_after(numbers[0], limit=9) == kept[1:]
    assert await telemetry_store.transitions_after(numbers[-1], limit=9) == []
    assert isinstance(kept[0], NumberedTransition)


async def test_it_summarises_all_measurements_of_the_period(telemetry_store: TelemetryStore) -> None:
    measurements = [
        measurement("p", "m", AT - minutes(age), time_to_first_token_ms=100.0 + age, output_tokens=age)
        for age in range(20)
    ]
    failed = measurement(
        "p",
        "m",
        AT - minutes(30),
        outcome="timeout",
        time_to_first_token_ms=None,
        total_response_time_ms=None,
        tokens_per_second=None,
        output_tokens=None,
    )
    await telemetry_store.record(measurements=[*reversed(measurements), failed])
    found = await telemetry_store.latency("p", since=HOUR_AGO, regions=(), model_ids=(), limit=2)
    assert found.measurements == tuple(measurements[:2])
    assert found.timings == summarise_measurements([*measurements, failed])
    assert found.timings.samples == 20
    assert found.timings.p50_ttft_ms == 109
    assert (await latency(telemetry_store)).measurements[-1] == failed


async def test_it_tells_measurements_by_model_region_and_time(telemetry_store: TelemetryStore) -> None:
    wanted = measurement("p", "m", HOUR_AGO, region="eu")
    await telemetry_store.record(
        measurements=[
            wanted,
            measurement("p", "n", AT, region="eu"),
            measurement("p", "m", AT, region="us"),
            measurement("q", "m", AT, region="eu"),
            measurement("p", "m", HOUR_AGO - timedelta(microseconds=1), region="eu"),
        ]
    )
    found = await latency(telemetry_store, ["eu"], ["m"])
    assert found.measurements == (wanted,)
    assert (await latency(telemetry_store)).timings.samples == 3


async def test_it_tells_what_is_known_of_each_offering(telemetry_store: TelemetryStore) -> None:
    fast = [measurement("p", "m", AT - minutes(age), time_to_first_token_ms=50.0) for age in range(5)]
    await telemetry_store.record(
        checks=[*every_minute("p", "uuud"), *every_minute("q", "d"), check("s", HOUR_AGO - minutes(1))],
        measurements=[*fast, measurement("p", "other", AT), measurement("r", "m", AT)],
    )
    found = await telemetry_store.offerings("m", ["p", "q", "r", "s"], since=HOUR_AGO, regions=())
    assert found == {
        "p": OfferingTelemetry(checks_total=4, uptime_percentage=75, timings=summarise_measurements(fast)),
        "q": OfferingTelemetry(checks_total=1, uptime_percentage=0, timings=Timings()),
        "r": OfferingTelemetry(timings=summarise_measurements([measurement("r", "m", AT)])),
    }


async def test_it_tells_offerings_of_the_providers_that_were_named(telemetry_store: TelemetryStore) -> None:
    await telemetry_store.record(
        checks=[check(name, AT) for name in "pqr"],
        measurements=[measurement(name, "m", AT) for name in "pqr"],
    )
    found = await telemetry_store.offerings("m", ("r", "p", "r", "nobody"), since=HOUR_AGO, regions=())
    assert list(found) == ["p", "r"]
    assert await telemetry_store.offerings("m", (), since=HOUR_AGO, regions=()) == {}


async def test_it_tells_offerings_by_region(telemetry_store: TelemetryStore) -> None:
    await telemetry_store.record(
        checks=[
            check("p", AT, region="eu"),
            check("p", AT, "down", region="us"),
            check("q", AT, region="us"),
        ],
        measurements=[measurement("p", "m", AT, region="us"), measurement("r", "m", AT, region="us")],
    )
    found = await telemetry_store.offerings("m", ["p", "q", "r"], since=HOUR_AGO, regions=["eu"])
    assert found == {"p": OfferingTelemetry(checks_total=1, uptime_percentage=100)}


async def test_its_epoch_differs_after_each_record(telemetry_store: TelemetryStore) -> None:
    epochs = [await telemetry_store.epoch()]
    for record in (
        {"checks": [check("p", AT)]},
        {"measurements": [measurement("p", "m", AT)]},
        {"checks": [check("p", AT)], "measurements": [measurement("p", "m", AT)]},
    ):
        await telemetry_store.record(**record)
        epochs.append(await telemetry_store.epoch())
    assert len(set(epochs)) == 4
    assert await telemetry_store.epoch() == epochs[-1]


async def test_it_writes_nothing_where_there_is_nothing_to_record(telemetry_store: TelemetryStore) -> None:
    before = await telemetry_store.epoch()
    await telemetry_store.record()
    assert await telemetry_store.epoch() == before


async def test_it_counts_checks_since_a_time(telemetry_store: TelemetryStore) -> None:
    await telemetry_store.record(checks=[*every_minute("p", "uud"), check("q", AT - minutes(100))])
    assert await telemetry_store.checks_since(AT - minutes(1)) == 2
    assert await telemetry_store.checks_since(AT - minutes(100)) == 4


@pytest.mark.parametrize(
    ("check_at", "measured_at"), [(AT, AT - minutes(1)), (AT - minutes(1), AT), (AT, None), (None, AT)]
)
async def test_it_tells_when_the_newest_probe_was(
    telemetry_store: TelemetryStore, check_at: datetime | None, measured_at: datetime | None
) -> None:
    await telemetry_store.record(
        checks=[check("p", check_at)] if check_at else [],
        measurements=[measurement("p", "m", measured_at)] if measured_at else [],
    )
    assert await telemetry_store.last_probe_at() == AT
