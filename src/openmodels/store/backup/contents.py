"""What a backup holds, and how its file comes to its place."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from openmodels.errors import SchemaOutdated, StoreError
from openmodels.store.migrate import is_known

ARCHIVE = b"PGDMP"
"""What an archive of ``pg_dump`` begins with."""
DATABASE = b"SQLite format 3\0"
"""What a SQLite database begins with (https://sqlite.org/fileformat.html)."""


class Contents(Struct, frozen=True, kw_only=True):
    """What a backup, or a database that was restored from one, holds."""

    database: str
    """Where the database is, without a password."""
    size: int
    """Bytes of the backup."""
    schema: str
    """The schema's revision."""
    revision: str | None = None
    """The registry's revision; None when nothing is published."""
    published_at: datetime | None = None
    """When that was published."""


def beginning(file: Path) -> bytes:
    """The first bytes of a backup. Raises ``StoreError`` when it cannot be read."""
    try:
        with file.open("rb") as stream:
            return stream.read(len(DATABASE))
    except OSError as error:
        raise StoreError(f"the backup {file} cannot be read ({error.strerror}); name another file") from None


def require_known(schema: str, file: Path) -> None:
    """Raises ``SchemaOutdated`` unless this version knows the schema of a backup."""
    if not is_known(schema):
        raise SchemaOutdated(
            f"the backup {file} has schema {schema[:40]!r}, which this version does not know: a newer "
            "version made it; update openmodels, and try again"
        )


def not_empty(database: str, found: str) -> StoreError:
    """The refusal to replace what a database holds."""
    return StoreError(
        f"the database {database} is not empty ({found}); restore into an empty one, or write --force to "
        "lose what it holds"
    )


@contextmanager
def written_beside(file: Path, *, force: bool, needed: int = 0) -> Iterator[Path]:
    """A path in the same folder to write a backup to, which becomes ``file`` once the block is done.

    Only its owner may read it. ``needed`` is how many bytes it will have, as far as is known. Raises
    ``StoreError`` when it cannot be written, or when there is a file and ``force`` is not given; a block that
    raises leaves nothing behind.
    """
    if file.is_dir():
        raise StoreError(f"{file} is a folder; name a file in it, such as {file / 'openmodels.backup'}")
    if not force and file.exists():
        raise StoreError(f"{file} is there already; name another file, or write --force to replace it")
    try:
        free = shutil.disk_usage(file.parent).free
        if free < needed:
            raise StoreError(
                f"{file} needs {megabytes(needed)} and there are {megabytes(free)} left in {file.parent}; "
                "make some space, or name a file elsewhere"
            )
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        os.close(descriptor)
    except OSError as error:
        raise StoreError(
            f"{file} cannot be written ({error.strerror}); name a file in a folder that can be written"
        ) from None
    beside = Path(name)
    try:
        yield beside
        put_in_place(beside, file)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def put_in_place(beside: Path, file: Path) -> None:
    """Rename a finished file, so that it is there whole even when the power fails. Raises ``StoreError``."""
    try:
        _sync(beside)
        beside.replace(file)
        _sync(file.parent)
    except OSError as error:
        raise StoreError(f"{file} cannot be written ({error.strerror})") from None


def megabytes(size: int) -> str:
    """A size for people."""
    return f"{size / 1_000_000:,.1f} MB"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
