"""What commands show on the terminal: colour and progress only where somebody looks."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from openmodels.registry.load import Loaded, load_registry
from openmodels.registry.report import shown_root, write_text


def console_on(stream: TextIO) -> Console:
    """A console that reads no markup; coloured on a terminal, unless NO_COLOR is set."""
    coloured = stream.isatty() and not os.environ.get("NO_COLOR")
    return Console(file=stream, color_system="auto" if coloured else None, markup=False, emoji=False)


def survive_any_text(stream: TextIO) -> None:
    """An issue may quote what the terminal's encoding lacks: show it as an escape, do not fail."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal; elsewhere lines with tabs between the fields, which no width cuts."""
    survive_any_text(sys.stdout)
    if not sys.stdout.isatty():
        for row in (head, *rows):
            typer.echo("\t".join(row))
        return
    console_on(sys.stdout).print(table_of(head, rows))


def table_of(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table for a terminal; nothing in it is read as markup by a console of ours."""
    table = Table(*head, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    return table


def load_with_progress(root: Path) -> Loaded:
    """Load a registry, with a progress bar on standard error when that is a terminal."""
    if not sys.stderr.isatty():
        return load_registry(root)
    columns = (TextColumn("reading the registry"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console_on(sys.stderr), transient=True) as bar:
        task = bar.add_task("")
        return load_registry(root, progress=lambda done, total: bar.update(task, completed=done, total=total))


def print_issues(loaded: Loaded, root: Path) -> None:
    """Every issue on standard output, for people."""
    survive_any_text(sys.stdout)
    write_text(loaded, console_on(sys.stdout), prefix=shown_root(root))
