"""One line that says what changed."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.builders import AT
from openmodels.domain.change_wording import headline, headlines
from openmodels.domain.changes import Change


def change(field: str | None, old: Any, new: Any, **given_: Any) -> Change:
    fields: dict[str, Any] = {
        "at": AT,
        "revision": "0123456789abcdef",
        "kind": "offering",
        "id": "groq/llama",
        "action": "changed",
        "topic": "other",
        "field": field,
        "old": old,
        "new": new,
        "source": None,
    }
    return Change(**fields | given_)


PRICE = "pricing.input_per_million"


@pytest.mark.parametrize(
    ("field", "old", "new", "line"),
    [
        (PRICE, Decimal("0.59"), Decimal("0.64"), "input price 0.59 → 0.64 USD per million tokens (+8.5 %)"),
        (PRICE, Decimal("0.10"), Decimal(0), "input price 0.10 → 0 USD per million tokens (-100.0 %)"),
        (PRICE, 0, Decimal("0.1"), "input price 0 → 0.1 USD per million tokens"),
        (PRICE, None, 2, "input price unknown → 2 USD per million tokens"),
        (PRICE, Decimal("1E-7"), Decimal("1E-6"),
         "input price 0.0000001 → 0.000001 USD per million tokens (+900.0 %)"),
        ("pricing.image_per_unit", 1, 2, "image price 1 → 2 USD per image (+100.0 %)"),
        ("pricing.currency", "USD", "EUR", "currency USD → EUR"),
        ("pricing.tiers", [], [{"above_tokens": 1}], "prices by length of prompt changed"),
        ("rate_limits.tokens_per_minute", None, 6000, "rate limit unknown → 6,000 tokens per minute"),
        ("status", "active", "retired", "status active → retired"),
        ("source.url", None, "https://x.example", "source url none → https://x.example"),
        ("open_weights", False, None, "open weights no → none"),
        ("available_regions", ["a", "b"], ["b", "c"], "available regions: +c -a"),
        ("available_regions", ["a", "b"], ["b", "a"], "available regions: in another order"),
        ("probe", None, {"enabled": False}, "probe changed"),
    ],
)  # fmt: skip
def test_it_says_what_became_of_a_field(field: str, old: Any, new: Any, line: str) -> None:
    assert headline(change(field, old, new), "USD") == f"groq: llama {line}"


def test_a_description_is_not_repeated_and_long_values_are_cut() -> None:
    assert headline(change("description", "a" * 500, "b", kind="model", id="m")) == "m description changed"
    assert len(headline(change("name", "a" * 500, "b" * 500, kind="model", id="m"))) < 200


def test_without_a_currency_it_is_left_out() -> None:
    assert headline(change(PRICE, 1, 2)) == "groq: llama input price 1 → 2 per million tokens (+100.0 %)"


def test_going_back_it_follows_the_currency() -> None:
    newest_first = [
        change(PRICE, 1, 2),
        change("pricing.currency", "CNY", "USD"),
        change(PRICE, 7, 1),
        change(None, None, {}, action="added"),
        change(None, {"pricing": {"currency": "EUR"}}, None, action="removed"),
        change(PRICE, 3, 6),
    ]
    lines = list(headlines(newest_first, {"groq/llama": "USD"}))
    assert [line.split()[7] for line in lines if "input price" in line] == ["USD", "CNY", "EUR"]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=4)
    | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
FIELDS = st.sampled_from([PRICE, "pricing.tiers", "context_window", "aliases", "status", "x.y", None])


@given(field=FIELDS, old=VALUES, new=VALUES, action=st.sampled_from(["added", "changed", "removed"]))
def test_whatever_a_record_held_has_a_line(field: str | None, old: Any, new: Any, action: str) -> None:
    line = headline(change(field, old, new, action=action), "USD")
    assert line.startswith("groq: llama ")
    assert len(line) < 400
