"""``openmodels serve``: the API in one process."""

import os
from typing import Annotated, Any

import structlog
import typer

from openmodels import version
from openmodels.bootstrap import serve
from openmodels.cli.options import with_settings
from openmodels.domain.snapshot import Snapshot
from openmodels.logs import set_up_logs
from openmodels.settings import Settings, unknown_variables

log: Any = structlog.get_logger(__name__)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("serve")
    @with_settings()
    def _serve(
        *,
        settings: Settings,
        publish: Annotated[
            bool, typer.Option("--publish", help="Publish the registry's files first, if they changed.")
        ] = False,
    ) -> None:
        """Serve the API until Ctrl-C or SIGTERM."""
        set_up_logs(form=settings.log_format, level=settings.log_level)
        for sentence in unknown_variables(os.environ):
            log.warning(sentence)
        serve(
            settings,
            os.environ,
            publish_first=publish,
            announce=lambda address, snapshot: _announce(address, snapshot, settings),
        )


def _announce(address: str, snapshot: Snapshot, settings: Settings) -> None:
    typer.echo(
        f"OpenModels {version()}: {len(snapshot.models)} models, {len(snapshot.providers)} providers, "
        f"{snapshot.offerings_count} offerings, revision {snapshot.revision}\n"
        f"  API    {address}/api/models\n"
        f"  docs   {address}/api/docs\n"
        f"  health {address}/api/health\n"
        + ("DEMO: telemetry is of fake providers, in a database of its own.\n" if settings.demo else "")
        + "Ctrl-C stops it."
    )
