"""One process of ``serve --workers``, as its supervisor sees it."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog

from openmodels.assignment import VARIABLE, Assignment
from openmodels.clock import Clock
from openmodels.listening import HandedOver

log: Any = structlog.get_logger(__name__)


class WorkerProcess:
    """A worker that was started."""

    def __init__(
        self,
        number: int,
        process: asyncio.subprocess.Process,
        *,
        ready: int,
        alive: int,
        clock: Clock,
    ) -> None:
        self.number = number
        """From 1; a worker that replaces another has its number."""
        self.announcement = ""
        """What it has to say to people; empty until it is ready."""
        self._process = process
        self._ready = ready
        self._alive = alive
        self._clock = clock
        self._started, self._ended = clock.unix(), 0.0
        self._ending = asyncio.create_task(self._wait())

    @property
    def ready(self) -> bool:
        """Whether it has said that it answers requests."""
        return bool(self.announcement)

    @property
    def seconds(self) -> float:
        """How long it ran; it must have ended."""
        return self._ended - self._started

    async def wait_ready(self) -> None:
        """Return when it is ready or ended."""
        reader = asyncio.StreamReader()
        with os.fdopen(self._ready, "rb", buffering=0) as pipe:
            transport, _ = await asyncio.get_running_loop().connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(reader), pipe
            )
            try:
                self.announcement = (await reader.read()).decode()
            finally:
                transport.close()

    async def ended(self) -> int:
        """Its exit code, once it ended; below 0 for the signal that ended it."""
        return await asyncio.shield(self._ending)

    async def stop(self, seconds: float) -> None:
        """Tell it to stop; return when it has, or was killed since that took longer than ``seconds``."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(seconds):
                await self.ended()
        except TimeoutError:
            log.error("worker does not stop", worker=self.number, seconds=seconds)
            await self.kill()

    async def kill(self) -> None:
        """End it at once."""
        self._signal(signal.SIGKILL)
        await self.ended()

    def _signal(self, number: signal.Signals) -> None:
        # It may have ended meanwhile.
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def _wait(self) -> int:
        code = await self._process.wait()
        self._ended = self._clock.unix()
        os.close(self._alive)
        return code


async def start_worker(
    command: Sequence[str],
    environ: Mapping[str, str],
    number: int,
    sockets: HandedOver,
    *,
    first: bool,
    clock: Clock,
) -> WorkerProcess:
    """Start ``command`` as a worker, with an ``Assignment`` in its environment. Raises ``OSError``."""
    ready, ready_there = os.pipe()
    alive_there, alive = os.pipe()
    metrics = None if sockets.metrics is None else sockets.metrics.fileno()
    assignment = Assignment(
        number=number,
        first=first,
        requests=sockets.requests.fileno(),
        metrics=metrics,
        ready=ready_there,
        alive=alive_there,
    )
    handed = [assignment.requests, ready_there, alive_there]
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            env={**environ, VARIABLE: msgspec.json.encode(assignment).decode()},
            pass_fds=handed if metrics is None else [*handed, metrics],
            # Ctrl-C reaches all of a terminal's processes, of which only the supervisor is to act on it.
            process_group=0,
        )
    except BaseException:
        os.close(ready)
        os.close(alive)
        raise
    finally:
        os.close(ready_there)
        os.close(alive_there)
    return WorkerProcess(number, process, ready=ready, alive=alive, clock=clock)
