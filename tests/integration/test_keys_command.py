"""``openmodels keys``: what can be measured, what it may cost, and never a key."""

import json
from pathlib import Path

import pytest

from fixtures import registry_files as files
from fixtures.commands import Program, program
from fixtures.running_prober import KEY
from openmodels.cli.probe_report import KEYS_HEAD

__all__ = ["program"]


@pytest.fixture(autouse=True)
def _registry(tmp_path: Path) -> None:
    root = files.valid_registry(tmp_path / "registry")
    files.write(root, "providers/acme.yaml", files.provider(env=["ACME_KEY", "ACME_TOKEN"]))
    files.write(root, "providers/free.yaml", files.provider("free", auth_type="none"))
    files.write(root, "providers/zeta.yaml", files.provider("zeta", env=["ZETA_KEY"], auth_type="oauth2"))
    prices = {"input_per_million": 0, "output_per_million": 0, "currency": "EUR"}
    files.write(root, "mappings/free/acme-one.yaml", files.mapping("acme-one", "free", pricing=prices))


def test_it_shows_what_can_be_measured_and_what_it_may_cost(program: Program) -> None:
    done = program("keys", ACME_TOKEN=KEY)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "\t".join(KEYS_HEAD)
    assert done.rows == [
        # 200 tokens at 1 USD and 32 at 2 USD per million, 96 times a day.
        ["acme", "ACME_TOKEN", "yes", "0 of 96", "0.00 of 0.50 USD", "0.0254 USD"],
        ["free", "none needed", "yes", "0 of 96", "0.00 of 0.50 EUR", "0.00 EUR"],
        ["zeta", "", "oauth2 is not supported", "0 of 96", "", ""],
    ]
    assert done.stderr.splitlines()[-2:] == [
        "all together: 0.00 EUR spent today, at most 0.00 EUR a day with the keys that are set",
        "all together: 0.00 USD spent today, at most 0.0254 USD a day with the keys that are set",
    ]
    assert KEY not in done.stdout + done.stderr


def test_it_says_what_to_set(program: Program) -> None:
    assert program("keys").rows[0][1:3] == ["", "set ACME_KEY or ACME_TOKEN"]


def test_it_goes_by_the_settings(program: Program) -> None:
    done = program("keys", "--probe-daily-limit", "2", ACME_KEY=KEY)
    assert done.rows[0][3:] == ["0 of 2", "0.00 of 0.50 USD", "0.0006 USD"]
    done = program("keys", "--probe-daily-budget", "0", ACME_KEY=KEY)
    assert done.rows[0][2] == "one probe may cost more than the daily budget of 0"


@pytest.mark.parametrize("content", [None, f"{KEY}\n", "two lines\nof text"])
def test_it_tells_of_a_keys_file_without_its_content(
    program: Program, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "key.txt"
    if content is not None:
        file.write_text(content)
    done = program("keys", ACME_KEY_FILE=str(file))
    assert done.rows[0][1] == "ACME_KEY_FILE"
    assert (done.rows[0][2] == "yes") is (content == f"{KEY}\n")
    assert KEY not in done.stdout + done.stderr
    assert "two lines" not in done.stdout + done.stderr


def test_it_writes_json_for_programs(program: Program) -> None:
    done = program("keys", "--json", ACME_KEY=KEY)
    found = json.loads(done.stdout)
    acme, free, zeta = found["providers"]
    assert (acme["variables"], acme["set"], acme["measured"]) == (
        ["ACME_KEY", "ACME_TOKEN"],
        "ACME_KEY",
        True,
    )
    assert acme["money"] == [
        {"currency": "USD", "spent_today": "0.00", "daily_budget": "0.50", "day_at_most": "0.025344"}
    ]
    assert (free["needs_key"], free["measured"]) == (False, True)
    assert (zeta["measured"], zeta["reason"]) == (False, "oauth2 is not supported")
    assert [total["currency"] for total in found["totals"]] == ["EUR", "USD"]
    assert KEY not in done.stdout
