"""The ledger of latency probes in a SQL table."""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from openmodels.store import tables
from openmodels.store.engine import is_sqlite, reading, writing
from openmodels.store.spending_ports import Spending

_table = tables.spending
_LOCKS = 4
"""The first of the two numbers of a lock on a provider's day; nothing else in the database uses it."""


class SqlSpendingStore:
    """A ``SpendingStore`` over a migrated database; see the port for what each method promises."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def reserve(
        self, provider_id: str, day: date, currency: str, *, estimate: int, limit: int, budget: int
    ) -> bool:
        """Count one more probe and its estimated cost, if that stays within both bounds; whether it did.

        One conditional UPDATE decides, and its row count tells.
        """
        key = {"provider_id": provider_id, "day": day, "currency": currency}
        of_day = _table.alias()
        probes = (
            select(func.sum(of_day.c.probes))
            .where(of_day.c.provider_id == provider_id, of_day.c.day == day)
            .scalar_subquery()
        )
        within = (probes < limit, _table.c.spent <= budget - estimate)
        statement = (
            update(_table)
            .where(*_here(key), *within)
            .values(probes=_table.c.probes + 1, spent=_table.c.spent + estimate)
        )
        async with writing(self._engine) as connection:
            await _take_turn(connection, provider_id, day)
            if (await connection.execute(statement)).rowcount == 1:
                return True
            if not await _make_row(connection, key):
                return False
            return (await connection.execute(statement)).rowcount == 1

    async def settle(self, provider_id: str, day: date, currency: str, *, estimate: int, actual: int) -> None:
        """Replace a reservation's estimate by what the probe did cost."""
        key = {"provider_id": provider_id, "day": day, "currency": currency}
        statement = update(_table).where(*_here(key)).values(spent=_table.c.spent + (actual - estimate))
        async with writing(self._engine) as connection:
            await connection.execute(statement)

    async def spending(self, day: date) -> Sequence[Spending]:
        """The ledger of one day, sorted by provider and currency."""
        async with reading(self._engine) as connection:
            rows = (await connection.execute(select(_table).where(_table.c.day == day))).mappings().all()
        found = [Spending(**row) for row in rows]
        # Sorted here, since databases do not agree on the order of text.
        return sorted(found, key=lambda row: (row.provider_id, row.currency))

    async def forget(self, before: date) -> None:
        """Delete all days before that one."""
        async with writing(self._engine) as connection:
            await connection.execute(delete(_table).where(_table.c.day < before))


async def _take_turn(connection: AsyncConnection, provider_id: str, day: date) -> None:
    """Let nobody else reserve for this provider and day until the transaction ends.

    SQLite's writers are one after the other anyway. PostgreSQL's are not, and of two that write rows of
    different currencies, neither would see in the sum of probes what the other one adds.
    """
    if not is_sqlite(connection):
        number = int.from_bytes(hashlib.blake2b(f"{day}/{provider_id}".encode(), digest_size=4).digest())
        turn = func.pg_advisory_xact_lock(_LOCKS, number - 2**31)
        await connection.execute(select(turn))


def _here(key: dict[str, Any]) -> list[Any]:
    return [_table.c[name] == value for name, value in key.items()]


async def _make_row(connection: AsyncConnection, key: dict[str, Any]) -> bool:
    """Put an empty row there; False when there was one, so that trying again is of no use."""
    if (await connection.execute(select(_table.c.probes).where(*_here(key)))).first() is not None:
        return False
    try:
        async with connection.begin_nested():
            await connection.execute(insert(_table).values(**key, probes=0, spent=0))
    except IntegrityError:
        # Another prober was quicker; its row serves as well.
        pass
    return True
