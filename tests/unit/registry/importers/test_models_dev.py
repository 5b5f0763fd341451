from decimal import Decimal
from typing import Any

import pytest

from fixtures.sources import READ_AT, assert_holds, document, said, subjects
from openmodels.domain.observation import Reading, Subject
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import models_dev

OPUS: dict[str, Any] = {
    "id": "anthropic/claude-opus-9",
    "name": "Claude Opus 9",
    "family": "claude-opus",
    "release_date": "2026-02-03",
    "knowledge": "2025-08",
    "last_updated": "2026-02-04",
    "attachment": True,
    "reasoning": True,
    "tool_call": True,
    "structured_output": False,
    "open_weights": False,
    "modalities": {"input": ["text", "image", "pdf"], "output": ["text"]},
    "limit": {"context": 200000, "output": 64000},
    "license": "MIT",
}
LISTED: dict[str, Any] = {
    "id": "glow-2",
    "name": "Glow 2",
    "family": "glow",
    "release_date": "2026-01",
    "reasoning": True,
    "tool_call": False,
    "open_weights": True,
    "modalities": {"input": ["text"], "output": ["text"]},
    "limit": {"context": 131072, "output": 8192},
    "cost": {"input": 0.25, "output": 1.5},
    "last_updated": "2026-04-05",
}
PROVIDER: dict[str, Any] = {
    "id": "acme",
    "name": "Acme AI",
    "api": "https://api.acme.ai/v1/",
    "doc": "https://docs.acme.ai/models",
    "env": ["ACME_API_KEY"],
    "npm": "@ai-sdk/openai-compatible",
}


def catalogue(*, models: Any = None, acme: dict[str, Any] | None = None, **offering: Any) -> Reading:
    """A catalogue with one provider and one offering, changed as said."""
    provider = {**PROVIDER, **(acme or {}), "models": {"glow-2": {**LISTED, **offering}}}
    whole = {"models": models or {}, "providers": {"acme": provider}}
    reading = models_dev.read(document(whole), observed_at=READ_AT)
    assert_holds(reading)
    return reading


def offering(**changes: Any) -> dict[str, Any]:
    """What is said of the one offering."""
    return said(catalogue(**changes), "offering")


def test_it_reads_models_of_the_catalogue() -> None:
    reading = catalogue(models={"anthropic/claude-opus-9": OPUS})
    assert said(reading, "model") == {
        "name": "Claude Opus 9",
        "vendor": "anthropic",
        "family": "claude-opus",
        "release_date": "2026-02-03",
        "knowledge_cutoff": "2025-08",
        "open_weights": False,
        "input_modalities": ("text", "image", "file"),
        "output_modalities": ("text",),
        "modalities": ("text", "image", "file"),
        "capabilities": ("chat", "reasoning", "vision", "function-calling"),
        "licensing": "mit",
        "context_window": 200000,
        "max_output_tokens": 64000,
    }
    assert (reading.source, reading.source_name) == ("models-dev", "models.dev")
    assert reading.observed_at == READ_AT


def test_vendors_get_the_ids_that_the_registry_has() -> None:
    models = {"zhipuai/glm-9": {**OPUS, "id": "zhipuai/glm-9"}}
    assert said(catalogue(models=models), "model")["vendor"] == "zhipu"


def test_it_reads_providers() -> None:
    assert said(catalogue(), "provider") == {
        "name": "Acme AI",
        "api_base_url": "https://api.acme.ai/v1",
        "docs_url": "https://docs.acme.ai/models",
        "env": ("ACME_API_KEY",),
        "compatibility": "openai",
    }


def test_it_reads_offerings_with_what_they_say_of_their_model() -> None:
    assert offering() == {
        "provider_model_name": "glow-2",
        "title": "Glow 2",
        "model.family": "glow",
        "model.release_date": "2026-01",
        "model.open_weights": True,
        "model.input_modalities": ("text",),
        "model.output_modalities": ("text",),
        "model.modalities": ("text",),
        "model.capabilities": ("chat", "reasoning"),
        "context_window": 131072,
        "max_output_tokens": 8192,
        "last_updated": "2026-04-05",
        "pricing.currency": "USD",
        "pricing.input_per_million": Decimal("0.25"),
        "pricing.output_per_million": Decimal("1.5"),
    }


