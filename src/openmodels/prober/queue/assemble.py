"""Puts a prober together that takes its turns from the queue. Imported only where the database has one."""

import functools
import logging
from collections.abc import Callable
from typing import Any

import structlog
from msgspec import Struct
from sqlalchemy.engine import URL

from openmodels.clock import Clock
from openmodels.domain.snapshot import Snapshot
from openmodels.prober.assemble import connectivity_reach, leave_unrecorded, planning, probe_client
from openmodels.prober.connectivity import Connectivity, Reach
from openmodels.prober.keys import KeySource
from openmodels.prober.ledger import Ledger
from openmodels.prober.probing import Client, Probing
from openmodels.prober.queue.pace import Pace
from openmodels.prober.queue.planner import Planner
from openmodels.prober.queue.prober import QueueProber
from openmodels.prober.queue.queue import open_queue
from openmodels.prober.queue.taker import TurnTaker
from openmodels.prober.results import ProberCounters
from openmodels.prober.style import load_styles
from openmodels.settings import Settings
from openmodels.store.cluster_ports import ClusterStore
from openmodels.store.engine import PRIMARY, name_of
from openmodels.store.failures import explained
from openmodels.store.spending_ports import SpendingStore
from openmodels.store.turn_ports import TurnStore

log: Any = structlog.get_logger(__name__)


class QueueStores(Struct, frozen=True, kw_only=True):
    """What all workers share."""

    url: URL
    """The PostgreSQL database with the queue; a pooler in between does no harm."""
    turns: TurnStore
    spending: SpendingStore
    cluster: ClusterStore


def assemble_queue_prober(
    settings: Settings,
    snapshot: Callable[[], Snapshot],
    stores: QueueStores,
    *,
    clock: Clock,
    keys: KeySource,
    client: Client | None = None,
    reach: Reach | None = None,
    pace: Pace = Pace(),  # noqa: B008 - it is frozen
) -> QueueProber:
    """A prober that is ready to ``run``, in place of that of ``assemble_prober``.

    ``snapshot`` gives the revision to go by, at the start and whenever the prober's ``replan`` was called.
    ``client`` and ``reach`` replace what asks providers and connectivity targets.
    """
    _take_logs("procrastinate", "psycopg.pool")
    styles = load_styles()
    counters = ProberCounters()
    connectivity = Connectivity(
        reach or connectivity_reach(settings, clock, styles), settings.connectivity_targets, clock, counters
    )
    probing = Probing(
        client or probe_client(settings, clock, styles),
        keys,
        Ledger(stores.spending, clock, counters),
        connectivity,
        # The taker has results recorded, by their turns.
        leave_unrecorded,
        counters,
    )
    return QueueProber(
        planning(settings, snapshot, styles),
        functools.partial(open_queue, stores.url, settings.region, pace),
        taker=TurnTaker(
            probing,
            stores.turns,
            clock,
            counters,
            region=settings.region,
            concurrency=settings.probe_concurrency,
            pace=pace,
        ),
        planner=Planner(stores.turns, stores.cluster, clock, region=settings.region, pace=pace),
        connectivity=connectivity,
        clock=clock,
        counters=counters,
        explain=functools.partial(_explained, stores.url),
        pace=pace,
    )


def _explained(url: URL, error: BaseException) -> str:
    cause = error.__cause__ or error
    found = explained(cause if isinstance(cause, Exception) else Exception(), name_of(url), setting=PRIMARY)
    return str(found)


class _Relay(logging.Handler):
    """Hands a library's log lines to ours, for those who look for a fault; without tracebacks."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log it at debug level: what matters of it, the prober says itself."""
        log.debug("the queue's library says", logger=record.name, text=record.getMessage()[:300])


def _take_logs(*names: str) -> None:
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers = [_Relay()]
        logger.propagate = False
        # What is below is a line or more for each job.
        logger.setLevel(logging.WARNING)
