"""What works beside the API, or without it: the prober, and the jobs on what it brings.

One process on one machine runs all of it inside ``serve``; ``worker`` runs it alone. Where several processes
share a database, leases see to it that each part works in one of them.
"""

import uuid
from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct
from sqlalchemy.engine import URL

from openmodels.clock import Clock
from openmodels.jobs.alerts import Dispatcher, Origin
from openmodels.jobs.evaluation import Evaluation
from openmodels.jobs.leased import Leased
from openmodels.jobs.memory import MemoryKeeper, system_trim
from openmodels.jobs.parts import Part, Parts
from openmodels.jobs.presence import Present
from openmodels.jobs.senders import Sender
from openmodels.jobs.upkeep import Upkeep
from openmodels.prober.assemble import assemble_prober
from openmodels.prober.keys import KeySource
from openmodels.prober.results import ProberCounters
from openmodels.settings import Settings
from openmodels.store.alert_ports import AlertStore
from openmodels.store.cluster_ports import ClusterStore
from openmodels.store.live import Live
from openmodels.store.ports import TelemetryStore
from openmodels.store.spending_ports import SpendingStore


class Kept(Struct, frozen=True, kw_only=True):
    """The stores that work in the background reads and writes."""

    telemetry: TelemetryStore
    alerts: AlertStore
    spending: SpendingStore
    cluster: ClusterStore
    queue: URL | None = None
    """The PostgreSQL database in which probes are queued; None where one process of a region probes alone."""


class Background:
    """The prober, upkeep, evaluation and alerts of one process."""

    def __init__(self, parts: Mapping[str, Part], counters: ProberCounters, clock: Clock) -> None:
        self._parts = Parts(parts, clock)
        self.counters = counters
        """What the prober counts of itself."""

    def summary(self) -> dict[str, int]:
        """What the prober did, for a line of the log."""
        counters = self.counters
        checks = sum(count for (kind, _), count in counters.probes.items() if kind == "health")
        return {
            "checks": checks,
            "measurements": counters.total - checks,
            "written": counters.written,
            "lost": counters.dropped,
            "skipped": counters.skipped,
            "not_recorded_offline": counters.offline_dropped,
        }

    async def run(self) -> None:
        """Work until cancelled. A part that fails is logged and begun again; the others go on."""
        await self._parts.run()


def assemble_background(
    settings: Settings,
    live: Live,
    kept: Kept,
    *,
    clock: Clock,
    keys: KeySource,
    senders: Mapping[str, Sender],
    address: str,
) -> Background:
    """All parts, ready to run. ``address`` is where others reach this server's API, for links in alerts."""
    # Another for each process that ever runs: a lease that was left by one that died is never taken for ours.
    me = uuid.uuid4().hex
    prober, counters = _prober(settings, live, kept, clock, keys, me)
    parts: dict[str, Part] = {
        "prober": prober,
        "jobs": Leased(_jobs(settings, kept, clock), "jobs", kept.cluster, clock, me),
        "memory": MemoryKeeper(clock, system_trim()),
    }
    if senders:
        # Nobody without a destination may have this lease, or those who have one would tell nobody. Several
        # could tell the same news between them, but each counts by itself how much a destination may bear.
        dispatcher = _dispatcher(settings, live, kept, clock, senders, address)
        parts["alerts"] = Leased(dispatcher, "alerts", kept.cluster, clock, me)
    return Background(parts, counters, clock)


def _prober(
    settings: Settings, live: Live, kept: Kept, clock: Clock, keys: KeySource, me: str
) -> tuple[Part, ProberCounters]:
    """The prober, and what it counts: one of many that share a queue, or the only one of its region."""
    if kept.queue is None:
        alone = assemble_prober(
            settings,
            lambda: live.snapshot,
            telemetry=kept.telemetry,
            spending=kept.spending,
            clock=clock,
            keys=keys,
        )
        live.on_revision(alone.replan)
        return _alone_in_region(alone, settings, kept.cluster, clock, me), alone.counters
    # Only here, for a process that probes alone should not wait until the queue's packages are loaded.
    from openmodels.prober.queue.assemble import QueueStores, assemble_queue_prober  # noqa: PLC0415

    shared = QueueStores(url=kept.queue, turns=kept.telemetry, spending=kept.spending, cluster=kept.cluster)
    one = assemble_queue_prober(settings, lambda: live.snapshot, shared, clock=clock, keys=keys)
    live.on_revision(one.replan)
    return Present(one, kept.cluster, clock, name=me, region=settings.region, alone=False), one.counters


def _alone_in_region(
    prober: Part, settings: Settings, cluster: ClusterStore, clock: Clock, name: str
) -> Part:
    """The prober as the only one of its region over this database.

    It goes on while the database does not answer. Its results wait meanwhile and are kept, so an outage of
    the database leaves no hole in what is known of providers; and processes that share a SQLite file share
    its troubles: what keeps one from renewing a lease (a file that is locked, a full disk) keeps the others
    from taking it. Where only this process is in trouble (it may open no more files, say), checks are made
    twice until it is out of it; measurements are not, for none is made that the ledger does not grant.
    """
    present = Present(prober, cluster, clock, name=name, region=settings.region, alone=True)
    return Leased(present, f"prober:{settings.region}", cluster, clock, name, unsure=True)


def _jobs(settings: Settings, kept: Kept, clock: Clock) -> Part:
    """What is done on the database alone; so when the database is away, stopping it costs nothing."""
    upkeep = Upkeep(
        kept.telemetry,
        clock,
        keep_raw=timedelta(days=settings.retention_days),
        keep_rollups=timedelta(days=settings.rollup_days),
    )
    return Parts({"upkeep": upkeep, "evaluation": Evaluation(kept.telemetry, clock)}, clock)


def _dispatcher(
    settings: Settings,
    live: Live,
    kept: Kept,
    clock: Clock,
    senders: Mapping[str, Sender],
    address: str,
) -> Dispatcher:
    minutes = settings.alert_reminder_minutes
    return Dispatcher(
        kept.telemetry,
        kept.alerts,
        senders,
        clock,
        reminder=timedelta(minutes=minutes) if minutes else None,
        origin=Origin(names=lambda name: _display_name(live, name), base_url=address, region=settings.region),
    )


def _display_name(live: Live, provider_id: str) -> str:
    entry = live.snapshot.provider(provider_id)
    return entry.record.name if entry else provider_id
