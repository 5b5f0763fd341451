"""How watching ends: when the program is told to, by a signal."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def told_by_signals(actions: Mapping[signal.Signals, Callable[[], object]]) -> Iterator[None]:
    """Has each signal do something else than it does, for as long as this lasts."""
    loop = asyncio.get_running_loop()
    for number, action in actions.items():
        loop.add_signal_handler(number, action)
    try:
        yield
    finally:
        for number in actions:
            loop.remove_signal_handler(number)
