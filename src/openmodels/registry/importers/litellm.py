"""LiteLLM's cost map: one entry for each name under which it routes, prices in dollars per token.

Most entries without a price carry 0, so that 0 means free only where ``FREE_OF_CHARGE`` says so.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from openmodels.domain.observation import Reading, Subject, Value
from openmodels.domain.vocabulary import Capability
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import amounts, values
from openmodels.registry.importers.document import Json, items, mapping, parse
from openmodels.registry.importers.gather import Gathering, digest, first, joined, shown
from openmodels.registry.importers.providers import LITELLM_ORDER, provider_id

SOURCE = "litellm"
NAME = "LiteLLM"
URL = "https://github.com/BerriAI/litellm"
PLACE = "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json"

MODES: Mapping[str, Capability] = {
    "chat": "chat",
    "responses": "chat",
    "realtime": "chat",
    "completion": "completion",
    "embedding": "embeddings",
    "rerank": "rerank",
    "moderation": "moderation",
    "image_generation": "image-generation",
    "image_edit": "image-generation",
    "audio_transcription": "transcription",
    "audio_speech": "speech",
}
"""What an entry is for → what its model can do. Entries of other modes are services around models."""
SUPPORTS: Mapping[str, Capability] = {
    "supports_reasoning": "reasoning",
    "supports_vision": "vision",
    "supports_function_calling": "function-calling",
    "supports_response_schema": "structured-output",
    "supports_audio_input": "audio",
    "supports_audio_output": "audio",
}
ANSWERS_WITHOUT_TEXT = frozenset({"embedding", "rerank", "moderation"})

FREE_OF_CHARGE = frozenset(
    {
        ("lemonade", "chat"),  # runs on the user's own machine
        ("openai", "moderation"),  # free for every user of the API
        ("publicai", "chat"),  # a public service
        ("zai", "chat"),  # its Flash models are free
    }
)
"""Providers and modes whose own price lists say that what the source prices at 0 is free."""

OWN_MODELS = frozenset(
    {
        "ai21", "anthropic", "cohere", "cohere_chat", "deepseek", "gemini", "meta", "minimax", "mistral",
        "moonshot", "openai", "xai", "zai",
    }
)  # fmt: skip
"""Providers that serve their own models: when they retire one, its vendor does."""

PROMPT_ONLY = frozenset({"dashscope", "qwen_ai_platform", "qwencloud"})
"""Providers whose ``max_input_tokens`` is what is left of the context window for the prompt."""
SHARED_WINDOWS = frozenset({400_000, 1_050_000})
"""Context windows that the source splits into the parts for the prompt and for the answer."""

ROUTES: Mapping[str, str] = {
    "amazon_nova": "amazon-nova",
    "azure_text": "azure",
    "bedrock_converse": "bedrock",
    "cohere_chat": "cohere",
    "fireworks_ai-embedding-models": "fireworks_ai",
}
"""Providers whose names begin with another word than the provider's, where they begin with one at all."""

PER_TOKEN: Mapping[str, tuple[str, ...]] = {
    "input_per_million": ("input_cost_per_token",),
    "output_per_million": ("output_cost_per_token",),
    "cache_read_per_million": ("cache_read_input_token_cost", "input_cost_per_token_cache_hit"),
    "cache_write_per_million": ("cache_creation_input_token_cost",),
    "reasoning_per_million": ("output_cost_per_reasoning_token",),
    "input_audio_per_million": ("input_cost_per_audio_token",),
    "output_audio_per_million": ("output_cost_per_audio_token",),
    "batch.input_per_million": ("input_cost_per_token_batches",),
    "batch.output_per_million": ("output_cost_per_token_batches",),
}
"""Our price dimensions → the source's names for them; all are US dollars per token."""
CONVERTED = ("input_dbu_cost_per_token", "output_dbu_cost_per_token")
"""Databricks' units, beside which stand dollars such as 1.24999 for 1.25."""
PER_STEP = frozenset({("fireworks_ai", "image_generation")})
"""Providers and modes whose price of a step of drawing stands where that of a token should."""
TIERED = {
    "input_cost_per_token": "input_per_million",
    "output_cost_per_token": "output_per_million",
    "cache_read_input_token_cost": "cache_read_per_million",
    "cache_creation_input_token_cost": "cache_write_per_million",
    "output_cost_per_reasoning_token": "reasoning_per_million",
    "input_cost_per_audio_token": "input_audio_per_million",
    "output_cost_per_audio_token": "output_audio_per_million",
}
ABOVE = re.compile(rf"({'|'.join(TIERED)})_above_([1-9][0-9]{{0,4}})k_tokens")

