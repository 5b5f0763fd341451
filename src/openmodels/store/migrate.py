"""Brings a database to the schema of this version."""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from msgspec import Struct
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from openmodels.errors import SchemaOutdated
from openmodels.store.engine import name_of, reading, writing

_SCRIPTS = "openmodels.store:migrations"


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
    if before == newest_revision():
        return Migration(before=before, after=before)
    _require_known(before, engine)
    async with writing(engine) as connection:
        # What was read above may be old: another process may have migrated since.
        before = await connection.run_sync(_revision)
        _require_known(before, engine)
        await connection.run_sync(_upgrade)
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
    if found is not None and found not in {script.revision for script in _scripts().walk_revisions()}:
        raise SchemaOutdated(
            f"the database {name_of(engine.url)} has schema {found[:40]!r}, which this version does not "
            "know: a newer version or another program made it; update openmodels, or use another database"
        )


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
