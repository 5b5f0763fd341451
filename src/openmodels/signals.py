"""The signals by which a program is told to stop."""

import asyncio
import signal


def stop_signal() -> asyncio.Future[None]:
    """Done at the first SIGINT or SIGTERM; call it in the event loop's thread."""
    loop = asyncio.get_running_loop()
    stopping: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if not stopping.done():
            stopping.set_result(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return stopping
