"""``openmodels backup`` and ``openmodels restore`` over PostgreSQL, with its own programs."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from contract.builders import AT, check, minutes, settings_in
from fixtures.commands import Program, program
from fixtures.kept import fill, held, written_to
from fixtures.real_servers import PostgresServer, postgres_program
from fixtures.server import environment
from openmodels.opening import open_stores
from openmodels.store.migrate import newest_revision

__all__ = ["program"]

BIN = str(postgres_program("pg_dump").parent)
FORCED = ("--force", "--pg-bin", BIN)


@pytest.fixture
def new_database(postgres: PostgresServer) -> Iterator[Callable[[], str]]:
    """Makes empty databases and gives their addresses; they are dropped afterwards."""
    names: list[str] = []

    def make() -> str:
        names.append(postgres.create_database())
        return postgres.url(names[-1])

    yield make
    for name in names:
        postgres.drop_database(name)


@pytest.fixture
def filled(tmp_path: Path, new_database: Callable[[], str]) -> str:
    """The address of a database with something of everything."""
    url = new_database()
    asyncio.run(fill(settings_in(tmp_path, OPENMODELS_DATABASE_URL=url)))
    return url


@pytest.fixture
def backup(filled: str, program: Program) -> Path:
    """A backup of it."""
    done = program("backup", "a.backup", "--database-url", filled, "--pg-bin", BIN)
    assert (done.returncode, done.stderr) == (0, "")
    return Path("a.backup").absolute()


def content(url: str) -> object:
    return asyncio.run(held(settings_in(Path(), OPENMODELS_DATABASE_URL=url)))


def one(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


def test_it_restores_what_it_backed_up(
    filled: str, backup: Path, program: Program, new_database: Callable[[], str]
) -> None:
    url = new_database()
    done = program("restore", str(backup), "--database-url", url, "--pg-bin", BIN)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{url}: schema {newest_revision()}, registry revision ")
    assert content(url) == content(filled)
    assert backup.stat().st_mode & 0o777 == 0o600


def test_what_was_restored_goes_on_working(
    backup: Path, program: Program, new_database: Callable[[], str], tmp_path: Path
) -> None:
    url = new_database()
    assert program("restore", str(backup), "--database-url", url, "--pg-bin", BIN).returncode == 0

    async def record() -> int:
        async with open_stores(settings_in(tmp_path, OPENMODELS_DATABASE_URL=url)) as stores:
            epoch = await stores.telemetry.epoch()
            await stores.telemetry.record([check("p", AT + minutes(90))])
            return await stores.telemetry.epoch() - epoch

    assert asyncio.run(record()) >= 1


def test_it_backs_up_while_others_write(
    tmp_path: Path, filled: str, program: Program, new_database: Callable[[], str]
) -> None:
    with written_to(settings_in(tmp_path, OPENMODELS_DATABASE_URL=filled)):
        assert program("backup", "a.backup", "--database-url", filled, "--pg-bin", BIN).returncode == 0
    url = new_database()
    assert program("restore", "a.backup", "--database-url", url, "--pg-bin", BIN).returncode == 0
    count = "SELECT count(*) FROM checks WHERE provider_id = '{}'"
    assert one(url, count.format("p")) == one(url, count.format("q")), "a transaction is in it whole or not"


def test_it_restores_into_an_empty_database_only_unless_it_is_forced(
    filled: str, backup: Path, program: Program, new_database: Callable[[], str]
) -> None:
    url = new_database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE notes AS SELECT 'mine' AS text")
    done = program("restore", str(backup), "--database-url", url, "--pg-bin", BIN)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"the database {url} is not empty (it has the table public.notes, which is not" in done.stderr
    assert one(url, "SELECT text FROM notes") == "mine"
    for _ in range(2):
        assert program("restore", str(backup), "--database-url", url, *FORCED).returncode == 0
    assert content(url) == content(filled)


OTHERS = [
    ("TABLE other.thing (id int)", "table other.thing"),
    ("TABLE other.thing (id int) PARTITION BY RANGE (id)", "table other.thing"),
    ("VIEW thing AS SELECT 1 AS x", "view public.thing"),
    ("SEQUENCE other.thing START 5000", "sequence other.thing"),
    ("FUNCTION other.thing() RETURNS int LANGUAGE sql AS 'SELECT 42'", "function other.thing"),
    ("AGGREGATE thing (int) (SFUNC = int4pl, STYPE = int)", "function public.thing"),
    ("TYPE other.thing AS ENUM ('a')", "type other.thing"),
    ("TYPE thing AS (a int)", "type public.thing"),
    ("DOMAIN thing AS int", "type public.thing"),
    ("TABLE other.checks (id int)", "table other.checks"),
    ("TABLE procrastinate_jobs (id int)", "table public.procrastinate_jobs"),
]
"""What another program may have made in a database, and how it is named."""


def test_it_replaces_nothing_that_is_not_its_own(
    backup: Path, program: Program, new_database: Callable[[], str]
) -> None:
    for made, named in OTHERS:
        url = new_database()
        with psycopg.connect(url) as connection:
            connection.execute("CREATE SCHEMA other")
            connection.execute(f"CREATE {made}".encode())
        done = program("restore", str(backup), "--database-url", url, "--pg-bin", BIN)
        assert (done.returncode, done.stdout) == (2, "")
        assert (
            f"the database {url} is not empty (it has the {named}, which is not openmodels')" in done.stderr
        )


def test_what_comes_in_between_is_not_lost(
    backup: Path, program: Program, new_database: Callable[[], str], tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    real = postgres_program("psql")
    script(tmp_path / "bin" / "pg_restore", f'exec {postgres_program("pg_restore")} "$@"')
    url = new_database()
    assert program("migrate", "--database-url", url).returncode == 0
    for late, said in (
        ("UPDATE registry_head SET revision = 'precious'", "it has rows in registry_head"),
        ("CREATE TABLE late AS SELECT 1 AS x", "it has the table public.late, which is not openmodels'"),
    ):
        script(tmp_path / "bin" / "psql", f'{real} -qXc "{late}" </dev/null || exit 9\nexec {real} "$@"')
        done = program("restore", str(backup), "--database-url", url, "--pg-bin", "bin")
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert "could not be restored, and nothing was changed" in done.stderr
        assert f"the database is not empty any more: {said}" in done.stderr
        if "precious" in late:
            assert one(url, "SELECT revision FROM registry_head") == "precious"
            with psycopg.connect(url) as connection:
                connection.execute("UPDATE registry_head SET revision = NULL")
    assert one(url, "SELECT x FROM late") == 1


WRITES = """
BEGIN;
UPDATE registry_head SET revision = 'precious';
\\! touch written
DO $$ BEGIN
    FOR number IN 1..2000 LOOP
        EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE relation = 'registry_head'::regclass AND NOT granted);
        PERFORM pg_sleep(0.01);
    END LOOP;
