"""What commands that ask a server show on a terminal, and how they end in a pipe: real processes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.asking import scripted_in_a_thread
from fixtures.scripted_server import Step
from fixtures.site import Site
from fixtures.terminal import PROGRAM, environment, run_on_a_terminal

ERASED = "\x1b[2K"
"""With it, what showed that something is waited for goes."""


def on_a_terminal(site: Site, home: Path, *arguments: str, **variables: str) -> str:
    return run_on_a_terminal(
        *arguments,
        cwd=home,
        **{"HOME": str(home), "OPENMODELS_API_URL": site.url, "COLUMNS": "80"} | variables,
    )


def test_it_shows_that_it_waits_and_colours(observed: Site, tmp_path: Path) -> None:
    written = on_a_terminal(observed, tmp_path, "health")
    waiting, shown = written.split(ERASED)
    assert f"asking {observed.url.removeprefix('http://')}" in waiting
    assert shown.startswith("\x1b[32mhealthy\x1b[0m\r\n\x1b[1mservice")


@pytest.mark.parametrize("how", ["flag", "variable", "file"])
def test_it_shows_no_colours_where_nobody_wants_them(observed: Site, tmp_path: Path, how: str) -> None:
    if how == "file":
        (tmp_path / ".openmodelsrc").write_text('{"no_color": true}', encoding="utf-8")
    flags = ("--no-color",) if how == "flag" else ()
    variables = {"NO_COLOR": "1"} if how == "variable" else {}
    written = on_a_terminal(observed, tmp_path, "health", *flags, **variables)
    waiting, shown = written.split(ERASED)
    assert "[3" not in waiting
    assert "\x1b" not in shown
    assert shown.startswith("healthy\r\n")


def test_it_fits_a_narrow_terminal(observed: Site, tmp_path: Path) -> None:
    written = on_a_terminal(observed, tmp_path, "models", "info", "alpha-1", "--no-color", COLUMNS="40")
    lines = written.split(ERASED)[-1].split("\r\n")
    assert all(len(line) <= 40 for line in lines)
    assert any(line.startswith("provider  ") and "input/1M" in line for line in lines)


def test_it_writes_json_in_lines_for_people(observed: Site, tmp_path: Path) -> None:
    written = on_a_terminal(observed, tmp_path, "models", "info", "alpha-1", "--format", "json")
    shown = written.split(ERASED)[-1]
    assert shown.startswith('{\r\n  "id": "alpha-1",\r\n')
    assert json.loads(shown)["id"] == "alpha-1"


def test_it_ends_quietly_when_nobody_reads_on(observed: Site, tmp_path: Path) -> None:
    line = '"$@" models list --format yaml | true; echo "${PIPESTATUS[0]}"'
    done = subprocess.run(
        ["bash", "-c", line, "bash", *PROGRAM],
        env=environment(HOME=str(tmp_path), OPENMODELS_API_URL=observed.url),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_it_says_that_nothing_can_be_written(observed: Site, tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, "models", "list"],
            env=environment(HOME=str(tmp_path), OPENMODELS_API_URL=observed.url),
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == b"openmodels: cannot write to standard output: No space left on device\n"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a shell runs in the background ignores interrupts, and so would whatever is started from here."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_it_ends_quietly_with_130_when_it_is_interrupted(tmp_path: Path) -> None:
    with (
        scripted_in_a_thread([Step.HANG]) as server,
        subprocess.Popen(
            [*PROGRAM, "models", "list", "--api-url", server.url],
            env=environment(HOME=str(tmp_path)),
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        while not server.requests:
            assert process.poll() is None
            os.sched_yield()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_it_asks_a_server_without_being_one(observed: Site, tmp_path: Path) -> None:
    program = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "from openmodels.cli.main import run\n"
        "run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "models", "list", "--format", "json", "--api-url", observed.url],
        env=environment(HOME=str(tmp_path)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stderr.split())
    assert "openmodels_client" in loaded
    for module in ("litestar", "granian", "sqlalchemy", "aiosqlite", "alembic", "mcp", "yaml", "rich.table"):
        assert module not in loaded
    for part in ("api", "edge", "store", "web", "bootstrap", "registry", "jobs", "prober"):
        assert f"openmodels.{part}" not in loaded
