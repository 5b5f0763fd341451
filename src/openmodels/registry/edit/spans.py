"""Where the parts of a YAML text begin and end, to the character.

Only for texts that ``registry.yaml.parse`` takes without a fault: one document, no anchors, no tags.
"""

import re

import yaml
from msgspec import Struct
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from openmodels.domain.faults import Path

_BREAK = re.compile("\r\n|\r|\n")


class Place(Struct, frozen=True):
    """A key of a mapping with its value, or an item of a list."""

    key: Node | None
    """The key; None for an item of a list."""
    value: Node
    owner: MappingNode | SequenceNode
    """The mapping or list that it is in."""
    index: int
    """The how-manieth of its owner it is."""


class Text:
    """A text and its nodes. Lines are counted as YAML counts them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(match.end() for match in _BREAK.finditer(text))]
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text.removeprefix("\ufeff"))
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
        self._mark = 1 if text.startswith("\ufeff") else 0
        if not isinstance(root, MappingNode):
            raise KeyError("")
        self.root = root
        self.newline = "\r\n" if "\r\n" in text else "\n"

    def offset(self, line: int, column: int) -> int:
        """The place in the text of a line and column, both from 0."""
        return self.starts[line] + column + (self._mark if line == 0 else 0)

    def start(self, node: Node) -> int:
        """Where ``node`` begins."""
        return self.offset(node.start_mark.line, node.start_mark.column)

    def end(self, node: Node) -> int:
        """Where the last character of ``node``'s content ends; comments after it are not of it."""
        if isinstance(node, ScalarNode):
            if node.style in ("|", ">"):
                return self._block_end(node)
        elif isinstance(node, CollectionNode) and not node.flow_style:
            last = node.value[-1]
            return self.end(last[1] if isinstance(node, MappingNode) else last)
        return self.offset(node.end_mark.line, node.end_mark.column)

    def _block_end(self, node: ScalarNode) -> int:
        start = self.start(node)
        end = min(self.offset(node.end_mark.line, node.end_mark.column), len(self.text))
        # The mark of a block's end is where the next thing begins, maybe after empty lines.
        return start + len(self.text[start:end].rstrip())

    def line_start(self, offset: int) -> int:
        """Where the line of ``offset`` begins."""
        before = max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset))
        return before + 1 if before >= 0 else self._mark

    def next_line(self, offset: int) -> int:
        """Where the line after that of ``offset`` begins; the text's end where there is none."""
        match = _BREAK.search(self.text, offset)
        return match.end() if match else len(self.text)

    def find(self, path: Path) -> Place | None:
        """What stands at ``path``; None where nothing does."""
        node: Node = self.root
        place: Place | None = None
        for step in path:
            place = _step(node, step)
            if place is None:
                return None
            node = place.value
        return place


def _step(node: Node, step: str | int) -> Place | None:
    if isinstance(node, MappingNode) and isinstance(step, str):
        for index, (key, value) in enumerate(node.value):
            if key.value == step:
                return Place(key, value, node, index)
    elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return Place(None, node.value[step], node, step)
    return None
