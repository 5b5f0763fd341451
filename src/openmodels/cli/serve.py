"""``openmodels serve``: the API, in this process or in several that it supervises."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import structlog
import typer
from msgspec.structs import replace

from openmodels import version
from openmodels.assignment import (
    Assignment,
    report_ready,
    require_shareable,
    stop_with_supervisor,
    take_assignment,
    take_sockets,
)
from openmodels.cli.options import with_settings
from openmodels.listening import HandedOver
from openmodels.logs import set_up_logs
from openmodels.service_manager import activated_socket, notify_ready
from openmodels.settings import Settings, unknown_variables

if TYPE_CHECKING:
    from openmodels.domain.snapshot import Snapshot

log: Any = structlog.get_logger(__name__)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("serve")
    @with_settings()
    def _serve(
        context: typer.Context,
        *,
        settings: Settings,
        publish: Annotated[
            bool, typer.Option("--publish", help="Publish the registry's files first, if they changed.")
        ] = False,
    ) -> None:
        """Serve the API until Ctrl-C or SIGTERM."""
        assignment = take_assignment(os.environ)
        if assignment is not None:
            _serve_as_worker(settings, assignment, publish=publish)
            return
        set_up_logs(form=settings.log_format, level=settings.log_level)
        for sentence in unknown_variables(os.environ):
            log.warning(sentence)
        if settings.workers:
            raise typer.Exit(_supervise(settings, context.obj or frozenset()))
        _serve_alone(settings, publish=publish)


def _serve_alone(settings: Settings, *, publish: bool) -> None:
    def announce(text: str) -> None:
        typer.echo(text)
        notify_ready(os.environ)

    activated = activated_socket(os.environ, os.getpid())
    handed_over = None if activated is None else HandedOver(activated)
    _serve_here(settings, announce, publish=publish, handed_over=handed_over)


def _serve_as_worker(settings: Settings, assignment: Assignment, *, publish: bool) -> None:
    stop_with_supervisor(assignment)
    set_up_logs(form=settings.log_format, level=settings.log_level, worker=assignment.number)
    # The settings may have changed since the supervisor looked at them.
    require_shareable(settings)
    handed_over = take_sockets(assignment)
    if handed_over.metrics is None:
        settings = replace(settings, metrics_port=0)
    _serve_here(
        settings,
        lambda text: report_ready(assignment, text),
        publish=publish and assignment.first,
        handed_over=handed_over,
    )


def _serve_here(
    settings: Settings, announce: Callable[[str], None], *, publish: bool, handed_over: HandedOver | None
) -> None:
    # Only here: a supervisor stays small by not loading what it does not do itself.
    from openmodels.bootstrap import serve  # noqa: PLC0415

    serve(
        settings,
        os.environ,
        publish_first=publish,
        announce=lambda address, snapshot: announce(_announcement(address, snapshot, settings)),
        handed_over=handed_over,
    )


def _supervise(settings: Settings, from_file: frozenset[str]) -> int:
    # Only here: who serves alone starts without it.
    from openmodels.supervisor import supervise  # noqa: PLC0415

    return supervise(settings, os.environ, sys.argv[1:], from_file=from_file, announce=typer.echo)


def _announcement(address: str, snapshot: "Snapshot", settings: Settings) -> str:
    workers = (
        f"  {settings.workers} worker{'s' if settings.workers > 1 else ''}\n" if settings.workers else ""
    )
    return (
        f"OpenModels {version()}: {len(snapshot.models)} models, {len(snapshot.providers)} providers, "
        f"{snapshot.offerings_count} offerings, revision {snapshot.revision}\n"
        f"  API    {address}/api/models\n"
        f"  docs   {address}/api/docs\n"
        f"  health {address}/api/health\n"
        + workers
        + ("DEMO: telemetry is of fake providers, in a database of its own.\n" if settings.demo else "")
        + "Ctrl-C stops it."
    )
