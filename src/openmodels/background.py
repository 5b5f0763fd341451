"""What works beside the API, or without it: the prober, and the jobs on what it brings.

One process on one machine runs all of it inside ``serve``; ``worker`` runs it alone.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

import structlog
from msgspec import Struct

from openmodels.clock import Clock
from openmodels.jobs.alerts import Dispatcher, Origin
from openmodels.jobs.evaluation import Evaluation
from openmodels.jobs.memory import MemoryKeeper, system_trim
from openmodels.jobs.senders import Sender
from openmodels.jobs.upkeep import Upkeep
from openmodels.prober.assemble import assemble_prober
from openmodels.prober.keys import KeySource
from openmodels.prober.results import ProberCounters
from openmodels.prober.runner import Prober
from openmodels.settings import Settings
from openmodels.store.alert_ports import AlertStore
from openmodels.store.live import Live
from openmodels.store.ports import TelemetryStore
from openmodels.store.spending_ports import SpendingStore

log: Any = structlog.get_logger(__name__)


RESTART_SECONDS = 60.0
"""How long after a fault a part is begun again."""


class Kept(Struct, frozen=True, kw_only=True):
    """The stores that work in the background reads and writes."""

    telemetry: TelemetryStore
    alerts: AlertStore
    spending: SpendingStore


class Part(Protocol):
    """Something that works until it is cancelled."""

    async def run(self) -> None:
        """Work until cancelled."""
        ...


class Background:
    """The prober, upkeep, evaluation and alerts of one process."""

    def __init__(
        self,
        prober: Prober,
        upkeep: Upkeep,
        evaluation: Evaluation,
        dispatcher: Dispatcher,
        memory: MemoryKeeper,
        *,
        clock: Clock,
    ) -> None:
        self._prober = prober
        self._clock = clock
        self._parts: Mapping[str, Part] = {
            "prober": prober,
            "upkeep": upkeep,
            "evaluation": evaluation,
            "alerts": dispatcher,
            "memory": memory,
        }

    @property
    def counters(self) -> ProberCounters:
        """What the prober counts of itself."""
        return self._prober.counters

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
        async with asyncio.TaskGroup() as parts:
            for name, part in self._parts.items():
                parts.create_task(self._keep_going(name, part), name=name)

    async def _keep_going(self, name: str, part: Part) -> None:
        while True:
            try:
                await part.run()
            except Exception:
                # Each part handles what it foresees. Without this, what it does not would end all work.
                log.exception("a part of the background work failed", part=name, again_in=RESTART_SECONDS)
            else:
                return
            await self._clock.sleep(RESTART_SECONDS)


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
    prober = assemble_prober(
        settings,
        lambda: live.snapshot,
        telemetry=kept.telemetry,
        spending=kept.spending,
        clock=clock,
        keys=keys,
    )
    live.on_revision(prober.replan)
    upkeep = Upkeep(
        kept.telemetry,
        clock,
        keep_raw=timedelta(days=settings.retention_days),
        keep_rollups=timedelta(days=settings.rollup_days),
    )
    minutes = settings.alert_reminder_minutes
    dispatcher = Dispatcher(
        kept.telemetry,
        kept.alerts,
        senders,
        clock,
        reminder=timedelta(minutes=minutes) if minutes else None,
        origin=Origin(names=lambda name: _display_name(live, name), base_url=address, region=settings.region),
    )
    memory = MemoryKeeper(clock, system_trim())
    return Background(prober, upkeep, Evaluation(kept.telemetry, clock), dispatcher, memory, clock=clock)


def _display_name(live: Live, provider_id: str) -> str:
    entry = live.snapshot.provider(provider_id)
    return entry.record.name if entry else provider_id
