"""What a worker of ``serve --workers`` is given by its supervisor, and what it says back.

By an environment variable, since the program's flags are the user's. The worker reports that it serves by
writing into one pipe. The other is never written to: it ends when the supervisor does, however that died.
"""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import MutableMapping

import msgspec
from msgspec import Struct

from openmodels.errors import SettingsError
from openmodels.listening import HandedOver
from openmodels.settings import Settings

VARIABLE = "_OPENMODELS_WORKER"
"""Without the prefix of the settings, among which it would be unknown."""


class Assignment(Struct, frozen=True, kw_only=True):
    """One worker's. Descriptors are numbers that are valid in the worker."""

    number: int
    """From 1."""
    first: bool
    """Whether it is the first of all, which does what is to be done once."""
    requests: int
    """The socket that requests come in by."""
    metrics: int | None
    """The socket that Prometheus comes in by."""
    ready: int
    """The pipe to write to."""
    alive: int
    """The pipe that ends with the supervisor."""


def take_assignment(environ: MutableMapping[str, str]) -> Assignment | None:
    """The assignment in the environment, and no longer there; None for a process that is no worker."""
    text = environ.pop(VARIABLE, "")
    return msgspec.json.decode(text, type=Assignment) if text else None


def take_sockets(assignment: Assignment) -> HandedOver:
    """The sockets of an assignment."""
    metrics = assignment.metrics
    return HandedOver(
        requests=socket.socket(fileno=assignment.requests),
        metrics=None if metrics is None else socket.socket(fileno=metrics),
    )


def report_ready(assignment: Assignment, announcement: str) -> None:
    """Tell the supervisor that requests are answered, and what to tell people about it."""
    # A supervisor that is gone is noticed by the other pipe.
    with contextlib.suppress(BrokenPipeError), os.fdopen(assignment.ready, "wb") as pipe:
        pipe.write(announcement.encode())


def stop_with_supervisor(assignment: Assignment) -> None:
    """Stop this process, as SIGTERM does, when its supervisor is gone: nobody else would."""

    def wait() -> None:
        os.read(assignment.alive, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    # In a thread, since the worker may take long to start before its event loop looks at anything.
    threading.Thread(target=wait, name="supervisor", daemon=True).start()


def require_shareable(settings: Settings) -> None:
    """Raise ``SettingsError`` where what is set cannot be shared by so many workers."""
    if settings.demo and settings.workers:
        raise SettingsError("a demo is one process: leave out OPENMODELS_WORKERS, or OPENMODELS_DEMO")
    if settings.workers > 1 and settings.rate_limit and not settings.redis_url:
        raise SettingsError(
            f"{settings.workers} workers need one rate limit between them: set OPENMODELS_REDIS_URL, such as "
            "redis://localhost:6379/0, or OPENMODELS_RATE_LIMIT=0, or serve with one worker"
        )
    last = settings.metrics_port + settings.workers - 1
    if settings.metrics_port and last > 65535:
        raise SettingsError(
            f"each worker has a port for metrics of its own, and the last would be {last}: set "
            f"OPENMODELS_METRICS_PORT to at most {65536 - settings.workers}"
        )
