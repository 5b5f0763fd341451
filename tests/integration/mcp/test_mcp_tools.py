"""The tools, asked by the official client over HTTP."""

import json
from decimal import Decimal
from typing import Any

import pytest

from fixtures.agents import ERAS, agent_at
from fixtures.observatory import observatory
from fixtures.site import Site
from openmodels.mcp.tools import INSTRUCTIONS

pytestmark = pytest.mark.anyio

NAMES = {
    "search_models",
    "get_model",
    "list_offerings",
    "compare_providers",
    "choose_provider",
    "estimate_cost",
    "provider_status",
    "recent_changes",
}
CALLS: dict[str, dict[str, Any]] = {
    "search_models": {"search": "alpha"},
    "get_model": {"model_id": "alpha-1"},
    "list_offerings": {"model_id": "alpha-1"},
    "compare_providers": {"model_id": "alpha-1"},
    "choose_provider": {"model_id": "alpha-1"},
    "estimate_cost": {"model_id": "alpha-1", "input_tokens": 1000},
    "provider_status": {"provider_id": "cirrus"},
    "recent_changes": {},
}


@pytest.mark.parametrize("era", ERAS)
async def test_it_tells_an_agent_what_there_is_and_what_to_call_first(observed: Site, era: str) -> None:
    async with agent_at(observed.url, mode="auto" if era != "legacy" else era) as agent:
        assert agent.client.instructions == INSTRUCTIONS
        info = agent.client.server_info
        assert info is not None
        assert info.name == "openmodels"
        tools = (await agent.client.list_tools()).tools
    assert {tool.name for tool in tools} == NAMES
    assert len(INSTRUCTIONS.splitlines()) == 5
    assert all(name in INSTRUCTIONS for name in ("search_models", "choose_provider", "estimate_cost"))


