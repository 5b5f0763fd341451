"""YAML text to plain data, for files that anybody may have written.

PyYAML's C parser is driven event by event and the data is built here, without recursion: duplicate keys,
tags, anchors and aliases are refused as they are met, so nothing is ever expanded, and depth and size are
bounded. ``parse`` keeps no places; ``locate`` goes through a text again when something in it must be
pointed at.
"""

import contextlib
import re
from typing import Any, NamedTuple

import yaml
from yaml import events

from openmodels.domain.faults import Fault, Path, shown
from openmodels.registry.issues import START, Place, PlacedFault
from openmodels.registry.scalars import resolve
from openmodels.registry.syntax import explain

MAX_BYTES = 1_000_000
MAX_DEPTH = 24
MAX_VALUES = 50_000

# YAML's non-printable characters, and the line breaks that editors do not count as lines.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_PLAIN = "plain values: write it out"
_NO_KEY: Any = object()
_DROPPED: Any = object()
# Stands in a path for a key that is none.
_KEY = "?"


class Document(NamedTuple):
    """What a text holds."""

    data: Any
    """Mappings, lists, text, ints, Decimals, bools and None."""
    faults: list[PlacedFault]
    """What was refused; the data holds None there."""
    trailing_newline: bool
    """Whether a text in it ends in a line break, which the ``$`` of a pattern does not see."""
    readable: bool
    """Whether the whole text was gone through."""


class Located(NamedTuple):
    """Where a value and its key begin."""

    key: Place
    value: Place


class _Stop(Exception):
    """Nothing after this can be read."""


def parse(raw: bytes) -> Document:
    """The data of a YAML file, with everything in it that was refused."""
    builder = _Builder()
    readable = True
    try:
        text = _decoded(raw, builder)
        _feed(text, builder)
    except _Stop:
        readable = False
    return Document(builder.root, builder.faults, builder.trailing_newline, readable)


def locate(raw: bytes) -> dict[Path, Located]:
    """Where every value of a YAML file stands, as far as the file can be read."""
    builder = _Builder(marking=True)
    with contextlib.suppress(_Stop):
        _feed(_decoded(raw, builder), builder)
    return builder.places


