"""Snapshots of the past: which are read back, which are kept, and for how long one waits."""

import asyncio
from datetime import datetime

import pytest
from msgspec.structs import replace

from contract.builders import vendor
from fixtures.failing_history import WatchedHistory
from fixtures.past import day, lived, start_lived
from fixtures.service import Service
from openmodels.api import past as module
from openmodels.api.past import KEPT, LONGEST_REST, Past
from openmodels.clock import SettableClock
from openmodels.domain.records import Registry, revision_of
from openmodels.errors import StoreError
from openmodels.store.memory import MemoryRegistryStore
from openmodels.store.memory_history import MemoryHistoryStore
from openmodels.store.ports import Head

pytestmark = pytest.mark.anyio

DAYS = [day(number, 13) for number in (1, 3, 5, 7)]
"""Of each revision but the one that serves, a time at which it held."""


class Lagging(MemoryHistoryStore):
    """A replica that knows of a later revision what came before it."""

    async def registry_at(self, at: datetime) -> tuple[Head, Registry] | None:
        return await super().registry_at(day(1, 13)) if at > day(4) else await super().registry_at(at)


async def start(kind: type[MemoryHistoryStore] = MemoryHistoryStore) -> tuple[Past, WatchedHistory, Service]:
    store = MemoryRegistryStore()
    history = WatchedHistory(kind(store))
    service = await start_lived(store, history)
    return Past(history, service.live, service.clock), history, service


async def reads_for(past: Past, history: WatchedHistory, *times: datetime) -> int:
    """How many registries were read back for these times."""
    before = history.reads
    for time in times:
        assert await past.at(time) is not None
    return history.reads - before


async def test_what_serves_is_not_read_back() -> None:
    past, history, service = await start()
    assert await past.at(day(9, 13)) is service.live.snapshot is past.present
    assert history.reads == 0


async def test_what_was_asked_for_last_is_kept_longest() -> None:
    past, history, service = await start()
    assert len(DAYS) == KEPT
    assert await reads_for(past, history, *DAYS) == KEPT
    # The revision that served is one more, once another serves.
    await service.publish(replace(lived()[-1][1], vendors=(vendor("v"),)))
    assert await reads_for(past, history, DAYS[0], day(9, 13)) == 1
    assert await reads_for(past, history, DAYS[0], DAYS[2], DAYS[3], day(9, 13)) == 0
    assert await reads_for(past, history, DAYS[1]) == 1


async def test_few_are_kept_where_they_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_OFFERINGS", 3)
    past, history, _ = await start()
    # Of two and two offerings, only the latter stay.
    assert await reads_for(past, history, DAYS[0], DAYS[1]) == 2
    assert await reads_for(past, history, DAYS[1]) == 0
    assert await reads_for(past, history, DAYS[0]) == 1


async def test_one_is_kept_however_large_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_OFFERINGS", 0)
    past, history, _ = await start()
    assert await reads_for(past, history, DAYS[0], DAYS[0]) == 1


async def test_another_revision_than_was_asked_for_is_never_given() -> None:
    past, _, _ = await start(Lagging)
    first = await past.at(DAYS[0])
    assert first is not None
    assert first.revision == revision_of(lived()[0][1])
    with pytest.raises(StoreError, match="does not tell what revision"):
        await past.at(DAYS[2])


async def wait_for_sleeper(clock: SettableClock) -> None:
    while clock.sleepers == 0:  # noqa: ASYNC110 - the clock tells nobody
        await asyncio.sleep(0)


async def test_nobody_waits_longer_than_the_longest_rest() -> None:
    past, history, service = await start()
    history.may_read.clear()
    first = asyncio.create_task(past.at(DAYS[0]))
    await history.reading.wait()
    service.clock.advance(seconds=100 * LONGEST_REST)
    history.may_read.set()
    await first
    second = asyncio.create_task(past.at(DAYS[1]))
    await wait_for_sleeper(service.clock)
    service.clock.advance(seconds=LONGEST_REST - 0.001)
    await asyncio.sleep(0)
    assert history.reads == 1
    service.clock.advance(seconds=0.001)
    for _ in range(5):
        await asyncio.sleep(0)
    assert history.reads == 2
    assert await second is not None
