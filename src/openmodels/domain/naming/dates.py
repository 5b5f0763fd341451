"""The dates that names state, and whether a model can be of one."""

import re
from datetime import date, timedelta

from openmodels.domain.naming.rules import ANY_DATE, FULL_DATE, SHORT_DATE, SUFFIXES

EARLIER = timedelta(weeks=6)
"""A release may be dated so long before the day that it was announced on, and no longer."""
APART = timedelta(weeks=6)
"""A date of four digits says no year or no day: it is that of a release at most so far away."""

_DATE = next(rule.pattern for rule in SUFFIXES if rule.name == ANY_DATE)
_INSIDE = re.compile(
    r"(?<![^-@])(?:20[1-3]\d-\d\d-\d\d|\d\d-20[1-3]\d|20[1-3]\d-\d\d|20[1-3]\d{5}|\d{6}|\d{4})(?![^-@])",
    re.ASCII,
)
_PARTIAL = re.compile(r"^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$", re.ASCII)

_MONTHS = 12

Span = tuple[date, date]
"""The first and the last day that a date may mean."""


def dates_of(name: str) -> set[str]:
    """The dates in a name, digits only: ``{"20240806"}``."""
    return {re.sub(r"\D", "", match.group()) for match in _INSIDE.finditer(name)}


def without_date(name: str) -> str:
    """A spelled name without its date, wherever that stands."""
    if _DATE is not None:
        name = _DATE.sub("", name)
    words = name.split("-")
    return "-".join(word for at, word in enumerate(words) if not (at and _is_date(word))) or name


def may_be_of(mark: str, release: str | None) -> bool:
    """Whether a release dated ``mark`` may be of the model that was released on ``release``.

    ``mark`` is a date as it stands behind a name: ``-20240806``, ``-2024-08``, ``-2507``, ``-0324``;
    ``release`` is a partial date: ``2024``, ``2024-08``, ``2024-08-06``. A model's later releases keep its
    name, so that a date with its year only must not lie before the model. One of four digits tells releases
    from each other, as often as not as models of their own: it must be the model's release itself.
    """
    released = _partial(release) if release else None
    text = mark.lstrip("-@")
    if len(text) == len("2507"):
        within = release is not None and len(release) > len("2024")
        return released is not None and within and any(_near(one, released) for one in _short(text, released))
    stated = _stated(text)
    if stated is None or released is None:
        return stated is not None
    return stated[1] >= released[0] - EARLIER


def _near(one: Span, other: Span) -> bool:
    return one[0] - APART <= other[1] and other[0] - APART <= one[1]


def _short(text: str, released: Span) -> list[Span]:
    """What four digits may mean about the time of a release: a month of a year, or a day of any year."""
    first, second = int(text[:2]), int(text[2:])
    if first > _MONTHS:
        spans = [_span(2000 + first, second, None)]
    else:
        spans = [_span(year, first, second) for year in range(released[0].year - 1, released[1].year + 2)]
    return [span for span in spans if span is not None]


def _stated(text: str) -> Span | None:
    """The days that a date with its year means."""
    digits = text.replace("-", "")
    if re.match(r"^\d\d-\d{4}$", text, re.ASCII):
        return _span(int(text[3:]), int(text[:2]), None)
    if re.match(r"^\d{4}-\d\d$", text, re.ASCII):
        return _span(int(text[:4]), int(text[5:]), None)
    if len(digits) == len("250615"):
        digits = f"20{digits}"
    return _span(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def _partial(text: str) -> Span | None:
    match = _PARTIAL.match(text)
    if not match:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    return _span(year or 0, month, day)


def _span(year: int, month: int | None, day: int | None) -> Span | None:
    """The days of a year, of a month or one day; None where there is no such day."""
    try:
        first = date(year, month or 1, day or 1)
        if day:
            return first, first
        if month:
            return first, (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        return first, date(year, 12, 31)
    except (ValueError, OverflowError):
        return None


def _is_date(word: str) -> bool:
    return bool(FULL_DATE.match(word) or SHORT_DATE.match(word))