def _decoded(raw: bytes, builder: "_Builder") -> str:
    if len(raw) > MAX_BYTES:
        builder.refuse(
            "too-large", f"more than {MAX_BYTES:,} bytes", f"at most {MAX_BYTES:,} bytes", stop=True
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place_at(raw[: error.start].decode("utf-8", "replace"))
        found = f"the byte 0x{raw[error.start]:02x}"
        builder.refuse("not-utf8", found, "UTF-8 text", "save the file as UTF-8", at=place, stop=True)
        raise AssertionError("refuse stops") from None
    control = _CONTROL.search(text)
    if control:
        place = _place_at(text[: control.start()])
        found = f"U+{ord(control[0]):04X}"
        builder.refuse("control-character", found, "characters that can be seen", at=place, stop=True)
    return text


def _place_at(before: str) -> Place:
    """The place right after ``before``, which is a text from its beginning."""
    lines = re.split("\r\n|\r|\n", before)
    return len(lines), len(lines[-1]) + 1


def _feed(text: str, builder: "_Builder") -> None:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    next_event = loader.get_event
    try:
        while True:
            event = next_event()
            kind = type(event)
            if kind is events.ScalarEvent:
                builder.scalar(event)
            elif kind is events.MappingStartEvent:
                builder.open(event, {})
            elif kind is events.SequenceStartEvent:
                builder.open(event, [])
            elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
                builder.close()
            elif kind is events.AliasEvent:
                builder.alias(event)
            elif kind is events.DocumentStartEvent:
                builder.document(event)
            elif kind is events.StreamEndEvent or event is None:
                break
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        fault = explain(error, text)
        builder.faults.append(fault)
        raise _Stop from None
    finally:
        loader.dispose()
    if builder.root is None and not builder.faults:
        builder.refuse("empty-file", "no record", "one record", stop=True)


def _start(event: Any) -> Place:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


class _Frame:
    """A list or mapping that is being filled."""

    __slots__ = ("container", "is_key", "key", "key_place")

    def __init__(self, container: Any, *, is_key: bool) -> None:
        self.container = container
        self.is_key = is_key
        # The key whose value comes next, or is open; _DROPPED when that value is not wanted.
        self.key = _NO_KEY
        self.key_place: Place = START


class _Builder:
    """Builds the data of one text from its events."""

    def __init__(self, *, marking: bool = False) -> None:
        self.root: Any = None
        self.faults: list[PlacedFault] = []
        self.trailing_newline = False
        self.places: dict[Path, Located] = {}
        self._stack: list[_Frame] = []
        self._marking = marking
        self._values = 0
        self._documents = 0

    def document(self, event: events.DocumentStartEvent) -> None:
        """A document begins; only one may."""
        self._documents += 1
        if self._documents > 1:
            hint = "move each to a file of its own"
            self.refuse(
                "several-documents", "another `---`", "one document", hint, at=_start(event), stop=True
            )

    def scalar(self, event: events.ScalarEvent) -> None:
        """A key, or a value that is no list or mapping."""
        text: str = event.value
        value: Any = text
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event)
            value = None
        elif not event.style:
            try:
                value = resolve(text)
            except ValueError:
                found, expected = shown(text)[1:-1], "a finite number of at most 64 digits"
                self.refuse("bad-number", found, expected, at=_start(event))
                value = None
        elif _CONTROL.search(text):
            # Double quotes can spell what the text itself may not hold.
            expected = "text without escapes of invisible characters"
            self.refuse("control-character", shown(text), expected, at=_start(event))
            value = None
        elif text.endswith("\n"):
            self.trailing_newline = True
        self._put(value, event)

    def alias(self, event: events.AliasEvent) -> None:
        """A reference to an anchor, which is never followed."""
        self.refuse("yaml-alias", f"the alias *{event.anchor}", _PLAIN, at=_start(event))
        self._put(None, event)

    def open(self, event: Any, container: Any) -> None:
        """A list or mapping begins."""
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event)
        if len(self._stack) >= MAX_DEPTH:
            found, expected = f"more than {MAX_DEPTH} levels", "the few levels that a record has"
            self.refuse("yaml-too-deep", found, expected, at=_start(event), stop=True)
        is_key = bool(self._stack) and self._stack[-1].key is _NO_KEY and self._in_mapping()
        self._put(container, event)
        self._stack.append(_Frame(container, is_key=is_key))

    def close(self) -> None:
        """The innermost list or mapping ends."""
        frame = self._stack.pop()
        if self._stack and not frame.is_key:
            self._stack[-1].key = _NO_KEY

    def _in_mapping(self) -> bool:
        return type(self._stack[-1].container) is dict

    def _put(self, value: Any, event: Any) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            found, expected = f"more than {MAX_VALUES:,} values", "the few values that a record has"
            self.refuse("yaml-too-many-values", found, expected, at=_start(event), stop=True)
        if not self._stack:
            self.root = value
            self._mark(event)
            return
        frame = self._stack[-1]
        if type(frame.container) is list:
            self._mark(event)
            frame.container.append(value)
        elif frame.key is _NO_KEY:
            self._take_key(frame, value, event)
        else:
            if frame.key is not _DROPPED:
                frame.container[frame.key] = value
                self._mark(event, frame.key_place)
            # While a list or mapping is open, its key stays: the paths within go through it.
            if type(value) is not list and type(value) is not dict:
                frame.key = _NO_KEY

    def _take_key(self, frame: _Frame, key: Any, event: Any) -> None:
        frame.key = _DROPPED
        frame.key_place = _start(event)
        if type(key) is not str:
            hint = f'put it in quotes: "{event.value}"' if isinstance(event, events.ScalarEvent) else None
            found = "a list or mapping" if isinstance(key, list | dict) else shown(key)
            self.refuse("non-string-key", found, "text as a key", hint, at=frame.key_place)
        elif key in frame.container:
            path = (*self._path()[:-1], key)
            found = f"a second `{key}`"
            fault = Fault("duplicate-key", path, found, "each key once", "remove one of them", at_key=True)
            self.faults.append(PlacedFault(fault, frame.key_place))
        else:
            frame.key = key

    def _mark(self, event: Any, key_place: Place | None = None) -> None:
        if self._marking:
            place = _start(event)
            self.places.setdefault(self._path(), Located(key_place or place, place))

    def _path(self) -> Path:
        """The path of the value that comes next."""
        steps: list[str | int] = []
        last = len(self._stack) - 1
        for depth, frame in enumerate(self._stack):
            if type(frame.container) is list:
                # An open list or mapping is in its list already.
                steps.append(len(frame.container) - (depth != last))
            else:
                steps.append(frame.key if type(frame.key) is str else _KEY)
        return tuple(steps)

    def _refuse_properties(self, event: Any) -> None:
        if event.tag is not None:
            self.refuse("yaml-tag", f"the tag {shown(event.tag)}", _PLAIN, at=_start(event))
        else:
            hint = "put text that begins with & in quotes"
            self.refuse("yaml-alias", f"the anchor &{event.anchor}", _PLAIN, hint, at=_start(event))

    def refuse(
        self,
        code: str,
        found: str,
        expected: str,
        hint: str | None = None,
        *,
        at: Place = START,
        stop: bool = False,
    ) -> None:
        """Note a fault of the value that comes next; with ``stop``, read no further."""
        path = () if stop else self._path()
        if _KEY in path:
            path = path[: path.index(_KEY)]
        self.faults.append(PlacedFault(Fault(code, path, found, expected, hint), at))
        if stop:
            raise _Stop
