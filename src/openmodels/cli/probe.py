"""``openmodels probe``, ``openmodels worker`` and ``openmodels keys``: the prober from the command line."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import structlog
import typer
from rich.live import Live as Display

from openmodels.bootstrap import work
from openmodels.cli.options import with_settings
from openmodels.cli.probe_report import (
    KEYS_HEAD,
    PROBE_HEAD,
    keys_data,
    keys_rows,
    probe_data,
    probe_row,
    probe_summary,
    total_data,
    total_line,
)
from openmodels.cli.terminal import console_on, print_table, survive_any_text, table_of
from openmodels.clock import SystemClock
from openmodels.domain.records import revision_of
from openmodels.domain.snapshot import Snapshot, build_snapshot
from openmodels.domain.vocabulary import suggest
from openmodels.errors import StoreError
from openmodels.logs import set_up_logs
from openmodels.opening import Stores, open_stores
from openmodels.prober.assemble import probe_now
from openmodels.prober.keys import EnvironmentKeys
from openmodels.prober.once import Line
from openmodels.prober.overview import Account, overview, totals
from openmodels.prober.plan import Plan, ProviderPlan, make_plan, stray_endpoints
from openmodels.prober.style import Styles, load_styles
from openmodels.registry.overlay import require_with_overlay
from openmodels.settings import Settings, unknown_variables

log: Any = structlog.get_logger(__name__)

_WHERE = ("data_dir", "database_url", "registry", "overlay")
_HOW = (
    "region",
    "endpoints",
    "allow_private",
    "connectivity_targets",
    "health_interval",
    "latency_interval",
    "probe_daily_limit",
    "probe_daily_budget",
    "probe_timeout",
    "probe_concurrency",
)
_WORK = (
    "data_dir",
    "database_url",
    "poll_interval",
    "retention_days",
    "rollup_days",
    "alert_urls",
    "webhook_url",
    "webhook_secret",
    "alert_reminder_minutes",
    "public_url",
    "metrics_host",
    "metrics_port",
)
_LOGS = ("log_format", "log_level")
_JSON = typer.Option("--json", help="JSON, for programs.")


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""

    @app.command("probe")
    @with_settings(*_WHERE, *_HOW, "log_format")
    def _probe(
        providers: Annotated[
            list[str] | None, typer.Argument(help="Ids of providers.", show_default="all of them")
        ] = None,
        once: Annotated[  # noqa: ARG001 - says what is done anyway
            bool, typer.Option("--once", help="Probe once and end, as is done anyway; `worker` goes on.")
        ] = True,
        no_record: Annotated[
            bool, typer.Option("--no-record", help="Show the results and keep them out of the database.")
        ] = False,
        as_json: Annotated[bool, _JSON] = False,
        *,
        settings: Settings,
    ) -> None:
        """Probe providers now: the health of each, and the latency of those whose key is there.

        Exits 0 whatever the providers do, 1 when one that is named does not exist, 2 when it could not probe.
        """
        set_up_logs(form=settings.log_format, level="warning")
        asyncio.run(_probe_now(settings, providers or [], record=not no_record, as_json=as_json))

    @app.command("worker")
    @with_settings(*_WORK, *_HOW, *_LOGS)
    def _worker(*, settings: Settings) -> None:
        """Probe without serving, until Ctrl-C or SIGTERM.

        Over PostgreSQL, any number of workers share a region's probes; over SQLite, one of them probes.
        """
        set_up_logs(form=settings.log_format, level=settings.log_level)
        for sentence in unknown_variables(os.environ):
            log.warning(sentence)
        work(settings, os.environ, announce=_announce)

    @app.command("keys")
    @with_settings(*_WHERE, *_HOW)
    def _keys(as_json: Annotated[bool, _JSON] = False, *, settings: Settings) -> None:
        """Show which providers can be measured, what that may cost, and what it did cost today."""
        set_up_logs(form="auto", level="warning")
        accounts = asyncio.run(_accounts(settings))
        if as_json:
            both = {
                "providers": [keys_data(account) for account in accounts],
                "totals": [total_data(total) for total in totals(accounts)],
            }
            typer.echo(json.dumps(both, indent=2))
            return
        print_table(KEYS_HEAD, [row for account in accounts for row in keys_rows(account)])
        for total in totals(accounts):
            typer.echo(total_line(total), err=not sys.stdout.isatty())


async def _probe_now(settings: Settings, wanted: Sequence[str], *, record: bool, as_json: bool) -> None:
    styles = load_styles()
    async with open_stores(settings) as stores:
        snapshot = await _published_or_files(settings, stores)
        plans = _chosen(_plan(snapshot, settings, styles), wanted)
        show = _Nothing() if as_json else _Board(plans) if sys.stdout.isatty() else _Lines()
        with show:
            lines, counters = await probe_now(
                settings,
                plans,
                telemetry=stores.telemetry if record else None,
                spending=stores.spending,
                clock=SystemClock(),
                keys=EnvironmentKeys(os.environ),
                styles=styles,
                on_change=show.change,
            )
    if as_json:
        typer.echo(json.dumps([probe_data(line) for line in lines], indent=2))
    elif sys.stdout.isatty():
        print_table(PROBE_HEAD, [probe_row(line) for line in lines])
    typer.echo(probe_summary(lines, recorded=counters.written if record else None), err=True)
    if counters.dropped:
        raise StoreError(f"{counters.dropped} results could not be recorded; the log above says why")


def _announce(snapshot: Snapshot) -> None:
    typer.echo(f"probing {len(snapshot.providers)} providers, revision {snapshot.revision}. Ctrl-C stops it.")


async def _accounts(settings: Settings) -> list[Account]:
    async with open_stores(settings) as stores:
        snapshot = await _published_or_files(settings, stores)
        today = await stores.spending.spending(SystemClock().now().date())
    return overview(_plan(snapshot, settings, load_styles()), EnvironmentKeys(os.environ), today)


async def _published_or_files(settings: Settings, stores: Stores) -> Snapshot:
    """The published revision, or the registry's files as they are where nothing is published yet."""
    published = await stores.registry.load()
    if published is not None:
        head, registry = published
        return build_snapshot(registry, revision=head.revision, published_at=head.published_at)
    typer.echo(f"nothing is published yet; going by the files in {settings.registry}", err=True)
    registry = require_with_overlay(settings.registry, settings.overlay)
    return build_snapshot(registry, revision=revision_of(registry), published_at=SystemClock().now())


