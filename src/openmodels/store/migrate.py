"""Brings a database to the schema of this version."""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from msgspec import Struct
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from openmodels.errors import SchemaOutdated
from openmodels.store.engine import is_sqlite, name_of, reading, writing
from openmodels.store.queue_schema import bring_up_queue, queue_is_current

_SCRIPTS = "openmodels.store:migrations"
MIGRATING = 0x6F70656E6D6F6465
"""What migrating locks in PostgreSQL, until the transaction ends: the bytes of "openmode" as a number."""


class Migration(Struct, frozen=True, kw_only=True):
    """What a migration did."""

    before: str | None
    """The schema's revision that was found; None for an empty database."""
    after: str
    """The schema's revision now."""


async def migrate(engine: AsyncEngine) -> Migration:
    """Bring the database to this version's schema, from empty or from any older one, in one transaction.

    Changes nothing when it is there already; of two at once, one waits for the other. Raises
    ``SchemaOutdated`` for a database that this version does not know.
    """
    async with reading(engine) as connection:
        before = await connection.run_sync(_revision)
        has_queue = await queue_is_current(connection)
    if before == newest_revision() and has_queue:
        return Migration(before=before, after=before)
    _require_known(before, engine)
    # Rows that are many take as long as they take, and so does another process that migrates them.
    async with writing(engine, patient=True) as connection:
        if not is_sqlite(engine):
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
        # What was read above may be old: another process may have migrated since.
        before = await connection.run_sync(_revision)
        _require_known(before, engine)
        await connection.run_sync(_upgrade)
        await bring_up_queue(connection)
    return Migration(before=before, after=newest_revision())


async def require_schema(engine: AsyncEngine) -> None:
    """Raises ``SchemaOutdated``, saying what to do, unless the database has this version's schema."""
    async with reading(engine) as connection:
        found = await connection.run_sync(_revision)
    _require_known(found, engine)
    if found != newest_revision():
        raise SchemaOutdated(
            f"the database {name_of(engine.url)} has schema {found or 'none'}, and this version needs "
            f"{newest_revision()}; run: openmodels migrate"
        )


def newest_revision() -> str:
    """The revision of this version's schema."""
    return str(_scripts().get_current_head())


def is_known(revision: str) -> bool:
    """Whether this version knows a schema's revision: its own, or an older one."""
    return revision in {script.revision for script in _scripts().walk_revisions()}


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    config.set_main_option("path_separator", "os")
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _require_known(found: str | None, engine: AsyncEngine) -> None:
    if found is not None and not is_known(found):
        raise SchemaOutdated(
            f"the database {name_of(engine.url)} has schema {found[:40]!r}, which this version does not "
            "know: a newer version or another program made it; update openmodels, or use another database"
        )


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
