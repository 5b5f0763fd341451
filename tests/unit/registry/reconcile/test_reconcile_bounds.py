"""What an import may do at the most: proposals, guards, hostile names, and the same import again."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.reconciling import (
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
from openmodels.domain.observation import Observation
from openmodels.errors import ImportRefused
from openmodels.registry.reconcile import Options, require_modest
from openmodels.registry.reconcile.report import text_lines


def test_proposals_become_models_of_what_most_agree_on() -> None:
    providers = [a_provider(name) for name in ("p1", "p2", "p3")]
    facts = {
        "model__capabilities": ("chat",),
        "model__input_modalities": ("text",),
        "model__output_modalities": ("text",),
        "title": "Acme Nova (free)",
    }
    said = [
        offering_said("acme-nova", provider=p.id, context_window=window, **facts)
        for p, window in zip(providers, (1000, 1000, 2000), strict=True)
    ]
    registry = a_registry(*providers)
    assert a_plan(*said, registry=registry, options=Options(propose=4)).changes == ()
    plan = a_plan(*said, registry=registry, options=Options(propose=3))
    model = the_model(plan, "acme-nova")
    assert (model.name, model.context_window, model.release_date) == ("Acme Nova", 1000, None)
    assert len(plan.outcome.offerings) == 3
    assert a_plan(*said, registry=plan.outcome, options=Options(propose=3)).changes == ()


def test_one_provider_can_be_imported_alone() -> None:
    registry = a_registry(a_model(), a_provider(), a_provider("beta"))
    said = [offering_said(provider=name) for name in ("acme", "beta")]
    plan = a_plan(*said, model_said(release_date="2025"), registry=registry, options=Options(provider="beta"))
    assert [change.id for change in plan.changes] == ["beta/acme-one"]


def test_guards_refuse_to_shrink_or_to_change_too_much() -> None:
    models = [a_model(f"acme-{n}") for n in range(30)]
    offerings = [an_offering(f"acme-{n}") for n in range(30)]
    registry = a_registry(*models, a_provider(), *offerings)
    everything = [offering_said(f"acme-{n}", pricing__input_per_million=Decimal(9)) for n in range(30)]
    taken = a_plan(*everything, registry=registry, options=Options(accept="models-dev"))
    with pytest.raises(ImportRefused, match=r"30 of 61 records \(49\.2 %, more than 20 %\).*--force"):
        require_modest(taken, registry)
    require_modest(a_plan(*everything, registry=registry), registry)
    base = a_registry(*models, a_provider())
    added = a_plan(*everything, registry=base)
    require_modest(added, base)
    gone = a_plan(*everything[:26], registry=added.outcome, version="2", at=NOW)
    with pytest.raises(ImportRefused, match="remove 4 of 61"):
        require_modest(gone, added.outcome)
    require_modest(a_plan(*everything[:27], registry=added.outcome, version="2", at=NOW), added.outcome)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/../b", "\x1b[2Jacme", "acme\none", "x" * 300, "\u202e", " "]
)
def test_hostile_names_become_no_ids_and_steer_no_terminal(name: str) -> None:
    plan = a_plan(
        model_said(f"acme/{name}", **{**NEW_MODEL, "name": "Name"}),
        provider_said(name, name="Evil", api_base_url="https://evil.example"),
        offering_said(name, provider=name),
        offering_said(name),
    )
    assert all(".." not in change.id and change.id.isprintable() for change in plan.changes)
    assert check_registry(plan.outcome) == []
    assert all(line.isprintable() for line in text_lines(plan, dry=True))


amounts = st.none() | st.decimals(0, 50, places=2)
numbers = st.none() | st.integers(1, 300_000)


@st.composite
def sayings(draw: st.DrawFn) -> list[list[Observation]]:
    said: list[list[Observation]] = []
    for name in draw(st.lists(st.sampled_from(["acme-one", "acme-two", "acme-one:free"]), unique=True)):
        values: dict[str, Any] = {
            "pricing__input_per_million": draw(amounts),
            "pricing__cache_read_per_million": draw(amounts),
            "context_window": draw(numbers),
            "max_output_tokens": draw(numbers),
            "status": draw(st.sampled_from([None, "deprecated", "active"])),
        }
        said.append(offering_said(name, **{k: v for k, v in values.items() if v is not None}))
    facts = {
        "context_window": draw(numbers),
        "release_date": draw(st.sampled_from([None, "2025", "2025-03"])),
    }
    said.append(model_said(**{k: v for k, v in facts.items() if v is not None}))
    if draw(st.booleans()):
        said.append(model_said("acme/acme-two", **NEW_MODEL))
    return said


@settings(max_examples=25, deadline=None)
@given(sayings(), sayings(), sayings())
def test_importing_the_same_twice_changes_nothing_the_second_time(
    one: list[list[Observation]], two: list[list[Observation]], three: list[list[Observation]]
) -> None:
    registry = WHOLE
    steps = (("models-dev", one, "1"), ("litellm", two, "1"), ("models-dev", three, "2"))
    for day, (source, said, version) in enumerate(steps):
        at = SPOKE + timedelta(days=day)
        plan = a_plan(*said, registry=registry, source=source, version=version, at=at)
        again = a_plan(
            *said, registry=plan.outcome, source=source, version=version, at=at + timedelta(days=9)
        )
        assert again.changes == ()
        assert check_registry(plan.outcome) == []
        curated = the_offering(plan)
        assert curated.pricing.input_per_million == 1
        assert the_model(plan).context_window == 128_000
        registry = plan.outcome


def test_a_price_list_that_differs_fills_no_blank_price() -> None:
    said = offering_said(
        pricing__input_per_million=Decimal(7), pricing__cache_read_per_million=Decimal(3), status="preview"
    )
    offering = the_offering(a_plan(said))
    assert offering.pricing == an_offering().pricing
    assert offering.status == "preview"
    assert [claim.field for claim in offering.provenance[0].differs] == [
        "pricing.cache_read_per_million",
        "pricing.input_per_million",
    ]
    taken = a_plan(said, options=Options(accept="models-dev"))
    assert the_offering(taken).pricing.cache_read_per_million == 3


def test_an_offering_that_another_source_lists_is_not_retired() -> None:
    alone = a_plan(offering_said(status="retired"), source="litellm")
    assert the_offering(alone).status == "retired"
    listed = a_plan(offering_said(pricing__input_per_million=Decimal(1)))
    plan = a_plan(offering_said(status="retired"), source="litellm", registry=listed.outcome)
    assert the_offering(plan).status == "active"
    assert [d.field for d in plan.disagreements] == ["status"]


def test_two_spellings_of_one_name_make_one_model() -> None:
    providers = [a_provider(f"p{n}") for n in range(4)]
    facts = {
        "model__capabilities": ("chat",),
        "model__input_modalities": ("text",),
        "model__output_modalities": ("text",),
        "title": "Acme 2.5",
    }
    said = [
        offering_said("acme2.5-9b" if n < 2 else "acme-2-5-9b", provider=p.id, **facts)
        for n, p in enumerate(providers)
    ]
    plan = a_plan(*said, registry=a_registry(*providers), options=Options(propose=2))
    assert len(plan.outcome.models) == 1
    assert len(plan.outcome.offerings) == 4
