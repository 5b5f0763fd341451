"""Probes of mock-llm, which gives no usage and says what went wrong inside a good answer."""

import msgspec
import pytest

from foreign.mock_llm import INTERVAL, KEY, MockLlm
from foreign.probing import completion, target
from openmodels.domain.telemetry import Check, Measurement
from openmodels.domain.vocabulary import Outcome
from openmodels.prober.client import ProbeClient

pytestmark = pytest.mark.anyio
EARLY = 2.0
"""Milliseconds by which Node's timers, which count whole ones, may be early."""


async def measured(
    client: ProbeClient, mock_llm: MockLlm, model: str, *, key: str | None = None
) -> Measurement:
    aimed = target(mock_llm.address, "openai-chat", key=key)
    return (await client.measure(aimed, completion(model))).record


async def checked(client: ProbeClient, mock_llm: MockLlm, root: str) -> Check:
    aimed = target(mock_llm.address, "openai-chat")
    return (await client.check(msgspec.structs.replace(aimed, base_url=mock_llm.address + root))).record


async def test_it_is_up_when_it_lists_its_models(client: ProbeClient, mock_llm: MockLlm) -> None:
    check = await checked(client, mock_llm, "/v1")
    assert (check.status, check.outcome, check.http_status) == ("up", "ok", 200)


async def test_it_is_up_when_it_has_too_much_to_do(client: ProbeClient, mock_llm: MockLlm) -> None:
    check = await checked(client, mock_llm, "/busy")
    assert (check.status, check.outcome, check.http_status) == ("up", "rate_limited", 429)


async def test_it_is_down_when_it_says_so(client: ProbeClient, mock_llm: MockLlm) -> None:
    check = await checked(client, mock_llm, "/ill")
    assert (check.status, check.outcome, check.http_status) == ("down", "server_error", 503)


async def test_it_counts_events_where_it_gets_no_usage(client: ProbeClient, mock_llm: MockLlm) -> None:
    found = await measured(client, mock_llm, "any")
    assert (found.outcome, found.http_status) == ("ok", 200)
    assert found.tokens_estimated
    assert found.input_tokens is None
    assert found.output_tokens is not None
    assert found.output_tokens > 1
    assert found.time_to_first_token_ms is not None
    assert found.total_response_time_ms is not None
    assert found.tokens_per_second is not None
    assert found.time_to_first_token_ms >= INTERVAL - EARLY
    # One more interval for what ends the stream.
    assert found.total_response_time_ms >= (found.output_tokens + 1) * (INTERVAL - EARLY)
    streaming = found.total_response_time_ms - found.time_to_first_token_ms
    assert found.tokens_per_second == pytest.approx(1000 * found.output_tokens / streaming, rel=0.01)


INSIDE: list[tuple[str, Outcome]] = [
    ("broken", "bad_stream"),
    ("empty", "bad_stream"),
    ("wrong", "bad_stream"),
]


@pytest.mark.parametrize(("model", "outcome"), INSIDE)
async def test_it_is_not_taken_in_by_a_good_status(
    client: ProbeClient, mock_llm: MockLlm, model: str, outcome: Outcome
) -> None:
    found = await measured(client, mock_llm, model)
    assert (found.outcome, found.http_status) == (outcome, 200)
    assert found.time_to_first_token_ms is None


async def test_it_sends_the_key_that_is_asked_for(client: ProbeClient, mock_llm: MockLlm) -> None:
    assert (await measured(client, mock_llm, "guarded", key=KEY)).outcome == "ok"
    # The refusal, too, is an event inside a 200.
    assert (await measured(client, mock_llm, "guarded", key="another")).outcome == "bad_stream"
