"""How the SDK reads a stream's bytes."""

import contextlib
import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openmodels_client import Event, InvalidResponse
from openmodels_client.events import LONGEST, EventReader, is_place
from openmodels_client.types import Gap, RecordedCheck, RecordedMeasurement

CHECK: dict[str, Any] = {
    "status": "up",
    "outcome": "ok",
    "checked_at": "2026-03-01T12:00:00.000Z",
    "response_time_ms": 95.5,
    "region": "eu",
    "provider_id": "cirrus",
}
MEASUREMENT: dict[str, Any] = {
    "model_id": "alpha-1",
    "outcome": "ok",
    "region": "eu",
    "measured_at": "2026-03-01T12:00:00.000Z",
    "tokens_estimated": False,
    "provider_id": "cirrus",
}
GAP = {"after": "1-1", "until": "9-9", "missed": 16}


def event(kind: str, place: str, data: Any) -> bytes:
    return f"id: {place}\nevent: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


STREAM = b"".join(
    [
        b"retry: 1500\n: open\nid: 1-0\n\n",
        event("check", "2-0", CHECK | {"region": "Zürich \u2028 🜁"}),
        b": heartbeat\nid: 3-0\n\n",
        event("weather", "4-0", {"sun": True}),
        event("measurement", "4-1", MEASUREMENT),
        event("gap", "9-9", GAP),
        b"data: of no kind\n\n",
        event("check", "10-9", CHECK),
    ]
)


def read(reader: EventReader, *chunks: bytes) -> list[tuple[Event, str]]:
    return [(told.event, told.place) for chunk in chunks for told in reader.feed(chunk)]


def test_it_reads_what_the_server_sends() -> None:
    reader = EventReader()
    found = read(reader, STREAM)
    assert [(type(event), place) for event, place in found] == [
        (RecordedCheck, "2-0"),
        (RecordedMeasurement, "4-1"),
        (Gap, "9-9"),
        (RecordedCheck, "10-9"),
    ]
    assert (reader.place, reader.retry_seconds) == ("10-9", 1.5)


@given(st.lists(st.integers(0, len(STREAM)), max_size=40), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_it_reads_the_same_however_the_bytes_are_cut(cuts: list[int], line_end: bytes) -> None:
    stream = STREAM.replace(b"\n", line_end)
    # A lone carriage return is a line's end only once it is known that no line feed follows.
    stream += b":" if line_end == b"\r" else b""
    edges = [0, *sorted(cuts), len(stream)]
    chunks = [stream[start:end] for start, end in itertools.pairwise(edges)]
    whole = EventReader()
    cut = EventReader()
    assert read(cut, *chunks) == read(whole, STREAM)
    assert (cut.place, cut.retry_seconds) == (whole.place, whole.retry_seconds)


def test_it_reads_byte_by_byte_after_a_byte_order_mark() -> None:
    stream = b"\xef\xbb\xbf" + STREAM
    assert read(EventReader(), *(bytes([one]) for one in stream)) == read(EventReader(), STREAM)


@given(st.integers(0, len(STREAM)))
def test_it_goes_on_from_its_place_with_nothing_lost_and_nothing_twice(cut: int) -> None:
    first = EventReader("0-0")
    before = read(first, STREAM[:cut])
    # The server sends what is after the place: here, the blocks whose end was not seen.
    seen = STREAM[:cut].rfind(b"\n\n") + 2 if b"\n\n" in STREAM[:cut] else 0
    assert before + read(EventReader(first.place), STREAM[seen:]) == read(EventReader(), STREAM)


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_it_reads_anything_or_says_that_it_cannot(chunks: list[bytes]) -> None:
    reader = EventReader()
    with contextlib.suppress(InvalidResponse):
        read(reader, *chunks)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"status": "up"}',
        b'{"status": "\x1b[31m',
        b"\xff",
        b"[" * 60_000,
        b'{"new": ' + b"[" * 60_000,
    ],
    ids=lambda data: repr(data[:9]),
)
def test_it_refuses_an_event_that_cannot_be_read(data: bytes) -> None:
    reader = EventReader()
    if not data:
        # An event without data is none.
        assert read(reader, b"event: check\nid: 1-1\ndata:\n\n") == []
        return
    with pytest.raises(InvalidResponse, match="a check that cannot be read"):
        read(reader, b"event: check\nid: 1-1\ndata: " + data + b"\n\n")


def test_it_gives_what_came_before_an_event_that_cannot_be_read() -> None:
    events = EventReader().feed(event("check", "1-0", CHECK) + event("check", "2-0", {}))
    assert next(events).place == "1-0"
    with pytest.raises(InvalidResponse):
        next(events)


@pytest.mark.parametrize("piece", [b"x" * 1000, b"data: " + b"x" * 1000 + b"\n", b"data\n" * 200])
def test_it_refuses_an_event_without_an_end(piece: bytes) -> None:
    reader = EventReader()
    with pytest.raises(InvalidResponse, match="without an end"):
        read(reader, *itertools.repeat(piece, LONGEST))


def test_it_joins_lines_of_data_and_leaves_out_words_it_does_not_know() -> None:
    stream = b"event:check\nwhat: ever\nid\nid:5-5\n" + b"".join(
        b"data: " + line + b"\n" for line in json.dumps(CHECK, indent=1).encode().split(b"\n")
    )
    ((found, place),) = read(EventReader(), stream + b"\n")
    assert isinstance(found, RecordedCheck)
    assert place == "5-5"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("0", 0.5), ("250", 0.5), ("2000", 2.0), ("9" * 30, 60.0), ("-1", 3.0), ("soon", 3.0), ("١", 3.0)],
)
def test_it_lets_the_server_say_within_reason_how_long_to_wait(written: str, seconds: float) -> None:
    reader = EventReader()
    read(reader, f"retry: {written}\n\n".encode())
    assert reader.retry_seconds == seconds


@pytest.mark.parametrize("place", ["1\x002", "ü", "x" * 300, "\x1b[2J", "a b"])
def test_it_refuses_a_place_that_no_header_can_hold(place: str) -> None:
    assert not is_place(place)
    with pytest.raises(InvalidResponse, match="cannot be sent back") as caught:
        read(EventReader(), b"id: " + place.encode() + b"\n\n")
    assert str(caught.value).isprintable()
