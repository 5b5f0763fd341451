"""A registry's folder as something to be written: every change prepared and read back, then file by file.

A file is replaced in one step, so whoever stops the program halfway leaves whole files behind. Models and
providers come before the mappings that name them, and what is removed goes last: the registry is valid
between any two steps, and doing the same again finishes it.
"""

import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from openmodels.domain.faults import visible
from openmodels.domain.records import ID_PATTERN, Model, Offering, Provider
from openmodels.errors import OpenModelsError
from openmodels.registry.edit.diff import edits_between
from openmodels.registry.edit.document import edit
from openmodels.registry.edit.house import ORDER, new_file
from openmodels.registry.files import FOLDERS, RegistryFile, list_files, read
from openmodels.registry.normalise import normalise
from openmodels.registry.structure import read_record
from openmodels.registry.yaml import parse

AnyRecord = Model | Provider | Offering


class RegistryNotWritten(OpenModelsError):
    """A file could not be edited or written; those before it are whole, and doing the same again goes on."""


class Change(Struct, frozen=True):
    """What becomes of one record: new without ``old``, removed without ``new``."""

    old: AnyRecord | None
    new: AnyRecord | None


class Writing(Struct, frozen=True):
    """One file to be written, or to be removed where ``content`` is None."""

    name: str
    """Relative to the registry's folder."""
    path: Path
    content: bytes | None


def name_of(record: AnyRecord) -> str:
    """The name of a record's file, relative to the registry's folder. Raises for an id that is none."""
    parts: tuple[str, ...]
    match record:
        case Model():
            parts = ("models", record.id)
        case Provider():
            parts = ("providers", record.id)
        case Offering():
            parts = ("mappings", record.provider_id, record.model_id)
    for part in parts:
        if not re.fullmatch(ID_PATTERN.strip("^$"), part):
            raise RegistryNotWritten(f"{visible(part[:80])} is no id, so no file can be named after it")
    return "/".join(parts) + ".yaml"


def prepare(root: Path, changes: Iterable[Change]) -> list[Writing]:
    """The files that ``changes`` make of the registry in ``root``, in the order in which to write them.

    Nothing is written. Raises ``RegistryNotWritten`` when a file cannot be edited, or is no longer what the
    changes were made for; ``RegistryUnreadable`` when there is no registry.
    """
    present = {file.name: file for file in list_files(root).files}
    real = root.resolve()
    writings = [_prepared(real, present, change) for change in changes]
    return sorted((w for w in writings if w is not None), key=_turn)


def _turn(writing: Writing) -> tuple[bool, int, str]:
    folder = writing.name.split("/", 1)[0]
    place = FOLDERS.index(folder)
    removed = writing.content is None
    return removed, -place if removed else place, writing.name


def _prepared(root: Path, present: dict[str, RegistryFile], change: Change) -> Writing | None:
    record = change.new or change.old
    if record is None:
        return None
    name = name_of(record)
    file = present.get(name)
    path = Path(file.location) if file else root / name
    if change.new is None:
        return Writing(name, path, None) if file else None
    if file is None:
        if change.old is not None:
            raise RegistryNotWritten(f"{name} is gone since it was read: run the same again")
        _refuse_links(root, path)
        content = new_file(change.new).encode("utf-8")
        _require(content, change.new, name)
        return Writing(name, path, content)
    if change.old is None:
        raise RegistryNotWritten(f"{name} has come since the registry was read: run the same again")
    try:
        raw = read(file)
        edits = edits_between(change.old, change.new)
        content = edit(raw.decode("utf-8"), edits, ORDER[type(change.new)]).encode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RegistryNotWritten(f"cannot read {name}: {error}") from None
    except (KeyError, IndexError) as error:
        raise RegistryNotWritten(f"cannot edit {name} at {error}: edit it by hand, then run again") from None
    if content == raw:
        return None
    _require(content, change.new, name)
    return Writing(name, path, content)


def _require(content: bytes, record: AnyRecord, name: str) -> None:
    """Whether ``content`` says what ``record`` says, and nothing else."""
    document = parse(content)
    faults = [placed.fault for placed in document.faults]
    if not faults and type(document.data) is dict:
        faults = normalise(document.data).faults
        reading = read_record(document.data, type(record), careful=document.trailing_newline)
        faults = [*faults, *reading.faults]
        if not faults and _as_filed(reading.record, record) == record:
            return
    what = f": {faults[0].found}, expected {faults[0].expected}" if faults else ""
    raise RegistryNotWritten(
        f"{name} would not say what it should after the edit{visible(what)}; it may have been changed since "
        "it was read: run the same again, or edit it by hand"
    )


def _as_filed(found: AnyRecord | None, record: AnyRecord) -> AnyRecord | None:
    """``found`` with the vendor that loading would take from the prefixes."""
    if isinstance(found, Model) and isinstance(record, Model) and found.vendor is None:
        return msgspec.structs.replace(found, vendor=record.vendor)
    return found


def _refuse_links(root: Path, path: Path) -> None:
    """A new file goes into folders of the registry itself, not through a link out of it."""
    folder = path.parent
    while folder != root:
        if folder.is_symlink() and not folder.resolve().is_relative_to(root):
            raise RegistryNotWritten(f"{folder} is a link that leads out of the registry: put a folder there")
        folder = folder.parent
    if path.is_symlink():
        raise RegistryNotWritten(f"{path} is a link that leads nowhere: remove it")


def write(writings: Iterable[Writing]) -> Iterator[Writing]:
    """Write each file, and yield it when it is done. Raises ``RegistryNotWritten``."""
    for writing in writings:
        try:
            if writing.content is None:
                writing.path.unlink(missing_ok=True)
                _remove_if_empty(writing.path.parent)
            else:
                _replace(writing.path, writing.content)
        except OSError as error:
            reason = error.strerror or str(error)
            raise RegistryNotWritten(
                f"cannot write {writing.path}: {reason}; what came before it is written, and running the "
                "same again goes on from here"
            ) from None
        yield writing


def _remove_if_empty(folder: Path) -> None:
    if folder.parent.name == "mappings" and not any(folder.iterdir()):
        folder.rmdir()


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        mode = 0o644
    # Hidden, so that a registry in which it is left behind is read without it.
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        with os.fdopen(os.open(temporary, flags, mode), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
