"""One probe from beginning to end: key, leave from the ledger, the probe itself, whether it is believed."""

from collections.abc import Callable
from typing import Any, Generic, Protocol

import structlog
from msgspec import Struct
from msgspec.structs import replace

from openmodels.domain.telemetry import Check, Measurement
from openmodels.prober.connectivity import Connectivity
from openmodels.prober.keys import KeySource
from openmodels.prober.ledger import Ledger
from openmodels.prober.outcomes import Exhausted
from openmodels.prober.plan import ProviderPlan
from openmodels.prober.results import ProberCounters
from openmodels.prober.schedule import Kind
from openmodels.prober.target import Completion, Probed, R, Target

log: Any = structlog.get_logger(__name__)

_NO_ROOM = "this machine has no socket left for it"
_ABOUT_THE_WAY = frozenset({"network", "timeout"})
"""Outcomes that the prober's own network can be the cause of."""


class Client(Protocol):
    """What makes single probes: ``client.ProbeClient``.

    It raises nothing for what a provider does, and ``Exhausted`` where this machine cannot make a probe.
    """

    async def check(self, target: Target) -> Probed[Check]:
        """Ask once whether the provider's API answers."""
        ...

    async def measure(self, target: Target, completion: Completion) -> Probed[Measurement]:
        """Ask for one completion and time its stream."""
        ...


class Attempt(Struct, Generic[R], frozen=True, kw_only=True):
    """What came of a turn."""

    probed: Probed[R] | None = None
    """The result; None when no probe was made."""
    reason: str = ""
    """Why no probe was made, or why its result is not recorded, for people."""


class Probing:
    """Makes probes, and hands what is believed of them to ``put``, which has it recorded."""

    def __init__(
        self,
        client: Client,
        keys: KeySource,
        ledger: Ledger,
        connectivity: Connectivity,
        put: Callable[[Check | Measurement], None],
        counters: ProberCounters,
    ) -> None:
        self._client = client
        self._keys = keys
        self._ledger = ledger
        self._connectivity = connectivity
        self._put = put
        self._counters = counters
        self._exhausted = False

    async def check(self, plan: ProviderPlan) -> Attempt[Check]:
        """Check the provider's health."""
        try:
            probed = await self._client.check(plan.target)
        except Exhausted:
            return Attempt(reason=self._give_up())
        return Attempt(probed=probed, reason=await self._keep("health", probed.record, plan))

    async def measure(self, plan: ProviderPlan, slot: int) -> Attempt[Measurement]:
        """Measure the offering whose turn it is in this slot, if there is a key and the budget allows."""
        found = self._keys.find(plan.variables) if plan.needs_key else None
        if found is not None and found.key is None:
            self._counters.unkeyed += 1
            return Attempt(reason=found.problem)
        reservation = await self._ledger.reserve(plan, plan.choice(slot))
        if isinstance(reservation, str):
            return Attempt(reason=reservation)
        target = replace(plan.target, key=found.key) if found else plan.target
        try:
            probed = await self._client.measure(target, reservation.choice.completion)
        except Exhausted:
            await self._ledger.give_back(reservation)
            return Attempt(reason=self._give_up())
        await self._ledger.settle(reservation, probed.record)
        return Attempt(probed=probed, reason=await self._keep("latency", probed.record, plan))

    def _give_up(self) -> str:
        """Note that a probe could not be made. Without this, our own want would be the providers' outage."""
        self._counters.exhausted += 1
        if not self._exhausted:
            self._exhausted = True
            log.error(
                "this machine has no socket, thread or memory left; probes that cannot be made are left out: "
                "allow more open files (ulimit -n), or fewer probes at a time (OPENMODELS_PROBE_CONCURRENCY)"
            )
        return _NO_ROOM

    async def _keep(self, kind: Kind, record: Check | Measurement, plan: ProviderPlan) -> str:
        """Have the result recorded; else why not."""
        self._counters.probes[kind, record.outcome] += 1
        self._exhausted = self._exhausted and record.connect_ms is None
        # A server in the house answers also when the house is offline.
        if record.http_status is not None and not plan.target.own_endpoint:
            self._connectivity.proven()
        elif record.outcome in _ABOUT_THE_WAY and not await self._connectivity.online():
            self._counters.offline_dropped += 1
            return "this machine is offline"
        self._put(record)
        return ""
