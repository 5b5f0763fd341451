"""Figures over time as a line of small blocks, which can be read without colour. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from openmodels.domain.vocabulary import PERIOD_SECONDS
from openmodels_client.types import ProviderSeries

BLOCKS = "▁▂▃▄▅▆▇█"
LETTERS = ".:-=+*#@"
"""What stands for the blocks where an encoding lacks them: the more ink, the higher."""
GAP, LETTER_GAP = "·", " "
"""Where nothing was recorded: a gap is never a low value."""
MOST_SLICES = 1000
"""More slices than any period has: what a server says is not to be counted up to without end."""


class Point(Struct, frozen=True):
    """What was recorded in one slice of time."""

    value: float
    weight: float = 1.0
    """How many were recorded: slices that are drawn as one are averaged by it."""


class Spark(Struct, frozen=True, kw_only=True):
    """A line, and the scale it is drawn on."""

    line: str
    low: float | None
    """What the lowest block stands for; None where nothing was recorded."""
    high: float | None
    """What the highest block stands for."""


def encodable(encoding: str | None) -> bool:
    """Whether a stream with this encoding can show the blocks."""
    try:
        (BLOCKS + GAP).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def spark(
    points: Sequence[Point | None],
    *,
    width: int,
    low: float | None = None,
    high: float | None = None,
    blocks: bool = True,
) -> Spark:
    """The points, oldest first, in at most ``width`` characters; None is a gap.

    The scale goes from the lowest to the highest value that is drawn, unless ``low`` or ``high`` says
    otherwise. Where there are more points than characters, neighbours are averaged by their weights.
    """
    values = squeezed(points, max(1, width))
    known = [value for value in values if value is not None]
    gap, levels = (GAP, BLOCKS) if blocks else (LETTER_GAP, LETTERS)
    if not known:
        return Spark(line=gap * len(values), low=None, high=None)
    bottom = min(known) if low is None else low
    top = max(known) if high is None else high
    line = "".join(gap if value is None else _level(value, bottom, top, levels) for value in values)
    return Spark(line=line, low=bottom, high=top)


def squeezed(points: Sequence[Point | None], width: int) -> list[float | None]:
    """The values of the points, averaged where there are more than ``width``."""
    number = min(width, len(points))
    return [
        _mean(points[len(points) * place // number : len(points) * (place + 1) // number])
        for place in range(number)
    ]


def ttft_points(series: ProviderSeries) -> list[Point | None]:
    """The mean time to first token of each slice, in milliseconds.

    Not the median: slices hold few measurements, and of fewer than five there is none.
    """
    return _slices(
        series,
        (
            (timing.start, Point(timing.average_ttft_ms, max(1, timing.samples)))
            for timing in series.measurements
            if timing.average_ttft_ms is not None
        ),
    )


def uptime_points(series: ProviderSeries) -> list[Point | None]:
    """The uptime of each slice, in percent."""
    return _slices(
        series,
        (
            (checks.start, Point(100 * checks.up / checks.total, checks.total))
            for checks in series.checks
            if checks.total > 0
        ),
    )


def _slices(series: ProviderSeries, recorded: Iterable[tuple[datetime, Point]]) -> list[Point | None]:
    """A point, or a gap, for each slice of the period."""
    width = max(1, series.slice_s)
    found = {int((start - series.since).total_seconds() // width): point for start, point in recorded}
    # The period begins within the first slice and ends within the last.
    number = PERIOD_SECONDS.get(series.period, 0) // width + 1
    last = max(found, default=0)
    number = min(max(number, last + 1), MOST_SLICES)
    return [found.get(place) for place in range(number)]


def _mean(points: Sequence[Point | None]) -> float | None:
    known = [point for point in points if point is not None]
    if not known:
        return None
    return sum(point.value * point.weight for point in known) / sum(point.weight for point in known)


def _level(value: float, low: float, high: float, levels: str) -> str:
    if high <= low:
        # All the same: neither low nor high.
        return levels[len(levels) // 2 - 1]
    share = (min(max(value, low), high) - low) / (high - low)
    return levels[min(len(levels) - 1, int(share * len(levels)))]
