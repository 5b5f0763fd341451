from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.domain.limits import price_holds
from openmodels.registry.importers import values
from openmodels.registry.importers.values import Unusable

WRONG: list[object] = [None, True, [], {}, "x", Decimal("NaN"), Decimal("Infinity"), 10**40, "1_0", " 1", "١"]


@pytest.mark.parametrize(
    ("per_token", "per_million"),
    [
        ("1.5e-07", "0.15"),
        ("2.5E-6", "2.5"),
        ("1e-05", "10"),
        ("0.00001500", "15"),
        ("6e-09", "0.006"),
        ("2.9999999999999997e-07", "0.3"),
        ("0", "0"),
        ("-0.0", "0"),
        ("0E+9999", "0"),
    ],
)
def test_it_moves_a_price_per_token_to_one_per_million_as_a_person_writes_it(
    per_token: str, per_million: str
) -> None:
    assert str(values.price_per_token(Decimal(per_token))) == per_million
    if "E+" not in per_token:
        assert str(values.price_per_token(per_token)) == per_million


@given(st.integers(0, 10**9), st.integers(0, 12))
def test_a_price_that_our_records_hold_is_not_changed_by_a_digit(digits: int, places: int) -> None:
    amount = Decimal(digits).scaleb(-places)
    assert values.price(amount) == amount
    assert values.price_per_token(amount.scaleb(-6)) == amount


@given(st.decimals(allow_nan=True, allow_infinity=True) | st.integers() | st.text())
def test_any_price_is_one_that_our_records_hold_or_is_unusable(raw: object) -> None:
    try:
        amount = values.price(raw, shift=6)
    except Unusable:
        return
    assert price_holds(amount)
    # No 1.5E+1; below a millionth Python itself writes an exponent, files do not.
    assert "E+" not in str(amount)


@pytest.mark.parametrize("raw", ["0.09999999999999999", "0.060000000000000005", "0.08333333333333334"])
def test_it_rounds_away_what_binary_fractions_leave(raw: str) -> None:
    amount = values.price(Decimal(raw))
    assert abs(amount - Decimal(raw)) < Decimal("1e-12")
    assert len(str(amount)) <= 14


@pytest.mark.parametrize("raw", ["-1", "-0.000001", "1e999999", "1e12", "1e-30", "9" * 41, "0." + "1" * 41])
def test_it_refuses_a_price_below_zero_or_absurd(raw: str) -> None:
    with pytest.raises(Unusable):
        values.price(Decimal(raw))


@pytest.mark.parametrize(
    "convert", [values.price, values.tokens, values.price_per_token], ids=lambda convert: convert.__name__
)
@pytest.mark.parametrize("raw", WRONG, ids=ascii)
def test_it_refuses_what_is_no_number(convert: Callable[[object], object], raw: object) -> None:
    with pytest.raises(Unusable):
        convert(raw)


def test_it_takes_whole_numbers_of_tokens_however_they_are_written() -> None:
    assert values.tokens(Decimal("200000.0")) == values.tokens(200_000) == values.tokens(Decimal("2E+5"))
    for raw in (0, -1, 10**9, Decimal("1e999999"), Decimal("0.5"), "8192"):
        with pytest.raises(Unusable):
            values.tokens(raw)


@pytest.mark.parametrize(
    "raw", ["2025-13", "2025-02-30", "1970-01-01", "20250101", "2025-1", "", 2025, "２０２５"]
)
def test_it_refuses_a_date_that_does_not_exist_or_stands_for_none(raw: object) -> None:
    assert values.partial_date("2025-02") == "2025-02"
    with pytest.raises(Unusable):
        values.partial_date(raw)
    with pytest.raises(Unusable):
        values.full_date("2025-02")


@pytest.mark.parametrize(
    "raw",
    [
        "http://api.example.com/v1",
        "https://${HOST}/v1",
        "https://127.0.0.1/v1",
        "https://[::1]/v1",
        "https://169.254.169.254/latest",
        "https://localhost/v1",
        "https://router.local/v1",
        "https://gateway.internal/v1",
        "https://user:word@example.com/",
        "https://example.com:0/",
        "https://example.com/\x1b[31m",
        "https://exämple.com/",
        "https://example.com/" + "x" * 500,
        "javascript:alert(1)",
        7,
    ],
)
def test_it_refuses_an_address_that_is_not_public_https(raw: object) -> None:
    with pytest.raises(Unusable):
        values.url(raw)


def test_a_base_address_has_nothing_after_which_no_path_can_follow() -> None:
    assert values.base_url("https://api.example.com/v1/") == "https://api.example.com/v1"
    assert values.base_url("https://api.example.com/v1/chat/completions") == "https://api.example.com/v1"
    for ending in ("?key=1", "#docs"):
        with pytest.raises(Unusable):
            values.base_url("https://api.example.com/v1" + ending)


@pytest.mark.parametrize(
    "raw", ["", " x", "x ", "a\x1b[0m", "a\nb", "a\u200bb", "\ud800", "x" * 256, None, 7]
)
def test_it_refuses_a_name_that_cannot_be_seen_whole(raw: object) -> None:
    with pytest.raises(Unusable):
        values.name(raw)


def test_a_name_for_people_becomes_one_line() -> None:
    assert values.text(" GPT\n  5\t(new) ") == "GPT 5 (new)"


def test_it_makes_ids_of_names() -> None:
    assert values.identifier("Weights & Biases") == "weights-biases"
    assert values.identifier("wafer.ai") == "wafer-ai"
    for raw in ("", "...", "漢字", "../..", None):
        with pytest.raises(Unusable):
            values.identifier(raw)


def test_it_takes_names_of_variables_all_or_none() -> None:
    assert values.variables(["A_KEY", "302AI_API_KEY", "A_KEY"]) == ("A_KEY", "302AI_API_KEY")
    for raw in (["A_KEY\n"], ["A-KEY"], [""], ["A", 7], "A_KEY", ["A" * 101], ["A"] * 21):
        with pytest.raises(Unusable):
            values.variables(raw)


def test_it_says_modalities_and_licences_in_our_words() -> None:
    assert values.modalities(["text", "pdf", "text"]) == ("text", "file")
    assert values.licensing("MIT") == "mit"
    for raw in ([], ["smell"], [7], "text", ["text"] * 21):
        with pytest.raises(Unusable):
            values.modalities(raw)
    for licence in ("see the website", "", "x" * 65, 7):
        with pytest.raises(Unusable):
            values.licensing(licence)
