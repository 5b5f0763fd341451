"""Measurements of aimock: outcomes in every style, and times against those that were set."""

import json

import pytest

from foreign.aimock import KEY, RETRY_AFTER, SPEED, TTFT, Aimock
from foreign.probing import completion, target
from foreign.wire import WIRES
from openmodels.domain.telemetry import Measurement
from openmodels.domain.vocabulary import Outcome
from openmodels.prober.client import ProbeClient

pytestmark = pytest.mark.anyio
STYLES = list(WIRES)
STEP = 1000 / SPEED
EARLY = 2.0
"""Milliseconds by which Node's timers, which count whole ones, may be early."""
LATE = 1000.0
"""Milliseconds by which a busy machine may be late."""


async def measured(
    client: ProbeClient, address: str, style: str, model: str, *, key: str | None = None
) -> Measurement:
    return (await client.measure(target(address, style, key=key), completion(model))).record


@pytest.mark.parametrize("style", STYLES)
async def test_it_measures_what_was_set(client: ProbeClient, aimock: Aimock, style: str) -> None:
    found = await measured(client, aimock.open, style, "steady")
    assert (found.outcome, found.http_status) == ("ok", 200)

    assert found.time_to_first_byte_ms is not None
    assert found.time_to_first_token_ms is not None
    assert TTFT - EARLY <= found.time_to_first_byte_ms <= TTFT + LATE
    first_token = TTFT + WIRES[style].leading * (STEP - EARLY)
    assert first_token - EARLY <= found.time_to_first_token_ms <= first_token + LATE
    assert found.time_to_first_content_ms == found.time_to_first_token_ms

    assert not found.tokens_estimated
    assert found.output_tokens is not None
    assert found.input_tokens is not None
    assert found.output_tokens > found.input_tokens > 0

    assert found.tokens_per_second is not None
    assert found.total_response_time_ms is not None
    assert found.total_response_time_ms >= first_token + (found.output_tokens - 1) * (STEP - EARLY) - EARLY
    streaming = found.total_response_time_ms - found.time_to_first_token_ms
    assert found.tokens_per_second == pytest.approx(1000 * found.output_tokens / streaming, rel=0.01)
    # A machine that is busy just when the first token comes makes the rest look faster.
    assert 0.4 * SPEED <= found.tokens_per_second <= 2 * SPEED


@pytest.mark.parametrize("style", STYLES)
async def test_it_counts_thinking_as_tokens_but_not_as_content(
    client: ProbeClient, aimock: Aimock, style: str
) -> None:
    probed = await client.measure(target(aimock.open, style), completion("thinking", reasoning=True))
    found = probed.record
    assert found.outcome == "ok"
    assert found.time_to_first_token_ms is not None
    assert found.time_to_first_content_ms is not None
    thought = found.time_to_first_content_ms - found.time_to_first_token_ms
    if WIRES[style].marks_thought:
        assert thought >= 4 * (STEP - EARLY)
    else:
        assert thought == 0


@pytest.mark.parametrize("style", STYLES)
async def test_it_tells_a_good_key_from_a_bad_one(client: ProbeClient, aimock: Aimock, style: str) -> None:
    assert (await measured(client, aimock.guarded, style, "fast", key=KEY)).outcome == "ok"
    refused = await measured(client, aimock.guarded, style, "fast", key="sk-of-somebody-else")
    assert (refused.outcome, refused.http_status) == ("auth", 401)
    assert (await measured(client, aimock.guarded, style, "fast")).outcome == "auth"