END $$;
COMMIT;
"""
"""Writes, and is not done before somebody waits for it."""


def test_it_waits_for_who_is_just_writing_and_loses_nothing(
    backup: Path, program: Program, new_database: Callable[[], str], tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "writes.sql").write_text(WRITES)
    real = postgres_program("psql")
    script(tmp_path / "bin" / "pg_restore", f'exec {postgres_program("pg_restore")} "$@"')
    between = f"{real} -qXf writes.sql & until [ -e written ]; do sleep 0.01; done"
    script(tmp_path / "bin" / "psql", f'{between}\nexec {real} "$@"')
    url = new_database()
    assert program("migrate", "--database-url", url).returncode == 0
    done = program("restore", str(backup), "--database-url", url, "--pg-bin", "bin")
    assert done.returncode == 2
    assert "the database is not empty any more: it has rows in registry_head" in done.stderr
    assert one(url, "SELECT revision FROM registry_head") == "precious"


def test_it_says_that_it_restored_what_could_not_be_migrated(
    filled: str, program: Program, new_database: Callable[[], str]
) -> None:
    with psycopg.connect(filled) as connection:
        # As if an older version had made it: what the last migration makes is there already.
        connection.execute("UPDATE alembic_version SET version_num = '0005'")
    assert program("backup", "a.backup", "--database-url", filled, "--pg-bin", BIN).returncode == 0
    url = new_database()
    done = program("restore", "a.backup", "--database-url", url, "--pg-bin", BIN)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert f"{url} is restored from a.backup, but not brought up to date: " in done.stderr
    assert done.stderr.endswith("run: openmodels migrate\n")
    assert one(url, "SELECT count(*) FROM registry_head WHERE revision IS NOT NULL") == 1


def test_a_backup_that_is_told_to_end_leaves_nothing(filled: str, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    script(
        tmp_path / "bin" / "pg_dump",
        '[ "$1" = --version ] && exec echo "pg_dump (PostgreSQL) 99"\nkill -TERM $PPID\nexec sleep 60',
    )
    command = [sys.executable, "-m", "openmodels", "backup", "a.backup", "--pg-bin", "bin"]
    settings = environment(tmp_path, DATABASE_URL=filled)
    done = subprocess.run(command, cwd=tmp_path, env=settings, check=False, timeout=50)
    assert done.returncode == 128 + signal.SIGTERM
    assert [path.name for path in tmp_path.iterdir() if "a.backup" in path.name] == []


def test_what_was_recorded_after_the_backup_is_gone(filled: str, program: Program, tmp_path: Path) -> None:
    before = content(filled)
    assert program("backup", "a.backup", "--database-url", filled, "--pg-bin", BIN).returncode == 0
    tables = "SELECT count(*) FROM pg_class"
    count = one(filled, tables)

    async def record() -> None:
        # On days that have tables of their own, which are not in the backup.
        async with open_stores(settings_in(tmp_path, OPENMODELS_DATABASE_URL=filled)) as stores:
            for days in (20, 21, 22):
                await stores.telemetry.record([check("p", AT + timedelta(days=days))])

    asyncio.run(record())
    assert program("restore", "a.backup", "--database-url", filled, *FORCED).returncode == 0
    assert content(filled) == before
    assert one(filled, tables) == count


def test_a_migrated_database_is_empty(
    backup: Path, program: Program, new_database: Callable[[], str]
) -> None:
    url = new_database()
    assert program("migrate", "--database-url", url).returncode == 0
    done = program("restore", str(backup), "--database-url", url, "--pg-bin", BIN)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_does_not_restore_into_a_database_that_is_in_use(
    backup: Path, program: Program, new_database: Callable[[], str]
) -> None:
    url = new_database()
    with psycopg.connect(url):
        done = program("restore", str(backup), "--database-url", url, "--pg-bin", BIN)
    assert done.returncode == 2
    assert "is in use by 1 connection; stop everything that uses it" in done.stderr


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_backup_that_is_cut_off_changes_nothing(
    filled: str, backup: Path, program: Program, share: float
) -> None:
    before = content(filled)
    whole = backup.read_bytes()
    backup.write_bytes(whole[: int(len(whole) * share)])
    done = program("restore", str(backup), "--database-url", filled, *FORCED)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith(f"openmodels: {backup} c")
    assert content(filled) == before


def test_it_refuses_an_archive_of_another_database(
    postgres: PostgresServer, program: Program, new_database: Callable[[], str], tmp_path: Path
) -> None:
    url = new_database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE notes (text text)")
    postgres.own(postgres.folder / "other")
    archive = postgres.folder / "other" / "archive"
    postgres.run("pg_dump", "--format=custom", f"--file={archive}", url)
    done = program("restore", str(archive), "--database-url", url, *FORCED)
    assert (done.returncode, done.stderr) == (
        2,
        f"openmodels: {archive} is an archive of pg_dump, but not of an openmodels database\n",
    )


def test_it_refuses_a_backup_of_a_newer_version(
    filled: str, program: Program, new_database: Callable[[], str]
) -> None:
    with psycopg.connect(filled) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert program("backup", "a.backup", "--database-url", filled, "--pg-bin", BIN).returncode == 0
    url = new_database()
    done = program("restore", "a.backup", "--database-url", url, "--pg-bin", BIN)
    assert done.returncode == 2
    assert "the backup a.backup has schema '9999', which this version does not know" in done.stderr
    assert one(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


def test_the_two_databases_do_not_take_each_others_backups(
    backup: Path, program: Program, filled: str, tmp_path: Path
) -> None:
    done = program("restore", str(backup), "--data-dir", "new")
    assert "is a backup of a PostgreSQL database, and new/openmodels.db is a SQLite file" in done.stderr
    asyncio.run(fill(settings_in(tmp_path / "data")))
    assert program("backup", "b.backup", "--data-dir", "data").returncode == 0
    done = program("restore", "b.backup", "--database-url", filled, *FORCED)
    assert "b.backup is a backup of a SQLite database, and" in done.stderr


def test_it_says_what_to_install(filled: str, program: Program, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    arguments = ("backup", "a.backup", "--database-url", filled, "--pg-bin", "bin")
    done = program(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("openmodels: pg_dump is not in bin; install PostgreSQL's client programs")
    script(tmp_path / "bin" / "pg_dump", 'echo "pg_dump (PostgreSQL) 9.6.24"')
    done = program(*arguments)
    assert done.returncode == 2
    version = postgres_version(filled)
    assert f"bin/pg_dump is of PostgreSQL 9, and the server of {version}, which it cannot dump" in done.stderr
    assert f"postgresql-client-{version}" in done.stderr
    assert not Path("a.backup").exists()


def test_it_shows_no_password_to_other_users_of_the_machine(
    filled: str, program: Program, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        real = postgres_program(name)
        script(tmp_path / "bin" / name, f'echo "{name} $*" >> {tmp_path}/argv\nexec {real} "$@"')
    url = filled.replace("openmodels@", "openmodels:s3cret@") + "?application_name=backups&sslmode=prefer"
    done = program("backup", "a.backup", "--database-url", url, "--pg-bin", "bin")
    assert (done.returncode, done.stderr) == (0, "")
    again = program("restore", "a.backup", "--database-url", url, "--force", "--pg-bin", "bin")
    assert (again.returncode, again.stderr) == (0, "")
    started = (tmp_path / "argv").read_text()
    assert [line.split()[0] for line in started.splitlines()].count("pg_dump") == 2
    assert "psql " in started
    for text in (started, done.stdout, again.stdout):
        assert "s3cret" not in text
    wrong = program("backup", "b.backup", "--database-url", url.replace("/test", "/none"), "--pg-bin", "bin")
    assert "does not exist" in wrong.stderr
    assert "s3cret" not in wrong.stderr


def test_it_says_that_it_cannot_write(filled: str, program: Program) -> None:
    done = program("backup", "none/a.backup", "--database-url", filled, "--pg-bin", BIN)
    assert done.returncode == 2
    assert "none/a.backup cannot be written (No such file or directory); name a file in a" in done.stderr


def test_it_says_that_there_is_nothing_to_back_up(program: Program, new_database: Callable[[], str]) -> None:
    done = program("backup", "a.backup", "--database-url", new_database(), "--pg-bin", BIN)
    assert done.returncode == 2
    assert "holds nothing of openmodels: nothing was published or recorded yet" in done.stderr


def test_it_goes_past_the_pooler(filled: str, program: Program) -> None:
    pooler = "postgresql://openmodels@127.0.0.1:1/pooled"
    done = program(
        "backup", "a.backup", "--database-url", pooler, "--database-direct-url", filled, "--pg-bin", BIN
    )
    assert (done.returncode, done.stderr) == (0, "")


def postgres_version(url: str) -> int:
    with psycopg.connect(url) as connection:
        return connection.info.server_version // 10_000


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
