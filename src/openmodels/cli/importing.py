"""``openmodels import``: what others know about models, providers and prices, into the registry's files."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import msgspec
import typer
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn

from openmodels.cli.terminal import console_on, load_with_progress, print_issues, survive_any_text
from openmodels.clock import SystemClock
from openmodels.domain.faults import visible
from openmodels.domain.observation import Reading
from openmodels.domain.records import Registry
from openmodels.domain.vocabulary import suggest
from openmodels.errors import ImportRefused, RegistryInvalid, SourceUnreadable
from openmodels.settings import read_settings

if TYPE_CHECKING:
    from openmodels.registry.reconcile import Options, Plan

REFUSED = 1
KEY_VARIABLE = "OPENMODELS_IMPORT_KEY"


class Format(StrEnum):
    """How ``import`` writes what it did."""

    TEXT = "text"
    JSON = "json"


_Source = Annotated[
    str, typer.Argument(help="models-dev, litellm, genai-prices or openai-compatible.", metavar="SOURCE")
]
_From = Annotated[
    str | None,
    typer.Option("--from", help="File or address to read.", show_default="the source's own place"),
]
_Into = Annotated[
    Path | None,
    typer.Option("--into", help="Folder of the registry.", show_default="the setting `registry`"),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change; write nothing.")]
_Accept = Annotated[
    str | None,
    typer.Option("--accept", help="Take this source's values where it and the registry disagree."),
]
_Only = Annotated[
    list[str] | None,
    typer.Option("--only", help="Limit --accept: a field, an id, or id:field; * and ? are wildcards."),
]
_Propose = Annotated[
    int | None, typer.Option("--propose", min=1, help="Add models that at least so many providers list.")
]
_OneProvider = Annotated[str | None, typer.Option("--provider", help="Our id of the one provider to import.")]
_Force = Annotated[bool, typer.Option("--force", help="Write even where much is removed or changed.")]
_Form = Annotated[Format, typer.Option("--format", help="text for people, json for programs.")]
_Review = Annotated[
    Path | None,
    typer.Option("--review", help="Write the names that nobody is sure of to this file, as JSON lines."),
]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("import")(import_)


def import_(  # noqa: PLR0913, PLR0917 - one parameter for each flag
    source: _Source,
    from_: _From = None,
    into: _Into = None,
    dry_run: _DryRun = False,
    accept: _Accept = None,
    only: _Only = None,
    propose: _Propose = None,
    provider: _OneProvider = None,
    force: _Force = False,
    form: _Form = Format.TEXT,
    review: _Review = None,
) -> None:
    """Bring a source's models, providers and offerings into the registry's files.

    Curated values stay; what differs is listed. Exit 0 when done, 1 when refused, 2 when it could not run.
    """
    from openmodels.registry.reconcile import Options  # noqa: PLC0415

    root = into if into is not None else read_settings(os.environ).registry
    clock = SystemClock()
    registry = _registry(root)
    reading = _reading(source, from_, provider, registry, clock)
    options = Options(
        accept=_known_source(accept) if accept else None,
        only=tuple(only or ()),
        propose=propose,
        provider=provider,
        force=force,
    )
    plan = _planned(reading, registry, options, clock)
    refusal = None if force else _refusal(plan, registry)
    written = None
    if not dry_run and refusal is None:
        plan, written = _write(root, plan)
    # What was refused can be looked at as well as what was done.
    if review is not None:
        _write_review(review, plan)
    _tell(plan, form, written)
    if refusal is None:
        return
    if not dry_run:
        typer.echo(f"openmodels: {refusal}", err=True)
        raise typer.Exit(REFUSED)
    if form is Format.TEXT:
        typer.echo(f"without --dry-run: {refusal}")


def _planned(reading: Reading, registry: Registry, options: "Options", clock: SystemClock) -> "Plan":
    """What would be written; where there is nothing that could be, the command ends."""
    from openmodels.registry.reconcile import reconcile  # noqa: PLC0415

    try:
        return reconcile(reading, registry, options, clock.now())
    except ImportRefused as error:
        typer.echo(f"openmodels: {error}", err=True)
        raise typer.Exit(REFUSED) from None


def _refusal(plan: "Plan", registry: Registry) -> str | None:
    """Why so much is not to be removed, changed or added unasked; None where it may."""
    from openmodels.registry.reconcile import require_modest  # noqa: PLC0415

    try:
        require_modest(plan, registry)
    except ImportRefused as error:
        return str(error)
    return None


def _tell(plan: "Plan", form: Format, written: int | None) -> None:
    """Say what was done, or what would be where nothing was written (None)."""
    from openmodels.registry.reconcile import report  # noqa: PLC0415

    survive_any_text(sys.stdout)
    if form is Format.JSON:
        typer.echo(report.to_json(plan, written=written))
        return
    for line in report.text_lines(plan, dry=written is None):
        typer.echo(line)


def _known_source(name: str) -> str:
    from openmodels.registry.importers.table import IMPORTERS  # noqa: PLC0415

    if name in IMPORTERS:
        return name
    near = suggest(name, IMPORTERS)
    hint = f"; did you mean {near}?" if near else ""
    raise SourceUnreadable(f"there is no source {visible(name)[:80]!r}: {', '.join(IMPORTERS)}{hint}")


def _registry(root: Path) -> Registry:
    loaded = load_with_progress(root)
    if loaded.registry is not None:
        return loaded.registry
    print_issues(loaded, root)
    raise RegistryInvalid(loaded.issues)


def _reading(
    source: str, from_: str | None, provider: str | None, registry: Registry, clock: SystemClock
) -> Reading:
    from openmodels.registry.importers.fetch import fetch  # noqa: PLC0415
    from openmodels.registry.importers.table import IMPORTERS, read  # noqa: PLC0415

    importer = IMPORTERS[_known_source(source)]
    if (
        not importer.one_provider
        and provider is not None
        and provider not in {p.id for p in registry.providers}
    ):
        near = suggest(provider, [p.id for p in registry.providers])
        hint = f"; did you mean {near}?" if near else ""
        raise SourceUnreadable(f"the registry has no provider {visible(provider)[:80]!r}{hint}")
    key = key_for(from_, provider, registry) if importer.one_provider else None
    if not sys.stderr.isatty():
        fetched = fetch(importer.place, from_, clock=clock, key=key)
    else:
        columns = (TextColumn(f"reading {importer.id}"), BarColumn(), DownloadColumn())
        with Progress(*columns, console=console_on(sys.stderr), transient=True) as bar:
            task = bar.add_task("", total=None)
            fetched = fetch(
                importer.place,
                from_,
                clock=clock,
                key=key,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    return read(importer, fetched, provider=provider if importer.one_provider else None)


def key_for(address: str | None, provider: str | None, registry: Registry) -> str | None:
    """The key for a server: the one that was given for this, or the provider's own at its own host."""
    given = os.environ.get(KEY_VARIABLE)
    if given:
        return given
    record = next((p for p in registry.providers if p.id == provider), None)
    if record is None or address is None:
        return None
    # A provider's key goes nowhere but to the provider, whatever address was typed.
    home, asked = urlsplit(record.api_base_url), urlsplit(address)
    if (asked.scheme, asked.netloc.lower()) != (home.scheme, home.netloc.lower()):
        return None
    return next((value for name in record.env if (value := os.environ.get(name))), None)


def _write(root: Path, plan: "Plan") -> tuple["Plan", int]:
    """The plan with a note of each file that could not be edited, and how many were written."""
    from openmodels.registry.edit.files import FileEdit, prepare, remove_leftovers, write  # noqa: PLC0415

    remove_leftovers(root)
    unedited: list[str] = []
    writings = prepare(root, (FileEdit(change.old, change.new) for change in plan.changes), unedited)
    plan = msgspec.structs.replace(plan, notes=(*plan.notes, *unedited))
    if not sys.stderr.isatty():
        return plan, sum(1 for _ in write(writings))
    columns = (TextColumn("writing the registry"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console_on(sys.stderr), transient=True) as bar:
        task = bar.add_task("", total=len(writings))
        for _ in write(writings):
            bar.advance(task)
    return plan, len(writings)


def _write_review(path: Path, plan: "Plan") -> None:
    from openmodels.registry.reconcile import report  # noqa: PLC0415

    lines = report.review_lines(plan)
    try:
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    except OSError as error:
        typer.echo(f"openmodels: cannot write {path}: {error.strerror}", err=True)
        raise typer.Exit(2) from None
