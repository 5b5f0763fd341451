"""Probes providers once, now, for somebody who waits for the answer."""

import asyncio
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from openmodels.clock import Clock
from openmodels.domain.telemetry import Check, Measurement
from openmodels.prober.plan import ProviderPlan
from openmodels.prober.probing import Attempt, Probing


class Line(Struct, frozen=True, kw_only=True):
    """What is known of one provider so far."""

    plan: ProviderPlan
    """The provider."""
    health: Attempt[Check] | None = None
    """Its check; None while it is not over."""
    latency: Attempt[Measurement] | None = None
    """Its measurement; None while it is not over."""

    @property
    def over(self) -> bool:
        """Whether there is nothing more to come."""
        return self.health is not None and self.latency is not None


async def probe_once(
    plans: Sequence[ProviderPlan],
    probing: Probing,
    clock: Clock,
    *,
    concurrency: int,
    on_change: Callable[[Line], None] = lambda _: None,
) -> list[Line]:
    """Check each provider, and measure the offering whose turn it is where that can be done.

    ``on_change`` is told each time something more is known of one. The answer has the order of ``plans``.
    """
    places = asyncio.Semaphore(concurrency)
    lines = {plan.provider_id: Line(plan=plan) for plan in plans}

    def note(line: Line) -> None:
        lines[line.plan.provider_id] = line
        on_change(line)

    async def check(plan: ProviderPlan) -> None:
        if plan.unprobed:
            found: Attempt[Check] = Attempt(reason=plan.unprobed)
        else:
            async with places:
                found = await probing.check(plan)
        note(replace(lines[plan.provider_id], health=found))

    async def measure(plan: ProviderPlan) -> None:
        if not plan.choices:
            found: Attempt[Measurement] = Attempt(reason=plan.unmeasured)
        else:
            slot = int(clock.unix() // plan.policy.latency_interval)
            async with places:
                found = await probing.measure(plan, slot)
        note(replace(lines[plan.provider_id], latency=found))

    async with asyncio.TaskGroup() as group:
        for plan in plans:
            group.create_task(check(plan))
            group.create_task(measure(plan))
    return list(lines.values())
