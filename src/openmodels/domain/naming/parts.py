"""Takes a name apart: what may be before the model's own name, and what may be behind it."""

import re
from collections.abc import Iterator, Sequence, Set

from msgspec import Struct

from openmodels.domain.naming.rules import PLACES, PREFIXES, SUFFIXES
from openmodels.domain.naming.spelling import MAX_NAME, spelled, written

MAX_MARKS = 5
"""More marks than this are left on: no real name has so many, and each doubles the readings."""
MAX_WORDS = 4
"""A vendor's or a provider's name before a model's has at most so many words."""
MAX_LAYERS = 6
"""At most so many prefixes are taken off."""

ORGANISATIONS = {
    "arcee-ai": "arcee",
    "bytedance-seed": "bytedance",
    "codellama": "meta",
    "coherelabs": "cohere",
    "cohereforai": "cohere",
    "facebook": "meta",
    "ibm-granite": "ibm",
    "internlm": "shanghai-ai-lab",
    "meta-llama": "meta",
    "minimaxai": "minimax",
    "qwen": "alibaba",
    "thudm": "zhipu",
    "tiiuae": "tii",
    "x-ai": "xai",
    "xai-org": "xai",
    "xiaomimimo": "xiaomi",
    "z-ai": "zhipu",
    "zai": "zhipu",
    "zai-org": "zhipu",
}
"""Ids of vendors by how they are called where models are published, besides what their ids and names give."""
SCHEMES = frozenset({"hf", "huggingface"})
"""Words that may stand before a colon, besides vendors and the provider itself: others tell another model."""
DERIVED = frozenset(
    (
        *(
            "adapter",
            "adapters",
            "fine-tune",
            "fine-tuned",
            "fine-tunes",
            "finetune",
            "finetuned",
            "finetunes",
        ),
        *("ft", "lora", "loras", "merge", "merged", "merges", "qlora"),
    )
)
"""What is in such a folder was made of the model that it is named after."""
_DOTTED = re.compile(rf"^(?:{PLACES}|us-gov)$", re.ASCII)


class Mark(Struct, frozen=True):
    """A part behind the name that a suffix rule recognises."""

    rule: str
    text: str


class Layer(Struct, frozen=True):
    """What is left of a name's beginning after some prefix rules."""

    text: str
    rules: tuple[str, ...]
    before: tuple[str, ...]
    """The words that they took off, spelled, in their order: some may be vendors' names."""
    named: tuple[str, ...]
    """Those without the provider's own name: a vendor that hosts models of others is not thereby theirs."""


class Parts(Struct, frozen=True):
    """A name in its parts."""

    layers: tuple[Layer, ...]
    """The first with every prefix on it, each further one with one less."""
    marks: tuple[Mark, ...]
    """In the order of the name."""


class Reading(Struct, frozen=True):
    """One way to read a name: some of its prefixes and marks taken off."""

    key: str
    """What is left, spelled."""
    layer: int
    removed: frozenset[int]
    """The positions of the marks that are off."""


def take_apart(name: str, provider: str | None, vendors: frozenset[str]) -> Parts:
    """The parts of a name of at most ``MAX_NAME`` characters at a provider, given what vendors are called."""
    core, marks = _without_suffixes(written(name))
    return Parts(layers=_layers(core, provider, vendors), marks=marks)


def readings(parts: Parts) -> Iterator[Reading]:
    """Every way to read a name, those that keep more of it first."""
    positions = range(len(parts.marks))
    subsets = sorted(
        (frozenset(p for p in positions if bits >> p & 1) for bits in range(1 << len(parts.marks))),
        key=lambda subset: (len(subset), sorted(subset)),
    )
    for removed in subsets:
        tail = "".join(mark.text for at, mark in enumerate(parts.marks) if at not in removed)
        for depth, layer in enumerate(parts.layers):
            key = spelled(layer.text + tail)
            if key:
                yield Reading(key, depth, removed)


def _without_suffixes(text: str) -> tuple[str, tuple[Mark, ...]]:
    marks: list[Mark] = []
    while len(marks) < MAX_MARKS:
        for rule in SUFFIXES:
            if rule.before and (not marks or marks[-1].rule != rule.before):
                continue
            match = rule.pattern.search(text) if rule.pattern else None
            if match and spelled(text[: match.start()]):
                marks.append(Mark(rule.name, match.group()))
                text = text[: match.start()]
                break
        else:
            break
    return text, tuple(reversed(marks))


def _layers(text: str, provider: str | None, vendors: frozenset[str]) -> tuple[Layer, ...]:
    layers = [Layer(text, (), (), ())]
    own = own_names(provider)
    known = (own, vendors, ORGANISATIONS.keys())
    while len(layers) < MAX_LAYERS:
        last = layers[-1]
        found = (
            _by_pattern(last.text, known)
            or _by_word(last.text, own, "own-name")
            or _by_word(last.text, vendors, "vendor")
            or _by_word(last.text, ORGANISATIONS.keys(), "vendor")
        )
        if found is None:
            break
        rule, before, rest = found
        named = () if rule == "own-name" else before
        layers.append(Layer(rest, (*last.rules, rule), (*last.before, *before), (*last.named, *named)))
    return tuple(layers)


def own_names(provider: str | None) -> frozenset[str]:
    """The beginnings, in whole words, of a provider's id: ``some-host`` and ``some``."""
    words = spelled(provider[:MAX_NAME]).split("-") if provider else []
    return frozenset("-".join(words[:count]) for count in range(1, MAX_WORDS + 1)) - {""}


def _by_pattern(text: str, known: Sequence[Set[str]]) -> tuple[str, tuple[str, ...], str] | None:
    for rule in PREFIXES:
        match = rule.pattern.match(text) if rule.pattern else None
        if match and spelled(text[match.end() :]) and _may_precede(rule.name, match.group(), known):
            return rule.name, tuple(_words_of(match.group())), text[match.end() :]
    return None


def _may_precede(rule: str, before: str, known: Sequence[Set[str]]) -> bool:
    """Whether a prefix says where a model is from, and not that it is another model."""
    if rule == "dotted":
        words = [spelled(word) for word in before.split(".")[:-1]]
        return all(_DOTTED.match(word) or any(word in some for some in known) for word in words)
    schemes = [spelled(word) for part in before.split("/") for word in part.split(":")[:-1]]
    return DERIVED.isdisjoint(_words_of(before)) and all(
        word in SCHEMES or any(word in some for some in known) for word in schemes
    )


def _words_of(before: str) -> Iterator[str]:
    """Whatever of a prefix may be a name: what is between slashes and colons, whole and between dots."""
    for part in re.split(r"[/:]", before):
        dotted = part.strip(".").split(".")
        for word in (part, *(dotted if len(dotted) > 1 else ())):
            if spelled(word):
                yield spelled(word)


def _by_word(text: str, known: Set[str], rule: str) -> tuple[str, tuple[str, ...], str] | None:
    words = text.split("-")
    for count in range(min(len(words) - 1, MAX_WORDS), 0, -1):
        before = spelled("-".join(words[:count]))
        rest = "-".join(words[count:])
        if before in known and spelled(rest):
            return rule, (before,), rest
    return None
