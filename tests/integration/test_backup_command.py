"""``openmodels backup`` and ``openmodels restore`` over SQLite."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from contract.builders import settings_in
from fixtures.commands import Program, program
from fixtures.kept import fill, held, written_to
from fixtures.server import environment, start_server
from openmodels.store.engine import FILE_NAME
from openmodels.store.migrate import newest_revision

__all__ = ["program"]

MOUNT = [
    "unshare",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    'mount -t tmpfs -o size=100k none full && "$@"',
    "_",
]
"""Runs a command where the folder ``full`` is a small disk."""


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A data folder with something of everything."""
    folder = tmp_path / "filled"
    asyncio.run(fill(settings_in(folder)))
    return folder


@pytest.fixture
def backup(filled: Path, program: Program) -> Path:
    """A backup of it."""
    done = program("backup", "a.backup", "--data-dir", str(filled))
    assert (done.returncode, done.stderr) == (0, "")
    return Path("a.backup").absolute()


def content(folder: Path) -> object:
    return asyncio.run(held(settings_in(folder)))


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def bytes_of(folder: Path) -> bytes:
    return (folder / FILE_NAME).read_bytes()


def test_it_restores_what_it_backed_up(filled: Path, backup: Path, program: Program) -> None:
    done = program("restore", str(backup), "--data-dir", "new")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"new/{FILE_NAME}: schema {newest_revision()}, registry revision ")
    assert done.stdout.endswith(f"published 2026-03-01T12:00:00.000Z, restored from {backup}\n")
    assert content(Path("new")) == content(filled)
    assert files(Path("new")) == [FILE_NAME], "nothing is left over"
    assert Path("new", FILE_NAME).stat().st_mode & 0o777 == 0o600, "like the backup"


def test_a_backup_is_one_file_that_its_owner_alone_may_read(filled: Path, backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    assert files(backup.parent) == ["a.backup", "filled"]


def test_it_backs_up_while_others_write(tmp_path: Path, program: Program) -> None:
    settings = settings_in(tmp_path / "data")
    asyncio.run(fill(settings))
    with written_to(settings):
        counts = []
        for number in range(3):
            assert program("backup", f"{number}.backup", "--data-dir", "data").returncode == 0
            with sqlite3.connect(f"{number}.backup") as copy:
                counts.append(dict(copy.execute("SELECT provider_id, count(*) FROM checks GROUP BY 1")))
            copy.close()
    assert all(count["p"] == count["q"] for count in counts), "a transaction is in it whole or not at all"
    assert counts[0]["p"] < counts[2]["p"], "writing went on"


def test_it_does_not_overwrite_a_file_unless_it_is_forced(backup: Path, program: Program) -> None:
    again = ("backup", str(backup), "--data-dir", "filled")
    done = program(*again)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"openmodels: {backup} is there already; name another file, or write --force to replace it\n"
    )
    assert program(*again, "--force").returncode == 0


def test_it_restores_into_an_empty_database_only_unless_it_is_forced(
    filled: Path, backup: Path, program: Program
) -> None:
    assert program("migrate", "--data-dir", "empty").returncode == 0
    assert program("restore", str(backup), "--data-dir", "empty").returncode == 0
    assert (
        program("publish", str(Path(__file__).parents[2] / "registry"), "--data-dir", "other").returncode == 0
    )
    before = bytes_of(Path("other"))
    done = program("restore", str(backup), "--data-dir", "other")
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        "other/openmodels.db is not empty (it has rows in models); restore into an empty one" in done.stderr
    )
    assert bytes_of(Path("other")) == before
    assert program("restore", str(backup), "--data-dir", "other", "--force").returncode == 0
    assert content(Path("other")) == content(filled)


def test_it_does_not_restore_under_a_running_server(
    backup: Path, excerpt: Path, tmp_path: Path, program: Program
) -> None:
    with start_server(tmp_path / "node", registry=excerpt) as server:
        revision = server.revision()
        done = program("restore", str(backup), "--data-dir", "node/data", "--force")
        assert done.returncode == 2
        assert "node/data/openmodels.db is in use; stop everything that uses it" in done.stderr
        assert server.revision() == revision
        assert server.stop()[0] == 0
    assert program("restore", str(backup), "--data-dir", "node/data", "--force").returncode == 0


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_it_refuses_a_backup_that_is_cut_off(
    filled: Path, backup: Path, program: Program, share: float
) -> None:
    whole = backup.read_bytes()
    backup.write_bytes(whole[: int(len(whole) * share)])
    before = bytes_of(filled)
    done = program("restore", str(backup), "--data-dir", str(filled), "--force")
    assert (done.returncode, done.stdout) == (2, "")
    assert "damaged" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert bytes_of(filled) == before
    assert files(filled) == [FILE_NAME]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a backup: `openmodels backup` makes one"),
        (b"models:\n- id: m\n", "is not a backup: `openmodels backup` makes one"),
        (b"PGDMP\1\2\3", "is a backup of a PostgreSQL database, and"),
        (b"SQLite format 3\0", "is damaged"),
    ],
)
def test_it_refuses_what_is_no_backup(program: Program, content: bytes, said: str) -> None:
    Path("a.backup").write_bytes(content)
    done = program("restore", "a.backup", "--data-dir", "new")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not Path("new", FILE_NAME).exists()


