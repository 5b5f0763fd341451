"""Where each field comes from: who is named, who differs, what is inherited."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from contract.builders import AT, model, offering, provider
from openmodels.domain.records import Claim, Model, Provenance
from openmodels.domain.views.provenance import FieldProvenance, ModelProvenance, model_provenance
from openmodels.domain.views.registry import encoder


def by(source: str, *fields: str, days: int = 0, **claims: str) -> Provenance:
    differs = tuple(Claim(field=name.replace("__", "."), value=value) for name, value in claims.items())
    return Provenance(
        source=source, version="1", observed_at=AT + timedelta(days=days), fields=fields, differs=differs
    )


def view(own: Model, **fields: Any) -> ModelProvenance:
    return model_provenance(own, [offering("acme", own.id, **fields)], {"acme": provider("acme")})


def field(fields: tuple[FieldProvenance, ...], name: str) -> FieldProvenance:
    (found,) = (item for item in fields if item.field == name)
    return found


def test_every_field_is_listed_once_and_nothing_about_the_record_itself() -> None:
    found = view(model("llama"))
    for fields in (found.fields, found.offerings[0].fields):
        names = [item.field for item in fields]
        assert len(set(names)) == len(names)
        assert not {"id", "provenance", "created_at", "updated_at", "source"} & set(names)
    assert {"name", "capabilities", "context_window", "knowledge_cutoff"} <= {f.field for f in found.fields}
    assert {"pricing.currency", "pricing.tiers", "context_window", "max_output_tokens", "status"} <= {
        f.field for f in found.offerings[0].fields
    }


def test_a_source_that_names_a_part_names_its_fields_and_the_newest_of_two_counts() -> None:
    found = view(model("llama"), provenance=(by("litellm", "pricing", days=1), by("models-dev", "pricing")))
    price = field(found.offerings[0].fields, "pricing.input_per_million")
    assert (price.source, price.source_name) == ("litellm", "LiteLLM")
    assert field(found.offerings[0].fields, "status").source == "curated"


def test_a_source_that_names_a_field_counts_before_a_newer_one_that_names_its_part() -> None:
    named = (by("litellm", "pricing", days=1), by("models-dev", "pricing.input_per_million"))
    fields = view(model("llama"), provenance=named).offerings[0].fields
    assert field(fields, "pricing.input_per_million").source == "models-dev"
    assert field(fields, "pricing.output_per_million").source == "litellm"


def test_an_unknown_source_has_no_name_but_its_id() -> None:
    found = view(model("llama", provenance=(by("in-house", "name"),)))
    assert (field(found.fields, "name").source, field(found.fields, "name").source_name) == ("in-house", None)


def test_what_only_others_say_something_of_is_listed_too() -> None:
    said = by("litellm", pricing__batch__input_per_million="0.50", probe="true")
    found = view(model("llama"), provenance=(said,))
    batch = field(found.offerings[0].fields, "pricing.batch.input_per_million")
    assert (batch.value, batch.source) == (None, None)
    assert batch.differs[0].value == Decimal("0.50")
    assert b'"value":0.50' in encoder.encode(batch)
    assert field(found.offerings[0].fields, "probe").value is None


@pytest.mark.parametrize("text", ["not json", "NaN", "[" * 2000, '"\\ud800"', "", "1e5", "1e" + "9" * 20])
def test_whatever_a_source_is_said_to_say_is_answered(text: str) -> None:
    found = view(model("llama", provenance=(by("litellm", name=text),)))
    assert encoder.encode(found)


def test_an_offering_without_a_value_shows_the_models_and_what_others_say_of_it() -> None:
    own = model("llama", max_output_tokens=4096, provenance=(by("litellm", "max_output_tokens"),))
    found = view(own, provenance=(by("models-dev", max_output_tokens="8192"),))
    shown = field(found.offerings[0].fields, "max_output_tokens")
    assert (shown.value, shown.source, shown.inherited_from) == (4096, "litellm", "model")
    assert [(d.source, d.value) for d in shown.differs] == [("models-dev", 8192)]
    overridden = field(view(own, max_output_tokens=100).offerings[0].fields, "max_output_tokens")
    assert (overridden.value, overridden.source, overridden.inherited_from) == (100, "curated", None)
