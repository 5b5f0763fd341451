"""A document inside a Python package: one that is installed, unpacked in a folder, or a wheel.

Nothing of the package is run or imported.
"""

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import IO

from msgspec import Struct

from openmodels.domain.faults import visible
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers.document import MAX_BYTES

WHEEL_START = b"PK\x03\x04"
MAX_METADATA = 1024 * 1024
MAX_READ = 4 * 1024 * 1024
"""The most bytes that are read of a zip file at a time; also the longest list of members that it may have,
which is read at once and takes ten times as much room in memory."""
PART = 1024 * 1024
PACKED = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""How members of wheels are packed. The other ways cannot be unpacked in bounded memory."""
# Builds that can be repeated write one of these days into every wheel; they say nothing about its age.
NO_DATE_BEFORE = datetime(2020, 2, 3, tzinfo=UTC)


BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    EOFError,
    OSError,
)
"""What the library raises for zip files that are none."""


class Package(Struct, frozen=True, kw_only=True):
    """A package that holds a document."""

    name: str
    """Its name on the index."""
    members: tuple[str, ...]
    """Where in the package the document may lie; the first that is there is read."""
    install: str
    """What to type to install it."""


class Found(Struct, frozen=True, kw_only=True):
    """A document found in a package."""

    document: bytes
    """What it holds."""
    version: str | None
    """The package's version, where it says one."""
    dated: datetime | None
    """When it was made or laid here."""


def installed(package: Package) -> Found | None:
    """The document of the installed package; None where it is not installed."""
    try:
        found = distribution(package.name)
    except PackageNotFoundError:
        return None
    for member in package.members:
        path = Path(str(found.locate_file(member)))
        if path.is_file():
            document, dated = read_file(path)
            return Found(document=document, version=_version(found.version), dated=dated)
    raise _not_inside(package, f"the installed {package.name} {visible(found.version)}")


def unpacked(package: Package, folder: Path) -> Found:
    """The document in a folder: one with installed packages in it, or the package's own."""
    for member in package.members:
        for path in (folder / member, folder / Path(member).name):
            if path.is_file():
                document, dated = read_file(path)
                beside = path.parent.parent if path.parent.name == Path(member).parent.name else folder
                return Found(document=document, version=_version_beside(package, beside), dated=dated)
    raise _not_inside(package, str(folder))


def wheel(package: Package, file: IO[bytes], origin: str) -> Found:
    """The document in a wheel, or in another zip file that holds the package."""
    try:
        with zipfile.ZipFile(_Bounded(file)) as opened:
            inside = {info.filename: info for info in opened.infolist()}
            for member in package.members:
                if member in inside:
                    info = inside[member]
                    document = _member(opened, info, MAX_BYTES)
                    version = _version_of_wheel(opened, package, inside.values())
                    return Found(document=document, version=version, dated=_dated(info))
    except BROKEN as error:
        why = visible(str(error))[:200]
        raise SourceUnreadable(f"{visible(origin)} is not a zip file that can be read: {why}") from None
    raise _not_inside(package, origin)


def read_file(path: Path) -> tuple[bytes, datetime]:
    """A file's content, at most 100 MB, and when it was last written."""
    with opened(path) as (file, written):
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise SourceUnreadable(f"{visible(str(path))} is larger than {MAX_BYTES // 1024 // 1024} MB")
    return content, written


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], datetime]]:
    """A regular file, and when it was last written."""
    try:
        # Not blocking: a pipe must be refused, not waited for.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SourceUnreadable(f"{visible(str(path))} is no regular file")
            yield file, datetime.fromtimestamp(status.st_mtime, UTC)
    except OSError as error:
        raise SourceUnreadable(f"{visible(str(path))} cannot be read: {error.strerror}") from None


class _Bounded(io.BufferedIOBase):
    """A file of which only so much can be read at a time."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        content = self._file.read(MAX_READ + 1 if size is None or size < 0 else min(size, MAX_READ + 1))
        if len(content) > MAX_READ:
            raise zipfile.BadZipFile(f"its list of members is longer than {MAX_READ:,} bytes")
        return content

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _member(opened: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    name = visible(info.filename)
    if stat.S_ISLNK(info.external_attr >> 16):
        raise SourceUnreadable(f"{name} in the wheel is a link, not a file")
    if info.compress_type not in PACKED:
        raise SourceUnreadable(f"{name} in the wheel is packed in a way that wheels are not")
    content = bytearray()
    with opened.open(info) as file:
        while part := file.read(PART):
            content += part
            if len(content) > most:
                raise SourceUnreadable(f"{name} in the wheel is larger than {most:,} bytes")
    return bytes(content)


def _version_of_wheel(
    opened: zipfile.ZipFile, package: Package, inside: Iterable[zipfile.ZipInfo]
) -> str | None:
    folder = re.escape(_folder_name(package))
    for info in inside:
        if re.fullmatch(rf"{folder}-[^/]+\.dist-info/METADATA", info.filename):
            return _version_in(_member(opened, info, MAX_METADATA))
    return None


def _version_beside(package: Package, folder: Path) -> str | None:
    """The version in the package's metadata; read here, as the library waits for ever where it is a pipe."""
    for path in sorted(folder.glob(f"{_folder_name(package)}-*.dist-info/METADATA")):
        if path.is_file():
            content, _ = read_file(path)
            return _version_in(content[:MAX_METADATA])
    return None


def _folder_name(package: Package) -> str:
    return package.name.replace("-", "_")


def _version_in(metadata: bytes) -> str | None:
    head = metadata.decode("utf-8", "replace").partition("\n\n")[0]
    said = re.search(r"^Version: *(\S+) *\r?$", head, re.MULTILINE)
    return _version(said[1]) if said else None


def _version(said: str) -> str | None:
    return said if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+!_-]{0,99}", said) else None


def _dated(info: zipfile.ZipInfo) -> datetime | None:
    try:
        dated = datetime(*info.date_time, tzinfo=UTC)
    except ValueError:
        return None
    return dated if dated >= NO_DATE_BEFORE else None


def _not_inside(package: Package, origin: str) -> SourceUnreadable:
    return SourceUnreadable(f"{visible(origin)} holds no {' or '.join(package.members)}")
