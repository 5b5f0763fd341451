"""``openmodels worker``: a prober without a server."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contract.builders import settings_in
from fixtures import registry_files as files
from fixtures.running_prober import fake_in_thread
from fixtures.server import environment, eventually, free_port, run_program
from openmodels.fake.behaviour import Behaviour
from openmodels.opening import open_stores
from openmodels.store.cluster_ports import known_regions

SECONDS = 60.0
"""A bound for whatever a worker does, on machines that are busy."""


class Worker:
    """A worker's process."""

    def __init__(self, process: "subprocess.Popen[bytes]", errors: Path) -> None:
        self.process = process
        self._errors = errors

    @property
    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._errors.read_text().splitlines()]

    def said(self, event: str) -> list[dict[str, Any]]:
        assert self.process.poll() is None, self._errors.read_text()
        return [line for line in self.log if line["event"] == event]


@contextmanager
def worker(folder: Path, **settings: str) -> Iterator[Worker]:
    errors = folder / "errors.txt"
    with errors.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "openmodels", "worker"],
            cwd=folder,
            env=environment(folder, LOG_FORMAT="json", **settings),
            stdout=subprocess.DEVNULL,
            stderr=file,
        )
    try:
        yield Worker(process, errors)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def checked(folder: Path, *provider_ids: str) -> bool:
    """Whether the database has a check of each of these."""

    async def read() -> bool:
        since = datetime.now(UTC) - timedelta(hours=1)
        async with open_stores(settings_in(folder / "data")) as stores:
            found = [
                await stores.telemetry.health(name, since=since, regions=(), limit=1) for name in provider_ids
            ]
        return all(one.checks_total for one in found)

    return asyncio.run(read())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_probes_takes_up_new_revisions_and_stops_when_told(tmp_path: Path, number: signal.Signals) -> None:
    root = files.valid_registry(tmp_path / "registry")
    with fake_in_thread(Behaviour(headers_ms=0)) as fake:
        settings = {
            "REGISTRY": str(root),
            "ALLOW_PRIVATE": "on",
            "ENDPOINTS": f"acme={fake.url('acme')}/v1,late={fake.url('late')}/v1",
            "CONNECTIVITY_TARGETS": "none",
            "HEALTH_INTERVAL": "10",
            "POLL_INTERVAL": "0.1",
        }
        assert run_program(tmp_path, "publish", str(root), seconds=SECONDS, **settings).returncode == 0
        with worker(tmp_path, **settings) as running:
            eventually(lambda: running.said("probing"), seconds=SECONDS, what="it says what it probes")
            files.write(root, "providers/late.yaml", files.provider("late"))
            assert run_program(tmp_path, "publish", str(root), seconds=SECONDS, **settings).returncode == 0
            eventually(lambda: len(running.said("probing")) == 2, seconds=SECONDS, what="the new revision")
            eventually(
                lambda: checked(tmp_path, "acme", "late"), seconds=SECONDS, what="checks of both providers"
            )
            running.process.send_signal(number)
            assert running.process.wait(timeout=SECONDS) == 0
            last = running.log[-1]
        assert last["event"] == "stopped"
        assert last["checks"] == last["written"] >= 2
        assert (last["measurements"], last["lost"]) == (0, 0)


def test_it_says_what_to_do_when_nothing_is_published(tmp_path: Path) -> None:
    done = run_program(tmp_path, "worker")
    assert done.returncode == 2
    assert done.stderr == "openmodels: nothing is published yet: run `openmodels publish` first\n"


def scraped(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
        return text


def test_it_is_scraped_says_where_it_probes_and_says_good_bye(tmp_path: Path) -> None:
    root = files.valid_registry(tmp_path / "registry")
    port = free_port()
    with fake_in_thread(Behaviour(headers_ms=0)) as fake:
        settings = {
            "REGISTRY": str(root),
            "ALLOW_PRIVATE": "on",
            "ENDPOINTS": f"acme={fake.url('acme')}/v1",
            "CONNECTIVITY_TARGETS": "none",
            "HEALTH_INTERVAL": "10",
            "REGION": "eu-test-1",
            "METRICS_PORT": str(port),
        }
        assert run_program(tmp_path, "publish", str(root), seconds=SECONDS, **settings).returncode == 0
        with worker(tmp_path, **settings) as running:
            eventually(lambda: running.said("probing"), seconds=SECONDS, what="it probes")
            text = eventually(
                lambda: (
                    (found := scraped(port)) and 'region_probers{region="eu-test-1"} 1.0' in found and found
                ),
                seconds=SECONDS,
                what="its region",
            )
            assert "openmodels_probes_running" in text
            assert "openmodels_registry_revision_info" in text
            assert "process_resident_memory_bytes" in text
            assert "openmodels_http_requests" not in text
            assert regions(tmp_path) == [("eu-test-1", "up")]
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(timeout=SECONDS) == 0
    assert regions(tmp_path) == [("eu-test-1", "idle")]


def test_it_says_what_to_set_when_its_metrics_have_no_port(tmp_path: Path) -> None:
    root = files.valid_registry(tmp_path / "registry")
    assert run_program(tmp_path, "publish", str(root), seconds=SECONDS).returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_program(tmp_path, "worker", METRICS_PORT=str(port))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"openmodels: metrics: port {port} is taken: "
        "stop what uses it, or set OPENMODELS_METRICS_PORT to another\n"
    )


def regions(folder: Path) -> list[tuple[str, str]]:
    """The regions that the database knows, and how they are."""

    async def read() -> list[tuple[str, str]]:
        async with open_stores(settings_in(folder / "data")) as stores:
            found = await known_regions(stores.cluster, datetime.now(UTC))
        return [(one.region, one.status) for one in found]

    return asyncio.run(read())
