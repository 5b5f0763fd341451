"""``openmodels export``: the registry in the shapes that other programs read."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from openmodels.cli.options import with_settings
from openmodels.cli.terminal import load_with_progress, print_issues, print_table
from openmodels.domain.records import Registry
from openmodels.domain.vocabulary import suggest
from openmodels.registry.exporters.table import FORMATS, Format
from openmodels.registry.saving import save
from openmodels.settings import Settings

STANDARD_OUTPUT = "-"
CANNOT_WRITE = 2


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("export")(export)


@with_settings("registry", "overlay")
def export(
    form: Annotated[
        str | None, typer.Argument(metavar="FORMAT", help="Which format; --list names them.")
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", help="File to write; - for standard output.", metavar="FILE")
    ] = STANDARD_OUTPUT,
    public: Annotated[
        bool, typer.Option("--public", help="Only what the registry says: read no overlay.")
    ] = False,
    listing: Annotated[bool, typer.Option("--list", help="Name the formats and end.")] = False,
    *,
    settings: Settings,
) -> None:
    """Write the registry, with its overlay, in a format that other programs read.

    Exits 1 when the files are not valid, 2 when they cannot be read or the output cannot be written.
    """
    if listing:
        print_table(
            ("format", "file", "what it is"), [(f.name, f.file_name, f.help) for f in FORMATS.values()]
        )
        return
    chosen = _chosen(form)
    if output == STANDARD_OUTPUT and chosen.binary and sys.stdout.isatty():
        raise typer.BadParameter(f"{chosen.name} is not for a terminal: add --output {_base_name(chosen)}")
    registry = _load(settings.registry, None if public else settings.overlay)
    if output == STANDARD_OUTPUT:
        _write_out(chosen.write(registry))
        return
    try:
        size = save(Path(output), chosen.write(registry))
    except OSError as error:
        typer.echo(f"openmodels: cannot write {output!a}: {error.strerror or error}", err=True)
        raise typer.Exit(CANNOT_WRITE) from None
    typer.echo(f"wrote {output}: {size:,} bytes", err=True)


def _chosen(name: str | None) -> Format:
    if name is not None and name in FORMATS:
        return FORMATS[name]
    known = ", ".join(FORMATS)
    if name is None:
        raise typer.BadParameter(f"say which format: one of {known}")
    near = suggest(name, FORMATS)
    hint = f"; did you mean {near}?" if near else ""
    raise typer.BadParameter(f"{name[:80]!a} is no format: use one of {known}{hint}")


def _base_name(form: Format) -> str:
    return Path(form.file_name).name


def _load(root: Path, overlay: Path | None) -> Registry:
    """The registry. Its issues go to standard error: what is exported may go to standard output."""
    loaded = load_with_progress(root, overlay)
    if loaded.registry is None:
        print_issues(loaded, root, overlay, stream=sys.stderr)
        raise typer.Exit(1)
    return loaded.registry


def _write_out(parts: Iterator[bytes]) -> None:
    out = sys.stdout.buffer
    try:
        for part in parts:
            out.write(part)
        out.flush()
    except BrokenPipeError:
        # Whoever read has seen enough, as `head` has; without this, the end of the program would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        typer.echo(f"openmodels: cannot write to standard output: {error.strerror or error}", err=True)
        raise typer.Exit(CANNOT_WRITE) from None
