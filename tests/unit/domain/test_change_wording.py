"""One line that says what changed."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.builders import AT
from openmodels.domain.change_wording import Paid, currencies, headline, step_of
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


DOLLARS = Paid("USD", "USD")
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
    assert headline(change(field, old, new), DOLLARS) == f"groq: llama {line}"


def test_a_description_is_not_repeated_and_long_values_are_cut() -> None:
    assert headline(change("description", "a" * 500, "b", kind="model", id="m")) == "m description changed"
    assert len(headline(change("name", "a" * 500, "b" * 500, kind="model", id="m"))) < 200


@pytest.mark.parametrize(
    ("paid", "told"),
    [
        (None, "1 → 2 per million tokens"),
        (Paid(None, None), "1 → 2 per million tokens (+100.0 %)"),
        (Paid("EUR", "USD"), "1 EUR → 2 USD per million tokens"),
        (Paid("EUR", None), "1 EUR → 2 per million tokens"),
    ],
)
def test_what_is_not_certain_is_left_out(paid: Paid | None, told: str) -> None:
    assert headline(change(PRICE, 1, 2), paid) == f"groq: llama input price {told}"


def test_an_unknown_price_is_in_no_currency() -> None:
    assert "unknown → 5 EUR per" in headline(change(PRICE, None, 5), Paid("USD", "EUR"))
    assert "5 USD → unknown per" in headline(change(PRICE, 5, None), Paid("USD", "EUR"))


@pytest.mark.parametrize("number", [Decimal("1E+300"), Decimal("1E+999999"), Decimal("1E-999999"), 10**4000])
def test_a_number_of_many_digits_is_not_written_out(number: Any) -> None:
    for old, new in ((number, 1), (1, number), (number, -number)):
        for field in (PRICE, "context_window", "x"):
            line = headline(change(field, old, new), DOLLARS)
            assert len(line) < 120
            assert "%" not in line


def at(hours: int, field: str | None, old: Any, new: Any, **more: Any) -> Change:
    return change(field, old, new, at=AT + timedelta(hours=hours), revision=f"{hours:016x}", **more)


GONE = {"pricing": {"currency": "EUR"}}
NEWEST_FIRST = [
    at(6, PRICE, 1, 2),
    at(5, PRICE, 8, 1),
    at(5, "pricing.currency", "CNY", "USD"),
    at(5, "pricing.output_per_million", 9, 3),
    at(4, PRICE, 7, 8),
    at(2, None, GONE, None, action="removed"),
    at(1, PRICE, 3, 6),
    at(1, PRICE, 3, 6, id="acme/llama"),
]


def test_going_back_it_follows_the_currency() -> None:
    found = currencies(
        NEWEST_FIRST, {"groq/llama": "USD", "acme/llama": "GBP"}, published_at=NEWEST_FIRST[0].at
    )
    assert [found[step_of(one)] for one in NEWEST_FIRST] == [
        Paid("USD", "USD"),
        *[Paid("CNY", "USD")] * 3,
        Paid("CNY", "CNY"),
        Paid("EUR", None),
        Paid("EUR", "EUR"),
        Paid("GBP", "GBP"),
    ]


def test_of_what_came_after_what_is_served_only_the_changes_themselves_are_believed() -> None:
    now = {"groq/llama": "CNY"}
    found = currencies(NEWEST_FIRST, now, published_at=NEWEST_FIRST[4].at)
    assert found[step_of(NEWEST_FIRST[0])] == Paid(None, None)
    assert found[step_of(NEWEST_FIRST[1])] == Paid("CNY", "USD")
    assert found[step_of(NEWEST_FIRST[4])] == Paid("CNY", "CNY")
    only = [at(2, PRICE, 1, 2), at(1, PRICE, 2, 1)]
    found = currencies(only, now, published_at=only[1].at)
    assert [found[step_of(one)].after for one in only] == [None, "CNY"]


def test_what_a_removed_record_does_not_say_is_unknown_before() -> None:
    changes = [at(2, None, {"pricing": None}, None, action="removed"), at(1, PRICE, 1, 2)]
    found = currencies(changes, {"groq/llama": "USD"}, published_at=changes[0].at)
    assert [found[step_of(one)] for one in changes] == [Paid(None, None), Paid(None, None)]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
FIELDS = st.sampled_from([PRICE, "pricing.tiers", "context_window", "aliases", "status", "x.y", None])


@given(field=FIELDS, old=VALUES, new=VALUES, action=st.sampled_from(["added", "changed", "removed"]))
def test_whatever_a_record_held_has_a_line(field: str | None, old: Any, new: Any, action: str) -> None:
    line = headline(change(field, old, new, action=action), DOLLARS)
    assert line.startswith("groq: llama ")
    assert len(line) < 400
