"""``openmodels validate`` and ``openmodels schemas``: the registry's files, checked and described."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from openmodels.cli.options import with_settings
from openmodels.cli.terminal import load_with_progress, print_issues, survive_any_text
from openmodels.registry.report import github_lines, shown_roots, to_json
from openmodels.registry.schemas import stale_schemas, write_schemas
from openmodels.settings import Settings, read_settings


class Format(StrEnum):
    """How ``validate`` writes what it found."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("validate")(validate)
    app.command("schemas")(schemas)


@with_settings("overlay")
def validate(
    path: Annotated[
        Path | None, typer.Argument(help="Folder of the registry.", show_default="the setting `registry`")
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="text for people, json for programs, github for annotations.")
    ] = Format.TEXT,
    *,
    settings: Settings,
) -> None:
    """Check every file of a registry; exit 0 when all is well, 1 when not, 2 when it cannot be read."""
    root, overlay = path if path is not None else settings.registry, settings.overlay
    loaded = load_with_progress(root, overlay)
    survive_any_text(sys.stdout)
    if form is Format.JSON:
        typer.echo(to_json(loaded))
    elif form is Format.GITHUB:
        for line in github_lines(loaded, roots=shown_roots(root, overlay)):
            typer.echo(line)
    else:
        print_issues(loaded, root, overlay)
    if loaded.issues:
        raise typer.Exit(1)


def schemas(
    path: Annotated[
        Path | None,
        typer.Argument(help="Folder for the schema files.", show_default="schemas/ in the registry"),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 when a file is missing or stale.")
    ] = False,
) -> None:
    """Write the JSON Schemas of the registry's files, for editors."""
    folder = path if path is not None else read_settings(os.environ).registry / "schemas"
    if check:
        stale = stale_schemas(folder)
        for name in stale:
            typer.echo(f"{folder / name} is stale: run `openmodels schemas {folder}`", err=True)
        if stale:
            raise typer.Exit(1)
        typer.echo("the schemas are up to date")
        return
    try:
        written = write_schemas(folder)
    except OSError as error:
        typer.echo(f"openmodels: cannot write to {folder}: {error.strerror}", err=True)
        raise typer.Exit(2) from None
    for name in written:
        typer.echo(f"wrote {folder / name}")
    if not written:
        typer.echo("the schemas are up to date")
