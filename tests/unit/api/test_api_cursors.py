"""Cursors lead back to the place that they were made of."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from openmodels.api.cursors import CURSOR, decode_cursor, encode_cursor
from openmodels.api.wire import Unusable
from openmodels.store.history_ports import Place

TIMES = st.datetimes(min_value=datetime.fromisoformat("1970-01-01"), timezones=st.just(UTC))
NUMBERS = st.integers(-(2**55), 2**55 - 1)


@given(TIMES, NUMBERS)
def test_a_place_comes_back(at: datetime, number: int) -> None:
    assert decode_cursor(encode_cursor(Place(at, number))) == Place(at, number)


@given(st.from_regex(CURSOR.schema["pattern"], fullmatch=True).filter(lambda text: "\n" not in text))
def test_whatever_looks_like_one_is_a_place(text: str) -> None:
    place = decode_cursor(text)
    assert place.at >= datetime(1970, 1, 1, tzinfo=UTC)


@given(st.text(max_size=30))
def test_anything_else_is_refused(text: str) -> None:
    assume(not re.fullmatch("[A-Za-z0-9_-]{20}", text))
    with pytest.raises(Unusable) as wrong:
        decode_cursor(text)
    assert "`next`" in wrong.value.expected
