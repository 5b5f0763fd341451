"""Uptime by day as a row of bars: a few paths, however many days, and what they show in words.

Days of one kind that follow each other are one dashed line, whose dashes are the bars: a quarter without
trouble is one short path. The kinds differ in height as well as in colour.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Literal

from msgspec import Struct

from openmodels.domain.series import DayOfChecks
from openmodels.domain.telemetry import uptime_percentage
from openmodels.web.words import day as said_day
from openmodels.web.words import percent

Kind = Literal["up", "degraded", "down", "none"]
"""What a day was like; none where nobody checked."""

UP_FROM, DEGRADED_FROM = 99, 95
"""From how many percent of a day's checks on it counts as up, and as degraded; below, as down.

The badges of uptime change their colour at the same figures. With a check every 5 minutes, a day is up with
two failed ones, and down with more than 14, which is about 72 minutes.
"""
PITCH = 5
"""Units from one bar to the next: 3 for the bar and 2 between them, as the style sheet's dashes are."""
HEIGHTS: Mapping[Kind, float] = {"up": 24, "degraded": 16, "down": 9, "none": 2}
"""How high a bar is, of 24 units: the better the day, the higher."""
MAX_NAMED = 3
"""How many days with trouble the words name."""


class Bars(Struct, frozen=True, kw_only=True):
    """Bars to draw, oldest day first."""

    width: int
    """The width of all bars together, in units."""
    label: str
    """The same in words."""
    paths: tuple[tuple[Kind, str], ...]
    """For each kind that there is, a path through the middle of its bars."""


def keys() -> list[tuple[Kind, str, str]]:
    """What each kind of bar means: the kind, the path of one of 3 units, and the words."""
    words: Mapping[Kind, str] = {
        "up": f"{UP_FROM} % of its checks answered, or more",
        "degraded": f"{DEGRADED_FROM} % or more",
        "down": "less",
        "none": "not checked",
    }
    return [(kind, _part(kind, 0, 1, inset=0), said) for kind, said in words.items()]


def kind_of(total: int, up: int) -> Kind:
    """What a day with so many checks was like, of which so many found the provider up."""
    if not total:
        return "none"
    if 100 * up >= UP_FROM * total:
        return "up"
    return "degraded" if 100 * up >= DEGRADED_FROM * total else "down"


def bars(days: Sequence[DayOfChecks], *, today: date, number: int) -> Bars:
    """The bars of the last ``number`` days up to ``today``; days not among ``days`` were not checked."""
    first = today - timedelta(days=number - 1)
    shown = _within(days, first, today)
    kinds: list[Kind] = ["none"] * number
    offset = first.toordinal()
    for checked in shown:
        whole = checked.up == checked.total
        kinds[checked.day.toordinal() - offset] = "up" if whole else kind_of(checked.total, checked.up)
    return _drawn(tuple(kinds), uptime_of(shown, since=first), today)


# A page of all providers is asked for again and again, and a day's kind seldom changes.
@lru_cache(maxsize=2048)
def _drawn(kinds: tuple[Kind, ...], uptime: float | None, today: date) -> Bars:
    """The bars of days of these kinds, the last of which is today."""
    paths: dict[Kind, list[str]] = {}
    for kind, start, length in _runs(kinds):
        paths.setdefault(kind, []).append(_part(kind, start, length))
    return Bars(
        width=PITCH * len(kinds),
        label=_label(kinds, uptime, today),
        paths=tuple((kind, "".join(parts)) for kind, parts in paths.items()),
    )


def _part(kind: Kind, start: int, length: int, *, inset: int = 1) -> str:
    """A line through the middle of so many bars. Each part of a path begins its dashes anew."""
    return f"M{PITCH * start + inset} {24 - HEIGHTS[kind] / 2:g}h{PITCH * length - 2}"


def _runs(kinds: Sequence[Kind]) -> Iterator[tuple[Kind, int, int]]:
    """Each run of days of one kind: the kind, where it begins, and how many days it has."""
    start = 0
    for kind, run in groupby(kinds):
        length = len(list(run))
        yield kind, start, length
        start += length


def uptime_of(days: Sequence[DayOfChecks], *, since: date) -> float | None:
    """The share of the checks from that day on that found the provider up, in percent; None of none."""
    shown = _within(days, since, date.max)
    up = sum([checked.up for checked in shown])
    return uptime_percentage(up, sum([checked.total for checked in shown]) - up)


def _within(days: Sequence[DayOfChecks], first: date, last: date) -> Sequence[DayOfChecks]:
    """Those of these days. They are in order, so that they need not be looked at one by one."""
    day = attrgetter("day")
    return days[bisect_left(days, first, key=day) : bisect_right(days, last, key=day)]


def _label(kinds: Sequence[Kind], uptime: float | None, today: date) -> str:
    """``99.98 % over 90 days; 2 days with trouble: 3 Mar 2026 (degraded), 1 Mar 2026 (down)``."""
    number = len(kinds)
    if uptime is None:
        return f"No checks in {number} days"
    said = f"{percent(uptime)} over {number} days"
    if (unchecked := kinds.count("none")) > 0:
        said += f", {unchecked} of them without checks"
    troubles = [(number - 1 - n, kind) for n, kind in enumerate(kinds) if kind in ("degraded", "down")]
    if not troubles:
        return f"{said}; no day with trouble"
    named = [
        f"{said_day(today - timedelta(days=ago))} ({kind})" for ago, kind in troubles[: -MAX_NAMED - 1 : -1]
    ]
    if (more := len(troubles) - len(named)) > 0:
        named.append(f"and {_days(more)} before")
    return f"{said}; {_days(len(troubles))} with trouble: {', '.join(named)}"


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"
