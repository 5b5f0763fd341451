"""Backups of the database: SQLite by its own online copy, PostgreSQL by its own programs.

A backup is a single file: of SQLite a database that any SQLite opens, of PostgreSQL an archive that
``pg_dump`` wrote. It is written beside its place and renamed. What is in it is restored whole or not at all;
migrating it is part of that in SQLite, and a step of its own afterwards in PostgreSQL.
"""

from pathlib import Path

from msgspec.structs import replace
from sqlalchemy.engine import URL

from openmodels.errors import StoreError
from openmodels.settings import Settings
from openmodels.store.backup import sqlite
from openmodels.store.backup.contents import Contents
from openmodels.store.engine import create_engine, name_of
from openmodels.store.migrate import migrate

__all__ = ["Contents", "back_up", "restore"]


def back_up(settings: Settings, file: Path, *, force: bool = False, programs: Path | None = None) -> Contents:
    """Write the database that the settings name to ``file``, as it is at one moment; nobody has to stop.

    ``force`` replaces a file that is there. ``programs`` is the folder of PostgreSQL's programs, by
    default those in PATH. Gives back what the backup holds. Raises ``StoreError``, and then there is no new
    file.
    """
    url = _database(settings)
    if url.get_backend_name() == "sqlite":
        return sqlite.back_up(Path(str(url.database)), file, force=force)
    from openmodels.store.backup import postgresql  # noqa: PLC0415 - only where it is asked for

    return postgresql.back_up(url, file, force=force, programs=programs)


async def restore(
    settings: Settings, file: Path, *, force: bool = False, programs: Path | None = None
) -> Contents:
    """Put what the backup ``file`` holds into the database that the settings name, and migrate it.

    ``force`` replaces what the database holds. Gives back what it holds now. Raises ``StoreError``, and then
    the database is as it was, unless the error says that it is restored: in PostgreSQL, bringing it to the
    schema of this version comes after, and may fail by itself.
    """
    url = _database(settings)
    if url.get_backend_name() == "sqlite":
        return await sqlite.restore(file, Path(str(url.database)), force=force)
    from openmodels.store.backup import postgresql  # noqa: PLC0415 - only where it is asked for

    postgresql.restore(file, url, force=force, programs=programs)
    engine = create_engine(settings)
    try:
        await migrate(engine)
        return postgresql.restored(file, url)
    except StoreError as error:
        raise StoreError(
            f"{name_of(url)} is restored from {file}, but not brought up to date: {error}; when that is "
            "mended, run: openmodels migrate"
        ) from None
    finally:
        await engine.dispose()


def _database(settings: Settings) -> URL:
    """Where the database is: past the pooler, which a dump cannot go through."""
    # The engine reads addresses, and connects only when it is used, which it is not.
    url = create_engine(settings).url
    if url.get_backend_name() == "sqlite" or not settings.database_direct_url:
        return url
    return create_engine(replace(settings, database_url=settings.database_direct_url)).url
