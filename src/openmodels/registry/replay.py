"""A registry's own git log, as the revisions that a history begins with.

Each commit that touched the registry's folder is read as the folder would be: by the same rules, of files and
of all of them together. A file that one commit has as the one before it is not read again.
"""

import asyncio
import os
import posixpath
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from openmodels.clock import Clock
from openmodels.domain.checks import check
from openmodels.domain.entries import Catalogue, Kind
from openmodels.domain.faults import visible
from openmodels.domain.records import Registry
from openmodels.errors import RegistryUnreadable
from openmodels.registry.desk import Desk
from openmodels.registry.files import FOLDERS, SUFFIX, VENDORS, RegistryFile
from openmodels.registry.git import (
    FILE_MODES,
    FOLDER_MODES,
    LINK_MODE,
    MAX_COMMITS,
    PATIENCE,
    Commit,
    Folder,
    Objects,
    TreeEntry,
    commits_of,
    find_folder,
    opened,
)
from openmodels.registry.issues import START, issue_of
from openmodels.registry.load import Progress, registry_of
from openmodels.registry.yaml import MAX_BYTES
from openmodels.store.history_ports import HistoryStore, Replay, Replayed

MAX_LINK = 4096
"""Bytes of the longest path that a link may hold."""

_KINDS: dict[str, Kind] = {"models": "models", "providers": "providers", "mappings": "offerings"}


class Log(Struct, frozen=True, kw_only=True):
    """What a log holds of the time before the history's beginning."""

    revisions: list[Replayed]
    """Oldest first."""
    skipped: int
    """Commits that do not hold a valid registry."""
    reason: str | None
    """What is wrong with the first of those."""
    shallow: bool
    """Whether the clone has only the newest part of the log."""
    cut: bool
    """Whether there are more commits than are read."""


class Told(Struct, frozen=True, kw_only=True):
    """What a replay did."""

    log: Log
    added: Replay


async def replay(
    path: Path, history: HistoryStore, clock: Clock, *, progress: Progress | None = None
) -> Told:
    """Put the log of the registry in ``path`` before the beginning of the history.

    Raises ``RegistryUnreadable``, which says what to type, when the folder has no log that can be read.
    """
    beginning = await history.beginning()
    before = beginning.published_at if beginning else clock.now()
    log = await asyncio.to_thread(read_log, path, before=before, now=clock.now(), progress=progress)
    return Told(log=log, added=await history.replay(log.revisions))


def summary(told: Told) -> list[str]:
    """What a replay did, in words."""
    log, added = told.log, told.added
    revisions, changes = _count(added.revisions, "revision"), _count(added.changes, "change")
    lines = [f"replayed from git: {revisions}, {changes}"]
    if log.skipped:
        commits = _count(log.skipped, "commit")
        lines.append(f"skipped {commits} without a valid registry; the first: {log.reason}")
    if log.shallow:
        lines.append("this clone is shallow: after `git fetch --unshallow`, run it again for what is older")
    if log.cut:
        lines.append(f"the log is longer than {MAX_COMMITS:,} commits: the older ones are left out")
    return lines


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def read_log(
    path: Path,
    *,
    before: datetime,
    now: datetime,
    progress: Progress | None = None,
    patience: float = PATIENCE,
) -> Log:
    """The registries that the log of ``path`` holds, of commits older than ``before``.

    ``now`` is what no commit can be later than, ``patience`` the seconds that git may take for one answer.
    Raises ``RegistryUnreadable`` when the folder has no log that can be read.
    """
    folder = find_folder(path, patience=patience)
    commits = commits_of(folder, patience=patience)
    dated = [(commit, at) for commit, at in _dated(commits[-MAX_COMMITS:], now) if at < before]
    revisions: list[Replayed] = []
    reasons: list[str] = []
    with opened(folder, patience=patience) as objects:
        reader = _Reader(folder, objects)
        for count, (commit, at) in enumerate(dated, start=1):
            try:
                revisions.append(Replayed(at=at, registry=reader.registry(commit)))
            except (EOFError, OSError):
                raise RegistryUnreadable(
                    f"git ended while it read the commit {commit.id[:12]}; `git fsck` says what is wrong "
                    "with the repository"
                ) from None
            except (_Invalid, ValueError) as error:
                reasons.append(f"{commit.id[:12]}: {visible(str(error))}")
            if progress is not None:
                progress(count, len(dated))
    return Log(
        revisions=revisions,
        skipped=len(reasons),
        reason=reasons[0] if reasons else None,
        shallow=folder.shallow,
        cut=len(commits) > MAX_COMMITS,
    )


def _dated(commits: Sequence[Commit], now: datetime) -> Iterator[tuple[Commit, datetime]]:
    """The commits with times that never go backwards.

    A commit from the future, or older than the one before it, has the time of that one: clocks are wrong at
    times, and the log's order is not. What comes later in a log moves nothing that is before it, so that a
    log that has grown is replayed as it was.
    """
    last: datetime | None = None
    for commit in commits:
        at = commit.at
        if at is None or at > now:
            at = last
        elif last is not None:
            at = max(at, last)
        if at is not None:
            yield commit, at
        last = at


class _Invalid(Exception):
    """A commit holds no valid registry; says why."""


class _Part(NamedTuple):
    """What one file came to."""

    catalogue: Catalogue
    issue: str | None
    """The first thing that is wrong with it."""


