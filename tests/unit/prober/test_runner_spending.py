"""What the prober may spend, over a fake provider on this machine."""

from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from contract.builders import offering
from fixtures.running_prober import (
    HANGS,
    KEYS,
    MODELS,
    QUICK,
    START,
    endpoints,
    measured,
    running_prober,
    seen_at,
    settings_of,
    snapshot_of,
)
from openmodels.domain.records import ProbePolicy
from openmodels.domain.spending import to_nano
from openmodels.errors import StoreError
from openmodels.fake.server import FakeProvider
from openmodels.store.memory_spending import MemorySpendingStore
from openmodels.store.spending_ports import Spending

pytestmark = pytest.mark.anyio


async def test_it_keeps_to_the_daily_limit_and_goes_on_the_next_day() -> None:
    async with FakeProvider(QUICK) as fake:
        settings = settings_of(ENDPOINTS=endpoints(fake, "p"))
        start = datetime(2026, 3, 1, 21, 0, tzinfo=UTC)
        snapshot = measured(fake, daily_limit=2, health_interval=86_400)
        with capture_logs() as logs:
            async with running_prober(snapshot, settings=settings, environ=KEYS, start=start) as running:
                await running.pass_time(3 * 3600 - 1, step=13)
                assert len(running.store.measurements) == 2
                assert running.prober.counters.over_budget == 10
                await running.pass_time(1800, step=10)
                assert len(running.store.measurements) == 4
        said = [line for line in logs if "used up" in line["event"]]
        assert [(line["provider"], line["limit"], line["currency"]) for line in said] == [("p", 2, "USD")]


async def test_it_keeps_to_the_daily_budget() -> None:
    async with FakeProvider(QUICK) as fake:
        settings = settings_of(ENDPOINTS=endpoints(fake, "p"))
        own = ProbePolicy(latency_interval=60, health_interval=86_400)
        # A third of the budget each, before it is settled; the fake provider counts few tokens.
        snapshot = snapshot_of(seen_at(fake, probe=own), MODELS[0], offering("p", "a", "700"))
        async with running_prober(snapshot, settings=settings, environ=KEYS) as running:
            await running.pass_time(3600, step=5)
            spent = await running.spending.spending(START.date())
        assert 3 <= len(running.store.measurements) < 60
        assert running.prober.counters.over_budget > 0
        bought = [(m.input_tokens or 0) + (m.output_tokens or 0) for m in running.store.measurements]
        assert spent == [
            Spending(
                provider_id="p",
                day=START.date(),
                currency="USD",
                probes=len(bought),
                spent=sum(bought) * 700 * 1000,
            )
        ]
        assert spent[0].spent <= to_nano(settings.probe_daily_budget)


async def test_a_probe_that_was_cut_off_stays_counted_by_its_estimate() -> None:
    async with FakeProvider(HANGS) as fake:
        settings = settings_of(ENDPOINTS=endpoints(fake, "p"))
        spending = MemorySpendingStore()
        snapshot = measured(fake, health_interval=86_400)
        async with running_prober(snapshot, settings=settings, environ=KEYS, spending=spending) as running:
            await running.pass_time(900, step=10, stuck=1)
            await fake.until_received("p")
        ((row),) = await spending.spending(START.date())
        assert (row.probes, row.spent) == (1, 232 * 150)


class FailingLedger(MemorySpendingStore):
    """A ledger that does not answer while ``error`` is set."""

    error: Exception | None = None

    async def reserve(self, *key: Any, **amounts: Any) -> bool:
        if self.error:
            raise self.error
        return await super().reserve(*key, **amounts)


async def test_it_measures_nothing_while_the_ledger_does_not_answer() -> None:
    async with FakeProvider(QUICK) as fake:
        settings = settings_of(ENDPOINTS=endpoints(fake, "p"))
        ledger = FailingLedger()
        ledger.error = StoreError("locked")
        with capture_logs() as logs:
            async with running_prober(
                measured(fake), settings=settings, environ=KEYS, spending=ledger
            ) as running:
                await running.pass_time(1800, step=10)
                assert running.store.measurements == []
                assert running.prober.counters.unreserved == 2
                # Checks cost nothing, and go on.
                assert len(running.store.checks) == 6
                ledger.error = None
                await running.pass_time(900, step=10)
                assert len(running.store.measurements) == 1
        assert sum("ledger does not answer" in line["event"] for line in logs) == 1
