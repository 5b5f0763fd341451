"""What one registry has otherwise than another, and the way back."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.builders import AT, minutes, model, offering, provider, registry, vendor
from fixtures.histories import registries, same
from openmodels.domain.changes import (
    Change,
    changes_between,
    decode_value,
    encode_value,
    is_news,
    undo,
)
from openmodels.domain.records import (
    BatchPricing,
    Benchmark,
    PriceTier,
    Pricing,
    ProbePolicy,
    Provenance,
    RateLimits,
    Registry,
    Source,
)

LATER = AT + minutes(5)


def changes(old: Registry, new: Registry) -> list[Change]:
    return changes_between(old, new, at=LATER, revision="r2")


def news(old: Any, new: Any) -> list[tuple[str | None, Any, Any]]:
    """The news of one record that changed: field, old, new."""
    found = [change for change in changes(registry(old), registry(new)) if is_news(change)]
    return [(change.field, change.old, change.new) for change in found]


def priced(**fields: Any) -> Any:
    given_fields: dict[str, Any] = {
        "input_per_million": Decimal(1),
        "output_per_million": Decimal(2),
        "currency": "USD",
    }
    return offering("p", "m", pricing=Pricing(**given_fields | fields))


def test_it_finds_nothing_between_equal_registries() -> None:
    assert changes(registry(model("m")), registry(model("m"))) == []


def test_it_gives_the_whole_record_of_what_came_and_what_went() -> None:
    came, went = changes(registry(vendor("v")), registry(offering("p", "m", "0.10")))
    assert (came.kind, came.id, came.action, came.topic, came.field) == (
        "offering",
        "p/m",
        "added",
        "lifecycle",
        None,
    )
    assert (came.old, came.new["pricing"]["input_per_million"]) == (None, Decimal("0.10"))
    assert (came.at, came.revision, came.source) == (LATER, "r2", None)
    assert (went.kind, went.id, went.action, went.topic) == ("vendor", "v", "removed", "lifecycle")
    assert (went.old["name"], went.new, went.source) == ("V", None, None)


def test_it_gives_each_field_by_its_path() -> None:
    limits = RateLimits(requests_per_minute=1, tokens_per_minute=7)
    old = offering("p", "m", "1", rate_limits=limits, source=Source(name="docs"))
    new = offering(
        "p",
        "m",
        "2",
        rate_limits=RateLimits(requests_per_minute=1),
        source=Source(name="docs", url="https://example.com/x", verified_at=AT),
        updated_at=LATER,
    )
    assert news(old, new) == [
        ("pricing.input_per_million", Decimal(1), Decimal(2)),
        ("pricing.output_per_million", Decimal(1), Decimal(2)),
        ("rate_limits.tokens_per_minute", 7, None),
        ("source.url", None, "https://example.com/x"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "topic"),
    [
        (priced(), priced(cache_read_per_million=Decimal(0)), "price"),
        (model("m"), model("m", context_window=1), "limits"),
        (model("m"), model("m", max_output_tokens=1), "limits"),
        (model("m"), model("m", replaced_by="n"), "lifecycle"),
        (model("m"), model("m", status="deprecated"), "lifecycle"),
        (model("m"), model("m", name="Another"), "other"),
        (provider("p"), provider("p", probe=ProbePolicy(daily_limit=3)), "other"),
    ],
)
def test_it_says_what_a_change_is_about(old: Any, new: Any, topic: str) -> None:
    found = [change for change in changes(registry(old), registry(new)) if is_news(change)]
    assert {change.topic for change in found} == {topic}


def test_a_part_that_came_is_news_by_its_fields() -> None:
    batch = BatchPricing(input_per_million=Decimal("0.5"))
    assert news(priced(), priced(batch=batch)) == [("pricing.batch.input_per_million", None, Decimal("0.5"))]
    assert news(priced(batch=batch), priced()) == [("pricing.batch.input_per_million", Decimal("0.5"), None)]
    assert news(priced(), priced(batch=BatchPricing())) == []


def test_a_list_is_one_value() -> None:
    tier = PriceTier(above_tokens=200_000, input_per_million=Decimal("2.50"))
    [(field, old, new)] = news(priced(), priced(tiers=(tier,)))
    assert (field, old, new[0]["input_per_million"]) == ("pricing.tiers", [], Decimal("2.50"))
    assert news(model("m"), model("m", aliases=("a", "b"))) == [("aliases", [], ["a", "b"])]


def test_what_only_concerns_the_record_is_no_news() -> None:
    seen = Provenance(source="litellm", version="1", observed_at=AT)
    old = offering("p", "m", "0.1", source=Source(name="docs"))
    new = offering(
        "p",
        "m",
        "0.10",
        source=Source(name="docs", verified_at=AT),
        updated_at=LATER,
        created_at=LATER,
        provenance=(seen,),
    )
    assert news(old, new) == []
    assert {change.field for change in changes(registry(old), registry(new))} == {
        "pricing.input_per_million",
        "pricing.output_per_million",
        "source.verified_at",
        "created_at",
        "updated_at",
        "provenance",
    }


def test_it_names_the_source_that_the_new_value_comes_from() -> None:
    def seen(source: str, *fields: str) -> Provenance:
        return Provenance(source=source, version="1", observed_at=AT, fields=fields)

    old = offering("p", "m", "1", status="deprecated")
    new = offering(
        "p",
        "m",
        "2",
        rate_limits=RateLimits(tokens_per_minute=3),
        provenance=(
            seen("litellm", "pricing.input_per_million"),
            seen("models-dev", "rate_limits", "available_regions"),
        ),
    )
    found = {c.field: c.source for c in changes(registry(old), registry(new)) if is_news(c)}
    assert found == {
        "pricing.input_per_million": "litellm",
        "pricing.output_per_million": None,
        "rate_limits.tokens_per_minute": "models-dev",
        "status": None,
    }
    [added] = changes(registry(), registry(new))
    assert added.source == "models-dev"


@given(registries, registries)
@settings(max_examples=150, deadline=None)
def test_undoing_what_changed_gives_back_what_was_byte_for_byte(old: Registry, new: Registry) -> None:
    assert same(undo(new, reversed(changes(old, new))), old)


@given(st.lists(registries, min_size=3, max_size=5))
@settings(max_examples=50, deadline=None)
def test_a_chain_of_revisions_is_undone_in_one_go(chain: list[Registry]) -> None:
    steps = [changes(old, new) for old, new in pairwise(chain)]
    told = repr(steps)
    newest_first = [change for step in reversed(steps) for change in reversed(step)]
    assert same(undo(chain[-1], newest_first), chain[0])
    assert repr(steps) == told, "and the changes are as they were"


@given(registries, registries)
@settings(max_examples=50, deadline=None)
def test_values_survive_being_kept_as_text(old: Registry, new: Registry) -> None:
    for change in changes(old, new):
        for value in (change.old, change.new):
            assert encode_value(decode_value(encode_value(value))) == encode_value(value)


def test_the_sign_of_nothing_survives() -> None:
    below = registry(model("m", benchmarks=(Benchmark(benchmark="b", score=Decimal("-0")),)))
    [gone] = changes(below, registry())
    kept = Change(
        **{name: getattr(gone, name) for name in Change.__struct_fields__}
        | {"old": decode_value(encode_value(gone.old))}
    )
    assert same(undo(registry(), [kept]), below)


def test_it_refuses_changes_that_cannot_have_been() -> None:
    found = changes(registry(model("m")), registry(model("m", name="Another")))
    with pytest.raises(ValueError, match="the model 'm' changed, and it was not there"):
        undo(registry(), found)
    odd = Change(
        at=AT,
        revision="r",
        kind="model",
        id="m",
        action="removed",
        topic="lifecycle",
        field=None,
        old={"id": 1},
        new=None,
        source=None,
    )
    with pytest.raises(ValueError, match="'m' was something that this version cannot read"):
        undo(registry(), [odd])
