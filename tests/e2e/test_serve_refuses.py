"""A server that cannot start says why in one line, and its exit code says so too."""

import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from fixtures.server import free_port, run_program


def refusal(folder: Path, *arguments: str, code: int = 2, **settings: Any) -> str:
    """The one line on standard error of a program that must fail."""
    given: dict[str, Any] = {"PORT": str(free_port())} | settings
    result = run_program(folder, *arguments, **given)
    assert result.returncode == code, result.stderr
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("openmodels: ")
    assert result.stdout == ""
    return lines[0].removeprefix("openmodels: ")


def test_it_says_that_the_port_is_taken(tmp_path: Path, excerpt: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        line = refusal(tmp_path, "serve", "--publish", PORT=port, REGISTRY=str(excerpt))
    assert line == f"port {port} is taken: stop what uses it, or set PORT to another"


def test_it_says_that_it_cannot_listen_on_an_address(tmp_path: Path, excerpt: Path) -> None:
    line = refusal(tmp_path, "serve", "--publish", HOST="192.0.2.1", REGISTRY=str(excerpt))
    assert line.startswith("cannot listen on 192.0.2.1:")
    assert line.endswith("set HOST to an address of this machine")


def test_it_says_that_a_name_is_not_known(tmp_path: Path, excerpt: Path) -> None:
    line = refusal(tmp_path, "serve", "--publish", HOST="no such host", REGISTRY=str(excerpt))
    assert line == "HOST must be an address, not 'no such host'"
    line = refusal(tmp_path, "serve", "--publish", HOST="a" * 70, REGISTRY=str(excerpt))
    assert line.endswith("is not known: set HOST to an address of this machine")


def test_it_says_that_the_data_folder_cannot_be_made(tmp_path: Path, excerpt: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    line = refusal(
        tmp_path, "serve", "--publish", REGISTRY=str(excerpt), DATA_DIR=str(tmp_path / "file" / "data")
    )
    assert "cannot be made" in line
    assert "OPENMODELS_DATA_DIR" in line


def test_it_says_that_the_database_cannot_be_opened(tmp_path: Path, excerpt: Path) -> None:
    (tmp_path / "data" / "openmodels.db").mkdir(parents=True)
    line = refusal(tmp_path, "serve", "--publish", REGISTRY=str(excerpt))
    assert "openmodels.db cannot be opened" in line
    assert "OPENMODELS_DATA_DIR" in line


def test_it_says_that_the_database_is_none(tmp_path: Path, excerpt: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "openmodels.db").write_text(
        "this is no database, but it is long enough to look\n" * 9
    )
    assert "is not a SQLite database" in refusal(tmp_path, "serve", "--publish", REGISTRY=str(excerpt))


def test_it_says_that_there_is_no_registry(tmp_path: Path) -> None:
    line = refusal(tmp_path, "serve", "--publish", REGISTRY=str(tmp_path / "nowhere"))
    assert str(tmp_path / "nowhere") in line


def test_it_says_which_file_makes_the_registry_invalid(tmp_path: Path, excerpt: Path) -> None:
    shutil.copytree(excerpt, tmp_path / "registry")
    (tmp_path / "registry" / "models" / "gpt-4o.yaml").write_text("id: gpt-4o\nname: [\n")
    line = refusal(tmp_path, "serve", "--publish", code=1, REGISTRY=str(tmp_path / "registry"))
    assert "gpt-4o.yaml" in line


def test_it_says_that_nothing_is_published(tmp_path: Path) -> None:
    assert refusal(tmp_path, "serve") == "nothing is published yet: run `openmodels publish` first"


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("PORT", "http", "PORT must be a number from 1 to 65535, not 'http'"),
        ("HTTPS_ONLY", "maybe", "OPENMODELS_HTTPS_ONLY must be on or off, not 'maybe'"),
    ],
)
def test_it_says_what_a_setting_must_be(tmp_path: Path, name: str, value: str, line: str) -> None:
    given: dict[str, Any] = {name: value}
    assert refusal(tmp_path, "serve", **given) == line


def test_it_says_which_database_it_does_not_speak(tmp_path: Path) -> None:
    line = refusal(tmp_path, "serve", DATABASE_URL="mysql://root:secret@db/models")
    assert "mysql" in line
    assert "secret" not in line


def test_it_warns_of_a_setting_that_it_does_not_know(tmp_path: Path) -> None:
    result = run_program(tmp_path, "serve", RATE_LIMT="5", PORT=str(free_port()), LOG_FORMAT="json")
    assert result.returncode == 2
    assert "OPENMODELS_RATE_LIMT is not a setting; did you mean OPENMODELS_RATE_LIMIT?" in result.stderr
