"""Probes of LiteLLM's proxy, whose answers to wrong requests are like nobody else's."""

import msgspec
import pytest

from foreign.aimock import SPEED, TTFT
from foreign.probing import completion, target
from foreign_litellm.gateway import KEY, Gateway
from openmodels.domain.telemetry import Measurement
from openmodels.domain.vocabulary import Outcome
from openmodels.prober.client import ProbeClient

pytestmark = pytest.mark.anyio
STYLES = ["openai-chat", "openai-responses", "anthropic", "google"]
"""The styles that the proxy serves, each made from what it gets in OpenAI's."""
STEP = 1000 / SPEED
EARLY = 2.0


async def measured(
    client: ProbeClient, gateway: Gateway, style: str, model: str, *, key: str | None = KEY
) -> Measurement:
    return (await client.measure(target(gateway.address, style, key=key), completion(model))).record


async def test_it_is_up_where_it_says_so_to_everyone(client: ProbeClient, gateway: Gateway) -> None:
    public = msgspec.structs.replace(
        target(gateway.address, "openai-chat", health_path="/health/liveliness"), base_url=gateway.address
    )
    check = (await client.check(public)).record
    assert (check.status, check.outcome, check.http_status) == ("up", "ok", 200)


async def test_its_list_of_models_breaks_without_a_key(client: ProbeClient, gateway: Gateway) -> None:
    check = (await client.check(target(gateway.address, "openai-chat"))).record
    assert (check.outcome, check.http_status) in {("server_error", 500), ("auth", 401)}


@pytest.mark.parametrize("style", STYLES)
async def test_it_passes_on_a_stream_with_its_times(
    client: ProbeClient, gateway: Gateway, style: str
) -> None:
    found = await measured(client, gateway, style, "steady")
    assert (found.outcome, found.http_status) == ("ok", 200)
    assert found.time_to_first_token_ms is not None
    assert found.total_response_time_ms is not None
    assert found.time_to_first_token_ms >= TTFT - EARLY
    assert found.output_tokens is not None
    assert found.output_tokens > 1
    assert found.total_response_time_ms >= TTFT + (found.output_tokens - 1) * (STEP - EARLY) - EARLY
    assert found.tokens_per_second is not None


async def test_it_counts_deltas_where_its_usage_says_nothing(client: ProbeClient, gateway: Gateway) -> None:
    found = await measured(client, gateway, "google", "steady")
    assert found.tokens_estimated, "the proxy gives zeros for usage in this style"


@pytest.mark.parametrize("style", STYLES)
async def test_it_tells_a_wrong_key_though_that_is_called_a_bad_request(
    client: ProbeClient, gateway: Gateway, style: str
) -> None:
    found = await measured(client, gateway, style, "steady", key="sk-of-somebody-else")
    assert (found.outcome, found.http_status) == ("auth", 400)


@pytest.mark.parametrize("style", STYLES)
async def test_it_takes_an_error_without_a_key_for_what_it_says(
    client: ProbeClient, gateway: Gateway, style: str
) -> None:
    found = await measured(client, gateway, style, "steady", key=None)
    assert (found.outcome, found.http_status) in {("server_error", 500), ("auth", 500), ("auth", 401)}


OUTCOMES: list[tuple[str, Outcome, set[int]]] = [
    ("unheard-of", "model_missing", {400, 404}),
    ("busy", "rate_limited", {429}),
    ("overloaded", "server_error", {500, 503}),
    ("cut", "bad_stream", {200}),
]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("model", "outcome", "statuses"), OUTCOMES, ids=[model for model, *_ in OUTCOMES])
async def test_it_names_what_went_wrong(
    client: ProbeClient, gateway: Gateway, style: str, model: str, outcome: Outcome, statuses: set[int]
) -> None:
    probed = await client.measure(target(gateway.address, style, key=KEY), completion(model))
    assert probed.record.outcome == outcome, (probed.record.http_status, probed.detail)
    assert probed.record.http_status in statuses


PLAYED: list[tuple[str, str, Outcome, int]] = [
    ("openai-chat", "canned", "bad_stream", 200),
    ("openai-chat", "limited", "rate_limited", 429),
    ("openai-chat", "failing", "server_error", 500),
    # Its own answers, unlike those it passes on, come as plain JSON here, though a stream was asked for ...
    ("anthropic", "canned", "bad_stream", 200),
    ("anthropic", "limited", "rate_limited", 429),
    ("google", "canned", "bad_stream", 200),
    ("google", "failing", "server_error", 500),
    # ... and break here.
    ("openai-responses", "canned", "server_error", 500),
]


@pytest.mark.parametrize(("style", "model", "outcome", "status"), PLAYED)
async def test_it_names_what_it_plays_itself(
    client: ProbeClient, gateway: Gateway, style: str, model: str, outcome: Outcome, status: int
) -> None:
    found = await measured(client, gateway, style, model)
    assert (found.outcome, found.http_status) == (outcome, status)


async def test_it_hides_a_style_that_it_does_not_serve_behind_a_missing_path(
    client: ProbeClient, gateway: Gateway
) -> None:
    found = await measured(client, gateway, "cohere", "steady")
    assert (found.outcome, found.http_status) == ("model_missing", 404)
