"""``openmodels publish`` and ``openmodels migrate``: from files to database, and its schema."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from openmodels.cli.options import with_settings
from openmodels.cli.terminal import load_with_progress, print_issues, progress_on_terminal
from openmodels.clock import SystemClock
from openmodels.domain.records import Registry
from openmodels.errors import RegistryInvalid, RegistryUnreadable
from openmodels.opening import open_stores
from openmodels.registry.files import HIDE
from openmodels.registry.publish import publish, summary
from openmodels.settings import Settings
from openmodels.store.engine import create_engine, name_of
from openmodels.store.migrate import Migration, migrate


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""

    @app.command("publish")
    @with_settings("data_dir", "database_url", "overlay")
    def _publish(
        path: Annotated[
            Path | None,
            typer.Argument(help="Folder of the registry.", show_default="the setting `registry`"),
        ] = None,
        *,
        replay_git: Annotated[
            bool,
            typer.Option(
                "--replay-git",
                help="Fill the history with what the folder's git log holds of the time before it.",
            ),
        ] = False,
        settings: Settings,
    ) -> None:
        """Check the registry's files and publish what changed; exit 1 when they are not valid."""
        try:
            asyncio.run(
                _publish_once(settings, settings.registry if path is None else path, replay_git=replay_git)
            )
        except RegistryInvalid:
            # The issues are printed already.
            raise typer.Exit(1) from None

    @app.command("migrate")
    @with_settings("data_dir", "database_url")
    def _migrate(*, settings: Settings) -> None:
        """Bring the database to this version's schema; `serve` and `publish` do so by themselves."""
        asyncio.run(_migrate_once(settings))


async def _publish_once(settings: Settings, path: Path, *, replay_git: bool) -> None:
    clock = SystemClock()
    async with open_stores(settings) as stores:
        load = partial(_load_or_report, overlay=settings.overlay, replay_git=replay_git)
        for line in summary(await publish(path, stores.registry, clock, load=load)):
            typer.echo(line)
        if replay_git:
            from openmodels.registry import replay  # noqa: PLC0415 - as few publishes need it

            # After publishing, for what is older goes before the first thing that was published.
            with progress_on_terminal("reading the git log") as progress:
                told = await replay.replay(path, stores.history, clock, progress=progress)
            for line in replay.summary(told):
                typer.echo(line)


def _load_or_report(path: Path, overlay: Path | None, *, replay_git: bool) -> Registry:
    """The registry with its overlay; where they have issues, they are printed as ``validate`` prints them."""
    loaded = load_with_progress(path, overlay)
    if loaded.registry is None:
        print_issues(loaded, path, overlay)
        raise RegistryInvalid(loaded.issues)
    if replay_git and loaded.overlay is not None and loaded.overlay.hidden:
        # Leaving out what is hidden now would not do: under the names of then, it would still be there.
        raise RegistryUnreadable(
            "--replay-git would bring what the overlay hides back into the history, where everybody can read "
            f"it, and nothing was published; publish without --replay-git, or take {HIDE} out of the overlay"
        )
    return loaded.registry


async def _migrate_once(settings: Settings) -> None:
    engine = create_engine(settings)
    try:
        migration: Migration = await migrate(engine)
    finally:
        await engine.dispose()
    before = migration.before or "none"
    what = "nothing to do" if migration.before == migration.after else f"from {before} to {migration.after}"
    typer.echo(f"{name_of(engine.url)}: schema {migration.after}, {what}")
