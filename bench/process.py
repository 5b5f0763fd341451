"""Servers as processes of ours: started on a free port, measured from /proc, and stopped in any case."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")
READY_SECONDS = 60.0
STOP_SECONDS = 8.0


class Server:
    """One server, running."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port
        self.base = f"http://127.0.0.1:{port}"

    def cpu_seconds(self) -> float:
        """CPU time of the whole process tree so far, user and system."""
        return sum(_ticks(pid) for pid in tree(self.process.pid)) / TICKS

    def rss_mb(self) -> float:
        """Resident memory of the whole process tree."""
        return sum(_status_kb(pid, "VmRSS") for pid in tree(self.process.pid)) / 1024

    def peak_mb(self) -> float:
        """The most resident memory that each process of the tree ever had, summed."""
        return sum(_status_kb(pid, "VmHWM") for pid in tree(self.process.pid)) / 1024


def tree(root: int) -> list[int]:
    """A process, and all that come from it."""
    children = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                children[int(_stat_fields(int(folder.name))[1])].append(int(folder.name))
    found, waiting = [], [root]
    while waiting:
        found.append(pid := waiting.pop())
        waiting += children[pid]
    return found


def cpu_seconds_ever(root: int) -> float:
    """CPU time of a process tree so far, with that of the processes which have ended in it."""
    ticks = 0
    for pid in tree(root):
        with contextlib.suppress(OSError):  # one that ends just now is in its parent's figure next time
            ticks += sum(int(field) for field in _stat_fields(pid)[11:15])
    return ticks / TICKS


def _stat_fields(pid: int) -> list[str]:
    # After the command's name, which is in parentheses and may hold anything.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _ticks(pid: int) -> int:
    fields = _stat_fields(pid)
    return int(fields[11]) + int(fields[12])


def _status_kb(pid: int, key: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key + ":"))


def machine_cpu_seconds() -> float:
    """CPU time that all programs on this machine used since it started; stolen time too."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq + steal) / TICKS


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Got(NamedTuple):
    """One answer."""

    status: int
    body: bytes
    headers: list[tuple[str, str]]


def get(port: int, path: str) -> Got:
    """Ask once."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return Got(answer.status, answer.read(), answer.getheaders())
    finally:
        connection.close()


@contextlib.contextmanager
def running(
    command: Sequence[str],
    *,
    port: int,
    ready: str,
    log: Path,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[Server]:
    """The server that ``command`` starts, from its first answer to ``ready`` until the block ends."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environ or {})},
            cwd=cwd,
            start_new_session=True,
        )
    try:
        _await_answer(process, port, ready, log)
        yield Server(process, port)
    finally:
        _stop(process)


def _await_answer(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError, http.client.HTTPException):
            if get(port, path).status == 200:
                return
        time.sleep(0.005)
    raise RuntimeError(f"a server did not answer {path}:\n{log.read_text(errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    # The process leads a group of its own: its workers end with it, whatever state they are in.
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
            break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
