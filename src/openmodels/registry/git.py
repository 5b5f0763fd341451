"""Reads a folder's history out of the git repository that it lies in, through the ``git`` program.

A repository may come from anybody, and its own configuration can name programs: for hooks, pagers, monitors,
filters, signatures, transports. Only plumbing that reads objects is used, with all of those turned off, and
nothing is fetched for a clone that lacks objects.
"""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple

from msgspec import Struct

from openmodels.domain.faults import visible
from openmodels.errors import RegistryUnreadable

MAX_COMMITS = 5_000
"""How many commits of a log are read, the newest: each becomes a registry in memory."""
MAX_TREE = 64 * 1024 * 1024
"""Bytes of the longest list of files that is read; a hundred thousand files need some six million."""
PATIENCE = 60.0
"""Seconds that git may take for one answer: the list of commits, or an object."""
FOLDER_MODES, LINK_MODE, FILE_MODES = (
    frozenset({"40000"}),
    "120000",
    frozenset({"100644", "100755", "100664"}),
)
"""What git calls folders, links and files (https://git-scm.com/docs/git-fast-import, "filemodify")."""

_PASSED_ON = ("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "SYSTEMROOT", "USERPROFILE")
_ENVIRON = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    # Grafts, too, would give commits other parents than they have.
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    # No transport has this name, so a version that does not know the line above fetches nothing either.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_PAGER": "cat",
}
_OPTIONS = (
    "--no-pager",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "protocol.allow=never",
    "-c",
    "log.showSignature=false",
)


class Folder(Struct, frozen=True, kw_only=True):
    """A folder in a repository."""

    path: Path
    """The folder as it was named, for messages."""
    program: str
    """The ``git`` that reads it."""
    top: str
    """The repository's own folder."""
    prefix: str
    """Where in the repository the folder is: empty, or with a slash at the end."""
    shallow: bool
    """Whether the clone has only the newest part of the log."""


class Commit(NamedTuple):
    """A commit that touched the folder."""

    id: str
    at: datetime | None
    """When it was committed, as whoever committed says; None for a time that no calendar has."""


class TreeEntry(NamedTuple):
    """What one name in a folder stands for."""

    mode: str
    name: str
    """As the file system has it; bytes that are no text are escaped as Python does for paths."""
    id: str


def find_folder(path: Path, *, patience: float = PATIENCE) -> Folder:
    """Where a folder lies in its repository. Raises ``RegistryUnreadable`` when it lies in none.

    ``patience`` is in seconds, here and below.
    """
    program = shutil.which("git")
    if program is None:
        raise RegistryUnreadable(
            "--replay-git needs the program git, which is not installed; install it, or publish without "
            "--replay-git"
        )
    asked = ("--is-inside-work-tree", "--is-shallow-repository", "--show-toplevel", "--show-prefix")
    said = _run([program, "-C", str(path), "rev-parse", *asked], path, patience).split("\n")
    if len(said) != len(asked) + 1 or said[0] != "true":
        raise RegistryUnreadable(
            _advice(path, "its name, or where it lies, is more than git can be asked about")
        )
    return Folder(path=path, program=program, top=said[2], prefix=said[3], shallow=said[1] == "true")


def commits_of(folder: Folder, *, patience: float = PATIENCE) -> list[Commit]:
    """The commits that touched the folder, oldest first: of merges the side that they were merged into.

    At most ``MAX_COMMITS`` + 1, the newest. Raises ``RegistryUnreadable``.
    """
    last = [
        "rev-list",
        "--first-parent",
        "--reverse",
        "--timestamp",
        f"--max-count={MAX_COMMITS + 1}",
        "HEAD",
    ]
    # "." for the repository's own folder: an empty name would be no folder at all.
    where = [folder.program, "-C", folder.top, *last, "--", folder.prefix or "."]
    lines = _run(where, folder.path, patience).splitlines()
    if not lines:
        raise RegistryUnreadable(_advice(folder.path, "nothing in it was ever committed"))
    return [_commit(line) for line in lines]


