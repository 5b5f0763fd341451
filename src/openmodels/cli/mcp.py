"""``openmodels mcp``: the door for agents, over standard input and output."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, redirect_stdout
from typing import TYPE_CHECKING, Annotated

import typer

from openmodels.cli.asking import USAGE, fail, require_one_source
from openmodels.cli.preferences import read_preferences
from openmodels.logs import set_up_logs
from openmodels.settings import Settings, read_settings

if TYPE_CHECKING:
    from openmodels_client import AsyncOpenModels

TIMEOUT = 30.0
"""The longest that a server may take over one answer, in seconds; a call asks up to three at once."""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command("mcp")
    def _mcp(
        api_url: Annotated[
            str | None, typer.Option("--api-url", help="The server to ask.", metavar="URL")
        ] = None,
        local: Annotated[
            bool, typer.Option("--local", help="Ask no server: read the registry's files.")
        ] = False,
        registry: Annotated[
            str | None,
            typer.Option("--registry", help="With --local: the folder of the registry.", metavar="PATH"),
        ] = None,
        overlay: Annotated[
            str | None,
            typer.Option("--overlay", help="With --local: a folder that is laid over it.", metavar="PATH"),
        ] = None,
    ) -> None:
        """Answer agents: the Model Context Protocol over standard input and output.

        The host of an agent starts this, and ends it by closing its input. Standard output holds nothing but
        the protocol. Without --local, which has no telemetry, the server is the one of --api-url, of
        OPENMODELS_API_URL, of ~/.openmodelsrc, or http://127.0.0.1:8000; it may be started later.
        """
        folders = {"registry": registry, "overlay": overlay}
        require_one_source(api_url=api_url, local=local, folders=folders)
        # On standard error; the host of an agent shows it to those who look for a fault.
        set_up_logs(form="auto", level="warning")
        asyncio.run(_answer_locally(read_settings(os.environ, folders)) if local else _answer(api_url))


async def _answer(api_url: str | None) -> None:
    # Here, as --help needs neither HTTP nor the protocol.
    from openmodels.mcp.stdio import serve_stdio  # noqa: PLC0415
    from openmodels_client import AsyncOpenModels, Retry  # noqa: PLC0415

    preferences = read_preferences(os.environ, api_url=api_url)
    try:
        # An agent can wait by itself, and should know that it does.
        retry = Retry(times=1, longest_wait=2.0)
        client = AsyncOpenModels(preferences.api_url, timeout=TIMEOUT, retry=retry)
    except ValueError as error:
        fail(f"{preferences.api_url_from}: {error}", USAGE)
    async with client:
        await serve_stdio(client)


async def _answer_locally(settings: Settings) -> None:
    from openmodels.mcp.stdio import serve_stdio  # noqa: PLC0415

    async with _local_client(settings) as client:
        await serve_stdio(client)


@asynccontextmanager
async def _local_client(settings: Settings) -> AsyncIterator["AsyncOpenModels"]:
    import httpx2  # noqa: PLC0415

    from openmodels.cli.local import ADDRESS, local_app  # noqa: PLC0415
    from openmodels_client import AsyncOpenModels, Retry  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        # What is wrong with the files must not be taken for the protocol.
        with redirect_stdout(sys.stderr):
            app = await stack.enter_async_context(local_app(settings))
        transport = httpx2.ASGITransport(app=app)
        http = httpx2.AsyncClient(transport=transport, headers={"accept-encoding": "identity"})
        await stack.enter_async_context(http)
        yield AsyncOpenModels(ADDRESS, retry=Retry(times=0), remember=0, http_client=http)
