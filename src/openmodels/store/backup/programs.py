"""PostgreSQL's programs: where they are, how new, and running them."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from openmodels.errors import StoreError

PART = 1 << 20
"""How much of a script is passed on at a time."""
INSTALL = (
    "install PostgreSQL's client programs (Debian: postgresql-client-{version}; they must not be older than "
    "the server), or name the folder that has them with --pg-bin"
)


class Programs:
    """PostgreSQL's programs, in one folder or in PATH."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """Where one of them is. Raises ``StoreError``, which says what to install."""
        found = shutil.which(name, path=None if self._folder is None else str(self._folder))
        if found is None:
            where = "PATH" if self._folder is None else self._folder
            raise StoreError(f"{name} is not in {where}; {INSTALL.format(version='18')}")
        return Path(found).absolute()

    def require_as_new(self, name: str, server: int) -> None:
        """Raises ``StoreError`` when the program is of an older major version than the server's."""
        said = run([str(self.path(name)), "--version"], {}, what=f"{name} cannot be run")
        version = re.search(r"\) (\d+)", said)
        if version is not None and int(version[1]) < server:
            raise StoreError(
                f"{self.path(name)} is of PostgreSQL {version[1]}, and the server of {server}, which it "
                f"cannot dump; {INSTALL.format(version=server)}"
            )


def run(command: Sequence[str], environ: Mapping[str, str], *, what: str) -> str:
    """What a program writes. Raises ``StoreError``, beginning with ``what``, when it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - a program that its user named, and our own arguments
            command,
            env=_environment(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise StoreError(f"{what}: {command[0]} cannot be run ({error.strerror})") from None
    if done.returncode != 0:
        raise _failed(what, command[0], done.stderr, environ)
    return done.stdout


def feed(
    source: Sequence[str],
    target: Sequence[str],
    environ: Mapping[str, str],
    *,
    before: bytes,
    after: bytes,
    what: str,
) -> None:
    """Pass what ``source`` writes to ``target``, between two texts; the second only when all went well.

    Raises ``StoreError``, beginning with ``what``, when either fails.
    """
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as refusals:
        with (
            _started(
                source, environ, what, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
            ) as one,
            _started(
                target, environ, what, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=refusals
            ) as other,
        ):
            assert one.stdout is not None  # noqa: S101 - both are pipes
            assert other.stdin is not None  # noqa: S101
            taken = _passed_on(one.stdout, other.stdin, before)
            one.stdout.close()
            if one.wait() == 0 and taken:
                taken = _write(other.stdin, after)
            # Without the second text, the end of its input has the target give up what it did.
            _close(other.stdin)
            other.wait()
        if other.returncode != 0:
            raise _failed(what, target[0], _text(refusals), environ)
        if one.returncode != 0 or not taken:
            raise _failed(what, source[0], _text(errors), environ)


def _started(
    command: Sequence[str], environ: Mapping[str, str], what: str, **streams: object
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, env=_environment(environ), **streams)  # type: ignore[call-overload,no-any-return]  # noqa: S603
    except OSError as error:
        raise StoreError(f"{what}: {command[0]} cannot be run ({error.strerror})") from None


def _passed_on(source: IO[bytes], target: IO[bytes], before: bytes) -> bool:
    """Whether the target took everything."""
    if not _write(target, before):
        return False
    while part := source.read(PART):
        if not _write(target, part):
            return False
    return True


def _write(target: IO[bytes], part: bytes) -> bool:
    try:
        target.write(part)
        target.flush()
    except BrokenPipeError:
        return False
    return True


def _close(target: IO[bytes]) -> None:
    with suppress(BrokenPipeError):
        target.close()


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="replace")


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these; what it has for libpq holds for these programs as for itself."""
    return {**os.environ, "LC_ALL": "C", **environ}


def _failed(what: str, program: str, said: str, environ: Mapping[str, str]) -> StoreError:
    """The first line in which a program says what went wrong; the rest follows from it."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    line = next(
        (line for line in lines if "error" in line.lower() or "fatal" in line.lower()), (lines or [""])[0]
    )
    password = environ.get("PGPASSWORD")
    if password:
        line = line.replace(password, "***")
    return StoreError(f"{what}: {line[:300] or Path(program).name + ' failed'}")
