"""Tables for people."""

import io
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from openmodels.cli.grid import GAP, Grid, facts_of, fitted, money, table_of

HEAD = ("id", "name", "price", "status")
ROWS = (
    ("kimi-k2-thinking", "Kimi K2 Thinking", "0.3", "active"),
    ("b", "A name that is far longer than a column should be", "1234.5", None),
)


def shown(grid: Grid, width: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, color_system=None, markup=False, emoji=False).print(grid, highlight=False)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def table(**more: Sequence[str]) -> Grid:
    return table_of(HEAD, ROWS, right={"price"}, spare=("status", "name"), **more)


def test_it_shows_everything_where_there_is_room() -> None:
    assert shown(table(), 100) == [
        "id                name                                                price  status",
        "kimi-k2-thinking  Kimi K2 Thinking                                      0.3  active",
        "b                 A name that is far longer than a column should be  1234.5  –",
    ]


def test_it_shortens_texts_where_there_is_less() -> None:
    assert shown(table(), 60) == [
        "id                name                         price  status",
        "kimi-k2-thinking  Kimi K2 Thinking               0.3  active",
        "b                 A name that is far longer…  1234.5  –",
    ]


def test_it_leaves_out_what_matters_least_first() -> None:
    assert shown(table(), 40)[0] == "id                name             price"
    assert shown(table(), 26) == [
        "id                 price",
        "kimi-k2-thinking     0.3",
        "b                 1234.5",
    ]


def test_it_leaves_out_what_would_have_to_be_shortened_but_is_whole_or_not_at_all() -> None:
    assert shown(table(whole=["name"]), 60)[0] == "id                 price"


def test_it_shows_what_can_be_shown_on_the_narrowest_terminal() -> None:
    lines = shown(table(), 8)
    assert all(len(line) <= 8 for line in lines)
    assert len(lines) == 3


def test_it_shows_no_character_that_cannot_be_seen() -> None:
    evil = "\x1b[2J\u202e[bold]x[/]\n:smile:"
    grid = table_of(("a", "b"), [(evil, Text(evil, style="red"))])
    for line in (*shown(grid, 200), *grid.lines()):
        assert line.replace("\t", "").isprintable()
    assert shown(grid, 200)[1].count("\\x1b[2J\\u202e[bold]x[/]\\n:smile:") == 2


def test_it_writes_tabs_only_between_cells() -> None:
    assert list(table_of(("a", "b"), [("x\ty", None)]).lines()) == ["a\tb", "x\\ty\t–"]


def test_it_lets_a_long_fact_go_on_under_itself() -> None:
    grid = facts_of([("id", "x"), ("description", "one two three four")])
    assert shown(grid, 22) == [
        "id           x",
        "description  one two",
        "             three",
        "             four",
    ]
    assert list(grid.lines()) == ["id\tx", "description\tone two three four"]


def test_it_counts_wide_letters_as_the_terminal_does() -> None:
    lines = shown(table_of(("a", "b"), [("中文中文", "x"), ("ab", "y")]), 80)
    assert lines == ["a         b", "中文中文  x", "ab        y"]


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=8),
    st.integers(1, 200),
    st.data(),
)
def test_it_is_never_wider_than_the_terminal_if_it_can_help_it(
    columns: list[tuple[int, int]], width: int, data: st.DataObject
) -> None:
    natural, least = [max(pair) for pair in columns], [min(pair) for pair in columns]
    spare = data.draw(st.permutations(range(len(columns)))) if len(columns) > 1 else []
    kept = fitted(natural, least, spare[:-1], width)
    assert kept
    assert all(size <= natural[at] for at, size in kept.items())
    total = sum(kept.values()) + GAP * (len(kept) - 1)
    assert total <= width or all(size <= 1 for size in kept.values())
    if sum(natural) + GAP * (len(natural) - 1) <= width:
        assert kept == dict(enumerate(natural))


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, None),
        ("0", "0"),
        ("2.50", "2.5"),
        ("100", "100"),
        ("0.000000001", "0.000000001"),
        ("1E+3", "1000"),
    ],
)
def test_it_writes_amounts_exactly(amount: str | None, text: str | None) -> None:
    assert money(None if amount is None else Decimal(amount)) == text
