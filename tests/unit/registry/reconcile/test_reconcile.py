"""One reading and one registry: what is taken, what is kept, what is listed."""

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from fixtures.reconciling import (
    BEGAN,
    NEW_MODEL,
    NOW,
    SPOKE,
    WHOLE,
    a_model,
    a_plan,
    a_provider,
    a_registry,
    an_offering,
    model_said,
    offering_said,
    provider_said,
    the_model,
    the_offering,
)
from openmodels.domain.checks import check_registry
from openmodels.domain.records import (
    Claim,
    Provenance,
    Source,
)
from openmodels.registry.reconcile import Options
from openmodels.registry.reconcile.report import disagreement


def test_it_never_overwrites_a_curated_value_and_says_what_all_say() -> None:
    claimed = Provenance(
        source="litellm",
        version="9",
        observed_at=BEGAN,
        differs=(Claim(field="max_output_tokens", value="8192"),),
    )
    registry = a_registry(
        a_model(), a_provider(), an_offering(max_output_tokens=32_000, provenance=(claimed,))
    )
    plan = a_plan(offering_said(max_output_tokens=64_000), registry=registry)
    offering = the_offering(plan)
    assert offering.max_output_tokens == 32_000
    assert offering.updated_at == BEGAN
    assert [item.differs for item in offering.provenance] == [
        claimed.differs,
        (Claim(field="max_output_tokens", value="64000"),),
    ]
    assert disagreement(plan.disagreements[0]) == (
        "offering acme/acme-one max_output_tokens: models-dev says 64000, litellm says 8192, "
        "registry says 32000"
    )


def test_it_fills_what_nobody_knew_and_says_where_it_is_from() -> None:
    plan = a_plan(
        offering_said(pricing__cache_read_per_million=Decimal("0.10")),
        model_said(release_date="2025-03", max_output_tokens=9),
    )
    offering, model = the_offering(plan), the_model(plan)
    assert offering.pricing.cache_read_per_million == Decimal("0.10")
    assert offering.provenance[0].fields == ("pricing.cache_read_per_million",)
    assert (model.release_date, model.max_output_tokens) == ("2025-03", 9)
    assert model.provenance[0].fields == ("max_output_tokens", "release_date")
    assert (offering.updated_at, model.updated_at) == (NOW, NOW)
    assert not any(change.replaces for change in plan.changes)


def test_a_field_follows_the_source_that_it_came_from() -> None:
    first = a_plan(offering_said(pricing__cache_read_per_million=Decimal(3)))
    again = a_plan(
        offering_said(pricing__cache_read_per_million=Decimal(4)),
        registry=first.outcome,
        version="2",
        at=NOW,
    )
    assert the_offering(again).pricing.cache_read_per_million == 4
    assert again.changes[0].replaces
    gone = a_plan(offering_said(), registry=again.outcome, version="3", at=NOW + timedelta(days=1))
    assert the_offering(gone).pricing.cache_read_per_million is None


def test_an_older_version_changes_nothing_that_a_newer_one_said() -> None:
    first = a_plan(offering_said(pricing__cache_read_per_million=Decimal(3)), version="2")
    older = a_plan(
        offering_said(pricing__cache_read_per_million=Decimal(4)),
        registry=first.outcome,
        version="1",
        at=SPOKE - timedelta(days=1),
    )
    assert older.changes == ()
    assert any("newer version" in note for note in older.notes)


def test_another_sources_field_is_a_disagreement() -> None:
    first = a_plan(offering_said(pricing__cache_read_per_million=Decimal(3)), source="litellm")
    plan = a_plan(offering_said(pricing__cache_read_per_million=Decimal(4)), registry=first.outcome)
    assert the_offering(plan).pricing.cache_read_per_million == 3
    assert [voice.source for voice in plan.disagreements[0].says] == ["models-dev", "litellm"]


def test_equal_values_confirm_and_name_the_source() -> None:
    said = offering_said(pricing__input_per_million=Decimal("1.00"), pricing__output_per_million=Decimal(2))
    plan = a_plan(said)
    offering = the_offering(plan)
    assert offering.source == Source(name="models.dev", url="https://models-dev.example", verified_at=SPOKE)
    assert offering.pricing == an_offering().pricing
    assert offering.updated_at == BEGAN
    assert a_plan(said, registry=plan.outcome).changes == ()
    newer = a_plan(said, registry=plan.outcome, version="2", at=NOW)
    assert the_offering(newer).source == msgspec.structs.replace(offering.source, verified_at=NOW)
    assert the_offering(newer).provenance[0].version == "2"
    assert [change.fields for change in newer.changes] == [()]


