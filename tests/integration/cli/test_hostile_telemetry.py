"""A registry and telemetry whose every text wants to do harm, as commands about telemetry show them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.asking import Asker
from fixtures.commands import Program
from fixtures.hostile import LONG_ID, MARKED_ID, TURNED_ID, start_hostile
from fixtures.site import running_site
from fixtures.terminal import run_on_a_terminal

COMMANDS = (
    ("compare", LONG_ID),
    ("compare", TURNED_ID),
    ("ranked", LONG_ID),
    ("ranked", MARKED_ID),
    ("cost", LONG_ID),
    ("cost", TURNED_ID),
    ("choose", LONG_ID),
    ("choose", MARKED_ID),
    ("choose", TURNED_ID, "-q"),
    ("telemetry", LONG_ID),
    ("telemetry", TURNED_ID),
    ("changes", "--all"),
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running_site(start_hostile) as site:
        yield site.url


@pytest.fixture
def ask(program: Program, tmp_path: Path, address: str) -> Asker:
    return Asker(program, tmp_path, address)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command)[:20])
@pytest.mark.parametrize("form", ["table", "json", "yaml"])
def test_it_writes_no_character_that_cannot_be_seen(ask: Asker, command: tuple[str, ...], form: str) -> None:
    done = ask(*command, "--format", form)
    assert done.returncode in {0, 1}, done.stderr
    seen = done.stdout.replace("\n", "")
    assert (seen.replace("\t", "") if form == "table" else seen).isprintable()
    assert done.stderr.replace("\n", "").isprintable()


@pytest.mark.parametrize("command", [("compare", TURNED_ID), ("telemetry", LONG_ID)], ids=lambda it: it[0])
def test_it_does_not_on_a_terminal_either(ask: Asker, command: tuple[str, ...]) -> None:
    flags = ("--no-color", "--api-url", ask.url)
    written = run_on_a_terminal(*command, *flags, cwd=ask.home, HOME=str(ask.home), COLUMNS="60")
    shown = written.split("\x1b[2K")[-1].replace("\r\n", "")
    assert shown.isprintable()
