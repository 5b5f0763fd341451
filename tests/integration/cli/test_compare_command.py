"""``openmodels compare`` and ``openmodels ranked``."""

import csv
import io

import pytest
import yaml

from fixtures.asking import Asker, exact
from fixtures.registry_files import valid_registry
from fixtures.terminal import run_on_a_terminal


@pytest.mark.parametrize(
    ("command", "target"),
    [
        (("compare", "alpha-latest"), "/api/models/alpha-latest/compare"),
        (
            ("compare", "alpha-1", "--sort", "ttft", "--period", "24h", "--region", "us-east-1"),
            "/api/models/alpha-1/compare?sort=ttft&period=24h&region=us-east-1",
        ),
        (("ranked", "alpha-1"), "/api/telemetry/ranked/alpha-1"),
        (
            ("ranked", "alpha-1", "--prefer", "price", "--period", "30d", "--limit", "1"),
            "/api/telemetry/ranked/alpha-1?prefer=price&period=30d&limit=1",
        ),
        (
            ("ranked", "alpha-1", "--weights", "uptime:0.25, price:0.75", "--region", "local"),
            "/api/telemetry/ranked/alpha-1?weights=uptime:0.25,price:0.75&region=local",
        ),
    ],
)
def test_it_writes_what_the_api_answers(ask: Asker, command: tuple[str, ...], target: str) -> None:
    done = ask(*command, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert exact(done.stdout) == exact(ask.api(target))
    done = ask(*command, "--format", "yaml")
    assert yaml.safe_load(done.stdout) == yaml.safe_load(ask.api(target))


def test_it_compares_for_people(ask: Asker) -> None:
    done = ask("compare", "alpha-1")
    assert done.stdout.splitlines()[0].split("\t")[:6] == [
        *("provider", "now", "input/1M", "output/1M", "currency", "uptime")
    ]
    rows = {row[0]: row for row in done.rows}
    assert rows["cirrus"][1:5] == ["up", "0.1", "2.5", "USD"]
    assert rows["stratus"][1:5] == ["degraded", "0.2", "0.8", "EUR"]
    assert rows["cirrus"][6].endswith("ms")
    assert done.stderr == "measured over 7d\n"


def test_it_says_of_what_nobody_knows_a_dash_and_of_what_costs_nothing_free(ask: Asker) -> None:
    unknown = ask("compare", "beta-mini").rows
    assert "–" in unknown[0]
    free = ask("compare", "gamma-free").rows
    assert "free" in free[0]


def test_it_ranks_for_people_with_each_factor_and_its_score(ask: Asker) -> None:
    done = ask("ranked", "alpha-1")
    found = exact(ask.api("/api/telemetry/ranked/alpha-1"))["ranked_providers"]
    assert [row[1] for row in done.rows] == [each["provider_id"] for each in found]
    assert [row[0] for row in done.rows] == [str(each["rank"]) for each in found]
    assert done.rows[0][4].endswith(f"({found[0]['factors']['uptime']['score']:.1f})")
    said = done.stderr.splitlines()
    assert said[-1].startswith("measured over 7d; weights: uptime 0.4, ttft 0.3, price 0.2, total 0.1")
    assert any(line.startswith("stratus, price: ") for line in said)


def test_it_has_a_line_for_each_offering_in_csv(ask: Asker) -> None:
    compared = list(csv.DictReader(io.StringIO(ask("compare", "alpha-1", "--format", "csv").stdout)))
    api = exact(ask.api("/api/models/alpha-1/compare"))["comparison"]
    assert [row["provider_id"] for row in compared] == [each["provider_id"] for each in api]
    assert [row["performance.samples"] for row in compared] == [
        str(each["performance"]["samples"]) for each in api
    ]
    ranked = list(csv.DictReader(io.StringIO(ask("ranked", "alpha-1", "--format", "csv").stdout)))
    assert ranked[0]["factors.uptime.weight"] == "0.4"


@pytest.mark.parametrize("command", ["compare", "ranked"])
def test_it_says_which_model_was_meant(ask: Asker, command: str) -> None:
    done = ask(command, "alpha-2")
    assert (done.returncode, done.stdout) == (1, "")
    assert "alpha-1" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("compare", "alpha-1", "--sort", "speed"), "--sort must be one of price"),
        (("compare", "alpha-1", "--period", "2d"), "--period must be one of 1h"),
        (("ranked", "alpha-1", "--prefer", "speed"), "--prefer must be one of balanced"),
        (("ranked", "alpha-1", "--weights", "uptime"), "weights are written as uptime:0.5,ttft:0.5"),
        (("ranked", "alpha-1", "--weights", "uptime:1,uptime:2"), "'uptime' has two weights"),
        (("ranked", "alpha-1", "--weights", "uptime:1e999999999999"), "weights are written as"),
        (("ranked", "alpha-1", "--weights", "speed:1"), "--weights must be"),
        (("ranked", "alpha-1", "--limit", "51"), "--limit"),
    ],
)
def test_it_says_what_to_type_instead(ask: Asker, arguments: tuple[str, ...], told: str) -> None:
    done = ask(*arguments)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.split())


def test_it_says_who_does_not_answer(ask: Asker) -> None:
    done = ask("compare", "alpha-1", "--api-url", "http://127.0.0.1:9", "--timeout", "5")
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1


def test_it_says_that_files_have_no_telemetry(ask: Asker) -> None:
    root = valid_registry(ask.home / "registry")
    done = ask("compare", "acme-one", "--local", "--registry", str(root), OPENMODELS_API_URL="")
    assert done.returncode == 0, done.stderr
    assert done.rows[0][:3] == ["acme", "–", "1"]
    assert done.stderr == "not measured: a folder of files has no telemetry\n"


@pytest.mark.parametrize("columns", ["40", "80", "160"])
def test_it_fits_the_terminal(ask: Asker, columns: str) -> None:
    shown = run_on_a_terminal(
        *("compare", "alpha-1", "--api-url", ask.url),
        cwd=ask.home,
        TERM="xterm",
        COLUMNS=columns,
        NO_COLOR="1",
    )
    table = shown[shown.index("provider") :].splitlines()
    assert max(map(len, table)) <= int(columns)
    assert "cirrus" in shown
