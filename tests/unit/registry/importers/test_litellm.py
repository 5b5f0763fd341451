from decimal import Decimal
from typing import Any

import pytest

from fixtures.sources import READ_AT, assert_holds, document, said, subjects
from openmodels.domain.observation import Reading, Subject
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import litellm

CHAT: dict[str, Any] = {
    "litellm_provider": "acme",
    "mode": "chat",
    "max_input_tokens": 128000,
    "max_output_tokens": 16384,
    "max_tokens": 16384,
    "input_cost_per_token": 2.5e-06,
    "output_cost_per_token": 1e-05,
}


def read(entries: dict[str, Any]) -> Reading:
    """A cost map with these entries."""
    reading = litellm.read(
        document({"sample_spec": {"litellm_provider": "one of"}, **entries}), observed_at=READ_AT
    )
    assert_holds(reading)
    return reading


def entry(key: str = "acme/glow-2", **changes: Any) -> dict[str, Any]:
    """What is said of one entry, changed as said."""
    return said(read({key: {**CHAT, **changes}}), "offering")


def test_it_reads_limits_and_prices_per_million() -> None:
    assert entry() == {
        "provider_model_name": "glow-2",
        "model.capabilities": ("chat",),
        "context_window": 128000,
        "max_output_tokens": 16384,
        "pricing.currency": "USD",
        "pricing.input_per_million": Decimal("2.5"),
        "pricing.output_per_million": Decimal(10),
    }


def test_it_reads_every_price_dimension() -> None:
    found = entry(
        cache_read_input_token_cost=1.25e-06,
        cache_creation_input_token_cost=3.125e-06,
        output_cost_per_reasoning_token=1.2e-05,
        input_cost_per_audio_token=4e-05,
        output_cost_per_audio_token=8e-05,
        input_cost_per_token_batches=1.25e-06,
        output_cost_per_token_batches=5e-06,
        search_context_cost_per_query={"search_context_size_low": 0.01, "search_context_size_high": 0.01},
    )
    assert {
        field: str(found[field]) for field in found if field.startswith("pricing.") and "cur" not in field
    } == {
        "pricing.input_per_million": "2.5",
        "pricing.output_per_million": "10",
        "pricing.cache_read_per_million": "1.25",
        "pricing.cache_write_per_million": "3.125",
        "pricing.reasoning_per_million": "12",
        "pricing.input_audio_per_million": "40",
        "pricing.output_audio_per_million": "80",
        "pricing.batch.input_per_million": "1.25",
        "pricing.batch.output_per_million": "5",
        "pricing.search_per_query": "0.01",
    }


def test_a_search_whose_price_depends_on_its_size_has_none() -> None:
    sizes = {"search_context_size_low": 0.005, "search_context_size_high": 0.012}
    reading = read({"acme/glow-2": {**CHAT, "search_context_cost_per_query": sizes}})
    assert "pricing.search_per_query" not in said(reading, "offering")
    assert "search_per_query" in reading.notes[0]


def test_it_reads_tiers_of_both_kinds() -> None:
    above = entry(
        cache_read_input_token_cost=2.5e-07,
        input_cost_per_token_above_200k_tokens=5e-06,
        output_cost_per_token_above_200k_tokens=1.5e-05,
        cache_read_input_token_cost_above_200k_tokens=5e-07,
        input_cost_per_token_above_200k_tokens_batches=1e-06,
    )
    assert above["pricing.tiers"] == (
        {
            "above_tokens": 200_000,
            "input_per_million": Decimal(5),
            "output_per_million": Decimal(15),
            "cache_read_per_million": Decimal("0.5"),
        },
    )
    ranges = [
        {"input_cost_per_token": 5e-08, "output_cost_per_token": 4e-07, "range": [0, 256000.0]},
        {"input_cost_per_token": 2.5e-07, "output_cost_per_token": 2e-06, "range": [256000.0, 1000000.0]},
    ]
    found = entry(input_cost_per_token=None, output_cost_per_token=None, tiered_pricing=ranges)
    assert found["pricing.input_per_million"] == Decimal("0.05")
    assert found["pricing.tiers"] == (
        {"above_tokens": 256_000, "input_per_million": Decimal("0.25"), "output_per_million": Decimal(2)},
    )


