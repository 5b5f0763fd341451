"""What docs/mcp.md shows, held to what the program does."""

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from fixtures.agents import Agent, agent_at, program_environment
from fixtures.server import RunningServer
from openmodels.edge.posted import BODY_SECONDS, MAX_BODY
from openmodels.mcp.arguments import MOST
from openmodels.mcp.schemas import schema_of
from openmodels.mcp.text import LONGEST
from openmodels.mcp.tools import TOOLS

PAGE = Path(__file__).parents[3].joinpath("docs", "mcp.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"
HOSTS = ("Claude Code", "Cursor", "VS Code", "opencode")


def section(title: str) -> str:
    """What stands under a heading."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def block(text: str, language: str) -> str:
    """The only block of code in this language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(found)


def doors(host: str) -> tuple[str, list[str]]:
    """The address and the command that a host is told; fails unless it is told both, each once."""
    told = json.loads(block(section(host), "json"))
    (servers,) = [value for name, value in told.items() if name != "$schema"]
    (url,) = [one["url"] for one in servers.values() if "url" in one]
    (near,) = [one for one in servers.values() if "command" in one]
    command = near["command"] if isinstance(near["command"], list) else [near["command"], *near["args"]]
    assert servers.keys() == {"openmodels", "openmodels-program"}
    return url, command


@pytest.mark.parametrize("host", HOSTS)
def test_every_host_is_told_both_doors(host: str) -> None:
    assert doors(host) == (f"{ADDRESS}/mcp", ["openmodels", "mcp"])


def test_the_commands_for_claude_say_the_same_as_its_file() -> None:
    far, near = (shlex.split(line) for line in block(section("Claude Code"), "sh").splitlines())
    url, command = doors("Claude Code")
    assert far == ["claude", "mcp", "add", "--transport", "http", "openmodels", url]
    assert near == ["claude", "mcp", "add", "openmodels-program", "--", *command]


@pytest.mark.anyio
async def test_the_address_that_is_told_answers(server: RunningServer) -> None:
    url, _ = doors("Cursor")
    async with Client(url.replace(ADDRESS, f"http://127.0.0.1:{server.port}")) as client:
        assert len((await client.list_tools()).tools) == len(TOOLS)


@pytest.mark.anyio
async def test_the_command_that_is_told_answers(server: RunningServer, tmp_path: Path) -> None:
    _, (program, *arguments) = doors("Cursor")
    assert program == "openmodels"
    address = f"http://127.0.0.1:{server.port}"
    started = StdioServerParameters(
        command=sys.executable,
        args=["-m", "openmodels", *arguments],
        env=program_environment(tmp_path, API_URL=address),
        cwd=tmp_path,
    )
    async with Client(started) as client:
        assert (await Agent(client).call("get_model", model_id="kimi-k2-thinking"))["name"]


def test_the_table_has_every_tool_with_every_argument() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", section("The tools"), re.MULTILINE)
    told = {name: re.findall(r"`(\w+)`", arguments) for name, arguments in rows}
    assert list(told) == [tool.name for tool in TOOLS]
    for tool in TOOLS:
        assert set(told[tool.name]) == set(schema_of(tool.takes)["properties"]), tool.name


@pytest.mark.anyio
async def test_the_example_is_what_is_answered(server: RunningServer) -> None:
    shown = section("What an answer looks like")
    asked = re.search(r"`(\w+)` with `(\{.*?\})`", shown)
    assert asked is not None
    arguments: dict[str, Any] = json.loads(asked[2])
    async with agent_at(f"http://127.0.0.1:{server.port}") as agent:
        assert await agent.text(asked[1], **arguments) + "\n" == block(shown, "text")
        assert await agent.call(asked[1], **arguments) == json.loads(block(shown, "json"))


@pytest.mark.anyio
async def test_the_errors_are_those_that_are_told(server: RunningServer) -> None:
    rows = re.findall(r"`(\w\S*)` \| `(.*)` \|$", section("Errors"), re.MULTILINE)
    calls = {
        "kimi-k2-thinkin": ("get_model", {"model_id": "kimi-k2-thinkin"}),
        "visoin": ("search_models", {"capability": "visoin"}),
        "capabilty": ("search_models", {"capabilty": "vision"}),
    }
    assert [name for name, _ in rows] == list(calls)
    async with agent_at(f"http://127.0.0.1:{server.port}") as agent:
        for name, told in rows:
            tool, arguments = calls[name]
            pattern = ".*".join(re.escape(part) for part in re.split(r"…", told))
            assert re.fullmatch(pattern, await agent.refused(tool, **arguments), re.DOTALL)


def test_the_limits_are_those_that_are_told() -> None:
    assert f"at\nmost {MOST} (" in PAGE
    assert f"up to {MAX_BODY // 1024} KB" in PAGE
    assert f"within {BODY_SECONDS:g} seconds" in PAGE
    assert f"at most {LONGEST} characters" in PAGE
