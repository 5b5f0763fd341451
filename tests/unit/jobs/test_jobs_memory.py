import asyncio
import threading
from contextlib import suppress

import pytest

from contract.builders import AT
from openmodels.clock import SettableClock
from openmodels.jobs.memory import ROUND_SECONDS, MemoryKeeper, system_trim

pytestmark = pytest.mark.anyio


async def test_it_gives_memory_back_every_minute() -> None:
    clock, trimmed = SettableClock(AT), threading.Semaphore(0)
    running = asyncio.ensure_future(MemoryKeeper(clock, trimmed.release).run())
    for _ in range(3):
        await asyncio.sleep(0)
        clock.advance(seconds=ROUND_SECONDS - 1)
        await asyncio.sleep(0)
        assert not trimmed.acquire(blocking=False)
        clock.advance(seconds=1)
        assert await asyncio.to_thread(trimmed.acquire, timeout=20)
        # Back from its thread, it sleeps again.
        await _asleep(clock)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_it_has_nothing_to_do_where_memory_cannot_be_given_back() -> None:
    await asyncio.wait_for(MemoryKeeper(SettableClock(AT), None).run(), timeout=20)


def test_it_finds_what_the_system_has() -> None:
    trim = system_trim()
    assert trim is None or trim() in {0, 1}


async def _asleep(clock: SettableClock) -> None:
    async with asyncio.timeout(20):
        while not clock.sleepers:  # noqa: ASYNC110 - what is waited for is another thread's
            await asyncio.sleep(0.001)
