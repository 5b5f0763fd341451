"""Questions that a registry of the generated kind is asked: filters and searches, in all their sorts."""

import random
from pathlib import Path
from urllib.parse import quote_plus, urlencode

from openmodels.domain.records import Model, Registry

COUNT = 5_000
CAPABILITIES = ("chat", "reasoning", "vision", "code", "function-calling", "embeddings")
SORTS = ("recency", "name", "context_window", "providers", "price")
PLAIN_WORDS = ("chat", "agentic coding", "open weights", "json schema", "long documents", "low latency")
TYPES = ("", "", "", "&type=models", "&type=providers")


def write_filters(file: Path, registry: Registry, seed: int) -> None:
    """Paths of filter queries, one a line: one to three filters, half of them sorted."""
    chance = random.Random(seed)
    file.write_text("".join(f"/api/models?{_filter(chance, registry)}\n" for _ in range(COUNT)))


def _filter(chance: random.Random, registry: Registry) -> str:
    choices = {
        "capability": chance.choice(CAPABILITIES),
        "vendor": chance.choice(registry.vendors).id,
        "provider": chance.choice(registry.providers).id,
        "open_weights": chance.choice(("true", "false")),
        "min_context": str(chance.randrange(1_000, 300_000)),
        "max_input_price": f"{chance.randrange(1, 1000) / 100}",
        "modality": chance.choice(("text", "image")),
    }
    chosen = {name: choices[name] for name in chance.sample(sorted(choices), chance.randint(1, 3))}
    if chance.random() < 0.5:
        chosen["sort"] = chance.choice(SORTS)
    return urlencode(chosen)


def write_searches(file: Path, registry: Registry, seed: int) -> None:
    """Paths of searches, one a line: names, beginnings, parts, words of descriptions, and mistypings."""
    chance = random.Random(seed)
    file.write_text(
        "".join(
            f"/api/search?q={quote_plus(_search(chance, registry))}{chance.choice(TYPES)}\n"
            for _ in range(COUNT)
        )
    )


def _search(chance: random.Random, registry: Registry) -> str:
    model = chance.choice(registry.models)
    kinds = (
        model.id,
        model.name,
        model.name[: chance.randint(1, len(model.name))],
        chance.choice(registry.providers).name,
        chance.choice(PLAIN_WORDS),
        f"{model.family} {chance.choice(model.description.split())}",
        _mistyped(chance, model),
        _mistyped(chance, model),
    )
    return chance.choice(kinds)


def _mistyped(chance: random.Random, model: Model) -> str:
    """One or two words of a name, one letter of it dropped, doubled or swapped with the next."""
    words = model.name.split()
    text = " ".join(words[: chance.randint(1, 2)])
    at = chance.randrange(len(text) - 1)
    middle = chance.choice(["", text[at] * 2, text[at + 1] + text[at]])
    return text[:at] + middle + text[at + (1 if len(middle) < 2 or middle[0] == middle[1] else 2) :]
