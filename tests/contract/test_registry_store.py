"""What every ``RegistryStore`` promises."""

import asyncio
import tempfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.builders import AT, model, offering, provider, registry, vendor
from contract.conftest import OpenStores
from openmodels.domain.records import (
    BatchPricing,
    Benchmark,
    PriceTier,
    Pricing,
    RateLimits,
    Registry,
    Source,
    revision_of,
)
from openmodels.errors import PublishConflict, StoreError
from openmodels.store.ports import Changes, Head, RegistryStore

pytestmark = pytest.mark.anyio

SMALL = registry(model("a"), model("b"), provider("p"), offering("p", "a"), vendor("v"))
LATER = AT + timedelta(minutes=1)


async def test_it_is_empty_before_the_first_publish(registry_store: RegistryStore) -> None:
    assert await registry_store.head() is None
    assert await registry_store.load() is None
    await registry_store.ping()


async def test_it_loads_back_what_was_published(registry_store: RegistryStore) -> None:
    result = await registry_store.publish(SMALL, base=None, at=AT)
    head = Head(revision=revision_of(SMALL), published_at=AT)
    assert result.head == head == await registry_store.head()
    assert result.previous is None
    assert await registry_store.load() == (head, SMALL)


async def test_it_keeps_every_field_as_written(registry_store: RegistryStore) -> None:
    benchmark = Benchmark(benchmark="mmlu", score=Decimal("88.70"), source_url="https://example.com/x")
    pricing = Pricing(
        input_per_million=Decimal("0.10"),
        output_per_million=Decimal("1E-7"),
        currency="EUR",
        batch=BatchPricing(input_per_million=Decimal(0)),
        tiers=(PriceTier(above_tokens=200_000, input_per_million=Decimal("2.50")),),
    )
    whole = registry(
        model("m", name='Größe 模型 \u2028 "quoted" [bold]', aliases=("n",), benchmarks=(benchmark,)),
        provider("p", env=("P_API_KEY",)),
        offering(
            "p",
            "m",
            pricing=pricing,
            rate_limits=RateLimits(requests_per_minute=10**15),
            source=Source(name="docs", url="https://example.com/prices", verified_at=LATER),
        ),
        vendor("v", prefixes=("m-", "n-")),
    )
    await registry_store.publish(whole, base=None, at=AT)
    loaded = await registry_store.load()
    assert loaded is not None
    assert loaded[1] == whole
    # Equal decimals can be written differently; the revision only agrees when they are not.
    assert revision_of(loaded[1]) == loaded[0].revision


async def test_it_reports_the_first_publish_as_added(registry_store: RegistryStore) -> None:
    result = await registry_store.publish(SMALL, base=None, at=AT)
    assert result.changes == (
        Changes(kind="models", added=("a", "b")),
        Changes(kind="providers", added=("p",)),
        Changes(kind="offerings", added=("p/a",)),
        Changes(kind="vendors", added=("v",)),
    )


async def test_it_reports_only_what_differs(registry_store: RegistryStore) -> None:
    first = await registry_store.publish(SMALL, base=None, at=AT)
    after = registry(model("a", context_window=1), model("c"), provider("p"), offering("p", "c"), vendor("v"))
    result = await registry_store.publish(after, base=first.head.revision, at=LATER)
    assert result.previous == first.head
    assert result.head == Head(revision=revision_of(after), published_at=LATER)
    assert result.changes == (
        Changes(kind="models", added=("c",), changed=("a",), removed=("b",)),
        Changes(kind="offerings", added=("p/c",), removed=("p/a",)),
    )
    assert await registry_store.load() == (result.head, after)


async def test_it_sorts_ids_as_they_are_written(registry_store: RegistryStore) -> None:
    some = registry(model("m"), provider("a"), provider("a-b"), offering("a", "m"), offering("a-b", "m"))
    result = await registry_store.publish(some, base=None, at=AT)
    offerings = next(change for change in result.changes if change.kind == "offerings")
    assert offerings.added == ("a-b/m", "a/m")


async def test_it_writes_nothing_when_the_content_is_published_already(registry_store: RegistryStore) -> None:
    first = await registry_store.publish(SMALL, base=None, at=AT)
    again = await registry_store.publish(SMALL, base=first.head.revision, at=LATER)
    assert again.changes == ()
    assert again.head == again.previous == first.head == await registry_store.head()


