"""What a time in a query means."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels.api.times import OfDay, read_moment
from openmodels.api.wire import Unusable


@pytest.mark.parametrize(
    ("text", "day", "expected"),
    [
        ("2026-03-01", "start", "2026-03-01T00:00:00+00:00"),
        ("2026-03-01", "end", "2026-03-01T23:59:59.999999+00:00"),
        ("2026-03-01", "after", "2026-03-02T00:00:00+00:00"),
        ("2024-02-29", "start", "2024-02-29T00:00:00+00:00"),
        ("2026-03-01T10:00:00Z", "start", "2026-03-01T10:00:00+00:00"),
        ("2026-03-01t10:00:00z", "start", "2026-03-01T10:00:00+00:00"),
        ("2026-03-01T10:00:00.5+02:00", "start", "2026-03-01T08:00:00.500000+00:00"),
        ("2026-03-01T10:00:00 02:00", "start", "2026-03-01T08:00:00+00:00"),
        ("2026-03-01T10:00:00-02:00", "after", "2026-03-01T12:00:00+00:00"),
        ("2026-03-01T10:00:00.123456789Z", "start", "2026-03-01T10:00:00.123456+00:00"),
        # Answers give milliseconds, rounded down.
        ("2026-03-01T10:00:00.123Z", "end", "2026-03-01T10:00:00.123999+00:00"),
        ("2026-03-01T10:00:00.123456Z", "end", "2026-03-01T10:00:00.123456+00:00"),
        # What RFC 3339 knows, and datetime does not.
        ("2016-12-31T23:59:60Z", "start", "2016-12-31T23:59:59+00:00"),
        ("0000-01-01", "start", "0001-01-01T00:00:00+00:00"),
        ("0001-01-01T00:00:00+23:59", "start", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31", "after", "9999-12-31T23:59:59.999999+00:00"),
        ("9999-12-31T23:59:59-23:59", "start", "9999-12-31T23:59:59.999999+00:00"),
    ],
)
def test_it_is_a_moment_in_utc(text: str, day: OfDay, expected: str) -> None:
    assert read_moment(text, day=day).isoformat() == expected


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-1439, 1439))
def test_any_time_is_read_in_any_zone(at: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    try:
        local = at.astimezone(zone)
    except OverflowError:
        return
    assert read_moment(local.isoformat(), day="start") == at


@given(st.text(max_size=40) | st.from_regex(r"[0-9T:+Z. -]{1,40}", fullmatch=True))
def test_anything_else_is_refused_and_nothing_breaks(text: str) -> None:
    with suppress(Unusable):
        assert read_moment(text, day="end").tzinfo is UTC
