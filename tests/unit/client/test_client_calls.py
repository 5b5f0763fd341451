"""What the SDK asks: paths and queries."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels_client.calls import Call, path_of, query_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
"""Without halves of surrogate pairs, which no encoding has."""


@given(TEXTS.filter(lambda text: text not in {"", ".", ".."}))
def test_it_makes_one_segment_of_whatever_an_id_holds(model_id: str) -> None:
    path = path_of("models", model_id, "cost")
    assert path.startswith("/api/models/")
    assert path.isascii()
    _, api, models, segment, cost = path.split("/")
    assert (api, models, unquote(segment), cost) == ("api", "models", model_id, "cost")
    assert not set(path) & set("?#% ") - {"%"}


@pytest.mark.parametrize("model_id", ["", ".", ".."])
def test_it_refuses_ids_that_lead_elsewhere(model_id: str) -> None:
    with pytest.raises(ValueError, match="an id is needed"):
        path_of("models", model_id)


@given(st.dictionaries(st.from_regex("[a-z_]+", fullmatch=True), TEXTS | st.lists(TEXTS)))
def test_its_query_reads_as_what_was_given(values: dict[str, str | list[str]]) -> None:
    target = Call(path="/api/models", query=query_of(**values), answer=str).target
    assert target.isascii()
    _, _, query = target.partition("?")
    expected = [
        (name, one)
        for name, value in values.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    assert parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)) == expected


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=25))
def test_it_writes_numbers_exactly_and_without_an_exponent(number: Decimal) -> None:
    ((_, written),) = query_of(max_price=number)
    assert Decimal(written) == number
    assert "e" not in written.lower()


@pytest.mark.parametrize("number", [Decimal("1e999999999"), Decimal("1e-999"), float("nan"), float("inf")])
def test_it_refuses_numbers_that_nobody_means(number: Decimal | float) -> None:
    with pytest.raises(ValueError, match="a number such as"):
        query_of(max_price=number)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (1e-07, "0.0000001"),
        (0.1, "0.1"),
        (Decimal("1E+3"), "1000"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), "2026-03-01T12:00:00.000Z"),
        (datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC), "2026-03-01T12:00:00.250Z"),
        (datetime(2026, 3, 1, 12, 0, 0, 250_001, tzinfo=UTC), "2026-03-01T12:00:00.250001Z"),
        (datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2))), "2026-03-01T10:00:00.000Z"),
        (datetime(2026, 3, 1, 12), "2026-03-01T12:00:00.000Z"),  # noqa: DTZ001 - it is in UTC
        ("yesterday", "yesterday"),
        ({"uptime": 0.5, "ttft": Decimal("0.50")}, "uptime:0.5,ttft:0.50"),
    ],
)
def test_it_writes_values_as_the_api_reads_them(value: object, written: str) -> None:
    assert query_of(value=value) == (("value", written),)  # type: ignore[arg-type]  # of any kind


def test_it_leaves_out_what_was_not_given() -> None:
    assert query_of(a=None, b="", c=[], d=("x", "y")) == (("b", ""), ("d", "x"), ("d", "y"))
    assert Call(path="/api/stats", answer=str).target == "/api/stats"
