"""The ``openmodels`` program: gathers the commands and turns errors into one line and an exit code."""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Annotated

import typer
from dotenv import load_dotenv

from openmodels import version
from openmodels.errors import OpenModelsError, PublishConflict, RegistryInvalid

INVALID, COULD_NOT_RUN = 1, 2

COMMANDS: Mapping[str, str] = {
    "serve": "openmodels.cli.serve",
    "validate": "openmodels.cli.registry",
    "schemas": "openmodels.cli.registry",
    "publish": "openmodels.cli.publish",
    "migrate": "openmodels.cli.publish",
    "import": "openmodels.cli.importing",
    "export": "openmodels.cli.exporting",
    "audit": "openmodels.cli.audit",
    "cost": "openmodels.cli.cost",
    "backup": "openmodels.cli.backup",
    "restore": "openmodels.cli.backup",
    "fake-provider": "openmodels.cli.fake",
    "alerts": "openmodels.cli.alerts",
    "maintenance": "openmodels.cli.alerts",
    "probe": "openmodels.cli.probe",
    "worker": "openmodels.cli.probe",
    "keys": "openmodels.cli.probe",
    "regions": "openmodels.cli.regions",
}
"""Which module holds each command. Only the one that is asked for is imported: the server and the database
take longer to import than ``validate`` takes to run."""


def create_program(asked: str | None = None) -> typer.Typer:
    """The program, with the group of the command ``asked`` or, when that is none of ours, with all."""
    app = typer.Typer(
        name="openmodels",
        help="The open registry and observatory of language-model providers.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
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

    module = COMMANDS.get(asked or "")
    modules: Sequence[str] = [module] if module else sorted(set(COMMANDS.values()))
    for name in modules:
        import_module(name).register(app)
    return app


def run() -> None:
    """Run the program on the command line's arguments."""
    before = set(os.environ)
    load_dotenv(".env")
    try:
        # What the file added, for those that start further processes.
        create_program(sys.argv[1] if len(sys.argv) > 1 else None)(obj=frozenset(os.environ) - before)
    except (RegistryInvalid, PublishConflict) as error:
        typer.echo(f"openmodels: {error}", err=True)
        sys.exit(INVALID)
    except OpenModelsError as error:
        typer.echo(f"openmodels: {error}", err=True)
        sys.exit(COULD_NOT_RUN)
