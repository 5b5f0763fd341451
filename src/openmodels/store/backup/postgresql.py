"""Backups of a PostgreSQL database, by PostgreSQL's own programs.

A restore goes through ``psql`` in a transaction that only this program commits, once ``pg_restore`` has read
the archive to its end: an archive that breaks off changes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from msgspec import Struct
from psycopg import sql
from sqlalchemy.engine import URL

from openmodels.errors import StoreError
from openmodels.store.backup.contents import (
    ARCHIVE,
    DATABASE,
    Contents,
    beginning,
    not_empty,
    require_known,
    written_beside,
)
from openmodels.store.backup.programs import Programs, feed, run
from openmodels.store.columns import moment
from openmodels.store.engine import name_of

LOCK_SECONDS = 30
"""How long a restore waits for those who use the tables that it replaces."""
PLAIN = ("--no-owner", "--no-privileges")
"""Whose the tables are is for the database that they are restored into to say."""

_TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    ORDER BY 1, 2
"""
_HEADS = {
    "registry_head": "revision IS NOT NULL",
    "telemetry_head": "epoch > 0",
    "alert_head": "transition > 0",
}
"""Tables that an empty database has a row in, and what makes it say something."""
_CLEAR = """
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT format('%I.%I', n.nspname, c.relname) AS name,
            CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
            ELSE 'TABLE' END AS kind
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname <> 'information_schema'
        AND n.nspname NOT LIKE 'pg\\_%'
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
        -- Sequences last: most go with their tables. Partitions go with theirs.
        ORDER BY c.relispartition, c.relkind = 'S'
    LOOP
        EXECUTE format('DROP %s IF EXISTS %s CASCADE', one.kind, one.name);
    END LOOP;
    FOR one IN
        SELECT p.oid::regprocedure::text AS name
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prokind IN ('f', 'p') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('DROP ROUTINE IF EXISTS %s CASCADE', one.name);
    END LOOP;
    FOR one IN
        SELECT format('%I.%I', n.nspname, t.typname) AS name
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE (t.typtype IN ('e', 'd') OR c.relkind = 'c') AND n.nspname <> 'information_schema'
        AND n.nspname NOT LIKE 'pg\\_%'
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('DROP TYPE IF EXISTS %s CASCADE', one.name);
    END LOOP;
END
$$;
"""


class _Database(Struct, frozen=True):
    """A database, and what is known of its server."""

    name: str
    """For people, without the password."""
    environ: dict[str, str]
    """How libpq's programs find it; no password is in any argument, which every user of a machine can see."""
    version: int
    """The server's, such as 180006."""


class _Head(Struct, frozen=True):
    """What is published."""

    schema: str
    revision: str | None
    published_at: datetime | None


