"""Issues written for people, for programs and for GitHub.

Whatever the files hold, no form of it can steer a terminal, span lines, or pass for an annotation: issues
carry no character that cannot be seen, and nothing here reads markup.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from rich.console import Console
from rich.text import Text

from openmodels.domain.faults import visible
from openmodels.registry.issues import Issue
from openmodels.registry.load import Loaded


def shown_root(root: Path) -> str:
    """What stands before a file's name so that an editor, or GitHub, finds it from the working folder."""
    relative = os.path.relpath(root)
    if relative == ".":
        return ""
    name = str(root) if relative.startswith("..") else Path(relative).as_posix()
    return visible(name).rstrip("/") + "/"


def write_text(loaded: Loaded, console: Console, *, prefix: str = "") -> None:
    """Every issue as a few lines that begin with its place, then a summary."""
    write_issues(loaded.issues, console, prefix=prefix)
    style = "bold red" if loaded.issues else "bold green"
    console.print(Text(summary(loaded), style=style), soft_wrap=True, highlight=False)


def write_issues(issues: Iterable[Issue], console: Console, *, prefix: str = "") -> None:
    """Every issue as a few lines that begin with its place."""
    for issue in issues:
        console.print(_text(issue, prefix), soft_wrap=True, highlight=False)


def _text(issue: Issue, prefix: str) -> Text:
    text = Text()
    text.append(f"{prefix}{issue.file}:{issue.line}:{issue.column}", style="bold")
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


def github_lines(loaded: Loaded, *, prefix: str = "") -> Iterator[str]:
    """Each issue as a workflow command that annotates its line in a pull request, then a summary."""
    for issue in loaded.issues:
        parts = [f"found {issue.found}", f"expected {issue.expected}"]
        if issue.hint:
            parts.append(issue.hint)
        properties = {
            "file": f"{prefix}{issue.file}",
            "line": str(issue.line),
            "col": str(issue.column),
            "title": f"{issue.code} {issue.path}".rstrip(),
        }
        listed = ",".join(f"{name}={_github_property(value)}" for name, value in properties.items())
        yield f"::error {listed}::{_github_data(chr(10).join(parts))}"
    yield summary(loaded)


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
            f"{_count(len(registry.vendors), 'vendor')}"
        )
    wrong = len({issue.file for issue in loaded.issues})
    issues = _count(len(loaded.issues), "issue")
    return f"invalid: {issues} in {_count(wrong, 'file')} ({_count(loaded.files, 'file')} read)"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
