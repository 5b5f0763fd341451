"""Providers, popular models and comparisons."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.builders import AT, model, offering, provider, registry
from openmodels.domain.pricing import blended_price
from openmodels.domain.query import (
    MONTH,
    ProviderQuery,
    compare_offerings,
    popular_models,
    select_providers,
)
from openmodels.domain.records import Model, Offering, Pricing, Registry, encode_record
from openmodels.domain.snapshot import Snapshot, build_snapshot
from openmodels.domain.telemetry import OfferingTelemetry, ProviderState, Timings
from openmodels.domain.vocabulary import COMPARISON_SORTS, PROVIDER_SORTS

COMPATIBILITIES = ("openai", "anthropic", "custom")
REGIONS = ("global", "us-east-1", "eu-west-1")


def snapshot_of(content: Registry) -> Snapshot:
    return build_snapshot(content, revision="r", published_at=AT)


def some(values: tuple[str, ...], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=least, max_size=3, unique=True).map(tuple)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_it_selects_and_sorts_providers_as_the_oracle_does(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from("abcdef"), unique=True, max_size=5))
    providers = [
        provider(
            name,
            name=data.draw(st.sampled_from(["Cloud", "cloud", "Bolt"])),
            compatibility=data.draw(st.sampled_from(COMPATIBILITIES)),
            regions=data.draw(some(REGIONS, 1)),
        )
        for name in names
    ]
    served = {name: data.draw(st.integers(0, 3)) for name in names}
    snapshot = snapshot_of(
        registry(
            *(model(f"m-{n}") for n in range(3)),
            *providers,
            *(offering(name, f"m-{n}") for name in names for n in range(served[name])),
        )
    )
    states = {
        name: ProviderState(status=data.draw(st.sampled_from(["up", "down", "unknown"])))
        for name in data.draw(st.lists(st.sampled_from(names), unique=True) if names else st.just([]))
    }
    query = ProviderQuery(
        search=data.draw(st.sampled_from(["", " ", "cloud", "zzzz"])),
        compatibility=data.draw(some(COMPATIBILITIES)),
        region=data.draw(some((*REGIONS, "mars"))),
        status=data.draw(some(("up", "down", "unknown", "degraded"))),
        sort=data.draw(st.sampled_from(PROVIDER_SORTS)),
    )
    wanted = [
        p
        for p in sorted(providers, key=lambda p: p.id)
        if (not query.compatibility or p.compatibility in query.compatibility)
        and (not query.region or set(p.regions) & set(query.region))
        and (not query.status or states.get(p.id, ProviderState()).status in query.status)
        and (not query.search.strip() or query.search in p.name.casefold())
    ]
    if query.sort == "name":
        wanted.sort(key=lambda p: p.name.casefold())
    else:
        wanted.sort(key=lambda p: -served[p.id])
    found = select_providers(snapshot, query, states)
    assert [snapshot.providers[n].record.id for n in found] == [p.id for p in wanted]


NOW = datetime(2026, 3, 1, tzinfo=UTC)


def popular(*records: Any, now: datetime = NOW) -> list[str]:
    snapshot = snapshot_of(registry(*records))
    return [snapshot.models[n].record.id for n in popular_models(snapshot, now)]


def released(record: Model) -> datetime:
    if record.release_date is None:
        return record.created_at
    parts = [int(part) for part in record.release_date.split("-")] + [1, 1]
    return datetime(parts[0], parts[1], parts[2], tzinfo=UTC)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, "2021", "2024", "2024-03", "2025", "2025-10", "2026-02-14", "2030-01-01"]),
            st.integers(0, 3),
        ),
        max_size=6,
    )
)
def test_it_ranks_popularity_by_the_published_formula(drawn: list[tuple[str | None, int]]) -> None:
    records = [model(f"m-{n}", release_date=date) for n, (date, _) in enumerate(drawn)]
    counts = {f"m-{n}": count for n, (_, count) in enumerate(drawn)}
    most = max(counts.values(), default=0)
    scores = {}
    for record in records:
        months = (NOW - released(record)) / MONTH
        recency = 1.0 if months <= 6 else 0.0 if months >= 24 else (24 - months) / 18
        share = counts[record.id] / most if most else 0.0
        if months <= 24 or counts[record.id]:
            scores[record.id] = 0.7 * recency + 0.3 * share
    providers = ("p-0", "p-1", "p-2")
    content = [offering(p, m) for m, count in counts.items() for p in providers[:count]]
    found = popular(*records, *map(provider, providers), *content)
    assert set(found) == set(scores)
    kept = [round(scores[name], 9) for name in found]
    assert kept == sorted(kept, reverse=True)
    assert all(
        name < following or score > after
        for name, following, score, after in zip(found, found[1:], kept, kept[1:], strict=False)
    )


def test_it_counts_a_model_as_fresh_for_six_months_to_the_second() -> None:
    second = timedelta(seconds=1)
    release = datetime(2025, 3, 14, tzinfo=UTC)
    pair = (model("a-aging", release_date="2025-03-14"), model("b-fresh", release_date="2025-03-15"))
    assert popular(*pair, now=release + 6 * MONTH) == ["a-aging", "b-fresh"]
    assert popular(*pair, now=release + 6 * MONTH + second) == ["b-fresh", "a-aging"]


def test_it_leaves_out_what_is_older_than_24_months_and_not_offered() -> None:
    second = timedelta(seconds=1)
    old = model("old", release_date="2024-03-14")
    release = datetime(2024, 3, 14, tzinfo=UTC)
    assert popular(old, now=release + 24 * MONTH) == ["old"]
    assert popular(old, now=release + 24 * MONTH + second) == []
    offered = (old, provider("p"), offering("p", "old"))
    assert popular(*offered, now=release + 24 * MONTH + second) == ["old"]


@pytest.mark.parametrize(("partial", "day"), [("2025", "2025-01-01"), ("2025-03", "2025-03-01")])
def test_it_takes_a_partial_date_for_its_first_day(partial: str, day: str) -> None:
    for months in (5, 10, 23, 25):
        now = datetime.fromisoformat(day).replace(tzinfo=UTC) + months * MONTH
        pair = (model("a", release_date=partial), model("b", release_date=day))
        assert popular(*pair, now=now) == (["a", "b"] if months < 24 else [])


def test_it_falls_back_on_the_record_where_the_release_date_is_unknown() -> None:
    pair = (model("a", release_date=None), model("b", release_date=None))
    assert popular(*pair, now=AT) == ["a", "b"]


@pytest.mark.parametrize("impossible", ["0000", "0000-05", "0999-01-01"])
def test_it_never_meets_a_release_date_that_no_calendar_has(impossible: str) -> None:
    record = msgspec.json.decode(encode_record(model("a")))
    with pytest.raises(msgspec.ValidationError, match="release_date"):
        msgspec.convert(record | {"release_date": impossible}, Model)


def test_it_finds_nothing_popular_in_an_empty_registry() -> None:
    assert popular() == []


def figures(ttft: float | None, speed: float | None, uptime: float | None) -> OfferingTelemetry:
    timings = Timings(average_ttft_ms=ttft, average_tokens_per_second=speed)
    return OfferingTelemetry(uptime_percentage=uptime, timings=timings)


def compared(
    offerings: list[Offering], telemetry: Mapping[str, OfferingTelemetry], sort: str, region: tuple[str, ...]
) -> list[str]:
    snapshot = snapshot_of(registry(model("m"), *map(provider, "abcde"), *offerings))
    entries = compare_offerings(snapshot.models[0].offerings, telemetry, sort=sort, region=region)
    return [entry.record.provider_id for entry in entries]


PRICES = st.sampled_from([None, *map(Decimal, ("0", "0.1", "2"))])
FIGURES = st.sampled_from([None, 0.0, 1.5, 99.0])


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(COMPARISON_SORTS), some(("us-east-1", "eu-west-1", "mars")))
def test_it_compares_as_the_oracle_does(data: st.DataObject, sort: str, region: tuple[str, ...]) -> None:
    names = data.draw(st.lists(st.sampled_from("abcde"), unique=True))
    offerings = [
        offering(
            name,
            "m",
            pricing=Pricing(
                input_per_million=data.draw(PRICES), output_per_million=data.draw(PRICES), currency="USD"
            ),
            available_regions=data.draw(some(REGIONS, 1)),
        )
        for name in names
    ]
    telemetry = {name: figures(*(data.draw(FIGURES) for _ in range(3))) for name in names[:-1]}

    def value(o: Offering, by: str) -> float | Decimal | None:
        known = telemetry.get(o.provider_id, OfferingTelemetry())
        falling = {"throughput": known.timings.average_tokens_per_second, "uptime": known.uptime_percentage}
        if by in falling:
            figure = falling[by]
            return None if figure is None else -figure
        rising: dict[str, float | Decimal | None] = {
            "price": o.pricing.input_per_million,
            "output_price": o.pricing.output_per_million,
            "blended_price": blended_price(o.pricing),
            "ttft": known.timings.average_ttft_ms,
        }
        return rising[by]

    def key(o: Offering) -> tuple[Any, ...]:
        orders = [value(o, by) for by in (sort, "price", "output_price")]
        return (*((v is None, 0 if v is None else v) for v in orders), o.provider_id)

    wanted = [o for o in offerings if not region or set(region) & set(o.available_regions)]
    found = compared(offerings, telemetry, sort, region)
    assert found == [o.provider_id for o in sorted(wanted, key=key)]
