"""``openmodels watch``: a dashboard on a terminal, lines elsewhere."""

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from openmodels.cli.asking import USAGE, Asked, fail, refuse_local, with_server
from openmodels.cli.completing import complete_provider
from openmodels.cli.output import Format
from openmodels.cli.terminal import survive_any_text
from openmodels.clock import SystemClock

if TYPE_CHECKING:
    from openmodels.cli.watching.state import State
    from openmodels_client import OpenModels


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command("watch")
    @with_server
    def _watch(
        providers: Annotated[
            list[str] | None,
            typer.Argument(
                metavar="[PROVIDER]...",
                help="Ids of providers; without any, all that are measured.",
                autocompletion=complete_provider,
                show_default=False,
            ),
        ] = None,
        *,
        asked: Asked,
    ) -> None:
        """Show live how providers are doing, as they are checked and measured. Ends on q or Ctrl-C.

        Where there is no terminal, each event is a line; with --format json, one in JSON.
        """
        refuse_local(asked)
        if asked.output.format not in {Format.TABLE, Format.JSON}:
            fail(f"watch writes table or json, not {asked.output.format.value}: --format says which", USAGE)
        asyncio.run(_follow(asked, found(asked.client, providers or ())))


def found(client: "OpenModels", named: Sequence[str]) -> "State":
    """The providers that are named or, where none is, all that were ever checked."""
    # Here, as --help and completions need no client.
    from openmodels.cli.watching.state import watching  # noqa: PLC0415

    if named:
        return watching([client.providers.get(name) for name in dict.fromkeys(named)], everyone=False)
    every = client.providers.iter()
    return watching([one for one in every if one.last_checked_at is not None], everyone=True)


async def _follow(asked: Asked, state: "State") -> None:
    # Here, as above.
    import httpx2  # noqa: PLC0415

    from openmodels.cli.watching.following import Watcher  # noqa: PLC0415

    clock = SystemClock()
    console = asked.output.console()
    async with httpx2.AsyncClient() as http:
        watcher = Watcher(state, asked.client.base_url, clock=clock, http=http, timeout=asked.timeout)
        if asked.output.for_people and console.is_terminal and not console.is_dumb_terminal:
            # Here, as not every system has what terminals are steered with.
            from openmodels.cli.watching.screen import show_on_screen  # noqa: PLC0415

            await show_on_screen(watcher, console, clock)
        else:
            from openmodels.cli.watching.printing import print_events  # noqa: PLC0415

            survive_any_text(sys.stdout)
            await print_events(watcher, sys.stdout, as_json=not asked.output.for_people)
