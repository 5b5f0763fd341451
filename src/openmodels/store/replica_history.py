"""The registry's history, read from a replica, and from the primary when the replica is away."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from openmodels.domain.records import Registry
from openmodels.store.history import SqlHistoryStore
from openmodels.store.history_ports import ChangeQuery, NumberedChange, Place
from openmodels.store.ports import Head
from openmodels.store.replica import Replica


class ReplicaHistoryStore(SqlHistoryStore):
    """A ``HistoryStore`` that answers from a replica, and writes to the primary.

    The replica is asked only once it has come as far as the revision that serves (``Replica``).
    """

    def __init__(self, primary: AsyncEngine, replica: Replica) -> None:
        super().__init__(primary)
        self._replica = replica
        self._there = SqlHistoryStore(replica.engine)

    async def beginning(self) -> Head | None:
        """The first revision that is known in full, or None before the first publish."""
        return await self._replica.first(self._there.beginning, super().beginning)

    async def changes(
        self, query: ChangeQuery, *, limit: int, before: Place | None = None, after: Place | None = None
    ) -> Sequence[NumberedChange]:
        """The newest changes that fit, newest first, or those next after a place."""
        return await self._replica.first(
            self._there.changes, super().changes, query, limit=limit, before=before, after=after
        )

    async def registry_at(self, at: datetime) -> tuple[Head, Registry] | None:
        """What was published at that time, and since when."""
        return await self._replica.first(self._there.registry_at, super().registry_at, at)

    async def head_at(self, at: datetime) -> Head | None:
        """Which revision was published at that time, and since when."""
        return await self._replica.first(self._there.head_at, super().head_at, at)
