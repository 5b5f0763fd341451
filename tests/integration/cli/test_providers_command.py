"""``openmodels providers``."""

import csv
import io

import pytest
import yaml

from fixtures.asking import Asker, exact


@pytest.mark.parametrize(
    ("flags", "query"),
    [
        ((), ""),
        (("--page", "2", "--limit", "2"), "?page=2&limit=2"),
        (("--search", "cirrus"), "?search=cirrus"),
        (("--compatibility", "openai", "--compatibility", "anthropic"), "?compatibility=openai,anthropic"),
        (("--region", "global"), "?region=global"),
        (("--status", "up"), "?status=up"),
        (("--sort", "models"), "?sort=models"),
    ],
)
def test_it_lists_what_the_api_lists(ask: Asker, flags: tuple[str, ...], query: str) -> None:
    done = ask("providers", "list", *flags, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ask.api(f"/api/providers{query}") + "\n"


def test_it_lists_every_page_as_one(ask: Asker) -> None:
    assert (
        ask.json("providers", "list", "--all")["data"] == exact(ask.api("/api/providers?limit=100"))["data"]
    )


def test_it_lists_for_people_with_their_status(ask: Asker) -> None:
    rows = {row[0]: row for row in ask("providers", "list").rows}
    for provider in exact(ask.api("/api/providers"))["data"]:
        assert rows[provider["id"]][1:4] == [
            provider["name"],
            provider["status"],
            str(provider["models_count"]),
        ]


def test_it_lists_as_csv(ask: Asker) -> None:
    done = ask("providers", "list", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout, newline="")))
    assert [(row["id"], row["regions"]) for row in rows] == [
        (each["id"], ";".join(each["regions"])) for each in exact(ask.api("/api/providers"))["data"]
    ]


def test_it_tells_a_provider(ask: Asker) -> None:
    done = ask("providers", "info", "cirrus", "--format", "json")
    assert done.stdout == ask.api("/api/providers/cirrus") + "\n"
    as_yaml = ask("providers", "info", "cirrus", "--format", "yaml")
    assert yaml.safe_load(as_yaml.stdout) == yaml.safe_load(done.stdout)


def test_it_tells_a_provider_to_people(ask: Asker) -> None:
    done = ask("providers", "info", "cirrus")
    head, *lines = done.stdout.splitlines()
    facts = dict(line.split("\t") for line in lines)
    provider = exact(ask.api("/api/providers/cirrus"))
    assert head == provider["name"]
    assert facts["status"] == "up"
    assert facts["offers"] == f"{len(provider['models'])}: {', '.join(provider['models'])}"


def test_it_suggests_what_is_near_and_exits_1(ask: Asker) -> None:
    done = ask("providers", "info", "cirus")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Did you mean 'cirrus'?" in done.stderr


def test_it_names_the_flag_that_cannot_be_used(ask: Asker) -> None:
    done = ask("providers", "list", "--status", "upp")
    assert done.returncode == 2
    assert done.stderr.startswith("openmodels: --status must be one of up, degraded, down, unknown")
