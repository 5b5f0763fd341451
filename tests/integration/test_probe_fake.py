"""Probes of the fake provider: every style, with everything that it can do wrong."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, get_args

import pytest

from fixtures.probing import PLAIN, SECRET, UVLOOP, probe_client, target
from openmodels.domain.vocabulary import Outcome
from openmodels.fake.behaviour import Behaviour, Fault
from openmodels.fake.server import FakeProvider
from openmodels.prober.target import Completion

pytestmark = pytest.mark.anyio

STYLES = ["anthropic", "cohere", "google", "openai-chat", "openai-responses"]
AT_ONCE: dict[str, Any] = {"headers_ms": 0, "ttft_ms": 0, "tokens_per_second": 100_000}
REASONING = Completion(model_id="some-model", model_name="some-model-1", reasoning=True)
LONGEST = 100
"""Seconds that nothing here takes, by far."""

FAULTS: dict[Fault, Outcome] = {
    "status_400": "bad_request",
    "status_401": "auth",
    "status_402": "quota",
    "status_403": "auth",
    "status_404": "model_missing",
    "status_429": "rate_limited",
    "status_500": "server_error",
    "status_502": "server_error",
    "status_503": "server_error",
    "status_529": "server_error",
    "key_invalid": "auth",
    "quota": "quota",
    "redirect": "bad_request",
    "error_event": "bad_stream",
    "reset": "bad_stream",
    "cut": "bad_stream",
    "unfinished": "bad_stream",
    "hang_up": "network",
    "wrong_nonce": "bad_stream",
    "empty": "bad_stream",
    "not_streamed": "bad_stream",
    "garbage": "bad_stream",
    "garbage_in_stream": "bad_stream",
    "stall_before_headers": "timeout",
    "stall_after_headers": "timeout",
    "stall_mid_stream": "timeout",
    "drip": "timeout",
    "endless": "bad_stream",
    "huge_line": "bad_stream",
}


@pytest.fixture(scope="module")
def anyio_backend() -> object:
    """The loop that the program runs on."""
    return UVLOOP


@pytest.fixture
async def fake() -> AsyncIterator[FakeProvider]:
    async with FakeProvider(Behaviour(**AT_ONCE)) as running:
        yield running


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "behaviour",
    [
        {},
        {"reasoning_tokens": 5},
        {"reasoning_tokens": 5, "reasoning_field": "reasoning"},
        {"empty_frames": 3, "null_frames": 3},
        {"newline": "crlf", "multibyte": True, "writes": "split", "split_gap_ms": 0},
        {"writes": "joined"},
        {"keepalive_ms": 1, "ttft_ms": 5},
    ],
)
async def test_it_measures_every_style(fake: FakeProvider, style: str, behaviour: dict[str, Any]) -> None:
    fake.set("acme", Behaviour(**{**AT_ONCE, **behaviour}))
    asked = target(fake.url("acme") + "/v1", style=style, auth_type="api-key")
    measured = (await probe_client().measure(asked, REASONING)).record
    assert measured.outcome == "ok"
    assert measured.output_tokens == 12 + behaviour.get("reasoning_tokens", 0)
    assert not measured.tokens_estimated
    assert measured.input_tokens
    first, content = measured.time_to_first_token_ms, measured.time_to_first_content_ms
    assert first is not None
    assert content is not None
    assert first <= content
    assert (await probe_client().check(asked)).record.outcome == "ok"


@pytest.mark.parametrize("style", STYLES)
async def test_it_counts_for_itself_where_no_usage_comes(fake: FakeProvider, style: str) -> None:
    fake.set("acme", Behaviour(**AT_ONCE, usage=False))
    measured = (await probe_client().measure(target(fake.url("acme"), style=style), PLAIN)).record
    assert (measured.outcome, measured.output_tokens, measured.tokens_estimated) == ("ok", 12, True)


@pytest.mark.parametrize("style", STYLES)
async def test_it_times_what_the_server_did(fake: FakeProvider, style: str) -> None:
    """Never earlier than the server, and not much later even on a busy machine."""
    fake.set("acme", Behaviour(headers_ms=30, ttft_ms=120, tokens_per_second=100, output_tokens=10))
    measured = (await probe_client().measure(target(fake.url("acme"), style=style), PLAIN)).record
    await fake.until_idle("acme")
    (entry,) = fake.requests("acme")
    for ours, theirs in (
        (measured.time_to_first_byte_ms, entry.first_byte_ms),
        (measured.time_to_first_token_ms, entry.first_token_ms),
        (measured.time_to_first_content_ms, entry.first_content_ms),
    ):
        assert ours is not None
        assert theirs is not None
        assert theirs - 1 <= ours < theirs + 5000
    assert measured.tokens_per_second is not None
    assert measured.tokens_per_second > 1


def test_it_expects_something_of_every_fault() -> None:
    assert set(FAULTS) == set(get_args(Fault))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("fault", FAULTS)
async def test_it_has_the_outcome_of_every_fault(fake: FakeProvider, style: str, fault: Fault) -> None:
    fake.set("acme", Behaviour(**AT_ONCE, faults=(fault,), fails="completions"))
    # Google says of spent credit in the same words what it says of too many requests in a minute.
    expected = "rate_limited" if (style, fault) == ("google", "quota") else FAULTS[fault]
    seconds = 0.15 if expected == "timeout" else LONGEST
    client = probe_client()
    asked = target(fake.url("acme"), style=style, auth_type="api-key", timeout=seconds)
    probed = await client.measure(asked, PLAIN)
    assert probed.record.outcome == expected
    assert probed.detail
    assert SECRET not in repr(probed)
    assert probed.record.total_response_time_ms is None
    assert (await client.check(target(fake.url("acme"), style=style))).record.outcome == "ok"
    async with asyncio.timeout(LONGEST):
        await fake.until_idle("acme")


HEALTH: dict[Fault, tuple[str, Outcome]] = {
    "status_401": ("up", "auth"),
    "status_402": ("up", "quota"),
    "status_404": ("up", "bad_request"),
    "status_429": ("up", "rate_limited"),
    "status_500": ("down", "server_error"),
    "status_503": ("down", "server_error"),
    "redirect": ("up", "bad_request"),
    "reset": ("down", "network"),
    "cut": ("down", "network"),
    "hang_up": ("down", "network"),
    "garbage": ("down", "network"),
    "stall_before_headers": ("down", "timeout"),
    "stall_after_headers": ("down", "timeout"),
    "endless": ("up", "ok"),
    "huge_line": ("up", "ok"),
}


@pytest.mark.parametrize("fault", HEALTH)
async def test_it_checks_an_api_that_fails(fake: FakeProvider, fault: Fault) -> None:
    fake.set("acme", Behaviour(**AT_ONCE, faults=(fault,), fails="health"))
    status, outcome = HEALTH[fault]
    seconds = 0.15 if outcome == "timeout" else LONGEST
    found = (await probe_client().check(target(fake.url("acme"), timeout=seconds))).record
    assert (found.status, found.outcome) == (status, outcome)
    async with asyncio.timeout(LONGEST):
        await fake.until_idle("acme")


@pytest.mark.parametrize("style", STYLES)
async def test_it_needs_the_right_key(fake: FakeProvider, style: str) -> None:
    for key, expected in ((SECRET, "ok"), ("another", "auth")):
        fake.set("acme", Behaviour(**AT_ONCE, key=key))
        asked = target(fake.url("acme"), style=style, auth_type="api-key")
        assert (await probe_client().measure(asked, PLAIN)).record.outcome == expected
        assert (await probe_client().check(asked)).record.status == "up"
    assert [entry.key_sent for entry in fake.requests("acme")] == [True, False, True, False]


@pytest.mark.parametrize("style", STYLES)
async def test_it_finds_a_plainer_form_for_who_refuses_the_first(fake: FakeProvider, style: str) -> None:
    refused = {
        "openai-chat": ("max_completion_tokens", "reasoning_effort", "stream_options"),
        "openai-responses": ("store", "reasoning"),
        "cohere": ("thinking",),
    }.get(style, ())
    fake.set("acme", Behaviour(**AT_ONCE, refuse_fields=refused))
    assert (
        await probe_client().measure(target(fake.url("acme"), style=style), REASONING)
    ).record.outcome == "ok"
    assert len(fake.requests("acme")) == (2 if refused else 1)


@pytest.mark.parametrize("style", STYLES)
async def test_it_calls_a_model_missing_that_is_not_there(fake: FakeProvider, style: str) -> None:
    fake.set("acme", Behaviour(**AT_ONCE, models=("another",)))
    measured = (await probe_client().measure(target(fake.url("acme"), style=style), PLAIN)).record
    assert measured.outcome == "model_missing"
