"""``openmodels serve`` with its prober at work, and the demo."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from fixtures import registry_files as files
from fixtures.running_prober import KEY, fake_in_thread
from fixtures.server import RunningServer, environment, eventually, free_port, run_program, start_server
from openmodels.fake.behaviour import Behaviour

SECONDS = 60.0
"""A bound for whatever a prober does, on machines that are busy."""


def telemetry(server: RunningServer, of: str) -> Any:
    return server.get(f"/api/telemetry/{of}")[1]


def probing(url: str) -> dict[str, str]:
    """Settings of a prober whose only provider is at ``url``."""
    return {
        "PROBER": "on",
        "ALLOW_PRIVATE": "on",
        "CONNECTIVITY_TARGETS": "none",
        "ENDPOINTS": f"acme={url}",
        "HEALTH_INTERVAL": "10",
        "LATENCY_INTERVAL": "10",
        "REGION": "eu-test-1",
        "POLL_INTERVAL": "0.1",
        "RATE_LIMIT": "0",
    }


def test_it_measures_from_inside_and_ranks_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = files.valid_registry(tmp_path / "registry")
    files.write(root, "providers/acme.yaml", files.provider("acme", env=["ACME_API_KEY"]))
    monkeypatch.setenv("ACME_API_KEY", KEY)
    with (
        fake_in_thread(Behaviour(key=KEY, ttft_ms=50, open_models=True)) as fake,
        start_server(tmp_path, registry=root, **probing(f"{fake.url('acme')}/v1")) as server,
    ):
        eventually(
            lambda: telemetry(server, "latency/acme")["samples"], seconds=SECONDS, what="a measurement"
        )
        eventually(
            lambda: telemetry(server, "health/acme")["status"] == "up", seconds=SECONDS, what="a check"
        )
        (check, *_) = telemetry(server, "health/acme")["checks"]
        assert (check["outcome"], check["region"]) == ("ok", "eu-test-1")
        (first,) = telemetry(server, "ranked/acme-one?period=1h")["ranked_providers"]
        assert first["average_ttft_ms"] >= 50
        assert first["confidence"] == "low"
        assert "x-openmodels-demo" not in headers(server, "/api/stats")
        assert server.stop()[0] == 0
        assert KEY not in server.output + server.errors
        assert server.log[-1]["event"] == "stopped"
        assert server.log[-1]["lost"] == 0


def test_it_checks_health_without_any_key(tmp_path: Path) -> None:
    root = files.valid_registry(tmp_path / "registry")
    with (
        fake_in_thread(Behaviour(key=KEY)) as fake,
        start_server(tmp_path, registry=root, **probing(f"{fake.url('acme')}/v1")) as server,
    ):
        eventually(lambda: telemetry(server, "health/acme")["checks"], seconds=SECONDS, what="a check")
        health = telemetry(server, "health/acme")
        assert (health["status"], health["checks"][0]["outcome"]) == ("up", "auth")
        assert telemetry(server, "latency/acme")["measurements"] == []


def test_it_does_not_probe_when_it_is_switched_off(tmp_path: Path) -> None:
    root = files.valid_registry(tmp_path / "registry")
    with (
        fake_in_thread(Behaviour()) as fake,
        start_server(
            tmp_path, registry=root, **probing(f"{fake.url('acme')}/v1") | {"PROBER": "off"}
        ) as server,
    ):
        assert server.get("/api/health")[1]["services"]["telemetry"]["status"] == "idle"
        assert server.stop()[0] == 0
        assert fake.counts() == {}
        assert [line["event"] for line in server.log] == ["stopped"]


def test_the_demo_lives_and_says_what_it_is(tmp_path: Path, excerpt: Path) -> None:
    with start_server(
        tmp_path, registry=excerpt, PROBER="on", DEMO="on", RATE_LIMIT="0", POLL_INTERVAL="0.1"
    ) as server:
        assert "DEMO: telemetry is of fake providers" in server.output
        eventually(
            lambda: telemetry(server, "latency/openai")["samples"], seconds=SECONDS, what="a measurement"
        )
        assert headers(server, "/api/models")["x-openmodels-demo"] == "telemetry is of fake providers"
        assert server.get("/api/stats")[1]["demo"] is True
        assert server.get("/api/health")[1]["demo"] is True
        measured = telemetry(server, "latency/openai")["measurements"]
        assert {one["region"] for one in measured} <= {"demo"}
        assert server.stop()[0] == 0
        assert "Traceback" not in server.errors
    assert sorted(file.name for file in (tmp_path / "data").iterdir()) == ["demo"]


def test_the_data_of_a_demo_are_not_those_of_the_program(tmp_path: Path, excerpt: Path) -> None:
    with start_server(tmp_path, registry=excerpt, PROBER="on", DEMO="on", POLL_INTERVAL="0.1") as server:
        eventually(lambda: server.get("/api/stats")[1]["checks_24h"], seconds=SECONDS, what="a check")
    with start_server(tmp_path, registry=excerpt) as server:
        assert server.get("/api/stats")[1]["checks_24h"] == 0
        assert "demo" not in server.get("/api/stats")[1]


INTERVAL = "OPENMODELS_HEALTH_INTERVAL must be seconds from 10 to 86400, not '0'"
BUDGET = "OPENMODELS_PROBE_DAILY_BUDGET must be an amount from 0 to 1000000, such as 0.50, not '-1'"
SCHEME = (
    "OPENMODELS_ALERT_URLS: URL number 1 (slak://...) is of no service that Apprise knows; "
    "did you mean slack://? write it like mailtos://user:password@example.com"
)
SECRET = (
    "OPENMODELS_WEBHOOK_URL needs OPENMODELS_WEBHOOK_SECRET, with which the receiver tells our posts "
    "from others'; set it to a long random text"
)


@pytest.mark.parametrize("command", ["serve", "worker"])
@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("HEALTH_INTERVAL", "0", INTERVAL),
        ("PROBE_DAILY_BUDGET", "-1", BUDGET),
        ("ALERT_URLS", "slak://secret/token", SCHEME),
        ("WEBHOOK_URL", "https://example.com/hook", SECRET),
    ],
)
def test_it_does_not_start_with_a_setting_that_cannot_be(
    tmp_path: Path, command: str, name: str, value: str, sentence: str
) -> None:
    root = files.valid_registry(tmp_path / "registry")
    assert run_program(tmp_path, "publish", str(root)).returncode == 0
    done = subprocess.run(
        [sys.executable, "-m", "openmodels", command],
        env=environment(tmp_path, **{"PORT": str(free_port()), name: value}),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"openmodels: {sentence}\n"


def headers(server: RunningServer, target: str) -> dict[str, str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{target}", timeout=10) as answer:
        json.load(answer)
        return {name.lower(): value for name, value in answer.headers.items()}


def test_it_knows_its_own_environment() -> None:
    # The tests ask nobody outside this machine unless they say so.
    assert environment(Path())["OPENMODELS_PROBER"] == "off"
