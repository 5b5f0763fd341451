"""What goes wrong, and how: bytes that replace an answer or break it."""

import itertools
import random
from collections.abc import Generator, Iterable, Iterator

from openmodels.fake.behaviour import Behaviour, Fault
from openmodels.fake.pace import Timed
from openmodels.fake.request import Kind
from openmodels.fake.steps import End, Step, line_end, sse
from openmodels.fake.styles.style import Problem, Stage, Style
from openmodels.fake.turn import Turn

BLOCK = 64 * 1024
"""The size of the writes of an endless answer."""
PROBLEMS = {"key_invalid": 401, "quota": 402}


def draw_fault(behaviour: Behaviour, kind: Kind, dice: random.Random) -> Fault | None:
    """What goes wrong with this request."""
    scopes = {"models": ("all", "health"), "completion": ("all", "completions"), "unknown": ("all",)}
    if not behaviour.faults or behaviour.fails not in scopes[kind]:
        return None
    fails = dice.random() < behaviour.failure_rate
    picked = behaviour.faults[dice.randrange(len(behaviour.faults))]
    return picked if fails else None


def problem_of(fault: Fault | None) -> Problem | None:
    """The error that the fault is answered with, if it is that kind of fault."""
    if fault is None:
        return None
    if fault in PROBLEMS:
        return Problem(status=PROBLEMS[fault], kind=fault)
    if fault.startswith("status_"):
        return Problem(status=int(fault.removeprefix("status_")))
    return None


def garbage(dice: random.Random) -> bytes:
    """Bytes that are neither HTTP nor UTF-8."""
    return b"\xff\xfe" + dice.randbytes(254)


def faulty_stream(
    timed: Iterator[Timed], fault: Fault | None, behaviour: Behaviour, turn: Turn, style: Style
) -> Iterator[Step | Timed]:
    """The frames up to where the stream breaks, and how it does. Without an end, it stalls."""
    tokens = 0
    pending = fault
    at = 0.0
    for number, (at, frame) in enumerate(timed):
        if pending in _BREAKS and (tokens >= behaviour.fault_after or frame.stage is Stage.CLOSE):
            ended = yield from _break(pending, at, number, behaviour, turn, style)
            if ended:
                return
            pending = None
        if pending == "unfinished" and frame.stage is Stage.CLOSE:
            yield Step(at, b"", end=End.DONE)
            return
        yield Timed(at, frame)
        tokens += frame.stage in {Stage.THOUGHT, Stage.CONTENT}
    yield Step(at, b"", end=End.DONE)


_BREAKS = frozenset(
    {"reset", "cut", "stall_mid_stream", "error_event", "garbage_in_stream", "endless", "huge_line"}
)


def _break(
    fault: Fault | None, at: float, frames: int, behaviour: Behaviour, turn: Turn, style: Style
) -> Generator[Step | Timed, None, bool]:
    """The fault itself, at its place in the stream; true when the stream ends with it."""
    newline = line_end(behaviour)
    match fault:
        case "reset":
            yield Step(at, b"", end=End.RESET)
        case "cut":
            yield Step(at, b"", end=End.CLOSE)
        case "error_event":
            for frame in style.failed(turn, frames):
                yield Timed(at, frame)
            yield Step(at, b"", end=End.DONE)
        case "endless":
            frame = next(one for one in style.frames(turn) if one.stage in {Stage.CONTENT, Stage.CLOSE})
            once = sse(frame, newline)
            block = once * max(1, BLOCK // len(once))
            while True:
                yield Step(at, block)
        case "garbage_in_stream":
            junk = b'data: {"choices":[{"delta":{"content":\xff\xfe\x80 ]]' + newline.encode() * 2
            yield Step(at, junk)
            return False
        case "huge_line":
            for data in (b"data: ", *filler(behaviour.huge_bytes), newline.encode() * 2):
                yield Step(at, data)
            return False
    return True


def filler(count: int) -> Iterator[bytes]:
    """``count`` letters, in blocks."""
    block = b"x" * BLOCK
    for _ in range(count // BLOCK):
        yield block
    yield block[: count % BLOCK]


def faulty_body(body: bytes, fault: Fault | None, behaviour: Behaviour, at: float) -> Iterator[Step]:
    """A body in one piece, or what is left of it. Without an end, it stalls."""
    half = len(body) // 2
    blocks: Iterable[bytes] = ()
    end: End | None = End.DONE
    match fault:
        case "reset":
            body, end = body[:half], End.RESET
        case "cut":
            body, end = body[:half], End.CLOSE
        case "stall_mid_stream":
            body, end = body[:half], None
        case "stall_after_headers":
            return
        case "empty":
            body = b""
        case "unfinished":
            body = body[:half]
        case "garbage_in_stream":
            body = body[:half] + b"\xff\xfe\x80 ]]" + body[half:]
        case "endless":
            blocks = itertools.repeat(b" " * BLOCK)
        case "huge_line":
            blocks = filler(behaviour.huge_bytes)
    for block in blocks:
        yield Step(at, block)
    # What ends a connection is a write of its own: bytes that were not sent yet are lost in a reset.
    yield Step(at, body)
    if end is not None:
        yield Step(at, b"", end=end)