async def test_every_tool_is_marked_as_read_only_and_described_by_types(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        tools = (await agent.client.list_tools()).tools
    for tool in tools:
        hints = tool.annotations
        assert hints is not None
        assert (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint) == (True, False, True)
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False


async def test_closed_vocabularies_are_in_the_schemas(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        listed = (await agent.client.list_tools()).tools
    tools = {tool.name: tool.input_schema["properties"] for tool in listed}
    assert "vision" in tools["search_models"]["capability"]["items"]["enum"]
    assert tools["compare_providers"]["period"]["enum"] == ["1h", "24h", "1d", "7d", "30d"]
    assert tools["choose_provider"]["prefer"]["enum"] == ["balanced", "latency", "price", "reliability"]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("tool", sorted(NAMES))
async def test_every_tool_answers_what_its_schema_says(observed: Site, tool: str, era: str) -> None:
    async with agent_at(observed.url, mode=era) as agent:
        # The client knows the schemas from here on, and holds every answer against them.
        await agent.client.list_tools()
        assert await agent.call(tool, **CALLS[tool])


async def test_it_finds_models_by_words_with_slips_of_the_pen(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        found = await agent.call("search_models", search="alhpa one", limit=1)
    assert found["models"] == [
        {
            "id": "alpha-1",
            "name": "Alpha One",
            "vendor": "acme",
            "release_date": "2026-02-10",
            "context_window": 200000,
            "max_output_tokens": 8192,
            "capabilities": ["chat", "vision", "code", "reasoning", "function-calling"],
            "providers_count": 4,
            "cheapest": {
                "provider_id": "cirrus",
                "input_per_million": 0.1,
                "output_per_million": 2.5,
                "currency": "USD",
            },
        }
    ]


async def test_filters_narrow_a_search(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        found = await agent.call(
            "search_models", capability=["vision", "audio"], max_input_price=0.2, status="active"
        )
    assert [model["id"] for model in found["models"]] == ["alpha-1"]


async def test_pages_follow_each_other_to_the_end(observed: Site) -> None:
    seen: list[str] = []
    async with agent_at(observed.url) as agent:
        page: int | None = 1
        while page is not None:
            found = await agent.call("search_models", page=page, limit=30, sort="name")
            seen += [model["id"] for model in found["models"]]
            page = found.get("next_page")
        assert (await agent.call("search_models", page=page or 99))["models"] == []
    assert len(seen) == len(set(seen)) == found["total"] == 65


async def test_an_unknown_price_is_null_and_a_free_one_is_0(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        unknown = await agent.call("list_offerings", model_id="beta-mini")
        free = await agent.call("list_offerings", model_id="gamma-free")
        told = await agent.text("list_offerings", model_id="beta-mini")
    assert unknown["offerings"][0]["input_per_million"] is None
    assert free["offerings"][0]["input_per_million"] == 0
    assert "input_per_million: unknown" in told


async def test_offerings_hold_every_price_that_is_known_and_none_that_is_not(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        found = await agent.call("list_offerings", model_id="alpha-latest", limit=2)
    bare, whole = found["offerings"]
    assert found["model_id"] == "alpha-1"
    assert (found["total"], found["next_page"]) == (4, 2)
    assert "cache_read_per_million" not in bare
    assert whole["cache_read_per_million"] == 0.025
    assert whole["image_per_unit"] == 0.004
    assert whole["batch"] == {"input_per_million": 0.05, "output_per_million": 1.25}
    assert whole["tiers"] == [{"above_tokens": 200000, "input_per_million": 0.2, "output_per_million": 5}]
    assert whole["provider_model_name"] == "acme/alpha-1@2026"
    assert whole["source"] == "https://cirrus.example.com/pricing"


async def test_it_compares_providers_by_what_was_measured(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        found = await agent.call("compare_providers", model_id="alpha-1", sort="ttft", period="7d")
        last = await agent.call("compare_providers", model_id="alpha-1", sort="ttft", page=2, limit=3)
    assert [one["provider_id"] for one in found["providers"]] == ["cirrus", "nimbus", "stratus", "altus"]
    first = found["providers"][0]
    assert first["status"] == "up"
    assert isinstance(first["p50_ttft_ms"], int)
    assert "p50_ttft_ms" not in found["providers"][3]
    assert [one["provider_id"] for one in last["providers"]] == ["altus"]
    assert "next_page" not in last


async def test_it_chooses_a_provider_and_says_why_not_the_others(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        wish = {"input_tokens": 1000, "output_tokens": 500, "prefer": "price", "limit": 5}
        found = await agent.call("choose_provider", model_id="alpha-1", **wish)
        none = await agent.call("choose_provider", model_id="alpha-1", max_ttft_ms=1)
    assert found["chosen"] == found["fitting"][0]["provider_id"] == "cirrus"
    assert found["cost_basis"] == "request"
    assert found["fitting"][0]["cost"] == 0.00135
    assert found["fitting"][0]["api_base_url"]
    assert {one["provider_id"] for one in found["excluded"]} == {"nimbus"}
    assert none["chosen"] is None
    assert none["fitting"] == []


async def test_it_says_what_a_workload_costs(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        found = await agent.call(
            "estimate_cost", model_id="alpha-1", input_tokens=1000, output_tokens=500, requests=1000
        )
        plain = await agent.call("estimate_cost", model_id="alpha-1")
        (own,) = (
            await agent.call("estimate_cost", model_id="alpha-1", input_tokens=300_000, provider_id="cirrus")
        )["costs"]
    assert [(one["provider_id"], one["total"]) for one in found["costs"]] == [
        ("nimbus", 0.6),
        ("cirrus", 1.35),
        ("stratus", 0.6),
        ("altus", None),
    ]
    assert "items" not in found["costs"][0]
    assert [one["total"] for one in plain["costs"]] == [0.0009, 0.0026, 0.001, None]
    assert found["costs"][3]["unknown"] == ["input_per_million", "output_per_million"]
    assert own["tier_above_tokens"] == 200_000
    assert own["items"][0]["unit_price"] == 0.2
    assert own["fits"] is False


async def test_it_says_how_one_provider_is_doing_and_how_it_is_called(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        found = await agent.call("provider_status", provider_id="nimbus", period="30d")
    (one,) = found["providers"]
    assert found["period"] == "30d"
    assert (one["status"], one["compatibility"], one["auth_type"]) == ("down", "anthropic", "api-key")
    assert one["uptime_percentage"] == round(one["uptime_percentage"], 2)
    assert one["incidents"][0]["reason"].startswith("down")
    assert "ended_at" not in one["incidents"][0]


async def test_it_lists_providers_by_how_they_are_doing(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        found = await agent.call("provider_status", status=["down", "degraded"])
        paged = await agent.call("provider_status", limit=2)
    assert [(one["provider_id"], one["status"]) for one in found["providers"]] == [
        ("nimbus", "down"),
        ("stratus", "degraded"),
    ]
    assert (len(paged["providers"]), paged["next_page"]) == (2, 2)


async def test_it_says_what_changed_page_by_page(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        first = await agent.call("recent_changes", topic="price", limit=2)
        second = await agent.call("recent_changes", topic="price", limit=2, cursor=first["next"])
        came = await agent.call("recent_changes", action="added", model="alpha-1", limit=5)
    assert all(change["field"] == "pricing.input_per_million" for change in first["changes"])
    assert first["changes"][0]["old"] != first["changes"][0]["new"]
    assert first["changes"] != second["changes"]
    assert first["begins_at"].endswith("Z")
    # A record that is new is not told in full.
    assert all("new" not in change for change in came["changes"])


async def test_numbers_are_those_of_the_registry(observed: Site) -> None:
    written = {(one.model_id, one.provider_id): one.pricing for one in observatory().offerings}
    async with agent_at(observed.url) as agent:
        found = await agent.call("search_models", limit=50, sort="name")
    cheapest = {model["id"]: model["cheapest"] for model in found["models"] if "cheapest" in model}
    assert len(cheapest) > 40
    for name, offered in cheapest.items():
        prices = written[name, offered["provider_id"]]
        assert Decimal(str(offered["input_per_million"])) == prices.input_per_million
        assert Decimal(str(offered["output_per_million"])) == prices.output_per_million


async def test_the_text_of_an_answer_is_shorter_than_the_same_as_json(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        for tool in ("search_models", "compare_providers", "recent_changes"):
            given = CALLS[tool] if tool != "search_models" else {}
            structured = json.dumps(await agent.call(tool, **given), separators=(",", ":"))
            assert len(await agent.text(tool, **given)) < 0.8 * len(structured)