def test_a_price_that_changed_at_one_length_goes_on_above_the_next() -> None:
    found = entry(
        input_cost_per_token_above_128k_tokens=4e-06,
        output_cost_per_token_above_128k_tokens=2e-05,
        input_cost_per_token_above_200k_tokens=5e-06,
    )
    assert found["pricing.tiers"][1] == {
        "above_tokens": 200_000,
        "input_per_million": Decimal(5),
        "output_per_million": Decimal(20),
    }


@pytest.mark.parametrize(
    ("key", "provider", "name"),
    [
        ("gpt-9", "openai", "gpt-9"),
        ("acme/meta-llama/Llama-9", "acme", "meta-llama/Llama-9"),
        ("vertex_ai/claude-9@20260101", "vertex_ai-anthropic_models", "claude-9@20260101"),
        ("fireworks_ai/accounts/f/models/x", "fireworks_ai-embedding-models", "accounts/f/models/x"),
        ("azure/gpt-instruct", "azure_text", "gpt-instruct"),
        ("bedrock/acme.glow-v1:0", "bedrock_converse", "acme.glow-v1:0"),
        ("openai/openai/glow", "openai", "openai/glow"),
    ],
)
def test_the_name_is_without_the_word_that_routes_to_the_provider(key: str, provider: str, name: str) -> None:
    reading = read({key: {**CHAT, "litellm_provider": provider}})
    assert subjects(reading) == [Subject("offering", provider, name)]


@pytest.mark.parametrize(
    ("key", "provider", "mode"),
    [
        ("azure/eu/gpt-9", "azure", "chat"),
        ("bedrock/us-east-1/acme.glow", "bedrock", "chat"),
        ("bedrock/*/1-month-commitment/acme.glow", "bedrock", "chat"),
        ("bedrock/us-gov-west-1/acme.glow", "bedrock", "chat"),
        ("bedrock/invoke/acme.glow", "bedrock", "chat"),
        ("1024-x-1024/50-steps/acme.canvas", "bedrock", "image_generation"),
        ("azure/hd/1024-x-1024/dall-e-9", "azure", "image_generation"),
        ("low/1024-x-1024/gpt-image-9", "openai", "image_generation"),
        ("ft:gpt-9", "openai", "chat"),
        ("together-ai-4.1b-8b", "together_ai", "chat"),
        ("acme/search", "acme", "search"),
        ("acme/film", "acme", "video_generation"),
        ("acme/none", "acme", None),
        ("acme/odd", "acme", ["chat"]),
        ("none", None, "chat"),
    ],
)
def test_an_entry_that_is_no_offering_of_a_model_is_left_out_and_noted(
    key: str, provider: str | None, mode: Any
) -> None:
    reading = read({key: {**CHAT, "litellm_provider": provider, "mode": mode}})
    assert subjects(reading) == []
    assert len(reading.notes) == 1


def test_an_entry_for_one_region_is_left_out_only_beside_one_for_all() -> None:
    regional = {**CHAT, "litellm_provider": "bedrock_converse"}
    both = read({"eu.acme.glow-v1:0": regional, "acme.glow-v1:0": regional, "us.acme.only-v1:0": regional})
    assert [subject.name for subject in subjects(both)] == ["acme.glow-v1:0", "us.acme.only-v1:0"]


def test_a_name_listed_twice_is_taken_once() -> None:
    reading = read({"acme/glow-2": CHAT, "glow-2": {**CHAT, "max_output_tokens": 7}})
    assert said(reading, "offering")["max_output_tokens"] == 16384
    assert reading.notes == ("1 left out, listed twice; one is taken: acme/glow-2",)


def test_what_is_left_of_the_window_for_the_prompt_is_not_the_window() -> None:
    assert entry(max_input_tokens=272000, max_output_tokens=128000)["context_window"] == 400_000
    assert entry(max_input_tokens=200000, max_output_tokens=64000)["context_window"] == 200_000
    reading = read({"dashscope/q": {**CHAT, "litellm_provider": "dashscope"}})
    assert "context_window" not in said(reading, "offering")


