"""What models.dev calls providers and vendors, and by which package its clients reach a provider."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from openmodels.domain.records import Provider
from openmodels.domain.vocabulary import Compatibility

PROVIDERS: Mapping[str, str] = {
    "alibaba-model-studio": "alibaba",
    "azure-ai": "azure",
    "fireworks": "fireworks-ai",
    "google": "google-vertex",
    "google-ai-studio": "google",
    "hugging-face": "huggingface",
    "inference-net": "inference",
    "moonshot": "moonshotai",
    "moonshot-cn": "moonshotai-cn",
    "novita": "novita-ai",
    "siliconflow": "siliconflow-cn",
    "siliconflow-com": "siliconflow",
    "snowflake": "snowflake-cortex",
    "together-ai": "togetherai",
    "zhipu": "zhipuai",
    "zhipu-coding-plan": "zhipuai-coding-plan",
}
"""Our id of a provider → models.dev's, where they are not the same."""
VENDORS: Mapping[str, str] = {"moonshot": "moonshotai", "zhipu": "zhipuai"}
"""Our id of a vendor → models.dev's, where they are not the same."""


class OwnPackage(NamedTuple):
    """A package that was made for one provider, and knows its address."""

    npm: str
    host: str
    """The provider's domain. Somebody who set another address does not call that provider."""


OWN_PACKAGES: Mapping[str, OwnPackage] = {
    "aihubmix": OwnPackage("@aihubmix/ai-sdk-provider", "aihubmix.com"),
    "amazon-bedrock": OwnPackage("@ai-sdk/amazon-bedrock", "amazonaws.com"),
    "anthropic": OwnPackage("@ai-sdk/anthropic", "api.anthropic.com"),
    "azure": OwnPackage("@ai-sdk/azure", "azure.com"),
    "cerebras": OwnPackage("@ai-sdk/cerebras", "api.cerebras.ai"),
    "cohere": OwnPackage("@ai-sdk/cohere", "api.cohere.com"),
    "deepinfra": OwnPackage("@ai-sdk/deepinfra", "api.deepinfra.com"),
    "google": OwnPackage("@ai-sdk/google", "generativelanguage.googleapis.com"),
    "google-vertex": OwnPackage("@ai-sdk/google-vertex", "googleapis.com"),
    "groq": OwnPackage("@ai-sdk/groq", "api.groq.com"),
    "mistral": OwnPackage("@ai-sdk/mistral", "api.mistral.ai"),
    "openai": OwnPackage("@ai-sdk/openai", "api.openai.com"),
    "perplexity": OwnPackage("@ai-sdk/perplexity", "api.perplexity.ai"),
    "togetherai": OwnPackage("@ai-sdk/togetherai", "together.xyz"),
    "v0": OwnPackage("@ai-sdk/vercel", "v0.dev"),
    "venice": OwnPackage("venice-ai-sdk-provider", "venice.ai"),
    "vercel": OwnPackage("@ai-sdk/gateway", "vercel.sh"),
    "xai": OwnPackage("@ai-sdk/xai", "api.x.ai"),
}
"""By models.dev's id of the provider; as in its api.json."""
PACKAGES: Mapping[Compatibility, str] = {
    "openai": "@ai-sdk/openai-compatible",
    "anthropic": "@ai-sdk/anthropic",
    "google": "@ai-sdk/google",
    "cohere": "@ai-sdk/cohere",
}
"""What speaks each API shape at any address. Nothing speaks a custom one."""


INCOMPLETE: Mapping[str, str] = {
    "cloudflare-workers-ai": "https://api.cloudflare.com/client/v4/accounts",
}
"""By models.dev's id: the address that nobody can call, since each account has a path of its own below it."""


class Reach(NamedTuple):
    """How a client reaches a provider."""

    npm: str | None
    api: str | None
    """The address; None where the package knows it, or there is none that can be called."""


def name_of(provider_id: str) -> str:
    """What models.dev calls one of our providers."""
    return PROVIDERS.get(provider_id, provider_id)


def reach_of(provider: Provider) -> Reach:
    """By which package a provider is reached, and where."""
    own = OWN_PACKAGES.get(name_of(provider.id))
    host = urlsplit(provider.api_base_url).hostname or ""
    if own is not None and (host == own.host or host.endswith("." + own.host)):
        return Reach(own.npm, None)
    address: str | None = provider.api_base_url
    if provider.api_base_url.rstrip("/") == INCOMPLETE.get(name_of(provider.id)):
        address = None
    return Reach(PACKAGES.get(provider.compatibility), address)
