import asyncio
from contextlib import suppress

import pytest

from contract.builders import AT, check, measurement, minutes
from openmodels.clock import SettableClock
from openmodels.domain.telemetry import Measurement
from openmodels.errors import StoreError
from openmodels.jobs.evaluation import PAGE, ROUND_SECONDS, Evaluation
from openmodels.store.memory import MemoryTelemetryStore
from openmodels.store.ports import Cursor, Recorded

pytestmark = pytest.mark.anyio


class Failing(MemoryTelemetryStore):
    """A store that fails while it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.failure: Exception | None = None

    async def recorded_after(self, cursor: Cursor, *, limit: int) -> Recorded:
        if self.failure is not None:
            raise self.failure
        return await super().recorded_after(cursor, limit=limit)


async def up(store: MemoryTelemetryStore, *provider_ids: str) -> None:
    """Make the providers known as up."""
    await store.record(checks=[check(name, AT - minutes(age)) for age in (10, 5) for name in provider_ids])


def failing(provider_id: str, count: int = 5) -> list[Measurement]:
    return [
        measurement(provider_id, "m", AT - minutes(age), outcome="timeout", time_to_first_token_ms=None)
        for age in range(1, count + 1)
    ]


async def status(store: MemoryTelemetryStore, provider_id: str) -> str:
    return (await store.standings())[provider_id].status


async def test_it_judges_who_was_measured_since_the_last_round() -> None:
    store = MemoryTelemetryStore()
    evaluation = Evaluation(store, SettableClock(AT))
    await up(store, "bad", "good")
    await evaluation.round(AT)
    await store.record(measurements=[*failing("bad"), measurement("good", "m", AT)])
    await evaluation.round(AT)
    assert (await status(store, "bad"), await status(store, "good")) == ("degraded", "up")


async def test_it_finds_that_a_provider_is_well_again_without_new_measurements() -> None:
    store = MemoryTelemetryStore()
    evaluation = Evaluation(store, SettableClock(AT))
    await up(store, "p")
    await evaluation.round(AT)
    await store.record(measurements=failing("p"))
    await evaluation.round(AT)
    await evaluation.round(AT + minutes(30))
    assert await status(store, "p") == "degraded"
    await evaluation.round(AT + minutes(90))
    assert await status(store, "p") == "up"


async def test_it_sees_all_of_very_many_measurements() -> None:
    store = MemoryTelemetryStore()
    evaluation = Evaluation(store, SettableClock(AT))
    await up(store, "p", "last")
    await evaluation.round(AT)
    many = [measurement("p", "m", AT - minutes(1)) for _ in range(2 * PAGE + 7)]
    await store.record(measurements=[*many, *failing("last")])
    await evaluation.round(AT)
    assert await status(store, "last") == "degraded"


@pytest.mark.parametrize("failure", [StoreError("the database is away"), ZeroDivisionError()])
async def test_it_judges_later_what_it_could_not_read(failure: Exception) -> None:
    store, clock = Failing(), SettableClock(AT)
    running = asyncio.ensure_future(Evaluation(store, clock).run())

    async def next_round() -> None:
        clock.advance(seconds=ROUND_SECONDS)
        for _ in range(20):
            await asyncio.sleep(0)

    await up(store, "p")
    await next_round()
    store.failure = failure
    await store.record(measurements=failing("p"))
    await next_round()
    await next_round()
    assert await status(store, "p") == "up"
    store.failure = None
    await next_round()
    assert await status(store, "p") == "degraded"
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
