"""Backups of a SQLite database: a copy of its pages as they are at one moment, while others go on writing.

Meant: https://sqlite.org/backup.html. The copy is read within one transaction, so that writers in between do
not make it begin anew.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from openmodels.errors import StoreError
from openmodels.settings import read_settings
from openmodels.store.backup.contents import (
    ARCHIVE,
    DATABASE,
    Contents,
    beginning,
    not_empty,
    put_in_place,
    require_known,
    written_beside,
)
from openmodels.store.columns import moment
from openmodels.store.engine import FILE_NAME, create_engine
from openmodels.store.migrate import migrate

PAGES = 4096
"""Pages that are copied in one step; between two, Ctrl-C is heard."""
_HEADS = {
    "registry_head": "revision IS NOT NULL",
    "telemetry_head": "epoch > 0",
    "alert_head": '"transition" > 0',
}
"""Tables that an empty database has a row in, and what makes it say something."""
UNREADABLE = "SQLite cannot read it"
_STOP = "stop everything that uses it (`openmodels serve`, `openmodels worker`), and try again"


def back_up(database: Path, file: Path, *, force: bool) -> Contents:
    """Copy the database to ``file``, check the copy, and say what it holds. Raises ``StoreError``."""
    if not database.is_file():
        raise StoreError(f"there is no database {database}: nothing was published or recorded yet")
    if file.exists() and file.samefile(database):
        raise StoreError(f"{file} is the database itself; name another file")
    with written_beside(file, force=force, needed=_size(database)) as beside:
        _copy(database, beside)
        with _opened(beside) as copy:
            _require_whole(copy, database)
            found = _contents(copy, database)
    return found


async def restore(file: Path, database: Path, *, force: bool) -> Contents:
    """Put the backup in the place of the database. Raises ``StoreError``, and then it is as it was."""
    begins = beginning(file)
    if begins.startswith(ARCHIVE):
        raise StoreError(
            f"{file} is a backup of a PostgreSQL database, and {database} is a SQLite file; set "
            "OPENMODELS_DATABASE_URL=postgresql://..."
        )
    if begins != DATABASE:
        raise StoreError(f"{file} is not a backup: `openmodels backup` makes one")
    _make_folder(database.parent)
    # In a folder of its own, for the files that SQLite keeps beside a database.
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=database.parent) as folder:
        beside = Path(folder, FILE_NAME)
        _copy(file, beside)
        with _opened(beside) as copy:
            _require_whole(copy, file)
            _contents(copy, file)
        engine = create_engine(read_settings({"OPENMODELS_DATA_DIR": folder}))
        try:
            await migrate(engine)
        finally:
            await engine.dispose()
        with _opened(beside) as copy:
            copy.execute("PRAGMA journal_mode = DELETE")
            found = _contents(copy, database)
        _same_owner(beside, database)
        with _held(database, force=force):
            put_in_place(beside, database)
    return found


def _copy(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment."""
    with _explained(source, target), _opened(source) as reading, closing(_connect(target)) as writing:
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reading.backup(writing, pages=PAGES)
        # One file, without another that belongs to it.
        writing.execute("PRAGMA journal_mode = DELETE")


def _contents(connection: sqlite3.Connection, file: Path) -> Contents:
    """What a database of ours holds. Raises ``StoreError`` when it is none, or a newer version's."""
    try:
        ((schema,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        ((revision, at),) = connection.execute("SELECT revision, published_at FROM registry_head").fetchall()
    except (sqlite3.Error, ValueError):
        raise StoreError(f"{file} is a SQLite database, but not one of openmodels'") from None
    require_known(schema, file)
    pages, size = (connection.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "page_size"))
    return Contents(
        database=str(file),
        size=pages * size,
        schema=schema,
        revision=revision,
        published_at=None if at is None else moment(at),
    )


def _require_whole(connection: sqlite3.Connection, file: Path) -> None:
    """Raises ``StoreError`` unless every page and every index is in order."""
    try:
        said = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        said = str(error)
    if said != "ok":
        raise StoreError(f"{file} is damaged ({str(said).splitlines()[-1][:100]}); nothing was changed")


@contextmanager
def _held(database: Path, *, force: bool) -> Iterator[None]:
    """Keep everybody from the database while it is replaced. Raises ``StoreError`` when somebody uses it."""
    if not database.exists():
        yield
        return
    with closing(_connect(database, timeout=0)) as old:
        found = _hold(old, database, force=force)
        if found != UNREADABLE:
            yield
            return
    # Beside another database, its journal would be taken for that one's.
    for suffix in ("-wal", "-shm", "-journal"):
        with suppress(OSError):
            Path(f"{database}{suffix}").unlink(missing_ok=True)
    yield


def _hold(old: sqlite3.Connection, database: Path, *, force: bool) -> str:
    """Keep others from a database, and say what is in it. Raises ``StoreError`` when it must stay."""
    try:
        found = _found(old)
        if not found or force:
            # It is refused while another connection is open, even an idle one.
            old.execute("PRAGMA journal_mode = DELETE")
            old.execute("BEGIN EXCLUSIVE")
            found = _found(old)
    except sqlite3.OperationalError as error:
        if not error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise StoreError(f"the database {database} cannot be replaced: {error}") from None
        raise StoreError(f"the database {database} is in use; {_STOP}") from None
    except sqlite3.DatabaseError:
        found = UNREADABLE
    if found and not force:
        raise not_empty(str(database), found)
    return found


def _found(connection: sqlite3.Connection) -> str:
    """A word about what a database holds; empty when that is nothing."""
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in sorted(names):
        if name == "alembic_version" or name.startswith("sqlite_"):
            continue
        condition = _HEADS.get(name, "TRUE")
        query = f'SELECT 1 FROM "{name}" WHERE {condition} LIMIT 1'  # noqa: S608 - names of its own tables
        if connection.execute(query).fetchone():
            return f"it has rows in {name}"
    return ""


def _same_owner(beside: Path, database: Path) -> None:
    """Root restores for others: the file belongs to whom the one before, or the folder, belonged."""
    before = database if database.exists() else database.parent
    try:
        status = before.stat()
        if os.geteuid() == 0:
            os.chown(beside, status.st_uid, status.st_gid)
        # In a new place it is as private as the backup that it came from.
        beside.chmod(status.st_mode & 0o777 if before == database else 0o600)
    except OSError as error:
        raise StoreError(f"the owner of {database} cannot be kept ({error.strerror})") from None


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a database that is there."""
    with closing(
        sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
    ) as one:
        yield one


def _connect(file: Path, timeout: float = 10.0) -> sqlite3.Connection:
    return sqlite3.connect(file, timeout=timeout, isolation_level=None)


@contextmanager
def _explained(source: Path, target: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith("SQLITE_FULL"):
            said = f"there is no space left for {target.parent}; make some and try again"
        elif name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            said = f"{source} is damaged ({error}); nothing was changed"
        else:
            said = f"{source} cannot be copied to {target.parent}: {error}"
        raise StoreError(said) from None


def _size(database: Path) -> int:
    """How many bytes a copy may have: what is in the journal is not in the file yet."""
    journal = Path(f"{database}-wal")
    return database.stat().st_size + (journal.stat().st_size if journal.exists() else 0)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StoreError(
            f"the database's folder {folder} cannot be written ({error.strerror}); make it writable, or set "
            "OPENMODELS_DATA_DIR to another"
        ) from None
