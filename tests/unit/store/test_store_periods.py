"""In which parts a period is read: all of it, and no moment twice."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.builders import AT
from openmodels.store.periods import DAY, HOUR, Parts, Span, Summed, ceiling, floor, parts_of

MIDNIGHT = AT.replace(hour=0)
MOMENT = timedelta(microseconds=1)

Moments = st.one_of(
    st.integers(-40 * 24 * 3600 * 10**6, 2 * 24 * 3600 * 10**6).map(lambda n: MIDNIGHT + n * MOMENT),
    st.integers(-40 * 24, 48).map(lambda n: MIDNIGHT + n * HOUR),
    st.integers(-40, 2).map(lambda n: MIDNIGHT + n * DAY),
)
Hours = st.integers(-40 * 24, 24).map(lambda n: MIDNIGHT + n * HOUR)


@st.composite
def summed(draw: st.DrawFn) -> Summed:
    hours_until = draw(st.none() | Hours)
    if hours_until is None:
        return Summed()
    days = draw(st.none() | st.integers(0, 40))
    raw = draw(st.none() | st.integers(0, 40 * 24))
    return Summed(
        hours_until=hours_until,
        days_until=None if days is None else floor(hours_until, DAY) - days * DAY,
        raw_from=None if raw is None else hours_until - raw * HOUR,
    )


def ends(spans: Iterable[Span], since: datetime) -> list[tuple[datetime, datetime]]:
    far = max(since, AT) + 1000 * DAY
    return [(span.start, span.end or far) for span in spans]


@given(Moments, summed(), st.lists(Hours, max_size=30))
def test_its_parts_are_the_whole_period_and_no_moment_twice(
    since: datetime, so_far: Summed, late: list[datetime]
) -> None:
    if so_far.raw_from is not None:
        late = [hour for hour in late if hour >= so_far.raw_from]
    parts = parts_of(since, so_far, late)
    spans = sorted(ends([*parts.rows, *parts.hours, *parts.days], since))
    assert all(start < end for start, end in spans)
    assert all(end == start for (_, end), (start, _) in pairwise(spans)), "one after the other"
    rows_gone = so_far.raw_from is not None and floor(since, HOUR) < so_far.raw_from
    first = spans[0][0]
    assert first == (floor(since, HOUR) if rows_gone and first != since else since)
    assert parts.rows[-1].end is None


@given(Moments, Moments, summed(), st.lists(Hours, max_size=9), Moments)
def test_parts_that_are_joined_hold_what_either_holds_once(
    since: datetime, other: datetime, so_far: Summed, late: list[datetime], at: datetime
) -> None:
    one, two = parts_of(since, so_far, late), parts_of(other, so_far, late)
    joined = one.joined(two)
    for found, *either in zip(joined, one, two, strict=True):
        assert sum(holds(span, at) for span in found) == any(holds(s, at) for spans in either for s in spans)


def holds(span: Span, at: datetime) -> bool:
    return span.start <= at and (span.end is None or at < span.end)


@given(Moments, summed(), st.lists(Hours, max_size=30))
def test_it_reads_of_each_part_only_what_is_there(
    since: datetime, so_far: Summed, late: list[datetime]
) -> None:
    if so_far.raw_from is not None:
        late = [hour for hour in late if hour >= so_far.raw_from]
    parts = parts_of(since, so_far, late)
    for start, end in ends(parts.rows, since):
        assert so_far.raw_from is None or start >= so_far.raw_from or start == since
        for hour in late:
            assert not (start < hour < end < hour + HOUR), "an hour to which rows came late is read whole"
    for start, end in ends(parts.hours, since):
        assert so_far.hours_until is not None
        assert end <= so_far.hours_until
        assert (floor(start, HOUR), floor(end, HOUR)) == (start, end)
    for start, end in ends(parts.days, since):
        assert so_far.days_until is not None
        assert end <= so_far.days_until
        assert (floor(start, DAY), floor(end, DAY)) == (start, end)
    kept = ends([*parts.hours, *parts.days], since)
    assert not [hour for hour in late for start, end in kept if start <= hour < end]


@given(st.lists(Hours, max_size=700))
def test_it_does_not_read_more_parts_the_more_comes_late(late: list[datetime]) -> None:
    parts = parts_of(MIDNIGHT - 30 * DAY, Summed(MIDNIGHT, MIDNIGHT), late)
    assert len(parts.rows) + len(parts.hours) + len(parts.days) < 200


def test_it_reads_a_month_in_few_parts() -> None:
    since = AT - 30 * DAY + timedelta(minutes=20)
    until = AT + 2 * HOUR
    assert parts_of(since, Summed(until, MIDNIGHT), ()) == Parts(
        rows=(
            Span(since, AT - 30 * DAY + HOUR),
            Span(until),
        ),
        hours=(
            Span(AT - 30 * DAY + HOUR, MIDNIGHT - 29 * DAY),
            Span(MIDNIGHT, until),
        ),
        days=(Span(MIDNIGHT - 29 * DAY, MIDNIGHT),),
    )


def test_it_reads_hours_in_place_of_a_day_to_which_rows_came_late() -> None:
    late = MIDNIGHT - 3 * DAY + 5 * HOUR
    parts = parts_of(MIDNIGHT - 5 * DAY, Summed(MIDNIGHT, MIDNIGHT), [late])
    assert parts == Parts(
        rows=(
            Span(late, late + HOUR),
            Span(MIDNIGHT),
        ),
        hours=(
            Span(MIDNIGHT - 3 * DAY, late),
            Span(late + HOUR, MIDNIGHT - 2 * DAY),
        ),
        days=(
            Span(MIDNIGHT - 5 * DAY, MIDNIGHT - 3 * DAY),
            Span(MIDNIGHT - 2 * DAY, MIDNIGHT),
        ),
    )


@pytest.mark.parametrize("so_far", [Summed(), Summed(AT - HOUR, MIDNIGHT), Summed(AT - 7 * HOUR)])
def test_it_reads_a_few_hours_as_they_were_recorded(so_far: Summed) -> None:
    assert parts_of(AT - 4 * HOUR, so_far, [AT - 2 * HOUR]) == Parts((Span(AT - 4 * HOUR),))


def test_it_begins_with_a_whole_hour_where_single_rows_are_gone() -> None:
    since = AT - 3 * HOUR + timedelta(minutes=1)
    parts = parts_of(since, Summed(AT, raw_from=AT - HOUR), ())
    assert parts == Parts((Span(AT),), hours=(Span(AT - 3 * HOUR, AT),))


@given(Moments)
def test_it_finds_the_beginnings_of_hours_and_days(at: datetime) -> None:
    for step in (HOUR, DAY):
        assert floor(at, step) <= at < floor(at, step) + step
        assert ceiling(at, step) - step < at <= ceiling(at, step)
    assert floor(at, HOUR) == at.replace(minute=0, second=0, microsecond=0)
    assert floor(at, DAY) == at.replace(hour=0, minute=0, second=0, microsecond=0)
