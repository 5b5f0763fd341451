"""Query parameters that name a time: a day, or a moment of it."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any, Literal

from openmodels.api.wire import Param, Unusable

OfDay = Literal["start", "end", "after"]
"""What a bare date means: the first moment of the day, its last, or the first one after it."""

_INTO_DAY: dict[OfDay, timedelta] = {
    "start": timedelta(),
    # A microsecond is the finest that times are kept.
    "end": timedelta(days=1, microseconds=-1),
    "after": timedelta(days=1),
}
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
# Answers give times to the millisecond, rounded down: what holds at a time that was read there came with it.
_INTO_MILLISECOND = timedelta(microseconds=999)
_EXISTING = "a day and a time that exist, such as 2026-03-01 or 2026-03-01T14:30:00Z"
_EXPECTED = "a date such as 2026-03-01, or a time with its zone such as 2026-03-01T14:30:00Z"
_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}],
}
# RFC 3339, 5.6: years begin with 0000, and a minute may have a 61st second.
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,100}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)


def moment(name: str, description: str, *, day: OfDay, example: Any = None) -> Param:
    """A time in UTC, or a bare date, which stands for that moment ``day`` of it in UTC."""

    def read(values: list[str]) -> datetime:
        return read_moment(values[0], day=day)

    return Param(name=name, description=description, read=read, schema=_SCHEMA, example=example)


def read_moment(text: str, *, day: OfDay) -> datetime:
    """The time that a text means, in UTC. Raises ``Unusable``.

    What a ``datetime`` cannot hold becomes the nearest that it can: finer than a microsecond, leap seconds,
    the year 0.
    """
    # A plus sign that nobody escaped comes as a space.
    written = re.sub(r" (?=\d\d:\d\d$)", "+", text) if len(text) <= 150 else ""
    on, at = _DATE.fullmatch(written[:10]), _TIME.fullmatch(written[11:])
    whole = len(written) == 10
    if on is None or not (whole or (at is not None and written[10] in "Tt")):
        raise Unusable(_EXPECTED, text)
    try:
        found = date(max(1, int(on[1])), int(on[2]), int(on[3]))
        if at is None or whole:
            return _moved(datetime.combine(found, time(), UTC), _INTO_DAY[day])
        into_millisecond = _INTO_MILLISECOND if day == "end" and len(at[4] or "") <= 3 else timedelta()
        return _moved(_in_utc(found, at), into_millisecond)
    except ValueError as error:
        raise Unusable(_EXISTING, text) from error


def _in_utc(on: date, at: re.Match[str]) -> datetime:
    hour, minute, second, fraction, sign, ahead, minutes_ahead = at.groups()
    if int(second) > 60 or int(minutes_ahead or 0) > 59:
        raise ValueError("no such time")
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    local = datetime.combine(on, time(int(hour), int(minute), min(59, int(second)), micro), UTC)
    offset = timedelta(hours=int(ahead or 0), minutes=int(minutes_ahead or 0))
    timezone(offset)  # raises where no zone is that far ahead
    return _moved(local, offset if sign == "-" else -offset)


def _moved(at: datetime, by: timedelta) -> datetime:
    try:
        return at + by
    except OverflowError:
        return _LATEST if by > timedelta() else _EARLIEST
