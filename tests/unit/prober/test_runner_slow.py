"""Many providers that hang at once, with fewer places than they would fill."""

import asyncio

import pytest

from contract.builders import provider
from fixtures.running_prober import START, running_prober, settings_of, snapshot_of
from openmodels.domain.telemetry import Check, Measurement
from openmodels.prober.target import Completion, Probed, Target

pytestmark = pytest.mark.anyio

HANGING = [f"hangs-{n}" for n in range(8)]
GOOD = [f"good-{n}" for n in range(4)]


class Client:
    """Answers at once, but for those that hang: they run out of time when a test says so."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.out_of_time = asyncio.Event()
        self.hanging = set(HANGING)

    async def check(self, target: Target) -> Probed[Check]:
        name = target.provider_id
        self.asked.append(name)
        hangs = name in self.hanging
        if hangs:
            await self.out_of_time.wait()
        record = Check(
            provider_id=name,
            region="test",
            checked_at=START,
            status="down" if hangs else "up",
            outcome="timeout" if hangs else "ok",
        )
        return Probed(record=record)

    async def measure(self, target: Target, completion: Completion) -> Probed[Measurement]:
        raise NotImplementedError


async def test_providers_that_hang_leave_half_of_the_places_to_the_others() -> None:
    client = Client()
    snapshot = snapshot_of(*map(provider, [*HANGING, *GOOD]))
    settings = settings_of(PROBE_CONCURRENCY="4")
    async with running_prober(snapshot, settings=settings, client=client) as running:
        counters = running.prober.counters
        # The first time nobody knows who will hang.
        client.out_of_time.set()
        await running.pass_time(300, step=5)
        assert sorted(client.asked) == sorted([*HANGING, *GOOD])
        client.out_of_time.clear()
        client.asked.clear()
        await running.pass_time(900, step=5, stuck=2)
        assert counters.running == 2
        assert [client.asked.count(name) for name in GOOD] == [3] * len(GOOD)
        assert sum(name in HANGING for name in client.asked) == 2
        # Those that wait for a place get theirs in the end, or are given up when they are late.
        client.hanging.clear()
        client.out_of_time.set()
        await running.pass_time(600, step=5)
        assert set(client.asked) == {*HANGING, *GOOD}
        assert counters.skipped >= 2
        # Who is fast again has all places.
        client.asked.clear()
        await running.pass_time(300, step=5)
        assert sorted(client.asked) == sorted([*HANGING, *GOOD])