def test_only_the_answers_own_limit_is_taken_for_it() -> None:
    assert "max_output_tokens" not in entry(max_output_tokens=None)
    assert "max_output_tokens" not in entry(mode="embedding")


@pytest.mark.parametrize(
    ("mode", "can"),
    [
        ("chat", ("chat", "reasoning", "vision", "function-calling", "structured-output", "audio")),
        ("responses", ("chat", "reasoning", "vision", "function-calling", "structured-output", "audio")),
        ("embedding", ("embeddings",)),
        ("audio_transcription", ("transcription",)),
        ("image_generation", ("image-generation",)),
        ("rerank", ("rerank",)),
    ],
)
def test_mode_and_flags_say_what_the_model_can_do(mode: str, can: tuple[str, ...]) -> None:
    flags: dict[str, Any] = dict.fromkeys(litellm.SUPPORTS, True)
    assert entry(mode=mode, **flags)["model.capabilities"] == can
    assert entry(supports_vision="yes", supports_reasoning=1)["model.capabilities"] == ("chat",)


def test_it_reads_modalities_where_both_sides_are_given() -> None:
    found = entry(supported_modalities=["text", "image"], supported_output_modalities=["text"])
    assert found["model.modalities"] == ("text", "image")
    assert "model.modalities" not in entry(supported_modalities=["text"])


def test_other_units_are_prices_where_they_are_what_is_charged() -> None:
    nothing: dict[str, Any] = {"input_cost_per_token": None, "output_cost_per_token": None}
    image = entry(mode="image_generation", output_cost_per_image=0.04, **nothing)
    assert image["pricing.image_per_unit"] == Decimal("0.04")
    heard = entry(
        mode="audio_transcription", input_cost_per_second=0.0001, output_cost_per_second=0.0, **nothing
    )
    assert heard["pricing.audio_per_second"] == Decimal("0.0001")
    assert heard["pricing.currency"] == "USD"
    assert "pricing.image_per_unit" not in entry(output_cost_per_image=0.04)


def test_zero_is_unknown_but_where_it_is_known_to_be_free() -> None:
    zero: dict[str, Any] = {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0}
    assert not any(field.startswith("pricing") for field in entry(**zero))
    assert entry("acme/glow-2:free", **zero)["pricing.input_per_million"] == 0
    free = read({"zai/glm-9-flash": {**CHAT, "litellm_provider": "zai", **zero}})
    assert said(free, "offering")["pricing.output_per_million"] == 0


def test_one_side_of_zero_is_unknown_and_free_only_where_no_text_comes_out() -> None:
    assert "pricing.input_per_million" not in entry(input_cost_per_token=0.0)
    assert "pricing.output_per_million" not in entry(output_cost_per_token=0.0)
    assert entry(mode="embedding", output_cost_per_token=0.0)["pricing.output_per_million"] == 0


def test_prices_of_another_unit_are_left_out() -> None:
    assert "pricing.input_per_million" not in entry(input_cost_per_token=0.0032)
    assert "pricing.input_per_million" not in entry(input_dbu_cost_per_token=1.4e-06)
    drawn = {"fireworks_ai/f": {**CHAT, "litellm_provider": "fireworks_ai", "mode": "image_generation"}}
    assert "pricing.input_per_million" not in said(read(drawn), "offering")


def test_a_day_of_retirement_counts_once_it_has_come() -> None:
    assert entry(deprecation_date="2026-10-31")["status"] == "retired"
    assert "status" not in entry(deprecation_date="2026-12-31")
    assert "status" not in entry(deprecation_date="soon")
    own = read({"gpt-9": {**CHAT, "litellm_provider": "openai", "deprecation_date": "2026-12-31"}})
    assert said(own, "offering")["model.deprecation_date"] == "2026-12-31"


@pytest.mark.parametrize("whole", [[], {}, None, {"a": 1}, {"a": {"mode": "chat"}}])
def test_it_refuses_what_is_no_cost_map(whole: Any) -> None:
    with pytest.raises(SourceUnreadable, match="cost map"):
        litellm.read(document(whole), observed_at=READ_AT)
