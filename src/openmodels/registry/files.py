"""Which files a registry consists of, and how one is read without being led astray.

A registry may come from anybody: a link is followed only within the registry's folder, nothing but regular
files is opened, and never more than ``MAX_BYTES`` of one is read.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from openmodels.domain.entries import Kind
from openmodels.domain.faults import Fault, visible
from openmodels.errors import RegistryUnreadable
from openmodels.registry.yaml import MAX_BYTES

SUFFIX = ".yaml"
VENDORS = "vendors.yaml"
FOLDERS = ("models", "providers", "mappings")


class RegistryFile(Struct, frozen=True, kw_only=True):
    """A file that should hold a record."""

    kind: Kind
    """Of which kind; for ``vendors``, the file holds a list of them."""
    name: str
    """Relative to the registry's folder, with forward slashes; safe to show."""
    location: str
    """What to open: no link, checked to be within the registry."""
    key: str
    """The id that the file's name says."""
    folder: str = ""
    """The id that the folder's name says; mappings only."""


class Listing(Struct, kw_only=True):
    """The files of a registry, and what lies there that should not."""

    files: list[RegistryFile] = []
    faults: list[tuple[str, Fault]] = []


def list_files(root: Path) -> Listing:
    """The registry's files, sorted. Raises ``RegistryUnreadable`` when there is no registry in ``root``."""
    try:
        real_root = root.resolve(strict=True)
        names = {entry.name for entry in real_root.iterdir()}
    except FileNotFoundError:
        raise RegistryUnreadable(_advice(root, "there is no such folder")) from None
    except NotADirectoryError:
        raise RegistryUnreadable(_advice(root, "that is a file, not a folder")) from None
    except (OSError, ValueError, RuntimeError):  # a name with NUL, a loop of links
        raise RegistryUnreadable(_advice(root, "it cannot be read")) from None
    if not names.intersection(FOLDERS):
        raise RegistryUnreadable(_advice(root, "it has no models/, providers/ or mappings/ folder"))
    scan = _Scan(str(real_root))
    scan.records("models")
    scan.records("providers")
    scan.mappings()
    if VENDORS in names:
        scan.vendors()
    scan.listing.files.sort(key=lambda file: file.name)
    return scan.listing


def read(file: RegistryFile) -> bytes:
    """The beginning of a file: all of it, or one byte more than any may have. Raises ``OSError``."""
    # What stood here when it was listed may be a link or a pipe by now: neither is followed nor waited for.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(file.location, flags | getattr(os, "O_BINARY", 0)), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError("not a regular file")
        return stream.read(MAX_BYTES + 1)


def _advice(root: Path, what: str) -> str:
    return (
        f"cannot read the registry in {visible(str(root))}: {what}; name the folder that holds models/, "
        "providers/ and mappings/, as in `openmodels validate path/to/registry` or OPENMODELS_REGISTRY"
    )


class _Scan:
    """Goes through the folders of one registry."""

    def __init__(self, root: str) -> None:
        self._root = root
        self.listing = Listing()

    def vendors(self) -> None:
        """The vendors' file, which lies in the root."""
        with os.scandir(self._root) as entries:
            for entry in entries:
                if entry.name == VENDORS:
                    self._file(entry, "vendors", VENDORS)

    def records(self, kind: Kind) -> None:
        """``models`` or ``providers``: files and nothing else."""
        for entry in self._entries(kind):
            self._file(entry, kind, f"{kind}/{entry.name}")

    def mappings(self) -> None:
        """``mappings``: a folder for each provider, files in it."""
        for entry in self._entries("mappings"):
            name = f"mappings/{entry.name}"
            if not _is_folder(entry):
                hint = "move it to mappings/<provider id>/<model id>.yaml"
                self._refuse(name, "misplaced-file", "a file", "a folder named after a provider", hint)
                continue
            for inner in self._entries(name):
                self._file(inner, "offerings", f"{name}/{inner.name}", folder=entry.name)

    def _entries(self, name: str) -> Iterator["os.DirEntry[str]"]:
        path = Path(self._root, name)
        if not os.path.lexists(path):
            return
        if not self._is_inside(os.path.realpath(path)):
            self._refuse(name, "unsafe-file", "a link that leads out of the registry", "a folder")
            return
        try:
            with os.scandir(path) as entries:
                found = [entry for entry in entries if not entry.name.startswith(".")]
        except NotADirectoryError:
            self._refuse(name, "misplaced-file", "a file", "a folder")
        except OSError as error:
            self._refuse(name, "unreadable-file", error.strerror or "an error", "a folder that can be read")
        else:
            yield from sorted(found, key=lambda entry: entry.name)

    def _file(self, entry: "os.DirEntry[str]", kind: Kind, name: str, folder: str = "") -> None:
        location = entry.path
        if _is_folder(entry):
            hint = f"move its files to {name.rpartition('/')[0]}/"
            self._refuse(name, "misplaced-file", "a folder", "files and no folders here", hint)
            return
        if entry.is_symlink():
            location = os.path.realpath(entry.path)
            if not self._is_inside(location):
                hint = "put the file itself here"
                self._refuse(name, "unsafe-file", "a link that leads out of the registry", "a file", hint)
                return
        if not _is_regular(location):
            self._refuse(name, "unsafe-file", "no regular file (a pipe, a device, a dead link)", "a file")
        elif not name.endswith(SUFFIX):
            hint = f"rename it to {Path(entry.name).stem.removesuffix(SUFFIX)}{SUFFIX}, or move it elsewhere"
            self._refuse(name, "wrong-extension", f"`{entry.name}`", f"a name that ends in {SUFFIX}", hint)
        else:
            key = entry.name.removesuffix(SUFFIX)
            file = RegistryFile(kind=kind, name=_readable(name), location=location, key=key, folder=folder)
            self.listing.files.append(file)

    def _is_inside(self, real_path: str) -> bool:
        return os.path.commonpath((self._root, real_path)) == self._root

    def _refuse(self, name: str, code: str, found: str, expected: str, hint: str | None = None) -> None:
        self.listing.faults.append((_readable(name), Fault(code, (), found, expected, hint)))


def _readable(name: str) -> str:
    """A file name that can be shown and encoded, whatever bytes it is made of."""
    return visible(os.fsencode(name).decode("utf-8", "backslashreplace"))


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links
        return False


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(Path(path).stat().st_mode)
    except OSError:
        return False
