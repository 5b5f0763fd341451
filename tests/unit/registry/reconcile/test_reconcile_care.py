"""What an import leaves alone: edits by hand, what a source cannot say, other products, sudden leaps."""

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from fixtures.reconciling import (
    NEW_MODEL,
    NOW,
    PLAIN,
    SPOKE,
    a_model,
    a_plan,
    a_provider,
    a_reading,
    a_registry,
    an_offering,
    model_said,
    offering_said,
    provider_said,
    the_model,
    the_offering,
)
from openmodels.domain.observation import Subject
from openmodels.domain.records import Claim, Model, Offering, Pricing, Provenance, Source
from openmodels.errors import ImportRefused
from openmodels.registry.reconcile import Options, Plan, reconcile, require_modest
from openmodels.registry.reconcile.models import is_id
from openmodels.registry.reconcile.products import same_product

LATER = NOW + timedelta(days=1)


def without_prices() -> Offering:
    return an_offering(pricing=Pricing(input_per_million=None, output_per_million=None, currency="USD"))


PRICED = offering_said(
    pricing__currency="USD", pricing__input_per_million=Decimal(1), pricing__output_per_million=Decimal(2)
)


def filled() -> Plan:
    """An offering whose prices are the source's."""
    return a_plan(PRICED, registry=a_registry(a_model(), a_provider(), without_prices()))


def edited(plan: Plan, **pricing: Decimal | None) -> Plan:
    """The same import after somebody has edited prices by hand."""
    offering = the_offering(plan)
    by_hand = msgspec.structs.replace(offering, pricing=msgspec.structs.replace(offering.pricing, **pricing))
    return a_plan(PRICED, registry=a_registry(a_model(), a_provider(), by_hand))


def test_a_value_edited_by_hand_is_curated_from_then_on() -> None:
    plan = edited(filled(), input_per_million=Decimal(5))
    offering = the_offering(plan)
    assert offering.pricing.input_per_million == 5
    assert offering.provenance[0].fields == ("pricing.output_per_million",)
    assert offering.provenance[0].differs == (Claim(field="pricing.input_per_million", value="1"),)
    assert [d.field for d in plan.disagreements] == ["pricing.input_per_million"]
    assert a_plan(PRICED, registry=plan.outcome).changes == ()
    newer = a_plan(PRICED, registry=plan.outcome, version="2", at=LATER)
    assert the_offering(newer).pricing.input_per_million == 5


def test_prices_that_somebody_took_out_are_not_filled_in_again() -> None:
    plan = edited(filled(), input_per_million=None, output_per_million=None)
    again = a_plan(PRICED, registry=plan.outcome)
    newer = a_plan(PRICED, registry=plan.outcome, version="2", at=LATER)
    for after in (plan, again, newer):
        assert the_offering(after).pricing.input_per_million is None
        assert the_offering(after).pricing.output_per_million is None
        assert [d.field for d in after.disagreements] == [
            "pricing.input_per_million",
            "pricing.output_per_million",
        ]
    dearer = offering_said(pricing__input_per_million=Decimal(3), pricing__output_per_million=Decimal(6))
    filled_anew = the_offering(a_plan(dearer, registry=plan.outcome, version="2", at=LATER))
    assert filled_anew.pricing.input_per_million == 3


def test_an_edited_value_can_still_be_given_back() -> None:
    plan = edited(filled(), input_per_million=Decimal(5))
    back = a_plan(PRICED, registry=plan.outcome, options=Options(accept="models-dev"))
    assert the_offering(back).pricing.input_per_million == 1


def test_a_limit_edited_by_hand_stays_where_the_source_says_what_the_model_has() -> None:
    first = a_plan(offering_said(context_window=64_000))
    by_hand = msgspec.structs.replace(the_offering(first), context_window_override=50_000)
    model = a_model(context_window=64_000)
    plan = a_plan(offering_said(context_window=64_000), registry=a_registry(model, a_provider(), by_hand))
    assert the_offering(plan).context_window_override == 50_000
    assert the_offering(plan).provenance[0].fields == ()


def test_a_status_that_somebody_took_back_is_not_filled_in_again() -> None:
    said = offering_said(status="deprecated")
    by_hand = msgspec.structs.replace(the_offering(a_plan(said)), status="active")
    plan = a_plan(said, registry=a_registry(a_model(), a_provider(), by_hand))
    newer = a_plan(said, registry=plan.outcome, version="2", at=LATER)
    assert the_offering(newer).status == "active"
    assert [d.field for d in newer.disagreements] == ["status"]


