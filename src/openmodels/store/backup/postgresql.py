"""Backups of a PostgreSQL database, by PostgreSQL's own programs.

A restore goes through ``psql`` in a transaction that only this program commits, once ``pg_restore`` has read
the archive to its end: an archive that breaks off changes nothing. Whether the database may be replaced is
looked up before, for a plain answer, and again in that transaction, behind locks: who comes in between loses
nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from msgspec import Struct
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
from openmodels.store.migrate import MIGRATING
from openmodels.store.tables import metadata

LOCK_SECONDS = 30
"""How long a restore waits for those who use the tables that it replaces."""
PLAIN = ("--no-owner", "--no-privileges")
"""Whose the tables are is for the database that they are restored into to say."""

_HEADS = {
    "registry_head": "revision IS NOT NULL",
    "telemetry_head": "epoch > 0",
    "alert_head": "transition > 0",
}
"""Tables that an empty database has a row in, and what makes it say something."""
_OURS = """
    SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND (c.relname = ANY ({tables})
    OR c.relname LIKE 'procrastinate\\_%' AND to_regclass('procrastinate_applied') IS NOT NULL)
"""
"""Tables of ours; those of the queue only where it was we who made it."""
_OTHERS = f"""
    WITH ours AS ({_OURS}), own AS (
        SELECT oid FROM pg_namespace WHERE nspname = current_schema()
        AND to_regclass('procrastinate_applied') IS NOT NULL
    ), things AS (
        SELECT 'pg_class'::regclass AS class, c.oid, c.relnamespace AS space, c.relname AS name,
            CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
            WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind
        FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        AND NOT EXISTS (SELECT 1 FROM ours WHERE ours.oid IN (c.oid, pg_partition_root(c.oid)))
        AND NOT EXISTS (
            SELECT 1 FROM pg_depend d JOIN ours ON ours.oid = d.refobjid
            WHERE c.relkind = 'S' AND d.objid = c.oid AND d.deptype IN ('a', 'i')
        )
        UNION ALL
        SELECT 'pg_proc'::regclass, p.oid, p.pronamespace, p.proname, 'function' FROM pg_proc p
        UNION ALL
        SELECT 'pg_type'::regclass, t.oid, t.typnamespace, t.typname, 'type'
        FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
        -- Not the types that each table, and each other type, has of itself.
        WHERE t.typtype IN ('d', 'e', 'r') OR c.relkind = 'c'
        OR t.typtype = 'b' AND NOT EXISTS (SELECT 1 FROM pg_type e WHERE e.typarray = t.oid)
    )
    SELECT format('%s %I.%I', things.kind, n.nspname, things.name) AS what
    FROM things JOIN pg_namespace n ON n.oid = things.space
    WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    AND NOT (things.name LIKE 'procrastinate\\_%' AND things.space IN (SELECT oid FROM own))
    AND NOT EXISTS (
        SELECT 1 FROM pg_depend d WHERE d.classid = things.class AND d.objid = things.oid AND d.deptype = 'e'
    )
    ORDER BY things.class, 1 LIMIT 1
"""  # noqa: S608 - of texts of this module
"""Something in the database that is neither ours nor an extension's."""
_HOLD = f"""
DO $$
DECLARE
    one record;
BEGIN
    -- Nobody migrates, and nobody writes, from here on until the transaction ends.
    PERFORM pg_advisory_xact_lock({MIGRATING});
    FOR one IN {_OURS} LOOP
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', one.oid::regclass);
    END LOOP;
END
$$;
"""
_CHECK = f"""
DO $$
DECLARE
    one record;
    found text;
    filled boolean;
BEGIN
    SELECT 'it has the ' || what || $s$, which is not openmodels'$s$ INTO found FROM ({_OTHERS}) AS others;
    IF found IS NULL THEN
        FOR one IN
            SELECT ours.oid, ours.relname, coalesce(heads.says, 'TRUE') AS says
            FROM ({_OURS}) AS ours LEFT JOIN (VALUES {{heads}}) AS heads (name, says) ON name = relname
            WHERE relname <> 'alembic_version' AND relname NOT LIKE 'procrastinate\\_%' ORDER BY relname
        LOOP
            EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE %s)', one.oid::regclass, one.says)
                INTO filled;
            IF filled THEN
                found = 'it has rows in ' || one.relname;
                EXIT;
            END IF;
        END LOOP;
    END IF;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'the database is not empty any more: %', found USING DETAIL = found;
    END IF;
END
$$;
"""  # noqa: S608 - likewise
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


def restore(file: Path, url: URL, *, force: bool, programs: Path | None) -> None:
    """Put the archive into the database, all or nothing, in the schema that the archive has.

    Without ``force``, only where there is nothing, or an empty database of ours. Raises ``StoreError``, and
    then the database is as it was.
    """
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
    again = "" if force else _filled_in(_HOLD) + _filled_in(_CHECK)
    feed(
        [str(pg_restore), *PLAIN, "--file=-", str(file)],
        [str(psql), "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--output=/dev/null"],
        database.environ,
        before=f"BEGIN;\nSET LOCAL lock_timeout = '{LOCK_SECONDS}s';\n{again}{_CLEAR}".encode(),
        after=b"\nCOMMIT;\n",
        what=f"{file} could not be restored, and nothing was changed",
    )


def restored(file: Path, url: URL) -> Contents:
    """What a database that was restored from ``file`` holds. Raises ``StoreError``."""
    with _connected(url) as connection:
        database = _database(url, connection)
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
    """Raises ``StoreError`` when there is something that may not be lost, or when others use the database."""
    try:
        connection.execute(_filled_in(_CHECK).encode())
    except psycopg.errors.RaiseException as error:
        raise not_empty(database.name, str(error.diag.message_detail)) from None
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


def _filled_in(script: str) -> str:
    """A script with the names of our tables, and what makes those say something that always have a row."""
    tables = ", ".join(f"'{name}'" for name in ("alembic_version", *sorted(metadata.tables)))
    heads = ", ".join(f"('{name}', '{condition}')" for name, condition in _HEADS.items())
    return script.replace("{tables}", f"ARRAY[{tables}]").replace("{heads}", heads)


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
