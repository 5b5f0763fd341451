"""``openmodels cost``."""

import csv
import io
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from fixtures.asking import Asker, exact
from fixtures.registry_files import mapping, model, provider, valid_registry, write
from fixtures.terminal import run_on_a_terminal


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One model at four providers: cheap, dear and cached, unknown, retired."""
    root = valid_registry(tmp_path / "registry")
    write(root, "models/acme-one.yaml", model(aliases=["acme-latest"], context_window=2000))
    for name in ("bolt", "calm", "dusk"):
        write(root, f"providers/{name}.yaml", provider(name, name=name.title()))
    dear = {
        "input_per_million": 3,
        "output_per_million": 4,
        "cache_read_per_million": 0.30,
        "currency": "USD",
        "tiers": [{"above_tokens": 1500, "input_per_million": 6}],
    }
    unknown = {"input_per_million": 1, "output_per_million": None, "currency": "USD"}
    write(root, "mappings/bolt/acme-one.yaml", mapping(provider_id="bolt", pricing=dear))
    write(root, "mappings/calm/acme-one.yaml", mapping(provider_id="calm", pricing=unknown, status="preview"))
    write(root, "mappings/dusk/acme-one.yaml", mapping(provider_id="dusk", status="retired"))
    return root


def test_it_lists_the_cheapest_first_and_says_what_is_unknown(ask: Asker, root: Path) -> None:
    done = ask(
        "cost",
        "acme-latest",
        "--input-tokens",
        "1000",
        "--output-tokens",
        "100",
        "--local",
        "--registry",
        str(root),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "provider\ttotal\tper request\tcurrency\titems\tremarks"
    assert done.rows == [
        ["acme", "0.0012", "0.0012", "USD", "0.001 input + 0.0002 output", ""],
        ["bolt", "0.0034", "0.0034", "USD", "0.003 input + 0.0004 output", ""],
        [
            "calm",
            "–",
            "–",
            "USD",
            "0.001 input + ? output",
            "unknown: output_per_million; preview",
        ],
    ]


def test_it_takes_every_part_of_a_workload(ask: Asker, root: Path) -> None:
    done = ask(
        "cost",
        "acme-one",
        *("--input-tokens", "1600", "--cached-tokens", "600", "--output-tokens", "500"),
        *("--requests", "10", "--provider", "bolt", "--provider", "acme", "--local", "--registry", str(root)),
    )
    assert done.rows == [
        [
            "acme",
            "0.026",
            "0.0026",
            "USD",
            "0.01 input + 0.006 cache_read + 0.01 output",
            (
                "no price for reading the cache is known: charged as input; "
                "context too small: needs 2,100, has 2,000"
            ),
        ],
        [
            "bolt",
            "0.0818",
            "0.00818",
            "USD",
            "0.06 input + 0.0018 cache_read + 0.02 output",
            "tier above 1,500 tokens; context too small: needs 2,100, has 2,000",
        ],
    ]


def test_it_writes_what_the_endpoint_answers(ask: Asker, root: Path) -> None:
    done = ask("cost", "acme-one", "--format", "json", "--batch", "--local", "--registry", str(root))
    body = json.loads(done.stdout, parse_float=Decimal)
    assert list(body) == ["model_id", "model_name", "workload", "offerings"]
    assert (body["workload"]["input_tokens"], body["workload"]["batch"]) == (1000, True)
    assert [row["provider_id"] for row in body["offerings"]] == ["acme", "bolt", "calm"]
    assert body["offerings"][0]["unknown"] == ["batch.input_per_million", "batch.output_per_million"]


def test_it_lays_an_overlay_over_the_registry(ask: Asker, root: Path, tmp_path: Path) -> None:
    own = {"pricing": {"input_per_million": 0.5, "output_per_million": 0.5, "currency": "USD"}}
    write(tmp_path / "own", "mappings/bolt/acme-one.yaml", own)
    done = ask(
        "cost", "acme-one", "--local", "--registry", str(root), OPENMODELS_OVERLAY=str(tmp_path / "own")
    )
    assert done.rows[0][:2] == ["bolt", "0.001"], done.stdout + done.stderr


def test_it_suggests_what_was_meant(ask: Asker, root: Path) -> None:
    done = ask("cost", "acme-on", "--local", "--registry", str(root))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "openmodels: Model not found: 'acme-on'. Did you mean 'acme-one'?\n"
    done = ask("cost", "acme-one", "--provider", "blt", "--local", "--registry", str(root))
    assert (done.returncode, done.stderr) == (
        1,
        "openmodels: blt does not offer acme-one; did you mean bolt?\n",
    )
    done = ask("cost", "acme-one", "--provider", "dusk", "--local", "--registry", str(root))
    assert (done.returncode, done.stderr) == (1, "openmodels: dusk has retired acme-one\n")


def test_it_lets_no_name_steer_the_terminal(ask: Asker, root: Path) -> None:
    done = ask("cost", "\x1b]0;x\x07", "--local", "--registry", str(root))
    assert done.returncode == 1
    assert "\x1b" not in done.stderr
    assert "\x07" not in done.stderr


@pytest.mark.parametrize(
    ("flags", "query"),
    [
        ((), ""),
        (
            (*("--input-tokens", "20000", "--cached-tokens", "5000", "--output-tokens", "500"), "--batch"),
            "input_tokens=20000&cached_tokens=5000&output_tokens=500&batch=true",
        ),
        (
            (*("--images", "2", "--searches", "1", "--audio-seconds", "3"), "--requests", "1000000"),
            "images=2&searches=1&audio_seconds=3&requests=1000000",
        ),
        (("--region", "us-east-1", "--region", "global"), "region=us-east-1,global"),
    ],
)
def test_it_says_what_a_server_says(ask: Asker, flags: tuple[str, ...], query: str) -> None:
    expected = ask.api(f"/api/models/alpha-1/cost?{query}")
    assert ask.json("cost", "alpha-latest", *flags) == exact(expected)
    done = ask("cost", "alpha-1", *flags, "--format", "yaml")
    assert yaml.safe_load(done.stdout) == yaml.safe_load(expected)


def test_it_has_a_line_for_each_offering_in_csv(ask: Asker) -> None:
    done = ask("cost", "alpha-1", "--provider", "nimbus", "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    (expected,) = [
        each
        for each in exact(ask.api("/api/models/alpha-1/cost"))["offerings"]
        if each["provider_id"] == "nimbus"
    ]
    assert (row["provider_id"], row["currency"]) == ("nimbus", expected["currency"])
    assert row["total"] == ("" if expected["total"] is None else str(expected["total"]))


def test_it_says_that_what_costs_nothing_is_free(ask: Asker) -> None:
    rows = ask("cost", "gamma-free").rows
    assert rows[0][1:3] == ["free", "free"]


def test_it_says_that_a_provider_has_it_elsewhere(ask: Asker) -> None:
    done = ask("cost", "alpha-1", "--provider", "cirrus", "--region", "mars")
    assert done.returncode == 1
    assert done.stderr == "openmodels: cirrus does not offer alpha-1 in these regions\n"


def test_it_exits_3_where_no_server_answers(ask: Asker) -> None:
    assert ask("cost", "alpha-1", "--api-url", "http://127.0.0.1:9").returncode == 3


def test_it_says_when_nobody_offers_the_model(ask: Asker, root: Path) -> None:
    write(root, "models/acme-two.yaml", model("acme-two"))
    done = ask("cost", "acme-two", "--local", "--registry", str(root))
    assert (done.returncode, done.rows) == (0, [])
    assert done.stderr == "nobody offers acme-two now\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--cached-tokens", "5"), "input_tokens must be at least 5, not 0"),
        (("--input-tokens", "-1"), "'--input-tokens'"),
        (("--requests", "0"), "'--requests'"),
        (("--format", "xml"), "xml"),
    ],
)
def test_it_refuses_a_workload_that_cannot_be(
    ask: Asker, root: Path, arguments: tuple[str, ...], reason: str
) -> None:
    done = ask("cost", "acme-one", *arguments, "--local", "--registry", str(root))
    assert done.returncode == 2
    assert reason in done.stderr


def test_it_shows_the_issues_of_a_registry_that_is_not_valid(ask: Asker, root: Path) -> None:
    write(root, "models/acme-one.yaml", model(licensing="MIT"))
    done = ask("cost", "acme-one", "--local", "--registry", str(root))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "licensing" in done.stderr
    missing = ask("cost", "acme-one", "--local", "--registry", str(root / "nowhere"))
    assert missing.returncode == 2


def test_it_fits_the_terminal(root: Path) -> None:
    command = ("cost", "acme-one", "--input-tokens", "5000", "--local", "--registry", str(root))
    shown = run_on_a_terminal(*command, cwd=root, TERM="xterm", COLUMNS="80", NO_COLOR="1")
    # Before the table stands the progress of reading, with the codes that wipe it away.
    lines = re.sub(r"^.*?(?=provider\s+total)", "", shown, count=1, flags=re.DOTALL).splitlines()
    assert lines[0].split()[:2] == ["provider", "total"]
    assert len(lines) > 1
    assert max(map(len, lines)) <= 80