class Objects:
    """A repository's objects, each read when it is asked for."""

    def __init__(
        self, asking: IO[bytes], answers: IO[bytes], give_up: Callable[[], None], patience: float
    ) -> None:
        self._asking = asking
        self._answers = answers
        self._give_up = give_up
        self._patience = patience

    def tree(self, name: str) -> tuple[str, list[TreeEntry]] | None:
        """The id and the entries of a folder, by its id or as ``commit:path``; None when there is none.

        Raises ``ValueError`` for one that is absurdly long, ``EOFError`` when git gave up.
        """
        found = self._read(name, MAX_TREE)
        if found is None or found[1] != "tree":
            return None
        oid, _, size, data = found
        if size > MAX_TREE:
            raise ValueError("a folder of it has too many files")
        return oid, list(_entries(data, len(oid) // 2))

    def blob(self, oid: str, limit: int) -> bytes | None:
        """The first ``limit`` bytes of a file; None when it is not there. Raises ``EOFError``."""
        found = self._read(oid, limit)
        return found[3] if found is not None and found[1] == "blob" else None

    def _read(self, name: str, limit: int) -> tuple[str, str, int, bytes] | None:
        """An object's id, kind, size and beginning."""
        # Of an object that is damaged, git may give less than it announced, and then waits for a question.
        waiting = threading.Timer(self._patience, self._give_up)
        waiting.daemon = True
        waiting.start()
        try:
            return self._answer(name, limit)
        finally:
            waiting.cancel()

    def _answer(self, name: str, limit: int) -> tuple[str, str, int, bytes] | None:
        self._asking.write(os.fsencode(name) + b"\n")
        self._asking.flush()
        header = self._answers.readline()
        if not header.endswith(b"\n"):
            raise EOFError("git ended")
        words = header.split()
        if len(words) != 3 or not words[2].isdigit():
            # "missing", "ambiguous" and the like; what was asked for comes first, and may have spaces.
            return None
        size = int(words[2])
        data = self._answers.read(min(size, limit))
        left = size - len(data) + 1
        while left:
            passed = self._answers.read(min(left, 1 << 20))
            if not passed:
                raise EOFError("git ended")
            left -= len(passed)
        return words[0].decode(), words[1].decode(), size, data


@contextmanager
def opened(folder: Folder, *, patience: float = PATIENCE) -> Iterator[Objects]:
    """The objects of the repository that the folder lies in; ``patience`` is in seconds, for each."""
    process = subprocess.Popen(  # noqa: S603 - the program that was found, and options of ours
        [folder.program, *_OPTIONS, "-C", folder.top, "cat-file", "--batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environ(),
    )
    assert process.stdin is not None  # noqa: S101 - as asked for above
    assert process.stdout is not None  # noqa: S101
    try:
        yield Objects(process.stdin, process.stdout, process.kill, patience)
    finally:
        with suppress(OSError):
            process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait()


def _run(command: Sequence[str], path: Path, patience: float) -> str:
    """What git prints. Raises ``RegistryUnreadable`` with what it says when it refuses, or takes too long."""
    program, *arguments = command
    try:
        done = subprocess.run(  # noqa: S603 - as above
            [program, *_OPTIONS, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env=_environ(),
            timeout=patience,
        )
    except subprocess.TimeoutExpired:
        what = (
            f"git did not answer within {patience:g} seconds; its configuration, or .git/objects/info/"
            "alternates, may lead to a file that never ends"
        )
        raise RegistryUnreadable(_advice(path, what)) from None
    except (OSError, ValueError) as error:
        raise RegistryUnreadable(_advice(path, visible(str(error)))) from None
    if done.returncode:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise RegistryUnreadable(_advice(path, f"git says: {visible(said)[:500]}"))
    return os.fsdecode(done.stdout)


def _environ() -> dict[str, str]:
    # Not the whole environment: GIT_DIR, for one, would lead to another repository.
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | _ENVIRON


def _advice(path: Path, what: str) -> str:
    return (
        f"cannot replay the log of {visible(str(path))}: {what}; name a registry in a clone of its "
        "git repository, as in `openmodels publish --replay-git path/to/registry`, or publish without "
        "--replay-git"
    )


def _commit(line: str) -> Commit:
    seconds, _, oid = line.partition(" ")
    try:
        return Commit(oid, datetime.fromtimestamp(int(seconds), UTC))
    except (ValueError, OverflowError, OSError):
        return Commit(oid, None)


def _entries(data: bytes, id_bytes: int) -> Iterator[TreeEntry]:
    """The entries of a tree object: mode, space, name, NUL, the id's bytes; and so on."""
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        oid = data[end + 1 : end + 1 + id_bytes]
        yield TreeEntry(
            data[at:space].decode("ascii", "replace"), os.fsdecode(data[space + 1 : end]), oid.hex()
        )
        at = end + 1 + id_bytes
