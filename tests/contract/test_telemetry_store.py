"""What every ``TelemetryStore`` promises."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pytest

from contract.builders import AT, check, incident, measurement, minutes
from openmodels.domain.telemetry import (
    STATE_CHECKS,
    Check,
    HealthSummary,
    LatencySummary,
    OfferingTelemetry,
    ProviderState,
    Timings,
    state_of,
    summarise_checks,
    summarise_measurements,
)
from openmodels.store.ports import TelemetryStore

pytestmark = pytest.mark.anyio

HOUR_AGO = AT - minutes(60)


async def health(store: TelemetryStore, provider_id: str = "p", region: str | None = None) -> HealthSummary:
    return await store.health(provider_id, since=HOUR_AGO, region=region, limit=50)


async def latency(
    store: TelemetryStore, provider_id: str = "p", region: str | None = None, model_id: str | None = None
) -> LatencySummary:
    return await store.latency(provider_id, since=HOUR_AGO, region=region, model_id=model_id, limit=50)


def every_minute(provider_id: str, statuses: str) -> list[Check]:
    """Checks newest first, ``u`` for up and ``d`` for down."""
    words = {"u": "up", "d": "down"}
    return [check(provider_id, AT - minutes(age), words[letter]) for age, letter in enumerate(statuses)]


async def test_it_knows_nothing_at_first(telemetry_store: TelemetryStore) -> None:
    assert await health(telemetry_store) == HealthSummary()
    assert await latency(telemetry_store) == LatencySummary()
    assert await telemetry_store.offerings("m", since=HOUR_AGO, region=None) == {}
    assert await telemetry_store.states(AT) == {}
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
    found = await telemetry_store.health("p", since=HOUR_AGO, region=None, limit=3)
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
    assert (await health(telemetry_store, region="eu")).checks == (wanted,)
    assert (await health(telemetry_store)).checks_total == 2
    assert (await health(telemetry_store, "nobody")).checks_total == 0


async def test_it_shows_incidents_that_touch_the_period(telemetry_store: TelemetryStore) -> None:
    over = incident("p", AT - minutes(90), AT - minutes(61))
    touching = incident("p", AT - minutes(80), HOUR_AGO, "timeout")
    open_since_long = incident("p", AT - minutes(900), None, "5xx")
    recent = incident("p", AT - minutes(5), AT - minutes(1))
    other = incident("q", AT - minutes(5))
    await telemetry_store.record(incidents=[over, touching, open_since_long, recent, other])
    assert (await health(telemetry_store)).incidents == (recent, touching, open_since_long)


async def test_it_replaces_an_incident_of_the_same_start(telemetry_store: TelemetryStore) -> None:
    start = AT - minutes(30)
    await telemetry_store.record(incidents=[incident("p", start, None, "timeout"), incident("q", start)])
    closed = incident("p", start, AT, "timeout, then 503")
    await telemetry_store.record(incidents=[closed])
    assert (await health(telemetry_store)).incidents == (closed,)
    assert (await health(telemetry_store, "q")).incidents == (incident("q", start),)


async def test_it_keeps_the_last_of_two_incidents_recorded_together(telemetry_store: TelemetryStore) -> None:
    start = AT - minutes(30)
    await telemetry_store.record(incidents=[incident("p", start), incident("p", start, AT)])
    assert (await health(telemetry_store)).incidents == (incident("p", start, AT),)


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
    found = await telemetry_store.latency("p", since=HOUR_AGO, region=None, model_id=None, limit=2)
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
    found = await latency(telemetry_store, region="eu", model_id="m")
    assert found.measurements == (wanted,)
    assert (await latency(telemetry_store)).timings.samples == 3


async def test_it_tells_what_is_known_of_each_offering(telemetry_store: TelemetryStore) -> None:
    fast = [measurement("p", "m", AT - minutes(age), time_to_first_token_ms=50.0) for age in range(5)]
    await telemetry_store.record(
        checks=[*every_minute("p", "uuud"), *every_minute("q", "d"), check("old", HOUR_AGO - minutes(1))],
        measurements=[*fast, measurement("p", "other", AT), measurement("r", "m", AT)],
    )
    found = await telemetry_store.offerings("m", since=HOUR_AGO, region=None)
    assert found == {
        "p": OfferingTelemetry(checks_total=4, uptime_percentage=75, timings=summarise_measurements(fast)),
        "q": OfferingTelemetry(checks_total=1, uptime_percentage=0, timings=Timings()),
        "r": OfferingTelemetry(timings=summarise_measurements([measurement("r", "m", AT)])),
    }


async def test_it_tells_offerings_by_region(telemetry_store: TelemetryStore) -> None:
    await telemetry_store.record(
        checks=[
            check("p", AT, region="eu"),
            check("p", AT, "down", region="us"),
            check("q", AT, region="us"),
        ],
        measurements=[measurement("p", "m", AT, region="us"), measurement("r", "m", AT, region="us")],
    )
    found = await telemetry_store.offerings("m", since=HOUR_AGO, region="eu")
    assert found == {"p": OfferingTelemetry(checks_total=1, uptime_percentage=100)}


@pytest.mark.parametrize(
    "statuses",
    ["u", "d", "uu", "ddd", "uddd", "udduuu", "dudud", "du", "dd", "ud" * 30, "ud" * 9 + "ud" + "ddd"],
)
async def test_it_tells_a_state_as_the_domain_does(telemetry_store: TelemetryStore, statuses: str) -> None:
    checks = every_minute("p", statuses)
    await telemetry_store.record(checks=list(reversed(checks)))
    now = AT + minutes(1)
    assert await telemetry_store.states(now) == {"p": state_of(checks[:STATE_CHECKS], now)}


async def test_it_tells_the_state_of_every_provider_that_was_ever_checked(
    telemetry_store: TelemetryStore,
) -> None:
    long_ago = AT - timedelta(days=400)
    await telemetry_store.record(
        checks=[*every_minute("a", "uu" * 20), *every_minute("b-c", "ddd"), check("z", long_ago)],
        measurements=[measurement("measured-only", "m", AT)],
    )
    assert await telemetry_store.states(AT) == {
        "a": ProviderState(status="up", last_checked_at=AT),
        "b-c": ProviderState(status="down", last_checked_at=AT),
        "z": ProviderState(status="unknown", last_checked_at=long_ago),
    }


async def test_it_tells_a_state_from_checks_of_the_same_instant(telemetry_store: TelemetryStore) -> None:
    many: Sequence[Check] = [check("p", AT, "down", region=f"r{number}") for number in range(30)]
    await telemetry_store.record(checks=[*many, check("p", AT), check("p", AT)])
    assert (await telemetry_store.states(AT))["p"].status == "up"


async def test_its_epoch_differs_after_each_record(telemetry_store: TelemetryStore) -> None:
    start = AT - minutes(30)
    epochs = [await telemetry_store.epoch()]
    for record in (
        {"checks": [check("p", AT)]},
        {"measurements": [measurement("p", "m", AT)]},
        {"incidents": [incident("p", start)]},
        {"incidents": [incident("p", start, AT)]},
    ):
        await telemetry_store.record(**record)
        epochs.append(await telemetry_store.epoch())
    assert len(set(epochs)) == 5
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