class _Blob(NamedTuple):
    """A file as a commit has it."""

    file: RegistryFile
    id: str


class _Reader:
    """Reads the registry of one commit after the other; keeps what the last one had."""

    def __init__(self, folder: Folder, objects: Objects) -> None:
        self._root = folder.prefix.rstrip("/")
        self._objects = objects
        self._trees: dict[str, list[TreeEntry]] = {}
        self._parts: dict[tuple[str, str], _Part] = {}

    def registry(self, commit: Commit) -> Registry:
        """The registry of a commit. Raises ``_Invalid``, or ``ValueError``, when it has none."""
        listing = _Listing(f"{commit.id}:{self._root}", self._objects, self._trees)
        parts = {(blob.id, blob.file.name): self._part(blob) for blob in listing.blobs()}
        self._trees, self._parts = listing.seen, parts
        for part in parts.values():
            if part.issue is not None:
                raise _Invalid(part.issue)
        catalogue = _together([part.catalogue for part in parts.values()])
        for finding in check(catalogue):
            issue = issue_of(finding.origin, finding.fault, START)
            raise _Invalid(f"{issue.file}: {issue.message}")
        return registry_of(catalogue)

    def _part(self, blob: _Blob) -> _Part:
        key = (blob.id, blob.file.name)
        if (known := self._parts.get(key)) is not None:
            return known
        raw = self._objects.blob(blob.id, MAX_BYTES + 1)
        if raw is None:
            raise _Invalid(f"{blob.file.name}: the clone does not have it")
        desk = Desk(reader=lambda _file: raw)
        desk.take(blob.file)
        issues = desk.issues()
        first = f"{issues[0].file}:{issues[0].line}: {issues[0].message}" if issues else None
        return _Part(desk.catalogue(), first)


def _together(catalogues: Sequence[Catalogue]) -> Catalogue:
    return Catalogue(
        models=[entry for part in catalogues for entry in part.models],
        providers=[entry for part in catalogues for entry in part.providers],
        offerings=[entry for part in catalogues for entry in part.offerings],
        vendors=[entry for part in catalogues for entry in part.vendors],
        vendors_known=any(part.vendors_known for part in catalogues),
    )


class _Listing:
    """The files of one commit, by the rules of ``files.list_files``; the first that breaks one ends it."""

    def __init__(self, root: str, objects: Objects, known: dict[str, list[TreeEntry]]) -> None:
        self._root = root
        self._objects = objects
        self._known = known
        self.seen: dict[str, list[TreeEntry]] = {}

    def blobs(self) -> list[_Blob]:
        """All files. Raises ``_Invalid``, ``ValueError`` or ``EOFError``."""
        found = self._objects.tree(self._root)
        if found is None:
            raise _Invalid("the registry's folder is not in it")
        entries = {entry.name: entry for entry in found[1]}
        if not entries.keys() & set(FOLDERS):
            raise _Invalid("it has no models/, providers/ or mappings/ folder")
        blobs: list[_Blob] = []
        for name, kind in _KINDS.items():
            if name in entries:
                blobs += self._folder(entries[name], name, kind)
        if VENDORS in entries:
            blobs.append(self._blob(entries[VENDORS], VENDORS, "vendors"))
        return sorted(blobs, key=lambda blob: blob.file.name)

    def _folder(self, folder: TreeEntry, path: str, kind: Kind, owner: str = "") -> Iterator[_Blob]:
        if folder.mode not in FOLDER_MODES:
            raise _Invalid(f"{visible(path)}: no folder")
        for entry in self._entries(folder.id):
            if entry.name.startswith("."):
                continue
            name = f"{path}/{entry.name}"
            if path == "mappings":
                yield from self._folder(entry, name, kind, entry.name)
            else:
                yield self._blob(entry, name, kind, owner)

    def _entries(self, oid: str) -> list[TreeEntry]:
        entries = self._known.get(oid)
        if entries is None:
            found = self._objects.tree(oid)
            if found is None:
                raise _Invalid("the clone does not have all of it")
            entries = found[1]
        self.seen[oid] = entries
        return entries

    def _blob(self, entry: TreeEntry, name: str, kind: Kind, owner: str = "") -> _Blob:
        oid: str | None = entry.id
        if entry.mode == LINK_MODE:
            oid = self._linked(entry, name)
        elif entry.mode not in FILE_MODES:
            oid = None
        if oid is None:
            raise _Invalid(f"{visible(name)}: no file")
        if not name.endswith(SUFFIX):
            raise _Invalid(f"{visible(name)}: its name does not end in {SUFFIX}")
        key = entry.name.removesuffix(SUFFIX)
        return _Blob(RegistryFile(kind=kind, name=visible(name), location="", key=key, folder=owner), oid)

    def _linked(self, entry: TreeEntry, name: str) -> str | None:
        """The id of the file that a link leads to, where that is a file of the registry and no other link."""
        target = self._objects.blob(entry.id, MAX_LINK) or b""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), os.fsdecode(target)))
        *folders, last = path.split("/")
        found = self._objects.tree(self._root)
        for part in folders:
            inner = {e.name: e for e in found[1]}.get(part) if found else None
            found = self._objects.tree(inner.id) if inner and inner.mode in FOLDER_MODES else None
        named = [e.id for e in (found[1] if found else ()) if e.name == last and e.mode in FILE_MODES]
        return named[0] if named else None
