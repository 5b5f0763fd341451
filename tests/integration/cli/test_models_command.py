"""``openmodels models``."""

import csv
import io
from decimal import Decimal

import pytest
import yaml

from fixtures.asking import Asker, exact


@pytest.mark.parametrize(
    ("flags", "query"),
    [
        ((), ""),
        (("--page", "2", "--limit", "7"), "?page=2&limit=7"),
        (("--search", "alpha one"), "?search=alpha+one"),
        (("--capability", "vision", "--capability", "embeddings"), "?capability=vision,embeddings"),
        (("--modality", "image"), "?modality=image"),
        (("--vendor", "acme", "--status", "active"), "?vendor=acme&status=active"),
        (("--provider", "cirrus"), "?provider=cirrus"),
        (("--licensing", "mit"), "?licensing=mit"),
        (("--open-weights",), "?open_weights=true"),
        (("--closed-weights",), "?open_weights=false"),
        (("--min-context", "20000"), "?min_context=20000"),
        (("--max-input-price", "0.00000015"), "?max_input_price=0.00000015"),
        (("--sort", "price"), "?sort=price"),
        (("--as-of", "2026-02-01"), "?as_of=2026-02-01"),
    ],
)
def test_it_lists_what_the_api_lists(ask: Asker, flags: tuple[str, ...], query: str) -> None:
    done = ask("models", "list", *flags, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ask.api(f"/api/models{query}") + "\n"


def test_it_lists_every_page_as_one(ask: Asker) -> None:
    found = ask.json("models", "list", "--all", "--sort", "name")
    first = exact(ask.api("/api/models?sort=name&limit=100"))
    assert found["data"] == first["data"]
    assert found["pagination"] == {"page": 1, "limit": len(first["data"]), "total": len(first["data"])}


def test_it_takes_no_page_of_all(ask: Asker) -> None:
    done = ask("models", "list", "--all", "--page", "2")
    assert done.returncode == 2
    assert "--all" in done.stderr


def test_it_says_what_to_type_for_more(ask: Asker) -> None:
    done = ask("models", "list", "--limit", "5")
    total = exact(ask.api("/api/models?limit=1"))["pagination"]["total"]
    assert done.stderr == f"models 1 to 5 of {total}; --page 2 shows more, --all everything\n"
    assert len(done.rows) == 5


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--search", "nothing-is-called-so"), "no model fits"),
        (("--page", "99"), "there is no page 99"),
        (("--all",), ""),
    ],
)
def test_it_says_why_there_are_no_more(ask: Asker, flags: tuple[str, ...], told: str) -> None:
    done = ask("models", "list", *flags)
    assert done.returncode == 0
    assert done.stderr.startswith(told)
    assert bool(done.stderr) == bool(told)


def test_it_lists_for_people_with_exact_prices(ask: Asker) -> None:
    (row,) = [row for row in ask("models", "list", "--all").rows if row[0] == "alpha-1"]
    cheapest = exact(ask.api("/api/models/alpha-1"))["cheapest"]
    assert row[1] == "Alpha One"
    assert (cheapest["input_per_million"], cheapest["output_per_million"]) == (
        Decimal("0.1"),
        Decimal("2.50"),
    )
    assert row[4:7] == ["0.1", "2.5", "USD"]


def test_it_lists_as_yaml_what_it_lists_as_json(ask: Asker) -> None:
    done = ask("models", "list", "--format", "yaml")
    assert yaml.safe_load(done.stdout) == yaml.safe_load(ask.api("/api/models"))


def test_it_lists_as_csv_with_nested_fields_by_dots(ask: Asker) -> None:
    done = ask("models", "list", "--all", "--format", "csv")
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(done.stdout, newline=""))}
    for model in exact(ask.api("/api/models?limit=100"))["data"]:
        row = rows[model["id"]]
        assert row["name"] == model["name"]
        assert row["capabilities"] == ";".join(model["capabilities"])
        assert row["updated_at"] == model["updated_at"]
        price = (model["cheapest"] or {}).get("input_per_million")
        assert row["cheapest.input_per_million"] == ("" if price is None else str(price))
        known = model["open_weights"]
        assert row["open_weights"] == ("" if known is None else str(known).lower())


