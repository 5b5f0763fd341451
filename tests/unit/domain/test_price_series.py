"""Price series, against what was published at each time."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.builders import AT, model, offering, provider, registry
from openmodels.domain.price_series import Series, amount_of, batch_of, price_series, tiers_of
from openmodels.domain.records import BatchPricing, Offering, PriceTier, Pricing, Registry
from openmodels.store.history_ports import ChangeQuery
from openmodels.store.memory import MemoryRegistryStore
from openmodels.store.memory_history import MemoryHistoryStore

pytestmark = pytest.mark.anyio

PROVIDERS = ("acme", "beta")
AMOUNTS = st.sampled_from([None, Decimal(0), Decimal("0.10"), Decimal("1.5"), Decimal(2)])
PRICINGS = st.builds(
    Pricing,
    input_per_million=AMOUNTS,
    output_per_million=AMOUNTS,
    currency=st.sampled_from(["USD", "USD", "EUR"]),
    search_per_query=AMOUNTS,
    batch=st.none() | st.builds(BatchPricing, input_per_million=AMOUNTS, output_per_million=AMOUNTS),
    tiers=st.sampled_from(
        [(), (PriceTier(above_tokens=1000, input_per_million=Decimal(3), output_per_million=Decimal(4)),)]
    ),
)
REVISIONS = st.lists(
    st.tuples(st.fixed_dictionaries({name: st.none() | PRICINGS for name in PROVIDERS}), st.integers(0, 2)),
    min_size=1,
    max_size=8,
)


def content(prices: dict[str, Pricing | None], number: int) -> Registry:
    """A registry in which ``llama`` costs that, and in which something else changes every time."""
    return registry(
        model("llama", name=f"Llama {number}"),
        *(provider(name) for name in PROVIDERS),
        *(offering(name, "llama", pricing=paid) for name, paid in prices.items() if paid is not None),
    )


def told(series: list[Series], provider_id: str, at: datetime) -> Any:
    """What the series say of a provider at a time: its currency and prices, None where it offers none."""
    found = None
    for one in series:
        for step in one.steps:
            if one.provider_id == provider_id and step.at <= at:
                found = None if step.prices is None else (one.currency, step.prices)
    return found


def paid(offered: Offering | None) -> Any:
    if offered is None:
        return None
    pricing = offered.pricing
    batch = pricing.batch
    # A batch of unknown prices says what none says.
    known = batch if batch and (batch.input_per_million, batch.output_per_million) != (None, None) else None
    return (
        pricing.currency,
        pricing.input_per_million,
        pricing.output_per_million,
        pricing.search_per_query,
        known,
        pricing.tiers,
    )


@given(revisions=REVISIONS, since=st.integers(0, 10))
@settings(max_examples=150, deadline=None)
async def test_at_every_time_it_says_what_was_published_then(
    revisions: list[tuple[dict[str, Pricing | None], int]], since: int
) -> None:
    store = MemoryRegistryStore()
    history = MemoryHistoryStore(store)
    at, base, times = AT, None, []
    for number, (prices, later) in enumerate(revisions):
        at += timedelta(days=later)
        base = (await store.publish(content(prices, number), base=base, at=at)).head.revision
        times.append(at)
    begins_at = max(AT + timedelta(days=revisions[0][1]), AT + timedelta(days=since))
    numbered = await history.changes(ChangeQuery(model_id="llama", since=begins_at), limit=10_000)
    published = await store.load()
    assert published is not None
    series = price_series(published[1].offerings, [change for _, change in numbered], begins_at=begins_at)
    for time in (time for time in [*times, begins_at, at + timedelta(days=30)] if time >= begins_at):
        then = await history.registry_at(time)
        assert then is not None
        offered = {o.provider_id: o for o in then[1].offerings}
        for provider_id in PROVIDERS:
            found = told(series, provider_id, time)
            prices_then = found and (
                found[0],
                amount_of(found[1], "input_per_million"),
                amount_of(found[1], "output_per_million"),
                amount_of(found[1], "search_per_query"),
                batch_of(found[1]),
                tiers_of(found[1]),
            )
            assert prices_then == paid(offered.get(provider_id)), (provider_id, time)
    for one in series:
        check_shape(one, begins_at)


def check_shape(series: Series, begins_at: datetime) -> None:
    """Steps go forward, each is another than the one before, and what ended ended last."""
    times = [step.at for step in series.steps]
    assert times == sorted(set(times))
    assert times[0] >= begins_at
    assert series.steps[0].prices is not None
    assert all(a.prices != b.prices for a, b in zip(series.steps, series.steps[1:], strict=False))
    if series.ended_at is None:
        assert series.steps[-1].prices is not None
    else:
        assert series.ended_at >= series.steps[-1].at or series.steps[-1].prices is None


def test_nothing_offered_and_nothing_changed_is_no_series() -> None:
    assert price_series([], [], begins_at=AT) == []
