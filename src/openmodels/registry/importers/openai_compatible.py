"""The list of models of one server that speaks OpenAI's API: what it calls them, and what more it tells.

Most servers tell names only. vLLM, llama.cpp, LM Studio, Groq, Mistral and OpenRouter add limits, and the
last prices as well, in dollars per token; -1 there means that a price depends on where a request goes.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlsplit

from openmodels.domain.observation import Reading, Subject
from openmodels.errors import SourceUnreadable
from openmodels.registry.importers import abilities, amounts, values
from openmodels.registry.importers.document import Json, items, mapping, parse
from openmodels.registry.importers.gather import Gathering, digest, first, joined, shown

SOURCE = "openai-compatible"

CONTEXT = (
    "max_model_len",  # vLLM, SGLang
    "context_length",  # OpenRouter, Together AI, Fireworks
    "context_window",  # Groq
    "loaded_context_length",  # LM Studio: what it was started with
    "max_context_length",  # LM Studio, Mistral
)
"""Where servers say how long a prompt and its answer may be."""
ANSWER = ("max_completion_tokens", "max_output_tokens")
"""Where servers say how long an answer may be."""
PER_TOKEN: Mapping[str, str] = {
    "prompt": "input_per_million",
    "completion": "output_per_million",
    "input_cache_read": "cache_read_per_million",
    "input_cache_write": "cache_write_per_million",
    "internal_reasoning": "reasoning_per_million",
}
"""OpenRouter's names of prices in dollars per token → ours."""
SEARCH = "web_search"
PARAMETERS: Mapping[str, str] = {
    "reasoning": "reasoning",
    "tools": "function-calling",
    "structured_outputs": "structured-output",
}
"""What a request may hold → what the model can do then."""


def address_of(typed: str) -> str:
    """The address of the list of models: /v1 and /models are added where they are missing."""
    try:
        parts = urlsplit(typed)
    except ValueError:
        return typed
    path = parts.path.rstrip("/")
    if not path:
        path = "/v1"
    if not path.endswith("/models"):
        path += "/models"
    return parts._replace(path=path, fragment="").geturl()


def read(
    document: bytes, *, observed_at: datetime, version: str | None = None, provider: str = ""
) -> Reading:
    """What the list says; ``provider`` is our id of whose server it is.

    Raises ``SourceUnreadable`` where the document is no such list.
    """
    whole = parse(document, "the list of models")
    listed = whole if isinstance(whole, list) else mapping(whole).get("data")
    if not isinstance(listed, list) or not (isinstance(whole, list) or "data" in mapping(whole)):
        raise SourceUnreadable(
            'the document is no list of models ({"data": [{"id": ...}]}); '
            "--from takes the address of the API, such as http://localhost:8000/v1"
        )
    into = Gathering()
    for raw in listed:
        _offering(into, provider, raw)
    if mapping(whole).get("has_more") is True:
        into.leave_out("models beyond the first page, which the server holds back", provider)
    return into.reading(
        source=SOURCE,
        name=f"/v1/models of {provider}" if provider else "/v1/models",
        url=None,
        version=version or digest(document),
        observed_at=observed_at,
    )


def _offering(into: Gathering, provider: str, raw: Json) -> None:
    entry = mapping(raw)
    name = into.read(Subject("offering", provider), "the model's id", values.name, entry.get("id"))
    if name is None:
        into.leave_out("an entry without an id", provider)
        return
    subject = Subject("offering", provider=provider, name=name)
    if entry.get("active") is False:
        into.leave_out("a model that the server lists as not active", shown(subject))
        return
    if not into.begins(subject):
        return
    into.say(subject, "provider_model_name", name)
    title = first(entry.get("display_name"), entry.get("name"))
    if title != name:
        into.take(subject, "title", values.text, title)
    _limits(into, subject, entry)
    _model(into, subject, entry)
    _pricing(into, subject, entry)


def _limits(into: Gathering, subject: Subject, entry: Mapping[str, Json]) -> None:
    best, meta = mapping(entry.get("top_provider")), mapping(entry.get("meta"))
    context = first(
        best.get("context_length") or None,
        *(entry.get(field) or None for field in CONTEXT),
        # llama.cpp: what it was started with, else what the model was trained for.
        meta.get("n_ctx") or None,
        meta.get("n_ctx_train") or None,
    )
    into.take(subject, "context_window", values.tokens, context)
    answer = first(best.get("max_completion_tokens") or None, *(entry.get(field) or None for field in ANSWER))
    into.take(subject, "max_output_tokens", values.tokens, answer)


def _model(into: Gathering, subject: Subject, entry: Mapping[str, Json]) -> None:
    shape = mapping(entry.get("architecture"))
    goes_in = into.take(subject, "model.input_modalities", values.modalities, shape.get("input_modalities"))
    comes_out = into.take(
        subject, "model.output_modalities", values.modalities, shape.get("output_modalities")
    )
    if goes_in and comes_out:
        accepted = items(entry.get("supported_parameters"))
        more = [ours for theirs, ours in PARAMETERS.items() if theirs in accepted]
        into.say(subject, "model.modalities", joined(goes_in, comes_out))
        can = abilities.capabilities(subject.name, goes_in, comes_out, more=more)
        if can:
            into.say(subject, "model.capabilities", can)


def _pricing(into: Gathering, subject: Subject, entry: Mapping[str, Json]) -> None:
    raw = mapping(entry.get("pricing"))
    prices: dict[str, Decimal] = {}
    for theirs, ours in PER_TOKEN.items():
        amount = into.read(subject, f"pricing.{ours}", values.price_per_token, raw.get(theirs))
        if amount is not None:
            prices[ours] = amount
    if amounts.all_zero(prices) and not amounts.says_free(subject.name, entry.get("name")):
        into.unusable(amounts.ZERO, subject, "pricing")
        return
    prices = amounts.known(prices, output_may_be_free=abilities.embeds(subject.name))
    search = into.read(subject, "pricing.search_per_query", values.price, raw.get(SEARCH))
    if prices and search:
        prices["search_per_query"] = search
    amounts.say_pricing(into, subject, prices)
    for name, value in raw.items():
        if name not in PER_TOKEN and name != SEARCH and value not in (0, "0", None):
            into.leave_out("pricing: a price whose unit the server does not say", f"{shown(subject)} {name}")
