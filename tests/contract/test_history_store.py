"""What every ``HistoryStore`` promises, over what its registry store published."""

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.builders import AT, large_registry, minutes, model, offering, provider, registry
from contract.conftest import OpenStores
from contract.kept import NEXT, SMALL, Kept, filled, kept_by, replay_two
from fixtures.histories import registries, same
from openmodels.domain.changes import Change
from openmodels.domain.records import Provenance, Registry, revision_of
from openmodels.store.history_ports import ChangeQuery, NumberedChange, Place, Replay, Replayed
from openmodels.store.ports import Head

pytestmark = pytest.mark.anyio


async def test_it_is_empty_before_the_first_publish(kept: Kept) -> None:
    assert await kept.history.beginning() is None
    assert await kept.history.head_at(AT) is None
    assert await kept.history.registry_at(AT) is None
    assert await kept.fields() == []
    assert await kept.history.replay([Replayed(at=AT, registry=SMALL)]) == Replay(revisions=0, changes=0)
    assert await kept.registry.head() is None


async def test_the_first_publish_is_the_beginning_and_no_change(kept: Kept) -> None:
    head = await kept.publish(SMALL, AT)
    assert await kept.history.beginning() == head
    assert await kept.fields() == []
    assert await kept.history.registry_at(AT) == (head, SMALL)
    assert await kept.history.registry_at(AT - timedelta(microseconds=1)) is None
    assert await kept.history.head_at(AT - timedelta(microseconds=1)) is None


async def test_a_publish_appends_what_it_changed(kept: Kept) -> None:
    await kept.publish(SMALL, AT)
    head = await kept.publish(NEXT, AT + minutes(5))
    found = await kept.history.changes(ChangeQuery(), limit=99)
    assert [(c.kind, c.id, c.action, c.topic, c.field) for _, c in found] == [
        ("offering", "p/a", "changed", "price", "pricing.output_per_million"),
        ("offering", "p/a", "changed", "price", "pricing.input_per_million"),
        ("model", "c", "added", "lifecycle", None),
        ("model", "b", "removed", "lifecycle", None),
        ("model", "a", "changed", "limits", "context_window"),
    ]
    assert {(c.at, c.revision) for _, c in found} == {(AT + minutes(5), head.revision)}
    price, added, removed = found[0].change, found[2].change, found[3].change
    assert (str(price.old), str(price.new)) == ("0.15", "0.20")
    assert (added.old, added.new["id"]) == (None, "c")
    assert (removed.old["id"], removed.new) == ("b", None)


async def test_each_time_has_the_revision_that_was_published_then(kept: Kept) -> None:
    first = await kept.publish(SMALL, AT)
    second = await kept.publish(NEXT, AT + minutes(5))
    third = await kept.publish(SMALL, AT + minutes(9))
    for after, head, held in (
        (0, first, SMALL),
        (4.9, first, SMALL),
        (5, second, NEXT),
        (9, third, SMALL),
        (9999, third, SMALL),
    ):
        assert await kept.history.head_at(AT + minutes(after)) == head
        assert await kept.history.registry_at(AT + minutes(after)) == (head, held)
    assert (first.revision, first.published_at) == (third.revision, AT)
    assert await kept.history.beginning() == first


async def test_publishing_the_same_again_appends_nothing(kept: Kept) -> None:
    first = await kept.publish(SMALL, AT)
    await kept.publish(SMALL, AT + minutes(5))
    assert await kept.history.head_at(AT + minutes(9)) == first
    assert await kept.fields() == []


async def test_what_is_no_news_is_not_told_but_restored(kept: Kept) -> None:
    seen = Provenance(source="litellm", version="1", observed_at=AT, fields=("name",))
    before = registry(model("a", provenance=(seen,)), provider("p"), offering("p", "a", "0.1"))
    after = registry(model("a", updated_at=AT + minutes(1)), provider("p"), offering("p", "a", "0.10"))
    await kept.publish(before, AT)
    await kept.publish(after, AT + minutes(5))
    assert await kept.fields() == []
    found = await kept.history.registry_at(AT)
    assert found is not None
    assert same(found[1], before)


async def test_a_clock_that_went_backwards_does_not_reorder_revisions(kept: Kept) -> None:
    await kept.publish(SMALL, AT)
    back = await kept.publish(NEXT, AT - minutes(60))
    assert back.published_at == AT
    assert await kept.registry.head() == back == await kept.history.head_at(AT)
    assert await kept.history.registry_at(AT - minutes(1)) is None
    assert len(await kept.fields()) == 5


def fits(change: Change, query: ChangeQuery) -> bool:
    model_id, provider_id = change.entities
    return (
        (query.since is None or change.at >= query.since)
        and (query.until is None or change.at < query.until)
        and change.kind in (query.kinds or [change.kind])
        and change.action in (query.actions or [change.action])
        and change.topic in (query.topics or [change.topic])
        and (not query.fields or change.field in query.fields)
        and query.model_id in (None, model_id)
        and query.provider_id in (None, provider_id)
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (ChangeQuery(kinds=["vendor"]), [("v", "country"), ("v", None)]),
        (
            ChangeQuery(kinds=["vendor", "provider", "model"], actions=("removed", "added")),
            [("b", None), ("v", None)],
        ),
        (
            ChangeQuery(topics=["price"]),
            [("p/a", "pricing.output_per_million"), ("p/a", "pricing.input_per_million")],
        ),
        (ChangeQuery(model_id="b"), [("b", None), ("q/b", None)]),
        (ChangeQuery(model_id="a", topics=["lifecycle"]), [("a", "status"), ("a", "status")]),
        (ChangeQuery(provider_id="q"), [("q/b", None)]),
        (ChangeQuery(provider_id="p", model_id="b"), []),
        (ChangeQuery(since=AT + minutes(4)), [("v", "country"), ("b", None)]),
        (
            ChangeQuery(since=AT + minutes(2), until=AT + minutes(3)),
            [("q/b", None), ("a", "status")],
        ),
        (ChangeQuery(model_id="a'; --"), []),
        (ChangeQuery(kinds=["none"]), []),
    ],
)
async def test_it_finds_the_changes_that_fit(
    kept: Kept, query: ChangeQuery, expected: list[tuple[str, str | None]]
) -> None:
    await filled(kept)
    assert await kept.fields(query) == expected


