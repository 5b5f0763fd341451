"""What LiteLLM calls providers, in its keys and in ``litellm_provider``."""

from collections.abc import Mapping

from openmodels.domain.records import Model

PREFIXES: Mapping[str, str] = {
    "alibaba-model-studio": "dashscope",
    "amazon-bedrock": "bedrock",
    "azure-ai": "azure_ai",
    "cloudflare-ai-gateway": "clf_ai_gateway",
    "cloudflare-workers-ai": "cloudflare",
    "digitalocean": "gradient_ai",
    "featherless": "featherless_ai",
    "fireworks": "fireworks_ai",
    "friendli": "friendliai",
    "github-models": "github",
    "gmicloud": "gmi",
    "google": "vertex_ai",
    "google-ai-studio": "gemini",
    "hugging-face": "huggingface",
    "ibm-watsonx": "watsonx",
    "lambda": "lambda_ai",
    "llama": "meta_llama",
    "nova": "amazon_nova",
    "nvidia": "nvidia_nim",
    "sber": "gigachat",
    "vercel": "vercel_ai_gateway",
    "xiaomi": "xiaomi_mimo",
    "zhipu": "bigmodel",
}
"""Our id of a provider → what stands before the slash of LiteLLM's keys, where underscores in place of the
hyphens do not make it."""
PLAIN = ("openai", "anthropic", "cohere", "ai21", "deepseek", "amazon-bedrock", "google")
"""The providers whose models LiteLLM also knows by their bare names. Of two that have a name, the first here
keeps it."""
RESERVED = frozenset({"sample_spec", "fallback_generalizations"})
"""Keys that LiteLLM does not take for a model."""
VERTEX: Mapping[str, str] = {
    "ai21": "vertex_ai-ai21_models",
    "anthropic": "vertex_ai-anthropic_models",
    "deepseek": "vertex_ai-deepseek_models",
    "meta": "vertex_ai-llama_models",
    "minimax": "vertex_ai-minimax_models",
    "mistral": "vertex_ai-mistral_models",
    "moonshot": "vertex_ai-moonshot_models",
    "openai": "vertex_ai-openai_models",
    "qwen": "vertex_ai-qwen_models",
    "xai": "vertex_ai",
    "alibaba": "vertex_ai-qwen_models",
    "zai": "vertex_ai-zai_models",
    "zhipu": "vertex_ai-zai_models",
}
"""By vendor: what LiteLLM calls Vertex AI where it serves that vendor's models."""


def prefix_of(provider_id: str, model: Model) -> str:
    """What stands before the slash of the key of that model at that provider."""
    if provider_id == "azure-ai" and model.vendor == "openai":
        return "azure"
    return PREFIXES.get(provider_id) or provider_id.replace("-", "_")


def bare_rank(provider_id: str, name: str, model: Model) -> int | None:
    """Where a provider stands among those that may have the bare ``name``; None where this one may not.

    LiteLLM takes what stands before a slash for a provider, so a bare name has none. On Vertex AI, only
    Google's own models have one: Anthropic's, by the same names, are those of Anthropic.
    """
    if provider_id not in PLAIN or name in RESERVED or "/" in name:
        return None
    if provider_id == "google" and model.vendor != "google":
        return None
    return PLAIN.index(provider_id)


def plain_provider_of(prefix: str, mode: str, model: Model) -> str:
    """The ``litellm_provider`` of a bare name: by it, LiteLLM knows where to send what is asked of it."""
    if prefix == "openai" and mode == "completion":
        return "text-completion-openai"
    return provider_of(prefix, mode, model)


def provider_of(prefix: str, mode: str, model: Model) -> str:
    """The ``litellm_provider`` of such a model: LiteLLM tells some of a provider's models apart by it."""
    if prefix == "vertex_ai":
        google = "vertex_ai-embedding-models" if mode == "embedding" else "vertex_ai-language-models"
        return VERTEX.get(model.vendor or "", google)
    if prefix == "bedrock" and mode == "chat":
        return "bedrock_converse"
    return prefix
