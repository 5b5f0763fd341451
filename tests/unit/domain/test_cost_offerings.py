"""Whether a workload fits into an offering, and in which order offerings are listed."""

from typing import Any

import pytest

from contract.builders import model, offering
from fixtures.catalogue import pricing
from openmodels.domain.cost import Workload, fit_of, priced_offerings

ROOMY = model("m", context_window=1000, max_output_tokens=100)


@pytest.mark.parametrize(
    ("fields", "tokens", "fits", "reasons"),
    [
        ({}, (900, 100), True, ()),
        ({}, (901, 100), False, ("context too small: needs 1,001, has 1,000",)),
        ({}, (0, 101), False, ("answer too long: needs 101, may be at most 100",)),
        ({"context_window_override": 2000, "max_output_tokens": 500}, (1500, 500), True, ()),
        (
            {"context_window_override": 50},
            (0, 200),
            False,
            (
                "context too small: needs 200, has 50",
                "answer too long: needs 200, may be at most 100",
            ),
        ),
    ],
)
def test_it_says_whether_a_request_fits(
    fields: dict[str, Any], tokens: tuple[int, int], fits: bool, reasons: tuple[str, ...]
) -> None:
    fit = fit_of(
        offering("p", "m", **fields), ROOMY, Workload(input_tokens=tokens[0], output_tokens=tokens[1])
    )
    assert (fit.fits, fit.reasons) == (fits, reasons)


def test_it_cannot_tell_whether_a_request_fits_into_an_unknown_window() -> None:
    unknown = model("m", context_window=None)
    fit = fit_of(offering("p", "m"), unknown, Workload(input_tokens=1))
    assert (fit.fits, fit.reasons) == (None, ("context window unknown",))
    assert fit_of(offering("p", "m"), unknown, Workload(images=1)).fits is True


def test_it_puts_the_cheapest_first_then_other_currencies_then_the_unknown() -> None:
    offerings = [
        offering("unknown", "m", None),
        offering("euro", "m", pricing=pricing("0.1", "0.1", "EUR")),
        offering("dear", "m", "2"),
        offering("retired", "m", "0", status="retired"),
        offering("b-tied", "m", "1"),
        offering("a-tied", "m", "1"),
    ]
    listed = priced_offerings(model("m"), offerings, Workload(input_tokens=10))
    assert [p.offering.provider_id for p in listed] == ["a-tied", "b-tied", "dear", "euro", "unknown"]


def test_it_lists_the_offerings_of_the_regions_asked_for() -> None:
    offerings = [
        offering("us", "m"),
        offering("eu", "m", available_regions=("eu-west-1", "eu-north-1")),
        offering("any", "m", available_regions=("global",)),
    ]
    listed = priced_offerings(model("m"), offerings, Workload(), regions=["eu-north-1", "ap-south-1"])
    assert [p.offering.provider_id for p in listed] == ["eu"]


def test_what_is_retired_has_no_say_in_which_currency_comes_first() -> None:
    offerings = [
        offering("euro", "m", pricing=pricing("1", "1", "EUR")),
        offering("dollar", "m", pricing=pricing("1", "1", "USD")),
        offering("gone", "m", pricing=pricing("1", "1", "USD"), status="retired"),
    ]
    listed = priced_offerings(model("m"), offerings, Workload(input_tokens=10))
    assert [p.offering.provider_id for p in listed] == ["euro", "dollar"]
