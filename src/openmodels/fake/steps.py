"""An answer as a list of timed writes, made lazily: what the player of a connection plays."""

from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import pairwise
from typing import NamedTuple

import msgspec

from openmodels.fake.behaviour import Behaviour
from openmodels.fake.pace import Timed
from openmodels.fake.styles.style import Frame, Stage

JOINED = 3
"""At most so many frames go in one write when frames are joined."""
LARGE = 4096
"""Writes from this size on, in bytes, are not split: they are floods, not frames."""


class Mark(Enum):
    """What a write brings, for the journal."""

    NOTHING = 0
    THOUGHT = 1
    CONTENT = 2


class End(Enum):
    """What happens to the connection after a write."""

    DONE = 0  # the answer is whole
    CLOSE = 1  # the connection is closed
    RESET = 2  # the connection is reset


class Step(NamedTuple):
    """One write."""

    at: float  # seconds from the arrival of the request
    data: bytes
    mark: Mark = Mark.NOTHING
    end: End | None = None
    stage: Stage = Stage.OPEN


_MARKS = {Stage.THOUGHT: Mark.THOUGHT, Stage.CONTENT: Mark.CONTENT}


def sse(frame: Frame, newline: str) -> bytes:
    """The frame as a server-sent event."""
    payload = frame.payload
    text = payload.encode() if isinstance(payload, str) else msgspec.json.encode(payload)
    end = newline.encode()
    name = f"event: {frame.event}{newline}".encode() if frame.event else b""
    return b"%sdata: %s%s%s" % (name, text, end, end)


def written(items: Iterable[Timed | Step], newline: str) -> Iterator[Step]:
    """Frames as steps; steps stay what they are."""
    for item in items:
        if isinstance(item, Step):
            yield item
        else:
            at, frame = item
            yield Step(at, sse(frame, newline), _MARKS.get(frame.stage, Mark.NOTHING), None, frame.stage)


def with_keepalives(steps: Iterable[Step], every: float, start: float, newline: str) -> Iterator[Step]:
    """The steps with comments between them, as long as the stream lasts; for ever when it stalls."""
    comment = f": keep-alive{newline}{newline}".encode()
    tick = start + every
    for step in steps:
        while tick < step.at:
            yield Step(tick, comment, Mark.NOTHING, None, Stage.MARK)
            tick += every
        yield step
        if step.end is not None:
            return
    while True:  # the steps stopped without an end: the stream stalls
        yield Step(tick, comment)
        tick += every


def joined(steps: Iterable[Step]) -> Iterator[Step]:
    """Several frames in one write. Frames of the same stage or the same time go together, at the first's
    time, so that the first token keeps its own."""
    group: list[Step] = []
    for step in steps:
        if group and not _go_together(group, step):
            yield _one(group)
            group = []
        group.append(step)
        if step.end is not None or not step.data:
            yield _one(group)
            group = []
    if group:
        yield _one(group)


def _go_together(group: list[Step], step: Step) -> bool:
    last = group[-1]
    # Of marked steps only those of one kind: a group has one mark.
    alike = last.stage == step.stage or (last.at == step.at and step.mark is Mark.NOTHING)
    return len(group) < JOINED and alike


def _one(group: list[Step]) -> Step:
    marks = [step.mark for step in group if step.mark is not Mark.NOTHING]
    return group[-1]._replace(
        at=group[0].at,
        data=b"".join(step.data for step in group),
        mark=marks[0] if marks else Mark.NOTHING,
    )


def split(steps: Iterable[Step], gap: float) -> Iterator[Step]:
    """Each frame over several writes, ``gap`` seconds apart; its mark and its end are the last one's."""
    free = 0.0
    for step in steps:
        at = max(step.at, free)
        pieces = _pieces(step.data) if len(step.data) < LARGE else [step.data]
        for piece in pieces[:-1]:
            yield Step(at, piece)
            at += gap
        yield step._replace(at=at, data=pieces[-1])
        free = at + gap


def _pieces(data: bytes) -> list[bytes]:
    """Cut in the word ``data``, in a character of several bytes, in the middle, and between the line ends."""
    cuts = {3, len(data) // 2, len(data) - 1}
    first_wide = next((place for place, byte in enumerate(data) if byte >= 0xC0), None)
    if first_wide is not None:
        cuts.add(first_wide + 1)
    places = [0, *sorted(cut for cut in cuts if 0 < cut < len(data)), len(data)]
    return [data[start:stop] for start, stop in pairwise(places)]


def chunked(steps: Iterable[Step]) -> Iterator[Step]:
    """The body in the chunked coding of HTTP, one chunk per write."""
    for step in steps:
        data = b"%x\r\n%s\r\n" % (len(step.data), step.data) if step.data else b""
        yield step._replace(data=data + b"0\r\n\r\n" if step.end is End.DONE else data)


def dripping(steps: Iterable[Step], gap: float) -> Iterator[Step]:
    """One byte per write, ``gap`` seconds apart; a frame's mark is its last byte's."""
    at = 0.0
    for step in steps:
        at = max(at, step.at)
        for place in range(len(step.data) - 1):
            yield Step(at, step.data[place : place + 1])
            at += gap
        yield step._replace(at=at, data=step.data[-1:])
        at += gap


def shaped(steps: Iterable[Step], behaviour: Behaviour, start: float) -> Iterator[Step]:
    """The steps of a stream with its comments, and in the writes that the behaviour wants."""
    shaped_steps = iter(steps)
    if behaviour.keepalive_ms:
        every = behaviour.keepalive_ms / 1000
        shaped_steps = with_keepalives(shaped_steps, every, start, line_end(behaviour))
    if behaviour.writes == "joined":
        return joined(shaped_steps)
    if behaviour.writes == "split":
        return split(shaped_steps, behaviour.split_gap_ms / 1000)
    return shaped_steps


def line_end(behaviour: Behaviour) -> str:
    """What ends the lines of the stream."""
    return "\r\n" if behaviour.newline == "crlf" else "\n"