def test_a_source_that_says_other_prices_is_not_where_the_numbers_come_from() -> None:
    plan = a_plan(offering_said(pricing__input_per_million=Decimal(7)))
    assert the_offering(plan).source is None


def test_the_same_version_read_at_another_time_changes_nothing() -> None:
    said = offering_said(pricing__input_per_million=Decimal(1))
    first = a_plan(said, at=SPOKE)
    assert a_plan(said, registry=first.outcome, at=NOW).changes == ()


@pytest.mark.parametrize(
    ("only", "taken"),
    [
        ((), True),
        (("pricing.*",), True),
        (("acme/acme-one",), True),
        (("acme/*:pricing.input_per_million",), True),
        (("status",), False),
        (("other/*",), False),
    ],
)
def test_accept_takes_a_sources_values_where_it_is_told_to(only: tuple[str, ...], *, taken: bool) -> None:
    options = Options(accept="models-dev", only=only)
    plan = a_plan(offering_said(pricing__input_per_million=Decimal(7)), options=options)
    offering = the_offering(plan)
    assert offering.pricing.input_per_million == (7 if taken else 1)
    assert bool(plan.disagreements) is not taken
    assert (offering.provenance[0].fields == ("pricing.input_per_million",)) is taken


def test_accept_takes_what_another_source_said_before() -> None:
    first = a_plan(
        offering_said(pricing__input_per_million=Decimal("7.50")), source="litellm", registry=WHOLE
    )
    plan = a_plan(
        offering_said(pricing__input_per_million=Decimal(9)),
        registry=first.outcome,
        options=Options(accept="litellm"),
    )
    offering = the_offering(plan)
    assert str(offering.pricing.input_per_million) == "7.50"
    assert [(item.source, item.fields, item.differs) for item in offering.provenance] == [
        ("litellm", ("pricing.input_per_million",), ()),
        ("models-dev", (), (Claim(field="pricing.input_per_million", value="9"),)),
    ]


def test_a_value_taken_from_one_source_leaves_what_the_other_says() -> None:
    first = a_plan(offering_said(pricing__cache_read_per_million=Decimal(3)), source="litellm")
    plan = a_plan(
        offering_said(pricing__cache_read_per_million=Decimal(4)),
        registry=first.outcome,
        options=Options(accept="models-dev"),
    )
    assert [(i.source, i.fields, i.differs) for i in the_offering(plan).provenance] == [
        ("litellm", (), (Claim(field="pricing.cache_read_per_million", value="3"),)),
        ("models-dev", ("pricing.cache_read_per_million",), ()),
    ]


def test_a_limit_is_written_down_only_where_it_differs_from_the_models() -> None:
    same = a_plan(offering_said(context_window=128_000))
    assert the_offering(same).context_window_override is None
    other = a_plan(offering_said(context_window=64_000))
    assert the_offering(other).context_window_override == 64_000
    back = a_plan(offering_said(context_window=128_000), registry=other.outcome, version="2", at=NOW)
    assert the_offering(back).context_window_override is None


def test_a_new_model_gets_a_vendor_and_a_description_of_ours() -> None:
    plan = a_plan(model_said("acme/Acme-2.5", **NEW_MODEL))
    model = the_model(plan, "acme-2-5")
    assert (model.vendor, model.country, model.licensing) == ("acme", "de", "other")
    assert "Acme" in model.description
    assert set(NEW_MODEL) == set(model.provenance[0].fields)
    assert check_registry(plan.outcome) == []


def test_a_description_follows_its_facts_until_somebody_rewrites_it() -> None:
    first = a_plan(model_said("acme/acme-two", **NEW_MODEL))
    longer = model_said("acme/acme-two", **{**NEW_MODEL, "context_window": 2000})
    again = a_plan(longer, registry=first.outcome, version="2", at=NOW)
    assert "2,000" in the_model(again, "acme-two").description
    own = msgspec.structs.replace(the_model(first, "acme-two"), description="In other words, a model.")
    kept = a_plan(longer, registry=a_registry(own, a_provider(), a_model()), version="2", at=NOW)
    assert the_model(kept, "acme-two").description == "In other words, a model."


