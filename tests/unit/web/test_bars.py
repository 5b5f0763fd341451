"""Uptime by day, as bars and as words."""

from datetime import date, timedelta

import pytest

from openmodels.domain.series import DayOfChecks
from openmodels.web.bars import HEIGHTS, Kind, bars, keys, kind_of, uptime_of

TODAY = date(2026, 3, 1)


def day(ago: int, up: int, total: int = 100) -> DayOfChecks:
    return DayOfChecks(day=TODAY - timedelta(days=ago), total=total, up=up)


@pytest.mark.parametrize(
    ("total", "up", "kind"),
    [
        (0, 0, "none"),
        (1, 1, "up"),
        (1, 0, "down"),
        (100, 99, "up"),
        (1000, 989, "degraded"),
        (100, 95, "degraded"),
        (1000, 949, "down"),
        (288, 286, "up"),
        (288, 285, "degraded"),
        (288, 273, "down"),
    ],
)
def test_it_tells_what_a_day_was_like_by_the_share_of_its_checks(total: int, up: int, kind: Kind) -> None:
    assert kind_of(total, up) == kind


def test_it_draws_days_of_one_kind_in_a_row_as_one_dashed_line() -> None:
    drawn = bars([day(ago, 100) for ago in range(89, -1, -1)], today=TODAY, number=90)
    assert drawn.width == 450
    assert drawn.paths == (("up", "M1 12h448"),)


def test_it_draws_each_kind_at_its_place_and_its_height() -> None:
    drawn = bars([day(3, 100), day(2, 96), day(0, 10)], today=TODAY, number=5)
    assert dict(drawn.paths) == {
        "none": "M1 23h3M16 23h3",
        "up": "M6 12h3",
        "degraded": "M11 16h3",
        "down": "M21 19.5h3",
    }


def test_it_leaves_out_days_before_the_first_and_after_today() -> None:
    drawn = bars([day(5, 0), day(4, 100), day(-1, 0)], today=TODAY, number=5)
    assert dict(drawn.paths) == {"up": "M1 12h3", "none": "M6 23h18"}
    assert drawn.label == "100 % over 5 days, 4 of them without checks; no day with trouble"


def test_it_names_the_newest_days_with_trouble() -> None:
    days = [day(9, 0), day(7, 96), *(day(ago, 100) for ago in (6, 5, 4)), day(2, 97), day(1, 0)]
    assert bars(days, today=TODAY, number=10).label == (
        "70.43 % over 10 days, 3 of them without checks; 4 days with trouble: 28 Feb 2026 (down), "
        "27 Feb 2026 (degraded), 22 Feb 2026 (degraded), and 1 day before"
    )


def test_it_says_that_there_were_no_checks() -> None:
    assert bars([], today=TODAY, number=30).label == "No checks in 30 days"


def test_it_weighs_days_by_their_checks() -> None:
    days = [day(9, 0), day(1, 5, 10), day(0, 90, 90)]
    assert uptime_of(days, since=TODAY - timedelta(days=1)) == 95
    assert uptime_of(days, since=TODAY + timedelta(days=1)) is None


def test_it_explains_every_kind_of_bar_in_words_and_by_its_height() -> None:
    assert {kind for kind, _, _ in keys()} == set(HEIGHTS)
    assert len(set(HEIGHTS.values())) == len(HEIGHTS)
    assert [said for _, _, said in keys()][:2] == ["99 % of its checks answered, or more", "95 % or more"]
