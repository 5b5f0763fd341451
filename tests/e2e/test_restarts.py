"""Restarts under load: no request fails, whatever kind of client makes it."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from fixtures.load import Load, loading
from fixtures.real_servers import ValkeyServer
from fixtures.server import eventually
from fixtures.workers import SECONDS, children, replace_workers, service_manager, serving_workers


@contextmanager
def every_kind_of_load(port: int) -> Iterator[Sequence[Load]]:
    """Clients with a connection for each request, asking at once and late; and clients that keep theirs.

    Only the last may repeat a request: they alone can meet a connection that was closed rightly.
    """
    with (
        loading(port) as fresh,
        loading(port, pause=0.02) as late,
        loading(port, keep_alive=True, repeats=True) as kept,
    ):
        yield fresh, late, kept


def check(loads: Sequence[Load], *, at_least: int) -> None:
    """No request failed, of so many as to tell."""
    assert [load.failed for load in loads] == [[]] * len(loads)
    assert all(load.answered >= 100 for load in loads)
    assert sum(load.answered for load in loads) >= at_least


def test_it_fails_no_request_while_two_workers_are_replaced(
    tmp_path: Path, excerpt: Path, valkey: ValkeyServer
) -> None:
    shared = {"REDIS_URL": valkey.url, "RATE_LIMIT": "1000000"}
    with serving_workers(tmp_path, excerpt, 2, **shared) as server:
        with every_kind_of_load(server.port) as loads:
            loads[0].wait(100)
            replace_workers(server)
            loads[0].wait(400)
        check(loads, at_least=1000)


def test_it_fails_no_request_while_the_only_worker_is_replaced(tmp_path: Path, excerpt: Path) -> None:
    with serving_workers(tmp_path, excerpt, 1) as server:
        with every_kind_of_load(server.port) as loads:
            loads[0].wait(100)
            replace_workers(server)
            loads[0].wait(400)
        check(loads, at_least=1000)


def test_it_starts_a_killed_worker_again_while_the_other_answers(tmp_path: Path, excerpt: Path) -> None:
    with serving_workers(tmp_path, excerpt, 2) as server:
        before = children(server.process.pid)
        killed = min(before)
        # What is in a killed process is lost, so here every client may ask again.
        with (
            loading(server.port, repeats=True) as fresh,
            loading(server.port, keep_alive=True, repeats=True) as kept,
        ):
            fresh.wait(100)
            os.kill(killed, signal.SIGKILL)
            eventually(
                lambda: len(children(server.process.pid) - {killed}) == 2,
                seconds=SECONDS,
                what="a new worker",
            )
            fresh.wait(400)
        check([fresh, kept], at_least=1000)
        (line,) = [line for line in server.log if line["event"] == "worker ended by itself"]
        assert line["starts_again_in"] == 0.5


@pytest.mark.parametrize("workers", ["0", "1"])
def test_it_fails_no_request_while_a_service_restarts_whose_manager_keeps_the_socket(
    tmp_path: Path, excerpt: Path, workers: str
) -> None:
    settings = {"REGISTRY": str(excerpt), "RATE_LIMIT": "0", "WORKERS": workers}
    with (
        service_manager(tmp_path) as manager,
        manager.service("--publish", **settings) as old,
        ExitStack() as later,
    ):
        assert manager.hear()[0] == "READY=1"
        with every_kind_of_load(manager.port) as loads:
            loads[0].wait(100)
            if workers == "1":
                old.process.send_signal(signal.SIGHUP)
                assert manager.hear()[0] == "RELOADING=1"
                assert manager.hear()[0] == "READY=1"
            assert old.stop()[0] == 0
            assert manager.hear() == ["STOPPING=1"]
            new = later.enter_context(manager.service(**settings))
            assert manager.hear() == ["READY=1", f"MAINPID={new.process.pid}"]
            loads[0].wait(400)
        check(loads, at_least=1000)
        assert f"http://127.0.0.1:{manager.port}/api/models" in new.output
        assert new.stop()[0] == 0
