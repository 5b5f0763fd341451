"""models.dev: its catalog.json, with models of their own, and its older api.json, with providers only.

A cost of 0 means free only where the source says so otherwise, see ``FREE_OF_CHARGE``: it writes 0 as well
for what a subscription includes, for what is charged by the image or second, and for what it does not know.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from openmodels.domain.observation import Reading, Subject
from openmodels.domain.vocabulary import Compatibility
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import abilities, amounts, values
from openmodels.registry.importers.document import Json, items, mapping, parse
from openmodels.registry.importers.gather import Gathering, digest, first, joined, shown
from openmodels.registry.importers.providers import vendor_id

SOURCE = "models-dev"
NAME = "models.dev"
URL = "https://models.dev"
PLACE = "https://models.dev/catalog.json"

COMPATIBILITY: Mapping[str, Compatibility] = {
    "@ai-sdk/openai": "openai",
    "@ai-sdk/openai-compatible": "openai",
    "@ai-sdk/azure": "openai",
    "@ai-sdk/cerebras": "openai",
    "@ai-sdk/deepinfra": "openai",
    "@ai-sdk/gateway": "openai",
    "@ai-sdk/groq": "openai",
    "@ai-sdk/mistral": "openai",
    "@ai-sdk/perplexity": "openai",
    "@ai-sdk/togetherai": "openai",
    "@ai-sdk/vercel": "openai",
    "@ai-sdk/xai": "openai",
    "@aihubmix/ai-sdk-provider": "openai",
    "@openrouter/ai-sdk-provider": "openai",
    "venice-ai-sdk-provider": "openai",
    "@ai-sdk/anthropic": "anthropic",
    "@ai-sdk/google-vertex/anthropic": "anthropic",
    "@ai-sdk/google": "google",
    "@ai-sdk/google-vertex": "google",
    "@ai-sdk/cohere": "cohere",
    "@ai-sdk/amazon-bedrock": "custom",
    "@jerome-benoit/sap-ai-provider-v2": "custom",
    "ai-gateway-provider": "custom",
    "gitlab-ai-provider": "custom",
    "merge-gateway-ai-sdk-provider": "custom",
}
"""The package with which the source reaches a provider → whose API shape that package speaks."""

FREE_OF_CHARGE = frozenset(
    {
        "atomic-chat",  # runs on the user's own machine
        "github-models",  # free, with limits
        "iflowcn",  # free, with limits
        "llama",  # a free preview
        "lmstudio",  # runs on the user's own machine
        "modelscope",  # free, with limits
        "nvidia",  # free for developers, with limits
        "opencode",  # free while feedback is gathered
        "siliconflow-cn",  # small models are free, and said to be
        "zai",  # its Flash models are free
        "zhipuai",  # its Flash models are free
    }
)
"""Providers, by the source's ids, whose own price lists say that what the source prices at 0 is free."""

PRICES: Mapping[str, tuple[str, ...]] = {
    "input_per_million": ("input",),
    "output_per_million": ("output",),
    # A few entries were typed with the names that their providers use; the source's schema lets them pass.
    "cache_read_per_million": ("cache_read", "cached_input", "cache_input"),
    "cache_write_per_million": ("cache_write", "cached_write"),
    "reasoning_per_million": ("reasoning",),
    "input_audio_per_million": ("input_audio",),
    "output_audio_per_million": ("output_audio",),
}
"""Our price dimensions → the source's names for them; all are US dollars per million tokens."""
PRICED = frozenset({"tiers", "context_over_200k"}.union(*PRICES.values()))
LONG_CONTEXT = 200_000
STATUSES: Mapping[str, str] = {"deprecated": "deprecated", "beta": "preview", "alpha": "preview"}
FLAGS: Mapping[str, str] = {
    "reasoning": "reasoning",
    "tool_call": "function-calling",
    "structured_output": "structured-output",
}


