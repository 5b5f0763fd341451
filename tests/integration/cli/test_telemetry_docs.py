"""What docs/command-line.md shows of telemetry, held to what the program shows of the tests' own."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from fixtures.asking import Asker

PAGE = Path(__file__).parents[3].joinpath("docs", "command-line.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```text\n\$ openmodels (.*?)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
WIDTH = 100


@pytest.mark.parametrize(("line", "shown"), EXAMPLES, ids=[line for line, _ in EXAMPLES])
def test_its_example_is_what_a_terminal_shows(
    ask: Asker, monkeypatch: pytest.MonkeyPatch, line: str, shown: str
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    done = ask(*shlex.split(line), COLUMNS=str(WIDTH), NO_COLOR="1", TERM="xterm")
    lines = [text.rstrip() for text in (done.stdout + done.stderr).splitlines()]
    assert lines == shown.splitlines()


def test_it_has_such_examples() -> None:
    assert {line.split()[0] for line, _ in EXAMPLES} == {"telemetry", "compare", "ranked", "changes"}
