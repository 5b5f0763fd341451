"""Which files a registry consists of, and how one is read without being led astray.

A registry may come from anybody: a link is followed only within the registry's folder, nothing but regular
files is opened, and never more than ``MAX_BYTES`` of one is read.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct

from openmodels.domain.entries import Kind
from openmodels.domain.faults import Fault, visible
from openmodels.domain.vocabulary import suggest
from openmodels.errors import RegistryUnreadable
from openmodels.registry.issues import Layer
from openmodels.registry.yaml import MAX_BYTES

SUFFIX = ".yaml"
VENDORS = "vendors.yaml"
HIDE = "overlay.yaml"
FOLDERS = ("models", "providers", "mappings")
NOTES = (".md", ".txt")
"""Endings of files in the root of an overlay that are for people alone."""


class RegistryFile(Struct, frozen=True, kw_only=True):
    """A file that should hold a record."""

    kind: Kind | Literal["hide"]
    """Of which kind; for ``vendors``, the file holds a list of them, for ``hide`` what an overlay hides."""
    name: str
    """Relative to the registry's folder, with forward slashes; safe to show."""
    location: str
    """What to open: no link, checked to be within the registry."""
    key: str
    """The id that the file's name says."""
    folder: str = ""
    """The id that the folder's name says; mappings only."""
    layer: Layer | None = None
    """The layer that it is of; None for the registry's own files."""

    @property
    def origin(self) -> str:
        """What messages about other files call it."""
        return self.name if self.layer is None else f"the {self.layer}'s {self.name}"


class Listing(Struct, kw_only=True):
    """The files of a registry, and what lies there that should not."""

    files: list[RegistryFile] = []
    faults: list[tuple[str, Fault]] = []


def list_files(root: Path) -> Listing:
    """The registry's files, sorted. Raises ``RegistryUnreadable`` when there is no registry in ``root``."""
    names, real_root = _names_in(root, _advice)
    if not names.intersection(FOLDERS):
        raise RegistryUnreadable(_advice(root, "it has no models/, providers/ or mappings/ folder"))
    return _Scan(real_root).everything(names)


def list_overlay(root: Path) -> Listing:
    """An overlay's files, sorted; whatever else lies in it is a fault, since what it says would not hold.

    Raises ``RegistryUnreadable`` when there is no such folder, or nothing in it that an overlay has.
    """
    names, real_root = _names_in(root, _overlay_advice)
    known = (*FOLDERS, VENDORS, HIDE)
    if not names.intersection(known):
        raise RegistryUnreadable(_overlay_advice(root, f"it has none of {', '.join(known)}"))
    scan = _Scan(real_root, layer="overlay")
    scan.strangers(names.difference(known), known)
    return scan.everything(names)


def _names_in(root: Path, advice: Callable[[Path, str], str]) -> tuple[set[str], str]:
    """What lies in ``root``, and what ``root`` really is."""
    try:
        real_root = root.resolve(strict=True)
        return {entry.name for entry in real_root.iterdir()}, str(real_root)
    except FileNotFoundError:
        raise RegistryUnreadable(advice(root, "there is no such folder")) from None
    except NotADirectoryError:
        raise RegistryUnreadable(advice(root, "that is a file, not a folder")) from None
    except (OSError, ValueError, RuntimeError):  # a name with NUL, a loop of links
        raise RegistryUnreadable(advice(root, "it cannot be read")) from None


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


def _overlay_advice(root: Path, what: str) -> str:
    return (
        f"cannot read the overlay in {visible(str(root))}: {what}; name the folder that holds your own "
        "models/, providers/, mappings/ or overlay.yaml in OPENMODELS_OVERLAY, or leave that empty for none"
    )


class _Scan:
    """Goes through the folders of one registry, or of what is laid over one."""

    def __init__(self, root: str, layer: Layer | None = None) -> None:
        self._root = root
        self._layer = layer
        self.listing = Listing()

    def everything(self, names: set[str]) -> Listing:
        """All folders, and the files that lie beside them; ``names`` is what the root holds."""
        self.records("models")
        self.records("providers")
        self.mappings()
        if VENDORS in names:
            self.single(VENDORS, "vendors")
        if HIDE in names and self._layer is not None:
            self.single(HIDE, "hide")
        self.listing.files.sort(key=lambda file: file.name)
        return self.listing

    def strangers(self, names: Iterable[str], known: tuple[str, ...]) -> None:
        """Refuse everything in the root but what is hidden and what is for people alone."""
        for name in sorted(names):
            if not name.startswith(".") and not name.lower().endswith(NOTES):
                near = suggest(name, known)
                hint = f"rename it to {near}" if near else "move it elsewhere, or begin its name with a dot"
                self._refuse(
                    name,
                    "misplaced-file",
                    "something that no overlay has",
                    f"one of {', '.join(known)}",
                    hint,
                )

    def single(self, name: str, kind: Kind | Literal["hide"]) -> None:
        """A file that lies in the root."""
        with os.scandir(self._root) as entries:
            for entry in entries:
                if entry.name == name:
                    self._file(entry, kind, name)

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

    def _file(
        self, entry: "os.DirEntry[str]", kind: Kind | Literal["hide"], name: str, folder: str = ""
    ) -> None:
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
            self.listing.files.append(
                RegistryFile(
                    kind=kind,
                    name=_readable(name),
                    location=location,
                    key=key,
                    folder=folder,
                    layer=self._layer,
                )
            )

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
