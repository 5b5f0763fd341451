"""Calendars as programs subscribe to them: iCalendar, RFC 5545.

Every text is escaped and every line folded here, so that no name or description can begin a line of its own.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from msgspec import Struct

MEDIA_TYPE = "text/calendar; charset=utf-8"
MAX_OCTETS = 75
"""The longest line, without its line break (RFC 5545, 3.1)."""

# What no text may hold (RFC 5545, 3.3.11), and what only some readers take for a line break.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff]")
_BREAK = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")


class DayEvent(Struct, frozen=True, kw_only=True):
    """Something that falls on a day."""

    uid: str
    """What it is known by, for ever: letters, digits, hyphens, dots and an @."""
    day: date
    """The day."""
    summary: str
    """What it is, in a few words."""
    description: str
    """What it is, in a few lines."""
    categories: tuple[str, ...] = ()
    """Words to sort it by."""
    url: str = ""
    """Where there is more; empty where that is not known."""


def calendar(name: str, description: str, events: Iterable[DayEvent], *, stamp: datetime) -> bytes:
    """A calendar of whole days; the same events and ``stamp`` make the same bytes."""
    at = f"{stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//OpenModels//Lifecycle//EN",
        "CALSCALE:GREGORIAN",
        # RFC 7986, and the names by which older programs know the same.
        f"NAME:{text(name)}",
        f"X-WR-CALNAME:{text(name)}",
        f"DESCRIPTION:{text(description)}",
        f"X-WR-CALDESC:{text(description)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
        "X-PUBLISHED-TTL:PT12H",
    ]
    parts = [line for event in events for line in _event(event, at)]
    # A calendar must have a component (RFC 5545, 3.6), also when there is nothing to say.
    lines += parts or _UTC
    lines.append("END:VCALENDAR")
    return b"".join(folded(line) for line in lines)


_UTC = [
    "BEGIN:VTIMEZONE",
    "TZID:UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "END:STANDARD",
    "END:VTIMEZONE",
]


def _event(event: DayEvent, stamp: str) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{text(event.uid)}"
    yield f"DTSTAMP:{stamp}"
    # Without an end it lasts that day (RFC 5545, 3.6.1); the day after the last one could not be written.
    yield f"DTSTART;VALUE=DATE:{event.day.isoformat().replace('-', '')}"
    yield f"SUMMARY:{text(event.summary)}"
    yield f"DESCRIPTION:{text(event.description)}"
    if event.categories:
        yield f"CATEGORIES:{','.join(text(word) for word in event.categories)}"
    if event.url:
        yield f"URL:{re.sub(r'[^!-~]', '', event.url)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def text(value: str) -> str:
    """A text as a property's value (RFC 5545, 3.3.11)."""
    escaped = re.sub(r"([\\;,])", r"\\\1", _CONTROL.sub("", value))
    return _BREAK.sub(r"\\n", escaped)


def folded(line: str) -> bytes:
    """A line with its line break; a long one goes on in lines that begin with a blank, no character cut."""
    rest = line.encode()
    parts = []
    room = MAX_OCTETS
    while len(rest) > room:
        end = room
        # Octets that begin with 10 go on with a character.
        while rest[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(rest[:end])
        rest = rest[end:]
        room = MAX_OCTETS - 1
    return b"\r\n ".join([*parts, rest]) + b"\r\n"
