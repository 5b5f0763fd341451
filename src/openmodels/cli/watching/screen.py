"""The dashboard on a terminal: drawn anew as its state changes, until somebody ends it."""

import asyncio
import os
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.live import Live

from openmodels.cli.sparkline import encodable
from openmodels.cli.watching.ending import told_by_signals
from openmodels.cli.watching.following import Watcher
from openmodels.cli.watching.view import View, dashboard
from openmodels.clock import Clock

TICK = 1.0
"""How often it is drawn at least, in seconds: what is said of times goes on."""
SHORTEST = 0.1
"""How often it is drawn at most, in seconds."""


async def show_on_screen(watcher: Watcher, console: Console, clock: Clock) -> None:
    """Draw the watcher's state until q or Ctrl-C. Raises what the watcher's stream raises."""
    over = asyncio.Event()
    signals = dict.fromkeys((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), over.set)
    # Another size is drawn for at once.
    signals[signal.SIGWINCH] = watcher.changed.set
    live = Live(
        console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
    )
    with told_by_signals(signals), _keys(sys.stdin, over.set), live:
        working = [
            asyncio.create_task(work)
            for work in (watcher.follow(), watcher.keep_fresh(), _draw(watcher, live, clock))
        ]
        ending = asyncio.create_task(over.wait())
        try:
            done, _ = await asyncio.wait((*working, ending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*working, ending):
                task.cancel()
            await asyncio.gather(*working, ending, return_exceptions=True)
    for task in done:
        task.result()


async def _draw(watcher: Watcher, live: Live, clock: Clock) -> None:
    console = live.console
    blocks = encodable(console.encoding)
    while True:
        watcher.changed.clear()
        width, height = console.size
        view = View(width=width, height=height, blocks=blocks)
        live.update(dashboard(watcher.state, clock.now(), view), refresh=True)
        await clock.sleep(SHORTEST)
        try:
            await asyncio.wait_for(watcher.changed.wait(), TICK)
        except TimeoutError:
            continue


@contextmanager
def _keys(stream: TextIO, end: Callable[[], None]) -> Iterator[None]:
    """Calls ``end`` when q is typed, which is not shown; the terminal is left as it was found."""
    if not stream.isatty():
        yield
        return
    loop, number = asyncio.get_running_loop(), stream.fileno()

    def typed() -> None:
        keys = os.read(number, 64)
        if not keys:
            loop.remove_reader(number)
        elif b"q" in keys.lower():
            end()

    before = termios.tcgetattr(number)
    tty.setcbreak(number)
    attributes = termios.tcgetattr(number)
    # Whoever suspends it would be left with a screen that is not theirs.
    attributes[6][termios.VSUSP] = b"\0"
    termios.tcsetattr(number, termios.TCSANOW, attributes)
    loop.add_reader(number, typed)
    try:
        yield
    finally:
        loop.remove_reader(number)
        termios.tcsetattr(number, termios.TCSAFLUSH, before)
