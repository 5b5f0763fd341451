"""The door for agents, asked by the command line of the protocol's inspector, over both transports."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.agents import program_environment
from fixtures.observatory import start_observatory
from fixtures.site import Site, running_site
from foreign.process import MODULES, require_node
from openmodels.mcp.tools import TOOLS

PACKAGE = "@modelcontextprotocol/inspector-cli"
BUILT = MODULES / PACKAGE / "build"
SECONDS = 60.0
"""A bound for one run, which takes about half a second."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running_site(start_observatory) as running:
        yield running


def inspect(folder: Path, target: list[str], *arguments: str) -> Any:
    """What it prints, as JSON."""
    done = subprocess.run(
        [require_node(PACKAGE), "cli.js", "--cli", *target, *arguments],
        # It looks for its own package's file beside the folder that it is started in.
        cwd=BUILT,
        env=program_environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def far(site: Site) -> list[str]:
    return [f"{site.url}/mcp", "--transport", "http"]


def near(site: Site) -> list[str]:
    return [sys.executable, "-m", "openmodels", "mcp", "--api-url", site.url]


@pytest.mark.parametrize("door", [far, near])
def test_it_lists_and_calls_the_tools(site: Site, door: Any, tmp_path: Path) -> None:
    listed = inspect(tmp_path, door(site), "--method", "tools/list")["tools"]
    assert [tool["name"] for tool in listed] == [tool.name for tool in TOOLS]
    assert all(tool["annotations"]["readOnlyHint"] for tool in listed)
    call = ("--method", "tools/call", "--tool-name", "search_models")
    found = inspect(tmp_path, door(site), *call, "--tool-arg", "search=alpha one", "limit=1")
    assert found["structuredContent"]["models"][0]["id"] == "alpha-1"


def test_it_shows_errors_as_they_are_told(site: Site, tmp_path: Path) -> None:
    call = ("--method", "tools/call", "--tool-name", "get_model", "--tool-arg", "model_id=alpha-2")
    answered = inspect(tmp_path, far(site), *call)
    assert answered["isError"] is True
    assert "Did you mean 'alpha-1'?" in answered["content"][0]["text"]


def test_it_reads_resources(site: Site, tmp_path: Path) -> None:
    templates = inspect(tmp_path, far(site), "--method", "resources/templates/list")["resourceTemplates"]
    assert [one["uriTemplate"] for one in templates] == ["model://{id}", "provider://{id}"]
    read = inspect(tmp_path, far(site), "--method", "resources/read", "--uri", "provider://cirrus")
    assert json.loads(read["contents"][0]["text"])["name"] == "Cirrus Cloud"
