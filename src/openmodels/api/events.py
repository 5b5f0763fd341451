"""What a stream says: the shapes of its events, and their text (server-sent events, WHATWG HTML 9.2)."""

import re
from typing import Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import asdict

from openmodels.domain.telemetry import Check, Measurement
from openmodels.domain.views.registry import encoder
from openmodels.domain.views.telemetry import CheckView, MeasurementView, check_view, measurement_view
from openmodels.store.ports import Cursor

Kind = Literal["check", "measurement"]

RETRY_MS = 3000
"""How long a client waits before it connects again."""
PLACE_PATTERN = "^([0-9]{1,18})-([0-9]{1,18})$"
"""What an id looks like: how far the checks were seen, and the measurements."""


class RecordedCheck(CheckView, frozen=True, kw_only=True):
    """A health check as it was recorded: the data of an event `check`."""

    provider_id: str
    """The provider that was asked."""


class RecordedMeasurement(MeasurementView, frozen=True, kw_only=True):
    """A timed completion as it was recorded: the data of an event `measurement`."""

    provider_id: str
    """The provider that was asked."""


class Gap(Struct, frozen=True, kw_only=True):
    """More was missed than is sent again: the data of an event `gap`. The stream goes on from now."""

    after: str
    """The id after which something is missing."""
    until: str
    """The id up to which it is missing."""
    missed: int
    """How many events lie between them, at most, filtered or not."""


class Event(NamedTuple):
    """One recorded check or measurement."""

    kind: Kind
    number: int
    """Its place among those of its kind."""
    provider_id: str
    model_id: str | None
    """None for a check, which is of no model."""
    data: bytes
    """Its JSON."""


def event_of(at: Cursor, recorded: Check | Measurement) -> Event:
    """What was recorded, as an event; ``at`` is the place of who has seen it."""
    if isinstance(recorded, Check):
        return Event("check", at.check, recorded.provider_id, None, encoder.encode(_check(recorded)))
    data = encoder.encode(_measurement(recorded))
    return Event("measurement", at.measurement, recorded.provider_id, recorded.model_id, data)


def _check(check: Check) -> RecordedCheck:
    return RecordedCheck(provider_id=check.provider_id, **asdict(check_view(check)))


def _measurement(measurement: Measurement) -> RecordedMeasurement:
    return RecordedMeasurement(provider_id=measurement.provider_id, **asdict(measurement_view(measurement)))


def place_text(cursor: Cursor) -> str:
    """A place in the stream, as the id of an event."""
    return f"{cursor.check}-{cursor.measurement}"


def read_place(text: str) -> Cursor | None:
    """The place that an id names; None for a text that is no id."""
    found = re.fullmatch(PLACE_PATTERN, text)
    return Cursor(int(found[1]), int(found[2])) if found else None


def missed_between(after: Cursor, until: Cursor) -> int:
    """How many events lie between two places, at most: numbers may be missing."""
    return max(0, until.check - after.check) + max(0, until.measurement - after.measurement)


def frame(name: str, place: Cursor, data: bytes) -> bytes:
    """One event. JSON has no line break of its own, so its data is one line."""
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (place_text(place).encode(), name.encode(), data)


def gap_frame(after: Cursor, until: Cursor) -> bytes:
    """The event that says that something is missing."""
    missed = missed_between(after, until)
    gap = Gap(after=place_text(after), until=place_text(until), missed=missed)
    return frame("gap", until, encoder.encode(gap))


def opening(place: Cursor) -> bytes:
    """What a stream begins with: it lives, from where it goes on, when to come back if it breaks."""
    return b"retry: %d\n: open\nid: %s\n\n" % (RETRY_MS, place_text(place).encode())


def heartbeat(place: Cursor) -> bytes:
    """A comment, and the place as an id without data, which no client hands on as an event.

    Without the id, who filters for what is rare would come back with an old place, and be told of a gap.
    """
    return b": heartbeat\nid: %s\n\n" % place_text(place).encode()
