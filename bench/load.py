"""Load from ``wrk``: one round against one URL, or over a file of URLs that are never asked for twice."""

import json
import subprocess
from pathlib import Path

from msgspec import Struct

from bench.machine import Cores

HERE = Path(__file__).parent
CONNECTIONS = 64


class Round(Struct, frozen=True):
    """What one run of wrk saw."""

    requests: int
    seconds: float
    bad_status: int
    """Answers that were not 2xx or 3xx."""
    socket_errors: int
    p50_us: float
    p99_us: float
    max_us: float

    @property
    def per_second(self) -> float:
        """Requests answered in a second."""
        return self.requests / self.seconds


def hit(url: str, *, seconds: int, cores: Cores, connections: int = CONNECTIONS) -> Round:
    """Ask for one URL as fast as it is answered."""
    return _wrk([url, "-s", str(HERE / "lua/report.lua")], seconds, connections, cores)


def hit_all(
    base: str, paths: Path, first: int, *, seconds: int, cores: Cores, connections: int = CONNECTIONS
) -> Round:
    """Ask for the paths in a file, one after the other, each with a number that makes it new."""
    script = ["-s", str(HERE / "lua/queries.lua"), base, "--", str(paths), str(first)]
    return _wrk(script, seconds, connections, cores)


def hit_as(
    url: str, clients: int, first: int, *, seconds: int, cores: Cores, connections: int = CONNECTIONS
) -> Round:
    """Ask for one URL as so many clients in turn; ``first`` is the number of the first one's address.

    The server must trust this machine as a proxy.
    """
    script = ["-s", str(HERE / "lua/clients.lua"), url, "--", str(clients), str(first)]
    return _wrk(script, seconds, connections, cores)


def _wrk(arguments: list[str], seconds: int, connections: int, cores: Cores) -> Round:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *arguments]
    done = subprocess.run(
        [*cores.pin_client, *command], capture_output=True, text=True, timeout=seconds + 20, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stdout}{done.stderr}")
    line = next(line for line in done.stdout.splitlines() if line.startswith("{"))
    return Round(**json.loads(line))
