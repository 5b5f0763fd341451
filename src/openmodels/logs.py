"""Structured logs on standard error: one line an event, as JSON or for people."""

import logging
import sys
from typing import Any, TextIO

import structlog

from openmodels.domain.standing import Transition

log: Any = structlog.get_logger(__name__)


def log_change(transition: Transition) -> None:
    """Say that a provider changed, and why."""
    log.info(
        "provider changed",
        provider=transition.provider_id,
        before=transition.before,
        after=transition.after,
        reason=transition.reason,
    )


def set_up_logs(*, form: str, level: str, stream: TextIO | None = None, worker: int | None = None) -> None:
    """Write logs from here on. ``form`` is auto, console or json; auto is console on a terminal.

    ``worker`` is what each line says of which process it comes from, where there are several.

    What is logged names requests by id, never clients by address.
    """
    out = stream or sys.stderr
    console = form == "console" or (form == "auto" and out.isatty())
    # No local variables in either: those of a request hold its client's address and headers.
    renderer: list[structlog.types.Processor] = (
        [
            structlog.dev.ConsoleRenderer(
                colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
        if console
        else [
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(),
        ]
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if worker is None else [_from_worker(worker)]),
            *renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(out),
    )


def _from_worker(number: int) -> structlog.types.Processor:
    def add(_logger: Any, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        # A line that is about another worker says so itself.
        event.setdefault("worker", number)
        return event

    return add
