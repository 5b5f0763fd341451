"""From the registry's files to a published revision."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from openmodels.clock import Clock
from openmodels.domain.records import Registry
from openmodels.registry.load import require_registry
from openmodels.store.ports import Changes, PublishResult, RegistryStore

FEW = 12
"""Ids that a summary names; of more, it only gives the number."""


async def publish(
    path: Path, store: RegistryStore, clock: Clock, *, load: Callable[[Path], Registry] = require_registry
) -> PublishResult:
    """Validate the registry in the folder ``path`` and publish it.

    ``load`` reads the folder, in a thread of its own. Raises ``RegistryUnreadable`` or ``RegistryInvalid``
    (with every issue) for files that cannot be published, ``PublishConflict`` when another publish came first
    since this one began, and ``StoreError``; nothing is written then.
    """
    # Seen before the files are: a publish that comes while they are read wins.
    head = await store.head()
    registry = await asyncio.to_thread(load, path)
    return await store.publish(registry, base=head.revision if head else None, at=clock.now())


def summary(result: PublishResult) -> list[str]:
    """What a publish did, in words: a line for each kind of record that changed, then the revisions."""
    if result.previous is not None and result.previous.revision == result.head.revision:
        return [f"nothing changed: revision {result.head.revision} is published already"]
    before = f"revision {result.previous.revision}" if result.previous else "nothing"
    return [*map(_line, result.changes), f"published revision {result.head.revision}; before it, {before}"]


def _line(change: Changes) -> str:
    parts = (("added", change.added), ("changed", change.changed), ("removed", change.removed))
    return f"{change.kind}: " + ", ".join(_part(word, ids) for word, ids in parts if ids)


def _part(word: str, ids: tuple[str, ...]) -> str:
    named = f" ({', '.join(ids)})" if len(ids) <= FEW else ""
    return f"{len(ids):,} {word}{named}"
