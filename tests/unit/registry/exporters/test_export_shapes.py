"""What other tools' documents look like, written down by hand from theirs, and that ours look like that."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from contract.builders import model, offering, provider, registry, vendor
from fixtures.catalogue import EVERY_PRICE, catalogue, pricing
from openmodels.domain.records import Registry
from openmodels.registry.exporters.litellm_names import PREFIXES
from openmodels.registry.exporters.models_dev_names import PROVIDERS, VENDORS
from openmodels.registry.exporters.table import FORMATS
from openmodels.registry.importers.providers import provider_id, vendor_id

NUMBER = (int, Decimal)
COST = {
    "input": NUMBER,
    "output": NUMBER,
    "cache_read": NUMBER,
    "cache_write": NUMBER,
    "reasoning": NUMBER,
    "input_audio": NUMBER,
    "output_audio": NUMBER,
    "tiers": list,
    "context_over_200k": dict,
}
MODELS_DEV_PROVIDER = {
    "id": str,
    "name": str,
    "env": list,
    "npm": str,
    "api": str,
    "doc": str,
    "models": dict,
}
MODELS_DEV_MODEL = {
    "id": str,
    "name": str,
    "family": str,
    "attachment": bool,
    "reasoning": bool,
    "tool_call": bool,
    "structured_output": bool,
    "knowledge": str,
    "release_date": str,
    "last_updated": str,
    "modalities": dict,
    "open_weights": bool,
    "limit": dict,
    "cost": dict,
    "status": str,
}
LITELLM = {
    "litellm_provider": str,
    "mode": str,
    "input_cost_per_token": NUMBER,
    "output_cost_per_token": NUMBER,
    "cache_read_input_token_cost": NUMBER,
    "cache_creation_input_token_cost": NUMBER,
    "output_cost_per_reasoning_token": NUMBER,
    "input_cost_per_audio_token": NUMBER,
    "output_cost_per_audio_token": NUMBER,
    "input_cost_per_token_batches": NUMBER,
    "output_cost_per_token_batches": NUMBER,
    "input_cost_per_token_above_200k_tokens": NUMBER,
    "output_cost_per_token_above_200k_tokens": NUMBER,
    "tiered_pricing": list,
    "output_cost_per_image": NUMBER,
    "input_cost_per_second": NUMBER,
    "search_context_cost_per_query": dict,
    "max_input_tokens": int,
    "max_output_tokens": int,
    "supports_function_calling": bool,
    "supports_reasoning": bool,
    "supports_response_schema": bool,
    "supports_vision": bool,
    "supports_audio_input": bool,
    "supports_audio_output": bool,
    "supports_pdf_input": bool,
    "supports_video_input": bool,
    "supports_prompt_caching": bool,
    "supported_modalities": list,
    "supported_output_modalities": list,
    "deprecation_date": str,
    "source": str,
}
OPENROUTER = {
    "id": str,
    "canonical_slug": str,
    "name": str,
    "created": int,
    "description": str,
    "context_length": (int, type(None)),
    "architecture": dict,
    "pricing": dict,
    "top_provider": dict,
    "per_request_limits": type(None),
    "supported_parameters": list,
}


def exported(name: str, content: Registry) -> Any:
    """The document with its numbers as they are written."""
    return json.loads(b"".join(FORMATS[name].write(content)), parse_float=Decimal)


def check(entry: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    assert set(entry) <= set(schema)
    for key, value in entry.items():
        assert isinstance(value, schema[key]), (key, value)


def everything() -> Registry:
    """One offering in which everything is known, at every kind of provider; and one where nothing is."""
    return registry(
        vendor("openai"),
        model(
            "full",
            vendor="openai",
            family="line",
            capabilities=("chat", "vision", "reasoning", "function-calling", "structured-output", "audio"),
            input_modalities=("text", "image", "audio", "video", "file", "code"),
            output_modalities=("text", "audio"),
            max_output_tokens=4096,
            open_weights=False,
            release_date="2025-08-07",
            knowledge_cutoff="2024-09",
            status="deprecated",
        ),
        model("embedder", capabilities=("embeddings",), context_window=None),
        model("painter", capabilities=("image-generation",)),
        model("scribe", capabilities=("transcription",)),
        *(provider(name) for name in ("openai", "groq", "google", "amazon-bedrock", "alibaba-model-studio")),
        *(
            offering(name, "full", provider_model_name=f"full@{name}", pricing=EVERY_PRICE)
            for name in ("openai", "groq", "google", "amazon-bedrock", "alibaba-model-studio")
        ),
        offering("openai", "embedder", pricing=pricing("0.02", None)),
        offering("openai", "painter", pricing=pricing(None, None, image_per_unit=Decimal("0.04"))),
        offering("openai", "scribe", pricing=pricing(None, None, audio_per_second=Decimal("0.0001"))),
    )


@pytest.mark.parametrize("content", [catalogue(), everything()], ids=["small", "everything"])
def test_it_writes_the_keys_and_types_of_each_shape(content: Registry) -> None:
    for one in exported("models-dev", content).values():
        check(one, MODELS_DEV_PROVIDER)
        for name, entry in one["models"].items():
            check(entry, MODELS_DEV_MODEL)
            assert entry["id"] == name
            assert set(entry["limit"]) == {"context", "output"}
            if "cost" in entry:
                check(entry["cost"], COST)
                for priced in (entry["cost"], *entry["cost"].get("tiers", ())):
                    assert {"input", "output"} <= set(priced)
    for entry in exported("litellm", content).values():
        check(entry, LITELLM)
        assert {"litellm_provider", "mode"} <= set(entry)
    for entry in exported("openrouter", content)["data"]:
        assert set(entry) == set(OPENROUTER)
        check(entry, OPENROUTER)
        assert all(isinstance(price, str) for price in entry["pricing"].values())


def test_it_says_exactly_what_a_token_costs() -> None:
    data = b"".join(FORMATS["litellm"].write(catalogue()))
    assert b'"cirrus/acme/alpha-1@2026":' in data
    assert b'"input_cost_per_token":0.0000001,"output_cost_per_token":0.0000025' in data
    assert b'"input_cost_per_token_above_200k_tokens":0.0000002' in data
    assert b'"input_cost_per_token_batches":0.00000005' in data
    (alpha, *_) = exported("openrouter", catalogue())["data"]
    assert alpha["pricing"]["prompt"] == "0.0000001"
    assert alpha["pricing"]["web_search"] == "0.01"


def test_it_never_says_that_an_unknown_price_is_0_nor_leaves_out_that_something_is_free() -> None:
    providers = exported("models-dev", catalogue())
    assert "cost" not in providers["altus"]["models"]["alpha-1"]
    assert "cost" not in providers["altus"]["models"]["beta-mini"]
    assert providers["cirrus"]["models"]["gamma-free"]["cost"] == {"input": 0, "output": 0}
    costs = exported("litellm", catalogue())
    assert not any(key.startswith("altus/") for key in costs)
    assert costs["cirrus/gamma-free"]["input_cost_per_token"] == 0
    by_id = {entry["id"]: entry for entry in exported("openrouter", catalogue())["data"]}
    assert by_id["zenith/beta-mini"]["pricing"] == {"completion": "0.0000015"}
    assert by_id["zenith/gamma-free"]["pricing"]["prompt"] == "0"


def test_it_gives_a_tier_every_price_that_holds_in_it() -> None:
    entry = exported("models-dev", catalogue())["cirrus"]["models"]["acme/alpha-1@2026"]
    held = {
        "input": Decimal("0.20"),
        "output": 5,
        "cache_read": Decimal("0.025"),
        "cache_write": Decimal("0.125"),
    }
    assert entry["cost"]["tiers"] == [{**held, "tier": {"type": "context", "size": 200_000}}]
    assert entry["cost"]["context_over_200k"] == held


def test_it_charges_by_what_litellm_charges_by() -> None:
    costs = exported("litellm", everything())
    assert costs["openai/painter"]["output_cost_per_image"] == Decimal("0.04")
    assert costs["openai/scribe"]["input_cost_per_second"] == Decimal("0.0001")
    assert "output_cost_per_token" not in costs["openai/embedder"]
    assert costs["openai/embedder"]["input_cost_per_token"] == Decimal("0.00000002")
    ranges = costs["dashscope/full@alibaba-model-studio"]["tiered_pricing"]
    assert [one["range"] for one in ranges] == [[0, 200_000], [200_000, 100_000_000]]
    assert ranges[1]["cache_read_input_token_cost"] == Decimal("0.000000025")


def test_it_leaves_out_what_cannot_be_called_or_is_not_in_dollars() -> None:
    content = registry(
        model("gone"),
        model("dear"),
        provider("openai"),
        offering("openai", "gone", status="retired"),
        offering("openai", "dear", pricing=pricing("1", "2", currency="EUR")),
    )
    assert list(exported("models-dev", content)["openai"]["models"]) == ["dear"]
    assert "cost" not in exported("models-dev", content)["openai"]["models"]["dear"]
    assert exported("litellm", content) == {}
    (dear,) = exported("openrouter", content)["data"]
    assert (dear["id"], dear["pricing"]) == ("dear", {})
    assert exported("models-dev", registry()) == {}
    assert exported("models-dev-catalog", registry()) == {"models": {}, "providers": {}}
    assert exported("openrouter", registry()) == {"data": []}


def test_it_uses_litellms_plain_names_where_litellm_does() -> None:
    content = registry(
        vendor("openai"),
        model("gpt", vendor="openai"),
        model("open", vendor="meta"),
        *(provider(name) for name in ("openai", "azure-ai", "amazon-bedrock", "groq", "google")),
        *(offering(name, "gpt", "1") for name in ("openai", "azure-ai", "groq", "google")),
        *(offering(name, "open", "2") for name in ("azure-ai", "amazon-bedrock", "google")),
        offering("openai", "open", "3", provider_model_name="sample_spec"),
    )
    costs = exported("litellm", content)
    named = {key: entry["litellm_provider"] for key, entry in costs.items()}
    assert named == {
        "bedrock/open": "bedrock_converse",
        "azure/gpt": "azure",
        "azure_ai/open": "azure_ai",
        "groq/gpt": "groq",
        "openai/gpt": "openai",
        "openai/sample_spec": "openai",
        "vertex_ai/gpt": "vertex_ai-openai_models",
        "vertex_ai/open": "vertex_ai-llama_models",
        # OpenAI before Google, and Bedrock too.
        "gpt": "openai",
        "open": "bedrock_converse",
    }


def test_it_gives_no_bare_name_that_litellm_takes_for_another_provider() -> None:
    content = registry(
        *(vendor(name) for name in ("google", "anthropic", "xai")),
        model("gemini", vendor="google"),
        model("claude", vendor="anthropic"),
        model("grok", vendor="xai"),
        provider("google"),
        provider("openai"),
        offering("google", "gemini"),
        offering("google", "claude"),
        offering("google", "grok", provider_model_name="xai/grok"),
        offering("openai", "grok", provider_model_name="xai/grok"),
    )
    named = {key: entry["litellm_provider"] for key, entry in exported("litellm", content).items()}
    assert named == {
        "vertex_ai/gemini": "vertex_ai-language-models",
        "vertex_ai/claude": "vertex_ai-anthropic_models",
        "vertex_ai/xai/grok": "vertex_ai",
        "openai/xai/grok": "openai",
        "gemini": "vertex_ai-language-models",
    }


@pytest.mark.parametrize(
    ("at", "name", "mode"),
    [
        ("openai", "o1-pro", "responses"),
        ("openai", "o4-mini-deep-research-2025-06-26", "responses"),
        ("openai", "gpt-5.2-pro", "responses"),
        ("openai", "gpt-5.1-codex-mini", "responses"),
        ("azure-ai", "gpt-5-pro", "responses"),
        ("openai", "gpt-5", "chat"),
        ("openai", "gpt-5-product", "chat"),
        ("openai", "gpt-3.5-turbo", "chat"),
        ("openai", "gpt-3.5-turbo-instruct", "completion"),
        ("xai", "grok-4.20-multi-agent-0309", "responses"),
        ("xai", "grok-4.20", "chat"),
        ("perplexity", "openai/gpt-5", "responses"),
        ("perplexity", "sonar", "chat"),
        ("github-copilot", "gpt-5.3-codex", "responses"),
        ("github-copilot", "gpt-4o", "chat"),
        # A gateway takes chats for what its maker answers at /responses alone.
        ("openrouter", "openai/o1-pro", "chat"),
    ],
)
def test_it_says_at_which_endpoint_of_a_provider_litellm_is_to_ask(at: str, name: str, mode: str) -> None:
    content = registry(model("one"), provider(at), offering(at, "one", provider_model_name=name))
    assert {entry["mode"] for entry in exported("litellm", content).values()} == {mode}


def test_it_keeps_what_is_no_chat_from_the_endpoint_of_its_name() -> None:
    content = registry(
        model("one", capabilities=("embeddings",)),
        provider("openai"),
        offering("openai", "one", provider_model_name="gpt-5-pro"),
    )
    assert exported("litellm", content)["gpt-5-pro"]["mode"] == "embedding"


def test_it_has_litellm_ask_for_completions_by_the_bare_name_too() -> None:
    content = registry(
        model("one"), provider("openai"), offering("openai", "one", provider_model_name="babbage-002")
    )
    costs = exported("litellm", content)
    assert costs["babbage-002"]["litellm_provider"] == "text-completion-openai"
    assert costs["openai/babbage-002"]["litellm_provider"] == "openai"


@pytest.mark.parametrize(("at", "mode"), [("google-ai-studio", "image_generation"), ("openrouter", "chat")])
def test_it_tells_what_makes_images_by_what_comes_out(at: str, mode: str) -> None:
    painter = model("painter", input_modalities=("text",), output_modalities=("text", "image"))
    (entry,) = exported("litellm", registry(painter, provider(at), offering(at, "painter"))).values()
    assert entry["mode"] == mode


@pytest.mark.parametrize(
    ("capabilities", "modalities"),
    [
        (("chat",), {"input": ["text"], "output": ["text"]}),
        (("chat", "vision"), {"input": ["text", "image"], "output": ["text"]}),
        (("embeddings",), None),
        (("image-generation",), None),
    ],
)
def test_it_says_of_a_model_that_chats_that_it_takes_and_gives_text(
    capabilities: tuple[str, ...], modalities: dict[str, list[str]] | None
) -> None:
    content = registry(
        model("one", capabilities=capabilities, modalities=("text", "image")),
        provider("groq"),
        offering("groq", "one"),
    )
    assert exported("models-dev", content)["groq"]["models"]["one"].get("modalities") == modalities


def test_it_names_what_the_importers_read_back() -> None:
    for ours, theirs in PROVIDERS.items():
        assert provider_id("models-dev", theirs) == ours
    for ours, theirs in VENDORS.items():
        assert vendor_id("models-dev", theirs) == ours
    # LiteLLM has places that the importer does not read.
    silent = {"github", "huggingface"}
    for ours, theirs in PREFIXES.items():
        if theirs not in silent:
            assert provider_id("litellm", theirs) == ours


def test_it_has_clients_reach_a_provider_at_the_address_that_was_set() -> None:
    content = registry(
        model("one"),
        provider("groq", api_base_url="https://api.groq.com/openai/v1"),
        provider("openai", api_base_url="https://gateway.our-house.example/openai/v1"),
        provider("acme", compatibility="anthropic"),
        provider("strange", compatibility="custom"),
        provider("cloudflare-workers-ai", api_base_url="https://api.cloudflare.com/client/v4/accounts"),
        *(offering(name, "one") for name in ("groq", "openai", "acme", "strange", "cloudflare-workers-ai")),
    )
    reached = {
        name: (one.get("npm"), one.get("api")) for name, one in exported("models-dev", content).items()
    }
    assert reached == {
        "groq": ("@ai-sdk/groq", None),
        "openai": ("@ai-sdk/openai-compatible", "https://gateway.our-house.example/openai/v1"),
        "acme": ("@ai-sdk/anthropic", "https://acme.example.com/v1"),
        "strange": (None, "https://strange.example.com/v1"),
        # Nobody can call it without the account's own path.
        "cloudflare-workers-ai": ("@ai-sdk/openai-compatible", None),
    }


def test_it_gives_the_address_of_an_account_that_an_overlay_has() -> None:
    address = "https://api.cloudflare.com/client/v4/accounts/0a1b/ai/v1"
    content = registry(
        model("one"),
        provider("cloudflare-workers-ai", api_base_url=address),
        offering("cloudflare-workers-ai", "one"),
    )
    assert exported("models-dev", content)["cloudflare-workers-ai"]["api"] == address
