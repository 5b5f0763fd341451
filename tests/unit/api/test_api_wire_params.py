from contextlib import suppress
from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.api.wire import (
    MAX_INTEGER,
    Param,
    boolean,
    choice,
    choices,
    decimal,
    decode_query,
    integer,
    read_params,
    text,
    words,
)
from openmodels.errors import BadRequest

LIMIT = integer("limit", "How many.", low=1, high=100, default=20)
OFFSET = integer("offset", "From where.", low=-5, high=MAX_INTEGER)
PRICE = decimal("price", "At most.")
OPEN = boolean("open", "Whether.")
SEARCH = text("search", "Words.")
Q = text("q", "Words.", required=True)
SORT = choice("sort", "The order.", ("name", "recency", "price"), default="name")
KINDS = choices("kind", "Which.", ("code", "function-calling"), aliases={"tools": "function-calling"})
VENDORS = words("vendor", "Whose.")
ALL = (LIMIT, OFFSET, PRICE, OPEN, SEARCH, Q, SORT, KINDS, VENDORS)


def read(param: Param, *values: str) -> Any:
    query = "&".join(f"{param.name}={quote_plus(value)}" for value in values)
    return read_params(query.encode(), [param])[param.name]


def refusal(param: Param, *values: str) -> tuple[str, dict[str, Any]]:
    with pytest.raises(BadRequest) as caught:
        read(param, *values)
    assert caught.value.status == 400
    (detail,) = caught.value.details
    return caught.value.message, detail


@pytest.mark.parametrize(
    ("param", "value", "expected"),
    [
        (LIMIT, "1", 1),
        (LIMIT, "100", 100),
        (LIMIT, "007", 7),
        (OFFSET, "-5", -5),
        (OFFSET, "-0", 0),
        (OFFSET, str(MAX_INTEGER), MAX_INTEGER),
        (PRICE, "0", Decimal(0)),
        (PRICE, "0.10", Decimal("0.10")),
        (PRICE, "10.0", Decimal("10.0")),
        (PRICE, "1e9", Decimal("1e9")),
        (PRICE, "1E-9", Decimal("1e-9")),
        (PRICE, "9" * 20, Decimal("9" * 20)),
        (PRICE, ".5", Decimal("0.5")),
        (PRICE, "5.", Decimal(5)),
        (PRICE, "1e20", Decimal("1e20")),
        (PRICE, "1e-020", Decimal("1e-20")),
        (OPEN, "true", True),
        (OPEN, "false", False),
        (SEARCH, "", ""),
        (SEARCH, " deep  seek ", " deep  seek "),
        (SEARCH, "é" * 200, "é" * 200),
        (SORT, "price", "price"),
        (KINDS, "code", ("code",)),
        (KINDS, "tools, code", ("function-calling", "code")),
        (VENDORS, "openai", ("openai",)),
        (VENDORS, " a ,, b,", ("a", "b")),
        (VENDORS, "", ()),
        (VENDORS, ",", ()),
    ],
)
def test_it_reads_a_value(param: Param, value: str, expected: Any) -> None:
    found = read(param, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "value",
    [
        "0",
        "101",
        "-1",
        "-0",
        "10.0",
        "1e1",
        "1e9",
        "+5",
        " 5",
        "5 ",
        "",
        "-",
        "--5",
        "9" * 21,
        "0x5",
        "1_0",
        "٥",
        "５",
        "²",
        "five",
    ],
)
def test_it_refuses_what_is_no_integer_in_range(value: str) -> None:
    message, detail = refusal(LIMIT, value)
    assert message == f"limit must be an integer from 1 to 100, not {value!r}"
    assert detail == {"parameter": "limit", "value": value, "range": [1, 100]}


@pytest.mark.parametrize(
    "value",
    [
        "-1",
        "-0.1",
        "-Infinity",
        "Infinity",
        "inf",
        "NaN",
        "nan",
        "sNaN",
        "",
        " 5",
        "5 ",
        "1_0",
        "1,5",
        "٥",
        "five",
        "1" * 41,
        "0x1",
    ],
)
def test_it_refuses_what_is_no_number_from_zero(value: str) -> None:
    message, detail = refusal(PRICE, value)
    assert message == f"price must be a number, 0 or more, not {value!r}"
    assert detail == {"parameter": "price", "value": value, "range": [0, None]}


@pytest.mark.parametrize("value", ["-0", "-0.0", "+5", "0E+9999999", "1e-999999999", "1e-21", "0e-99"])
def test_it_refuses_a_number_that_is_short_only_as_it_is_written(value: str) -> None:
    message, detail = refusal(PRICE, value)
    hint = ", without a sign and with an exponent of at most 20"
    assert message == f"price must be a number, 0 or more{hint}, not {value!r}"
    assert detail == {"parameter": "price", "value": value, "range": [0, None]}


@pytest.mark.parametrize("value", ["1e21", "9" * 21, "1.1e20", "1e99999999999999"])
def test_it_refuses_a_number_that_is_larger_than_any_that_it_would_show(value: str) -> None:
    message, detail = refusal(PRICE, value)
    assert message == f"price must be a number from 0 to 1e20, not {value!r}"
    assert detail == {"parameter": "price", "value": value, "range": [0, None]}
    assert PRICE.schema["maximum"] == 10**20


@pytest.mark.parametrize("value", ["True", "FALSE", "1", "0", "yes", "", " true"])
def test_it_refuses_what_is_neither_true_nor_false(value: str) -> None:
    message, detail = refusal(OPEN, value)
    assert message == f"open must be true or false, not {value!r}"
    assert detail == {"parameter": "open", "value": value, "allowed": ["true", "false"]}