def _plan(snapshot: Snapshot, settings: Settings, styles: Styles) -> Plan:
    for sentence in stray_endpoints(settings, snapshot):
        typer.echo(sentence, err=True)
    return make_plan(snapshot, settings, styles)


def _chosen(plan: Plan, wanted: Sequence[str]) -> list[ProviderPlan]:
    """The plans of the providers that are wanted. Exits with 1 when one is not known."""
    unknown = [name for name in wanted if name not in plan.providers]
    for name in unknown:
        near = suggest(name, plan.providers)
        hint = f"; did you mean {near}?" if near else "; `openmodels keys` lists all"
        typer.echo(f"openmodels: no provider has the id {name[:100]!r}{hint}", err=True)
    if unknown:
        raise typer.Exit(1)
    return [plan.providers[name] for name in dict.fromkeys(wanted)] if wanted else [*plan.providers.values()]


class _Nothing:
    """Shows nothing while probing goes on."""

    def __enter__(self) -> None:
        survive_any_text(sys.stdout)

    def __exit__(self, *_: object) -> None:
        pass

    def change(self, line: Line) -> None:
        """Something more is known."""


class _Lines(_Nothing):
    """A line for each provider when all is known of it, with tabs between the fields."""

    def __enter__(self) -> None:
        super().__enter__()
        typer.echo("\t".join(PROBE_HEAD))

    def change(self, line: Line) -> None:
        """Something more is known."""
        if line.over:
            typer.echo("\t".join(probe_row(line)))


class _Board(_Nothing):
    """A table on the terminal that fills up; it is gone in the end, when the whole one is printed."""

    def __init__(self, plans: Sequence[ProviderPlan]) -> None:
        self._lines = {plan.provider_id: Line(plan=plan) for plan in plans}
        self._display = Display(
            console=console_on(sys.stdout), transient=True, get_renderable=self._table, refresh_per_second=8
        )

    def __enter__(self) -> None:
        super().__enter__()
        self._display.start()

    def __exit__(self, *_: object) -> None:
        self._display.stop()

    def change(self, line: Line) -> None:
        """Something more is known."""
        self._lines[line.plan.provider_id] = line

    def _table(self) -> Any:
        return table_of(PROBE_HEAD, [probe_row(line) for line in list(self._lines.values())])
