"""Descriptions in our own words, composed from facts: never a source's prose.

The same facts give the same words, so a description that was composed here, and that nobody has rewritten,
can follow its facts.
"""

from collections.abc import Sequence
from hashlib import sha256

from openmodels.domain.records import Model, Provider

_KINDS = (
    ("embeddings", "embedding model"),
    ("rerank", "reranking model"),
    ("moderation", "moderation model"),
    ("transcription", "speech recognition model"),
    ("speech", "speech model"),
)
_WORDS = {"text": "text", "image": "images", "audio": "audio", "video": "video", "file": "files"}


def describe_model(model: Model, vendor: str | None) -> str:
    """One or two plain sentences about a model; ``vendor`` is its maker's name."""
    kind = _kind(model)
    maker = vendor or "an unnamed maker"
    weights = {True: "open-weights ", False: "proprietary ", None: ""}[model.open_weights]
    article = "An" if (weights or kind)[0] in "aeiou" else "A"
    does = _does(model, kind)
    length = _length(model)
    ways = [
        f"{model.name} is {article.lower()} {weights}{kind} by {maker}{does}.",
        f"{article} {weights}{kind} from {maker}{does}.",
        f"{_possessive(maker)} {model.name}, {article.lower()} {weights}{kind}{does}.",
        f"{article} {weights}{kind} made by {maker}{does}.",
    ]
    return _fitting(ways[_choice(model.id, len(ways))] + length)


def describe_provider(provider: Provider, vendors: Sequence[str]) -> str:
    """A plain sentence about a provider that serves models of ``vendors``, which are their names."""
    speaks = {
        "openai": "an OpenAI-compatible API",
        "anthropic": "an API in Anthropic's Messages format",
        "google": "an API in the format of Google's Gemini",
        "cohere": "an API in Cohere's format",
        "custom": "an API of its own format",
    }[provider.compatibility]
    some = sorted(vendors)[:3]
    what = f"models by {_listed(some)}" if some else "language models"
    if some == [provider.name]:
        what = "its own models"
    if len(vendors) > len(some):
        what = f"models by {', '.join(some)} and other makers"
    ways = [
        f"{provider.name} serves {what} over {speaks}.",
        f"{speaks[0].upper()}{speaks[1:]} to {what}, run by {provider.name}.",
        f"{provider.name} offers {what} through {speaks}.",
        f"At {provider.name}, {what} are reached through {speaks}.",
    ]
    return _fitting(ways[_choice(provider.id, len(ways))])


def _kind(model: Model) -> str:
    capabilities = set(model.capabilities)
    if "chat" not in capabilities:
        for word, kind in _KINDS:
            if word in capabilities:
                return kind
        if "image-generation" in capabilities:
            return "image model"
        if "video" in (model.output_modalities or ()):
            return "video model"
    if "reasoning" in capabilities:
        return "reasoning model"
    return "code model" if "code" in model.modalities else "language model"


def _does(model: Model, kind: str) -> str:
    parts = []
    goes_in = [_WORDS[m] for m in model.input_modalities or () if m in _WORDS]
    comes_out = [_WORDS[m] for m in model.output_modalities or () if m in _WORDS]
    if goes_in and comes_out and (goes_in != ["text"] or comes_out != ["text"]):
        out = "answers in" if "text" in comes_out else "makes"
        parts.append(f"takes {_listed(goes_in)}")
        if comes_out != ["text"]:
            parts.append(f"{out} {_listed(comes_out)}")
    elif goes_in == ["text"] and kind.endswith(("language model", "reasoning model")):
        parts.append("works with text")
    if "function-calling" in model.capabilities:
        parts.append("calls functions")
    if "structured-output" in model.capabilities:
        parts.append("can keep to a JSON schema")
    return f" that {_listed(parts)}" if parts else ""


def _length(model: Model) -> str:
    if model.context_window is None:
        return ""
    window = f"{model.context_window:,}"
    ways = [
        f" Its context window is {window} tokens.",
        f" It holds {window} tokens of context.",
        f" The context window takes {window} tokens.",
    ]
    return ways[_choice(model.id, len(ways), salt="length")]


def _possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def _listed(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _choice(key: str, ways: int, salt: str = "") -> int:
    return sha256(f"{salt}{key}".encode()).digest()[0] % ways


def _fitting(text: str) -> str:
    return text if len(text) <= 2000 else f"{text[:1999]}…"
