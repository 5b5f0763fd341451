"""A registry whose every text wants to do harm, as agents get to see it."""

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from fixtures.agents import Agent, agent_at
from fixtures.hostile import LONG_ID, MARKED_ID, TURNED_ID, start_hostile
from fixtures.site import Site, running_site
from openmodels.mcp.text import LONGEST

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def hostile() -> Iterator[Site]:
    with running_site(start_hostile) as site:
        yield site


def texts(value: Any) -> Iterator[str]:
    """Every text in an answer."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


def require_harmless(text: str) -> None:
    assert text.isprintable() or "\u200d" in text or "\u200c" in text
    for character in text:
        assert character in "\u200c\u200d" or unicodedata.category(character)[0] != "C"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("search_models", {}),
        ("get_model", {"model_id": LONG_ID}),
        ("get_model", {"model_id": TURNED_ID}),
        ("list_offerings", {"model_id": MARKED_ID}),
        ("compare_providers", {"model_id": LONG_ID}),
        ("choose_provider", {"model_id": LONG_ID, "limit": 10}),
        ("estimate_cost", {"model_id": LONG_ID, "input_tokens": 5}),
        ("provider_status", {"provider_id": LONG_ID}),
        ("provider_status", {}),
        ("recent_changes", {}),
    ],
)
async def test_texts_are_one_line_without_what_does_not_show(
    hostile: Site, tool: str, arguments: dict[str, Any]
) -> None:
    async with agent_at(hostile.url) as agent:
        await agent.client.list_tools()
        structured = await agent.call(tool, **arguments)
        told = await agent.text(tool, **arguments)
    for text in texts(structured):
        require_harmless(text)
        assert len(text) <= LONGEST
    for line in told.split("\n"):
        require_harmless(line)
    assert len(json.dumps(structured)) < 60_000


async def test_no_text_makes_another_row_or_column(hostile: Site) -> None:
    async with agent_at(hostile.url) as agent:
        head, *rows = (await agent.text("list_offerings", model_id=LONG_ID)).split("\n")[2:-1]
    assert len(rows) == 3
    assert {row.count("|") for row in rows} == {head.count("|")}


async def test_errors_and_resources_are_harmless_too(hostile: Site) -> None:
    async with agent_at(hostile.url) as agent:
        for given in ("long-\u202e\x1b[31m", "\x00", "a\nb", TURNED_ID[1:]):
            require_harmless(await agent.refused("get_model", model_id=given))
            require_harmless(await agent.refused("search_models", **{given: 1}))
        await _read(agent, f"model://{LONG_ID}")


async def _read(agent: Agent, uri: str) -> None:
    (content,) = (await agent.client.read_resource(uri)).contents
    for text in texts(json.loads(content.model_dump()["text"])):
        require_harmless(text)
