"""Every filter and sort of the models list against a brute-force oracle over generated registries."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.builders import AT, model, offering, provider, registry
from openmodels.domain.pricing import cheapest
from openmodels.domain.query import ModelQuery, by_relevance, select_models
from openmodels.domain.records import Model, Offering, Pricing, Registry
from openmodels.domain.snapshot import Snapshot, build_snapshot
from openmodels.domain.vocabulary import MODEL_SORTS

CAPABILITIES = st.sampled_from(["chat", "vision", "code"])
MODALITIES = st.sampled_from(["text", "image", "audio"])
STATUSES = st.sampled_from(["active", "preview", "deprecated", "retired"])
PROVIDERS = ("acme", "bolt", "core")
PRICES = st.sampled_from([None, *map(Decimal, ("0", "0.1", "0.10", "1", "2.5"))])
DATES = st.sampled_from([None, "2024", "2025", "2025-03", "2025-03-14", "2024-12-31"])


def some(values: st.SearchStrategy[str], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(values, min_size=least, max_size=3, unique=True).map(tuple)


@st.composite
def models(draw: st.DrawFn, model_id: str) -> Model:
    return model(
        model_id,
        name=draw(st.sampled_from(["Nova", "nova", "Alpha", "Zeta", model_id])),
        capabilities=draw(some(CAPABILITIES, 1)),
        modalities=draw(some(MODALITIES, 1)),
        input_modalities=draw(st.none() | some(MODALITIES)),
        output_modalities=draw(st.none() | some(MODALITIES)),
        context_window=draw(st.sampled_from([None, 1, 4096, 128_000])),
        vendor=draw(st.sampled_from([None, "acme", "openai"])),
        licensing=draw(st.sampled_from(["mit", "proprietary"])),
        status=draw(STATUSES),
        open_weights=draw(st.sampled_from([None, True, False])),
        release_date=draw(DATES),
    )


@st.composite
def offerings(draw: st.DrawFn, provider_id: str, model_id: str) -> Offering:
    prices = Pricing(
        input_per_million=draw(PRICES),
        output_per_million=draw(PRICES),
        currency=draw(st.sampled_from(["USD", "USD", "EUR"])),
    )
    return offering(provider_id, model_id, pricing=prices, status=draw(STATUSES))


@st.composite
def registries(draw: st.DrawFn) -> Registry:
    names = draw(st.lists(st.sampled_from([f"m-{letter}" for letter in "abcdefgh"]), unique=True, max_size=6))
    pairs = draw(
        st.lists(st.tuples(st.sampled_from(PROVIDERS), st.sampled_from(names or ["m"])), unique=True)
    )
    return registry(
        *(draw(models(name)) for name in names),
        *map(provider, PROVIDERS),
        *(draw(offerings(*pair)) for pair in pairs if names),
    )


@st.composite
def queries(draw: st.DrawFn) -> ModelQuery:
    return ModelQuery(
        capability=draw(some(CAPABILITIES)),
        modality=draw(some(MODALITIES)),
        vendor=draw(some(st.sampled_from(["acme", "openai", "nobody"]))),
        provider=draw(some(st.sampled_from([*PROVIDERS, "nobody"]))),
        licensing=draw(some(st.sampled_from(["mit", "proprietary", "gpl"]))),
        status=draw(some(STATUSES)),
        open_weights=draw(st.sampled_from([None, None, True, False])),
        min_context=draw(st.sampled_from([None, None, 0, 1, 4096, 10**9])),
        max_input_price=draw(st.sampled_from([None, None, *map(Decimal, ("0", "0.1", "1", "1e9"))])),
        sort=draw(st.sampled_from([None, *MODEL_SORTS])),
    )


def snapshot_of(content: Registry) -> Snapshot:
    return build_snapshot(content, revision="r", published_at=AT)


def served_by(content: Registry, record: Model) -> list[Offering]:
    return [o for o in content.offerings if o.model_id == record.id]


def price_of(content: Registry, record: Model) -> Decimal | None:
    best = cheapest(served_by(content, record))
    return best.pricing.input_per_million if best else None


def fits(content: Registry, record: Model, query: ModelQuery) -> bool:
    price = price_of(content, record)
    wanted: list[tuple[Any, set[Any]]] = [
        (query.capability, set(record.capabilities)),
        (
            query.modality,
            {*record.modalities, *(record.input_modalities or ()), *(record.output_modalities or ())},
        ),
        (query.vendor, {record.vendor}),
        (query.provider, {o.provider_id for o in served_by(content, record)}),
        (query.licensing, {record.licensing}),
        (query.status, {record.status}),
    ]
    return (
        all(not values or not has.isdisjoint(values) for values, has in wanted)
        and (query.open_weights is None or record.open_weights is query.open_weights)
        and (
            query.min_context is None
            or (record.context_window is not None and record.context_window >= query.min_context)
        )
        and (query.max_input_price is None or (price is not None and price <= query.max_input_price))
    )


def oracle_order(content: Registry, sort: str) -> list[str]:
    """The ids of all models, ties by id; Python's sort keeps the order of equals."""
    by_id = sorted(content.models, key=lambda m: m.id)

    def unknown_last(value: Callable[[Model], Any], *, falling: bool = False) -> list[Model]:
        known = [m for m in by_id if value(m) is not None]
        known = [m for _, m in sorted(((value(m), m) for m in known), key=lambda p: p[0], reverse=falling)]
        return known + [m for m in by_id if value(m) is None]

    orders: dict[str, Callable[[], list[Model]]] = {
        "recency": lambda: unknown_last(lambda m: m.release_date, falling=True),
        "name": lambda: sorted(by_id, key=lambda m: m.name.casefold()),
        "context_window": lambda: unknown_last(lambda m: m.context_window, falling=True),
        "providers": lambda: sorted(by_id, key=lambda m: -len(served_by(content, m))),
        "price": lambda: unknown_last(lambda m: price_of(content, m)),
    }
    return [m.id for m in orders["recency" if sort == "relevance" else sort]()]


