"""``openmodels completions``: the scripts, as shells run them, and the ids that they complete."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fixtures.asking import Asker, exact, scripted_in_a_thread
from fixtures.catalogue import catalogue
from fixtures.commands import Done, Program
from fixtures.faulty_server import as_json, said
from fixtures.scripted_server import Step
from fixtures.written import write_records
from openmodels.cli.completing import FRESH, cache_file
from openmodels.cli.main import COMMANDS

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def complete(ask: Asker) -> "Completing":
    return Completing(ask)


class Completing:
    """What completes a line whose last word is begun, as the scripts ask for it."""

    def __init__(self, ask: Asker) -> None:
        self.ask = ask

    def __call__(self, *words: str, **environ: str) -> list[str]:
        done = self.run(*words, **environ)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.split()

    def run(self, *words: str, **environ: str) -> Done:
        line = {"COMP_WORDS": " ".join(("openmodels", *words)), "COMP_CWORD": str(len(words))}
        return self.ask(**{"_OPENMODELS_COMPLETE": "complete_bash"} | line | environ)


def test_it_completes_commands_without_loading_them(complete: Completing) -> None:
    assert set(complete("")) == set(COMMANDS)
    assert complete("mod") == ["models"]
    assert complete("models", "l") == ["list"]


def test_it_completes_flags_and_words(complete: Completing) -> None:
    assert complete("models", "list", "--cap") == ["--capability"]
    assert complete("models", "list", "--capability", "v") == ["vision"]
    assert complete("models", "list", "--format", "") == ["table", "json", "yaml", "csv"]
    assert complete("completions", "") == list(SHELLS)


def test_it_completes_ids_of_the_server(complete: Completing) -> None:
    index = exact(complete.ask.api("/api/search/index"))
    assert complete("models", "info", "") == [model["id"] for model in index["models"]]
    assert complete("models", "info", "alpha-") == [
        model["id"] for model in index["models"] if model["id"].startswith("alpha-")
    ]
    assert complete("providers", "info", "cir") == ["cirrus"]
    assert complete("models", "list", "--provider", "cir") == ["cirrus"]
    assert complete("models", "info", "nothing-begins-so") == []


def test_it_completes_ids_for_every_command_that_takes_one(complete: Completing) -> None:
    for command in (("compare",), ("ranked",), ("cost",), ("choose",), ("models", "info")):
        assert "alpha-1" in complete(*command, "alpha-1"), command
    for command in (("telemetry",), ("watch",), ("providers", "info")):
        assert complete(*command, "cirr") == ["cirrus"], command


def test_it_remembers_ids_for_an_hour(complete: Completing) -> None:
    with scripted_in_a_thread([as_json(exact(complete.ask.api("/api/search/index")))]) as server:
        for _ in range(3):
            assert complete("providers", "info", "cir", OPENMODELS_API_URL=server.url) == ["cirrus"]
        assert server.connections == 1
        kept = cache_file({"HOME": str(complete.ask.home)}, server.url)
        assert kept is not None
        before = time.time() - FRESH - 60
        os.utime(kept, (before, before))
        assert complete("providers", "info", "cir", OPENMODELS_API_URL=server.url) == ["cirrus"]
        assert server.connections == 2


def test_it_keeps_the_ids_of_servers_apart_where_the_user_has_them_kept(complete: Completing) -> None:
    cache = complete.ask.home / "elsewhere"
    complete("models", "info", "a", XDG_CACHE_HOME=str(cache))
    names = json.loads((kept := next((cache / "openmodels").iterdir())).read_text())
    assert "alpha-1" in names["models"]
    kept.write_text("{")
    assert "alpha-1" in complete("models", "info", "alpha-1", XDG_CACHE_HOME=str(cache))


def test_it_completes_ids_of_the_files(complete: Completing, tmp_path: Path) -> None:
    root = write_records(tmp_path / "registry", catalogue())
    line = ("models", "info", "--local", "--registry", str(root), "alpha-")
    found = complete(*line, OPENMODELS_API_URL="http://127.0.0.1:9")
    assert found == sorted(model.id for model in catalogue().models if model.id.startswith("alpha-"))


@pytest.mark.parametrize(
    "script",
    [[Step.RESET], [Step.HANG], [said("<html>")], [said("", 500)]],
    ids=["reset", "hang", "page", "500"],
)
def test_it_is_silent_where_the_server_does_not_answer(
    complete: Completing, script: list[Step | bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openmodels.cli.completing.PATIENCE", 0.1)
    with scripted_in_a_thread(script) as server:
        assert complete("models", "info", "a", OPENMODELS_API_URL=server.url) == []
        assert server.connections == 1


@pytest.mark.parametrize("text", ["{", '{"api_url": "nonsense"}'])
def test_it_is_silent_where_the_users_file_is_broken(complete: Completing, text: str) -> None:
    complete.ask.save(text)
    assert complete("models", "info", "a", OPENMODELS_API_URL="") == []


def test_it_completes_no_id_that_a_shell_would_run(complete: Completing) -> None:
    evil: dict[str, Any] = {"id": "a$(touch owned)", "name": "x", "vendor": None, "capabilities": []}
    fine: dict[str, Any] = {
        "id": "a-1",
        "name": "`touch owned`\x1b[31m $(x)",
        "vendor": None,
        "capabilities": [],
    }
    index = {"models": [evil, fine], "providers": [], "updated_at": "2026-03-01T12:00:00.000Z"}
    with scripted_in_a_thread([as_json(index)]) as server:
        assert complete("models", "info", "a", OPENMODELS_API_URL=server.url) == ["a-1"]
        shown = complete.ask(
            _OPENMODELS_COMPLETE="complete_fish",
            _TYPER_COMPLETE_FISH_ACTION="get-args",
            _TYPER_COMPLETE_ARGS="openmodels models info a",
            OPENMODELS_API_URL=server.url,
        )
    assert shown.stdout == "a-1\ttouch owned31m x\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_it_prints_a_script_for_each_shell(program: Program, shell: str) -> None:
    done = program("completions", shell)
    assert done.returncode == 0
    assert "_OPENMODELS_COMPLETE=complete_" in done.stdout


def test_it_has_one_way_to_completions(program: Program) -> None:
    assert program("completions", "csh").returncode == 2
    assert "--install-completion" not in program("--help").stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_takes_its_script(program: Program, tmp_path: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    script = tmp_path / "script"
    script.write_text(program("completions", shell).stdout, encoding="utf-8")
    checked = subprocess.run([shell, "-n", str(script)], capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, b"")


def test_bash_completes_with_the_script(ask: Asker, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    launcher = tmp_path / "bin" / "openmodels"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m openmodels "$@"\n')
    launcher.chmod(0o755)
    lines = (
        "source <(openmodels completions bash)",
        "complete -p openmodels",
        "COMP_WORDS=(openmodels models info alpha-1); COMP_CWORD=3",
        "_openmodels openmodels alpha-1 info",
        'printf "%s\\n" "${COMPREPLY[@]}"',
        "COMP_WORDS=(openmodels providers ''); COMP_CWORD=2",
        "_openmodels openmodels '' providers",
        'printf "%s\\n" "${COMPREPLY[@]}"',
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", "\n".join(lines)],
        env={
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "OPENMODELS_API_URL": ask.url,
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    first, *found = done.stdout.splitlines()
    assert first == "complete -o bashdefault -o default -F _openmodels openmodels"
    assert found[-2:] == ["list", "info"]
    assert "alpha-1" in found[:-2]
    assert done.stderr == ""
