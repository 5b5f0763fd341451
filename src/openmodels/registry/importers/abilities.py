"""What a model can do, in the words of our vocabulary, from what goes in, what comes out, and its name."""

import re
from collections.abc import Collection

from openmodels.registry.importers.values import unique

_EMBEDS = re.compile(r"embed|(^|[-/_])(bge|gte|e5)-|minilm|mini-lm|mpnet")
_RERANKS = re.compile(r"rerank")


def embeds(*names: object) -> bool:
    """Whether one of these names is that of a model for embeddings."""
    return any(isinstance(name, str) and _EMBEDS.search(name.lower()) for name in names)


def ranks(name: str) -> bool:
    """Whether this is the name of a model that orders documents."""
    return bool(_RERANKS.search(name.lower()))


def capabilities(
    name: str,
    goes_in: Collection[str],
    comes_out: Collection[str],
    *,
    family: object = None,
    more: Collection[str] = (),
) -> tuple[str, ...]:
    """What a model can do, the most characteristic first.

    ``family`` is what the source calls its family. ``more`` is what is said of it besides, such as
    reasoning: it counts for a model that chats.
    """
    if ranks(name):
        return ("rerank",)
    if embeds(name, family):
        return ("embeddings",)
    if "text" not in comes_out:
        made = {"image": "image-generation", "audio": "speech"}
        return unique(made[word] for word in comes_out if word in made)
    if set(goes_in) == {"audio"}:
        return ("transcription",)
    found = ["chat"]
    found += ["reasoning"] if "reasoning" in more else []
    found += ["vision"] if {"image", "video"} & set(goes_in) else []
    found += [word for word in ("function-calling", "structured-output") if word in more]
    found += ["audio"] if "audio" in {*goes_in, *comes_out} else []
    found += ["image-generation"] if "image" in comes_out else []
    return tuple(found)
