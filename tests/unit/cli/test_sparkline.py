"""Lines of blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures import told
from openmodels.cli.sparkline import (
    BLOCKS,
    GAP,
    LETTERS,
    MOST_SLICES,
    Point,
    encodable,
    spark,
    squeezed,
    ttft_points,
    uptime_points,
)


def points(*values: float | None) -> list[Point | None]:
    return [None if value is None else Point(value) for value in values]


def test_it_goes_from_the_lowest_to_the_highest_and_says_which_they_are() -> None:
    drawn = spark(points(100, 200, 300, 150), width=10)
    assert drawn.line == "▁▅█▃"
    assert (drawn.low, drawn.high) == (100, 300)


def test_it_shows_a_gap_where_nothing_was_recorded_never_a_low_value() -> None:
    assert spark(points(1, None, 2), width=10).line == "▁·█"
    assert spark(points(0, None, 2), width=10, blocks=False).line == ". @"


def test_it_has_no_scale_where_nothing_was_recorded_at_all() -> None:
    drawn = spark(points(None, None), width=10)
    assert (drawn.line, drawn.low, drawn.high) == ("··", None, None)
    assert spark([], width=10).line == ""


def test_it_draws_what_is_all_the_same_neither_high_nor_low() -> None:
    assert spark(points(7, 7), width=10).line == "▄▄"


def test_it_keeps_to_a_scale_that_is_given() -> None:
    assert spark(points(100, 100, 99.5), width=10, low=99, high=100).line == "██▅"
    assert spark(points(-5, 500), width=10, low=0, high=100).line == "▁█"


def test_it_averages_neighbours_by_their_weights_where_there_is_no_room() -> None:
    assert squeezed([Point(10, 3), Point(20, 1), None, Point(5)], 2) == [12.5, 5]
    assert squeezed(points(None, None, 1, 2), 2) == [None, 1.5]


def test_it_uses_letters_where_an_encoding_lacks_the_blocks() -> None:
    assert spark(points(1, 2), width=10, blocks=False).line == ".@"
    assert [encodable(name) for name in ("utf-8", "ascii", "latin-1", None, "no-such-code")] == [
        True,
        False,
        False,
        False,
        False,
    ]


@given(
    st.lists(st.none() | st.floats(min_value=0, max_value=1e12)),
    st.integers(min_value=1, max_value=80),
    st.booleans(),
)
def test_it_is_never_wider_than_asked_and_draws_each_value_within_its_scale(
    values: list[float | None], width: int, blocks: bool
) -> None:
    drawn = spark(points(*values), width=width, blocks=blocks)
    assert len(drawn.line) == min(width, len(values))
    assert set(drawn.line) <= set(BLOCKS + GAP if blocks else LETTERS + " ")
    if drawn.low is not None and drawn.high is not None:
        assert drawn.low <= drawn.high


def test_it_has_a_point_for_each_slice_of_the_period() -> None:
    series = told.series({0: (4, 4), 3: (1, 2), 24: (0, 1)}, {2: (210.0, 5)})
    uptime = uptime_points(series)
    assert len(uptime) == 25
    assert [place for place, point in enumerate(uptime) if point] == [0, 3, 24]
    assert uptime[3] == Point(50.0, 2)
    assert ttft_points(series) == [None, None, Point(210.0, 5), *[None] * 22]


def test_it_leaves_out_slices_in_which_nothing_was_timed() -> None:
    series = told.series({1: (0, 0)})
    assert not any(uptime_points(series))


@pytest.mark.parametrize("slice_s", [0, -5, 1])
def test_it_does_not_count_without_end_whatever_a_server_says(slice_s: int) -> None:
    series = told.series({20: (1, 1)}, period="30d", slice_s=slice_s)
    assert len(uptime_points(series)) == MOST_SLICES
    assert len(uptime_points(told.series({0: (1, 1)}, period="99y"))) == 1
