"""``openmodels serve`` with a Redis, in processes of their own."""

import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fixtures.real_servers import ValkeyServer, valkey_server
from fixtures.server import RunningServer, eventually, free_port, run_program, start_server

PASSWORD = "s3cret-word"


def status(server: RunningServer, target: str = "/api/models?limit=1") -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{target}", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_two_servers_let_100_of_101_requests_pass(
    tmp_path: Path, excerpt: Path, valkey: ValkeyServer
) -> None:
    settings = {"REDIS_URL": valkey.url, "RATE_LIMIT": "100"}
    with (
        start_server(tmp_path / "one", registry=excerpt, **settings) as one,
        start_server(tmp_path / "two", registry=excerpt, **settings) as two,
        ThreadPoolExecutor(8) as pool,
    ):
        found = Counter(pool.map(lambda n: status((one, two)[n % 2]), range(101)))
        assert found == {200: 100, 429: 1}


def test_it_starts_and_serves_while_nobody_answers_there_and_shows_no_password(
    tmp_path: Path, excerpt: Path
) -> None:
    url = f"redis://:{PASSWORD}@127.0.0.1:{free_port()}/0"
    with start_server(tmp_path, registry=excerpt, REDIS_URL=url) as server:
        assert [status(server, target) for target in ("/api/stats", "/api/health/live")] == [200, 200]
        assert status(server, "/api/health") == 503
        code, _ = server.stop()
    assert code == 0
    assert events(server) == ["redis is away"]
    assert PASSWORD not in server.errors + server.output


def events(server: RunningServer) -> list[str]:
    """What its log says of Redis."""
    said = [str(line["event"]).partition(":")[0] for line in server.log]
    return [event for event in said if event.startswith("redis")]


def test_it_comes_back_by_itself(tmp_path: Path, excerpt: Path) -> None:
    with (
        valkey_server() as valkey,
        start_server(tmp_path, registry=excerpt, REDIS_URL=valkey.url) as server,
    ):
        assert status(server, "/api/health") == 200
        valkey.stop()
        assert status(server) == 200
        # What health found out holds for a second.
        eventually(lambda: status(server, "/api/health") == 503, seconds=20, what="health says it is away")
        valkey.start()
        eventually(lambda: status(server, "/api/health") == 200, seconds=20, what="health says that it is up")
        assert events(server) == ["redis is away", "redis is back"]
        assert server.stop()[0] == 0


def test_it_says_what_to_type_for_a_url_that_is_none(tmp_path: Path, excerpt: Path) -> None:
    result = run_program(
        tmp_path, "serve", PORT=str(free_port()), REGISTRY=str(excerpt), REDIS_URL=f"http://:{PASSWORD}@cache"
    )
    assert result.returncode == 2
    assert result.stderr.startswith("openmodels: OPENMODELS_REDIS_URL must be a URL such as redis://")
    assert len(result.stderr.splitlines()) == 1
    assert PASSWORD not in result.stderr


def test_what_has_no_redis_does_not_load_its_client() -> None:
    looked = "import openmodels.bootstrap, sys; sys.exit(bool({'redis', 'limits'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", looked], check=False).returncode == 0