def selected(snapshot: Snapshot, query: ModelQuery) -> list[str]:
    return [snapshot.models[n].record.id for n in select_models(snapshot, query)]


@settings(max_examples=300, deadline=None)
@given(registries(), queries())
def test_it_selects_and_sorts_as_the_oracle_does(content: Registry, query: ModelQuery) -> None:
    by_id = {m.id: m for m in content.models}
    wanted = [
        name for name in oracle_order(content, query.sort or "recency") if fits(content, by_id[name], query)
    ]
    assert selected(snapshot_of(content), query) == wanted


@settings(max_examples=100, deadline=None)
@given(registries(), queries(), st.sampled_from(["nova", "m-a", "a", "tests", "zzz", "alfa", "!"]))
def test_it_searches_within_the_filters(content: Registry, query: ModelQuery, search: str) -> None:
    snapshot = snapshot_of(content)
    both = msgspec.structs.replace(query, search=search)
    scores = snapshot.model_search.search(search)
    matching = {snapshot.models[n].record.id for n in scores}
    if query.sort in {None, "relevance"}:
        order: Sequence[str] = [snapshot.models[n].record.id for n in by_relevance(scores)]
    else:
        order = oracle_order(content, query.sort or "")
    by_id = {m.id: m for m in content.models}
    assert selected(snapshot, both) == [
        name for name in order if name in matching and fits(content, by_id[name], query)
    ]


@pytest.mark.parametrize("sort", [None, *MODEL_SORTS])
def test_it_lists_everything_when_nothing_is_asked(sort: str | None) -> None:
    snapshot = snapshot_of(registry(model("b"), model("a"), model("c")))
    assert selected(snapshot, ModelQuery(sort=sort)) == ["a", "b", "c"]
    assert selected(snapshot, ModelQuery(sort=sort, search="  ")) == ["a", "b", "c"]
    assert selected(snapshot, ModelQuery(sort=sort, search="zzzz")) == []


def test_it_sorts_by_relevance_when_something_is_searched_for() -> None:
    snapshot = snapshot_of(
        registry(
            model("aa-nova", release_date="2026"), model("nova", release_date="2020"), model("nova-mini")
        )
    )
    assert selected(snapshot, ModelQuery(search="nova")) == ["nova", "nova-mini", "aa-nova"]
    assert selected(snapshot, ModelQuery(search="nova", sort="recency")) == ["aa-nova", "nova", "nova-mini"]


def test_it_does_not_take_an_unknown_context_window_for_a_small_one() -> None:
    snapshot = snapshot_of(registry(model("known"), model("unknown", context_window=None)))
    assert selected(snapshot, ModelQuery(min_context=0)) == ["known"]


def test_it_never_changes_the_order_of_the_snapshot() -> None:
    snapshot = snapshot_of(registry(model("a"), model("b")))
    everything = select_models(snapshot, ModelQuery())
    assert isinstance(everything, tuple)
    assert everything is snapshot.model_orders["recency"]
