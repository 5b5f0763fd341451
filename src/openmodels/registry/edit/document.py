"""Edits of one YAML text that leave every other byte as it is: comments, order, quoting, empty lines.

An edit replaces, adds or removes the characters of one value. What comes out is read again by whoever asked
(``files.prepare``), so a text that this module does not understand is refused, never spoilt.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from openmodels.domain.faults import Path
from openmodels.domain.vocabulary import PRICE_ALIASES
from openmodels.registry.edit import house
from openmodels.registry.edit.diff import ABSENT, Edit
from openmodels.registry.edit.spans import Place, Text
from openmodels.registry.scalars import resolve

_OLD_NAMES = {name: alias for alias, name in PRICE_ALIASES.items()}


def edit(text: str, edits: Sequence[Edit], order: Sequence[str]) -> str:
    """``text`` with ``edits`` made. ``order`` is that of the keys at the top, for those that are new.

    ``text`` is a document that the registry reads without a fault. Raises ``KeyError`` when a path leads
    through something that is not there.
    """
    for one in edits:
        text = _edited(Text(text), one, order)
    return text


def _edited(text: Text, one: Edit, order: Sequence[str]) -> str:
    path = _as_written(text, one.path)
    place = text.find(path)
    if one.value is ABSENT or (one.value is None and place is None):
        return text.text if place is None else _removed(text, place)
    if place is None:
        parent = text.find(path[:-1])
        owner = parent.value if parent else text.root
        if not isinstance(owner, MappingNode):
            raise KeyError(house_path(path))
        return _added(text, owner, str(path[-1]), one.value, order if len(path) == 1 else _order_in(path))
    return _replaced(text, place, one.value)


def house_path(path: Path) -> str:
    """A path as messages write it."""
    return ".".join(str(step) for step in path)


def _as_written(text: Text, path: Path) -> Path:
    """The path by the names that the file uses, which may be the public registry's older ones."""
    last = path[-1]
    if isinstance(last, str) and last in _OLD_NAMES and text.find(path) is None:
        older = (*path[:-1], _OLD_NAMES[last])
        if text.find(older) is not None:
            return older
    return path


def _replaced(text: Text, place: Place, value: Any) -> str:
    node = place.value
    start, end = text.start(node), text.end(node)
    one_line = not isinstance(value, dict | list)
    if one_line and isinstance(node, ScalarNode) and node.style not in ("|", ">"):
        written = _like(node, value, in_flow=_in_flow(place))
        line = text.line_start(start)
        if _in_flow(place) or start - line + len(written) <= house.WIDTH or not isinstance(value, str):
            return _spliced(text, start, end, _spaced(text, start, written))
    if _in_flow(place) or place.key is None:
        return _spliced(text, start, end, _spaced(text, start, house.flow(value)))
    if isinstance(node, SequenceNode) and isinstance(value, list):
        kept = _common(node, value)
        if kept:
            return _with_items(text, node, kept, value[kept:])
    key = text.start(place.key)
    indent = key - text.line_start(key)
    head = text.text[text.line_start(key) : key]
    if head.strip() == "?":  # `? key`, and `: value` on the next line
        indent = head.index("?")
        key = text.line_start(key) + indent
    elif head.strip():  # the first key of an item of a list: `- key: value`
        indent = place.key.start_mark.column
    lines = house.entry(str(place.key.value), value, indent)
    if isinstance(node, ScalarNode) and lines[0].endswith(">-"):
        # Behind a folded text a comment would be part of it.
        comment, end = _comment_of(text, place.key, node, end)
        lines[0] += comment
    if isinstance(node, CollectionNode) and not node.flow_style:
        # A comment behind the last item spoke of an item that goes.
        end = len(text.text[: text.next_line(end)].rstrip("\r\n"))
    return _spliced(text, key, end, text.newline.join(lines)[indent:])


def _comment_of(text: Text, key: Node, node: ScalarNode, end: int) -> tuple[str, int]:
    """The comment in the line where ``node`` begins, or ends if that is one, and where what it is in ends."""
    line_end = len(text.text[: text.next_line(end)].rstrip("\r\n"))
    if node.style in ("|", ">"):
        start = text.start(node)
        first = text.text[start : text.next_line(start)].rstrip("\r\n")
        _, sign, words = first.partition(" #")
        return (f"  #{words}" if sign else ""), end
    _, sign, words = text.text[text.end(key) : text.start(node)].partition("#")
    if sign:  # the value stands in a line of its own, below the comment
        return f"  # {' '.join(words.split())}", end
    rest = text.text[end:line_end].strip()
    return (f"  {rest}", line_end) if rest.startswith("#") else ("", end)


