"""What an audit found, in its place in the files, for people, for programs and for GitHub.

As with issues, no form of it can steer a terminal, span lines, or pass for an annotation.
"""

import os
import stat
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.text import Text

from openmodels.domain.audit import KINDS, AuditFinding, FindingKind
from openmodels.domain.entries import Kind
from openmodels.domain.faults import path_text, visible
from openmodels.errors import SourceUnreadable
from openmodels.registry.desk import place_of, places_in
from openmodels.registry.files import list_files
from openmodels.registry.report import annotation

MAX_BASELINE = 50_000_000
"""The largest report of an earlier audit that is read, in bytes."""

_FOLDERS: Mapping[Kind, str] = {"models": "models", "providers": "providers", "offerings": "mappings"}


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that somebody should look at, and where."""

    kind: FindingKind
    """One of ``openmodels.domain.audit.KINDS``."""
    id: str
    """The record's id; ``provider/model`` for an offering."""
    file: str
    """Relative to the registry's folder, with forward slashes."""
    line: int
    """From 1."""
    column: int
    """In characters, from 1."""
    path: str
    """Where in the document, such as ``source.verified_at``."""
    message: str
    """What was found."""
    hint: str | None
    """What to do, where one can tell."""


class AuditReport(Struct, frozen=True, kw_only=True):
    """What one audit found."""

    audited_at: datetime
    """When."""
    days: int
    """How many days after it was compared with its source a number counted as stale."""
    counts: Mapping[str, int]
    """How many findings there are of each kind; kinds without one are left out."""
    findings: tuple[Finding, ...]
    """By kind, then by record."""


def report_on(findings: Sequence[AuditFinding], root: Path, *, now: datetime, days: int) -> AuditReport:
    """The findings in their places in the registry's folder ``root``."""
    placed = tuple(_placed(findings, root))
    return AuditReport(audited_at=now, days=days, counts=_counts(placed), findings=placed)


def _placed(findings: Sequence[AuditFinding], root: Path) -> Iterator[Finding]:
    files = {file.name: file for file in list_files(root).files}
    by_file: defaultdict[str, list[int]] = defaultdict(list)
    for number, found in enumerate(findings):
        by_file[f"{_FOLDERS[found.record]}/{found.id}.yaml"].append(number)
    placed: dict[int, Finding] = {}
    # One file at a time: the places of thousands of files together are large.
    for name, numbers in by_file.items():
        places = places_in(files[name]) if name in files else {}
        for number in numbers:
            found = findings[number]
            line, column = place_of(found.path, places)
            placed[number] = Finding(
                kind=found.kind,
                id=visible(found.id),
                file=visible(name),
                line=line,
                column=column,
                path=path_text(found.path),
                message=visible(found.message),
                hint=visible(found.hint) if found.hint else None,
            )
    return (placed[number] for number in range(len(findings)))


def _counts(findings: Iterable[Finding]) -> Mapping[str, int]:
    counts = Counter(finding.kind for finding in findings)
    return {kind: counts[kind] for kind in KINDS if counts[kind]}


def without_known(report: AuditReport, baseline: Path) -> AuditReport:
    """The report without what an earlier one, kept as JSON in the file ``baseline``, says already.

    A finding is known by kind, record, field and message, wherever in the file it stands now. Raises
    ``SourceUnreadable`` for a file that holds no such report.
    """
    try:
        known = {_identity(finding) for finding in _earlier(baseline).findings}
    except OSError as error:
        raise _no_report(baseline, error.strerror or str(error)) from None
    except RecursionError:
        raise _no_report(baseline, "it is nested too deeply") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _no_report(baseline, visible(f"it is no report: {error}"[:200])) from None
    news = tuple(finding for finding in report.findings if _identity(finding) not in known)
    return msgspec.structs.replace(report, findings=news, counts=_counts(news))


def _earlier(baseline: Path) -> AuditReport:
    # A pipe that nobody writes to would be waited for for ever, even to be opened.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(baseline, flags), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise _no_report(baseline, "it is no ordinary file")
        raw = stream.read(MAX_BASELINE + 1)
    if len(raw) > MAX_BASELINE:
        raise _no_report(baseline, f"it has more than {MAX_BASELINE:,} bytes")
    return msgspec.json.decode(raw, type=AuditReport)


def _no_report(baseline: Path, why: str) -> SourceUnreadable:
    return SourceUnreadable(
        f"cannot read {visible(str(baseline))} ({why}): name a file that "
        "`openmodels audit --format json` has written"
    )


def _identity(finding: Finding) -> tuple[str, str, str, str]:
    return finding.kind, finding.id, finding.path, finding.message


def audit_json(report: AuditReport) -> bytes:
    """One JSON object, as ``AuditReport`` describes it."""
    return msgspec.json.encode(report)


def write_audit(report: AuditReport, console: Console, *, prefix: str = "") -> None:
    """Each kind with its meaning, and under it every finding with its place; then a summary."""
    for kind, meaning in KINDS.items():
        found = [finding for finding in report.findings if finding.kind == kind]
        if found:
            head = Text(f"{kind}: {len(found):,}", style="bold yellow")
            head.append(f"  {meaning}", style="not bold default")
            console.print(head, soft_wrap=True, highlight=False)
            for finding in found:
                console.print(_text(finding, prefix), soft_wrap=True, highlight=False)
            console.print()
    console.print(Text(audit_summary(report), style="bold"), soft_wrap=True, highlight=False)


def _text(finding: Finding, prefix: str) -> Text:
    text = Text("  ")
    text.append(f"{prefix}{finding.file}:{finding.line}:{finding.column}", style="bold")
    text.append(f": {finding.path}: {finding.message}")
    if finding.hint:
        text.append("\n      hint  ")
        text.append(finding.hint, style="green")
    return text


def audit_github(report: AuditReport, failing: Collection[str], *, prefix: str = "") -> Iterator[str]:
    """Each finding as a workflow command: an error where its kind is one of ``failing``, else a warning."""
    for finding in report.findings:
        yield annotation(
            "error" if finding.kind in failing else "warning",
            file=f"{prefix}{finding.file}",
            place=(finding.line, finding.column),
            title=f"{finding.kind} {finding.id}",
            lines=[f"{finding.path}: {finding.message}", *([finding.hint] if finding.hint else [])],
        )
    yield audit_summary(report)


def audit_summary(report: AuditReport) -> str:
    """The result in one sentence, with counts."""
    if not report.findings:
        return "nothing found"
    counts = ", ".join(f"{kind} {count:,}" for kind, count in report.counts.items())
    number = len(report.findings)
    return f"{number:,} finding{'' if number == 1 else 's'}: {counts}"
