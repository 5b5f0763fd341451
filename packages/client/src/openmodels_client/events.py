"""The reading of server-sent events (WHATWG HTML 9.2). Nothing here talks to anybody."""

import codecs
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from openmodels_client.answers import UNREADABLE, shown
from openmodels_client.errors import InvalidResponse
from openmodels_client.types import Gap, RecordedCheck, RecordedMeasurement

Event: TypeAlias = RecordedCheck | RecordedMeasurement | Gap
"""What the stream tells: a check, a measurement, or that more was missed than is sent again."""
Kind: TypeAlias = Literal["check", "measurement"]

LONGEST = 65_536
"""More characters than any event has."""
SHORTEST_WAIT, LONGEST_WAIT = 0.5, 60.0
"""Between what bounds the server may say how long to wait before connecting again, in seconds."""
_TYPES: dict[str, type[Event]] = {"check": RecordedCheck, "measurement": RecordedMeasurement, "gap": Gap}
_LINE_END = re.compile(r"\r\n|\r|\n")
_PLACE = re.compile(r"[\x21-\x7e]{1,200}")


class Told(NamedTuple):
    """One event, and the stream's place after it."""

    event: Event
    place: str


def is_place(text: str) -> bool:
    """Whether a header can say that a stream goes on from there."""
    return bool(_PLACE.fullmatch(text))


class EventReader:
    """Makes events of the bytes of one connection, however they are cut."""

    def __init__(self, place: str = "", retry_seconds: float = 3.0) -> None:
        self.place: str = place
        """The id of the newest event; where to go on from after a break."""
        self.retry_seconds: float = retry_seconds
        """How long to wait before connecting again; the server may say."""
        self._text = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._rest = ""
        self._next_place = place
        self._kind = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[Told]:
        """The events that are complete with these bytes; kinds that this version does not know are left out.

        Raises ``InvalidResponse`` for what is no event of this API, after those before it.
        """
        text = self._rest + self._text.decode(chunk)
        # A carriage return at the end may be half of a line's end.
        whole = len(text) - text.endswith("\r")
        *lines, rest = _LINE_END.split(text[:whole])
        self._rest = rest + text[whole:]
        for line in lines:
            told = self._take(line)
            if told is not None:
                yield told
        if len(self._rest) + self._size > LONGEST:
            raise InvalidResponse("the stream sends an event without an end")

    @property
    def _size(self) -> int:
        return sum(map(len, self._data)) + len(self._data)

    def _take(self, line: str) -> Told | None:
        if not line:
            return self._complete()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._kind = value
        elif name == "id":
            self._next_place = _require_place(value)
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry_seconds = min(max(int(value[:9]) / 1000, SHORTEST_WAIT), LONGEST_WAIT)
        return None

    def _complete(self) -> Told | None:
        # Not before the event is whole: what is cut off must be sent again.
        self.place = self._next_place
        kind, data = self._kind, "\n".join(self._data)
        self._kind = ""
        self._data.clear()
        type_ = _TYPES.get(kind)
        if type_ is None or not data:
            return None
        try:
            return Told(msgspec.json.decode(data, type=type_), self.place)
        except UNREADABLE as error:
            said = shown(f"the stream sent a {kind} that cannot be read: {error}")
            raise InvalidResponse(said) from error


def _require_place(text: str) -> str:
    # An empty id is one that begins anew.
    if text and not is_place(text):
        raise InvalidResponse(f"the stream sent an id that cannot be sent back: {shown(text)!r}")
    return text
