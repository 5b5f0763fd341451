"""A publish while the server runs: taken up within seconds, with no request lost."""

import shutil
import sqlite3
import threading
from pathlib import Path

from fixtures.server import RunningServer, eventually, run_program, start_server

PICK_UP_SECONDS = 5.0


class Clients:
    """Two clients that ask again and again, until they are told to stop."""

    def __init__(self, server: RunningServer, targets: tuple[str, ...]) -> None:
        self._server = server
        self._done = threading.Event()
        self.answered = 0
        self.failures: list[str] = []
        self._threads = [threading.Thread(target=self._ask, args=(target,)) for target in targets]

    def _ask(self, target: str) -> None:
        # They pause, so that the machine has time for the publish too.
        while not self._done.wait(0.01):
            try:
                self._server.get(target)
            except (OSError, ValueError) as error:
                self.failures.append(f"{target}: {error!r}")
            self.answered += 1

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()


def edited(registry: Path, name: str) -> None:
    """Give gpt-4o another name."""
    path = registry / "models" / "gpt-4o.yaml"
    path.write_text(path.read_text().replace("name: GPT-4o", f"name: {name}"))


def name_of(server: RunningServer) -> str:
    found: str = server.get("/api/models/gpt-4o")[1]["name"]
    return found


def test_it_serves_what_is_published_meanwhile(tmp_path: Path, excerpt: Path) -> None:
    registry = tmp_path / "registry"
    shutil.copytree(excerpt, registry)
    with start_server(tmp_path, registry=registry, RATE_LIMIT="0") as server:
        before = server.revision()
        edited(registry, "GPT-4o renamed")
        with Clients(server, ("/api/models?limit=100", "/api/models/gpt-4o")) as clients:
            published = run_program(tmp_path, "publish", str(registry))
            assert published.returncode == 0, published.stderr
            eventually(
                lambda: name_of(server) == "GPT-4o renamed",
                seconds=PICK_UP_SECONDS,
                what="the new name is served",
            )
        assert clients.failures == []
        assert clients.answered > 10
        assert server.revision() != before
        assert server.revision() in published.stdout
        assert [line["event"] for line in server.log] == ["revision taken up"]


def test_it_keeps_serving_what_it_has_when_a_publish_is_refused(tmp_path: Path, excerpt: Path) -> None:
    registry = tmp_path / "registry"
    shutil.copytree(excerpt, registry)
    with start_server(tmp_path, registry=registry, RATE_LIMIT="0") as server:
        before = server.revision()
        (registry / "models" / "gpt-4o.yaml").write_text("id: gpt-4o\nname: [\n")
        assert run_program(tmp_path, "publish", str(registry)).returncode == 1
        assert server.revision() == before
        assert name_of(server) == "GPT-4o"


def test_it_serves_from_memory_while_its_database_is_gone(tmp_path: Path, excerpt: Path) -> None:
    with start_server(tmp_path, registry=excerpt, RATE_LIMIT="0", POLL_INTERVAL="0.05") as server:
        connection = sqlite3.connect(tmp_path / "data" / "openmodels.db")
        connection.execute("DROP TABLE offerings")
        connection.execute("UPDATE registry_head SET revision = 'ffffffffffffffff'")
        connection.commit()
        connection.close()
        eventually(lambda: server.errors, seconds=PICK_UP_SECONDS, what="it notices")
        assert name_of(server) == "GPT-4o"
        assert "Traceback" not in server.errors
