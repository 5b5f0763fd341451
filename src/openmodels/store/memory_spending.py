"""The ledger of latency probes in memory: for one process, for tests, and for trying things."""

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from openmodels.store.spending_ports import Spending


class MemorySpendingStore:
    """A ``SpendingStore`` in memory; see the port for what each method promises."""

    def __init__(self) -> None:
        self._rows: dict[tuple[date, str, str], Spending] = {}

    async def reserve(
        self, provider_id: str, day: date, currency: str, *, estimate: int, limit: int, budget: int
    ) -> bool:
        """Count one more probe and its estimated cost, if that stays within both bounds; whether it did."""
        row = self._row(provider_id, day, currency)
        of_day = (r for r in self._rows.values() if (r.provider_id, r.day) == (provider_id, day))
        if sum(r.probes for r in of_day) >= limit or row.spent + estimate > budget:
            return False
        self._rows[day, provider_id, currency] = replace(
            row, probes=row.probes + 1, spent=row.spent + estimate
        )
        return True

    async def settle(self, provider_id: str, day: date, currency: str, *, estimate: int, actual: int) -> None:
        """Replace a reservation's estimate by what the probe did cost."""
        row = self._rows.get((day, provider_id, currency))
        if row is not None:
            self._rows[day, provider_id, currency] = replace(row, spent=row.spent - estimate + actual)

    async def spending(self, day: date) -> Sequence[Spending]:
        """The ledger of one day, sorted by provider and currency."""
        return [self._rows[key] for key in sorted(self._rows) if key[0] == day]

    async def forget(self, before: date) -> None:
        """Delete all days before that one."""
        self._rows = {key: row for key, row in self._rows.items() if key[0] >= before}

    def _row(self, provider_id: str, day: date, currency: str) -> Spending:
        empty = Spending(provider_id=provider_id, day=day, currency=currency, probes=0, spent=0)
        return self._rows.get((day, provider_id, currency), empty)
