"""An issue: something wrong in the registry's files, with the place where an editor should jump."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from openmodels.domain.faults import Fault, path_text, visible

Layer = Literal["overlay"]
"""Which folder, beside the registry's own, a file is in."""

Place = tuple[int, int]
"""Line and column, both from 1."""

START: Place = (1, 1)


class Issue(Struct, frozen=True, kw_only=True):
    """One thing that is wrong, where it is, and what to do about it."""

    file: str
    """Relative to the folder of its layer, with forward slashes."""
    line: int
    """From 1."""
    column: int
    """In characters, from 1."""
    code: str
    """One of ``openmodels.domain.faults.CODES``."""
    path: str
    """Where in the document, such as ``pricing.tiers[1].above_tokens``; empty for the whole."""
    found: str
    """What is there."""
    expected: str
    """What should be there."""
    hint: str | None = None
    """What to do, where one can tell."""
    layer: Layer | UnsetType = UNSET
    """There only where the file is not the registry's own."""

    @property
    def message(self) -> str:
        """The issue in one sentence, without its place."""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.path or 'the file'}: found {self.found}, expected {self.expected}{hint}"


class PlacedFault(Struct, frozen=True):
    """A fault whose place is known already."""

    fault: Fault
    place: Place


def issue_of(file: str, fault: Fault, place: Place, *, layer: Layer | None = None) -> Issue:
    """The issue that ``fault`` is in ``file``; nothing that it holds can steer a terminal."""
    return Issue(
        file=file,
        line=place[0],
        column=place[1],
        code=fault.code,
        path=path_text(fault.path),
        found=visible(fault.found),
        expected=visible(fault.expected),
        hint=visible(fault.hint) if fault.hint else None,
        layer=layer or UNSET,
    )


def in_order(issues: list[Issue]) -> tuple[Issue, ...]:
    """The issues as a reader goes through them: by file, then from top to bottom."""
    return tuple(sorted(issues, key=lambda i: (i.file, i.line, i.column, i.code, i.path)))
