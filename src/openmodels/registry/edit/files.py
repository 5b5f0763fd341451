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
from contextlib import suppress
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

_LEFTOVER = re.compile(r"\.[0-9a-f]{16}\.tmp")

AnyRecord = Model | Provider | Offering


class RegistryNotWritten(OpenModelsError):
    """A file could not be edited or written; those before it are whole, and doing the same again goes on."""


class FileNotEdited(RegistryNotWritten):
    """A file says what it should, in a way that no edit of ours keeps; every other file can be written."""


class FileEdit(Struct, frozen=True):
    """What becomes of one record: new without ``old``, removed without ``new``."""

    old: AnyRecord | None
    new: AnyRecord | None


class Writing(Struct, frozen=True):
    """One file to be written, or to be removed where ``content`` is None."""

    name: str
    """Relative to the registry's folder."""
    path: Path
    content: bytes | None
    before: bytes | None = None
    """What is there now; None where nothing is."""


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


def prepare(root: Path, changes: Iterable[FileEdit], left_out: list[str] | None = None) -> list[Writing]:
    """The files that ``changes`` make of the registry in ``root``, in the order in which to write them.

    Nothing is written. What cannot be edited is told in ``left_out`` and stays as it is. Raises
    ``RegistryNotWritten`` when a file is no longer what the changes were made for, and, without a list, when
    one cannot be edited; ``RegistryUnreadable`` when there is no registry.
    """
    present = {file.name: file for file in list_files(root).files}
    real = root.resolve()
    writings: list[Writing] = []
    for change in changes:
        try:
            writing = _prepared(real, present, change)
        except FileNotEdited as error:
            if left_out is None:
                raise
            left_out.append(str(error))
            continue
        if writing is not None:
            writings.append(writing)
    return sorted(writings, key=_turn)


def _turn(writing: Writing) -> tuple[bool, int, str]:
    folder = writing.name.split("/", 1)[0]
    place = FOLDERS.index(folder)
    removed = writing.content is None
    return removed, -place if removed else place, writing.name


def _prepared(root: Path, present: dict[str, RegistryFile], change: FileEdit) -> Writing | None:
    record = change.new or change.old
    if record is None:
        return None
    name = name_of(record)
    file = present.get(name)
    path = Path(file.location) if file else root / name
    if change.new is None:
        return _removal(change, name, file) if file else None
    if file is None:
        if change.old is not None:
            raise RegistryNotWritten(f"{name} is gone since it was read: run the same again")
        _refuse_links(root, path)
        content = new_file(change.new).encode("utf-8")
        _require(content, change.new, name)
        return Writing(name, path, content)
    if change.old is None:
        raise RegistryNotWritten(f"{name} has come since the registry was read: run the same again")
    raw = _present(file, change.old, name)
    try:
        edits = edits_between(change.old, change.new)
        content = edit(raw.decode("utf-8"), edits, ORDER[type(change.new)]).encode("utf-8")
    except (KeyError, IndexError, UnicodeDecodeError) as error:
        raise FileNotEdited(f"cannot edit {name} at {error}: edit it by hand, then run again") from None
    if content == raw:
        return None
    _require(content, change.new, name)
    return Writing(name, path, content, raw)


def _removal(change: FileEdit, name: str, file: RegistryFile) -> Writing:
    if change.old is None:
        raise RegistryNotWritten(f"{name} has come since the registry was read: run the same again")
    return Writing(name, Path(file.location), None, _present(file, change.old, name))


def _present(file: RegistryFile, old: AnyRecord, name: str) -> bytes:
    """The bytes of a file that still says what it said when the registry was read."""
    try:
        raw = read(file)
    except OSError as error:
        raise RegistryNotWritten(f"cannot read {name}: {error}") from None
    if _fault(raw, old) is not None:
        raise RegistryNotWritten(f"{name} has been changed since the registry was read: run the same again")
    return raw


def _require(content: bytes, record: AnyRecord, name: str) -> None:
    """Whether ``content`` says what ``record`` says, and nothing else."""
    fault = _fault(content, record)
    if fault is not None:
        raise FileNotEdited(
            f"{name} would not say what it should after the edit{visible(fault)}: edit it by hand"
        )


def _fault(content: bytes, record: AnyRecord) -> str | None:
    """None where ``content`` says what ``record`` says, else what is wrong with it, which may be nothing."""
    document = parse(content)
    faults = [placed.fault for placed in document.faults]
    if not faults and type(document.data) is dict:
        faults = normalise(document.data).faults
        reading = read_record(document.data, type(record), careful=document.trailing_newline)
        faults = [*faults, *reading.faults]
        if not faults and _as_filed(reading.record, record) == record:
            return None
    return f": {faults[0].found}, expected {faults[0].expected}" if faults else ""


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
    """Write each file, and yield it when it is done.

    Raises ``RegistryNotWritten``, also where a file is no longer what it was when this was prepared: whoever
    edits the registry at the same time loses nothing.
    """
    for writing in writings:
        try:
            if _bytes_of(writing.path) != writing.before:
                raise RegistryNotWritten(
                    f"{writing.path} was changed by somebody else a moment ago; what came before it is "
                    "written, and running the same again goes on from here"
                )
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


def _bytes_of(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def remove_leftovers(root: Path) -> int:
    """Remove what a run that was killed halfway has left in ``root``, and say how many files that were."""
    count = 0
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob(".*.tmp")):
            if _LEFTOVER.fullmatch(path.name) and path.is_file() and not path.is_symlink():
                with suppress(OSError):  # in a folder that is not ours to write, it stays and does no harm
                    path.unlink(missing_ok=True)
                    count += 1
    return count


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