def test_a_document_without_the_model_takes_nothing_from_it() -> None:
    facts = {"context_window": 128_000, "release_date": "2025-03", "max_output_tokens": 9}
    first = a_plan(model_said(**facts), PRICED)
    listed = {"model__release_date": "2024-01", "model__family": "acme", "title": "One"}
    registry = a_registry(
        the_model(first), a_provider(), a_provider("beta"), the_offering(first), an_offering(provider="beta")
    )
    said = [offering_said(provider=name, **listed) for name in ("acme", "beta")]
    plan = a_plan(*said, registry=registry, version="2", at=LATER)
    model = the_model(plan)
    assert (model.release_date, model.max_output_tokens, model.family) == ("2025-03", 9, "acme")
    assert not any(change.replaces for change in plan.changes)
    fewer = a_plan(said[0], registry=plan.outcome, version="3", at=LATER + timedelta(days=1))
    assert the_model(fewer) == model


def test_what_no_one_could_use_is_not_what_nobody_says() -> None:
    first = filled()
    reading = a_reading(offering_said(), version="2", at=LATER)
    subject = Subject("offering", "acme", "acme-one")
    unusable = msgspec.structs.replace(reading, left_out=frozenset({(subject, "pricing")}))
    assert the_offering(reconcile(unusable, first.outcome, PLAIN, LATER)).pricing == an_offering().pricing
    absurd = offering_said(
        pricing__input_per_million=Decimal(10) ** 15, pricing__output_per_million=Decimal(2)
    )
    plan = a_plan(absurd, registry=first.outcome, version="2", at=LATER)
    assert the_offering(plan).pricing.input_per_million == 1
    assert [left.field for left in plan.left_out] == ["pricing.input_per_million"]
    silent = reconcile(reading, first.outcome, PLAIN, LATER)
    assert the_offering(silent).pricing.input_per_million is None


@pytest.mark.parametrize(
    ("price", "taken"), [("10", True), ("10.01", False), ("0.1", True), ("0.09", False), ("0", True)]
)
def test_a_price_that_leaps_waits_to_be_forced(price: str, *, taken: bool) -> None:
    first = filled()
    said = offering_said(pricing__input_per_million=Decimal(price), pricing__output_per_million=Decimal(2))
    plan = a_plan(said, registry=first.outcome, version="2", at=LATER)
    assert (the_offering(plan).pricing.input_per_million == Decimal(price)) is taken
    if not taken:
        assert the_offering(plan) == the_offering(first)
        assert "tenfold" in plan.left_out[0].why
        forced = a_plan(said, registry=plan.outcome, version="2", at=LATER, options=Options(force=True))
        assert the_offering(forced).pricing.input_per_million == Decimal(price)


@pytest.mark.parametrize("name", ["acme-one:free", "acme-one-fp8", "us/acme-one", "acme-one-20240101"])
def test_a_listing_of_another_product_says_nothing_of_ours(name: str) -> None:
    said = offering_said(name, base_model="acme/acme-one", status="preview", max_output_tokens=5)
    said += offering_said(name, pricing__cache_read_per_million=Decimal(1))[1:]
    model = a_model(release_date="2025-05")
    registry = a_registry(model, a_provider(), an_offering())
    plan = a_plan(said, model_said(release_date="2025-05"), registry=registry)
    assert the_offering(plan) == an_offering()
    assert plan.disagreements == ()
    assert [variant.name for variant in plan.variants] == [name]


