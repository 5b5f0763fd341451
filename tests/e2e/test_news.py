"""Nodes hear at once what was published elsewhere, by settings alone."""

import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.real_servers import PostgresServer, ValkeyServer
from fixtures.server import eventually, free_port, run_program, start_server

SECONDS = 20.0
"""Less than the time between two looks, and long enough for a machine that is busy."""


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    name = postgres.create_database()
    yield postgres.url(name)
    postgres.drop_database(name)


def published_elsewhere(folder: Path, excerpt: Path, by: str, **settings: str) -> None:
    """A revision that another process publishes is served, and what is heard of it is counted."""
    port = free_port()
    given = {"RATE_LIMIT": "0", "POLL_INTERVAL": "60"} | settings
    with start_server(folder, registry=excerpt, METRICS_PORT=str(port), **given) as server:

        def metrics() -> str:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                text: str = answer.read().decode()
                return text

        eventually(
            lambda: f'openmodels_news_listening{{by="{by}"}} 1.0' in metrics(),
            seconds=SECONDS,
            what="it listens",
        )
        registry = folder / "registry"
        shutil.copytree(excerpt, registry)
        path = registry / "models" / "gpt-4o.yaml"
        path.write_text(path.read_text().replace("name: GPT-4o", "name: GPT-4o renamed"))
        published = run_program(folder, "publish", str(registry), seconds=30.0, **given)
        assert published.returncode == 0, published.stderr
        eventually(
            lambda: server.get("/api/models/gpt-4o")[1]["name"] == "GPT-4o renamed",
            seconds=SECONDS,
            what="the new name is served",
        )
        assert f'openmodels_news_heard_total{{by="{by}"}} 0.0' not in metrics()
        assert [line["event"] for line in server.log] == ["revision taken up"]


def test_it_serves_at_once_what_was_published_over_postgresql(
    tmp_path: Path, excerpt: Path, database: str
) -> None:
    published_elsewhere(tmp_path, excerpt, "postgresql", DATABASE_URL=database)


def test_it_serves_at_once_what_was_published_over_one_file(
    tmp_path: Path, excerpt: Path, valkey: ValkeyServer
) -> None:
    published_elsewhere(tmp_path, excerpt, "redis", REDIS_URL=valkey.url)
