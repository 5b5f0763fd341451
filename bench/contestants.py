"""Who is compared, and how each is started."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from bench.machine import Cores
from bench.process import Server, free_port, running

ROOT = Path(__file__).parent.parent
ONE, LIST = "/api/models/deepseek-v3", "/api/models?limit=20"
FILES = {"one": "/one.json", "list": "/list.json"}
HIGH_LIMIT = "1000000"
"""The highest rate limit there is: the limit counts, and no round reaches it."""

NGINX = """\
daemon off; worker_processes 1; pid nginx.pid; error_log stderr error;
events {{ worker_connections 1024; }}
http {{
  access_log off; default_type application/json; sendfile on; tcp_nopush on;
  keepalive_requests 100000000; open_file_cache max=100; open_file_cache_valid 600s;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server {{ listen 127.0.0.1:{port}; root bodies; }}
}}
"""


class Contestant(Struct, frozen=True, eq=False):
    """One server in the comparison."""

    name: str
    title: str
    """What it is, for the report."""
    paths: Mapping[str, str]
    """By name of the case: the path that answers it."""
    same_bytes: bool
    """Whether its bodies are to be those of openmodels, byte for byte."""


NGINX_FILE = Contestant("nginx", "nginx, static file", FILES, True)
BARE_CLI = Contestant("bare-cli", "Granian, bare ASGI app, as its command line runs it", FILES, True)
BARE_EMBEDDED = Contestant("bare-embedded", "Granian, bare ASGI app, embedded", FILES, True)
BARE_HEADERS = Contestant("bare-headers", "the same, sending openmodels' headers as constants", FILES, True)
OPENMODELS = Contestant("openmodels", "openmodels, the whole contract", {"one": ONE, "list": LIST}, True)
DATASETTE = Contestant(
    "datasette",
    "Datasette, immutable, facets off",
    {
        "one": "/models/models/deepseek-v3.json",
        "list": "/models/models.json?_shape=array&_size=20&_sort_desc=release_date",
    },
    False,
)
PLAIN = Contestant(
    "fastapi", "FastAPI, Pydantic, SQLAlchemy, aiosqlite on uvicorn", {"one": ONE, "list": LIST}, True
)

OTHERS = (NGINX_FILE, BARE_CLI, BARE_EMBEDDED, BARE_HEADERS, DATASETTE, PLAIN)


class Place(Struct, frozen=True):
    """Where a contestant finds what it needs."""

    work: Path
    """A temporary folder that anybody may read."""
    cores: Cores
    peers: Path | None
    """Python of the environment that holds Datasette and FastAPI; None to leave them out."""

    @property
    def database(self) -> Path:
        """The rows for Datasette and the plain application."""
        return self.work / "models.db"

    @property
    def headers(self) -> Path:
        """The headers of openmodels' answer, as a JSON list of pairs."""
        return self.work / "headers.json"

    @property
    def bodies(self) -> Path:
        """The files for nginx and the bare application."""
        return self.work / "bodies"


def program(name: str) -> str:
    """A program of the environment that runs the bench."""
    return str(Path(sys.executable).parent / name)


@contextmanager
def openmodels(
    place: Place, data: Path, *flags: str, log: str = "openmodels", **environ: str
) -> Iterator[Server]:
    """``openmodels serve``, as users run it, from a data folder; ``{port}`` in a setting is its port."""
    port = free_port()
    settings = {
        "PORT": str(port),
        "OPENMODELS_DATA_DIR": str(data),
        "OPENMODELS_REGISTRY": str(ROOT / "registry"),
        # Only what answers requests is measured, and nobody outside this machine is asked.
        "OPENMODELS_PROBER": "off",
        **{f"OPENMODELS_{name.upper()}": value.format(port=port) for name, value in environ.items()},
    }
    command = [*place.cores.pin_server, program("openmodels"), "serve", *flags]
    log_file = place.work / f"{log}.log"
    with running(
        command, port=port, ready="/api/models?limit=1", log=log_file, environ=settings, cwd=place.work
    ) as server:
        yield server


@contextmanager
def start(contestant: Contestant, place: Place) -> Iterator[Server]:
    """Any contestant but openmodels."""
    port = free_port()
    command, environ = _command(contestant, place, port)
    with running(
        [*place.cores.pin_server, *command],
        port=port,
        ready=contestant.paths["one"],
        log=place.work / f"{contestant.name}.log",
        environ={**environ, "PYTHONPATH": str(ROOT)},
        cwd=place.work,
    ) as server:
        yield server


def _command(contestant: Contestant, place: Place, port: int) -> tuple[list[str], dict[str, str]]:
    peers = str(place.peers)
    bodies = {"BENCH_BODIES": str(place.bodies)}
    if contestant is NGINX_FILE:
        conf = place.work / "nginx.conf"
        conf.write_text(("user root; " if os.geteuid() == 0 else "") + NGINX.format(port=port))
        return [shutil.which("nginx") or "nginx", "-p", str(place.work), "-c", str(conf), "-e", "stderr"], {}
    if contestant is BARE_CLI:
        flags = ["--interface", "asginl", "--loop", "uvloop", "--workers", "1", "--port", str(port)]
        return [program("granian"), *flags, "--log-level", "warning", "bench.apps.bare:app"], bodies
    if contestant in {BARE_EMBEDDED, BARE_HEADERS}:
        headers = {"BENCH_HEADERS": str(place.headers)} if contestant is BARE_HEADERS else {}
        return [sys.executable, "-m", "bench.apps.bare", str(port)], bodies | headers
    if contestant is DATASETTE:
        flags = ["-i", str(place.database), "--port", str(port), "--setting", "suggest_facets", "off"]
        return [peers, "-m", "datasette", *flags], {}
    flags = ["bench.apps.plain:app", "--port", str(port), "--log-level", "warning", "--no-access-log"]
    return [peers, "-m", "uvicorn", *flags], {"BENCH_DATABASE": str(place.database)}