def test_it_refuses_a_database_of_another_program(program: Program) -> None:
    with sqlite3.connect("other.db") as other:
        other.execute("CREATE TABLE notes (text)")
    other.close()
    done = program("restore", "other.db", "--data-dir", "new")
    assert (done.returncode, done.stderr) == (
        2,
        "openmodels: other.db is a SQLite database, but not one of openmodels'\n",
    )


def test_it_refuses_a_backup_of_a_newer_version(backup: Path, program: Program) -> None:
    with sqlite3.connect(backup) as copy:
        copy.execute("UPDATE alembic_version SET version_num = '9999'")
    copy.close()
    done = program("restore", str(backup), "--data-dir", "new")
    assert done.returncode == 2
    assert f"the backup {backup} has schema '9999', which this version does not know" in done.stderr
    assert not Path("new", FILE_NAME).exists()


def test_it_migrates_a_backup_of_an_older_version(program: Program) -> None:
    config = Config()
    config.set_main_option("script_location", "openmodels.store:migrations")
    config.set_main_option("path_separator", "os")
    engine = create_engine("sqlite:///old.backup")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO checks (provider_id, region, checked_at, status, outcome) "
            "VALUES ('p', 'local', 1772366400000000, 'up', 'ok')"
        )
    engine.dispose()
    done = program("restore", "old.backup", "--data-dir", "new")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"schema {newest_revision()}, nothing published" in done.stdout
    with sqlite3.connect(Path("new", FILE_NAME)) as found:
        assert found.execute("SELECT count(*) FROM checks").fetchone() == (1,)
    found.close()


def test_it_replaces_a_damaged_database_when_it_is_forced(
    filled: Path, backup: Path, program: Program
) -> None:
    kept = content(filled)
    (filled / FILE_NAME).write_bytes(b"this was a database once\n" * 99)
    (filled / f"{FILE_NAME}-wal").write_bytes(b"and this its journal\n" * 99)
    done = program("restore", str(backup), "--data-dir", str(filled))
    assert "is not empty (SQLite cannot read it)" in done.stderr
    assert program("restore", str(backup), "--data-dir", str(filled), "--force").returncode == 0
    assert content(filled) == kept


def test_it_says_that_there_is_nothing_to_back_up(program: Program) -> None:
    done = program("backup", "a.backup", "--data-dir", "nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no database nowhere/openmodels.db: nothing was published" in done.stderr
    assert not Path("a.backup").exists()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("filled", "filled is a folder; name a file in it, such as filled/openmodels.backup"),
        ("none/a.backup", "none/a.backup cannot be written (No such file or directory); name a file in"),
        ("filled/openmodels.db", "filled/openmodels.db is the database itself; name another file"),
    ],
)
def test_it_says_where_it_cannot_write(filled: Path, program: Program, file: str, said: str) -> None:
    done = program("backup", file, "--data-dir", "filled")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_it_says_that_the_disk_is_full(filled: Path, backup: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    if subprocess.run([*MOUNT, "true"], cwd=tmp_path, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk")

    def run(*arguments: str) -> str:
        program = [*MOUNT, sys.executable, "-m", "openmodels", *arguments]
        done = subprocess.run(
            program, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (2, "")
        return done.stderr

    said = run("backup", "full/a.backup", "--data-dir", "filled")
    assert "full/a.backup needs " in said
    assert " left in full; make some space, or name a file elsewhere" in said
    assert "there is no space left for full/" in run("restore", str(backup), "--data-dir", "full")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to somebody else")
def test_root_restores_for_whom_the_folder_belongs_to(backup: Path, program: Program, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    os.chown(tmp_path / "data", 65534, 65534)
    assert program("restore", str(backup), "--data-dir", "data").returncode == 0
    assert (tmp_path / "data" / FILE_NAME).stat().st_uid == 65534
