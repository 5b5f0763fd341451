"""A registry store together with its history, and a little that they keep."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from contract.builders import AT, minutes, model, offering, provider, registry, vendor
from openmodels.domain.records import Registry
from openmodels.store.history import SqlHistoryStore
from openmodels.store.history_ports import ChangeQuery, HistoryStore, Replay, Replayed
from openmodels.store.memory import MemoryRegistryStore
from openmodels.store.memory_history import MemoryHistoryStore
from openmodels.store.ports import Head, RegistryStore
from openmodels.store.registry import SqlRegistryStore

SMALL = registry(model("a"), model("b"), provider("p"), offering("p", "a"), vendor("v"))
NEXT = registry(
    model("a", context_window=1), model("c"), provider("p"), offering("p", "a", "0.20"), vendor("v")
)


class Kept(Struct, frozen=True):
    """A registry store and the history of what it publishes."""

    registry: RegistryStore
    history: HistoryStore

    async def publish(self, some: Registry, at: datetime) -> Head:
        head = await self.registry.head()
        return (await self.registry.publish(some, base=head.revision if head else None, at=at)).head

    async def fields(self, query: ChangeQuery | None = None, **more: Any) -> list[tuple[str, str | None]]:
        """The ids and fields of the changes that fit, newest first."""
        found = await self.history.changes(query or ChangeQuery(), limit=99, **more)
        return [(numbered.change.id, numbered.change.field) for numbered in found]


def kept_by(store: RegistryStore) -> Kept:
    """The store and the history of what it publishes."""
    if isinstance(store, MemoryRegistryStore):
        return Kept(store, MemoryHistoryStore(store))
    assert isinstance(store, SqlRegistryStore)
    return Kept(store, SqlHistoryStore(store._engine))


async def filled(kept: Kept) -> None:
    """Publish five revisions, a minute apart, in which something of most kinds comes, changes and goes."""
    old = registry(
        model("a"), model("b"), provider("p"), provider("q"), offering("p", "a"), offering("q", "b")
    )
    for after, changed in enumerate(
        (
            old,
            registry(*old.models, *old.providers, offering("p", "a", "0.2"), offering("q", "b")),
            registry(model("a", status="deprecated"), model("b"), *old.providers, offering("p", "a", "0.2")),
            registry(*old.models, *old.providers, offering("p", "a", "0.2"), vendor("v")),
            registry(model("a"), *old.providers, offering("p", "a", "0.2"), vendor("v", country="de")),
        )
    ):
        await kept.publish(changed, AT + minutes(after))


async def replay_two(kept: Kept) -> Replay:
    return await kept.history.replay(
        [
            Replayed(at=AT - minutes(20), registry=registry(model("b", context_window=1))),
            Replayed(at=AT - minutes(10), registry=registry(model("b", context_window=2))),
        ]
    )