def test_an_offering_of_a_listed_model_names_it_and_says_nothing_more_of_it() -> None:
    models = {"anthropic/claude-opus-9": OPUS}
    found = offering(models=models, base_model="anthropic/claude-opus-9")
    assert found["base_model"] == "anthropic/claude-opus-9"
    assert not any(field.startswith("model.") for field in found)


def test_a_base_model_that_is_not_listed_is_left_out_and_noted() -> None:
    reading = catalogue(base_model="anthropic/claude-opus-10")
    assert "base_model" not in said(reading, "offering")
    assert reading.notes == ("1 left out, base_model: not among the source's models: acme/glow-2",)


def test_it_reads_the_older_shape_without_models() -> None:
    whole = {"acme": {**PROVIDER, "models": {"glow-2": LISTED}}, "models": {**PROVIDER, "models": {}}}
    reading = models_dev.read(document(whole), observed_at=READ_AT, version="7")
    assert [subject.kind for subject in subjects(reading)] == ["provider", "offering", "provider"]
    assert reading.source_version == "7"
    assert_holds(reading)


def test_the_version_is_a_digest_of_the_document() -> None:
    first, second = catalogue(), catalogue(name="Glow Two")
    assert len(first.source_version) == 12
    assert first.source_version != second.source_version
    assert first.source_version == catalogue().source_version


def test_it_reads_every_price_dimension() -> None:
    cost = {
        "input": 2.5,
        "output": 10.0,
        "cache_read": 0.25,
        "cache_write": 3.125,
        "reasoning": 12,
        "input_audio": 40,
        "output_audio": 80,
    }
    found = offering(cost=cost)
    assert {field: str(value) for field, value in found.items() if field.endswith("_per_million")} == {
        "pricing.input_per_million": "2.5",
        "pricing.output_per_million": "10",
        "pricing.cache_read_per_million": "0.25",
        "pricing.cache_write_per_million": "3.125",
        "pricing.reasoning_per_million": "12",
        "pricing.input_audio_per_million": "40",
        "pricing.output_audio_per_million": "80",
    }


@pytest.mark.parametrize("name", ["cached_input", "cache_input"])
def test_it_knows_the_other_names_of_cache_prices(name: str) -> None:
    assert offering(cost={"input": 1, "output": 2, name: 0.1})["pricing.cache_read_per_million"] == Decimal(
        "0.1"
    )
    found = offering(cost={"input": 1, "output": 2, "cached_write": 1.25})
    assert found["pricing.cache_write_per_million"] == Decimal("1.25")


def test_a_price_of_reasoning_that_is_that_of_output_is_none_of_its_own() -> None:
    assert "pricing.reasoning_per_million" not in offering(cost={"input": 1, "output": 2, "reasoning": 2.0})


def test_it_reads_tiers_in_ascending_order() -> None:
    tiers = [
        {"input": 5, "output": 22.5, "cache_read": 0.5, "tier": {"size": 272000, "type": "context"}},
        {"input": 4, "output": 20, "cache_read": 0.4, "tier": {"size": 128000}},
    ]
    found = offering(cost={"input": 2.5, "output": 15, "cache_read": 0.25, "tiers": tiers})
    assert found["pricing.tiers"] == (
        {
            "above_tokens": 128000,
            "input_per_million": Decimal(4),
            "output_per_million": Decimal(20),
            "cache_read_per_million": Decimal("0.4"),
        },
        {
            "above_tokens": 272000,
            "input_per_million": Decimal(5),
            "output_per_million": Decimal("22.5"),
            "cache_read_per_million": Decimal("0.5"),
        },
    )


def test_a_tier_holds_no_price_that_nobody_pays_below_it() -> None:
    tiers = [{"input": 5, "output": 9, "cache_read": 0.5, "tier": {"size": 200000}}]
    (tier,) = offering(cost={"input": 2, "output": 3, "tiers": tiers})["pricing.tiers"]
    assert set(tier) == {"above_tokens", "input_per_million", "output_per_million"}


