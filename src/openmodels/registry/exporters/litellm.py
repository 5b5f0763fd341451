"""The shape of LiteLLM's cost map, ``model_prices_and_context_window.json``.

https://github.com/BerriAI/litellm, MIT. Prices are US dollars per token, or per image or second. LiteLLM
takes a price that is missing for 0, so what could only be written with such a hole is left out whole: of a
model that it does not know, LiteLLM says that the cost is unknown.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from openmodels.domain.records import MAX_TOKENS, Model, Pricing, Registry
from openmodels.domain.vocabulary import Modality
from openmodels.registry.exporters.amounts import Prices, per_token, plain, price_of, prices_in_tier
from openmodels.registry.exporters.litellm_modes import mode_at
from openmodels.registry.exporters.litellm_names import bare_rank, plain_provider_of, prefix_of, provider_of
from openmodels.registry.exporters.parts import (
    Offered,
    answers_with_text,
    modality_lists,
    object_of,
    offered,
    without_nothing,
)

PER_TOKEN: Mapping[str, str] = {
    "input_cost_per_token": "input_per_million",
    "output_cost_per_token": "output_per_million",
    "cache_read_input_token_cost": "cache_read_per_million",
    "cache_creation_input_token_cost": "cache_write_per_million",
    "output_cost_per_reasoning_token": "reasoning_per_million",
    "input_cost_per_audio_token": "input_audio_per_million",
    "output_cost_per_audio_token": "output_audio_per_million",
}
"""Its name of a price → ours."""
BY_RANGE = frozenset({"dashscope"})
"""The providers whose tiers LiteLLM reads from a list of ranges alone."""
BATCHES: Mapping[str, str] = {
    "input_cost_per_token_batches": "input_per_million",
    "output_cost_per_token_batches": "output_per_million",
}
BY_UNIT: Mapping[str, tuple[str, str]] = {
    "image_generation": ("output_cost_per_image", "image_per_unit"),
    "audio_transcription": ("input_cost_per_second", "audio_per_second"),
}
"""For the modes that are charged by another unit than tokens: its name of the price, and ours."""
MODALITIES: Mapping[Modality, str] = {
    "text": "text",
    "image": "image",
    "audio": "audio",
    "video": "video",
}
ABILITIES: Mapping[str, str] = {
    "function-calling": "supports_function_calling",
    "reasoning": "supports_reasoning",
    "structured-output": "supports_response_schema",
    "vision": "supports_vision",
}
INPUTS: Mapping[Modality, str] = {
    "audio": "supports_audio_input",
    "file": "supports_pdf_input",
    "video": "supports_video_input",
}
SEARCH_SIZES = ("low", "medium", "high")


def write(registry: Registry) -> Iterator[bytes]:
    """The cost map: each offering under ``provider/name``, some under the bare name too."""
    yield from object_of(_entries(registry))
    yield b"\n"


def _entries(registry: Registry) -> Iterator[tuple[str, Any]]:
    taken: set[str] = set()
    bare: dict[str, tuple[int, dict[str, Any]]] = {}
    for one in offered(registry):
        prefix, name = prefix_of(one.provider.id, one.model), one.offering.provider_model_name
        mode = mode_at(prefix, name, one.model)
        if not (one.in_dollars and _is_priced(one, mode)):
            continue
        key = f"{prefix}/{name}"
        if key in taken:
            continue
        taken.add(key)
        entry = _entry(one, prefix, mode)
        yield key, entry
        rank = bare_rank(one.provider.id, name, one.model)
        if rank is not None and (name not in bare or rank < bare[name][0]):
            bare[name] = (rank, {**entry, "litellm_provider": plain_provider_of(prefix, mode, one.model)})
    yield from ((name, entry) for name, (_, entry) in sorted(bare.items()) if name not in taken)


def _is_priced(one: Offered, mode: str) -> bool:
    """Whether LiteLLM can work out what a request costs, and takes nothing unknown for free."""
    pricing = one.offering.pricing
    if mode in BY_UNIT and price_of(pricing, BY_UNIT[mode][1]) is not None:
        return True
    return pricing.input_per_million is not None and (
        pricing.output_per_million is not None or not answers_with_text(one.model)
    )


def _entry(one: Offered, prefix: str, mode: str) -> dict[str, Any]:
    model, pricing = one.model, one.offering.pricing
    both = modality_lists(model, MODALITIES)
    source = one.offering.source
    return without_nothing(
        {
            "litellm_provider": provider_of(prefix, mode, model),
            "mode": mode,
            **_prices(pricing),
            **_tiers(pricing, prefix),
            **_others(pricing, mode),
            "max_input_tokens": one.context_window,
            "max_output_tokens": one.max_output_tokens,
            **_abilities(model, pricing),
            "supported_modalities": both[0] if both else None,
            "supported_output_modalities": both[1] if both else None,
            "deprecation_date": model.deprecation_date.isoformat() if model.deprecation_date else None,
            "source": source.url if source else None,
        }
    )


def _prices(pricing: Pricing) -> dict[str, Any]:
    found = _per_token(pricing, PER_TOKEN)
    if pricing.batch is not None:
        found |= {
            theirs: per_token(price)
            for theirs, ours in BATCHES.items()
            if (price := getattr(pricing.batch, ours)) is not None
        }
    return found


def _tiers(pricing: Pricing, prefix: str) -> dict[str, Any]:
    """LiteLLM reads tiers as we do: a price that one does not say is that of the tier below."""
    if prefix in BY_RANGE and pricing.tiers:
        return {"tiered_pricing": list(_ranges(pricing))}
    found: dict[str, Any] = {}
    for tier in pricing.tiers:
        above = _threshold(tier.above_tokens, prefix)
        prices = _per_token(tier, PER_TOKEN)
        found |= {f"{theirs}_above_{above}_tokens": price for theirs, price in prices.items()}
    return found


def _threshold(tokens: int, prefix: str) -> str:
    # Where Vertex AI has a price "above_128k_tokens", LiteLLM counts as for old models: without caches.
    old = prefix == "vertex_ai" and tokens == 128_000
    return str(tokens) if old or tokens % 1000 else f"{tokens // 1000}k"


def _ranges(pricing: Pricing) -> Iterator[dict[str, Any]]:
    """Each range of prompt lengths with all its prices: LiteLLM looks nowhere else for one."""
    ends = [*(tier.above_tokens for tier in pricing.tiers), MAX_TOKENS]
    yield {**_per_token(pricing, PER_TOKEN), "range": [0, ends[0]]}
    for number, tier in enumerate(pricing.tiers):
        known = prices_in_tier(pricing, number)
        prices = {theirs: per_token(known[ours]) for theirs, ours in PER_TOKEN.items() if ours in known}
        yield {**prices, "range": [tier.above_tokens, ends[number + 1]]}


def _per_token(prices: Prices, names: Mapping[str, str]) -> dict[str, Any]:
    found = {theirs: price_of(prices, ours) for theirs, ours in names.items()}
    return {theirs: per_token(price) for theirs, price in found.items() if price is not None}


def _others(pricing: Pricing, mode: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if mode in BY_UNIT:
        theirs, ours = BY_UNIT[mode]
        price = price_of(pricing, ours)
        found[theirs] = None if price is None else plain(price)
    if pricing.search_per_query is not None:
        searched = plain(pricing.search_per_query)
        found["search_context_cost_per_query"] = {
            f"search_context_size_{size}": searched for size in SEARCH_SIZES
        }
    return found


def _abilities(model: Model, pricing: Pricing) -> dict[str, bool]:
    """Only what it can do: what is missing, LiteLLM takes for not known."""
    found = {theirs: True for ours, theirs in ABILITIES.items() if ours in model.capabilities}
    found |= {theirs: True for ours, theirs in INPUTS.items() if ours in (model.input_modalities or ())}
    if "audio" in (model.output_modalities or ()):
        found["supports_audio_output"] = True
    if pricing.cache_read_per_million is not None:
        found["supports_prompt_caching"] = True
    return found
