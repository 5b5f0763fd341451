"""What the measurements ran on, said without naming the machine; and which core does what."""

import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct

NEEDED = {"wrk": "wrk", "taskset": "util-linux", "nginx": "nginx"}
"""Programs, and the Debian package that each comes in."""


class Cores(Struct, frozen=True):
    """Prefixes of commands that pin the servers to one core, and the load to another."""

    pin_server: tuple[str, ...]
    pin_client: tuple[str, ...]


class Machine(Struct, frozen=True):
    """The machine's kind and the versions of what was measured."""

    cpu: str
    cores: int
    memory_gb: int
    system: str
    pinned: bool
    """Whether servers and load had a core each."""
    versions: dict[str, str]


def choose_cores() -> Cores:
    """The first two cores that we may use; no pinning where there is one, or no ``taskset``."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2 or not shutil.which("taskset"):
        return Cores((), ())
    return Cores(("taskset", "-c", str(allowed[0])), ("taskset", "-c", str(allowed[1])))


def missing_programs() -> list[str]:
    """A sentence for each program that is not there, saying what to install."""
    return [
        f"{program} is not on PATH: on Debian and Ubuntu, apt-get install {package}"
        for program, package in NEEDED.items()
        if not shutil.which(program)
    ]


def describe(cores: Cores, bench_python: Path | None) -> Machine:
    """This machine, and the versions installed."""
    cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return Machine(
        cpu=cpu[1] if cpu else platform.machine(),
        cores=os.cpu_count() or 1,
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        system=f"{platform.system()} {platform.machine()}",
        pinned=bool(cores.pin_server),
        versions=_versions(bench_python),
    )


def _versions(bench_python: Path | None) -> dict[str, str]:
    versions = {"python": platform.python_version()}
    versions |= {name: version(name) for name in ("openmodels", "granian", "litestar", "msgspec", "uvloop")}
    if bench_python is not None:
        names = ("datasette", "fastapi", "pydantic", "sqlalchemy", "aiosqlite", "uvicorn")
        code = f"from importlib.metadata import version\nfor n in {names!r}: print(n, version(n))"
        lines = _output([str(bench_python), "-c", code]).splitlines()
        versions |= dict(line.split() for line in lines)
    if shutil.which("nginx"):
        versions["nginx"] = _output(["nginx", "-v"]).rpartition("/")[2].split()[0]
    if shutil.which("wrk"):
        versions["wrk"] = _output(["wrk", "-v"]).split()[1].removeprefix("debian/")
    return versions


def _output(command: list[str]) -> str:
    # wrk -v exits 1, and nginx -v writes to standard error.
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout + done.stderr
