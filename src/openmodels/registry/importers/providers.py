"""What the sources call the providers and the vendors that the registry has under another id.

A name that no table holds is taken in kebab-case: what the sources call groq is groq.
"""

from collections.abc import Mapping

from openmodels.registry.importers.values import Unusable, identifier

MODELS_DEV: Mapping[str, str] = {
    "alibaba": "alibaba-model-studio",
    "azure": "azure-ai",
    "fireworks-ai": "fireworks",
    "google": "google-ai-studio",
    "google-vertex": "google",
    "google-vertex-anthropic": "google",
    "huggingface": "hugging-face",
    "inference": "inference-net",
    "moonshotai": "moonshot",
    "moonshotai-cn": "moonshot-cn",
    "novita-ai": "novita",
    # The registry's siliconflow is the service for China, api.siliconflow.cn.
    "siliconflow": "siliconflow-com",
    "siliconflow-cn": "siliconflow",
    "snowflake-cortex": "snowflake",
    "togetherai": "together-ai",
    "zhipuai": "zhipu",
    "zhipuai-coding-plan": "zhipu-coding-plan",
}
LITELLM: Mapping[str, str] = {
    "amazon_nova": "nova",
    "azure": "azure-ai",
    "azure_text": "azure-ai",
    "bedrock": "amazon-bedrock",
    "bedrock_converse": "amazon-bedrock",
    "bedrock_mantle": "amazon-bedrock",
    "bigmodel": "zhipu",
    "clf_ai_gateway": "cloudflare-ai-gateway",
    "cloudflare": "cloudflare-workers-ai",
    "codestral": "mistral",
    "cohere_chat": "cohere",
    "dashscope": "alibaba-model-studio",
    "featherless_ai": "featherless",
    "fireworks_ai": "fireworks",
    "fireworks_ai-embedding-models": "fireworks",
    "friendliai": "friendli",
    "gemini": "google-ai-studio",
    "gigachat": "sber",
    "gmi": "gmicloud",
    "gradient_ai": "digitalocean",
    "lambda_ai": "lambda",
    "meta_llama": "llama",
    "nvidia_nim": "nvidia",
    "text-completion-codestral": "mistral",
    "text-completion-inception": "inception",
    "text-completion-openai": "openai",
    "vercel_ai_gateway": "vercel",
    "vertex_ai": "google",
    "vertex_ai-ai21_models": "google",
    "vertex_ai-anthropic_models": "google",
    "vertex_ai-deepseek_models": "google",
    "vertex_ai-embedding-models": "google",
    "vertex_ai-language-models": "google",
    "vertex_ai-llama_models": "google",
    "vertex_ai-minimax_models": "google",
    "vertex_ai-mistral_models": "google",
    "vertex_ai-moonshot_models": "google",
    "vertex_ai-openai_models": "google",
    "vertex_ai-qwen_models": "google",
    "vertex_ai-text-models": "google",
    "vertex_ai-video-models": "google",
    "vertex_ai-zai_models": "google",
    "watsonx": "ibm-watsonx",
    "xiaomi_mimo": "xiaomi",
}
LITELLM_ORDER: Mapping[str, tuple[str, ...]] = {
    # Converse has the price that holds everywhere, Mantle that of a region.
    "amazon-bedrock": ("bedrock_converse", "bedrock", "bedrock_mantle"),
    # What azure says of models that are not OpenAI's is years old.
    "azure-ai": ("azure_ai", "azure", "azure_text"),
    "cohere": ("cohere", "cohere_chat"),
    "fireworks": ("fireworks_ai", "fireworks_ai-embedding-models"),
    "google": (
        "vertex_ai",
        "vertex_ai-language-models",
        "vertex_ai-embedding-models",
        "vertex_ai-text-models",
        "vertex_ai-video-models",
        "vertex_ai-ai21_models",
        "vertex_ai-anthropic_models",
        "vertex_ai-deepseek_models",
        "vertex_ai-llama_models",
        "vertex_ai-minimax_models",
        "vertex_ai-mistral_models",
        "vertex_ai-moonshot_models",
        "vertex_ai-openai_models",
        "vertex_ai-qwen_models",
        "vertex_ai-zai_models",
    ),
    "inception": ("inception", "text-completion-inception"),
    "mistral": ("mistral", "codestral", "text-completion-codestral"),
    "openai": ("openai", "text-completion-openai"),
}
"""Our providers that LiteLLM has several names for: which is believed before which."""
GENAI_PRICES: Mapping[str, str] = {
    "aws": "amazon-bedrock",
    "azure": "azure-ai",
    "cloudflare": "cloudflare-workers-ai",
    "google": "google-ai-studio",
    "moonshotai": "moonshot",
    "together": "together-ai",
    "voyageai": "voyage",
    "x-ai": "xai",
    "zhipuai": "zhipu",
}
PROVIDERS: Mapping[str, Mapping[str, str]] = {
    "models-dev": MODELS_DEV,
    "litellm": LITELLM,
    "genai-prices": GENAI_PRICES,
}
"""For each source: its id of a provider → ours, where kebab-case alone does not lead there."""

VENDORS: Mapping[str, Mapping[str, str]] = {
    "models-dev": {"moonshotai": "moonshot", "zhipuai": "zhipu"},
}
"""For each source: its id of a vendor → ours, where kebab-case alone does not lead there."""


def provider_id(source: str, name: str) -> str | None:
    """Our id of the provider that ``source`` calls ``name``; None where no id can be made of it."""
    return PROVIDERS.get(source, {}).get(name) or _kebab(name)


def vendor_id(source: str, name: str) -> str | None:
    """Our id of the vendor that ``source`` calls ``name``; None where no id can be made of it."""
    return VENDORS.get(source, {}).get(name) or _kebab(name)


def _kebab(name: str) -> str | None:
    try:
        return identifier(name)
    except Unusable:
        return None
