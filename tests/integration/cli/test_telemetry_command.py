"""``openmodels telemetry``."""

import csv
import io

import pytest
import yaml

from fixtures.asking import Asker, exact
from fixtures.terminal import run_on_a_terminal
from openmodels.cli.sparkline import BLOCKS, GAP, LETTERS


def facts(stdout: str) -> dict[str, str]:
    return dict(
        line.split("\t") for line in stdout.split("\n\n", maxsplit=1)[0].splitlines()[1:] if "\t" in line
    )


def test_it_shows_how_a_provider_has_been_doing(ask: Asker) -> None:
    done = ask("telemetry", "cirrus")
    assert (done.returncode, done.stderr) == (0, "")
    shown = facts(done.stdout)
    api = exact(ask.api("/api/telemetry/health/cirrus"))
    assert done.stdout.splitlines()[0] == "Cirrus Cloud (cirrus), 7d"
    assert shown["status"] == "up"
    assert shown["last check"] == "2026-03-01 11:59 UTC"
    assert shown["uptime"] == f"100 % of {api['checks_total']} checks"
    assert shown["answers to checks"].startswith("mean ")
    assert shown["measurements"] == str(exact(ask.api("/api/telemetry/latency/cirrus"))["samples"])
    assert [part.split()[0] for part in shown["time to first token"].split(", ")] == [
        *("mean", "p50", "p95", "p99")
    ]
    assert shown["tokens/s"] == "80.0"


def test_it_draws_lines_with_their_scale_and_gaps_where_nothing_was_measured(ask: Asker) -> None:
    shown = facts(ask("telemetry", "cirrus").stdout)
    line, _, scale = shown["ttft per 3 h"].partition(" ")
    assert set(line) <= set(BLOCKS + GAP)
    assert GAP * 7 in line
    assert len(line) == 57
    assert scale.count("ms") == 2
    assert shown["uptime per 3 h"].endswith("99 % to 100 %")


def test_it_lists_the_newest_incidents(ask: Asker) -> None:
    done = ask("telemetry", "nimbus", "--period", "30d")
    table = done.stdout.split("\n\n")[1].splitlines()
    assert table[0] == "began\tlasted\treason"
    api = exact(ask.api("/api/telemetry/health/nimbus?period=30d"))["incidents"]
    assert len(table) - 1 == min(len(api), 5)
    assert table[1].split("\t")[2] == api[0]["reason"]
    assert "so far" in table[1]


def test_it_joins_three_answers_of_the_api(ask: Asker) -> None:
    flags = ("--period", "24h", "--model", "alpha-1", "--region", "local")
    found = ask.json("telemetry", "cirrus", *flags)
    assert found == {
        "health": exact(ask.api("/api/telemetry/health/cirrus?period=24h&region=local")),
        "latency": exact(ask.api("/api/telemetry/latency/cirrus?period=24h&model=alpha-1&region=local")),
        "series": exact(ask.api("/api/telemetry/series/cirrus?period=24h&model=alpha-1&region=local")),
    }
    done = ask("telemetry", "cirrus", *flags, "--format", "yaml")
    assert list(yaml.safe_load(done.stdout)) == ["health", "latency", "series"]


def test_it_has_a_line_for_each_slice_in_csv(ask: Asker) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("telemetry", "nimbus", "--format", "csv").stdout)))
    series = exact(ask.api("/api/telemetry/series/nimbus"))
    assert [row["start"] for row in rows if row["checks"] != "0"] == [
        each["start"] for each in series["checks"]
    ]
    assert [row["average_ttft_ms"] for row in rows if row["samples"] != "0"] == [
        str(float(each["average_ttft_ms"])) for each in series["measurements"]
    ]


def test_it_says_unknown_of_a_provider_that_was_never_checked(ask: Asker) -> None:
    shown = facts(ask("telemetry", "vacant").stdout)
    assert (shown["status"], shown["last check"], shown["uptime"]) == ("unknown", "–", "no checks")
    assert shown["measurements"] == "none in the period"
    assert not any("per 3 h" in name for name in shown)


def test_it_says_what_there_is_not(ask: Asker) -> None:
    done = ask("telemetry", "cirus")
    assert (done.returncode, done.stdout) == (1, "")
    assert "cirrus" in done.stderr
    assert ask("telemetry", "cirrus", "--period", "1y").returncode == 2
    local = ask("telemetry", "cirrus", "--local", OPENMODELS_API_URL="")
    assert local.returncode == 2
    assert "files hold no telemetry" in " ".join(local.stderr.split())
    assert ask("telemetry", "cirrus", "--api-url", "http://127.0.0.1:9").returncode == 3


@pytest.mark.parametrize("columns", ["40", "80"])
def test_it_fits_the_terminal(ask: Asker, columns: str) -> None:
    command = ("telemetry", "nimbus", "--api-url", ask.url, "--period", "30d")
    shown = run_on_a_terminal(*command, cwd=ask.home, TERM="xterm", COLUMNS=columns, NO_COLOR="1")
    lines = shown[shown.index("Nimbus (nimbus)") :].splitlines()
    assert max(map(len, lines)) <= int(columns)
    assert set(BLOCKS) & set(shown)


def test_it_draws_in_ascii_where_the_encoding_has_no_blocks(ask: Asker) -> None:
    command = ("telemetry", "cirrus", "--api-url", ask.url)
    shown = run_on_a_terminal(*command, cwd=ask.home, TERM="xterm", PYTHONIOENCODING="ascii", NO_COLOR="1")
    (line,) = [line for line in shown.splitlines() if line.startswith("ttft per")]
    assert set(line.split("  ", 1)[1].split(" to ")[0].strip()) & set(LETTERS)
    shown[shown.index("Cirrus") :].encode("ascii")