EVERY_KIND = ["model", "provider", "offering", "vendor"]
EVERY_TOPIC = ["price", "limits", "lifecycle", "other"]


async def test_filters_go_together_in_any_way(kept: Kept) -> None:
    await filled(kept)
    everything = list(await kept.history.changes(ChangeQuery(), limit=99))
    middle = everything[len(everything) // 2].place
    times = [{}, {"since": AT + minutes(2)}, {"until": AT + minutes(3)}, {"until": AT + minutes(9)}]
    combined = product(
        [[], ["model", "vendor"], EVERY_KIND, ["offering"], ["model", "none"]],
        [[], ["changed"], ["added", "changed", "removed"], ["removed"]],
        [[], ["lifecycle"], ["price", "limits"], EVERY_TOPIC],
        [{}, {"model_id": "a"}, {"provider_id": "p"}, {"model_id": "b", "provider_id": "q"}],
    )
    for number, (kinds, actions, topics, ids) in enumerate(combined):
        fields: dict[str, Any] = {**ids, **times[number % 4]}
        if number % 5 == 0:
            fields["fields"] = ("status", "pricing.input_per_million")
        query = ChangeQuery(kinds=kinds, actions=actions, topics=topics, **fields)
        before = middle if number % 3 == 0 else None
        fitting = [
            numbered
            for numbered in everything
            if fits(numbered.change, query) and (before is None or numbered.place < before)
        ]
        limit = 1 + number % 4
        assert list(await kept.history.changes(query, limit=limit, before=before)) == fitting[:limit], query
        newer = [n for n in everything if fits(n.change, query) and n.place > middle]
        assert list(await kept.history.changes(query, limit=limit, after=middle)) == newer[-limit:], query


async def test_pages_follow_each_other_without_gap_or_overlap(kept: Kept) -> None:
    await filled(kept)
    await replay_two(kept)
    everything = list(await kept.history.changes(ChangeQuery(), limit=99))
    paged: list[NumberedChange] = []
    before: Place | None = None
    while page := await kept.history.changes(ChangeQuery(), limit=2, before=before):
        paged += page
        before = page[-1].place
        assert len(paged) <= len(everything)
    assert paged == everything
    places = [numbered.place for numbered in everything]
    assert places == sorted(places, reverse=True)
    assert len(set(places)) == len(places)
    back: list[NumberedChange] = []
    after = places[-1]
    while page := await kept.history.changes(ChangeQuery(), limit=2, after=after):
        back = [*page, *back]
        after = page[0].place
        assert len(back) < len(everything)
    assert back == everything[:-1]


async def test_it_takes_many_changes_in_one_publish(kept: Kept) -> None:
    await kept.publish(large_registry(60, 3000), AT)
    await kept.publish(large_registry(60, 3000, price="0.2"), AT + minutes(1))
    assert len(await kept.history.changes(ChangeQuery(topics=["price"]), limit=9_999)) == 6000
    found = await kept.history.registry_at(AT)
    assert found is not None
    assert found[1] == large_registry(60, 3000)


chains = st.lists(st.tuples(registries, st.sampled_from([-1, 0, 1, 5])), min_size=1, max_size=5)


@given(before=st.lists(registries, max_size=3), chain=chains)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_gives_back_what_was_published_at_any_time_byte_for_byte(
    open_stores: OpenStores, before: list[Registry], chain: Sequence[tuple[Registry, int]]
) -> None:
    async def publish_all() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with open_stores(Path(folder)) as (store, _telemetry):
                kept = kept_by(store)
                expected: dict[datetime, tuple[Head, Registry]] = {}
                at = AT
                for some, later in chain:
                    at += minutes(later)
                    head = await kept.publish(some, at)
                    expected[head.published_at] = (head, some)
                for number, some in enumerate(before):
                    expected[AT - minutes(90 - number)] = (
                        Head(revision=revision_of(some), published_at=AT - minutes(90 - number)),
                        some,
                    )
                replayed = [
                    Replayed(at=AT - minutes(90 - number), registry=some)
                    for number, some in enumerate(before)
                ]
                await kept.history.replay(replayed)
                for moment, (head, some) in expected.items():
                    found = await kept.history.registry_at(moment)
                    assert found is not None
                    assert same(found[1], some)
                    assert found[0].revision == head.revision == revision_of(found[1])
                    assert await kept.history.head_at(moment) == found[0]

    asyncio.run(publish_all())


async def test_prices_stay_exact(kept: Kept) -> None:
    await kept.publish(registry(provider("p"), offering("p", "a", "0.30")), AT)
    await kept.publish(registry(provider("p"), offering("p", "a", "1E-7")), AT + minutes(1))
    [(_, output), (_, price)] = await kept.history.changes(ChangeQuery(), limit=9)
    assert (repr(price.old), repr(price.new)) == (repr(Decimal("0.30")), repr(Decimal("1E-7")))
    assert output.field == "pricing.output_per_million"
