"""What commands show on the terminal: colour and progress only where somebody looks."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

# The rest is imported where it is used: what asks a server needs nothing of the registry's files, and answers
# for programs need no tables.
if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from openmodels.registry.load import Loaded


def console_on(stream: TextIO) -> "Console":
    """A console that reads no markup; coloured on a terminal, unless NO_COLOR is set."""
    from rich.console import Console  # noqa: PLC0415 - see above

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


def table_of(head: Sequence[str], rows: Sequence[Sequence[str]]) -> "Table":
    """A table for a terminal; nothing in it is read as markup by a console of ours."""
    from rich.table import Table  # noqa: PLC0415 - see above

    table = Table(*head, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    return table


def load_with_progress(root: Path, overlay: Path | None = None) -> "Loaded":
    """Load a registry and what is laid over it, with a progress bar on standard error if a terminal."""
    from openmodels.registry.overlay import load_with_overlay  # noqa: PLC0415 - see above

    with progress_on_terminal("reading the registry") as progress:
        return load_with_overlay(root, overlay, progress=progress)


@contextmanager
def progress_on_terminal(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """What to tell how many of how many are done, for a bar on standard error; None when nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 - see above

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console_on(sys.stderr), transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, total: bar.update(task, completed=done, total=total)


def print_issues(
    loaded: "Loaded", root: Path, overlay: Path | None = None, *, stream: TextIO | None = None
) -> None:
    """Every issue on standard output, or on ``stream``, for people."""
    from openmodels.registry.report import shown_roots, write_text  # noqa: PLC0415 - see above

    shown = stream or sys.stdout
    survive_any_text(shown)
    write_text(loaded, console_on(shown), roots=shown_roots(root, overlay))
