"""``openmodels validate`` and ``openmodels schemas``, as a shell runs them."""

import json
import subprocess
from pathlib import Path

import pytest

from fixtures.registry_files import mapping, model, valid_registry, write
from fixtures.terminal import PROGRAM, environment, run_on_a_terminal

COLUMN = json.dumps(model()).index('"proprietary"') + 1


def run(*arguments: str | Path, cwd: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [*PROGRAM, *map(str, arguments)]
    env = environment(**variables)
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    return valid_registry(tmp_path / "registry")


@pytest.fixture
def broken(registry: Path) -> Path:
    write(registry, "models/acme-one.yaml", model(licensing="MIT"))
    write(registry, "mappings/acme/acme-one.yaml", mapping("acme-won"))
    return registry


def test_it_exits_0_for_a_valid_registry(registry: Path) -> None:
    result = run("validate", registry, cwd=registry.parent)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "valid: 3 files, 1 model, 1 provider, 1 mapping, 0 vendors\n"


def test_it_exits_1_and_tells_every_issue(broken: Path) -> None:
    result = run("validate", "registry", cwd=broken.parent)
    assert (result.returncode, result.stderr) == (1, "")
    lines = result.stdout.splitlines()
    assert [line for line in lines if line.startswith("registry/")] == [
        "registry/mappings/acme/acme-one.yaml:1:14: id-mismatch model_id",
        "registry/mappings/acme/acme-one.yaml:1:14: unknown-model model_id",
        f"registry/models/acme-one.yaml:1:{COLUMN}: bad-format licensing",
    ]
    assert lines[-1] == "invalid: 3 issues in 2 files (3 files read)"
    assert "\x1b" not in result.stdout


def test_it_writes_json(broken: Path) -> None:
    result = run("validate", "registry", "--format", "json", cwd=broken.parent)
    answer = json.loads(result.stdout)
    assert result.returncode == 1
    assert (answer["valid"], answer["files"], len(answer["issues"])) == (False, 3, 3)
    assert answer["issues"][2] == {
        "file": "models/acme-one.yaml",
        "line": 1,
        "column": COLUMN,
        "code": "bad-format",
        "path": "licensing",
        "found": '"MIT"',
        "expected": "proprietary, other, or an SPDX id in lower case, such as apache-2.0",
        "hint": "did you mean `mit`?",
    }


def test_it_writes_annotations_for_github(broken: Path) -> None:
    result = run("validate", "registry", "--format", "github", cwd=broken.parent)
    assert result.returncode == 1
    assert result.stdout.splitlines()[2] == (
        f"::error file=registry/models/acme-one.yaml,line=1,col={COLUMN},title=bad-format licensing::"
        'found "MIT"%0Aexpected proprietary, other, or an SPDX id in lower case, such as apache-2.0%0A'
        "did you mean `mit`?"
    )


def test_it_reads_the_registry_that_the_setting_names(registry: Path) -> None:
    assert run("validate", cwd=registry.parent).returncode == 0
    assert run("validate", cwd=registry, OPENMODELS_REGISTRY=".").returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [["validate", "missing"], ["validate", "."], ["validate", "--format", "xml"], ["validate", "a", "b"]],
)
def test_it_exits_2_when_it_cannot_run(registry: Path, arguments: list[str]) -> None:
    result = run(*arguments, cwd=registry.parent)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr
    assert "Traceback" not in result.stderr


def test_it_colours_and_shows_progress_on_a_terminal_only(broken: Path) -> None:
    coloured = run_on_a_terminal("validate", "registry", cwd=broken.parent)
    assert "\x1b[31mbad-format\x1b[0m" in coloured
    assert "reading the registry" in coloured
    plain = run_on_a_terminal("validate", "registry", cwd=broken.parent, NO_COLOR="1")
    assert "bad-format" in plain
    assert "\x1b[3" not in plain


def test_it_writes_to_an_output_that_knows_ascii_only(broken: Path) -> None:
    write(broken, "models/acme-one.yaml", model(licensing="Ünïcode"))
    for form in ("text", "github"):
        result = run("validate", "registry", "--format", form, cwd=broken.parent, PYTHONIOENCODING="ascii")
        assert (result.returncode, result.stderr) == (1, "")
        assert "bad-format" in result.stdout


def test_schemas_are_written_and_checked(tmp_path: Path) -> None:
    assert run("schemas", "out", "--check", cwd=tmp_path).returncode == 1
    assert run("schemas", "out", cwd=tmp_path).stdout.count("wrote") == 4
    assert run("schemas", "out", "--check", cwd=tmp_path).returncode == 0
    write(tmp_path, "out/model.schema.json", "{}")
    stale = run("schemas", "out", "--check", cwd=tmp_path)
    assert stale.returncode == 1
    assert stale.stderr == "out/model.schema.json is stale: run `openmodels schemas out`\n"


def test_schemas_say_when_they_cannot_be_written(tmp_path: Path) -> None:
    write(tmp_path, "file", "x")
    result = run("schemas", "file/out", cwd=tmp_path)
    assert result.returncode == 2
    assert "cannot write to file/out" in result.stderr
