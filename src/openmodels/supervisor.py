"""Several processes that serve on one machine: starts them, keeps them running, replaces them one by one.

The supervisor holds the sockets and answers no request itself; what serves is not even imported here. So it
stays small, and nothing that a request does can bring it down.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import structlog

from openmodels import service_manager
from openmodels.assignment import require_shareable
from openmodels.clock import Clock, SystemClock
from openmodels.errors import ServerStopped
from openmodels.listening import HandedOver, open_socket
from openmodels.service_manager import activated_socket, notify_ready, notify_reloading, notify_stopping
from openmodels.settings import PREFIX, Settings
from openmodels.worker_process import WorkerProcess, start_worker

log: Any = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 10.0
"""How long to wait before a worker that ended by itself is started again: each time twice as long."""
LASTING_SECONDS = 60.0
"""A worker that ran for so long did not end because of how it was started."""
READY_SECONDS = 120.0
"""How long a worker may take to start while others serve."""
METRICS_PREFIX = PREFIX + "METRICS_"
STOP_SECONDS = 20.0
"""How long a worker may take to stop: requests in flight, and the background work that ends behind them."""


class Supervisor:
    """Runs workers by ``command`` in ``environ``, on sockets of ``sockets``, one for each worker."""

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        sockets: Sequence[HandedOver],
        *,
        clock: Clock,
        ready_seconds: float = READY_SECONDS,
        stop_seconds: float = STOP_SECONDS,
    ) -> None:
        self._command = command
        self._environ = environ
        self._sockets = sockets
        self._clock = clock
        self._ready_seconds = ready_seconds
        self._stop_seconds = stop_seconds
        self._numbers = range(1, len(sockets) + 1)
        self._serving: dict[int, WorkerProcess] = {}
        """The worker of each number: the newest that was ready, or that ended before it was."""
        self._replacing = {number: asyncio.Lock() for number in self._numbers}
        self._running: set[WorkerProcess] = set()
        self._stop, self._replace_all = asyncio.Event(), asyncio.Event()

    def stop(self) -> None:
        """Have ``run`` end. It may be called again, which changes nothing: how long it takes is bounded."""
        self._stop.set()

    def replace_all(self) -> None:
        """Have all workers replaced, one after another."""
        self._replace_all.set()

    async def run(self, announce: Callable[[str], None], *, told: Mapping[str, str]) -> int:
        """Run until it is stopped; the exit code.

        ``announce`` is called once all workers serve, with what the first one has to say. Where one cannot
        start at first, all are stopped, and the code is the one that it ended with, after it has said why.
        ``told`` is the environment that says where the service manager is. Raises ``ServerStopped`` for one
        that cannot start and had no time to say why, ``OSError`` where there can be no process.
        """
        work = asyncio.create_task(self._work(announce, told))
        stop = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else 0
        finally:
            notify_stopping(told)
            for task in (work, stop):
                task.cancel()
            await asyncio.gather(work, stop, return_exceptions=True)
            # Without this, connections would still wait here when nobody is left to take them.
            for sockets in self._sockets:
                sockets.requests.close()
                if sockets.metrics is not None:
                    sockets.metrics.close()
            await asyncio.gather(*(worker.stop(self._stop_seconds) for worker in self._running))

    async def _work(self, announce: Callable[[str], None], told: Mapping[str, str]) -> int:
        code = await self._start_all()
        if code is not None:
            return code
        announce(self._serving[1].announcement)
        notify_ready(told)
        async with asyncio.TaskGroup() as tasks:
            for number in self._numbers:
                tasks.create_task(self._keep(number))
            while True:
                await self._replace_all.wait()
                self._replace_all.clear()
                notify_reloading(told)
                await self._replace_each()
                notify_ready(told)

    async def _start_all(self) -> int | None:
        """Start the first worker, then all others at once; the exit code of one that cannot start."""
        for numbers in (self._numbers[:1], self._numbers[1:]):
            started = [self._start(number, first=number == 1) for number in numbers]
            for worker in await asyncio.gather(*started):
                if not worker.ready:
                    return _failure(worker.number, await worker.ended())
                self._serving[worker.number] = worker
        return None

    async def _start(self, number: int, *, first: bool = False) -> WorkerProcess:
        """A new worker, which is ready or has ended. Raises ``OSError`` where there can be no process."""
        worker = await start_worker(
            self._command, self._environ, number, self._sockets[number - 1], first=first, clock=self._clock
        )
        self._running.add(worker)
        try:
            # What is to be done once, such as a migration, takes as long as it takes.
            async with asyncio.timeout(None if first else self._ready_seconds):
                await worker.wait_ready()
        except TimeoutError:
            log.error("worker does not get ready", worker=number, seconds=self._ready_seconds)
            await worker.kill()
        if not worker.ready:
            await worker.ended()
            self._running.discard(worker)
        return worker

    async def _start_another(self, number: int) -> WorkerProcess | None:
        try:
            return await self._start(number)
        except OSError as error:
            log.error("worker cannot be started", worker=number, reason=error.strerror)
            return None

    async def _keep(self, number: int) -> None:
        """Start a worker again whenever it ends by itself."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            worker = self._serving[number]
            code = await worker.ended()
            if self._serving[number] is not worker:
                continue
            self._running.discard(worker)
            if worker.seconds >= LASTING_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            log.warning("worker ended by itself", worker=number, code=code, starts_again_in=pause)
            await self._clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            async with self._replacing[number]:
                if self._serving[number] is worker:
                    self._serving[number] = await self._start_another(number) or worker

    async def _replace_each(self) -> None:
        """Replace the workers one after another; when a new one does not get ready, no more of them."""
        log.info("replacing workers", workers=len(self._numbers))
        for number in self._numbers:
            if not await self._replace(number):
                log.error("worker was not replaced, the old ones go on", worker=number)
                return
        log.info("workers replaced", workers=len(self._numbers))

    async def _replace(self, number: int) -> bool:
        async with self._replacing[number]:
            old, new = self._serving[number], await self._start_another(number)
            if new is None or not new.ready:
                return False
            self._serving[number] = new
        await old.stop(self._stop_seconds)
        self._running.discard(old)
        return True