# Names under which something else is priced than one model at one provider.
PRICE_CLASS = re.compile(r"(fireworks|together)-ai-")
SIZE_OR_QUALITY = re.compile(
    r"(^|/)([0-9]+-x-[0-9]+|auto|hd|high|low|max-steps|medium|standard|[0-9]+-steps)/"
)
FINE_TUNED = re.compile(r"(^|/)ft:")
PLACE_IN_PATH = re.compile(r"[a-z]{2}(-gov)?-[a-z]+-[0-9]/|\*/|(eu|us|global|global-standard|us-gov)/")
PLACE_IN_NAME = re.compile(r"(apac|au|ca|eu|global|jp|us|us-gov)\.(?=[a-z0-9-]+\.)")


Listed = tuple[Subject, Mapping[str, Json]]
"""An entry, and the offering that it describes."""


def read(document: bytes, *, observed_at: datetime, version: str | None = None) -> Reading:
    """What a model_prices_and_context_window.json says. Raises ``SourceUnreadable`` where it is none."""
    whole = parse(document, "the LiteLLM cost map")
    if not isinstance(whole, dict) or not any("litellm_provider" in mapping(raw) for raw in whole.values()):
        raise SourceUnreadable(
            "the document is not LiteLLM's cost map (names, each with litellm_provider); "
            f"try --from a litellm wheel, or --from {PLACE}"
        )
    into = Gathering()
    day = observed_at.astimezone(UTC).date().isoformat()
    for listed in _by_offering(into, whole):
        subject, entry = listed[0] if len(listed) == 1 else _taken(into, listed)
        if into.begins(subject):
            _entry(into, subject, entry, day)
    return into.reading(
        source=SOURCE, name=NAME, url=URL, version=version or digest(document), observed_at=observed_at
    )


def _by_offering(into: Gathering, whole: Mapping[str, Json]) -> Iterable[list[Listed]]:
    """The entries for each name at each provider of ours, in the order of the document."""
    found: dict[tuple[str, str], list[Listed]] = {}
    for key, raw in whole.items():
        entry = mapping(raw)
        subject = _subject(into, key, entry, whole)
        if subject is not None:
            ours = provider_id(SOURCE, subject.provider) or subject.provider
            found.setdefault((ours, subject.name), []).append((subject, entry))
    return found.values()


def _taken(into: Gathering, listed: Sequence[Listed]) -> Listed:
    """Which of several entries for one offering is taken; the others are noted.

    One with prices comes before one without, then the declared order decides. Of those that agree with it,
    the one that says most is as good, and better.
    """
    order = LITELLM_ORDER.get(provider_id(SOURCE, listed[0][0].provider) or "", ())
    prices = [_prices_alone(subject, entry) for subject, entry in listed]

    def rank(number: int) -> tuple[bool, int, int]:
        provider = listed[number][0].provider
        return not prices[number], order.index(provider) if provider in order else len(order), number

    ranked = sorted(range(len(listed)), key=rank)
    agreeing = [number for number in ranked if _agree(prices[number], prices[ranked[0]])]
    best = max(agreeing, key=lambda number: (len(prices[number]), -ranked.index(number)))
    taken = listed[best][0]
    for number, (subject, _) in enumerate(listed):
        if number != best:
            agrees = _agree(prices[number], prices[best])
            other = f"another price than {taken.provider} has, which is taken"
            into.leave_out("listed twice; one is taken" if agrees else other, shown(subject))
    return listed[best]


def _prices_alone(subject: Subject, entry: Mapping[str, Json]) -> dict[str, Value]:
    alone = Gathering()
    _pricing(alone, subject, entry, str(entry["mode"]))
    return {one.field: one.value for one in alone.observed()}


