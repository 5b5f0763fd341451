"""``openmodels audit``: what in the registry has grown old, is in doubt, or leads nowhere."""

import asyncio
import sys
from collections.abc import Callable, Collection
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from openmodels.cli.options import with_settings
from openmodels.cli.terminal import console_on, load_with_progress, print_issues, survive_any_text
from openmodels.clock import Clock, SystemClock
from openmodels.domain.audit import KINDS, Outlook, audit
from openmodels.domain.naming import Resolver
from openmodels.domain.records import Registry, revision_of
from openmodels.domain.snapshot import build_snapshot
from openmodels.domain.vocabulary import suggest
from openmodels.opening import open_stores
from openmodels.prober.plan import make_plan
from openmodels.prober.style import load_styles
from openmodels.registry.audit_report import (
    AuditReport,
    audit_github,
    audit_json,
    report_on,
    without_known,
    write_audit,
)
from openmodels.registry.report import shown_root
from openmodels.settings import Settings

ANY, NONE = "any", "none"


class Format(StrEnum):
    """How ``audit`` writes what it found."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("audit")(audit_command(SystemClock()))


def audit_command(clock: Clock) -> Callable[..., None]:
    """The command, by that clock."""

    @with_settings("registry", "data_dir", "database_url")
    def run(
        days: Annotated[
            int, typer.Option("--days", min=1, max=36_500, help="After how many days numbers are stale.")
        ] = 90,
        only: Annotated[
            str,
            typer.Option("--only", help="Kinds to look for, separated by commas; the others are left out."),
        ] = ANY,
        fail_on: Annotated[
            str,
            typer.Option("--fail-on", help="Exit 1 for findings of these kinds: KIND,... or any or none."),
        ] = NONE,
        form: Annotated[
            Format,
            typer.Option("--format", help="text for people, json for programs, github for annotations."),
        ] = Format.TEXT,
        baseline: Annotated[
            Path | None,
            typer.Option(
                "--baseline", help="Leave out what this file, an earlier audit as JSON, says already."
            ),
        ] = None,
        telemetry: Annotated[
            bool, typer.Option("--telemetry", help="Ask the database which providers were never checked.")
        ] = False,
        *,
        settings: Settings,
    ) -> None:
        """Find what is old, in doubt or leads nowhere; exit 1 for what --fail-on names.

        The registry's own files are audited, without an overlay.
        """
        wanted, failing = _kinds("--only", only), _kinds("--fail-on", fail_on)
        loaded = load_with_progress(settings.registry)
        if loaded.registry is None:
            print_issues(loaded, settings.registry)
            raise typer.Exit(1)
        outlook = _outlook(loaded.registry, settings, clock, days=days, telemetry=telemetry)
        findings = [found for found in audit(loaded.registry, outlook) if found.kind in wanted]
        report = report_on(findings, settings.registry, now=outlook.now, days=days)
        if baseline is not None:
            report = without_known(report, baseline)
        _write(report, form, failing, prefix=shown_root(settings.registry))
        if any(kind in failing for kind in report.counts):
            raise typer.Exit(1)

    return run


def _kinds(option: str, text: str) -> Collection[str]:
    """The kinds that an option names.

    Raises ``BadParameter`` for one that there is not, and for none at all: a variable that is not set must
    not turn a gate off.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    if words == [NONE]:
        return ()
    if words == [ANY]:
        return tuple(KINDS)
    if not words:
        there_are = f"{ANY}, {NONE}, or some of {', '.join(KINDS)}"
        raise typer.BadParameter(f"nothing is named; there are {there_are}", param_hint=option)
    for word in words:
        if word in {ANY, NONE}:
            raise typer.BadParameter(f"{ANY} and {NONE} stand alone, not in a list", param_hint=option)
        if word not in KINDS:
            near = suggest(word, KINDS)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(KINDS)}"
            raise typer.BadParameter(f"{word!r} is no kind of finding; {hint}", param_hint=option)
    return words


def _outlook(registry: Registry, settings: Settings, clock: Clock, *, days: int, telemetry: bool) -> Outlook:
    now = clock.now()
    snapshot = build_snapshot(registry, revision=revision_of(registry), published_at=now)
    # The prober says best what it would do.
    plans = make_plan(snapshot, settings, load_styles()).providers.values()
    unmeasured = {plan.provider_id: plan.unmeasured for plan in plans if plan.unmeasured}
    for plan in plans:
        if plan.needs_key and not plan.variables:
            why = "it needs a key, and its file names no variable for one (`env`)"
            unmeasured.setdefault(plan.provider_id, why)
    return Outlook(
        now=now,
        days=days,
        names=Resolver(registry.models, registry.vendors),
        unmeasured=unmeasured,
        unprobed=frozenset(plan.provider_id for plan in plans if plan.unprobed),
        checked=asyncio.run(_checked(settings)) if telemetry else None,
    )


async def _checked(settings: Settings) -> Collection[str]:
    """The providers that were ever checked. Raises ``StoreError``."""
    async with open_stores(settings) as stores:
        return (await stores.telemetry.standings()).keys()


def _write(report: AuditReport, form: Format, failing: Collection[str], *, prefix: str) -> None:
    survive_any_text(sys.stdout)
    if form is Format.JSON:
        typer.echo(audit_json(report))
    elif form is Format.GITHUB:
        for line in audit_github(report, failing, prefix=prefix):
            typer.echo(line)
    else:
        write_audit(report, console_on(sys.stdout), prefix=prefix)
