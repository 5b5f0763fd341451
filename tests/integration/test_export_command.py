"""``openmodels export``: the registry as a file, with the overlay or without."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.catalogue import catalogue
from fixtures.commands import Program, program
from fixtures.registry_files import mapping, model, provider, valid_registry, write
from fixtures.server import environment
from fixtures.written import write_records
from openmodels.registry.exporters.table import FORMATS

__all__ = ["program"]

SECRET = "houseonly"
"""Is in everything that the overlay says, and nowhere else."""


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    return write_records(tmp_path / "registry", catalogue())


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """An in-house model and endpoint, a private price, a note, and a hidden provider."""
    root = tmp_path / "overlay"
    write(root, f"models/{SECRET}.yaml", model(SECRET, name=f"A {SECRET} model"))
    write(root, f"providers/{SECRET}.yaml", provider(SECRET, api_base_url=f"https://{SECRET}.example/v1"))
    write(root, f"mappings/{SECRET}/{SECRET}.yaml", mapping(SECRET, SECRET))
    write(root, "mappings/nimbus/alpha-1.yaml", {"pricing": {"input_per_million": 0.4242}})
    write(root, "providers/cirrus.yaml", {"description": f"Ours by a {SECRET} contract."})
    write(root, "overlay.yaml", {"hide": {"providers": ["altus"]}})
    return root


@pytest.mark.parametrize("form", FORMATS)
def test_it_writes_each_format_to_a_file(program: Program, registry: Path, tmp_path: Path, form: str) -> None:
    file = tmp_path / "out"
    done = program("export", form, "--registry", str(registry), "--output", str(file))
    assert (done.returncode, done.stdout) == (0, "")
    expected = b"".join(FORMATS[form].write(catalogue()))
    assert file.read_bytes() == expected
    assert done.stderr == f"wrote {file}: {len(expected):,} bytes\n"
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_it_writes_to_standard_output(program: Program, registry: Path) -> None:
    done = program("export", "litellm", "--registry", str(registry))
    assert done.stdout.encode() == b"".join(FORMATS["litellm"].write(catalogue()))
    again = program("export", "litellm", "--registry", str(registry), "--output", "-")
    assert again == done


def test_it_names_the_formats(program: Program) -> None:
    done = program("export", "--list")
    assert [row[0] for row in done.rows] == list(FORMATS)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["litelm"], "did you mean litellm?"),
        ([], "say which format: one of models-dev"),
        (["\x1b[31m"], "'\\x1b[31m' is no format"),
    ],
)
def test_it_says_which_formats_there_are(program: Program, arguments: list[str], says: str) -> None:
    done = program("export", *arguments)
    assert done.returncode == 2
    assert says in " ".join(done.stderr.split())
    assert "\x1b" not in done.stderr


def test_it_exits_1_for_a_registry_that_is_not_valid_and_writes_nothing(
    program: Program, tmp_path: Path
) -> None:
    root = valid_registry(tmp_path / "registry")
    write(root, "models/acme-one.yaml", model(context_window=-1))
    file = write(tmp_path, "out", "as before")
    done = program("export", "ndjson", "--registry", str(root), "--output", str(file))
    assert (done.returncode, done.stdout) == (1, "")
    assert "context_window" in done.stderr
    assert file.read_text() == "as before"


def test_it_exits_2_where_it_cannot_read_or_write(program: Program, registry: Path, tmp_path: Path) -> None:
    done = program("export", "csv", "--registry", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    missing = tmp_path / "missing" / "out"
    done = program("export", "csv", "--registry", str(registry), "--output", str(missing))
    assert done.returncode == 2
    assert done.stderr == f"openmodels: cannot write '{missing}': No such file or directory\n"


def test_it_writes_to_what_is_no_file_without_replacing_it(
    program: Program, registry: Path, tmp_path: Path
) -> None:
    link, target = tmp_path / "link", tmp_path / "target"
    target.write_text("old")
    link.symlink_to(target)
    assert program("export", "csv", "--registry", str(registry), "-o", str(link)).returncode == 0
    assert link.is_symlink()
    assert target.read_bytes().startswith(b"provider_id,")
    assert program("export", "csv", "--registry", str(registry), "-o", os.devnull).returncode == 0
    assert Path(os.devnull).is_char_device()


def test_it_applies_the_overlay(program: Program, registry: Path, overlay: Path) -> None:
    done = program("export", "ndjson", "--registry", str(registry), "--overlay", str(overlay))
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert SECRET in {record.get("id") for record in records}
    assert "altus" not in {record.get("provider_id") for record in records}
    assert "0.4242" in done.stdout


@pytest.mark.parametrize("form", FORMATS)
def test_it_leaks_nothing_of_the_overlay_when_told_to_be_public(
    program: Program, registry: Path, overlay: Path, tmp_path: Path, form: str
) -> None:
    file = tmp_path / "public"
    arguments = ["export", form, "--registry", str(registry), "--output", str(file), "--public"]
    environ = {"OPENMODELS_OVERLAY": str(overlay)}
    assert program(*arguments, **environ).returncode == 0
    assert program(*arguments, "--overlay", str(overlay), **environ).returncode == 0
    said = file.read_bytes()
    assert said == b"".join(FORMATS[form].write(catalogue()))
    assert SECRET.encode() not in said
    assert b"0.4242" not in said
    # And that the same without --public does tell, or the test would prove nothing.
    arguments.remove("--public")
    assert program(*arguments, **environ).returncode == 0
    assert SECRET.encode() in file.read_bytes()


def test_it_does_not_even_read_the_overlay_when_told_to_be_public(
    program: Program, registry: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    write(broken, "models/x.yaml", "not: a model")
    arguments = ["export", "csv", "--registry", str(registry), "--overlay", str(broken)]
    assert program(*arguments).returncode == 1
    assert program(*arguments, "--public").returncode == 0


def test_it_ends_quietly_when_nobody_reads_on(registry: Path, tmp_path: Path) -> None:
    """As behind `| head`; in a process of its own, which has a real pipe."""
    large = write_records(tmp_path / "many", catalogue())
    process = subprocess.Popen(
        [sys.executable, "-m", "openmodels", "export", "sqlite", "--registry", str(large)],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as errors:
        assert errors.read() == b""
    assert process.wait(timeout=30) == 0


@pytest.mark.parametrize("output", ["out", "-"])
def test_it_says_in_one_line_that_there_is_no_room(registry: Path, tmp_path: Path, output: str) -> None:
    """In a process of its own, which may write no file of more than a few kilobytes."""
    command = [sys.executable, "-m", "openmodels", "export", "sqlite", "--registry", str(registry)]
    done = subprocess.run(
        ["/bin/sh", "-c", 'ulimit -f 20; exec "$@"', "sh", *command, "--output", output],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    where = "'out'" if output == "out" else "to standard output"
    assert done.stderr.startswith(f"openmodels: cannot write {where}: the SQLite file cannot be made: ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
