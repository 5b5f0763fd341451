"""Answers as text, texts made harmless, and numbers as JSON has them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.mcp.text import LONGEST, as_text, built, number_of, plain
from openmodels_client.errors import InvalidResponse


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Kimi K2", "Kimi K2"),
        ("a\nb\r\n\tc\u2028d", "a b c d"),
        ("\x1b[31mred\x07", "[31mred"),
        ("left\u202eright\u2066", "leftright"),
        ("seen\U000e0041\U000e0042", "seen"),
        ("half \ud83d", "half"),
        ("  \u00a0 ", ""),
        ("العربية 日本語 é", "العربية 日本語 é"),
        ("\U0001f469\u200d\U0001f467", "\U0001f469\u200d\U0001f467"),
        ("x" * LONGEST, "x" * LONGEST),
        ("x" * (LONGEST + 1), "x" * (LONGEST - 1) + "…"),
    ],
)
def test_a_text_is_one_line_of_what_shows(written: str, shown: str) -> None:
    assert plain(written) == shown


@given(st.text())
def test_what_was_made_plain_stays_as_it_is(written: str) -> None:
    shown = plain(written)
    assert plain(shown) == shown
    assert len(shown) <= LONGEST
    assert len(shown.splitlines()) <= 1
    shown.encode()


@pytest.mark.parametrize(
    ("written", "read"),
    [("3", 3), ("3.00", 3), ("0", 0), ("0.1", 0.1), ("2.50", 2.5), ("0.000000000001", 1e-12), ("1E+3", 1000)],
)
def test_a_number_is_exact_and_whole_where_it_can_be(written: str, read: float) -> None:
    found = number_of(Decimal(written))
    assert found == read
    assert type(found) is type(read)
    assert Decimal(str(found)) == Decimal(written)


@given(st.decimals(min_value=0, max_value=10**9, places=6))
def test_every_price_of_a_registry_is_exact(price: Decimal) -> None:
    assert Decimal(str(number_of(price))) == price


@pytest.mark.parametrize("written", ["NaN", "Infinity", "1E999999999"])
def test_what_is_no_number_is_an_answer_that_cannot_be_read(written: str) -> None:
    with pytest.raises(InvalidResponse):
        number_of(Decimal(written))


def test_a_list_is_a_table_that_names_its_fields_once() -> None:
    rows = [
        {"id": "a", "price": {"in": 1, "out": None}, "tags": ["x", "y"]},
        {"id": "b|c", "kind": "new", "price": {"in": 0, "out": 2.5}, "free": True},
    ]
    assert as_text({"rows": rows, "total": 2}) == (
        "rows:\nid|kind|price.in|price.out|free|tags\na||1|unknown||x, y\nb¦c|new|0|2.5|yes|\ntotal: 2"
    )


def test_a_list_of_one_is_told_field_by_field() -> None:
    answer = {
        "model": "a",
        "rows": [{"id": "b", "parts": [{"n": 1, "u": None}, {"n": 2, "u": 3}]}],
        "empty": [],
    }
    assert as_text(answer) == "model: a\nrows:\n  id: b\n  parts: n=1 u=unknown; n=2 u=3\nempty: none"


def test_an_answer_is_made_harmless_to_its_depths() -> None:
    assert built({"a": ["x\ny", {"b": "\u202ez"}], "n": 1, "t": None}) == {
        "a": ["x y", {"b": "z"}],
        "n": 1,
        "t": None,
    }
