"""The port of the ledger of latency probes: how many were made in a day, and what they cost.

It has an implementation in memory (``store/memory_spending.py``) and one over SQL (``store/spending.py``);
one contract suite runs over both. Probers on several machines share a ledger.
"""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from msgspec import Struct


class Spending(Struct, frozen=True, kw_only=True):
    """One provider's latency probes of one day in one currency."""

    provider_id: str
    """The provider."""
    day: date
    """The day, in UTC."""
    currency: str
    """The currency of the prices."""
    probes: int
    """How many were begun."""
    spent: int
    """What they cost, in nano-units; those that are not settled, by their estimates."""


class SpendingStore(Protocol):
    """Keeps the ledger. Every method raises ``StoreError`` when the store does not answer."""

    async def reserve(
        self, provider_id: str, day: date, currency: str, *, estimate: int, limit: int, budget: int
    ) -> bool:
        """Count one more probe and its estimated cost, if that stays within both bounds; whether it did.

        ``limit`` bounds the provider's probes of the day in all currencies together, ``budget`` what it
        spends in this one. Amounts are nano-units. Of several that reserve at once, none goes over a bound
        together.
        """
        ...

    async def settle(self, provider_id: str, day: date, currency: str, *, estimate: int, actual: int) -> None:
        """Replace a reservation's estimate by what the probe did cost.

        A reservation that is never settled, because the prober died, keeps its estimate.
        """
        ...

    async def spending(self, day: date) -> Sequence[Spending]:
        """The ledger of one day, sorted by provider and currency."""
        ...

    async def forget(self, before: date) -> None:
        """Delete all days before that one."""
        ...
