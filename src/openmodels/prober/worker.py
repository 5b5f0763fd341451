"""A prober without a server: probes, and takes up new revisions, until it is told to stop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog

from openmodels.prober.runner import Prober
from openmodels.store.live import Live

log: Any = structlog.get_logger(__name__)


async def work(
    prober: Prober,
    live: Live,
    *,
    stopping: asyncio.Future[None],
    poll_interval: float,
    others: Sequence[Callable[[], Awaitable[None]]] = (),
) -> None:
    """Probe until ``stopping`` is done, then end within seconds; the results that there are get written.

    ``live`` must have been started; it is watched here, and the prober told of new revisions. ``others`` run
    beside it, such as upkeep; each is cancelled in the end. Raises what ends one of them by itself.
    """
    live.on_revision(prober.replan)
    tasks = [
        asyncio.ensure_future(start()) for start in (prober.run, lambda: live.watch(poll_interval), *others)
    ]
    try:
        await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for result in ended:
        if isinstance(result, Exception):
            raise result
    log.info("stopped", **summary(prober))


def stop_signal() -> asyncio.Future[None]:
    """Done at the first SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    stopping: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if not stopping.done():
            stopping.set_result(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return stopping


def summary(prober: Prober) -> dict[str, int]:
    """What a prober did, for a line of the log."""
    counters = prober.counters
    checks = sum(count for (kind, _), count in counters.probes.items() if kind == "health")
    return {
        "checks": checks,
        "measurements": counters.total - checks,
        "written": counters.written,
        "lost": counters.dropped,
        "skipped": counters.skipped,
        "not_recorded_offline": counters.offline_dropped,
    }
