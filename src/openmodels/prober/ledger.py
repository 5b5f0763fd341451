"""Keeps latency probes within each provider's daily limit and budget."""

from datetime import date, timedelta
from typing import Any, NamedTuple

import structlog

from openmodels.clock import Clock
from openmodels.domain.spending import bill, to_nano
from openmodels.domain.telemetry import Measurement
from openmodels.errors import StoreError
from openmodels.prober.plan import PROMPT_TOKENS, Choice, ProviderPlan
from openmodels.prober.results import ProberCounters
from openmodels.store.spending_ports import SpendingStore

log: Any = structlog.get_logger(__name__)

KEEP = timedelta(days=400)
"""How long the ledger's days are kept: a year can be compared with the one before."""


class Reservation(NamedTuple):
    """A probe that may be made, and is paid for by its estimate until it is settled."""

    provider_id: str
    day: date
    choice: Choice


class Ledger:
    """Reserves before a probe and settles after it. Raises nothing: without an answer there is no probe."""

    def __init__(self, store: SpendingStore, clock: Clock, counters: ProberCounters) -> None:
        self._store = store
        self._clock = clock
        self._counters = counters
        self._day: date | None = None
        self._told: set[str] = set()
        self._failing = False

    async def reserve(self, plan: ProviderPlan, choice: Choice) -> Reservation | str:
        """Leave to measure ``choice`` now; or, in words, why there is none.

        The day is that of UTC, and of the time at which the probe begins.
        """
        day = self._clock.now().date()
        try:
            await self._turn_to(day)
            granted = await self._store.reserve(
                plan.provider_id,
                day,
                choice.pricing.currency,
                estimate=choice.estimate,
                limit=plan.policy.daily_limit,
                budget=to_nano(plan.policy.daily_budget),
            )
        except StoreError as error:
            self._counters.unreserved += 1
            self._not_reached(error)
            return "the ledger does not answer"
        self._failing = False
        if granted:
            return Reservation(plan.provider_id, day, choice)
        self._counters.over_budget += 1
        if plan.provider_id not in self._told:
            self._told.add(plan.provider_id)
            log.info(
                "daily limit or budget is used up; measured again tomorrow (UTC)",
                provider=plan.provider_id,
                limit=plan.policy.daily_limit,
                budget=str(plan.policy.daily_budget),
                currency=choice.pricing.currency,
            )
        return "the day's limit or budget is used up"

    async def settle(self, reservation: Reservation, measurement: Measurement) -> None:
        """Put what the probe did cost in place of its estimate; where that fails, the estimate stands."""
        choice = reservation.choice
        actual = bill(
            measurement,
            choice.pricing,
            estimate=choice.estimate,
            input_tokens=PROMPT_TOKENS,
            reasoning=choice.completion.reasoning,
        )
        if actual != choice.estimate:
            await self._book(reservation, actual)

    async def give_back(self, reservation: Reservation) -> None:
        """Book nothing for a probe that could not be made."""
        await self._book(reservation, 0)

    async def _book(self, reservation: Reservation, actual: int) -> None:
        choice = reservation.choice
        try:
            await self._store.settle(
                reservation.provider_id,
                reservation.day,
                choice.pricing.currency,
                estimate=choice.estimate,
                actual=actual,
            )
        except StoreError as error:
            self._not_reached(error)

    async def _turn_to(self, day: date) -> None:
        if day != self._day:
            self._day = day
            self._told.clear()
            await self._store.forget(day - KEEP)

    def _not_reached(self, error: StoreError) -> None:
        if not self._failing:
            self._failing = True
            log.warning("the ledger does not answer; nothing is measured meanwhile", reason=str(error))