OUTCOMES: list[tuple[str, Outcome, int]] = [
    ("busy", "rate_limited", 429),
    ("broke", "quota", 429),
    ("unpaid", "quota", 402),
    ("unheard-of", "model_missing", 404),
    ("refusing", "bad_request", 400),
    ("forbidden", "auth", 403),
    ("broken", "server_error", 500),
    ("overloaded", "server_error", 503),
    ("wrong", "bad_stream", 200),
    ("empty", "bad_stream", 200),
    ("cut", "bad_stream", 200),
    ("gone", "bad_stream", 200),
]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("model", "outcome", "status"), OUTCOMES, ids=[model for model, *_ in OUTCOMES])
async def test_it_names_what_went_wrong(
    client: ProbeClient, aimock: Aimock, style: str, model: str, outcome: Outcome, status: int
) -> None:
    probed = await client.measure(target(aimock.open, style), completion(model))
    assert (probed.record.outcome, probed.record.http_status) == (outcome, status), probed.detail
    assert probed.detail != ""
    assert probed.record.time_to_first_token_ms is None
    assert probed.record.total_response_time_ms is None
    assert probed.record.tokens_per_second is None


FAULTS: list[tuple[str, Outcome, int | None]] = [
    ("dropRate", "server_error", 500),
    ("rateLimitRate", "rate_limited", 429),
    ("malformedRate", "bad_stream", 200),
    ("disconnectRate", "network", None),
]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("fault", "outcome", "status"), FAULTS, ids=[fault for fault, *_ in FAULTS])
async def test_it_notices_a_fault_that_begins_and_ends_while_the_server_runs(
    client: ProbeClient, aimock: Aimock, style: str, fault: str, outcome: Outcome, status: int | None
) -> None:
    aimock.set_faults(**{fault: 1})
    found = await measured(client, aimock.open, style, "fast")
    assert (found.outcome, found.http_status) == (outcome, status)
    aimock.clear_faults()
    assert (await measured(client, aimock.open, style, "fast")).outcome == "ok"


async def test_it_ends_the_wait_for_an_answer_that_does_not_come(client: ProbeClient, aimock: Aimock) -> None:
    aimock.set_faults(latencyMs=30_000)
    found = (await client.measure(target(aimock.open, "openai-chat", seconds=0.3), completion("fast"))).record
    assert (found.outcome, found.http_status) == ("timeout", None)


@pytest.mark.parametrize("style", STYLES)
async def test_it_ends_the_wait_for_a_stream_that_stalls(
    client: ProbeClient, aimock: Aimock, style: str
) -> None:
    found = (await client.measure(target(aimock.open, style, seconds=0.5), completion("stalling"))).record
    assert found.outcome == "timeout"
    assert found.time_to_first_token_ms is None


async def test_it_does_not_ask_again_when_it_is_told_to_wait(client: ProbeClient, aimock: Aimock) -> None:
    await measured(client, aimock.open, "openai-chat", "busy")
    assert len(aimock.journal()) == 1, f"it was asked to wait for {RETRY_AFTER} seconds"


async def test_it_tries_a_plainer_form_once_where_the_first_is_refused(
    client: ProbeClient, aimock: Aimock
) -> None:
    await measured(client, aimock.open, "openai-chat", "refusing")
    first, second = (entry["body"] for entry in aimock.journal())
    assert "stream_options" in first
    assert "stream_options" not in second


@pytest.mark.parametrize("style", STYLES)
async def test_it_asks_with_another_word_each_time(client: ProbeClient, aimock: Aimock, style: str) -> None:
    for _ in range(2):
        assert (await measured(client, aimock.open, style, "fast")).outcome == "ok"
    first, second = (json.dumps(entry["body"]) for entry in aimock.journal())
    assert first != second


@pytest.mark.parametrize("style", STYLES)
async def test_it_keeps_the_key_out_of_the_address_and_the_body(
    client: ProbeClient, aimock: Aimock, style: str
) -> None:
    assert (await measured(client, aimock.open, style, "fast", key=KEY)).outcome == "ok"
    (entry,) = aimock.journal()
    assert KEY not in entry["path"]
    assert KEY not in json.dumps(entry["body"])
    named = WIRES[style].key.lower()
    assert [name for name in entry["headers"] if "auth" in name or "key" in name] == [named]
