from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.edge.cache import Entry, matches

MODIFIED = 1_752_157_800
DATE = b"Thu, 10 Jul 2025 14:30:00 GMT"
VARIANT = Entry(b"{}", [], modified=MODIFIED, expires=1e18, epoch=None).variant("identity")
TAG = VARIANT.etag


def by_tag(value: bytes) -> bool:
    return matches(VARIANT, MODIFIED, value, None)


def by_date(value: bytes) -> bool:
    return matches(VARIANT, MODIFIED, None, value)


@pytest.mark.parametrize(
    "value",
    [TAG, b"W/" + TAG, b"*", b" * ", b'"a", ' + TAG, TAG + b',"b"', b'"a",W/' + TAG + b' , "c"', b",," + TAG],
)
def test_it_matches_the_etag(value: bytes) -> None:
    assert by_tag(value)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b'"',
        b'"other"',
        TAG.strip(b'"'),
        TAG.upper() + b"x",
        b"w/" + TAG,
        b'"*"',
        b"\xff",
        b"W/",
        b"W/*x",
    ],
)
def test_it_does_not_match_another_etag(value: bytes) -> None:
    assert not by_tag(value)


def test_it_does_not_match_the_etag_of_another_coding() -> None:
    packed = Entry(b"{}", [], modified=MODIFIED, expires=1e18, epoch=None).variant("gzip")
    assert not matches(packed, MODIFIED, TAG, None)
    assert matches(packed, MODIFIED, packed.etag, None)


def test_it_lets_the_etag_decide_where_both_are_given() -> None:
    assert not matches(VARIANT, MODIFIED, b'"other"', DATE)
    assert matches(VARIANT, MODIFIED, TAG, b"Thu, 01 Jan 1970 00:00:00 GMT")


@pytest.mark.parametrize(
    ("value", "fresh"),
    [
        (DATE, True),
        (b"Thu, 10 Jul 2025 14:30:01 GMT", True),
        (b"Thu, 10 Jul 2025 14:29:59 GMT", False),
        (b"Thursday, 10-Jul-25 14:30:00 GMT", True),
        (b"Fri, 31 Dec 9999 23:59:59 GMT", True),
        (b"Mon, 01 Jan 0001 00:00:00 GMT", False),
    ],
)
def test_it_compares_dates_to_the_second(value: bytes, fresh: bool) -> None:
    assert by_date(value) is fresh


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b" ",
        b"0",
        b"yesterday",
        b"2025-07-10T14:30:00Z",
        b"Thu, 99 Jul 2025 14:30:00 GMT",
        b"\xff\x00",
        b",",
    ],
)
def test_it_ignores_what_is_no_date(value: bytes) -> None:
    assert not by_date(value)


def test_it_does_not_match_without_a_condition() -> None:
    assert not matches(VARIANT, MODIFIED, None, None)


@given(st.integers(0, 4_000_000_000), st.integers(0, 4_000_000_000))
def test_it_says_unchanged_exactly_when_nothing_is_newer(modified: int, seen: int) -> None:
    date = formatdate(seen, usegmt=True).encode()
    assert matches(VARIANT, modified, None, date) is (modified <= seen)


DATE_LIKE = st.lists(
    st.sampled_from(
        ["Thu,", "10", "Jul", "2025", "14:30:00", "GMT", "+0000", "-9999999", "::", "0", "99999", "%", "-"]
    ),
    max_size=8,
).map(lambda parts: " ".join(parts).encode())


@given(DATE_LIKE | st.binary(max_size=60))
def test_it_takes_any_header(value: bytes) -> None:
    assert by_date(value) in {True, False}
    assert by_tag(value) in {True, False}
