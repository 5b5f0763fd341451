"""The registry's history over a registry store in memory."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from openmodels.domain.changes import Change
from openmodels.domain.records import Registry
from openmodels.store.history_ports import ChangeQuery, NumberedChange, Place, Replay, Replayed
from openmodels.store.memory import MemoryRegistryStore
from openmodels.store.ports import Head


class MemoryHistoryStore:
    """A ``HistoryStore`` of what a ``MemoryRegistryStore`` published; see the port for what it promises."""

    def __init__(self, registry: MemoryRegistryStore) -> None:
        self._journal = registry.journal

    async def beginning(self) -> Head | None:
        """The first revision, or None before the first publish."""
        revisions = self._journal.revisions
        return revisions[0][0] if revisions else None

    async def changes(
        self, query: ChangeQuery, *, limit: int, before: Place | None = None, after: Place | None = None
    ) -> Sequence[NumberedChange]:
        """The newest changes that fit, newest first, or those next after a place."""
        if after is not None:
            newer = (one for one in self._journal.newer_than(after) if _fits(one.change, query))
            return list(islice(newer, limit))[::-1]
        older = reversed(self._journal.older_than(before))
        return list(islice((one for one in older if _fits(one.change, query)), limit))

    async def registry_at(self, at: datetime) -> tuple[Head, Registry] | None:
        """What was published at that time, and since when."""
        return self._journal.at(at)

    async def head_at(self, at: datetime) -> Head | None:
        """Which revision was published at that time, and since when."""
        found = self._journal.at(at)
        return found[0] if found else None

    async def replay(self, revisions: Sequence[Replayed]) -> Replay:
        """Put what is older than the beginning before it."""
        return self._journal.replay(revisions)


def _fits(change: Change, query: ChangeQuery) -> bool:
    model_id, provider_id = change.entities
    return (
        (query.since is None or change.at >= query.since)
        and (query.until is None or change.at < query.until)
        and (not query.kinds or change.kind in query.kinds)
        and (not query.actions or change.action in query.actions)
        and (not query.topics or change.topic in query.topics)
        and (not query.fields or change.field in query.fields)
        and query.model_id in (None, model_id)
        and query.provider_id in (None, provider_id)
    )