def _agree(one: Mapping[str, Value], other: Mapping[str, Value]) -> bool:
    return all(one[field] == other[field] for field in one if field in other)


def _subject(
    into: Gathering, key: str, entry: Mapping[str, Json], whole: Mapping[str, Json]
) -> Subject | None:
    """The offering that an entry describes; None, and a note, where it describes something else."""
    provider, mode = entry.get("litellm_provider"), entry.get("mode")
    if key == "sample_spec":
        return None
    if not isinstance(provider, str) or not provider:
        into.leave_out("an entry without a provider", key)
        return None
    if not isinstance(mode, str) or mode not in MODES:
        into.leave_out("an entry that is no model's: a price class, a search, a video, ...", key)
        return None
    route = ROUTES.get(
        provider, provider.partition("-")[0] if provider.startswith("vertex_ai-") else provider
    )
    name = key
    for prefix in (f"{provider}/", f"{route}/"):
        name = name.removeprefix(prefix) if name == key else name
    if _is_variant(into, key, name, provider, whole):
        return None
    subject = Subject("offering", provider=provider, name=name)
    known = into.read(subject, "the model's name", values.name, name)
    if known is None or into.read(subject, "the provider's id", values.name, provider) is None:
        return None
    return subject


def _is_variant(into: Gathering, key: str, name: str, provider: str, whole: Mapping[str, Json]) -> bool:
    if PRICE_CLASS.match(key) or SIZE_OR_QUALITY.search(key):
        into.leave_out("a price for a size, a quality or a class of models", key)
    elif FINE_TUNED.search(key):
        into.leave_out("a price of fine-tuned models", key)
    elif provider.startswith(("azure", "bedrock")) and PLACE_IN_PATH.match(name):
        into.leave_out("a price for one region or commitment", key)
    elif provider.startswith("bedrock") and "/" in name:
        into.leave_out("another way of calling a model that is listed without", key)
    elif provider.startswith("bedrock") and _elsewhere(name, whole):
        into.leave_out("a price for one region of a model that is listed without", key)
    else:
        return False
    return True


def _elsewhere(name: str, whole: Mapping[str, Json]) -> bool:
    place = PLACE_IN_NAME.match(name)
    return place is not None and name[place.end() :] in whole


def _entry(into: Gathering, subject: Subject, entry: Mapping[str, Json], day: str) -> None:
    mode = str(entry["mode"])
    into.say(subject, "provider_model_name", subject.name)
    _model(into, subject, entry, mode)
    _limits(into, subject, entry, mode)
    retires = into.read(subject, "status", values.full_date, entry.get("deprecation_date") or None)
    if retires is not None:
        if retires <= day:
            into.say(subject, "status", "retired")
        if subject.provider in OWN_MODELS:
            into.say(subject, "model.deprecation_date", retires)
    _pricing(into, subject, entry, mode)


def _model(into: Gathering, subject: Subject, entry: Mapping[str, Json], mode: str) -> None:
    """What the entry says of the model. A capability that it does not name is not denied."""
    found = [MODES[mode]]
    found += ["audio"] if mode == "realtime" else []
    if MODES[mode] == "chat":
        found += [word for flag, word in SUPPORTS.items() if entry.get(flag) is True]
    into.say(subject, "model.capabilities", values.unique(found))
    goes_in = into.take(
        subject, "model.input_modalities", values.modalities, entry.get("supported_modalities")
    )
    comes_out = into.take(
        subject, "model.output_modalities", values.modalities, entry.get("supported_output_modalities")
    )
    if goes_in and comes_out:
        into.say(subject, "model.modalities", joined(goes_in, comes_out))


def _limits(into: Gathering, subject: Subject, entry: Mapping[str, Json], mode: str) -> None:
    """The limits. ``max_tokens`` is left alone: it is the answer's for some and the window's for others."""
    prompt = into.read(subject, "context_window", values.tokens, entry.get("max_input_tokens") or None)
    answer = into.read(subject, "max_output_tokens", values.tokens, entry.get("max_output_tokens") or None)
    if prompt is not None:
        window = prompt + answer if answer and prompt + answer in SHARED_WINDOWS else prompt
        if subject.provider in PROMPT_ONLY:
            why = "context_window: the source gives the prompt's part of it"
            into.unusable(why, subject, "context_window")
        else:
            into.say(subject, "context_window", window)
    if answer is not None and MODES[mode] in {"chat", "completion"}:
        into.say(subject, "max_output_tokens", answer)


