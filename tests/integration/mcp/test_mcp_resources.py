"""Resources, and the completion of their ids."""

import json

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import ResourceTemplateReference, TextResourceContents

from fixtures.agents import Agent, agent_at
from fixtures.site import Site

pytestmark = pytest.mark.anyio


async def read(agent: Agent, uri: str) -> dict[str, object]:
    (content,) = (await agent.client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == "application/json"
    found: dict[str, object] = json.loads(content.text)
    return found


async def completed(agent: Agent, template: str, begun: str) -> list[str]:
    reference = ResourceTemplateReference(type="ref/resource", uri=template)
    result = await agent.client.complete(reference, {"name": "id", "value": begun})
    return result.completion.values


async def test_templates_say_what_can_be_read(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        templates = (await agent.client.list_resource_templates()).resource_templates
        assert (await agent.client.list_resources()).resources == []
    assert [one.uri_template for one in templates] == ["model://{id}", "provider://{id}"]


async def test_a_model_is_read_by_its_id_or_an_alias(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        own = await read(agent, "model://alpha-1")
        assert await read(agent, "model://alpha-latest") == own
        assert own == await agent.call("get_model", model_id="alpha-1")


async def test_a_provider_is_read_with_its_models(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        own = await read(agent, "provider://cirrus")
    assert own["models"] == ["alpha-1", "gamma-free"]
    assert own["env"] == ["CIRRUS_API_KEY"]


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("model://alpha-2", "Did you mean 'alpha-1'? Call search_models"),
        ("provider://cirus", "Did you mean 'cirrus'? Call provider_status"),
        ("model://..", "model_id: expected an id without a slash"),
        ("model://", "model_id: expected an id without a slash"),
        ("vendor://acme", "there are model://{id} and provider://{id}."),
    ],
)
async def test_what_there_is_not_is_said_to_be_so(observed: Site, uri: str, told: str) -> None:
    async with agent_at(observed.url) as agent:
        with pytest.raises(MCPError) as caught:
            await agent.client.read_resource(uri)
    assert told in str(caught.value)
    assert caught.value.error.code == -32602


async def test_ids_are_completed_those_that_begin_so_first(observed: Site) -> None:
    async with agent_at(observed.url) as agent:
        assert await completed(agent, "model://{id}", "alpha") == ["alpha-0", "alpha-1"]
        assert await completed(agent, "model://{id}", "Mini") == ["beta-mini"]
        assert await completed(agent, "provider://{id}", "us") == ["altus", "cirrus", "nimbus", "stratus"]
        assert await completed(agent, "vendor://{id}", "a") == []