def read(document: bytes, *, observed_at: datetime, version: str | None = None) -> Reading:
    """What a catalog.json or an api.json says. Raises ``SourceUnreadable`` where it is neither."""
    whole = parse(document, "the models.dev document")
    if not isinstance(whole, dict):
        raise _neither()
    catalogue = set(whole) >= {"models", "providers"} and "id" not in mapping(whole["providers"])
    models = mapping(whole["models"]) if catalogue else {}
    providers = mapping(whole["providers"]) if catalogue else whole
    if not any("models" in mapping(entry) for entry in providers.values()):
        raise _neither()
    into = Gathering()
    for key, model in models.items():
        _model(into, key, model)
    for key, provider in providers.items():
        _provider(into, key, provider, models if catalogue else None)
    return into.reading(
        source=SOURCE,
        name=NAME,
        url=URL,
        version=version or digest(document),
        observed_at=observed_at,
    )


def _neither() -> SourceUnreadable:
    return SourceUnreadable(
        "the document is neither models.dev's catalog.json ({models, providers}) nor its api.json "
        f"(providers, each with models); try --from {PLACE}"
    )


def _model(into: Gathering, key: str, raw: Json) -> None:
    subject = Subject("model", name=key)
    entry = _entry(into, subject, key, raw)
    if entry is None:
        return
    into.take(subject, "name", values.text, entry.get("name"))
    maker, slash, _ = key.partition("/")
    vendor = vendor_id(SOURCE, maker) if slash else None
    if vendor is not None:
        into.say(subject, "vendor", vendor)
    _facts(into, subject, entry, prefix="")
    into.take(subject, "licensing", values.licensing, entry.get("license"))
    _limits(into, subject, entry, "context_window", "max_output_tokens")
    _status(into, subject, entry)


def _entry(into: Gathering, subject: Subject, key: str, raw: Json) -> Mapping[str, Json] | None:
    """The entry, where it is one and its name can be said; the name is that of the key."""
    if not isinstance(raw, dict):
        into.leave_out(f"a {subject.kind} that is not an object", key)
        return None
    if into.read(subject, f"{subject.kind}'s id", values.name, key) is None or not into.begins(subject):
        return None
    return raw


def _facts(into: Gathering, subject: Subject, entry: Mapping[str, Json], *, prefix: str) -> None:
    """What is true of a model wherever it is served."""
    into.take(subject, prefix + "family", values.identifier, entry.get("family"))
    into.take(subject, prefix + "release_date", values.partial_date, entry.get("release_date"))
    into.take(subject, prefix + "knowledge_cutoff", values.partial_date, entry.get("knowledge"))
    into.take(subject, prefix + "open_weights", values.yes_or_no, entry.get("open_weights"))
    both = mapping(entry.get("modalities"))
    goes_in = into.take(subject, prefix + "input_modalities", values.modalities, both.get("input"))
    comes_out = into.take(subject, prefix + "output_modalities", values.modalities, both.get("output"))
    if goes_in and comes_out:
        into.say(subject, prefix + "modalities", joined(goes_in, comes_out))
        more = [ours for theirs, ours in FLAGS.items() if entry.get(theirs) is True]
        family = entry.get("family")
        can = abilities.capabilities(subject.name, goes_in, comes_out, family=family, more=more)
        if can:
            into.say(subject, prefix + "capabilities", can)


def _embeds(subject: Subject, entry: Mapping[str, Json]) -> bool:
    return abilities.embeds(subject.name, entry.get("family"))


def _limits(into: Gathering, subject: Subject, entry: Mapping[str, Json], context: str, output: str) -> None:
    """Limits; 0 is written for "not known", and 1, or a vector's length, for what puts out no text."""
    limit = mapping(entry.get("limit"))
    into.take(subject, context, values.tokens, limit.get("context") or None)
    longest = limit.get("output") or None
    if longest != 1 and not _embeds(subject, entry):
        into.take(subject, output, values.tokens, longest)


def _status(into: Gathering, subject: Subject, entry: Mapping[str, Json]) -> None:
    status = entry.get("status")
    if isinstance(status, str) and status in STATUSES:
        into.say(subject, "status", STATUSES[status])
    elif status is not None:
        into.unusable("status: not a word that the source explains", subject, "status")


