"""``openmodels cost``."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from fixtures.commands import Program, program
from fixtures.registry_files import mapping, model, provider, valid_registry, write
from fixtures.terminal import run_on_a_terminal

__all__ = ["program"]


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


def test_it_lists_the_cheapest_first_and_says_what_is_unknown(program: Program, root: Path) -> None:
    done = program(
        "cost", "acme-latest", "--input-tokens", "1000", "--output-tokens", "100", "--registry", str(root)
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "provider\ttotal\tper request\tcurrency\titems\tremarks"
    assert done.rows == [
        ["acme", "0.0012", "0.0012", "USD", "0.001 input + 0.0002 output", ""],
        ["bolt", "0.0034", "0.0034", "USD", "0.003 input + 0.0004 output", ""],
        [
            "calm",
            "unknown",
            "unknown",
            "USD",
            "0.001 input + ? output",
            "unknown: output_per_million; preview",
        ],
    ]


def test_it_takes_every_part_of_a_workload(program: Program, root: Path) -> None:
    done = program(
        "cost",
        "acme-one",
        *("--input-tokens", "1600", "--cached-tokens", "600", "--output-tokens", "500"),
        *("--requests", "10", "--provider", "bolt", "--provider", "acme", "--registry", str(root)),
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


def test_it_writes_what_the_endpoint_answers(program: Program, root: Path) -> None:
    done = program("cost", "acme-one", "--format", "json", "--batch", "--registry", str(root))
    body = json.loads(done.stdout, parse_float=Decimal)
    assert list(body) == ["model_id", "model_name", "workload", "offerings"]
    assert (body["workload"]["input_tokens"], body["workload"]["batch"]) == (1000, True)
    assert [row["provider_id"] for row in body["offerings"]] == ["acme", "bolt", "calm"]
    assert body["offerings"][0]["unknown"] == ["batch.input_per_million", "batch.output_per_million"]


def test_it_lays_an_overlay_over_the_registry(program: Program, root: Path, tmp_path: Path) -> None:
    own = {"pricing": {"input_per_million": 0.5, "output_per_million": 0.5, "currency": "USD"}}
    write(tmp_path / "own", "mappings/bolt/acme-one.yaml", own)
    done = program("cost", "acme-one", "--registry", str(root), OPENMODELS_OVERLAY=str(tmp_path / "own"))
    assert done.rows[0][:2] == ["bolt", "0.001"], done.stdout + done.stderr


def test_it_suggests_what_was_meant(program: Program, root: Path) -> None:
    done = program("cost", "acme-on", "--registry", str(root))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "openmodels: there is no model 'acme-on'; did you mean acme-one?\n"
    done = program("cost", "acme-one", "--provider", "blt", "--registry", str(root))
    assert (done.returncode, done.stderr) == (
        1,
        "openmodels: blt does not offer acme-one; did you mean bolt?\n",
    )
    done = program("cost", "acme-one", "--provider", "dusk", "--registry", str(root))
    assert (done.returncode, done.stderr) == (1, "openmodels: dusk has retired acme-one\n")


def test_it_escapes_what_was_typed_once(program: Program, root: Path) -> None:
    done = program("cost", "a\x1b[31m\\b", "--registry", str(root))
    assert done.stderr == "openmodels: there is no model 'a\\x1b[31m\\b'\n"


def test_it_lets_no_name_steer_the_terminal(program: Program, root: Path) -> None:
    done = program("cost", "\x1b]0;x\x07", "--registry", str(root))
    assert done.returncode == 1
    assert "\x1b" not in done.stderr
    assert "\x07" not in done.stderr


def test_it_says_when_nobody_offers_the_model(program: Program, root: Path) -> None:
    write(root, "models/acme-two.yaml", model("acme-two"))
    done = program("cost", "acme-two", "--registry", str(root))
    assert (done.returncode, done.rows) == (0, [])
    assert done.stderr == "openmodels: nobody offers acme-two now\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--cached-tokens", "5"), "input_tokens must be at least 5, not 0"),
        (("--input-tokens", "-1"), "'--input-tokens'"),
        (("--requests", "0"), "'--requests'"),
        (("--format", "csv"), "csv"),
    ],
)
def test_it_refuses_a_workload_that_cannot_be(
    program: Program, root: Path, arguments: tuple[str, ...], reason: str
) -> None:
    done = program("cost", "acme-one", *arguments, "--registry", str(root))
    assert done.returncode == 2
    assert reason in done.stderr


def test_it_shows_the_issues_of_a_registry_that_is_not_valid(program: Program, root: Path) -> None:
    write(root, "models/acme-one.yaml", model(licensing="MIT"))
    done = program("cost", "acme-one", "--registry", str(root))
    assert done.returncode == 1
    assert "licensing" in done.stdout
    missing = program("cost", "acme-one", "--registry", str(root / "nowhere"))
    assert missing.returncode == 2


def test_it_fits_the_terminal(root: Path) -> None:
    command = ("cost", "acme-one", "--input-tokens", "5000", "--registry", str(root))
    shown = run_on_a_terminal(*command, cwd=root, TERM="xterm", COLUMNS="80", NO_COLOR="1")
    # Before the table stands the progress of reading, with the codes that wipe it away.
    lines = re.sub(r"^.*?(?=provider\s+total)", "", shown, count=1, flags=re.DOTALL).splitlines()
    assert lines[0].split()[:2] == ["provider", "total"]
    assert len(lines) > 1
    assert max(map(len, lines)) <= 80
