"""A registry whose every text wants to do harm, as commands show it."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from msgspec.structs import replace

from fixtures.asking import Asker
from fixtures.commands import Program
from fixtures.hostile import LONG_ID, MARKED, MARKED_ID, TURNED, TURNED_ID, hostile_registry, text
from fixtures.service import Service, start_service
from fixtures.site import running_site
from fixtures.terminal import run_on_a_terminal

STEERS = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066=cmd()|'"
COMMANDS = (
    ("models", "list"),
    ("models", "info", LONG_ID),
    ("models", "info", TURNED_ID),
    ("providers", "list"),
    ("providers", "info", LONG_ID),
    ("providers", "info", MARKED_ID),
    ("search", "long"),
)


async def _start() -> Service:
    content = hostile_registry()
    return await start_service(
        replace(
            content,
            models=tuple(replace(m, name=STEERS + text("model"), family="=1+1") for m in content.models),
            providers=tuple(replace(p, name=STEERS + text("provider")) for p in content.providers),
        )
    )


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running_site(_start) as site:
        yield site.url


@pytest.fixture
def ask(program: Program, tmp_path: Path, address: str) -> Asker:
    return Asker(program, tmp_path, address)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command)[:20])
@pytest.mark.parametrize("form", ["table", "json", "yaml"])
def test_it_writes_no_character_that_cannot_be_seen(ask: Asker, command: tuple[str, ...], form: str) -> None:
    done = ask(*command, "--format", form)
    assert done.returncode == 0, done.stderr
    seen = (
        done.stdout.replace("\n", "").replace("\t", "") if form == "table" else done.stdout.replace("\n", "")
    )
    assert seen.isprintable()
    assert done.stderr.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("command", "target"),
    [
        (("models", "list"), "/api/models"),
        (("providers", "info", MARKED_ID), f"/api/providers/{MARKED}"),
        (("providers", "info", TURNED_ID), f"/api/providers/{TURNED}"),
        (("search", "long"), "/api/search?q=long"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_it_loses_nothing_of_a_text_for_programs(ask: Asker, command: tuple[str, ...], target: str) -> None:
    answer = json.loads(ask.api(target))
    assert json.loads(ask(*command, "--format", "json").stdout) == answer
    assert yaml.safe_load(ask(*command, "--format", "yaml").stdout) == answer


def test_it_writes_no_formula(ask: Asker) -> None:
    done = ask("models", "list", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout, newline="")))
    assert {row["family"] for row in rows} == {"'=1+1"}
    assert all(row["name"].startswith(STEERS) for row in rows)


@pytest.mark.parametrize("form", ["table", "csv"])
def test_it_lets_nothing_steer_a_terminal(address: str, tmp_path: Path, form: str) -> None:
    written = run_on_a_terminal(
        "models",
        "list",
        "--format",
        form,
        cwd=tmp_path,
        HOME=str(tmp_path),
        OPENMODELS_API_URL=address,
        COLUMNS="40",
        NO_COLOR="1",
    )
    shown = written.split("\x1b[2K")[-1]  # what showed that it waited is gone
    assert shown.replace("\r", "").replace("\n", "").isprintable()
    assert "long-aaaa" in shown
    if form == "table":
        assert all(len(line) <= 40 for line in shown.split("\r\n")[:-2])