def test_a_tier_says_what_audio_and_reasoning_cost() -> None:
    tier = {"input": 5, "output": 9, "reasoning": 12, "input_audio": 20, "output_audio": 40}
    cost = {"input": 2, "output": 3, "reasoning": 4, "input_audio": 10, "output_audio": 20}
    found = offering(cost={**cost, "tiers": [{**tier, "tier": {"size": 200000}}]})
    assert found["pricing.tiers"] == (
        {
            "above_tokens": 200_000,
            "input_per_million": Decimal(5),
            "output_per_million": Decimal(9),
            "reasoning_per_million": Decimal(12),
            "input_audio_per_million": Decimal(20),
            "output_audio_per_million": Decimal(40),
        },
    )


def test_vectors_that_seem_dear_are_of_another_unit() -> None:
    assert "pricing.input_per_million" not in offering(
        family="text-embedding", cost={"input": 100, "output": 0}
    )


def test_it_reads_the_older_form_of_one_tier() -> None:
    cost = {"input": 1, "output": 2, "context_over_200k": {"input": 2, "output": 4}}
    (tier,) = offering(cost=cost)["pricing.tiers"]
    assert tier["above_tokens"] == 200_000
    assert tier["output_per_million"] == 4


@pytest.mark.parametrize(
    "tiers",
    [
        [{"input": 2, "output": 4, "tier": {"size": 200000, "type": "time"}}],
        [{"input": 2, "output": 4, "tier": {"size": 0}}],
        [{"input": 2, "output": 4}],
        [{"input": 2, "tier": {"size": 9}}, {"input": 3, "tier": {"size": 9}}],
        ["later"],
    ],
)
def test_tiers_that_are_not_clear_are_left_out_as_a_whole(tiers: Any) -> None:
    reading = catalogue(cost={"input": 1, "output": 2, "tiers": tiers})
    assert "pricing.tiers" not in said(reading, "offering")
    assert any("tiers" in note for note in reading.notes)


def test_a_price_whose_unit_nobody_says_is_noted() -> None:
    reading = catalogue(cost={"input": 1, "output": 2, "image": 21, "request": 5})
    (note,) = reading.notes
    assert "a price whose unit the source does not say: acme/glow-2 image, acme/glow-2 request" in note
    assert not any("image" in field for field in said(reading, "offering"))


def test_zero_is_unknown_where_nothing_says_that_it_is_free() -> None:
    reading = catalogue(cost={"input": 0, "output": 0.0, "cache_read": 0})
    assert not any(field.startswith("pricing") for field in said(reading, "offering"))
    assert "a price of 0 that nothing else says is free: acme/glow-2" in reading.notes[0]


def test_zero_is_free_where_the_name_says_so() -> None:
    found = offering(name="Glow 2 (free)", cost={"input": 0, "output": 0, "cache_read": 0})
    assert found["pricing.input_per_million"] == found["pricing.cache_read_per_million"] == 0


def test_a_name_that_only_holds_the_letters_does_not_say_free() -> None:
    assert "pricing.input_per_million" not in offering(name="Freedom 2", cost={"input": 0, "output": 0})


def test_zero_is_free_at_a_provider_of_which_that_is_known() -> None:
    whole = {"models": {}, "providers": {"nvidia": {**PROVIDER, "models": {"glow-2": LISTED}}}}
    whole["providers"]["nvidia"]["models"]["glow-2"] = {**LISTED, "cost": {"input": 0, "output": 0}}
    found = said(models_dev.read(document(whole), observed_at=READ_AT), "offering")
    assert found["pricing.output_per_million"] == 0


def test_a_cache_that_costs_nothing_beside_dear_input_has_no_price_of_its_own() -> None:
    found = offering(cost={"input": 1.4, "output": 4.4, "cache_read": 0, "cache_write": 0, "reasoning": 0})
    assert set(found) >= {"pricing.input_per_million", "pricing.output_per_million"}
    assert not {"pricing.cache_read_per_million", "pricing.cache_write_per_million"} & set(found)
    assert "pricing.reasoning_per_million" not in found


def test_output_is_free_only_where_no_text_comes_out() -> None:
    cost = {"input": 0.1, "output": 0}
    assert "pricing.output_per_million" not in offering(cost=cost)
    assert offering(cost=cost, family="text-embedding")["pricing.output_per_million"] == 0


