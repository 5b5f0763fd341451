"""The ways in which writes are shaped: never a byte lost, never out of order."""

from hypothesis import given
from hypothesis import strategies as st

from openmodels.fake.pace import Timed
from openmodels.fake.steps import (
    End,
    Mark,
    Step,
    chunked,
    dripping,
    joined,
    split,
    sse,
    with_keepalives,
    written,
)
from openmodels.fake.styles.style import Frame, Stage

TOKENS = st.lists(st.tuples(st.sampled_from([Stage.THOUGHT, Stage.CONTENT]), st.text(max_size=8)), max_size=9)


def steps_of(tokens: list[tuple[Stage, str]]) -> list[Step]:
    timed = [
        Timed(0.01 * place, Frame(stage, "e", {"t": text})) for place, (stage, text) in enumerate(tokens)
    ]
    return [*written(timed, "\n"), Step(0.01 * len(tokens), b"", end=End.DONE, stage=Stage.CLOSE)]


def whole(steps: list[Step]) -> bytes:
    return b"".join(step.data for step in steps)


def in_order(steps: list[Step]) -> bool:
    times = [step.at for step in steps]
    return times == sorted(times)


@given(TOKENS)
def test_it_splits_frames_without_losing_anything(tokens: list[tuple[Stage, str]]) -> None:
    before = steps_of(tokens)
    after = list(split(before, 0.001))
    assert whole(after) == whole(before)
    assert in_order(after)
    assert [step.mark for step in after if step.mark is not Mark.NOTHING] == [
        step.mark for step in before if step.mark is not Mark.NOTHING
    ]
    assert after[-1].end is End.DONE


def test_it_splits_inside_a_character_of_several_bytes() -> None:
    pieces = [step.data for step in split([Step(0, "data: {“😀”}\n\n".encode())], 0.001)]
    assert len(pieces) >= 4
    broken = [piece for piece in pieces if not _decodes(piece)]
    assert broken


def _decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(TOKENS)
def test_it_joins_frames_and_keeps_the_first_tokens_time(tokens: list[tuple[Stage, str]]) -> None:
    before = steps_of(tokens)
    after = list(joined(before))
    assert whole(after) == whole(before)
    assert in_order(after)
    for mark in (Mark.THOUGHT, Mark.CONTENT):
        firsts = [next((step.at for step in steps if step.mark is mark), None) for steps in (before, after)]
        assert firsts[0] == firsts[1]
    assert after[-1].end is End.DONE


@given(TOKENS)
def test_it_drips_byte_by_byte(tokens: list[tuple[Stage, str]]) -> None:
    before = steps_of(tokens)
    after = list(dripping(before, 0.001))
    assert whole(after) == whole(before)
    assert in_order(after)
    assert all(len(step.data) <= 1 for step in after)


@given(TOKENS)
def test_it_codes_a_body_that_decodes_to_what_it_was(tokens: list[tuple[Stage, str]]) -> None:
    before = steps_of(tokens)
    coded = whole(list(chunked(before)))
    decoded = b""
    while True:
        size, _, rest = coded.partition(b"\r\n")
        count = int(size, 16)
        if not count:
            assert rest == b"\r\n"
            break
        decoded, coded = decoded + rest[:count], rest[count + 2 :]
    assert decoded == whole(before)


def test_it_puts_comments_between_frames_and_stops_with_the_stream() -> None:
    steps = [Step(0.1, b"a"), Step(0.35, b"b"), Step(0.4, b"", end=End.DONE)]
    after = list(with_keepalives(steps, 0.1, 0.1, "\n"))
    assert [(round(step.at, 3), step.data) for step in after] == [
        (0.1, b"a"),
        (0.2, b": keep-alive\n\n"),
        (0.3, b": keep-alive\n\n"),
        (0.35, b"b"),
        (0.4, b""),
    ]


def test_it_keeps_a_stalled_stream_alive_for_ever() -> None:
    stalled = with_keepalives([Step(0.1, b"a")], 0.1, 0.0, "\n")
    times = [round(next(stalled).at, 3) for _ in range(50)]
    assert times[-1] == 4.9


def test_it_writes_events_as_the_standard_has_them() -> None:
    assert sse(Frame(Stage.OPEN, None, "[DONE]"), "\n") == b"data: [DONE]\n\n"
    assert sse(Frame(Stage.OPEN, "ping", {"a": "é\n"}), "\r\n") == (
        'event: ping\r\ndata: {"a":"é\\n"}\r\n\r\n'.encode()
    )
