"""The shapes of models.dev: api.json, with providers and their models, and catalog.json, with models apart.

https://models.dev, MIT. Prices are US dollars per million tokens. Of what nobody knows it says nothing, or a
limit of 0.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from openmodels.domain.records import Model, Provider, Registry
from openmodels.domain.views.registry import encoder
from openmodels.domain.vocabulary import Modality
from openmodels.registry.exporters.amounts import Prices, plain, price_of, prices_in_tier
from openmodels.registry.exporters.models_dev_names import VENDORS, name_of, reach_of
from openmodels.registry.exporters.parts import (
    Offered,
    answers_with_text,
    modality_lists,
    mode_of,
    object_of,
    offered_by_provider,
    without_nothing,
)

PRICES: Mapping[str, str] = {
    "input": "input_per_million",
    "output": "output_per_million",
    "reasoning": "reasoning_per_million",
    "cache_read": "cache_read_per_million",
    "cache_write": "cache_write_per_million",
    "input_audio": "input_audio_per_million",
    "output_audio": "output_audio_per_million",
}
"""Its name of a price → ours."""
NOTHING = msgspec.Raw(b"0")
LONG_CONTEXT = 200_000
"""The one tier that its older clients know, as ``context_over_200k``."""
MODALITIES: Mapping[Modality, str] = {
    "text": "text",
    "image": "image",
    "audio": "audio",
    "video": "video",
    "file": "pdf",
}
"""Our word → its; it takes code for text."""
STATUSES: Mapping[str, str] = {"preview": "beta", "deprecated": "deprecated"}


def write_api(registry: Registry) -> Iterator[bytes]:
    """The document that clients read, such as opencode: providers with their models."""
    yield from _providers(registry, with_base=False)
    yield b"\n"


def write_catalogue(registry: Registry) -> Iterator[bytes]:
    """The document with models of their own, of which each offering names its ``base_model``."""
    yield b'{"models":'
    yield from object_of((_name(m), _model(m)) for m in registry.models if m.status != "retired")
    yield b',"providers":'
    yield from _providers(registry, with_base=True)
    yield b"}\n"


def _providers(registry: Registry, *, with_base: bool) -> Iterator[bytes]:
    mark = b"{\n"
    for provider, found in offered_by_provider(registry):
        without_end = encoder.encode(_provider(provider))[:-1]
        yield mark + encoder.encode(name_of(provider.id)) + b":" + without_end + b',"models":'
        yield from object_of(_offerings(found, with_base=with_base))
        yield b"}"
        mark = b",\n"
    yield b"{}" if mark == b"{\n" else b"\n}"


def _provider(provider: Provider) -> dict[str, Any]:
    reach = reach_of(provider)
    return without_nothing(
        {
            "id": name_of(provider.id),
            "name": provider.name,
            "env": provider.env,
            "npm": reach.npm,
            "api": reach.api,
            "doc": provider.docs_url,
        }
    )


def _offerings(found: Iterable[Offered], *, with_base: bool) -> Iterator[tuple[str, Any]]:
    names = set()
    for one in found:
        name = one.offering.provider_model_name
        # Two models under one name: the clients can call only one, and the first by id is as good as any.
        if name not in names:
            names.add(name)
            yield name, _offering(one, with_base=with_base)


def _offering(one: Offered, *, with_base: bool) -> dict[str, Any]:
    name, offering = one.offering.provider_model_name, one.offering
    return without_nothing(
        {
            "id": name,
            **_facts(one.model),
            "last_updated": offering.updated_at.date().isoformat(),
            "limit": _limit(one.context_window, one.max_output_tokens),
            "cost": _cost(one),
            "status": STATUSES.get(offering.status),
            "base_model": _name(one.model) if with_base and one.model.status != "retired" else None,
        }
    )


def _model(model: Model) -> dict[str, Any]:
    known = model.licensing if model.licensing not in {"proprietary", "other"} else None
    return without_nothing(
        {
            "id": _name(model),
            **_facts(model),
            "last_updated": model.updated_at.date().isoformat(),
            "limit": _limit(model.context_window, model.max_output_tokens),
            "license": known,
            "status": STATUSES.get(model.status),
        }
    )


def _name(model: Model) -> str:
    if model.vendor is None:
        return model.id
    return f"{VENDORS.get(model.vendor, model.vendor)}/{model.id}"


def _facts(model: Model) -> dict[str, Any]:
    both = modality_lists(model, MODALITIES) or _at_least(model)
    attached = {"image", "audio", "video", "file"} & set(model.input_modalities or model.modalities)
    return {
        "name": model.name,
        "family": model.family,
        "attachment": bool(attached),
        "reasoning": "reasoning" in model.capabilities,
        "tool_call": "function-calling" in model.capabilities,
        "structured_output": True if "structured-output" in model.capabilities else None,
        "knowledge": model.knowledge_cutoff,
        "release_date": model.release_date,
        "modalities": None if both is None else {"input": both[0], "output": both[1]},
        "open_weights": model.open_weights,
    }


def _at_least(model: Model) -> tuple[list[str], list[str]] | None:
    """What goes in and out of a model of which nobody said it: whatever one chats with takes and gives text.

    Clients take a model without modalities for one that takes no text.
    """
    if mode_of(model) != "chat" or "text" not in model.modalities:
        return None
    seen = ["image"] if "vision" in model.capabilities else []
    return ["text", *seen], ["text"]


def _limit(context: int | None, output: int | None) -> dict[str, int]:
    return {"context": context or 0, "output": output or 0}


def _cost(one: Offered) -> dict[str, Any] | None:
    """Its prices; None unless both of input and output are known, since clients take what is missing for 0.

    What answers with no text is charged nothing for output.
    """
    prices = _prices(one.offering.pricing)
    if "output" not in prices and not answers_with_text(one.model):
        prices["output"] = NOTHING
    if not one.in_dollars or "input" not in prices or "output" not in prices:
        return None
    cost: dict[str, Any] = dict(prices)
    tiers = []
    for number, tier in enumerate(one.offering.pricing.tiers):
        # Clients look nowhere else for a price that a tier does not say.
        known = prices_in_tier(one.offering.pricing, number)
        held = {theirs: plain(known[ours]) for theirs, ours in PRICES.items() if ours in known}
        held.setdefault("output", prices["output"])
        tiers.append({**held, "tier": {"type": "context", "size": tier.above_tokens}})
        if tier.above_tokens == LONG_CONTEXT:
            cost["context_over_200k"] = held
    return {**cost, "tiers": tiers} if tiers else cost


def _prices(prices: Prices) -> dict[str, msgspec.Raw]:
    found = {theirs: price_of(prices, ours) for theirs, ours in PRICES.items()}
    return {theirs: plain(price) for theirs, price in found.items() if price is not None}
