"""What every ``SpendingStore`` promises."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest

from contract.builders import settings_in
from openmodels.errors import StoreError
from openmodels.settings import Settings
from openmodels.store.engine import create_engine
from openmodels.store.memory_spending import MemorySpendingStore
from openmodels.store.migrate import migrate
from openmodels.store.spending import SqlSpendingStore
from openmodels.store.spending_ports import Spending, SpendingStore

pytestmark = pytest.mark.anyio

DAY = date(2026, 3, 1)
TOMORROW = DAY + timedelta(days=1)
OpenStore = Callable[[Path], AbstractAsyncContextManager[SpendingStore]]


@asynccontextmanager
async def memory(_folder: Path) -> AsyncIterator[SpendingStore]:
    yield MemorySpendingStore()


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncIterator[SpendingStore]:
    async with sql(settings_in(folder)) as store:
        yield store


@asynccontextmanager
async def sql(settings: Settings) -> AsyncIterator[SpendingStore]:
    engine = create_engine(settings)
    try:
        await migrate(engine)
        yield SqlSpendingStore(engine)
    finally:
        await engine.dispose()


@pytest.fixture(params=("memory", "sqlite", "postgresql"))
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    """Opens a store; each time the same one, where there is something to share."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        return lambda folder: sql(settings_in(folder, OPENMODELS_DATABASE_URL=url))
    return {"memory": memory, "sqlite": sqlite}[request.param]


@pytest.fixture
async def store(open_store: OpenStore, tmp_path: Path, anyio_backend: str) -> AsyncIterator[SpendingStore]:
    async with open_store(tmp_path) as opened:
        yield opened


shared = pytest.mark.parametrize("open_store", ["sqlite", "postgresql"], indirect=True)
"""Over what several processes can share."""


async def reserve(
    store: SpendingStore,
    provider_id: str = "p",
    *,
    day: date = DAY,
    currency: str = "USD",
    estimate: int = 100,
    limit: int = 96,
    budget: int = 1000,
) -> bool:
    return await store.reserve(provider_id, day, currency, estimate=estimate, limit=limit, budget=budget)


def row(
    probes: int, spent: int, provider_id: str = "p", *, day: date = DAY, currency: str = "USD"
) -> Spending:
    return Spending(provider_id=provider_id, day=day, currency=currency, probes=probes, spent=spent)


async def test_it_is_empty_at_first(store: SpendingStore) -> None:
    assert await store.spending(DAY) == []


async def test_it_counts_probes_and_what_they_may_cost(store: SpendingStore) -> None:
    assert await reserve(store)
    assert await reserve(store, estimate=250)
    assert await store.spending(DAY) == [row(2, 350)]


async def test_it_puts_what_a_probe_did_cost_in_place_of_its_estimate(store: SpendingStore) -> None:
    await reserve(store, estimate=100)
    await reserve(store, estimate=100)
    await store.settle("p", DAY, "USD", estimate=100, actual=7)
    assert await store.spending(DAY) == [row(2, 107)]
    # More than the estimate is counted as well.
    await store.settle("p", DAY, "USD", estimate=100, actual=130)
    assert await store.spending(DAY) == [row(2, 137)]


async def test_it_refuses_what_goes_over_the_budget(store: SpendingStore) -> None:
    assert await reserve(store, estimate=900)
    assert not await reserve(store, estimate=101)
    assert await reserve(store, estimate=100)
    assert not await reserve(store, estimate=1)
    assert await reserve(store, estimate=0)
    assert await store.spending(DAY) == [row(3, 1000)]


async def test_a_settled_probe_makes_room(store: SpendingStore) -> None:
    await reserve(store, estimate=1000)
    assert not await reserve(store, estimate=1000)
    await store.settle("p", DAY, "USD", estimate=1000, actual=0)
    assert await reserve(store, estimate=1000)


async def test_it_refuses_what_goes_over_the_limit(store: SpendingStore) -> None:
    assert [await reserve(store, estimate=0, limit=2) for _ in range(4)] == [True, True, False, False]
    assert not await reserve(store, "q", limit=0)
    assert [r.probes for r in await store.spending(DAY) if r.provider_id == "p"] == [2]


