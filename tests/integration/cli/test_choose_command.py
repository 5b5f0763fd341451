"""``openmodels choose``."""

import csv
import io

import pytest
import yaml

from fixtures.asking import Asker, exact
from fixtures.registry_files import valid_registry

FLAGS = (
    *("--input-tokens", "20000", "--output-tokens", "500", "--min-context", "8000", "--max-price", "0.5"),
    *("--min-uptime", "50", "--max-ttft-ms", "60000", "--capability", "chat", "--prefer", "price"),
    *("--region", "us-east-1", "--region", "global", "--period", "30d"),
)
QUERY = (
    "input_tokens=20000&output_tokens=500&min_context=8000&max_price=0.5&min_uptime=50&max_ttft_ms=60000"
    "&capability=chat&prefer=price&region=us-east-1,global&period=30d"
)


def test_it_says_whom_to_call_how_and_why_and_why_not_the_others(ask: Asker) -> None:
    done = ask("choose", "alpha-latest")
    assert (done.returncode, done.stderr) == (0, "")
    api = exact(ask.api("/api/models/alpha-1/choose"))
    first, *rest = done.stdout.split("\n\n")
    chosen = api["offerings"][0]
    lines = first.splitlines()
    assert lines[0] == f"Alpha One (alpha-1): call {api['chosen']}"
    shown = [line.split("\t", 1) for line in lines[1:]]
    assert ["base URL", chosen["api_base_url"]] in shown
    assert ["model", chosen["provider_model_name"]] in shown
    assert [text for name, text in shown[-len(chosen["reasons"]) :]] == chosen["reasons"]
    assert rest[0].splitlines()[0] == "others that fit"
    assert [line.split("\t")[1] for line in rest[0].splitlines()[2:]] == [
        each["provider_id"] for each in api["offerings"][1:]
    ]
    excluded = [line.split("\t") for line in rest[1].splitlines()[2:-1]]
    assert excluded == [
        [each["provider_id"], "; ".join(reason["message"] for reason in each["reasons"])]
        for each in api["excluded"]
    ]
    assert rest[1].splitlines()[-1].startswith("preferring balanced: uptime ")


@pytest.mark.parametrize("flag", ["-q", "--quiet"])
def test_it_writes_the_id_alone_for_scripts(ask: Asker, flag: str) -> None:
    done = ask("choose", "alpha-1", flag)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == exact(ask.api("/api/models/alpha-1/choose"))["chosen"] + "\n"


def test_it_asks_for_everything_that_the_api_takes(ask: Asker) -> None:
    expected = exact(ask.api(f"/api/models/alpha-1/choose?{QUERY}"))
    assert ask.json("choose", "alpha-1", *FLAGS) == expected
    done = ask("choose", "alpha-1", *FLAGS, "--format", "yaml")
    assert yaml.safe_load(done.stdout)["asked"]["region"] == ["us-east-1", "global"]


def test_it_has_a_line_for_each_offering_in_csv_that_fits_or_not(ask: Asker) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("choose", "alpha-1", "--format", "csv").stdout)))
    api = exact(ask.api("/api/models/alpha-1/choose"))
    assert [row["provider_id"] for row in rows if row["fits"] == "true"] == [
        each["provider_id"] for each in api["offerings"]
    ]
    assert [row["provider_id"] for row in rows if row["fits"] == "false"] == [
        each["provider_id"] for each in api["excluded"]
    ]


def test_it_exits_1_with_the_reasons_when_nothing_fits(ask: Asker) -> None:
    done = ask("choose", "alpha-1", "--max-price", "0.0000001")
    assert done.returncode == 1
    assert done.stdout.startswith("Alpha One (alpha-1): no offering fits\n\nexcluded\nprovider\twhy not\n")
    assert done.stderr == "openmodels: no offering of alpha-1 fits\n"
    quiet = ask("choose", "alpha-1", "--max-price", "0.0000001", "-q")
    assert (quiet.returncode, quiet.stdout) == (1, "")
    whole = ask("choose", "alpha-1", "--max-price", "0.0000001", "--format", "json")
    assert whole.returncode == 1
    assert exact(whole.stdout)["chosen"] is None


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--max-price", "cheap"), "'cheap' is no number such as 0.5"),
        (("--max-price", "nan"), "'nan' is no number"),
        (("--min-uptime", "101"), "--min-uptime must be"),
        (("--capability", "visin"), "--capability must be one of chat"),
        (("--prefer", "speed"), "--prefer must be one of balanced"),
        (("--input-tokens", "-1"), "--input-tokens"),
    ],
)
def test_it_says_what_to_type_instead(ask: Asker, flags: tuple[str, ...], told: str) -> None:
    done = ask("choose", "alpha-1", *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in " ".join(done.stderr.split())


def test_it_says_what_there_is_not(ask: Asker) -> None:
    assert ask("choose", "alpha-2", "-q").returncode == 1
    assert ask("choose", "alpha-1", "-q", "--api-url", "http://127.0.0.1:9").returncode == 3


def test_it_chooses_from_files_by_price_alone(ask: Asker) -> None:
    flags = ("--local", "--registry", str(valid_registry(ask.home / "registry")))
    done = ask("choose", "acme-one", *flags, OPENMODELS_API_URL="")
    assert done.returncode == 0, done.stderr
    assert "call acme" in done.stdout
    assert "not measured: a folder of files has no telemetry" in done.stdout