def _failure(number: int, code: int) -> int:
    """The exit code of a supervisor whose worker ended with ``code`` before it was ready."""
    if code < 0:
        name = signal.Signals(-code).name
        raise ServerStopped(f"worker {number} was ended by {name} before it served")
    # One that ends well, but too early, has not done what it was asked to.
    return code or 1


def supervise(
    settings: Settings,
    environ: Mapping[str, str],
    arguments: Sequence[str],
    *,
    from_file: Collection[str],
    announce: Callable[[str], None],
) -> int:
    """Serve by ``settings.workers`` processes until SIGINT or SIGTERM; SIGHUP replaces them. The exit code.

    ``arguments`` are those of the program. ``from_file`` names what ``.env`` added to ``environ``: workers
    read the file again. ``announce`` is called with what a worker has to say once all serve. Raises
    ``SettingsError``, or ``ServerStopped`` where there can be no more processes.
    """
    require_shareable(settings)
    requests = activated_socket(environ, os.getpid()) or open_socket(settings.host, settings.port)
    own = service_manager.VARIABLES | set(from_file)
    supervisor = Supervisor(
        # Without -P, Python would look for modules in the working directory first.
        [sys.executable, "-P", "-m", "openmodels", *arguments],
        {name: value for name, value in environ.items() if name not in own},
        [HandedOver(requests, metrics) for metrics in _metrics_sockets(settings)],
        clock=SystemClock(),
    )
    try:
        return asyncio.run(_until_signals(supervisor, announce, environ))
    except OSError as error:
        raise ServerStopped(f"workers cannot be started: {error.strerror}") from None


def _metrics_sockets(settings: Settings) -> Sequence[socket.socket | None]:
    """One for each worker, on ports that follow each other."""
    host, port = settings.metrics_host, settings.metrics_port
    if not port:
        return [None] * settings.workers
    return [open_socket(host, port + n, prefix=METRICS_PREFIX) for n in range(settings.workers)]


async def _until_signals(
    supervisor: Supervisor, announce: Callable[[str], None], told: Mapping[str, str]
) -> int:
    loop = asyncio.get_running_loop()
    on_terminal = sys.stderr.isatty()

    def hung_up() -> None:
        # Who has closed the terminal did not mean a restart.
        if on_terminal and not sys.stderr.isatty():
            supervisor.stop()
        else:
            supervisor.replace_all()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, supervisor.stop)
    loop.add_signal_handler(signal.SIGHUP, hung_up)
    return await supervisor.run(announce, told=told)
