"""Prices in other tools' units: the same number, exactly, and never a float."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.registry.exporters.amounts import per_token, per_token_text, plain, unit_text

PRICES = st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=12) | st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(0, 10**9), st.integers(-12, 0)
)


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("0.15", "0.00000015"),
        ("2.50", "0.0000025"),
        ("0", "0"),
        ("0.000", "0"),
        ("1000000", "1"),
        ("1E+1", "0.00001"),
        ("0.000000000001", "0.000000000000000001"),
        ("999999999.999999999999", "999.999999999999999999"),
    ],
)
def test_it_says_the_price_of_a_token_in_as_few_digits_as_can_be(price: str, text: str) -> None:
    assert per_token_text(Decimal(price)) == text


@given(PRICES)
def test_it_loses_no_digit(price: Decimal) -> None:
    text = per_token_text(price)
    assert Decimal(text) * 10**6 == price
    assert Decimal(unit_text(price)) == price
    for said in (text, bytes(plain(price)).decode(), unit_text(price)):
        assert "E" not in said
        assert msgspec.json.decode(said.encode(), type=Decimal) == Decimal(said)
    assert not (text.endswith("0") and "." in text)
    assert msgspec.json.decode(bytes(per_token(price)), type=Decimal) == Decimal(text)


def test_it_keeps_the_digits_of_the_registry_where_the_unit_is_the_same() -> None:
    assert bytes(plain(Decimal("2.50"))) == b"2.50"
