"""``openmodels mcp``: the door over standard input and output, in a process of its own."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from contract.builders import model, offering, provider, registry
from fixtures.agents import ERAS, agent_at, agent_of, message, program_environment
from fixtures.commands import Program
from fixtures.server import free_port
from fixtures.site import Site
from fixtures.written import write_records

SECONDS = 30.0
CALLS: dict[str, dict[str, Any]] = {
    "search_models": {"capability": "vision"},
    "get_model": {"model_id": "alpha-1"},
    "list_offerings": {"model_id": "alpha-1"},
    "compare_providers": {"model_id": "alpha-1"},
    "choose_provider": {"model_id": "alpha-1"},
    "estimate_cost": {"model_id": "alpha-1", "input_tokens": 1000},
    "provider_status": {"provider_id": "cirrus"},
    "recent_changes": {"limit": 3},
}


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """The program, as a host starts it; killed in the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "openmodels", "mcp", *arguments],
        cwd=folder,
        env=program_environment(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def stream(one: IO[bytes] | None) -> IO[bytes]:
    assert one is not None
    return one


def ask(process: subprocess.Popen[bytes], line: bytes) -> dict[str, Any]:
    """What comes back for a line."""
    stream(process.stdin).write(line + b"\n")
    stream(process.stdin).flush()
    found: dict[str, Any] = json.loads(stream(process.stdout).readline())
    return found


INITIALIZE = json.dumps(
    message(
        "initialize",
        {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "0"}},
    )
).encode()


@pytest.mark.anyio
@pytest.mark.parametrize("era", ERAS)
async def test_it_answers_what_the_door_over_http_answers(observed: Site, tmp_path: Path, era: str) -> None:
    async with (
        agent_of(tmp_path, "--api-url", observed.url, mode=era) as near,
        agent_at(observed.url, mode=era) as far,
    ):
        assert (await near.client.list_tools()).tools == (await far.client.list_tools()).tools
        for tool, given in CALLS.items():
            assert await near.call(tool, **given) == await far.call(tool, **given)
            assert await near.text(tool, **given) == await far.text(tool, **given)
        given = {"model_id": "alpha-2"}
        assert await near.refused("get_model", **given) == await far.refused("get_model", **given)


@pytest.mark.anyio
async def test_the_server_is_that_of_the_users_file_and_may_be_away(tmp_path: Path) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    (tmp_path / ".openmodelsrc").write_text(json.dumps({"api_url": away}))
    async with agent_of(tmp_path) as agent:
        assert len((await agent.client.list_tools()).tools) == len(CALLS)
        told = await agent.refused("get_model", model_id="alpha-1")
    assert away in told
    assert "start it with `openmodels serve`" in told
    assert "`openmodels mcp --local`" in told


@pytest.mark.anyio
async def test_local_asks_the_files_of_a_registry(tmp_path: Path) -> None:
    content = registry(model("own-one"), provider("our-house"), offering("our-house", "own-one", "0.25"))
    write_records(tmp_path / "registry", content)
    async with agent_of(tmp_path, "--local", "--registry", "registry") as agent:
        found = await agent.call("search_models")
        status = await agent.call("provider_status", provider_id="our-house")
        assert (await agent.call("recent_changes"))["changes"] == []
    assert [(one["id"], one["cheapest"]["input_per_million"]) for one in found["models"]] == [
        ("own-one", 0.25)
    ]
    assert status["providers"][0]["status"] == "unknown"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_a_signal_without_a_trace(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path) as process:
        assert ask(process, INITIALIZE)["result"]["serverInfo"]["name"] == "openmodels"
        process.send_signal(number)
        assert process.wait(SECONDS) == 0
        assert stream(process.stdout).read() == stream(process.stderr).read() == b""


def test_it_ends_with_its_input_and_reads_what_is_no_message(tmp_path: Path) -> None:
    with started(tmp_path, "--api-url", f"http://127.0.0.1:{free_port()}") as process:
        stream(process.stdin).write(b"garbage\n\xff\xfe\n[]\n\n")
        assert ask(process, INITIALIZE)["id"] == 1
        # A picture that was cut in two: no text, but an answer is waited for.
        half = message("tools/call", {"name": "get_model", "arguments": {"model_id": "\ud83d"}}, 2)
        assert ask(process, json.dumps(half).encode())["result"]["isError"] is True
        stream(process.stdin).close()
        assert process.wait(SECONDS) == 0
        assert stream(process.stdout).read() == b""


def test_it_ends_quietly_when_nobody_reads_its_answers(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        stream(process.stdout).close()
        stream(process.stdin).write(INITIALIZE + b"\n")
        stream(process.stdin).flush()
        assert process.wait(SECONDS) == 0
        assert stream(process.stderr).read() == b""


def test_what_cannot_be_used_is_one_line(program: Program) -> None:
    for arguments, code, told in (
        (("--api-url", "nowhere"), 2, "openmodels: --api-url: an address such as http://127.0.0.1:8000"),
        (("--local", "--registry", "nowhere"), 2, "openmodels: cannot read the registry in nowhere"),
        (("--local", "--api-url", "http://x"), 2, "--local asks no server"),
        (("--registry", "x"), 2, "goes with --local only"),
    ):
        done = program("mcp", *arguments)
        assert (done.returncode, done.stdout) == (code, "")
        assert told in done.stderr
        assert "Traceback" not in done.stderr


def test_issues_of_a_registry_are_not_taken_for_the_protocol(program: Program, tmp_path: Path) -> None:
    write_records(tmp_path / "registry", registry(model("own-one"), provider("our-house")))
    file = next((tmp_path / "registry" / "models").rglob("*.yaml"))
    file.write_text("nonsense: 1\n")
    done = program("mcp", "--local", "--registry", "registry")
    assert (done.returncode, done.stdout) == (1, "")
    assert "nonsense" in done.stderr


def test_other_commands_do_not_import_the_protocol(tmp_path: Path) -> None:
    looks = "import sys; from openmodels.cli.main import create_program; import openmodels.bootstrap; "
    looks += (
        "create_program(); sys.exit(sum(name.split('.')[0] in {'mcp', 'pydantic'} for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", looks], cwd=tmp_path, check=False).returncode == 0