def back_up(url: URL, file: Path, *, force: bool, programs: Path | None) -> Contents:
    """Dump the database to ``file``, and say what it holds. Raises ``StoreError``."""
    found = Programs(programs)
    with _connected(url) as connection:
        database = _database(url, connection)
        head = _head(connection, database)
    dump = found.path("pg_dump")
    found.require_as_new("pg_dump", database.version // 10_000)
    with written_beside(file, force=force) as beside:
        arguments = ("--format=custom", *PLAIN, "--no-password", f"--file={beside}")
        run([str(dump), *arguments], database.environ, what=f"{file} could not be written")
        size = beside.stat().st_size
    return Contents(
        database=database.name,
        size=size,
        schema=head.schema,
        revision=head.revision,
        published_at=head.published_at,
    )


def restore(file: Path, url: URL, *, force: bool, programs: Path | None) -> Contents:
    """Put the archive into the database, all or nothing. Raises ``StoreError``, and then it is as it was."""
    begins = beginning(file)
    if begins == DATABASE:
        raise StoreError(
            f"{file} is a backup of a SQLite database, and {name_of(url)} is a PostgreSQL one; unset "
            "OPENMODELS_DATABASE_URL, or set it to sqlite:///..."
        )
    if not begins.startswith(ARCHIVE):
        raise StoreError(f"{file} is not a backup: `openmodels backup` makes one")
    found = Programs(programs)
    pg_restore, psql = found.path("pg_restore"), found.path("psql")
    require_known(_archived_schema(pg_restore, file), file)
    with _connected(url) as connection:
        database = _database(url, connection)
        if not force:
            _require_empty(connection, database)
    feed(
        [str(pg_restore), *PLAIN, "--file=-", str(file)],
        [str(psql), "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--output=/dev/null"],
        database.environ,
        before=f"BEGIN;\nSET LOCAL lock_timeout = '{LOCK_SECONDS}s';\n{_CLEAR}".encode(),
        after=b"\nCOMMIT;\n",
        what=f"{file} could not be restored, and nothing was changed",
    )
    with _connected(url) as connection:
        head = _head(connection, database)
    return Contents(
        database=database.name,
        size=file.stat().st_size,
        schema=head.schema,
        revision=head.revision,
        published_at=head.published_at,
    )


@contextmanager
def _connected(url: URL) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the database; what goes wrong comes out as a ``StoreError`` of one line."""
    try:
        with psycopg.connect(_conninfo(url), connect_timeout=10, prepare_threshold=None) as connection:
            yield connection
    except psycopg.Error as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        if url.password:
            said = said.replace(str(url.password), "***")
        raise StoreError(f"the database {name_of(url)} failed: {said}") from None


def _conninfo(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _database(url: URL, connection: psycopg.Connection[Any]) -> _Database:
    given = psycopg.conninfo.conninfo_to_dict(_conninfo(url))
    environ = {
        option.envvar.decode(): str(given[option.keyword.decode()])
        for option in psycopg.pq.Conninfo.get_defaults()
        if option.envvar and given.get(option.keyword.decode()) is not None
    }
    return _Database(name_of(url), environ, connection.info.server_version)


def _head(connection: psycopg.Connection[Any], database: _Database) -> _Head:
    """What is published in a database of ours. Raises ``StoreError`` when it is none."""
    try:
        (schema,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
        revision, at = connection.execute("SELECT revision, published_at FROM registry_head").fetchone() or (
            None,
            None,
        )
    except psycopg.errors.UndefinedTable:
        raise StoreError(
            f"the database {database.name} holds nothing of openmodels: nothing was published or recorded yet"
        ) from None
    return _Head(schema, revision, None if at is None else moment(at))


def _require_empty(connection: psycopg.Connection[Any], database: _Database) -> None:
    """Raises ``StoreError`` when a table says something, or when others use the database."""
    for schema, name in connection.execute(_TABLES).fetchall():
        if name == "alembic_version" or name.startswith("procrastinate_"):
            continue
        query = sql.SQL("SELECT 1 FROM {} WHERE {} LIMIT 1").format(
            sql.Identifier(schema, name), sql.SQL(_HEADS.get(name, "TRUE"))
        )
        if connection.execute(query).fetchone():
            raise not_empty(database.name, f"it has rows in {name}")
    others = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    ).fetchone()
    if others and others[0]:
        count = "1 connection" if others[0] == 1 else f"{others[0]} connections"
        raise StoreError(
            f"the database {database.name} is in use by {count}; stop everything that uses "
            "it (`openmodels serve`, `openmodels worker`) and try again, or write --force"
        )


def _archived_schema(pg_restore: Path, file: Path) -> str:
    """The schema's revision that an archive holds. Raises ``StoreError`` when it is not one of ours."""
    script = run(
        [str(pg_restore), "--data-only", "--table=alembic_version", "--file=-", str(file)],
        {},
        what=f"{file} cannot be read",
    )
    lines = iter(script.splitlines())
    for line in lines:
        if line.startswith("COPY ") and ".alembic_version " in line:
            return next(lines, "").strip()
    raise StoreError(f"{file} is an archive of pg_dump, but not of an openmodels database")
