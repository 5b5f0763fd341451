"""Issues written for people, for programs and for GitHub.

Whatever the files hold, no form of it can steer a terminal, span lines, or pass for an annotation: issues
carry no character that cannot be seen, and nothing here reads markup.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
from rich.console import Console
from rich.text import Text

from openmodels.domain.faults import visible
from openmodels.registry.issues import Issue, Place
from openmodels.registry.load import Loaded


class Roots(NamedTuple):
    """What stands before the names of files."""

    registry: str = ""
    """Of the registry's own."""
    overlay: str = ""
    """Of an overlay's."""

    def name(self, issue: Issue) -> str:
        """The issue's file, as an editor finds it."""
        return f"{self.overlay if issue.layer else self.registry}{issue.file}"


NOWHERE = Roots()
"""Names as they are within their folders."""


def shown_roots(registry: Path, overlay: Path | None) -> Roots:
    """What stands before the names of files, so that an editor, or GitHub, finds them."""
    return Roots(shown_root(registry), "" if overlay is None else shown_root(overlay))


def shown_root(root: Path) -> str:
    """What stands before a file's name so that an editor, or GitHub, finds it from the working folder."""
    relative = os.path.relpath(root)
    if relative == ".":
        return ""
    name = str(root) if relative.startswith("..") else Path(relative).as_posix()
    return visible(name).rstrip("/") + "/"


def write_text(loaded: Loaded, console: Console, *, roots: Roots = NOWHERE) -> None:
    """Every issue as a few lines that begin with its place, then a summary."""
    write_issues(loaded.issues, console, roots=roots)
    style = "bold red" if loaded.issues else "bold green"
    console.print(Text(summary(loaded), style=style), soft_wrap=True, highlight=False)


def write_issues(issues: Iterable[Issue], console: Console, *, roots: Roots = NOWHERE) -> None:
    """Every issue as a few lines that begin with its place."""
    for issue in issues:
        console.print(_text(issue, roots), soft_wrap=True, highlight=False)


def _text(issue: Issue, roots: Roots) -> Text:
    text = Text()
    text.append(f"{roots.name(issue)}:{issue.line}:{issue.column}", style="bold")
    text.append(": ")
    text.append(issue.code, style="red")
    if issue.path:
        text.append(f" {issue.path}", style="cyan")
    text.append(f"\n    found     {issue.found}")
    text.append(f"\n    expected  {issue.expected}")
    if issue.hint:
        text.append("\n    hint      ")
        text.append(issue.hint, style="green")
    return text


def to_json(loaded: Loaded) -> bytes:
    """One JSON object: ``valid``, ``files`` (how many were read) and ``issues``."""
    return msgspec.json.encode({"valid": not loaded.issues, "files": loaded.files, "issues": loaded.issues})


def github_lines(loaded: Loaded, *, roots: Roots = NOWHERE) -> Iterator[str]:
    """Each issue as a workflow command that annotates its line in a pull request, then a summary."""
    for issue in loaded.issues:
        parts = [f"found {issue.found}", f"expected {issue.expected}"]
        if issue.hint:
            parts.append(issue.hint)
        yield annotation(
            "error",
            file=roots.name(issue),
            place=(issue.line, issue.column),
            title=f"{issue.code} {issue.path}".rstrip(),
            lines=parts,
        )
    yield summary(loaded)


def annotation(
    level: Literal["error", "warning", "notice"], *, file: str, place: Place, title: str, lines: Sequence[str]
) -> str:
    """A workflow command that annotates a line in a pull request; nothing in it can end it early."""
    properties = {"file": file, "line": str(place[0]), "col": str(place[1]), "title": title}
    listed = ",".join(f"{name}={_github_property(value)}" for name, value in properties.items())
    return f"::{level} {listed}::{_github_data(chr(10).join(lines))}"


def _github_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _github_property(text: str) -> str:
    return _github_data(text).replace(":", "%3A").replace(",", "%2C")


def summary(loaded: Loaded) -> str:
    """The result in one sentence, with counts."""
    if loaded.registry is not None:
        registry = loaded.registry
        return (
            f"valid: {_count(loaded.files, 'file')}, {_count(len(registry.models), 'model')}, "
            f"{_count(len(registry.providers), 'provider')}, {_count(len(registry.offerings), 'mapping')}, "
            f"{_count(len(registry.vendors), 'vendor')}{_overlaid(loaded)}"
        )
    wrong = len({issue.file for issue in loaded.issues})
    issues = _count(len(loaded.issues), "issue")
    return f"invalid: {issues} in {_count(wrong, 'file')} ({_count(loaded.files, 'file')} read)"


def _overlaid(loaded: Loaded) -> str:
    laid = loaded.overlay
    if laid is None:
        return ""
    return f"; the overlay added {laid.added:,}, changed {laid.changed:,} and hid {laid.hidden:,} records"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
