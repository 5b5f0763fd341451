"""What ``Live`` asks of the database for a request: as little as it can."""

import asyncio
import gc
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from contract.builders import check, provider
from openmodels.domain.records import ProbePolicy, Provider, Registry
from openmodels.domain.standing import Standing
from openmodels.domain.telemetry import Check
from openmodels.store.live import STATES_HOLD, Live
from openmodels.store.memory import MemoryRegistryStore, MemoryTelemetryStore

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class CountingStore(MemoryTelemetryStore):
    asked = 0

    async def standings(self) -> Mapping[str, Standing]:
        self.asked += 1
        await asyncio.sleep(0)
        return await super().standings()


async def _live(store: CountingStore, *providers: Provider, **intervals: timedelta) -> Live:
    registry = MemoryRegistryStore()
    await registry.publish(Registry(providers=providers), base=None, at=AT)
    live = Live(registry, store, **intervals)
    await live.start()
    return live


def test_it_asks_for_states_once_for_all_who_ask_at_a_time() -> None:
    async def run() -> None:
        store = CountingStore()
        live = await _live(store)
        await asyncio.gather(*(live.states(AT) for _ in range(5)))
        await live.states(AT + STATES_HOLD - timedelta(seconds=1))
        assert store.asked == 1

    asyncio.run(run())


def test_it_asks_again_once_something_was_recorded_or_time_went_by() -> None:
    async def run() -> None:
        store = CountingStore()
        live = await _live(store)
        assert await live.states(AT) == {}
        await store.record([Check(provider_id="p", region="r", checked_at=AT, status="up", outcome="ok")])
        await live.refresh()
        assert (await live.states(AT))["p"].status == "up"
        await live.states(AT + STATES_HOLD)
        assert store.asked == 3

    asyncio.run(run())


def test_it_leaves_the_collector_on_after_a_snapshot_is_made() -> None:
    asyncio.run(_live(CountingStore()))
    assert gc.isenabled()


def test_it_knows_nothing_of_a_provider_after_three_of_its_own_intervals() -> None:
    async def run() -> None:
        store = CountingStore()
        live = await _live(
            store,
            provider("often", probe=ProbePolicy(health_interval=60)),
            provider("seldom", probe=ProbePolicy(health_interval=3600)),
            provider("usual", probe=ProbePolicy(daily_limit=5)),
            health_interval=timedelta(minutes=10),
        )
        names = ("gone", "often", "seldom", "usual")
        await store.record([check(name, AT) for name in names])

        async def known(minutes: float) -> list[str]:
            states = await live.states(AT + timedelta(minutes=minutes))
            return [name for name in names if states[name].status == "up"]

        assert await known(3) == ["gone", "often", "seldom", "usual"]
        assert await known(3.5) == ["gone", "seldom", "usual"]
        assert await known(30) == ["gone", "seldom", "usual"]
        assert await known(30.5) == ["seldom"]
        assert await known(181) == []

    asyncio.run(run())
