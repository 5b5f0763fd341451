"""How answers are written."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from openmodels.cli.flat import columns_of, csv_lines
from openmodels.cli.output import json_text, yaml_text


class Inner(Struct):
    """Something within."""

    amount: Decimal | None = None
    currency: str = "USD"


class Outer(Struct):
    """Something with everything in it."""

    id: str
    price: Inner | None = None
    words: tuple[str, ...] = ()
    parts: tuple[Inner, ...] = ()
    seen: datetime | None = None
    well: bool | None = None
    count: int | None = None
    share: float | None = None


AT = datetime(2026, 3, 1, 12, 0, 0, 120_000, tzinfo=UTC)
HOSTILE = "\x1b[31m\x9b2J\u202e\u2066\u2028\x7f\x00\r\n\U000e0001"
texts = st.text(st.characters(exclude_categories=["Cs"]))


def rows(*records: Struct, kind: type[Struct] = Outer, on_terminal: bool = False) -> list[dict[str, str]]:
    text = "".join(csv_lines(records, kind, on_terminal=on_terminal))
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("digits", ["0.1", "0.10", "0", "1E-9", "123456789.123456789", "0.000000001", "1E+3"])
def test_it_keeps_all_digits_of_a_price(digits: str) -> None:
    answer = Inner(amount=Decimal(digits))
    assert json.loads(json_text(answer, indented=False), parse_float=Decimal)["amount"] == Decimal(digits)
    read = yaml.compose(yaml_text(answer))
    assert isinstance(read, yaml.MappingNode)
    amount = read.value[0][1]
    assert amount.tag.endswith((":float", ":int"))
    assert Decimal(amount.value) == Decimal(digits)
    assert Decimal(rows(Outer(id="a", price=answer))[0]["price.amount"]) == Decimal(digits)


def test_it_writes_times_as_the_api_does() -> None:
    answer = Outer(id="a", seen=AT)
    assert json.loads(json_text(answer, indented=True))["seen"] == "2026-03-01T12:00:00.120Z"
    assert yaml.safe_load(yaml_text(answer))["seen"] == "2026-03-01T12:00:00.120Z"
    assert rows(answer)[0]["seen"] == "2026-03-01T12:00:00.120Z"


def test_it_writes_dates_as_the_api_does() -> None:
    assert json_text({"on": date(2026, 3, 1)}, indented=False) == '{"on":"2026-03-01"}'


@given(texts)
def test_it_writes_json_that_reads_back_and_shows_no_character_that_cannot_be_seen(text: str) -> None:
    written = json_text({"a": [text]}, indented=True)
    assert json.loads(written) == {"a": [text]}
    assert written.replace("\n", "").isprintable()


@given(texts)
def test_it_writes_yaml_that_reads_back_and_shows_no_character_that_cannot_be_seen(text: str) -> None:
    answer: Any = {"a": [text], text: text, "b": {"c": [text, text]}}
    written = yaml_text(answer)
    assert yaml.safe_load(written) == answer
    assert written.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "text", ["yes", "null", "1.5", "- a", "a: b", "'", "#", "2026-03-01", "=", "", "é 中"]
)
def test_it_writes_yaml_whose_texts_stay_texts(text: str) -> None:
    assert yaml.safe_load(yaml_text([text, {"k": text}])) == [text, {"k": text}]


@given(texts)
def test_it_writes_csv_that_reads_back(text: str) -> None:
    (row,) = rows(Outer(id=text))
    assert row["id"].removeprefix("'") == text.removeprefix("'")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1"])
def test_it_writes_no_formula_for_a_spreadsheet(text: str) -> None:
    (row,) = rows(Outer(id=text, words=(text, "b"), count=-5, share=-0.5))
    assert row["id"] == "'" + text
    assert row["words"] == f"'{text};b"
    assert (row["count"], row["share"]) == ("-5", "-0.5")


def test_it_shows_no_character_that_cannot_be_seen_on_a_terminal() -> None:
    written = "".join(csv_lines([Outer(id=HOSTILE)], Outer, on_terminal=True))
    assert written.replace("\r\n", "").isprintable()
    assert rows(Outer(id=HOSTILE))[0]["id"] == HOSTILE


def test_it_names_nested_fields_by_dots_and_writes_what_is_not_known_as_nothing() -> None:
    assert [".".join(column) for column in columns_of(Outer)] == [
        "id",
        "price.amount",
        "price.currency",
        "words",
        "parts",
        "seen",
        "well",
        "count",
        "share",
    ]
    (row,) = rows(Outer(id="a"))
    assert {value for name, value in row.items() if name != "id"} == {""}


def test_it_writes_records_within_a_cell_as_json() -> None:
    (row,) = rows(Outer(id="a", parts=(Inner(amount=Decimal("0.10")),), well=True))
    assert row["parts"] == '[{"amount":0.10,"currency":"USD"}]'
    assert row["well"] == "true"


def test_it_writes_a_head_also_for_no_records() -> None:
    assert "".join(csv_lines([], Inner, on_terminal=False)) == "amount,currency\r\n"


def test_it_puts_different_records_under_one_head() -> None:
    text = "".join(csv_lines([Inner(), Outer(id="a")], None, on_terminal=False))
    head, *lines = text.splitlines()
    assert head.startswith("amount,currency,id,price.amount")
    assert len(lines) == 2
