"""Descriptions composed from facts."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from fixtures.registry_files import model, provider
from openmodels.domain.limits import hold
from openmodels.domain.records import Model, Provider
from openmodels.domain.vocabulary import CAPABILITIES, COMPATIBILITIES, MODALITIES
from openmodels.registry.reconcile.describe import describe_model, describe_provider

AT = datetime(2026, 1, 1, tzinfo=UTC)
some_modalities = st.none() | st.lists(st.sampled_from(MODALITIES), min_size=1, unique=True)


def a_model(identifier: str = "acme-one", **changes: Any) -> Model:
    return msgspec.convert(model(identifier, **changes), Model)


@given(
    capabilities=st.lists(st.sampled_from(CAPABILITIES), min_size=1, unique=True),
    goes_in=some_modalities,
    comes_out=some_modalities,
    window=st.none() | st.integers(1, 10**7),
    weights=st.none() | st.booleans(),
    name=st.text(st.characters(categories=("L", "N")), min_size=1, max_size=255),
)
def test_every_model_gets_plain_sentences_that_its_file_can_hold(
    capabilities: list[str],
    goes_in: list[str] | None,
    comes_out: list[str] | None,
    window: int | None,
    weights: bool | None,
    name: str,
) -> None:
    one = a_model(
        name=name,
        capabilities=capabilities,
        input_modalities=goes_in,
        output_modalities=comes_out,
        context_window=window,
        open_weights=weights,
    )
    text = describe_model(one, "Acme")
    described = msgspec.convert({**msgspec.to_builtins(one), "description": text}, Model)
    assert hold(described)
    assert text.endswith(".")
    assert "  " not in text
    assert " a open" not in text.lower()
    assert describe_model(one, "Acme") == text


def test_it_says_what_a_reader_wants_to_know() -> None:
    one = a_model(
        input_modalities=["text", "image"],
        output_modalities=["text"],
        capabilities=["chat", "reasoning", "function-calling"],
        context_window=200_000,
        open_weights=True,
    )
    text = describe_model(one, "Acme")
    for words in ("open-weights reasoning model", "Acme", "text and images", "calls functions", "200,000"):
        assert words in text
    speech = a_model(capabilities=["speech"], input_modalities=["text"], output_modalities=["audio"])
    assert "speech model" in describe_model(speech, "Acme")
    assert "makes audio" in describe_model(speech, "Acme")


def test_models_are_not_all_told_in_the_same_words() -> None:
    texts = {describe_model(a_model(f"acme-{n}", name="X"), "Acme") for n in range(99)}
    assert len(texts) == 4 * 3


def test_a_provider_is_told_by_what_it_serves_and_how() -> None:
    for compatibility in COMPATIBILITIES:
        one = msgspec.convert(provider(compatibility=compatibility), Provider)
        assert hold(msgspec.structs.replace(one, description=describe_provider(one, [])))
        many = describe_provider(one, ["Delta", "Beta", "Gamma", "Alpha"])
        assert "Alpha, Beta, Delta and other makers" in many
        assert "its own models" in describe_provider(one, ["Acme"])
