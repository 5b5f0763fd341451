"""Which parts a period is read in, once hours and days are summed up. Pure.

A period that began long ago is read as: single rows to the end of the hour in which it began, sums of hours
to the end of that day, sums of days, sums of the hours of the newest day that is not summed up, and single
rows after the last hour that is. Hours to which rows came late are read as single rows until they are summed
again.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from openmodels.domain.series import slice_start

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FEW_HOURS = timedelta(hours=3)
"""Up to so many summed hours are rather read as single rows, with one statement less."""
NEAR = timedelta(hours=12)
"""Late hours that are no further apart are read as one part, so that there are not too many parts."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Span(NamedTuple):
    """From a time on, up to another and without it; without an end when that is None."""

    start: datetime
    end: datetime | None = None


class Summed(NamedTuple):
    """How far single rows are summed up, and from when on they are kept."""

    hours_until: datetime | None = None
    """Every hour before this one is summed up; None when none is."""
    days_until: datetime | None = None
    """Every day before this one is summed up; None when none is."""
    raw_from: datetime | None = None
    """Single rows that are older are deleted; None when none were. The beginning of an hour."""


class Parts(NamedTuple):
    """What to read for a period. No moment is in two parts."""

    rows: tuple[Span, ...]
    """Single rows; the last span has no end."""
    hours: tuple[Span, ...] = ()
    """Sums of hours."""
    days: tuple[Span, ...] = ()
    """Sums of days."""

    def joined(self, other: "Parts") -> "Parts":
        """What is in either, so that both can be taken from what is read once."""
        return Parts(
            _united((*self.rows, *other.rows)),
            _united((*self.hours, *other.hours)),
            _united((*self.days, *other.days)),
        )


def floor(at: datetime, step: timedelta) -> datetime:
    """The beginning of the hour or of the day (UTC) that ``at`` lies in."""
    return slice_start(at, step)


def ceiling(at: datetime, step: timedelta) -> datetime:
    """The first beginning of an hour or a day that is not before ``at``."""
    return at + (_EPOCH - at) % step


def require_width(width: timedelta) -> None:
    """Raises ``ValueError`` for slices that are not one whole hour, or several."""
    if width < HOUR or width % HOUR:
        raise ValueError(f"slices of {width} are not of whole hours")


def parts_of(since: datetime, summed: Summed, late: Iterable[datetime]) -> Parts:
    """The parts of the period from ``since`` on; ``late`` are the hours to which rows came late.

    Where the single rows of the period's first hour are deleted, the period begins with that whole hour.
    """
    until = summed.hours_until
    if until is None:
        return Parts((Span(since),))
    rows_gone = summed.raw_from is not None and floor(since, HOUR) < summed.raw_from
    first = floor(since, HOUR) if rows_gone else ceiling(since, HOUR)
    if not rows_gone and until - first <= FEW_HOURS:
        return Parts((Span(since),))
    holes = list(_joined(sorted(at for at in late if first <= at < until)))
    day_from = ceiling(first, DAY)
    day_until = min(floor(until, DAY), summed.days_until or day_from)
    days: list[Span] = []
    hours = [Span(first, until)]
    if day_from < day_until:
        days = _without([Span(day_from, day_until)], [_widened(hole, DAY) for hole in holes])
        hours = _without(hours, days)
    edge = [Span(since, first)] if since < first else []
    return Parts((*edge, *holes, Span(until)), tuple(_without(hours, holes)), tuple(days))


def _united(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same moments in as few spans as may be."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        before = found[-1] if found else None
        if before is None or (before.end is not None and before.end < span.start):
            found.append(span)
        elif before.end is not None:
            end = None if span.end is None else max(before.end, span.end)
            found[-1] = Span(before.start, end)
    return tuple(found)


def _joined(hours: Sequence[datetime]) -> Iterator[Span]:
    """The hours as spans, near ones in one."""
    start = end = None
    for hour in hours:
        if start is None or end is None or hour - end > NEAR:
            if start is not None:
                yield Span(start, end)
            start = hour
        end = hour + HOUR
    if start is not None:
        yield Span(start, end)


def _widened(span: Span, step: timedelta) -> Span:
    return Span(floor(span.start, step), ceiling(span.end or span.start, step))


def _without(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What is left of the spans, all of which have an end, without the holes."""
    left = list(spans)
    for hole in holes:
        cut = []
        for span in left:
            start, end = span.start, span.end or span.start
            until = hole.end or hole.start
            cut += [Span(start, min(end, hole.start)), Span(max(start, until), end)]
        left = [span for span in cut if span.end is not None and span.start < span.end]
    return left
