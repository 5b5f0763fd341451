"""Server-sent events, read as they arrive (WHATWG HTML, section 9.2.6)."""

from typing import NamedTuple

from openmodels.prober.outcomes import ProbeFailed

MAX_EVENT = 1_048_576
"""The longest line, and the longest event, in bytes."""
_BOM = b"\xef\xbb\xbf"


class ServerEvent(NamedTuple):
    """One event."""

    name: str
    """Its type; empty when none was given."""
    data: bytes
    """Its data lines, joined by line feeds; UTF-8 if the sender is well."""


class EventParser:
    """Turns bytes, however they are cut, into events.

    Lines end with LF, CR or CRLF. Comments, ids and retry times are skipped. Bytes are split at line ends
    only, so a character cut in two is whole again before anybody decodes it.
    """

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._line_size = 0
        self._data: list[bytes] = []
        self._data_size = 0
        self._name = b""
        self._after_cr = False
        self._at_start = True

    def feed(self, received: bytes) -> list[ServerEvent]:
        """The events that ``received`` completes. Raises ``ProbeFailed`` for one that is too long."""
        if self._after_cr and received[:1] == b"\n":
            received = received[1:]
            self._after_cr = False
        if not received:
            return []
        self._after_cr = received[-1:] == b"\r"
        lines = received.splitlines()
        rest = b"" if received[-1:] in {b"\n", b"\r"} else lines.pop()
        events: list[ServerEvent] = []
        for line in lines:
            if self._line:
                line = b"".join((*self._line, line))  # noqa: PLW2901 - the whole of the line
                self._line.clear()
                self._line_size = 0
            self._take(line, events)
        if rest:
            self._line.append(rest)
            self._line_size += len(rest)
            self._bound(self._line_size)
        return events

    def end(self) -> list[ServerEvent]:
        """The event that a stream left without its closing blank line, if any: some servers end that way."""
        events: list[ServerEvent] = []
        if self._line:
            self._take(b"".join(self._line), events)
            self._line.clear()
        self._take(b"", events)
        return events

    def _take(self, line: bytes, events: list[ServerEvent]) -> None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        if not line:
            if self._data:
                data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
                events.append(ServerEvent(self._name.decode("utf-8", "replace"), data))
                self._data.clear()
                self._data_size = 0
            self._name = b""
            return
        field, _, value = line.partition(b":")
        if field == b"data":
            self._data.append(value.removeprefix(b" "))
            self._data_size += len(value) + 1
            self._bound(self._data_size)
        elif field == b"event":
            self._name = value.removeprefix(b" ")
            self._bound(len(value))

    def _bound(self, size: int) -> None:
        if size > MAX_EVENT:
            raise ProbeFailed("bad_stream", "one event of its stream is too long")
