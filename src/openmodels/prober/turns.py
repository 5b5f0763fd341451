"""Takes one turn, whoever hands turns out: makes the probe, and survives its faults."""

import time
from typing import Any, NamedTuple

import structlog

from openmodels.domain.telemetry import Check, Measurement
from openmodels.prober.plan import ProviderPlan
from openmodels.prober.probing import Attempt, Probing
from openmodels.prober.results import ProberCounters
from openmodels.prober.schedule import Job

log: Any = structlog.get_logger(__name__)

SLOW_SECONDS = 5.0
"""A probe that took longer than this, or ran out of time, makes its job slow until it is faster again."""


class Taken(NamedTuple):
    """What came of a turn that was taken."""

    attempt: Attempt[Check] | Attempt[Measurement]
    """The probe."""
    slow: bool
    """Whether it took long."""


async def take_turn(
    probing: Probing, plan: ProviderPlan, job: Job, number: int, counters: ProberCounters
) -> Taken | None:
    """Make the probe whose turn it is; None when that ended in a fault of this program, which is logged.

    ``number`` says which one of all turns it is, and so which offering is measured.
    """
    started = time.perf_counter()
    attempt: Attempt[Check] | Attempt[Measurement]
    try:
        if job.kind == "health":
            attempt = await probing.check(plan)
        else:
            attempt = await probing.measure(plan, number)
    except Exception as error:  # noqa: BLE001 - one provider's turn must not end all probing
        # The text and the arguments of what nobody foresaw may hold a key; where it came from does not.
        counters.failed += 1
        log.error(
            "a probe failed by a fault of this program",
            provider=job.provider_id,
            kind=job.kind,
            error=type(error).__name__,
            place=_place_of(error),
        )
        return None
    timed_out = attempt.probed is not None and attempt.probed.record.outcome == "timeout"
    return Taken(attempt, slow=timed_out or time.perf_counter() - started > SLOW_SECONDS)


def _place_of(error: BaseException) -> str:
    """The file and line that raised it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "unknown"
