"""``openmodels backup`` and ``openmodels restore``: the database, to a file and back."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from openmodels.cli.options import with_settings
from openmodels.domain.views.registry import iso
from openmodels.settings import Settings
from openmodels.store.backup import Contents, back_up, restore
from openmodels.store.backup.contents import megabytes

_WHERE = ("data_dir", "database_url", "database_direct_url")
_PROGRAMS = typer.Option(
    "--pg-bin",
    help="Folder of PostgreSQL's pg_dump, pg_restore and psql.",
    show_default="those in PATH",
    metavar="FOLDER",
)


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""

    @app.command("backup")
    @with_settings(*_WHERE)
    def _backup(
        file: Annotated[Path, typer.Argument(help="File to write.")],
        force: Annotated[bool, typer.Option("--force", help="Replace the file when it is there.")] = False,
        pg_bin: Annotated[Path | None, _PROGRAMS] = None,
        *,
        settings: Settings,
    ) -> None:
        """Write the database to a file, as it is at one moment, while it is served and probed."""
        with _ended_by_sigterm():
            contents = back_up(settings, file, force=force, programs=pg_bin)
        typer.echo(f"{file}: {megabytes(contents.size)}, {_described(contents)}, of {contents.database}")

    @app.command("restore")
    @with_settings(*_WHERE)
    def _restore(
        file: Annotated[Path, typer.Argument(help="File that `openmodels backup` wrote.")],
        force: Annotated[bool, typer.Option("--force", help="Lose what the database holds.")] = False,
        pg_bin: Annotated[Path | None, _PROGRAMS] = None,
        *,
        settings: Settings,
    ) -> None:
        """Put a backup into the database, whole or not at all; stop the nodes and workers before."""
        contents = asyncio.run(restore(settings, file, force=force, programs=pg_bin))
        typer.echo(f"{contents.database}: {_described(contents)}, restored from {file}")


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the block as an error does, so that what it began is cleared away."""

    def end(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # once is enough, and must not end the clearing away
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _described(contents: Contents) -> str:
    if contents.revision is None or contents.published_at is None:
        return f"schema {contents.schema}, nothing published"
    return (
        f"schema {contents.schema}, registry revision {contents.revision} "
        f"published {iso(contents.published_at)}"
    )