def test_limits_of_nothing_are_unknown_and_a_vector_is_no_answer() -> None:
    found = offering(limit={"context": 0, "output": 0})
    assert not {"context_window", "max_output_tokens"} & set(found)
    found = offering(limit={"context": 8191, "output": 3072}, family="text-embedding")
    assert "max_output_tokens" not in found
    assert found["model.capabilities"] == ("embeddings",)


@pytest.mark.parametrize(
    ("goes_in", "comes_out", "can"),
    [
        (["text"], ["image"], ("image-generation",)),
        (["text"], ["audio"], ("speech",)),
        (["audio"], ["text"], ("transcription",)),
        (["text", "audio", "video"], ["text"], ("chat", "reasoning", "vision", "audio")),
        (["text", "image"], ["text", "image"], ("chat", "reasoning", "vision", "image-generation")),
        (["text"], ["video"], None),
    ],
)
def test_what_goes_in_and_comes_out_says_what_a_model_can_do(
    goes_in: list[str], comes_out: list[str], can: tuple[str, ...] | None
) -> None:
    found = offering(modalities={"input": goes_in, "output": comes_out})
    assert found.get("model.capabilities") == can


@pytest.mark.parametrize(
    ("status", "ours"), [("deprecated", "deprecated"), ("beta", "preview"), ("alpha", "preview")]
)
def test_it_says_the_status_in_our_words(status: str, ours: str) -> None:
    assert offering(status=status)["status"] == ours
    assert any("status" in note for note in catalogue(status="sleepy").notes)


@pytest.mark.parametrize(
    "api", ["https://${ACME_HOST}/v1", "http://127.0.0.1:1234/v1", "https://10.0.0.7/v1"]
)
def test_an_address_that_is_not_for_everybody_is_left_out_and_noted(api: str) -> None:
    reading = catalogue(acme={"api": api})
    assert "api_base_url" not in said(reading, "provider")
    assert reading.notes[0].startswith("1 left out, api_base_url: ")


def test_a_package_that_nobody_knows_says_nothing_of_the_api() -> None:
    reading = catalogue(acme={"npm": "@acme/very-own"})
    assert "compatibility" not in said(reading, "provider")
    assert reading.notes


def test_subjects_keep_the_names_of_the_source() -> None:
    whole = {"models": {}, "providers": {"wafer.ai": {**PROVIDER, "models": {"@cf/meta/Llama-9": LISTED}}}}
    reading = models_dev.read(document(whole), observed_at=READ_AT)
    assert subjects(reading) == [
        Subject("provider", "wafer.ai"),
        Subject("offering", "wafer.ai", "@cf/meta/Llama-9"),
    ]


@pytest.mark.parametrize("name", ["", "a\nb", "\x1b]0;x\x07", "x" * 300, "\ud800", " glow"])
def test_a_name_that_cannot_be_seen_whole_is_left_out(name: str) -> None:
    whole = {
        "models": {name: OPUS},
        "providers": {name: PROVIDER, "acme": {**PROVIDER, "models": {name: LISTED}}},
    }
    reading = models_dev.read(document(whole), observed_at=READ_AT)
    assert [subject for subject in subjects(reading) if name in {subject.provider, subject.name} - {""}] == []
    assert_holds(reading)


def test_notes_stay_few_and_say_how_many_more_there_are() -> None:
    many = {f"glow-{number}": {**LISTED, "cost": {"input": -1, "output": 2}} for number in range(125)}
    whole = {"models": {}, "providers": {"acme": {**PROVIDER, "models": many}}}
    (note,) = models_dev.read(document(whole), observed_at=READ_AT).notes
    assert note == (
        "125 left out, pricing.input_per_million: a price below 0: "
        "acme/glow-0, acme/glow-1, acme/glow-2 and 122 more"
    )


@pytest.mark.parametrize(
    "whole", [[], 7, None, {}, {"models": {}, "providers": {}}, {"a": {"b": 1}}, "models"]
)
def test_it_refuses_what_is_neither_of_its_shapes(whole: Any) -> None:
    with pytest.raises(SourceUnreadable, match=r"catalog\.json"):
        models_dev.read(document(whole), observed_at=READ_AT)
