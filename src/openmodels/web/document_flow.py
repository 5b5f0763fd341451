"""A flow chart as a list of its arrows: what a figure in Mermaid's language says, for reading. Pure."""

import re
from collections.abc import Sequence

from msgspec import Struct

_SHAPES = r"\[\((?P<a>.*?)\)\]|\(\((?P<b>.*?)\)\)|\[(?P<c>.*?)\]|\((?P<d>.*?)\)"
_NODE = re.compile(rf"\s*(?P<id>\w+)(?:{_SHAPES})?\s*")
_ARROW = re.compile(r'(?P<back><)?--(?:\s*"(?P<label>[^"]*)"\s*--)?>')
_BREAK = re.compile(r"\s*<br\s*/?>\s*")


class Step(Struct, frozen=True, kw_only=True):
    """One arrow."""

    before: str
    after: str
    label: str
    """What is written on it; empty for nothing."""
    both: bool
    """Whether it goes both ways."""


def flow_of(source: str) -> Sequence[Step] | None:
    """The arrows of a ``flowchart``, in the order written; None where it is of another kind or not simple."""
    head, *lines = [line.strip() for line in source.strip().splitlines() if line.strip()]
    if not head.startswith("flowchart"):
        return None
    names: dict[str, str] = {}
    steps: list[tuple[str, str, str, bool]] = []
    for line in lines:
        found = _steps_of(line, names)
        if found is None:
            return None
        steps += found
    return [
        Step(before=names.get(before, before), after=names.get(after, after), label=label, both=both)
        for before, after, label, both in steps
    ]


def _steps_of(line: str, names: dict[str, str]) -> list[tuple[str, str, str, bool]] | None:
    """The arrows of one line, by ids, whose names go to ``names``; None of what is not simple."""
    steps = []
    place, before = _node(line, 0, names)
    while before is not None and place < len(line):
        arrow = _ARROW.match(line, place)
        if arrow is None:
            return None
        place, after = _node(line, arrow.end(), names)
        if after is None:
            return None
        steps.append((before, after, _text(arrow["label"] or ""), arrow["back"] is not None))
        before = after
    return steps or None


def _node(line: str, place: int, names: dict[str, str]) -> tuple[int, str | None]:
    node = _NODE.match(line, place)
    if node is None:
        return place, None
    said = next((node[group] for group in "abcd" if node[group] is not None), None)
    if said is not None:
        names[node["id"]] = _text(said)
    return node.end(), node["id"]


def _text(text: str) -> str:
    return _BREAK.sub(" ", text).strip()
