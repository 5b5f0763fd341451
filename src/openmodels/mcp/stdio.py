"""The protocol over standard input and output, for a program that an agent's host starts."""

import asyncio
import contextlib
import json
import os
import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, cast

from mcp.server.stdio import stdio_server

from openmodels import version
from openmodels.mcp.server import create_mcp
from openmodels.signals import stop_signal
from openmodels_client import AsyncOpenModels

if TYPE_CHECKING:
    import anyio

READ_BYTES = 65_536
LINES_AHEAD = 16
"""How many lines are read before those before them were taken."""


async def serve_stdio(client: AsyncOpenModels) -> None:
    """Answer until standard input ends, or SIGINT or SIGTERM comes."""
    stopping = stop_signal()
    serving = asyncio.create_task(_serve(client))
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    serving.cancel()
    # Whoever reads may have gone first: then there is nobody to be told.
    with contextlib.suppress(asyncio.CancelledError, BrokenPipeError):
        try:
            await serving
        except BaseExceptionGroup as errors:
            _, others = errors.split((BrokenPipeError, asyncio.CancelledError))
            if others is not None:
                raise


async def _serve(client: AsyncOpenModels) -> None:
    server = create_mcp(client, version=version())
    lines = cast("anyio.AsyncFile[str]", _Lines(os.dup(0)))
    async with stdio_server(stdin=lines) as (read, write):
        await server.run(read, write, server.create_initialization_options())


class _Lines:
    """The lines of a file, read in a thread that the end of the program does not wait for.

    The SDK reads in one that it waits for, so a signal would end the program only with the next line.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue(LINES_AHEAD)

    async def __aiter__(self) -> AsyncIterator[str]:
        threading.Thread(target=self._read, name="standard input", daemon=True).start()
        while (line := await self._lines.get()) is not None:
            yield line

    def _read(self) -> None:
        # Not through a buffered file, whose lock the end of the program would want.
        rest = b""
        with contextlib.suppress(RuntimeError):  # the loop is closed: the program ends
            while data := os.read(self._descriptor, READ_BYTES):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._put(_mended(line.decode("utf-8", "replace")))
            if rest:
                self._put(_mended(rest.decode("utf-8", "replace")))
            self._put(None)

    def _put(self, line: str | None) -> None:
        asyncio.run_coroutine_threadsafe(self._lines.put(line), self._loop).result()


def _mended(line: str) -> str:
    """A line without halves of surrogate pairs, as are left of a picture that was cut in two.

    JSON may escape them, the SDK reads no such line, and whoever sent it would wait for ever.
    """
    if "\\ud" not in line.lower():
        return line
    try:
        return json.dumps(json.loads(line), ensure_ascii=False).encode("utf-8", "replace").decode()
    except (ValueError, RecursionError):
        return line