def test_what_a_listing_of_another_product_gave_goes_unless_it_was_edited() -> None:
    item = Provenance(
        source="models-dev",
        version="1",
        observed_at=SPOKE,
        fields=("max_output_tokens", "pricing.cache_read_per_million"),
    )
    polluted = an_offering(
        pricing=msgspec.structs.replace(an_offering().pricing, cache_read_per_million=Decimal(1)),
        max_output_tokens=7,
        provenance=(item,),
        source=Source(name="models.dev"),
    )
    registry = a_registry(a_model(), a_provider(), polluted)
    said = offering_said(
        "acme-one:free",
        base_model="acme/acme-one",
        max_output_tokens=5,
        pricing__cache_read_per_million=Decimal(1),
    )
    plan = a_plan(said, model_said(name="One"), registry=registry)
    cleaned = the_offering(plan)
    assert (cleaned.pricing, cleaned.max_output_tokens) == (an_offering().pricing, 7)
    assert (cleaned.provenance, cleaned.source) == ((), None)
    newer = a_plan(said, model_said(name="One"), registry=registry, version="2", at=LATER)
    assert the_offering(newer) == polluted
    assert newer.unlisted == ("acme/acme-one",)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("openai/gpt-oss-20b", "GPT_OSS-20b", True),
        ("llama-3.3-70b", "meta/llama3-3-70b", True),
        ("acme-one-20250514", "acme-one", True),
        ("acme-one-2025-05-14", "acme-one@20250514", True),
        ("acme-one-20250514", "acme-one-20250601", False),
        ("acme-one-20240514", "acme-one", False),
        ("acme-one-latest", "acme-one", False),
        ("acme-one-mini", "acme-one", False),
        ("azure/eu/acme-one", "azure/us/acme-one", False),
    ],
)
def test_names_of_one_product_differ_in_spelling_prefix_and_date_only(
    one: str, other: str, *, same: bool
) -> None:
    model = a_model(release_date="2025-05")
    assert same_product(one, other, model) is same
    assert same_product(other, one, model) is same


def test_one_providers_price_list_does_not_turn_over_unseen() -> None:
    models = [a_model(f"acme-{n}") for n in range(60)]
    registry = a_registry(*models, a_provider(), a_provider("beta"))
    said = [
        offering_said(m.id, provider="beta" if n < 12 else "acme", pricing__input_per_million=Decimal(2))
        for n, m in enumerate(models)
    ]
    first = a_plan(*said, registry=registry)
    dearer = [
        offering_said(m.id, provider="beta", pricing__input_per_million=Decimal(4)) for m in models[:12]
    ]
    plan = a_plan(*dearer, *said[12:], registry=first.outcome, version="2", at=LATER)
    with pytest.raises(ImportRefused, match=r"prices of 12 of 12 offerings of beta.*--force"):
        require_modest(plan, first.outcome)
    few = a_plan(*dearer[:9], *said[9:], registry=first.outcome, version="2", at=LATER)
    require_modest(few, first.outcome)


def test_a_registry_does_not_grow_by_half_unasked() -> None:
    models = [a_model(f"acme-{n}") for n in range(150)]
    registry = a_registry(*models, a_provider(), *[an_offering(m.id) for m in models[:50]])
    said = [offering_said(model.id) for model in models]
    with pytest.raises(ImportRefused, match=r"add 100 offerings to 50 .*--force"):
        require_modest(a_plan(*said, registry=registry), registry)
    require_modest(a_plan(*said[:149], registry=registry), registry)


@pytest.mark.parametrize("name", ["con", "nul", "com1", "lpt9"])
def test_no_new_record_is_called_like_a_device(name: str) -> None:
    assert not is_id(name)
    plan = a_plan(
        provider_said(name, name="Evil", api_base_url="https://e.example"), offering_said(provider=name)
    )
    assert all(change.kind != "provider" for change in plan.changes)


def test_what_we_made_up_is_not_curated() -> None:
    facts = {**NEW_MODEL, "open_weights": False, "vendor": "acme"}
    unknown = a_plan(model_said("acme/acme-two", **facts))
    model: Model = the_model(unknown, "acme-two")
    assert model.licensing == "other"
    assert "vendor" in model.provenance[0].fields
    told = a_plan(
        model_said("acme/acme-two", **facts, licensing="mit"), registry=unknown.outcome, version="2", at=LATER
    )
    assert the_model(told, "acme-two").licensing == "mit"
    new = a_plan(
        provider_said("zeta", name="Zeta", api_base_url="https://z.example/v1"),
        offering_said(provider="zeta"),
    )
    later = a_plan(
        provider_said("zeta", name="Zeta", api_base_url="https://z.example/v1", compatibility="anthropic"),
        offering_said(provider="zeta"),
        registry=new.outcome,
        version="2",
        at=LATER,
    )
    assert next(p for p in later.outcome.providers if p.id == "zeta").compatibility == "anthropic"
