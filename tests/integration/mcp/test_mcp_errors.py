"""What an agent is told when a call fails."""

import pytest

from fixtures.agents import agent_at
from fixtures.failing import FailingTelemetry
from fixtures.service import start_service
from fixtures.site import Site, running_site
from openmodels.errors import StoreError

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        (
            "get_model",
            {"model_id": "alpha-2"},
            "Model not found: 'alpha-2'. Did you mean 'alpha-1'? Call search_models to find a model's id.",
        ),
        (
            "provider_status",
            {"provider_id": "cirus"},
            "Provider not found: 'cirus'. Did you mean 'cirrus'? Call provider_status without provider_id",
        ),
        ("search_models", {"sort": "prize"}, "sort must be one of recency, name"),
        ("search_models", {"capability": ["visoin"]}, "(did you mean vision?), not 'visoin'."),
        ("search_models", {"capabilty": "vision"}, "no argument 'capabilty' (did you mean capability?)"),
        ("search_models", {"limit": 0}, "limit: expected int >= 1."),
        ("search_models", {"limit": "many"}, "limit: expected int, got str."),
        ("get_model", {}, "Object missing required field model_id."),
        ("get_model", {"model_id": ".."}, "model_id: expected an id without a slash"),
        ("get_model", {"model_id": ""}, "model_id: expected an id without a slash"),
        (
            "get_model",
            {"model_id": "acme/alpha-1"},
            "model_id: expected an id without a slash, as search_models",
        ),
        ("get_model", {"model_id": "alpha-1", "as_of": "yesterday"}, "as_of must be a date such as"),
        ("recent_changes", {"cursor": "nowhere"}, "cursor"),
        ("recent_changes", {"kind": "modle"}, "kind must be one of model, provider, offering, vendor"),
        ("choose_provider", {"model_id": "alpha-1", "min_uptime": 101}, "min_uptime: expected float <= 100"),
        ("estimate_cost", {"model_id": "alpha-1", "cached_tokens": 11}, "cached_tokens"),
        (
            "estimate_cost",
            {"model_id": "beta-mini", "provider_id": "cirrus"},
            "'cirrus' does not offer beta-mini, or not any more. Leave out provider_id to see who does.",
        ),
        ("search_models", {"vendor": ["acme" * 20] * 60}, "longer than 4000 bytes: ask for less at a time."),
        ("search_models", {"vendor": ["\u96ea" * 300] * 4}, "The URL is longer than 8192 bytes"),
        ("search_models", {"max_input_price": 1e308}, "max_input_price must be a number"),
        ("get_model", {"model_id": "alpha-1\0"}, "The path has a NUL character."),
        ("get_model", {"model_id": "alpha-1?as_of=2020"}, "Model not found: 'alpha-1?as_of=2020'."),
        ("find_model", {}, "There is no tool 'find_model'; there are search_models, get_model,"),
    ],
)
async def test_it_says_what_was_wrong_and_what_to_call_instead(
    observed: Site, tool: str, arguments: dict[str, object], told: str
) -> None:
    async with agent_at(observed.url) as agent:
        assert told in await agent.refused(tool, **arguments)


async def test_none_and_numbers_as_text_are_taken_as_they_are_meant(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        found = await agent.call("search_models", search=None, vendor="acme", limit="1", open_weights="false")
    assert [model["id"] for model in found["models"]] == ["alpha-1"]


async def test_telemetry_that_cannot_be_read_fails_only_the_calls_that_need_it() -> None:
    failing = FailingTelemetry(None)
    with running_site(lambda: start_service(telemetry=failing)) as site:
        failing.error = StoreError("the password is hunter2")
        async with agent_at(site.url) as agent:
            assert await agent.call("get_model", model_id="alpha-1")
            told = await agent.refused("provider_status", provider_id="cirrus")
    assert "hunter2" not in told
    assert told.startswith("The server failed (503): Telemetry cannot be read at the moment.")
    assert "Call again in a minute. Its log calls this " in told
