"""The ``openmodels`` program: gathers the commands and turns errors into one line and an exit code."""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Annotated, NoReturn

import typer
from dotenv import load_dotenv

from openmodels import version
from openmodels.errors import OpenModelsError, PublishConflict, RegistryInvalid

INVALID, COULD_NOT_RUN = 1, 2
COMPLETING = "_OPENMODELS_COMPLETE"
"""Set by the scripts of ``openmodels completions``."""

COMMANDS: Mapping[str, str] = {
    "models": "openmodels.cli.models",
    "providers": "openmodels.cli.providers",
    "search": "openmodels.cli.searching",
    "compare": "openmodels.cli.comparing",
    "ranked": "openmodels.cli.comparing",
    "cost": "openmodels.cli.cost",
    "choose": "openmodels.cli.choosing",
    "telemetry": "openmodels.cli.telemetry",
    "watch": "openmodels.cli.watching.command",
    "changes": "openmodels.cli.changes",
    "health": "openmodels.cli.health",
    "mcp": "openmodels.cli.mcp",
    "completions": "openmodels.cli.completions",
    "serve": "openmodels.cli.serve",
    "publish": "openmodels.cli.publish",
    "validate": "openmodels.cli.registry",
    "schemas": "openmodels.cli.registry",
    "import": "openmodels.cli.importing",
    "export": "openmodels.cli.exporting",
    "audit": "openmodels.cli.audit",
    "migrate": "openmodels.cli.publish",
    "backup": "openmodels.cli.backup",
    "restore": "openmodels.cli.backup",
    "probe": "openmodels.cli.probe",
    "worker": "openmodels.cli.probe",
    "keys": "openmodels.cli.probe",
    "regions": "openmodels.cli.regions",
    "alerts": "openmodels.cli.alerts",
    "maintenance": "openmodels.cli.alerts",
    "fake-provider": "openmodels.cli.fake",
}
"""Which module holds each command. Only the one that is asked for is imported: the server and the database
take longer to import than ``validate`` takes to run."""


def create_program(asked: str | None = None, *, names_only: bool = False) -> typer.Typer:
    """The program, with the group of the command ``asked`` or, when that is none of ours, with all.

    ``names_only``: the commands do nothing, for who wants to know only what there is.
    """
    app = typer.Typer(
        name="openmodels",
        help="The open registry and observatory of language-model providers.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        # `openmodels completions` is the one way to them.
        add_completion=False,
    )

    def show_version(wanted: bool) -> None:
        if wanted:
            typer.echo(f"openmodels {version()}")
            raise typer.Exit

    @app.callback()
    def _main(
        _version: Annotated[
            bool, typer.Option("--version", callback=show_version, is_eager=True, help="Say which version.")
        ] = False,
    ) -> None:
        """The open registry and observatory of language-model providers."""

    if names_only or asked == "--version":
        for command in COMMANDS:
            app.command(command)(lambda: None)
        return app
    module = COMMANDS.get(asked or "")
    modules: Sequence[str] = [module] if module else list(dict.fromkeys(COMMANDS.values()))
    for name in modules:
        import_module(name).register(app)
    return app


def run() -> None:
    """Run the program on the command line's arguments."""
    before = set(os.environ)
    load_dotenv(".env")
    if os.environ.get(COMPLETING):
        _complete()
    try:
        # What the file added, for those that start further processes.
        create_program(sys.argv[1] if len(sys.argv) > 1 else None)(obj=frozenset(os.environ) - before)
    except (RegistryInvalid, PublishConflict) as error:
        typer.echo(f"openmodels: {error}", err=True)
        sys.exit(INVALID)
    except OpenModelsError as error:
        typer.echo(f"openmodels: {error}", err=True)
        sys.exit(COULD_NOT_RUN)


def _complete() -> NoReturn:
    """Say what completes the line that a shell's script tells of."""
    # Here, as below: only completions need it.
    from typer._completion_classes import completion_init  # noqa: PLC0415

    from openmodels.cli.completions import completed_command  # noqa: PLC0415

    completion_init()
    asked = completed_command(os.environ)
    create_program(asked, names_only=asked not in COMMANDS)(prog_name="openmodels")
    sys.exit()
