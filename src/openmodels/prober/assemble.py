"""Puts a prober together from settings and stores; whoever serves, works or probes once starts from here."""

import functools
import ssl
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from openmodels.clock import Clock
from openmodels.domain.snapshot import Snapshot
from openmodels.domain.telemetry import Check, Measurement
from openmodels.prober.client import ProbeClient
from openmodels.prober.connectivity import TARGET_SECONDS, Connectivity, Reach
from openmodels.prober.guard import Guard
from openmodels.prober.keys import KeySource
from openmodels.prober.ledger import Ledger
from openmodels.prober.once import Line, probe_once
from openmodels.prober.plan import Plan, ProviderPlan, make_plan, stray_endpoints
from openmodels.prober.probing import Client, Probing
from openmodels.prober.recorder import Recorder, Records
from openmodels.prober.results import ProberCounters
from openmodels.prober.runner import Prober
from openmodels.prober.style import Styles, load_styles
from openmodels.settings import Settings
from openmodels.store.spending_ports import SpendingStore

LAST_WRITE_SECONDS = 30.0
"""How long the results of one round may take to be written: somebody waits for them to be there."""

log: Any = structlog.get_logger(__name__)


def assemble_prober(
    settings: Settings,
    snapshot: Callable[[], Snapshot],
    *,
    telemetry: Records,
    spending: SpendingStore,
    clock: Clock,
    keys: KeySource,
    client: Client | None = None,
    reach: Reach | None = None,
) -> Prober:
    """A prober that is ready to ``run``.

    ``snapshot`` gives the revision to go by, at the start and whenever the prober's ``replan`` was called.
    ``client`` and ``reach`` replace what asks providers and connectivity targets.
    """
    styles = load_styles()
    counters = ProberCounters()
    recorder = Recorder(telemetry, clock, counters)
    connectivity = Connectivity(
        reach or connectivity_reach(settings, clock, styles), settings.connectivity_targets, clock, counters
    )
    probing = Probing(
        client or probe_client(settings, clock, styles),
        keys,
        Ledger(spending, clock, counters),
        connectivity,
        recorder.put,
        counters,
    )

    return Prober(
        planning(settings, snapshot, styles),
        probing,
        connectivity=connectivity,
        recorder=recorder,
        clock=clock,
        counters=counters,
        concurrency=settings.probe_concurrency,
        region=settings.region,
    )


def planning(settings: Settings, snapshot: Callable[[], Snapshot], styles: Styles) -> Callable[[], Plan]:
    """What makes the plan for the revision that ``snapshot`` gives at the time."""

    def plan() -> Plan:
        current = snapshot()
        for sentence in stray_endpoints(settings, current):
            log.warning(sentence)
        return make_plan(current, settings, styles)

    return plan


async def probe_now(
    settings: Settings,
    plans: Sequence[ProviderPlan],
    *,
    telemetry: Records | None,
    spending: SpendingStore,
    clock: Clock,
    keys: KeySource,
    styles: Styles,
    on_change: Callable[[Line], None],
) -> tuple[list[Line], ProberCounters]:
    """Probe these providers once, now; what came of each, and what was counted.

    Results are recorded in ``telemetry``, before this returns, unless it is None.
    """
    counters = ProberCounters()
    recorder = None if telemetry is None else Recorder(telemetry, clock, counters)
    connectivity = Connectivity(
        connectivity_reach(settings, clock, styles), settings.connectivity_targets, clock, counters
    )
    probing = Probing(
        probe_client(settings, clock, styles),
        keys,
        Ledger(spending, clock, counters),
        connectivity,
        recorder.put if recorder else leave_unrecorded,
        counters,
    )
    try:
        lines = await probe_once(
            plans, probing, clock, concurrency=settings.probe_concurrency, on_change=on_change
        )
    finally:
        await connectivity.close()
        if recorder is not None:
            await recorder.close(LAST_WRITE_SECONDS)
    return lines, counters


def leave_unrecorded(_result: Check | Measurement) -> None:
    """Record nothing."""


def probe_client(
    settings: Settings, clock: Clock, styles: Styles, *, ssl_context: ssl.SSLContext | None = None
) -> ProbeClient:
    """The client that asks providers."""
    return ProbeClient(
        guard=Guard(allow_private=settings.allow_private),
        clock=clock,
        region=settings.region,
        ssl_context=ssl_context,
        styles=styles,
    )


def connectivity_reach(settings: Settings, clock: Clock, styles: Styles) -> Reach:
    """What asks a connectivity target. They are the operator's own word, so they may be in the house."""
    client = ProbeClient(guard=Guard(allow_private=True), clock=clock, region=settings.region, styles=styles)
    return functools.partial(client.reachable, timeout=TARGET_SECONDS)