def _common(node: SequenceNode, values: list[Any]) -> int:
    """How many items at the beginning stay; none where the list is not one of plain values, a line each."""
    if node.flow_style or any(not isinstance(item, ScalarNode) for item in node.value):
        return 0
    count = 0
    for item, value in zip(node.value, values, strict=False):
        written = item.value if item.style else resolve(item.value)
        if written != value:
            break
        count += 1
    return count


def _with_items(text: Text, node: SequenceNode, kept: int, values: list[Any]) -> str:
    """The list with its first ``kept`` items as they are, comments included, and ``values`` behind them."""
    last = text.start(node.value[kept - 1])
    line = text.line_start(last)
    margin = text.text[line : text.text.rindex("-", line, last)]
    start = text.next_line(text.end(node.value[kept - 1]))
    end = text.next_line(text.end(node)) if kept < len(node.value) else start
    lines = [f"{margin}- {house.flow(value)}" for value in values]
    if start == len(text.text) and not text.text.endswith(("\n", "\r")):
        return text.text + "".join(text.newline + line for line in lines)
    return _spliced(text, start, end, "".join(line + text.newline for line in lines))


def _spaced(text: Text, start: int, written: str) -> str:
    # An empty value, `key:`, has its place right behind the colon.
    return f" {written}" if start and text.text[start - 1] == ":" else written


def _like(node: ScalarNode, value: Any, *, in_flow: bool) -> str:
    """``value`` in the quotes that the present value has."""
    if isinstance(value, str) and node.style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, str) and node.style == '"':
        return json.dumps(value, ensure_ascii=False)
    return house.scalar(value, in_flow=in_flow)


def _in_flow(place: Place) -> bool:
    return place.owner.flow_style is True


def _added(text: Text, owner: MappingNode, key: str, value: Any, order: Sequence[str]) -> str:
    before = _predecessor(owner, key, order)
    if owner.flow_style:
        written = f"{key}: {house.flow(value)}"
        if not owner.value:
            start = text.start(owner)
            return _spliced(text, start, text.end(owner), "{" + written + "}")
        if before < 0:
            start = text.start(owner.value[0][0])
            return _spliced(text, start, start, f"{written}, ")
        end = text.end(owner.value[before][1])
        return _spliced(text, end, end, f", {written}")
    indent = owner.value[0][0].start_mark.column
    lines = house.entry(key, value, indent)
    if before < 0:
        start = text.start(owner.value[0][0])
        joined = text.newline.join([*lines, ""])
        return _spliced(text, start, start, joined[indent:] + " " * indent)
    at = text.next_line(text.end(owner.value[before][1]))
    joined = text.newline.join([*lines, ""])
    if at == len(text.text) and not text.text.endswith(("\n", "\r")):
        joined = text.newline + text.newline.join(lines)
    return _spliced(text, at, at, joined)


def _order_in(path: Path) -> Sequence[str]:
    """The order of the keys beside the last of ``path``, whose names may be older ones."""
    order = house.NESTED.get(str(path[-2]), ())
    return [*order, *(_OLD_NAMES[name] for name in order if name in _OLD_NAMES)]


def _predecessor(owner: MappingNode, key: str, order: Sequence[str]) -> int:
    """Behind which of the owner's entries ``key`` goes; -1 for the first place."""
    if key not in order:
        return len(owner.value) - 1
    rank = {name: place for place, name in enumerate(order)}
    earlier = [i for i, (k, _) in enumerate(owner.value) if rank.get(k.value, -1) < rank[key]]
    return earlier[-1] if earlier else -1


def _removed(text: Text, place: Place) -> str:
    owner = place.owner
    if place.key is None:
        raise KeyError(place.index)
    if len(owner.value) == 1:
        # A mapping without entries has no block form.
        return _spliced(text, text.start(owner), text.end(owner), "{}")
    if owner.flow_style:
        return _removed_in_flow(text, place)
    start = text.start(place.key)
    end = text.next_line(text.end(place.value))
    head = text.text[text.line_start(start) : start]
    if head.strip() not in ("", "?"):  # the first key of an item of a list: the dash goes to the next key
        following = text.start(owner.value[1][0])
        return _spliced(text, start, following, "")
    return _spliced(text, text.line_start(start), end, "")


def _removed_in_flow(text: Text, place: Place) -> str:
    entries = place.owner.value
    if place.index:
        start = text.end(entries[place.index - 1][1])
        return _spliced(text, start, text.end(place.value), "")
    following = text.start(entries[1][0])
    return _spliced(text, text.start(entries[0][0]), following, "")


def _spliced(text: Text, start: int, end: int, written: str) -> str:
    if "\n" in written and text.newline != "\n":
        written = re.sub("\r?\n", text.newline, written)
    return text.text[:start] + written + text.text[end:]