def test_it_refuses_text_that_is_too_long_and_shows_its_beginning() -> None:
    message, detail = refusal(SEARCH, "é" * 201)
    assert message == f"search must be at most 200 characters, not '{'é' * 40}…'"
    assert detail == {"parameter": "search", "value": "é" * 40 + "…", "range": [0, 200]}


@pytest.mark.parametrize("value", ["", "zzzz", "name,price"])
def test_it_refuses_what_is_not_in_the_vocabulary(value: str) -> None:
    message, detail = refusal(SORT, value)
    assert message.startswith("sort must be one of name, recency, price")
    assert message.endswith(f", not {value!r}")
    assert (detail["parameter"], detail["value"]) == ("sort", value)
    assert detail["allowed"] == ["name", "recency", "price"]


@pytest.mark.parametrize(
    ("param", "value", "meant"),
    [
        (SORT, "recenzy", "recency"),
        (SORT, "PRICE", "price"),
        (KINDS, "function-caling", "function-calling"),
        (KINDS, "tool", "function-calling"),
        (KINDS, "Code", "code"),
    ],
)
def test_it_says_what_was_probably_meant(param: Param, value: str, meant: str) -> None:
    message, detail = refusal(param, value)
    assert f"(did you mean {meant}?), not {value!r}" in message
    assert detail["did_you_mean"] == meant


def test_it_does_not_guess_when_nothing_is_near() -> None:
    message, detail = refusal(KINDS, "xyz")
    assert message == "kind must be one of code, function-calling, not 'xyz'"
    assert detail == {"parameter": "kind", "value": "xyz", "allowed": ["code", "function-calling"]}


@pytest.mark.parametrize("value", ["", "code,", "code,,code"])
def test_it_refuses_an_empty_word_of_a_vocabulary(value: str) -> None:
    assert refusal(KINDS, value)[1]["value"] == ""


def test_it_names_the_word_that_is_wrong_among_many() -> None:
    assert refusal(KINDS, "code,cod", "xyz")[1]["value"] == "cod"


def test_it_ors_repeats_and_commas() -> None:
    assert read(KINDS, "code", "tools") == read(KINDS, "code,tools") == ("code", "function-calling")
    assert read(VENDORS, "a,b", "c") == ("a", "b", "c")


@pytest.mark.parametrize("param", [LIMIT, PRICE, OPEN, SEARCH, SORT])
def test_it_refuses_a_repeat_of_what_takes_one_value(param: Param) -> None:
    message, detail = refusal(param, "1", "1")
    assert message == f"{param.name} must be given once, not '1, 1'"
    assert detail == {"parameter": param.name, "value": "1, 1"}


def test_it_cuts_what_it_shows_of_a_very_long_value() -> None:
    message, detail = refusal(LIMIT, "9" * 5000)
    assert len(message) < 300
    assert detail["value"] == "9" * 200
    assert len(refusal(LIMIT, "9" * 4000, "1")[0]) < 300


def test_it_has_defaults_for_what_is_not_given() -> None:
    assert read_params(b"", ALL) == {
        "limit": 20,
        "offset": None,
        "price": None,
        "open": None,
        "search": "",
        "q": None,
        "sort": "name",
        "kind": (),
        "vendor": (),
    }


def test_it_ignores_parameters_that_are_not_declared() -> None:
    assert read_params(b"Limit=0&limit%20=0&x=1&x=2&=&utm_source=y&limit=5", [LIMIT]) == {"limit": 5}


def test_it_reports_everything_that_is_wrong_at_once() -> None:
    with pytest.raises(BadRequest) as caught:
        read_params(b"limit=0&sort=nam&open=1&vendor=fine&kind=zz&limit=1", ALL)
    assert [detail["parameter"] for detail in caught.value.details] == ["limit", "open", "sort", "kind"]
    parts = caught.value.message.split("; ")
    assert [part.split()[0] for part in parts] == ["limit", "open", "sort", "kind"]


def test_it_reads_utf_8_with_and_without_percent_encoding() -> None:
    for raw in ("search=café", "search=caf%C3%A9", "se%61rch=caf%c3%a9"):
        assert read_params(raw.encode(), [SEARCH]) == {"search": "café"}
    assert read_params(b"search=a+b%20c%2B", [SEARCH]) == {"search": "a b c+"}


@given(st.integers())
def test_it_reads_exactly_the_integers_of_its_range(number: int) -> None:
    if 1 <= number <= 100:
        assert read(LIMIT, str(number)) == number
    else:
        assert refusal(LIMIT, str(number))[1]["range"] == [1, 100]


@given(st.decimals(min_value=0, max_value=10**9, places=6))
def test_it_reads_every_price_exactly(number: Decimal) -> None:
    assert str(read(PRICE, str(number))) == str(number)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.lists(st.tuples(TEXT, TEXT)))
def test_it_decodes_what_urlencode_makes(pairs: list[tuple[str, str]]) -> None:
    # An empty name with an empty value is written as "=", which is kept: it is declared nowhere.
    assert decode_query(urlencode(pairs).encode()) == pairs


@given(st.binary(max_size=300))
def test_it_reads_or_refuses_any_query(query: bytes) -> None:
    with suppress(BadRequest):
        assert read_params(query, ALL).keys() == {param.name for param in ALL}


@given(st.sampled_from(ALL), st.lists(TEXT, min_size=1, max_size=3))
def test_it_explains_every_refusal_by_parameter_and_value(param: Param, values: list[str]) -> None:
    refused: BadRequest | None = None
    try:
        read(param, *values)
    except BadRequest as error:
        refused = error
    if refused is not None:
        assert refused.message.startswith(f"{param.name} must be ")
        assert refused.details[0]["parameter"] == param.name
        assert len(refused.details[0]["value"]) <= 200
