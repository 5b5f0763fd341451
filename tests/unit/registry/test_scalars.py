from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openmodels.registry.scalars import resolve


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "no",
        "on",
        "off",
        "Yes",
        "NO",
        "y",
        "n",
        "2025-03-14",
        "2025-03",
        "12:30",
        "1:20:30",
        "1_000",
        "=",
        "<<",
        "0b11",
        "1e",
        "+",
        "-",
        ".",
        "0x",
        "0o8",
        "nan",
        "inf",
        "NaN",
        "tRUE",
        "1.2.3",
        "--1",
    ],
)
def test_it_takes_words_of_older_yaml_for_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("FALSE", False),
        ("010", 10),
        ("-5", -5),
        ("+7", 7),
        ("0o17", 15),
        ("0xfF", 255),
    ],
)
def test_it_reads_the_core_schema(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(
    "text", ["0.1", "0.10", "1e-7", "1.", ".5", "-0.0", "12345678901234567890.123456789"]
)
def test_it_keeps_every_digit_of_a_decimal(text: str) -> None:
    value = resolve(text)
    assert isinstance(value, Decimal)
    assert value.as_tuple() == Decimal(text).as_tuple()


@pytest.mark.parametrize(
    "text",
    [
        ".inf",
        "-.Inf",
        "+.INF",
        ".nan",
        ".NaN",
        "9" * 65,
        "0." + "0" * 64,
        "0x" + "f" * 64,
        "1e99999999999999999999",
        "1e-99999999999999999999",
    ],
)
def test_it_refuses_numbers_that_no_record_can_hold(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        resolve(text)


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=0, max_value=10**9))
def test_it_reads_back_any_price_exactly(price: Decimal) -> None:
    assert Decimal(str(resolve(f"{price:f}"))) == price


@settings(deadline=None)
@given(st.text())
def test_it_resolves_or_refuses_any_text(text: str) -> None:
    try:
        value = resolve(text)
    except ValueError:
        return
    assert value is None or isinstance(value, str | int | bool | Decimal)
