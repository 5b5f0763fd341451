"""What docs/command-line.md shows, held to what the program does over the bundled registry."""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.asking import Asker
from fixtures.commands import Program
from fixtures.service import start_service
from fixtures.site import running_site
from openmodels.cli.main import COMMANDS
from openmodels.registry.load import require_registry

PAGE = Path(__file__).parents[3].joinpath("docs", "command-line.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```console\n\$ openmodels (.*?)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
WIDTH = 100
ASKING = (
    "models list",
    "models info",
    "providers list",
    "providers info",
    "search",
    "compare",
    "ranked",
    "cost",
    "choose",
    "telemetry",
    "watch",
    "changes",
    "health",
    "completions",
)


@pytest.fixture(scope="module")
def address(bundled: Path) -> Iterator[str]:
    registry = require_registry(bundled)
    with running_site(lambda: start_service(registry)) as site:
        yield site.url


@pytest.mark.parametrize(("line", "shown"), EXAMPLES, ids=[line for line, _ in EXAMPLES])
def test_its_example_is_what_a_terminal_shows(
    program: Program,
    tmp_path: Path,
    bundled: Path,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    shown: str,
) -> None:
    command, _, cut = line.partition(" | cut -d, -f")
    if not cut:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    environ = {"OPENMODELS_REGISTRY": str(bundled), "COLUMNS": str(WIDTH), "NO_COLOR": "1", "TERM": "xterm"}
    done = Asker(program, tmp_path, address)(*shlex.split(command), **environ)
    lines = [text.rstrip() for text in (done.stdout + done.stderr).splitlines()]
    if cut:
        fields = [int(field) - 1 for field in cut.split(",")]
        lines = [",".join(text.split(",")[field] for field in fields) for text in lines]
    assert lines == shown.splitlines()


def test_it_names_every_command_that_asks() -> None:
    assert {command.split()[0] for command in ASKING} <= set(COMMANDS)
    for command in ASKING:
        assert re.search(rf"^\| `{command}\b", PAGE, re.MULTILINE), command


def test_it_shows_a_users_file_that_is_read(program: Program, tmp_path: Path) -> None:
    (text,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    ask = Asker(program, tmp_path, "")
    ask.save(text.replace("https://models.example.com", "nonsense"))
    assert "api_url: an address" in ask("models", "list").stderr
