"""The closed vocabularies of the registry and of the API, and how a near miss is explained."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

Capability = Literal[
    "chat",
    "completion",
    "reasoning",
    "vision",
    "audio",
    "code",
    "function-calling",
    "structured-output",
    "embeddings",
    "image-generation",
    "speech",
    "transcription",
    "fine-tuning",
    "rerank",
    "moderation",
]
Modality = Literal["text", "image", "audio", "video", "file", "code"]
Lifecycle = Literal["active", "preview", "deprecated", "retired"]
AuthType = Literal["bearer", "api-key", "oauth2", "basic", "none"]
Compatibility = Literal["openai", "anthropic", "google", "cohere", "custom"]
ProviderStatus = Literal["up", "degraded", "down", "unknown"]
Period = Literal["1h", "24h", "1d", "7d", "30d"]
Outcome = Literal[
    "ok",
    "auth",
    "rate_limited",
    "quota",
    "model_missing",
    "bad_request",
    "server_error",
    "timeout",
    "network",
    "bad_stream",
    "blocked",
]

CAPABILITIES: tuple[str, ...] = get_args(Capability)
MODALITIES: tuple[str, ...] = get_args(Modality)
LIFECYCLES: tuple[str, ...] = get_args(Lifecycle)
AUTH_TYPES: tuple[str, ...] = get_args(AuthType)
COMPATIBILITIES: tuple[str, ...] = get_args(Compatibility)
PROVIDER_STATUSES: tuple[str, ...] = get_args(ProviderStatus)
PERIODS: tuple[str, ...] = get_args(Period)
OUTCOMES: tuple[str, ...] = get_args(Outcome)
MODEL_SORTS = ("recency", "name", "context_window", "providers", "price", "relevance")
PROVIDER_SORTS = ("name", "models")
COMPARISON_SORTS = ("price", "output_price", "blended_price", "ttft", "throughput", "uptime")
VOCABULARIES = (
    CAPABILITIES,
    MODALITIES,
    LIFECYCLES,
    AUTH_TYPES,
    COMPATIBILITIES,
    PROVIDER_STATUSES,
    PERIODS,
    OUTCOMES,
)

PERIOD_SECONDS: Mapping[str, int] = {
    "1h": 3600,
    "24h": 86_400,
    "1d": 86_400,
    "7d": 7 * 86_400,
    "30d": 30 * 86_400,
}

CAPABILITY_ALIASES: Mapping[str, str] = {
    "code-generation": "code",
    "function_calling": "function-calling",
    "tools": "function-calling",
    "tool-use": "function-calling",
    "structured_outputs": "structured-output",
    "json-mode": "structured-output",
    "embedding": "embeddings",
    "tts": "speech",
    "stt": "transcription",
}
MODALITY_ALIASES: Mapping[str, str] = {"pdf": "file"}
# Names that the public registry gave to price dimensions before the vocabulary was settled.
PRICE_ALIASES: Mapping[str, str] = {
    "reasoning_tokens_per_million": "reasoning_per_million",
    "search_grounding_per_query": "search_per_query",
}

LICENSING_WORDS = ("proprietary", "other")


def suggest(value: str, allowed: Iterable[str]) -> str | None:
    """The member of ``allowed`` that ``value`` was most likely meant to be, or None when nothing is near."""
    near = difflib.get_close_matches(value.lower()[:100], list(allowed), n=1, cutoff=0.6)
    return near[0] if near else None