def _provider(into: Gathering, key: str, raw: Json, models: Mapping[str, Json] | None) -> None:
    subject = Subject("provider", provider=key)
    entry = _entry(into, subject, key, raw)
    if entry is None:
        return
    into.take(subject, "name", values.text, entry.get("name"))
    into.take(subject, "api_base_url", values.base_url, entry.get("api"))
    into.take(subject, "docs_url", values.url, entry.get("doc"))
    into.take(subject, "env", values.variables, entry.get("env"))
    package = entry.get("npm")
    if isinstance(package, str) and package in COMPATIBILITY:
        into.say(subject, "compatibility", COMPATIBILITY[package])
    elif package is not None:
        why = "a package of which we do not know what it speaks"
        into.unusable(f"compatibility: {why}", subject, "compatibility")
    for name, offering in mapping(entry.get("models")).items():
        _offering(into, key, name, offering, models)


def _offering(into: Gathering, provider: str, key: str, raw: Json, models: Mapping[str, Json] | None) -> None:
    subject = Subject("offering", provider=provider, name=key)
    entry = _entry(into, subject, key, raw)
    if entry is None:
        return
    into.say(subject, "provider_model_name", key)
    into.take(subject, "title", values.text, entry.get("name"))
    base = into.read(subject, "base_model", values.name, entry.get("base_model"))
    if base is not None and (models is None or base in models):
        into.say(subject, "base_model", base)
    else:
        if base is not None:
            into.leave_out("base_model: not among the source's models", shown(subject))
        _facts(into, subject, entry, prefix="model.")
    _limits(into, subject, entry, "context_window", "max_output_tokens")
    _status(into, subject, entry)
    into.take(subject, "last_updated", values.partial_date, entry.get("last_updated"))
    _pricing(into, subject, entry)


def _pricing(into: Gathering, subject: Subject, entry: Mapping[str, Json]) -> None:
    cost = entry.get("cost")
    if cost is None:
        return
    if not isinstance(cost, dict):
        into.unusable("cost: not an object", subject, "pricing")
        return
    prices = _prices(into, subject, cost, "pricing.")
    if amounts.all_zero(prices) and not _free(subject, entry):
        into.unusable(amounts.ZERO, subject, "pricing")
        return
    no_text = _embeds(subject, entry) or abilities.ranks(subject.name)
    prices = amounts.known(prices, output_may_be_free=no_text)
    tiers = _tiers(into, subject, cost, prices)
    amounts.say_pricing(into, subject, prices, tiers, with_text=not no_text)
    for name in cost:
        if name not in PRICED:
            into.leave_out("cost: a price whose unit the source does not say", f"{shown(subject)} {name}")


def _prices(into: Gathering, subject: Subject, cost: Mapping[str, Json], field: str) -> dict[str, Decimal]:
    found = {}
    for ours, theirs in PRICES.items():
        raw = first(*(cost.get(name) for name in theirs))
        amount = into.read(subject, field + ours, values.price, raw)
        if amount is not None:
            found[ours] = amount
    return found


def _free(subject: Subject, entry: Mapping[str, Json]) -> bool:
    if subject.provider in FREE_OF_CHARGE:
        # Images and sound are charged by other units than tokens, which the source does not hold.
        return "text" in items(mapping(entry.get("modalities")).get("output"))
    return amounts.says_free(subject.name, entry.get("name"))


def _tiers(
    into: Gathering, subject: Subject, cost: Mapping[str, Json], plain: Mapping[str, Decimal]
) -> tuple[amounts.Tier, ...]:
    steps: dict[int, dict[str, Decimal]] = {}
    listed = [(mapping(raw), mapping(mapping(raw).get("tier"))) for raw in items(cost.get("tiers"))]
    if not listed and "context_over_200k" in cost:
        listed = [(mapping(cost["context_over_200k"]), {"size": LONG_CONTEXT})]
    for prices, tier in listed:
        above = into.read(subject, "pricing.tiers.above_tokens", values.tokens, tier.get("size"))
        if above is None or tier.get("type", "context") != "context" or above in steps:
            into.unusable("pricing.tiers: not one tier for each length of prompt", subject, "pricing.tiers")
            return ()
        steps[above] = _prices(into, subject, prices, "pricing.tiers.")
    return amounts.tiers_of(steps, plain)
