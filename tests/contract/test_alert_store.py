"""What every ``AlertStore`` promises."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from contract.builders import AT, minutes, settings_in
from openmodels.domain.alerts import Alert, AlertState, Delivery, Window
from openmodels.settings import Settings
from openmodels.store.alert_ports import AlertStore, CursorMove, Settlement
from openmodels.store.alerts import SqlAlertStore
from openmodels.store.engine import create_engine
from openmodels.store.memory_alerts import MemoryAlertStore
from openmodels.store.migrate import migrate

pytestmark = pytest.mark.anyio

Opener = Callable[[Path], AbstractAsyncContextManager[AlertStore]]


@asynccontextmanager
async def memory(_folder: Path) -> AsyncIterator[AlertStore]:
    yield MemoryAlertStore()


@asynccontextmanager
async def sql(settings: Settings) -> AsyncIterator[AlertStore]:
    engine = create_engine(settings)
    try:
        await migrate(engine)
        yield SqlAlertStore(engine)
    finally:
        await engine.dispose()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def open_store(request: pytest.FixtureRequest) -> Opener:
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return lambda folder: sql(settings_in(folder, OPENMODELS_DATABASE_URL=url))
    return memory if request.param == "memory" else lambda folder: sql(settings_in(folder))


@pytest.fixture
async def store(open_store: Opener, tmp_path: Path, anyio_backend: str) -> AsyncIterator[AlertStore]:
    async with open_store(tmp_path) as opened:
        yield opened


def delivery(name: str, provider_id: str = "p", **fields: Any) -> Delivery:
    alert = Alert(
        type="provider.down",
        provider_id=provider_id,
        provider_name="Ünïcode \N{PILE OF POO}",
        status="down",
        previous_status="up",
        reason="three in a row",
        at=AT,
        incident_started_at=AT - timedelta(microseconds=1),
        region="eu",
        url="https://om.example/api/providers/p",
    )
    given: dict[str, Any] = {
        "id": name,
        "destination": "webhook",
        "alert": alert,
        "next_at": AT,
        "created_at": AT,
    }
    return Delivery(**given | fields)


def settled(status: Any, **fields: Any) -> Settlement:
    return Settlement(**{"status": status, "detail": "said so", "at": AT + minutes(1), **fields})


async def ids_due(
    store: AlertStore, destination: str = "webhook", after: float = 0, limit: int = 10
) -> list[str]:
    return [one.id for one in await store.due(destination, AT + minutes(after), limit=limit)]


async def test_it_knows_nothing_at_first(store: AlertStore) -> None:
    assert await store.cursor() == 0
    assert await store.states(["p"]) == {}
    assert await store.open_states() == []
    assert await ids_due(store) == []
    assert await store.deliveries(limit=10) == []
    assert await store.windows(limit=10) == []
    assert await store.waiting_for("p") == frozenset()
    assert await store.forget(AT, limit=10) == 0


async def test_it_gives_back_what_was_kept(store: AlertStore) -> None:
    state = AlertState(
        provider_id="p",
        status="down",
        told="up",
        reason="why",
        incident_started_at=AT,
        alerted_at=AT + timedelta(microseconds=1),
        held=True,
    )
    one = delivery("a", status="silenced", attempts=3, detail="x", settled_at=AT)
    assert await store.keep([state], [one])
    assert await store.states(["p", "q"]) == {"p": replace(state, version=1)}
    assert await store.deliveries(limit=10) == [replace(one, number=1)]


async def test_it_moves_the_cursor_once_and_keeps_all_or_nothing(store: AlertStore) -> None:
    move = CursorMove(seen=0, end=7)
    assert await store.keep([AlertState(provider_id="p")], [delivery("a")], cursor=move)
    assert await store.cursor() == 7
    assert not await store.keep([AlertState(provider_id="q")], [delivery("b")], cursor=move)
    assert await store.cursor() == 7
    assert await store.states(["q"]) == {}
    assert [one.id for one in await store.deliveries(limit=10)] == ["a"]


@pytest.mark.parametrize("version", [0, 2])
async def test_it_refuses_a_state_that_another_changed_and_then_keeps_nothing(
    store: AlertStore, version: int
) -> None:
    await store.keep([AlertState(provider_id="p")], [])
    states = [AlertState(provider_id="a"), AlertState(provider_id="p", version=version)]
    assert not await store.keep(states, [delivery("x")], cursor=CursorMove(seen=0, end=1))
    assert await store.cursor() == 0
    assert list(await store.states(["a", "p"])) == ["p"]
    assert await store.deliveries(limit=10) == []


async def test_of_many_at_once_one_moves_the_cursor(store: AlertStore) -> None:
    move = CursorMove(seen=0, end=1)
    won = await asyncio.gather(*(store.keep([], [delivery(str(n))], cursor=move) for n in range(8)))
    assert sum(won) == 1
    assert len(await store.deliveries(limit=10)) == 1


async def test_it_finds_the_providers_in_trouble_and_those_held_back(store: AlertStore) -> None:
    states = [
        AlertState(provider_id="d", status="down"),
        AlertState(provider_id="c", status="degraded"),
        AlertState(provider_id="b", status="up", held=True),
        AlertState(provider_id="a", status="up"),
    ]
    await store.keep(states, [])
    assert [state.provider_id for state in await store.open_states()] == ["b", "c", "d"]


async def test_it_takes_more_providers_than_a_query_has_room_for(store: AlertStore) -> None:
    names = [f"p{number:04}" for number in range(1200)]
    await store.keep([AlertState(provider_id=name) for name in names], [])
    assert list(await store.states(names)) == names


async def test_what_is_due_comes_oldest_first_one_of_each_provider(store: AlertStore) -> None:
    await store.keep(
        [],
        [
            delivery("p1"),
            delivery("q1", "q"),
            delivery("p2"),
            delivery("r1", "r", next_at=AT + minutes(1)),
            delivery("r2", "r"),
            delivery("s1", "s", status="sent"),
            delivery("s2", "s"),
            delivery("m", destination="mailto#1"),
        ],
    )
    assert await ids_due(store) == ["p1", "q1", "s2"]
    assert await ids_due(store, after=1) == ["p1", "q1", "r1", "s2"]
    assert await ids_due(store, limit=1) == ["p1"]
    assert await ids_due(store, "mailto#1") == ["m"]
    assert await store.waiting_for("p") == {"webhook", "mailto#1"}
    assert await store.waiting_for("s") == {"webhook"}


async def test_a_claim_is_given_once_and_comes_back_when_it_is_lost(store: AlertStore) -> None:
    await store.keep([], [delivery("a")])
    (seen,) = await store.due("webhook", AT, limit=1)
    claims = await asyncio.gather(*(store.claim(seen, AT + minutes(1)) for _ in range(8)))
    (claimed,) = [claim for claim in claims if claim is not None]
    assert (claimed.id, claimed.attempts, claimed.next_at) == ("a", 1, AT + minutes(1))
    assert await ids_due(store, after=0.99) == []
    assert await ids_due(store, after=1) == ["a"]


async def test_a_lost_attempt_cannot_be_settled_after_the_next_has_begun(store: AlertStore) -> None:
    await store.keep([], [delivery("a")])
    (seen,) = await store.due("webhook", AT, limit=1)
    lost = await store.claim(seen, AT + minutes(1))
    (again,) = await store.due("webhook", AT + minutes(1), limit=1)
    second = await store.claim(again, AT + minutes(2))
    assert lost is not None
    assert second is not None
    assert not await store.settle(lost, settled("failed"))
    assert await store.settle(second, settled("sent"))
    assert not await store.settle(second, settled("failed"))
    (one,) = await store.deliveries(limit=1)
    assert (one.status, one.attempts, one.detail, one.settled_at) == ("sent", 2, "said so", AT + minutes(1))
    assert await ids_due(store, after=60) == []


async def test_an_attempt_that_failed_waits_for_the_next(store: AlertStore) -> None:
    await store.keep([], [delivery("a"), delivery("b")])
    (seen,) = await store.due("webhook", AT, limit=1)
    claimed = await store.claim(seen, AT + minutes(1))
    assert claimed is not None
    assert await store.settle(claimed, settled("waiting", next_at=AT + minutes(5)))
    assert await ids_due(store, after=4) == []
    assert await ids_due(store, after=5) == ["a"]
    assert (await store.deliveries(limit=2))[1].settled_at is None


async def test_only_what_was_sent_is_when_people_were_alerted_last(store: AlertStore) -> None:
    await store.keep([AlertState(provider_id="p", alerted_at=AT)], [delivery("a"), delivery("b")])
    for status, alerted in (("failed", AT), ("sent", AT + minutes(1))):
        (seen,) = await store.due("webhook", AT, limit=1)
        claimed = await store.claim(seen, AT + minutes(1))
        assert claimed is not None
        await store.settle(claimed, settled(status))
        assert (await store.states(["p"]))["p"].alerted_at == alerted
    # Whoever read the state before must read it again.
    assert not await store.keep([AlertState(provider_id="p", version=1)], [])


async def test_it_lists_the_newest_deliveries_first(store: AlertStore) -> None:
    await store.keep([], [delivery("a"), delivery("b"), delivery("c")])
    assert [one.id for one in await store.deliveries(limit=2)] == ["c", "b"]


async def test_it_forgets_the_oldest_a_few_at_a_time(store: AlertStore) -> None:
    made = [delivery(str(n), created_at=AT + minutes(n)) for n in range(5)]
    await store.keep([], made)
    assert await store.forget(AT + minutes(3), limit=2) == 2
    assert await store.forget(AT + minutes(3), limit=2) == 1
    assert await store.forget(AT + minutes(3), limit=2) == 0
    assert [one.id for one in await store.deliveries(limit=9)] == ["4", "3"]


async def test_it_keeps_maintenance_windows(store: AlertStore) -> None:
    one = await store.add_window(Window(provider_id="p", starts_at=AT, ends_at=AT + minutes(5), reason="why"))
    two = await store.add_window(Window(starts_at=AT, ends_at=AT + minutes(9)))
    assert (one.number, two.number) == (1, 2)
    assert await store.windows(limit=9) == [two, one]
    assert await store.windows(limit=1) == [two]
    assert await store.windows(ending_after=AT + minutes(5), limit=9) == [two]


async def test_it_ends_a_window_now_or_before_it_begins(store: AlertStore) -> None:
    running = await store.add_window(Window(starts_at=AT, ends_at=AT + minutes(9)))
    coming = await store.add_window(Window(starts_at=AT + minutes(5), ends_at=AT + minutes(9)))
    now = AT + minutes(1)
    ended = await store.end_window(running.number, now)
    assert ended == replace(running, ends_at=now)
    assert await store.end_window(coming.number, now) == replace(coming, ends_at=coming.starts_at)
    assert await store.end_window(running.number, now + minutes(1)) == ended
    assert await store.end_window(99, now) is None
    assert await store.windows(ending_after=now, limit=9) == [replace(coming, ends_at=coming.starts_at)]
    assert not any(
        window.covers("p", now + minutes(n)) for window in await store.windows(limit=9) for n in range(9)
    )
