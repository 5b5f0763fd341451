"""The shape of OpenRouter's ``/models``: one entry for each model that somebody offers.

https://openrouter.ai/docs/api-reference/models. Prices are US dollars per token, as texts. Those shown are
the prices of one offering: the cheapest, as everywhere else here.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from openmodels.domain.pricing import cheapest
from openmodels.domain.records import Model, Pricing, Registry
from openmodels.domain.views.registry import encoder
from openmodels.domain.vocabulary import Modality
from openmodels.registry.exporters.amounts import per_token_text, price_of, unit_text
from openmodels.registry.exporters.parts import Offered, modality_lists, offered

PER_TOKEN: Mapping[str, str] = {
    "prompt": "input_per_million",
    "completion": "output_per_million",
    "internal_reasoning": "reasoning_per_million",
    "input_cache_read": "cache_read_per_million",
    "input_cache_write": "cache_write_per_million",
    "audio": "input_audio_per_million",
}
"""Its name of a price per token → ours."""
PER_UNIT: Mapping[str, str] = {"image": "image_per_unit", "web_search": "search_per_query"}
MODALITIES: Mapping[Modality, str] = {
    "text": "text",
    "image": "image",
    "audio": "audio",
    "video": "video",
    "file": "file",
}
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "function-calling": ("tool_choice", "tools"),
    "reasoning": ("include_reasoning", "reasoning"),
    "structured-output": ("response_format", "structured_outputs"),
}
"""Our capability → the request parameters that OpenRouter lists for it."""


def write(registry: Registry) -> Iterator[bytes]:
    """The list of models, by id."""
    by_model: dict[str, list[Offered]] = {}
    for one in offered(registry):
        by_model.setdefault(one.model.id, []).append(one)
    mark = b'{"data":[\n'
    for model in registry.models:
        if model.id in by_model:
            yield mark + encoder.encode(_entry(model, by_model[model.id]))
            mark = b",\n"
    yield b'{"data":[]}\n' if mark == b'{"data":[\n' else b"\n]}\n"


def _entry(model: Model, found: list[Offered]) -> dict[str, Any]:
    shown = _shown(found)
    name = f"{model.vendor}/{model.id}" if model.vendor else model.id
    parameters = {p for ours, theirs in PARAMETERS.items() if ours in model.capabilities for p in theirs}
    return {
        "id": name,
        "canonical_slug": name,
        "name": model.name,
        "created": _created(model),
        "description": model.description,
        "context_length": shown.context_window,
        "architecture": _architecture(model),
        "pricing": _pricing(shown.offering.pricing) if shown.in_dollars else {},
        "top_provider": {
            "context_length": shown.context_window,
            "max_completion_tokens": shown.max_output_tokens,
        },
        "per_request_limits": None,
        "supported_parameters": sorted(parameters),
    }


def _shown(found: Iterable[Offered]) -> Offered:
    """The cheapest in dollars; where no price is known, the first by provider id."""
    by_provider = {one.provider.id: one for one in found}
    priced = cheapest([one.offering for one in by_provider.values() if one.in_dollars])
    return by_provider[priced.provider_id if priced else min(by_provider)]


def _created(model: Model) -> int:
    """When it was released, in seconds since 1970; where nobody knows, when its record was written."""
    known = model.release_date or ""
    if len(known) == len("2025-03-14"):
        return int(datetime.fromisoformat(known).replace(tzinfo=UTC).timestamp())
    return int(model.created_at.timestamp())


def _architecture(model: Model) -> dict[str, Any]:
    both = modality_lists(model, MODALITIES)
    if both is None:
        both, modality = ([], []), None
    else:
        modality = f"{'+'.join(both[0])}->{'+'.join(both[1])}"
    return {
        "modality": modality,
        "input_modalities": both[0],
        "output_modalities": both[1],
        "tokenizer": "Other",
        "instruct_type": None,
    }


def _pricing(pricing: Pricing) -> dict[str, str]:
    """What is known; a price that nobody knows is left out, and 0 is free."""
    found = {}
    for names, text in ((PER_TOKEN, per_token_text), (PER_UNIT, unit_text)):
        for theirs, ours in names.items():
            price = price_of(pricing, ours)
            if price is not None:
                found[theirs] = text(price)
    return found
