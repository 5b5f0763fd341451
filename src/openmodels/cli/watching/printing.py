"""Events on standard output, a line each, until somebody ends it or nobody reads any more."""

import asyncio
import os
import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from typing import TextIO

from openmodels.cli.watching.ending import told_by_signals
from openmodels.cli.watching.following import Watcher
from openmodels.cli.watching.lines import json_of, line_of


async def print_events(watcher: Watcher, stream: TextIO, *, as_json: bool) -> None:
    """Write each event until Ctrl-C, or until the other end of a pipe is closed.

    Raises what the watcher's stream raises.
    """
    over = asyncio.Event()
    signals = dict.fromkeys((signal.SIGINT, signal.SIGTERM), over.set)
    with told_by_signals(signals), _closed(stream, over.set):
        writing = asyncio.create_task(_write(watcher, stream, as_json=as_json))
        ending = asyncio.create_task(over.wait())
        try:
            await asyncio.wait((writing, ending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ending.cancel()
            if not writing.done():
                writing.cancel()
        (ended,) = await asyncio.gather(writing, return_exceptions=True)
    if isinstance(ended, Exception):
        raise ended


async def _write(watcher: Watcher, stream: TextIO, *, as_json: bool) -> None:
    async with aclosing(watcher.events()) as events:
        async for event in events:
            stream.write((json_of(event) if as_json else line_of(event)) + "\n")
            stream.flush()


@contextmanager
def _closed(stream: TextIO, end: Callable[[], None]) -> Iterator[None]:
    """Calls ``end`` when nobody reads the stream any more."""
    loop, number = asyncio.get_running_loop(), stream.fileno()
    if not stat.S_ISFIFO(os.fstat(number).st_mode):
        yield
        return
    # There is nothing to read from this end of a pipe: it is readable once the other is closed. Without this,
    # that would be noticed with the next event, which may be long in coming.
    loop.add_reader(number, end)
    try:
        yield
    finally:
        loop.remove_reader(number)
