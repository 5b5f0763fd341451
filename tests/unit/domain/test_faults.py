import ast
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import openmodels
from openmodels.domain.faults import CODES, path_text, shown, visible


def used_codes() -> set[str]:
    """The first argument of every ``Fault(...)``, ``refuse(...)`` and the like in the source."""
    used = set()
    root = Path(openmodels.__file__).parent
    for file in [*root.glob("registry/*.py"), *root.glob("domain/*.py")]:
        if file.name == "faults.py":  # the table itself
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in CODES:
                used.add(node.value)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fault":
                first = node.args[0]
                assert not isinstance(first, ast.Constant) or first.value in CODES, ast.unparse(node)
    return used


def test_every_code_is_in_the_table_and_every_row_is_used() -> None:
    assert used_codes() == set(CODES)


def test_every_code_is_kebab_case_with_a_sentence() -> None:
    for code, meaning in CODES.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)
        assert meaning.endswith(".")
        assert meaning.count(". ") == 0


@pytest.mark.parametrize(
    ("path", "text"),
    [((), ""), (("a",), "a"), (("pricing", "tiers", 1, "above_tokens"), "pricing.tiers[1].above_tokens"),
     ((2, "name"), "[2].name"), (("x\x1b",), "x\\x1b")],
)  # fmt: skip
def test_it_writes_paths(path: tuple[str | int, ...], text: str) -> None:
    assert path_text(path) == text


@settings(deadline=None)
@given(st.text())
def test_whatever_is_visible_stays_on_its_line_and_steers_nothing(text: str) -> None:
    assert visible(text).isprintable()
    assert text.isprintable() == (visible(text) == text)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)
@given(values)
def test_it_shows_any_value_on_one_short_line(value: object) -> None:
    assert shown(value).isprintable()
    assert len(shown(value)) <= 600


def test_it_shows_numbers_as_they_are_written() -> None:
    assert shown(Decimal("0.0000001")) == "0.0000001"
    assert shown(10**5000) == "a very long number"
