import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openmodels.prober.outcomes import ProbeFailed
from openmodels.prober.sse import MAX_EVENT, EventParser, ServerEvent

LINE = st.one_of(
    st.sampled_from(
        ["", "", ":", ": keep-alive", "data", "data:", "event: x", "id: 1", "retry: 3", "\ufeffdata: y"]
    ),
    st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8).map(
        "data: {}".format
    ),
    st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8),
)


def read(*parts: bytes) -> list[ServerEvent]:
    parser = EventParser()
    return [event for part in parts for event in parser.feed(part)] + parser.end()


@st.composite
def cut_streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A stream with any line ends, and the same bytes cut anywhere, within characters and line ends too."""
    lines = draw(st.lists(LINE, max_size=12))
    ends = draw(st.lists(st.sampled_from(["\n", "\r", "\r\n"]), min_size=len(lines), max_size=len(lines)))
    whole = "".join(line + end for line, end in zip(lines, ends, strict=True)).encode()
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=20)))
    edges = [0, *cuts, len(whole)]
    return whole, [whole[a:b] for a, b in itertools.pairwise(edges)]


@given(cut_streams())
@example((b"data: a\r\n\r\n", [b"data: a\r", b"", b"\n\r", b"\n"]))
def test_it_reads_the_same_events_however_the_bytes_are_cut(stream: tuple[bytes, list[bytes]]) -> None:
    whole, parts = stream
    assert read(*parts) == read(whole)
    assert read(*(bytes([byte]) for byte in whole)) == read(whole)


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])), min_size=1),
        max_size=4,
    ),
    st.sampled_from(["\n", "\r", "\r\n"]),
)
def test_it_gives_back_what_was_sent(events: list[list[str]], end: str) -> None:
    sent = "".join("".join(f"data: {line}{end}" for line in lines) + end for lines in events)
    assert read(sent.encode()) == [ServerEvent("", "\n".join(lines).encode()) for lines in events]


def test_it_skips_comments_ids_and_retry_times() -> None:
    assert read(b": hello\nid: 1\nretry: 100\nother\ndata: a\n\n") == [ServerEvent("", b"a")]


def test_it_names_an_event_and_forgets_the_name_after_it() -> None:
    assert read(b"event: x\ndata: a\n\ndata: b\n\n") == [ServerEvent("x", b"a"), ServerEvent("", b"b")]


def test_it_forgets_the_name_of_an_event_without_data() -> None:
    assert read(b"event: x\n\ndata: b\n\n") == [ServerEvent("", b"b")]


def test_it_takes_one_space_off_a_value() -> None:
    assert read(b"data:  a\n\ndata:b\n\n") == [ServerEvent("", b" a"), ServerEvent("", b"b")]


def test_it_joins_the_data_of_several_lines() -> None:
    assert read(b"data: a\ndata\ndata: b\n\n") == [ServerEvent("", b"a\n\nb")]


def test_it_drops_a_byte_order_mark_at_the_start_only() -> None:
    assert read(b"\xef\xbb", b"\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n") == [ServerEvent("", b"a")]


def test_it_gives_an_event_as_soon_as_it_is_complete() -> None:
    parser = EventParser()
    assert parser.feed(b"data: a\r\n") == []
    assert parser.feed(b"\r") == [ServerEvent("", b"a")]
    assert parser.feed(b"\ndata: b\n\n") == [ServerEvent("", b"b")]


def test_it_takes_the_last_event_of_a_stream_that_forgot_the_blank_line() -> None:
    assert read(b"data: a\n") == read(b"data: a") == [ServerEvent("", b"a")]
    assert read(b"data: a\n\n: bye") == [ServerEvent("", b"a")]


def test_it_refuses_a_line_without_end() -> None:
    parser = EventParser()
    part = b"x" * 65_536
    for _ in range(MAX_EVENT // len(part)):
        parser.feed(part)
    with pytest.raises(ProbeFailed, match="too long"):
        parser.feed(part)


def test_it_refuses_an_event_without_end() -> None:
    parser = EventParser()
    line = b"data: " + b"x" * 65_530 + b"\n"
    for _ in range(MAX_EVENT // 65_531):
        parser.feed(line)
    with pytest.raises(ProbeFailed, match="too long"):
        parser.feed(line)
