"""A prober that is stopped and begun again, as one is that lost its lease for a while."""

import asyncio
from contextlib import suppress

import pytest

from contract.builders import check, provider
from fixtures.running_prober import START, NotingStore, running_prober, settings_of, snapshot_of, turns
from openmodels.clock import SettableClock
from openmodels.domain.telemetry import Check, Measurement
from openmodels.prober.recorder import FLUSH_SECONDS, Recorder
from openmodels.prober.results import ProberCounters
from openmodels.prober.target import Completion, Probed, Target

pytestmark = pytest.mark.anyio

NAMES = [f"p-{n}" for n in range(6)]
INTERVAL = 300


class Client:
    """Notes who is asked; nobody answers before it is open, and then everybody runs out of time."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.open = asyncio.Event()

    async def check(self, target: Target) -> Probed[Check]:
        self.asked.append(target.provider_id)
        await self.open.wait()
        return Probed(
            record=Check(
                provider_id=target.provider_id,
                region="test",
                checked_at=START,
                status="down",
                outcome="timeout",
            )
        )

    async def measure(self, target: Target, completion: Completion) -> Probed[Measurement]:
        raise NotImplementedError


async def test_it_leaves_out_what_fell_due_meanwhile_and_goes_on_with_everybody() -> None:
    client = Client()
    client.open.set()
    settings = settings_of(PROBE_CONCURRENCY="2")
    async with running_prober(
        snapshot_of(*map(provider, NAMES)), settings=settings, client=client
    ) as running:
        await running.pass_time(INTERVAL, step=1)
        assert sorted(client.asked) == NAMES
        # All are slow now: one of them may be under way, and the others wait for its place.
        client.open.clear()
        await running.pass_time(INTERVAL, step=1, stuck=1)
        await running.stop()
        client.open.set()
        client.asked.clear()
        running.clock.advance(seconds=INTERVAL / 2)
        running.task = asyncio.create_task(running.prober.run())
        await turns()
        assert client.asked == []
        await running.pass_time(INTERVAL, step=1)
        assert sorted(client.asked) == NAMES


async def test_a_recorder_writes_again_after_a_store_that_hung_in_the_end() -> None:
    store, clock, counters = NotingStore(), SettableClock(START), ProberCounters()
    recorder = Recorder(store, clock, counters)
    store.open.clear()
    recorder.put(check("lost", START))
    await recorder.close(seconds=0)
    store.open.set()
    task = asyncio.create_task(recorder.run())
    await turns()
    recorder.put(check("kept", START))
    await turns()
    clock.advance(seconds=FLUSH_SECONDS)
    await turns()
    assert [one.provider_id for one in store.checks] == ["kept"]
    assert (counters.dropped, store.batches) == (1, [1])
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