async def test_the_limit_is_for_all_currencies_together_and_the_budget_for_each(store: SpendingStore) -> None:
    assert await reserve(store, currency="USD", estimate=1000, limit=3)
    assert await reserve(store, currency="EUR", estimate=1000, limit=3)
    assert not await reserve(store, currency="EUR", estimate=1, limit=3)
    assert await reserve(store, currency="CNY", estimate=1, limit=3)
    assert not await reserve(store, currency="USD", estimate=0, limit=3)
    assert not await reserve(store, currency="CNY", estimate=0, limit=3)
    counted = [(r.currency, r.probes, r.spent) for r in await store.spending(DAY) if r.probes]
    assert counted == [("CNY", 1, 1), ("EUR", 1, 1000), ("USD", 1, 1000)]


async def test_each_provider_and_each_day_is_counted_by_itself(store: SpendingStore) -> None:
    assert await reserve(store, "a-b", limit=1)
    assert await reserve(store, "a", limit=1)
    assert await reserve(store, "a", day=TOMORROW, limit=1)
    assert await store.spending(DAY) == [row(1, 100, "a"), row(1, 100, "a-b")]
    assert await store.spending(TOMORROW) == [row(1, 100, "a", day=TOMORROW)]


async def test_of_many_at_once_none_goes_over_a_bound(store: SpendingStore) -> None:
    by_limit = await asyncio.gather(*(reserve(store, "p", limit=5) for _ in range(20)))
    by_budget = await asyncio.gather(*(reserve(store, "q", estimate=300) for _ in range(20)))
    assert (sum(by_limit), sum(by_budget)) == (5, 3)
    assert await store.spending(DAY) == [row(5, 500, "p"), row(3, 900, "q")]


async def test_a_settlement_of_what_was_never_reserved_changes_nothing(store: SpendingStore) -> None:
    await store.settle("p", DAY, "USD", estimate=100, actual=50)
    assert await store.spending(DAY) == []


async def test_it_keeps_the_largest_amounts_exactly(store: SpendingStore) -> None:
    most = 9 * 10**14
    assert await reserve(store, estimate=most, budget=10**18)
    assert await reserve(store, estimate=most - 1, budget=10**18)
    assert await store.spending(DAY) == [row(2, 2 * most - 1)]


async def test_it_forgets_the_days_before_one(store: SpendingStore) -> None:
    await reserve(store)
    await reserve(store, day=TOMORROW)
    await store.forget(TOMORROW)
    assert await store.spending(DAY) == []
    assert len(await store.spending(TOMORROW)) == 1


@shared
async def test_what_is_reserved_survives_a_restart(open_store: OpenStore, tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        assert await reserve(store, limit=1)
    async with open_store(tmp_path) as store:
        assert not await reserve(store, limit=1)


@shared
async def test_several_processes_share_the_ledger(open_store: OpenStore, tmp_path: Path) -> None:
    async with open_store(tmp_path) as one, open_store(tmp_path) as other:
        granted = await asyncio.gather(*(reserve(s, limit=7) for s in (one, other) for _ in range(8)))
        assert sum(granted) == 7
        assert await one.spending(DAY) == await other.spending(DAY) == [row(7, 700)]


@shared
async def test_several_processes_hold_both_bounds_in_several_currencies(
    open_store: OpenStore, tmp_path: Path
) -> None:
    async with open_store(tmp_path) as one, open_store(tmp_path) as two, open_store(tmp_path) as three:
        for day in (DAY + timedelta(days=n) for n in range(3)):
            asked = [
                reserve(store, day=day, currency=currency, estimate=300, limit=7)
                for currency in ("USD", "EUR", "CNY")
                for store in (one, two, three)
                for _ in range(2)
            ]
            granted = await asyncio.gather(*asked)
            found = await one.spending(day)
            assert sum(granted) == sum(r.probes for r in found) == 7
            assert all(r.spent == 300 * r.probes <= 1000 for r in found)


async def test_it_raises_a_store_error_when_the_database_fails(tmp_path: Path) -> None:
    engine = create_engine(settings_in(tmp_path))
    store = SqlSpendingStore(engine)
    with pytest.raises(StoreError):
        await reserve(store)
    with pytest.raises(StoreError):
        await store.spending(DAY)
    await engine.dispose()
