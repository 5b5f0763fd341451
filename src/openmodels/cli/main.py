"""The ``openmodels`` program: gathers the commands and turns errors into one line and an exit code."""

import sys
from typing import Annotated

import typer
from dotenv import load_dotenv

from openmodels.bootstrap import version
from openmodels.cli import publish, registry, serve
from openmodels.errors import OpenModelsError, PublishConflict, RegistryInvalid

INVALID, COULD_NOT_RUN = 1, 2


def create_program() -> typer.Typer:
    """The program with all its commands."""
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

    for group in (serve, registry, publish):
        group.register(app)
    return app


def run() -> None:
    """Run the program on the command line's arguments."""
    load_dotenv(".env")
    try:
        create_program()()
    except (RegistryInvalid, PublishConflict) as error:
        typer.echo(f"openmodels: {error}", err=True)
        sys.exit(INVALID)
    except OpenModelsError as error:
        typer.echo(f"openmodels: {error}", err=True)
        sys.exit(COULD_NOT_RUN)