def test_a_model_of_an_unknown_maker_waits_for_its_vendor() -> None:
    plan = a_plan(model_said("zeta/zeta-1", **NEW_MODEL))
    assert plan.changes == ()
    assert [doubt.name for doubt in plan.review] == ["zeta/zeta-1"]
    assert "vendors.yaml" in plan.review[0].reason


def test_a_dated_name_is_a_release_of_the_undated_model() -> None:
    plan = a_plan(model_said("acme/acme-one-20250514", name="One", release_date="2025-05-14"))
    assert [model.id for model in plan.outcome.models] == ["acme-one"]
    assert the_model(plan).release_date == "2025-05-14"


def test_a_new_provider_needs_an_https_address_and_something_to_serve() -> None:
    said = provider_said("zed", name="Zed", api_base_url="https://zed.example/v1", compatibility="openai")
    assert a_plan(said).changes == ()
    plan = a_plan(said, offering_said(provider="zed", pricing__input_per_million=Decimal(3)))
    assert [(change.kind, change.id) for change in plan.changes] == [
        ("provider", "zed"),
        ("offering", "zed/acme-one"),
    ]
    assert "Zed" in plan.outcome.providers[1].description
    silent = a_plan(provider_said("zed", name="Zed"), offering_said(provider="zed"))
    assert silent.changes == ()
    assert [(left.id, left.field) for left in silent.left_out] == [("zed", "api_base_url")]


def test_what_would_break_a_rule_is_left_out_and_listed() -> None:
    held = a_registry(a_model(), a_provider(env=("ACME_API_KEY",)), an_offering())
    plan = a_plan(
        provider_said("aaa", name="Aaa", api_base_url="https://aaa.example/v1", env=["ACME_API_KEY"]),
        offering_said(provider="aaa"),
        offering_said(pricing__tiers=[{"above_tokens": 9}, {"above_tokens": 5}], status="nonsense"),
        registry=held,
    )
    assert next(p for p in plan.outcome.providers if p.id == "aaa").env == ()
    assert {(left.id, left.field) for left in plan.left_out} == {
        ("aaa", "env"),
        ("acme/acme-one", "pricing.tiers"),
        ("acme/acme-one", "status"),
    }
    assert check_registry(plan.outcome) == []


def test_the_sources_word_and_the_names_meaning_must_agree() -> None:
    registry = a_registry(a_model(), a_model("acme-two"), a_provider())
    plan = a_plan(
        model_said("acme/acme-two"),
        model_said("acme/acme-two", name="Acme Two"),
        offering_said("acme-one", base_model="acme/acme-two"),
        registry=registry,
    )
    assert plan.outcome.offerings == ()
    assert "the source says acme-two, the name says acme-one" in plan.review[0].reason


def test_an_unknown_name_is_reviewed_with_its_candidates() -> None:
    plan = a_plan(offering_said("acme-one-mini"))
    assert plan.changes == ()
    assert [c.model_id for c in plan.review[0].candidates] == ["acme-one"]


def test_of_several_names_the_plainest_is_taken_and_the_present_one_stays() -> None:
    names = ["acme-one:free", "acme-one-2025-05-14", "acme-one"]
    registry = a_registry(a_model(), a_provider())
    plan = a_plan(*(offering_said(name) for name in names), registry=registry)
    assert the_offering(plan).provider_model_name == "acme-one"
    assert {variant.name for variant in plan.variants} == set(names[:2])
    present = a_registry(a_model(), a_provider(), an_offering(provider_model_name=names[1]))
    kept = a_plan(*(offering_said(name) for name in names), registry=present)
    assert the_offering(kept).provider_model_name == names[1]


def test_an_offering_of_this_source_alone_goes_when_it_is_listed_no_more() -> None:
    registry = a_registry(a_model(), a_provider(), a_provider("beta"), an_offering(provider="beta"))
    first = a_plan(offering_said(pricing__input_per_million=Decimal(1)), registry=registry)
    first = a_plan(
        offering_said(), offering_said(provider="beta"), registry=first.outcome, version="2", at=NOW
    )
    later = NOW + timedelta(days=1)
    plan = a_plan(registry=first.outcome, version="3", at=later)
    assert [(change.id, change.new) for change in plan.changes] == [("acme/acme-one", None)]
    assert plan.unlisted == ("beta/acme-one",)