async def test_it_sees_no_conflict_where_another_published_the_same(registry_store: RegistryStore) -> None:
    first = await registry_store.publish(SMALL, base=None, at=AT)
    assert (await registry_store.publish(SMALL, base=None, at=LATER)).head == first.head


@pytest.mark.parametrize("base", [None, "0123456789abcdef"])
async def test_it_refuses_a_publish_that_began_before_another(
    registry_store: RegistryStore, base: str | None
) -> None:
    first = await registry_store.publish(SMALL, base=None, at=AT)
    with pytest.raises(
        PublishConflict, match=f"{first.head.revision} is published now, not {base or 'none'}"
    ):
        await registry_store.publish(registry(model("z")), base=base, at=LATER)
    assert await registry_store.load() == (first.head, SMALL)


async def test_it_refuses_a_base_where_nothing_is_published(registry_store: RegistryStore) -> None:
    with pytest.raises(PublishConflict):
        await registry_store.publish(SMALL, base="0123456789abcdef", at=AT)
    assert await registry_store.load() is None


async def test_it_lets_one_of_many_publishes_at_once_win(registry_store: RegistryStore) -> None:
    candidates = [registry(model("m", context_window=number)) for number in range(1, 6)]
    results = await asyncio.gather(
        *(registry_store.publish(candidate, base=None, at=AT) for candidate in candidates),
        return_exceptions=True,
    )
    failures = [result for result in results if isinstance(result, BaseException)]
    assert [type(failure) for failure in failures] == [PublishConflict] * 4
    winner = next(c for c, r in zip(candidates, results, strict=True) if not isinstance(r, BaseException))
    loaded = await registry_store.load()
    assert loaded is not None
    assert loaded[1] == winner


async def test_it_can_publish_an_empty_registry(registry_store: RegistryStore) -> None:
    first = await registry_store.publish(SMALL, base=None, at=AT)
    result = await registry_store.publish(Registry(), base=first.head.revision, at=LATER)
    assert [change.kind for change in result.changes] == ["models", "providers", "offerings", "vendors"]
    assert await registry_store.load() == (result.head, Registry())


async def test_its_conflict_is_a_store_error() -> None:
    assert issubclass(PublishConflict, StoreError)


names = st.sampled_from(["a", "b", "c-d"])
registries = st.builds(
    lambda models, providers, offerings, vendors: registry(
        *(model(name, context_window=size) for name, size in models.items()),
        *(provider(name, name=title) for name, title in providers.items()),
        *(offering(of, name, price) for (of, name), price in offerings.items()),
        *(vendor(name, country=country) for name, country in vendors.items()),
    ),
    st.dictionaries(names, st.sampled_from([None, 1, 2])),
    st.dictionaries(names, st.sampled_from(["One", "Zwei 二"])),
    st.dictionaries(st.tuples(names, names), st.sampled_from([None, "0", "0.10", "0.1"])),
    st.dictionaries(names, st.sampled_from([None, "de"])),
)


@given(before=registries, after=registries)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_holds_exactly_the_second_of_any_two_registries(
    open_stores: OpenStores, before: Registry, after: Registry
) -> None:
    async def publish_both() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with open_stores(Path(folder)) as (store, _telemetry):
                first = await store.publish(before, base=None, at=AT)
                second = await store.publish(after, base=first.head.revision, at=LATER)
                loaded = await store.load()
        assert loaded == (second.head, after)
        assert revision_of(loaded[1]) == second.head.revision == revision_of(after)
        assert {change.kind: change for change in second.changes} == expected_changes(before, after)

    asyncio.run(publish_both())


def expected_changes(before: Registry, after: Registry) -> dict[str, Changes]:
    expected = {}
    for kind in ("models", "providers", "offerings", "vendors"):
        old, new = written(before, kind), written(after, kind)
        change = Changes(
            kind=kind,
            added=tuple(sorted(new.keys() - old.keys())),
            changed=tuple(sorted(key for key in new.keys() & old.keys() if new[key] != old[key])),
            removed=tuple(sorted(old.keys() - new.keys())),
        )
        if change != Changes(kind=kind):
            expected[kind] = change
    return expected


def written(some: Registry, kind: str) -> dict[str, str]:
    """By id, a text that differs where the record is written differently: 0.1 and 0.10 are two prices."""
    return {
        record.id if hasattr(record, "id") else f"{record.provider_id}/{record.model_id}": repr(record)
        for record in getattr(some, kind)
    }
