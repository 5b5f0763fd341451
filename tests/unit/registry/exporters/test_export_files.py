"""The formats of our own: NDJSON, CSV and SQLite hold everything, and nothing else."""

import csv
import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from tempfile import gettempdir

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.builders import AT, large_registry, model, offering, provider, registry
from fixtures.catalogue import EVERY_PRICE, catalogue, pricing
from openmodels.domain.records import (
    Claim,
    Model,
    Offering,
    PriceTier,
    Provenance,
    Provider,
    Record,
    Registry,
    Vendor,
    revision_of,
)
from openmodels.registry.exporters import flat, ndjson, sqlite
from openmodels.registry.exporters.table import FORMATS

KINDS: dict[str, type[Record]] = {
    "vendor": Vendor,
    "provider": Provider,
    "model": Model,
    "offering": Offering,
}
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "@cf/meta/llama")


def read_back(data: bytes) -> Registry:
    found = []
    for line in data.splitlines():
        item = msgspec.json.decode(line)
        kind = KINDS[item["kind"]]
        found.append(
            msgspec.json.decode(line.replace(b'"kind":"%s",' % item["kind"].encode(), b"", 1), type=kind)
        )
    return registry(*found)  # type: ignore[arg-type]  # of the four kinds


def rows_of(content: Registry) -> list[dict[str, str]]:
    text = b"".join(flat.write(content)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    file = tmp_path / "registry.sqlite"
    file.write_bytes(b"".join(sqlite.write(catalogue())))
    with closing(sqlite3.connect(file)) as connection:
        yield connection


def test_it_writes_records_as_lines_from_which_the_same_registry_comes() -> None:
    data = b"".join(ndjson.write(catalogue()))
    assert revision_of(read_back(data)) == revision_of(catalogue())
    assert [msgspec.json.decode(line)["kind"] for line in data.splitlines()][:1] == ["vendor"]


@given(name=st.text(min_size=1, max_size=40), price=st.decimals(0, 10**6, places=6))
def test_it_keeps_any_text_and_any_price_in_a_line(name: str, price: Decimal) -> None:
    content = registry(
        model("one", name=name), provider("p"), offering("p", "one", None, provider_model_name=name)
    )
    content = msgspec.structs.replace(
        content,
        offerings=(msgspec.structs.replace(content.offerings[0], pricing=pricing(str(price), None)),),
    )
    data = b"".join(ndjson.write(content))
    assert data.count(b"\n") == 3
    assert read_back(data).offerings == content.offerings


def test_it_writes_a_row_for_each_offering_with_the_numbers_of_the_registry() -> None:
    rows = rows_of(catalogue())
    assert [(row["provider_id"], row["model_id"]) for row in rows] == [
        (o.provider_id, o.model_id) for o in catalogue().offerings
    ]
    (full,) = (row for row in rows if row["provider_model_name"] == "acme/alpha-1@2026")
    assert full["output_per_million"] == "2.50"
    assert full["context_window"] == "128000"
    assert full["available_regions"] == "us-east-1|eu-west-1"
    assert full["open_weights"] == "false"
    assert msgspec.json.decode(full["tiers"])[0]["above_tokens"] == 200_000
    (unknown,) = (row for row in rows if (row["provider_id"], row["model_id"]) == ("altus", "alpha-1"))
    assert unknown["input_per_million"] == ""


@given(st.text(alphabet='a",\n\r=|é', min_size=1, max_size=20))
def test_it_quotes_cells_as_the_standard_says(name: str) -> None:
    data = b"".join(flat.write(registry(model("one", name=name), provider("p"), offering("p", "one"))))
    assert data.endswith(b"\r\n")
    (row,) = csv.DictReader(io.StringIO(data.decode(), newline=""))
    assert row["model_name"].removeprefix("'") == name


@pytest.mark.parametrize("text", FORMULAS)
def test_it_writes_no_cell_that_a_spreadsheet_would_run(text: str) -> None:
    content = registry(
        model("one", name=text), provider("p", name=text), offering("p", "one", provider_model_name=text)
    )
    (row,) = rows_of(content)
    for column in ("model_name", "provider_name", "provider_model_name"):
        assert row[column] == "'" + text


def test_it_keeps_what_is_retired_in_our_own_formats() -> None:
    content = registry(model("one"), provider("p"), offering("p", "one", status="retired"))
    assert len(rows_of(content)) == 1
    assert b'"status":"retired"' in b"".join(ndjson.write(content))


def test_it_writes_a_sound_database(database: sqlite3.Connection) -> None:
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    metadata = dict(database.execute("SELECT key, value FROM metadata"))
    assert metadata["revision"] == revision_of(catalogue())
    for table, count in (("models", 5), ("providers", 4), ("offerings", 6), ("vendors", 2)):
        assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (count,)


def test_it_holds_prices_exactly_and_as_numbers(database: sqlite3.Connection) -> None:
    found = database.execute(
        "SELECT item, kind, above_tokens, amount, value FROM prices "
        "WHERE provider_id = 'cirrus' AND model_id = 'alpha-1'"
    ).fetchall()
    prices = {(item, kind, above): (amount, value) for item, kind, above, amount, value in found}
    assert prices["output_per_million", "standard", 0] == ("2.50", 2.5)
    assert prices["output_per_million", "standard", 200_000] == ("5", 5.0)
    assert prices["output_per_million", "batch", 0] == ("1.250", 1.25)
    assert len(prices) == 14
    free = "SELECT amount, value FROM prices WHERE model_id = 'gamma-free' AND provider_id = 'cirrus'"
    assert set(database.execute(free)) == {("0", 0.0), ("0.0", 0.0)}


def test_it_has_no_row_for_a_price_that_nobody_knows(database: sqlite3.Connection) -> None:
    found = database.execute("SELECT item FROM prices WHERE provider_id = 'altus'").fetchall()
    assert found == [("output_per_million",)]
    catalogue_row = database.execute(
        "SELECT input_per_million, context_window FROM catalogue WHERE provider_id = 'altus' "
        "AND model_id = 'alpha-1'"
    ).fetchone()
    assert catalogue_row == (None, 200_000)


def test_it_tells_where_each_field_comes_from(tmp_path: Path) -> None:
    said = Provenance(
        source="models-dev",
        version="1",
        observed_at=AT,
        fields=("name",),
        differs=(Claim(field="context_window", value="64000"),),
    )
    file = tmp_path / "registry.sqlite"
    file.write_bytes(b"".join(sqlite.write(registry(model("one", provenance=(said,))))))
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute("SELECT kind, record, field, source, differing_value FROM provenance")
        assert found.fetchall() == [
            ("model", "one", "name", "models-dev", None),
            ("model", "one", "context_window", "models-dev", "64000"),
        ]


@pytest.mark.parametrize("name", FORMATS)
def test_it_gives_the_same_bytes_for_the_same_registry(name: str) -> None:
    write = FORMATS[name].write
    assert b"".join(write(catalogue())) == b"".join(write(catalogue()))


def test_it_leaves_nothing_behind_when_it_is_stopped_halfway() -> None:
    folder = Path(gettempdir())
    before = set(folder.glob("openmodels-export-*"))
    parts = sqlite.write(large_registry(200, 500))
    next(parts)
    made = set(folder.glob("openmodels-export-*")) - before
    assert made
    parts.close()  # type: ignore[attr-defined]  # a generator is an iterator that can be closed
    assert not any(one.exists() for one in made)


def test_it_names_every_price_of_an_offering_in_every_format_of_ours() -> None:
    tiers = (PriceTier(above_tokens=1000, input_per_million=Decimal("0.123456789012")),)
    content = registry(
        model("one"),
        provider("p"),
        offering("p", "one", pricing=msgspec.structs.replace(EVERY_PRICE, tiers=tiers)),
    )
    assert b"0.123456789012" in b"".join(ndjson.write(content))
    assert b"0.123456789012" in b"".join(flat.write(content))
    assert b"0.123456789012" in b"".join(sqlite.write(content))
