"""``openmodels search`` and ``openmodels health``."""

import csv
import io

import pytest

from fixtures.asking import Asker, exact, scripted_in_a_thread
from fixtures.faulty_server import as_json

WELL = {
    "status": "healthy",
    "timestamp": "2026-03-01T12:00:00.000Z",
    "version": "0.1.0",
    "services": {
        "api": {"status": "up"},
        "database": {"status": "up", "latency_ms": 0.5},
        "cache": {"status": "up", "latency_ms": 0.25},
        "telemetry": {"status": "idle", "last_probe_at": None},
        "registry": {"status": "up", "revision": "3b4c1f0a9d2e5f67", "problem": None},
    },
}


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        (("alpha",), "?q=alpha"),
        (("Alpha", "One"), "?q=Alpha+One"),
        (("a", "--type", "providers", "--limit", "2"), "?q=a&type=providers&limit=2"),
    ],
)
def test_it_finds_what_the_api_finds(ask: Asker, arguments: tuple[str, ...], query: str) -> None:
    done = ask("search", *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ask.api(f"/api/search{query}") + "\n"


def test_it_shows_people_both_kinds(ask: Asker) -> None:
    done = ask("search", "a", "--limit", "3")
    models, providers = done.stdout.split("\n\n")
    assert models.startswith("Models\nid\tname")
    assert providers.startswith("Providers\nid\tname")
    found = exact(ask.api("/api/search?q=a&limit=3"))
    assert done.stderr == f"the best 6 of {found['total']}; --limit shows up to 20 of each\n"


def test_it_writes_what_it_found_as_csv(ask: Asker) -> None:
    done = ask("search", "cirrus", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout, newline="")))
    assert ("provider", "cirrus") in {(row["type"], row["id"]) for row in rows}


def test_it_says_that_nothing_matches(ask: Asker) -> None:
    done = ask("search", "qqqqqqqq")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "nothing matches 'qqqqqqqq'\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("x", "--type", "model"), "--type must be one of"), (("x" * 201,), "WORDS must be")],
)
def test_it_names_what_cannot_be_used(ask: Asker, arguments: tuple[str, ...], told: str) -> None:
    done = ask("search", *arguments)
    assert done.returncode == 2
    assert told in done.stderr


def test_it_says_that_a_server_is_well(ask: Asker) -> None:
    done = ask("health")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "healthy"
    assert {row[0] for row in done.rows[1:]} == {"api", "database", "cache", "telemetry", "registry"}
    assert ask.json("health")["services"]["registry"]["status"] == "up"


@pytest.mark.parametrize("form", ["table", "json", "yaml", "csv"])
def test_it_exits_1_where_a_server_is_not_well(ask: Asker, form: str) -> None:
    services = WELL["services"] | {  # type: ignore[operator]
        "database": {"status": "down", "latency_ms": None},
        "regions": [
            {"region": "eu-1", "status": "down", "probers": 0, "last_seen_at": "2026-03-01T11:00:00.000Z"}
        ],
    }
    degraded = WELL | {"status": "degraded", "services": services}
    with scripted_in_a_thread([as_json(degraded, 503)]) as server:
        done = ask("health", "--format", form, OPENMODELS_API_URL=server.url)
    assert done.returncode == 1
    assert "down" in done.stdout
    assert "eu-1" in done.stdout
    assert done.stderr == ""
