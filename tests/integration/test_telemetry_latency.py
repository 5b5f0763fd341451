"""``GET /api/telemetry/latency/{provider_id}``."""

from datetime import timedelta

import pytest

from contract.builders import measurement
from fixtures.service import NOW, Service, start_service
from fixtures.shapes import LATENCY, MEASUREMENT

pytestmark = pytest.mark.anyio

FIGURES = LATENCY[3:-1]
NOTHING = dict.fromkeys(FIGURES) | {"samples": 0}


async def test_it_sums_up_the_successful_measurements_of_a_period(api: Service) -> None:
    body = await api.json("/api/telemetry/latency/cirrus?model=alpha-1")
    assert list(body) == LATENCY
    assert (body["provider_id"], body["provider_name"], body["period"]) == ("cirrus", "Cirrus Cloud", "7d")
    assert {key: body[key] for key in FIGURES} == {
        "samples": 6,
        "average_ttft_ms": 350,
        "average_total_ms": 3500,
        "p50_ttft_ms": 300,
        "p95_ttft_ms": 600,
        "p99_ttft_ms": 600,
        "p50_total_ms": 3000,
        "p95_total_ms": 6000,
        "p99_total_ms": 6000,
        "average_tokens_per_second": 35,
        "success_percentage": round(100 * 6 / 7, 3),
    }


async def test_it_lists_the_newest_measurements_first_the_failed_ones_too(api: Service) -> None:
    measurements = (await api.json("/api/telemetry/latency/cirrus?model=alpha-1"))["measurements"]
    assert all(list(item) == MEASUREMENT for item in measurements)
    times = [item["measured_at"] for item in measurements]
    assert len(times) == 7
    assert times == sorted(times, reverse=True)
    assert measurements[0] == {
        "model_id": "alpha-1",
        "time_to_first_token_ms": 100,
        "total_response_time_ms": 1000,
        "tokens_per_second": 10,
        "output_tokens": 40,
        "outcome": "ok",
        "region": "us-east-1",
        "measured_at": "2026-03-01T11:50:00.000Z",
        "tokens_estimated": False,
        "connect_ms": None,
        "time_to_first_byte_ms": None,
        "time_to_first_content_ms": None,
    }
    assert measurements[-1] == dict.fromkeys(MEASUREMENT) | {
        "model_id": "alpha-1",
        "outcome": "server_error",
        "region": "local",
        "measured_at": "2026-03-01T10:50:00.000Z",
        "tokens_estimated": False,
    }


async def test_it_marks_an_estimate_and_gives_the_other_times_apart() -> None:
    service = await start_service()
    told = {
        "tokens_estimated": True,
        "connect_ms": 31.5,
        "time_to_first_byte_ms": 120.25,
        "time_to_first_content_ms": 310.0,
    }
    await service.record([], [measurement("cirrus", "alpha-1", NOW, **told)])
    (item,) = (await service.json("/api/telemetry/latency/cirrus"))["measurements"]
    assert {key: item[key] for key in told} == told


async def test_it_sums_up_all_models_unless_one_is_named(api: Service) -> None:
    body = await api.json("/api/telemetry/latency/cirrus")
    assert (body["samples"], body["success_percentage"]) == (7, 87.5)
    assert {item["model_id"] for item in body["measurements"]} == {"alpha-1", "gamma-free"}


async def test_it_takes_an_alias_of_the_model(api: Service) -> None:
    by_alias = await api.json("/api/telemetry/latency/cirrus?model=alpha-latest")
    assert by_alias == await api.json("/api/telemetry/latency/cirrus?model=alpha-1")


async def test_it_knows_nothing_of_a_model_that_was_never_measured(api: Service) -> None:
    body = await api.json("/api/telemetry/latency/cirrus?model=no-such-model")
    assert {key: body[key] for key in FIGURES} == NOTHING
    assert body["measurements"] == []


async def test_it_sums_up_all_whatever_the_limit_of_the_list(api: Service) -> None:
    body = await api.json("/api/telemetry/latency/cirrus?model=alpha-1&limit=2")
    assert (len(body["measurements"]), body["samples"], body["average_ttft_ms"]) == (2, 6, 350)


async def test_it_says_no_percentile_of_fewer_than_five_samples(api: Service) -> None:
    body = await api.json("/api/telemetry/latency/nimbus")
    assert (body["samples"], body["average_ttft_ms"], body["average_total_ms"]) == (4, 150, 700)
    assert [body[key] for key in FIGURES if key.startswith("p")] == [None] * 6


async def test_it_says_percentiles_of_five_samples() -> None:
    service = await start_service()
    times = [10.0, 20.0, 30.0, 40.0, 50.0]
    await service.record(
        measurements=[
            measurement("vacant", "alpha-1", NOW, time_to_first_token_ms=t, total_response_time_ms=2 * t)
            for t in times
        ]
    )
    body = await service.json("/api/telemetry/latency/vacant")
    assert [body[f"p{share}_ttft_ms"] for share in (50, 95, 99)] == [30, 50, 50]
    assert [body[f"p{share}_total_ms"] for share in (50, 95, 99)] == [60, 100, 100]


async def test_it_holds_no_failure_about_the_key_against_the_provider() -> None:
    service = await start_service()
    failed = {"time_to_first_token_ms": None, "total_response_time_ms": None, "tokens_per_second": None}
    await service.record(
        measurements=[
            measurement("vacant", "alpha-1", NOW - timedelta(minutes=1)),
            *(measurement("vacant", "alpha-1", NOW, outcome=o, **failed) for o in ("auth", "quota")),
        ]
    )
    body = await service.json("/api/telemetry/latency/vacant")
    assert (body["samples"], body["success_percentage"], len(body["measurements"])) == (1, 100, 3)


async def test_it_says_null_with_no_measurements(api: Service) -> None:
    body = await api.json("/api/telemetry/latency/vacant")
    assert {key: body[key] for key in FIGURES} == NOTHING


@pytest.mark.parametrize(("period", "samples"), [("1h", 6), ("24h", 7), ("1d", 7), ("7d", 7), ("30d", 7)])
async def test_it_looks_back_as_far_as_the_period(api: Service, period: str, samples: int) -> None:
    body = await api.json(f"/api/telemetry/latency/cirrus?period={period}")
    assert (body["period"], body["samples"]) == (period, samples)


async def test_it_keeps_the_measurements_of_one_region(api: Service) -> None:
    body = await api.json("/api/telemetry/latency/cirrus?region=eu-west-1")
    assert (body["samples"], body["average_ttft_ms"], body["p50_ttft_ms"]) == (3, 400, None)
    assert {item["region"] for item in body["measurements"]} == {"eu-west-1"}


async def test_it_keeps_the_measurements_of_any_of_several_models(api: Service) -> None:
    one = await api.json("/api/telemetry/latency/cirrus?model=alpha-1")
    both = await api.json("/api/telemetry/latency/cirrus?model=alpha-latest,gamma-free")
    assert (one["samples"], both["samples"]) == (6, 7)
    assert {item["model_id"] for item in both["measurements"]} == {"alpha-1", "gamma-free"}


async def test_it_refuses_what_it_cannot_read(api: Service) -> None:
    error = await api.problem("/api/telemetry/latency/cirrus?period=1w&limit=0")
    assert [detail["parameter"] for detail in error["details"]] == ["period", "limit"]
    assert (await api.problem("/api/telemetry/latency/cirruss", 404))["message"] == (
        "Provider not found: 'cirruss'. Did you mean 'cirrus'?"
    )
