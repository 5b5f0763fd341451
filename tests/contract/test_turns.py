"""What every telemetry store keeps of results by their turns."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.builders import AT, check, measurement, minutes
from openmodels.store.memory import MemoryTelemetryStore
from openmodels.store.ports import Cursor, TelemetryStore
from openmodels.store.turn_ports import Turn, TurnKey, TurnResult

pytestmark = pytest.mark.anyio

START = round(AT.timestamp()) * 1_000_000


def turn(slot: int, provider_id: str = "p", *, kind: str = "health", region: str = "eu") -> Turn:
    return Turn(TurnKey(region, kind, provider_id), START + slot)


def checked(slot: int, provider_id: str = "p", *, region: str = "eu", slow: bool = False) -> TurnResult:
    record = check(provider_id, AT + minutes(slot), region=region)
    return TurnResult(turn(slot, provider_id, region=region), record, slow)


async def recorded(store: TelemetryStore) -> list[object]:
    found = await store.recorded_after(Cursor(0, 0), limit=1000)
    return [record for _, record in found.events]


async def test_it_keeps_the_first_of_two_results_of_a_turn(telemetry_store: TelemetryStore) -> None:
    first, second = checked(1), TurnResult(turn(1), check("p", AT + minutes(2), region="eu"))
    await telemetry_store.record_turns([first])
    epoch = await telemetry_store.epoch()
    assert await telemetry_store.record_turns([second]) == ()
    assert await telemetry_store.epoch() == epoch, "nothing new"
    assert await recorded(telemetry_store) == [first.record]


async def test_it_keeps_the_first_of_two_that_come_together(telemetry_store: TelemetryStore) -> None:
    first, second = checked(1), TurnResult(turn(1), check("p", AT + minutes(2), region="eu"))
    await telemetry_store.record_turns([first, second])
    assert await recorded(telemetry_store) == [first.record]


async def test_it_drops_what_comes_after_a_later_turn(telemetry_store: TelemetryStore) -> None:
    await telemetry_store.record_turns([checked(5)])
    await telemetry_store.record_turns([checked(4)])
    await telemetry_store.record_turns([checked(6)])
    assert await recorded(telemetry_store) == [checked(5).record, checked(6).record]


async def test_regions_kinds_and_providers_have_turns_of_their_own(telemetry_store: TelemetryStore) -> None:
    timed = TurnResult(turn(1, kind="latency"), measurement("p", "m", AT, region="eu"))
    results = [checked(1), checked(1, "q"), checked(1, region="us"), timed]
    await telemetry_store.record_turns(results)
    assert len(await recorded(telemetry_store)) == 4


async def test_of_many_who_record_the_same_turns_at_once_one_is_kept(telemetry_store: TelemetryStore) -> None:
    names = [f"p{n}" for n in range(20)]
    batches = [[checked(1, name) for name in names] for _ in range(5)]
    await asyncio.gather(*(telemetry_store.record_turns(batch) for batch in batches))
    kept = await recorded(telemetry_store)
    assert sorted(record.provider_id for record in kept) == sorted(names)  # type: ignore[attr-defined]


async def test_it_gives_back_who_changed(telemetry_store: TelemetryStore) -> None:
    results = [
        TurnResult(turn(n), check("p", AT + minutes(n), region="eu", status="down", outcome="timeout"))
        for n in range(3)
    ]
    transitions = [t for r in results for t in await telemetry_store.record_turns([r])]
    again = [t for r in results for t in await telemetry_store.record_turns([r])]
    assert [t.after for t in transitions][-1:] == ["down"]
    assert again == []


async def test_it_tells_whether_a_turn_is_recorded(telemetry_store: TelemetryStore) -> None:
    assert not await telemetry_store.turn_recorded(turn(5))
    await telemetry_store.record_turns([checked(5)])
    assert await telemetry_store.turn_recorded(turn(5))
    assert await telemetry_store.turn_recorded(turn(4)), "its result would be dropped"
    assert not await telemetry_store.turn_recorded(turn(6))
    assert not await telemetry_store.turn_recorded(turn(5, region="us"))


async def test_it_tells_whose_last_turn_was_slow(telemetry_store: TelemetryStore) -> None:
    await telemetry_store.record_turns([checked(1, "p", slow=True), checked(1, "q"), checked(1, "r")])
    await telemetry_store.record_turns([checked(1, "p", region="us", slow=True), checked(2, "r", slow=True)])
    assert set(await telemetry_store.slow_turns("eu")) == {turn(1).key, turn(1, "r").key}
    await telemetry_store.record_turns([checked(2, "p")])
    assert set(await telemetry_store.slow_turns("eu")) == {turn(1, "r").key}


async def test_nothing_writes_nothing(telemetry_store: TelemetryStore) -> None:
    epoch = await telemetry_store.epoch()
    assert await telemetry_store.record_turns([]) == ()
    assert await telemetry_store.epoch() == epoch


async def test_it_forgets_turns_that_nothing_came_after(telemetry_store: TelemetryStore) -> None:
    await telemetry_store.record_turns([checked(1, "gone", slow=True), checked(1, "here", slow=True)])
    later = TurnResult(turn(10**12, "here"), check("here", AT + minutes(1), region="eu"), slow=True)
    await telemetry_store.record_turns([later])
    day = timedelta(days=1)
    while await telemetry_store.forget(raw_before=AT + day, rollups_before=AT - day):
        pass
    assert [key.provider_id for key in await telemetry_store.slow_turns("eu")] == ["here"]
    assert not await telemetry_store.turn_recorded(turn(1, "gone"))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from("pq")), max_size=20), st.integers(1, 5))
async def test_what_is_kept_is_each_turn_once_in_order(given_turns: list[tuple[int, str]], size: int) -> None:
    store = MemoryTelemetryStore()
    results = [checked(slot, name) for slot, name in given_turns]
    for start in range(0, len(results), size):
        await store.record_turns(results[start : start + size])
    for name in "pq":
        slots = [slot for slot, of in given_turns if of == name]
        expected = [slot for n, slot in enumerate(slots) if slot > max(slots[:n], default=-1)]
        kept = [r for r in await recorded(store) if r.provider_id == name]  # type: ignore[attr-defined]
        assert [r.checked_at for r in kept] == [AT + minutes(slot) for slot in expected]  # type: ignore[attr-defined]