def _pricing(into: Gathering, subject: Subject, entry: Mapping[str, Json], mode: str) -> None:
    if any(name in entry for name in CONVERTED):
        into.unusable("prices that were converted from another unit, inexactly", subject, "pricing")
        return
    if (subject.provider, mode) in PER_STEP and "input_cost_per_token" in entry:
        into.unusable("prices of images by the step, given as if by the token", subject, "pricing")
        return
    prices = _prices(into, subject, entry)
    steps = _steps(into, subject, entry, prices)
    if amounts.all_zero(prices) and not _free(subject, mode):
        into.unusable(amounts.ZERO, subject, "pricing")
        prices = {}
    prices = amounts.known(prices, output_may_be_free=mode in ANSWERS_WITHOUT_TEXT)
    if not any(prices.get(field) for field in ("input_per_million", "output_per_million")):
        prices = {field: price for field, price in prices.items() if not field.startswith("batch.")}
    prices |= _other_units(into, subject, entry, mode)
    tiers = amounts.tiers_of(steps, prices)
    amounts.say_pricing(into, subject, prices, tiers, with_text=mode not in ANSWERS_WITHOUT_TEXT)


def _prices(into: Gathering, subject: Subject, entry: Mapping[str, Json]) -> dict[str, Decimal]:
    found = {}
    for ours, theirs in PER_TOKEN.items():
        raw = first(*(entry.get(name) for name in theirs))
        amount = into.read(subject, f"pricing.{ours}", values.price_per_token, raw)
        if amount is not None:
            found[ours] = amount
    return found


def _free(subject: Subject, mode: str) -> bool:
    return (subject.provider, mode) in FREE_OF_CHARGE or amounts.says_free(subject.name)


def _steps(
    into: Gathering, subject: Subject, entry: Mapping[str, Json], prices: dict[str, Decimal]
) -> dict[int, dict[str, Decimal]]:
    """Prices by length of prompt. Where the source lists ranges, the first one's become the plain prices."""
    steps: dict[int, dict[str, Decimal]] = {}
    for name, raw in entry.items():
        match = ABOVE.fullmatch(name)
        if match:
            amount = into.read(subject, "pricing.tiers", values.price_per_token, raw)
            if amount is not None:
                steps.setdefault(int(match[2]) * 1000, {})[TIERED[match[1]]] = amount
    for raw in items(entry.get("tiered_pricing")):
        step = mapping(raw)
        bounds = items(step.get("range"))
        if not bounds:
            # A range of another measure, such as the number of results of a search.
            return {}
        found = _prices(into, subject, step)
        if bounds[0] == 0:
            prices |= found
            continue
        above = into.read(subject, "pricing.tiers.above_tokens", values.tokens, bounds[0])
        if above is not None:
            steps[above] = found
    return steps


def _other_units(
    into: Gathering, subject: Subject, entry: Mapping[str, Json], mode: str
) -> dict[str, Decimal]:
    """Prices by the image, the second and the search, where one number says it."""
    raw: dict[str, Json] = {}
    if MODES[mode] == "image-generation":
        raw["image_per_unit"] = entry.get("output_cost_per_image")
    if mode == "audio_transcription":
        raw["audio_per_second"] = entry.get("input_cost_per_second") or entry.get("output_cost_per_second")
    by_size = mapping(entry.get("search_context_cost_per_query"))
    sizes = {values_of for values_of in by_size.values() if isinstance(values_of, (int, Decimal))}
    if len(sizes) == 1:
        raw["search_per_query"] = sizes.pop()
    elif sizes:
        why = "search_per_query: it depends on how much is searched"
        into.unusable(why, subject, "pricing.search_per_query")
    found = {}
    for field, value in raw.items():
        amount = into.read(subject, f"pricing.{field}", values.price, value)
        if amount:
            found[field] = amount
    return found