def test_it_writes_the_head_of_a_csv_that_has_no_rows(ask: Asker) -> None:
    none = ask("models", "list", "--search", "nothing-is-called-so", "--format", "csv")
    some = ask("models", "list", "--limit", "1", "--format", "csv")
    assert none.stdout.splitlines() == some.stdout.splitlines()[:1]
    assert none.stderr == ""


def test_it_tells_a_model_and_its_offerings(ask: Asker) -> None:
    found = ask.json("models", "info", "alpha-1")
    offerings = found.pop("offerings")
    assert found == exact(ask.api("/api/models/alpha-1"))
    assert offerings == exact(ask.api("/api/models/alpha-1/providers"))["providers"]


def test_it_tells_a_model_to_people(ask: Asker) -> None:
    done = ask("models", "info", "alpha-1")
    facts = dict(line.split("\t") for line in done.stdout.split("\n\n")[0].splitlines()[1:])
    assert facts["id"] == "alpha-1"
    assert facts["status"] == "active"
    table = done.stdout.split("\n\n")[1].splitlines()
    assert table[0].startswith("provider\tcalled there\tinput/1M\toutput/1M")
    offerings = exact(ask.api("/api/models/alpha-1/providers"))["providers"]
    assert [line.split("\t")[0] for line in table[1:]] == [each["provider_id"] for each in offerings]


def test_it_finds_a_model_by_another_name(ask: Asker) -> None:
    alias = exact(ask.api("/api/models/alpha-1"))["aliases"][0]
    assert ask.json("models", "info", alias)["id"] == "alpha-1"


def test_it_writes_offerings_as_csv(ask: Asker) -> None:
    done = ask("models", "info", "alpha-1", "--format", "csv")
    rows = {row["provider_id"]: row for row in csv.DictReader(io.StringIO(done.stdout, newline=""))}
    for offering in exact(ask.api("/api/models/alpha-1/providers"))["providers"]:
        row, pricing = rows[offering["provider_id"]], offering["pricing"]
        known = pricing["input_per_million"]
        assert row["pricing.input_per_million"] == ("" if known is None else str(known))
        assert exact(row["pricing.tiers"] or "[]") == pricing["tiers"]


def test_it_tells_a_model_as_it_was(ask: Asker) -> None:
    then, now = (ask.json("models", "info", "alpha-1", *flags) for flags in (("--as-of", "2026-01-25"), ()))
    assert then["offerings"] != now["offerings"]
    assert then["offerings"] == exact(ask.api("/api/models/alpha-1/providers?as_of=2026-01-25"))["providers"]


def test_it_suggests_what_is_near_and_exits_1(ask: Asker) -> None:
    done = ask("models", "info", "alpah-1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "openmodels: Model not found: 'alpah-1'. Did you mean 'alpha-1'?\n"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_it_takes_no_id_that_would_lead_elsewhere(ask: Asker, name: str) -> None:
    assert ask("models", "info", name).returncode == 2


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--capability", "visio"), "--capability must be one of"),
        (("--min-context", "-1"), "--min-context must be an integer"),
        (("--sort", "size"), "--sort must be one of"),
        (("--max-input-price", "NaN"), "--max-input-price"),
        (("--as-of", "yesterday"), "--as-of must be"),
        (("--max-input-price", "cheap"), "--max-input-price"),
        (("--limit", "101"), "--limit"),
    ],
)
def test_it_names_the_flag_that_cannot_be_used(ask: Asker, flags: tuple[str, ...], told: str) -> None:
    done = ask("models", "list", *flags)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
