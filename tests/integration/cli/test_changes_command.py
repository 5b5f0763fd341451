"""``openmodels changes``."""

import csv
import io

import pytest
import yaml

from fixtures.asking import Asker, exact


@pytest.mark.parametrize(
    ("flags", "query"),
    [
        ((), "?limit=20"),
        (("--limit", "3"), "?limit=3"),
        (("--topic", "price", "--topic", "lifecycle", "--limit", "9"), "?topic=price,lifecycle&limit=9"),
        (("--kind", "model", "--action", "added"), "?kind=model&action=added&limit=20"),
        (("--model", "alpha-1", "--provider", "cirrus"), "?model=alpha-1&provider=cirrus&limit=20"),
        (("--since", "2026-02-01", "--until", "2026-02-20"), "?since=2026-02-01&until=2026-02-20&limit=20"),
    ],
)
def test_it_writes_what_the_api_answers(ask: Asker, flags: tuple[str, ...], query: str) -> None:
    expected = ask.api(f"/api/changes{query}")
    assert ask.json("changes", *flags) == exact(expected)
    done = ask("changes", *flags, "--format", "yaml")
    assert yaml.safe_load(done.stdout) == yaml.safe_load(expected)


def test_it_goes_through_as_many_pages_as_it_takes(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openmodels.cli.changes.PER_PAGE", 10)
    every = exact(ask.api("/api/changes?limit=100"))["changes"]
    whole = ask.json("changes", "--all")
    assert (whole["changes"], whole["next"]) == (every, None)
    some = ask.json("changes", "--limit", "25")
    assert some["changes"] == every[:25]
    assert ask.json("changes", "--limit", "20")["changes"] == every[:20]
    rest = exact(ask.api(f"/api/changes?limit=1&cursor={some['next']}"))
    assert rest["changes"] == every[25:26]


def test_it_tells_people_the_old_value_and_the_new(ask: Asker) -> None:
    done = ask("changes", "--topic", "price", "--model", "alpha-1", "--limit", "1")
    (change,) = exact(ask.api("/api/changes?topic=price&model=alpha-1&limit=1"))["changes"]
    assert done.stdout.splitlines()[0] == "when\twhat\tchange\tsource"
    ((when, what, said, _),) = done.rows
    assert when == "2026-02-28 08:00 UTC"
    assert what == change["id"]
    assert said == f"input price {change['old']} → {change['new']} per M"
    assert done.stderr == "there are older ones: --limit N shows more, --all everything\n"


def test_it_has_a_line_for_each_change_in_csv(ask: Asker) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("changes", "--all", "--format", "csv").stdout)))
    changes = ask.json("changes", "--all")["changes"]
    assert [(row["at"], row["id"], row["field"]) for row in rows] == [
        (each["at"], each["id"], each["field"] or "") for each in changes
    ]


def test_it_says_when_no_change_fits_and_when_the_history_begins(ask: Asker) -> None:
    done = ask("changes", "--since", "1h")
    assert (done.returncode, done.rows) == (0, [])
    assert done.stderr == "no change fits; the history begins at 2026-01-19 08:00 UTC\n"


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--since", "yesterday"), "--since must be a date such as 2026-03-01"),
        (("--kind", "offers"), "--kind must be one of model"),
        (("--topic", "prise"), "did you mean"),
        (("--all", "--limit", "5"), "leave out --limit"),
        (("--limit", "0"), "--limit"),
        (("--local",), "files hold no history"),
    ],
)
def test_it_says_what_to_type_instead(ask: Asker, flags: tuple[str, ...], told: str) -> None:
    done = ask("changes", *flags, **({"OPENMODELS_API_URL": ""} if "--local" in flags else {}))
    assert (done.returncode, done.stdout) == (2, "")
    assert told in " ".join(done.stderr.split())


def test_it_says_who_does_not_answer(ask: Asker) -> None:
    assert ask("changes", "--api-url", "http://127.0.0.1:9").returncode == 3
