"""LiteLLM's cost map, where several entries are of one offering of ours."""

from decimal import Decimal
from typing import Any

import pytest

from fixtures.sources import READ_AT, assert_holds, document, said, subjects
from openmodels.domain.observation import Reading, Subject
from openmodels.registry.importers import litellm
from openmodels.registry.importers.providers import LITELLM, LITELLM_ORDER, provider_id

NOTHING = {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0}
PLAIN = {"input_cost_per_token": 2e-06, "output_cost_per_token": 6e-06}


def read(**entries: tuple[str, dict[str, Any]]) -> Reading:
    """A cost map of these entries: what stands for the key, the provider, and what is said."""
    whole = {
        key.replace("__", "/"): {"litellm_provider": provider, "mode": "chat", **prices}
        for key, (provider, prices) in entries.items()
    }
    reading = litellm.read(document(whole), observed_at=READ_AT)
    assert_holds(reading)
    return reading


@pytest.mark.parametrize("silent_first", [True, False])
def test_the_entry_with_prices_is_taken(silent_first: bool) -> None:
    entries = {"gemini__glow": ("gemini", NOTHING), "glow": ("gemini", PLAIN)}
    reading = read(**(entries if silent_first else dict(reversed(entries.items()))))
    assert said(reading, "offering")["pricing.input_per_million"] == Decimal(2)
    assert reading.notes == ("1 left out, listed twice; one is taken: gemini/glow",)


@pytest.mark.parametrize("old_first", [True, False])
def test_of_several_services_the_first_of_the_declared_order_is_taken(old_first: bool) -> None:
    old = {"input_cost_per_token": 8e-06, "output_cost_per_token": 2.4e-05}
    entries = {"azure__glow": ("azure", old), "azure_ai__glow": ("azure_ai", PLAIN)}
    reading = read(**(entries if old_first else dict(reversed(entries.items()))))
    assert subjects(reading) == [Subject("offering", "azure_ai", "glow")]
    assert said(reading, "offering")["pricing.input_per_million"] == Decimal(2)
    note = "1 left out, another price than azure_ai has, which is taken: azure/glow"
    assert reading.notes == (note,)


def test_a_service_without_prices_is_not_believed_before_one_with_them() -> None:
    reading = read(azure__glow=("azure", PLAIN), azure_ai__glow=("azure_ai", {}))
    assert subjects(reading) == [Subject("offering", "azure", "glow")]


def test_who_says_nothing_does_not_hand_the_choice_to_who_says_most() -> None:
    more = {
        "input_cost_per_token": 8e-06,
        "output_cost_per_token": 9e-06,
        "input_cost_per_token_batches": 4e-06,
    }
    reading = read(
        azure_ai__glow=("azure_ai", NOTHING),
        azure_text__glow=("azure_text", more),
        azure__glow=("azure", PLAIN),
    )
    assert subjects(reading) == [Subject("offering", "azure", "glow")]


def test_of_services_that_agree_the_one_that_says_most_is_taken() -> None:
    more = {**PLAIN, "input_cost_per_token_batches": 1e-06}
    reading = read(azure_ai__glow=("azure_ai", PLAIN), azure__glow=("azure", more))
    assert said(reading, "offering")["pricing.batch.input_per_million"] == Decimal(1)
    assert reading.notes == ("1 left out, listed twice; one is taken: azure_ai/glow",)


def test_models_of_one_name_at_two_providers_are_two_offerings() -> None:
    reading = read(acme__glow=("acme", PLAIN), zenith__glow=("zenith", NOTHING))
    assert subjects(reading) == [Subject("offering", "acme", "glow"), Subject("offering", "zenith", "glow")]


def test_there_is_an_order_for_every_provider_that_the_source_has_several_names_for() -> None:
    names: dict[str, set[str]] = {}
    for name, ours in LITELLM.items():
        names.setdefault(ours, set()).add(name)
    for ours, several in names.items():
        if len(several) > 1:
            assert several <= set(LITELLM_ORDER[ours]), ours
    for ours, order in LITELLM_ORDER.items():
        assert len(set(order)) == len(order) > 1
        assert {provider_id("litellm", name) for name in order} == {ours}


@pytest.mark.parametrize("mode", ["embedding", "rerank", "moderation"])
@pytest.mark.parametrize(("price", "believed"), [(1e-05, True), (1.01e-05, False), (1e-4, False)])
def test_what_answers_with_no_text_is_not_dear(mode: str, price: float, believed: bool) -> None:
    reading = read(acme__v=("acme", {"mode": mode, "input_cost_per_token": price}))
    assert ("pricing.input_per_million" in said(reading, "offering")) is believed
    assert any("above 10 dollars per million tokens" in note for note in reading.notes) is not believed


def test_a_tier_says_what_reasoning_and_audio_cost() -> None:
    low = {
        "input_cost_per_token": 4e-07,
        "output_cost_per_token": 1.2e-06,
        "output_cost_per_reasoning_token": 4e-06,
    }
    high = {
        "input_cost_per_token": 1.2e-06,
        "output_cost_per_token": 3.6e-06,
        "output_cost_per_reasoning_token": 1.2e-05,
    }
    ranges = [{**low, "range": [0, 256000.0]}, {**high, "range": [256000.0, 1000000.0]}]
    found = said(read(dashscope__q=("dashscope", {"tiered_pricing": ranges})), "offering")
    assert found["pricing.reasoning_per_million"] == Decimal(4)
    assert found["pricing.tiers"] == (
        {
            "above_tokens": 256_000,
            "input_per_million": Decimal("1.2"),
            "output_per_million": Decimal("3.6"),
            "reasoning_per_million": Decimal(12),
        },
    )
    audio = {
        **PLAIN,
        "input_cost_per_audio_token": 1e-05,
        "input_cost_per_audio_token_above_200k_tokens": 2e-05,
    }
    (tier,) = said(read(acme__a=("acme", audio)), "offering")["pricing.tiers"]
    assert tier == {"above_tokens": 200_000, "input_audio_per_million": Decimal(20)}
