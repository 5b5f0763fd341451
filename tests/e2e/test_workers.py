"""Several processes that serve: what each does, and what becomes of them when one of them ends."""

import shutil
import signal
import socket
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fixtures.real_servers import ValkeyServer
from fixtures.server import RunningServer, eventually, free_port, run_program, start_server
from fixtures.wire import ask, read_all, request
from fixtures.workers import SECONDS, children, gone, replace_workers, serving_workers

FINE = request(b"/api/models?limit=1")


class Two(NamedTuple):
    """Two workers, the first port of their metrics and a registry of their own."""

    server: RunningServer
    metrics_port: int
    registry: Path

    @property
    def supervisor(self) -> int:
        return self.server.process.pid


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, excerpt: Path, _valkey: ValkeyServer) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("workers")
    registry = shutil.copytree(excerpt, folder / "registry")
    port: int = eventually(two_free_ports, seconds=SECONDS, what="two free ports next to each other")
    settings = {
        "METRICS_PORT": str(port),
        "RATE_LIMIT": "100",
        # A database of its own: what other tests count of 127.0.0.1 must not be added here.
        "REDIS_URL": _valkey.url.removesuffix("/0") + "/3",
        "TRUSTED_PROXIES": "127.0.0.1",
    }
    with serving_workers(folder, registry, 2, **settings) as server:
        yield Two(server, port, registry)


def two_free_ports() -> int:
    port = free_port()
    with socket.socket() as probe:
        return port if port < 65535 and probe.connect_ex(("127.0.0.1", port + 1)) else 0


def test_it_answers_in_processes_of_their_own_and_announces_once(two: Two) -> None:
    assert ask(two.server, FINE).status == 200
    assert len(children(two.supervisor)) == 2
    assert two.server.output.count("OpenModels ") == 1
    assert "\n  2 workers\n" in two.server.output


def test_it_counts_the_requests_of_one_client_over_all_workers(two: Two) -> None:
    sent = request(b"/api/models?limit=1", headers=b"X-Forwarded-For: 192.0.2.7\r\n")
    statuses = [ask(two.server, sent).status for _ in range(101)]
    assert statuses == [200] * 100 + [429]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_it_supervises_in_a_process_that_loads_nothing_of_what_serves(two: Two) -> None:
    def loaded(pid: int) -> set[str]:
        maps = Path(f"/proc/{pid}/maps").read_text()
        return {library for library in ("_granian", "sqlalchemy", "uvloop") if library in maps}

    assert [loaded(pid) for pid in children(two.supervisor)] == [{"_granian", "sqlalchemy", "uvloop"}] * 2
    assert loaded(two.supervisor) == set()


def test_it_replaces_workers_one_by_one_and_whole(two: Two) -> None:
    def metrics() -> list[bool]:
        return [b"openmodels_build_info" in page(port) for port in (two.metrics_port, two.metrics_port + 1)]

    def page(port: int) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            found: bytes = answer.read()
            return found

    revision, lines = two.server.revision(), len(two.server.log)
    model = two.registry / "models" / "gpt-4o.yaml"
    model.write_text(model.read_text().replace("description: ", "description: Changed. ", 1))
    assert metrics() == [True, True]
    with two.server.connect(timeout=SECONDS) as follower:
        follower.sendall(request(b"/api/telemetry/stream", close=False))
        stream = follower.recv(65536)
        assert stream.startswith(b"HTTP/1.1 200")
        replace_workers(two.server)
        stream += read_all(follower)
    assert metrics() == [True, True]
    # A stream is not cut: its last chunk says that there are no more.
    assert stream.endswith(b"\r\n0\r\n\r\n")
    # Only the very first worker publishes.
    assert two.server.revision() == revision
    # Each line says which worker wrote it.
    stopped = [line["worker"] for line in two.server.log[lines:] if line["event"] == "stopped"]
    assert stopped == [1, 2]


def test_it_gives_new_workers_what_the_settings_file_says_now(tmp_path: Path, excerpt: Path) -> None:
    def limit() -> str:
        return ask(server, FINE).headers["x-ratelimit-limit"]

    settings = tmp_path / ".env"
    settings.write_text("OPENMODELS_RATE_LIMIT=111\n")
    with serving_workers(tmp_path, excerpt, 1, RATE_LIMIT=None) as server:
        assert limit() == "111"
        settings.write_text("OPENMODELS_RATE_LIMIT=222\n")
        replace_workers(server)
        assert limit() == "222"
        (old,) = children(server.process.pid)
        settings.write_text("OPENMODELS_RATE_LIMIT=many\n")
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: "the old ones go on" in server.errors, seconds=SECONDS, what="it gives up")
        assert "openmodels: OPENMODELS_RATE_LIMIT must be a number" in server.errors
        assert children(server.process.pid) == {old}
        assert limit() == "222"
        settings.write_text("")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_well_when_it_is_told_to_though_it_is_told_twice(
    tmp_path: Path, excerpt: Path, number: signal.Signals
) -> None:
    with start_server(tmp_path, registry=excerpt, WORKERS="1") as server:
        started = children(server.process.pid)
        with server.connect() as idle:
            idle.sendall(request(b"/api/health", close=False))
            assert idle.recv(65536).startswith(b"HTTP/1.1 200")
            server.process.send_signal(number)
            code, seconds = server.stop(number)
        assert code == 0
        assert seconds < 10
        assert "Traceback" not in server.errors
        gone(started, seconds=0.1)


def test_it_leaves_no_worker_behind_when_it_is_killed(tmp_path: Path, excerpt: Path) -> None:
    with start_server(tmp_path, registry=excerpt, WORKERS="1") as server:
        started = children(server.process.pid)
        assert len(started) == 1
        server.process.kill()
        server.process.wait()
        gone(started)
        assert [line["worker"] for line in server.log if line["event"] == "stopped"] == [1]


def refusal(folder: Path, *arguments: str, **settings: str) -> str:
    """The one line on standard error of a supervisor that must end with code 2."""
    given: dict[str, Any] = {"PORT": str(free_port())} | settings
    result = run_program(folder, "serve", *arguments, **given)
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line.removeprefix("openmodels: ")


def test_it_says_what_several_workers_need(tmp_path: Path) -> None:
    line = refusal(tmp_path, "--workers", "2")
    assert line.startswith("2 workers need one rate limit between them: set OPENMODELS_REDIS_URL")
    assert line.endswith("or OPENMODELS_RATE_LIMIT=0, or serve with one worker")
    assert "a demo is one process" in refusal(tmp_path, "--workers", "1", DEMO="on")


def test_it_says_once_what_a_worker_has_to_say_that_cannot_start(tmp_path: Path) -> None:
    line = refusal(tmp_path, "--workers", "3", RATE_LIMIT="0")
    assert line == "nothing is published yet: run `openmodels publish` first"


def test_it_says_that_a_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        line = refusal(tmp_path, "--workers", "1", PORT=port)
        assert line == f"port {port} is taken: stop what uses it, or set PORT to another"
        line = refusal(tmp_path, "--workers", "1", METRICS_PORT=port)
        assert line == f"port {port} is taken: stop what uses it, or set OPENMODELS_METRICS_PORT to another"
