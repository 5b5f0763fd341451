"""Takes a name apart: what may be before the model's own name, and what may be behind it."""

from collections.abc import Iterator

from msgspec import Struct

from openmodels.domain.naming.rules import PREFIXES, SUFFIXES
from openmodels.domain.naming.spelling import MAX_NAME, spelled, written

MAX_MARKS = 5
"""More marks than this are left on: no real name has so many, and each doubles the readings."""
MAX_WORDS = 4
"""A vendor's or a provider's name before a model's has at most so many words."""
MAX_LAYERS = 6
"""At most so many prefixes are taken off."""

ORGANISATIONS = frozenset(
    (
        "ai21labs",
        "bytedance-seed",
        "cohereforai",
        "deepseek-ai",
        "ibm-granite",
        "meta-llama",
        "minimaxai",
        "mistralai",
        "nousresearch",
        "x-ai",
        "xiaomimimo",
        "z-ai",
        "zai-org",
    )
)
"""How vendors are called where models are published, besides their ids and names in the catalogue."""


class Mark(Struct, frozen=True):
    """A part behind the name that a suffix rule recognises."""

    rule: str
    text: str


class Layer(Struct, frozen=True):
    """What is left of a name's beginning after some prefix rules."""

    text: str
    rules: tuple[str, ...]
    before: tuple[str, ...]
    """What they took off, spelled: it may be a vendor's name."""


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
    layers = [Layer(text, (), ())]
    own = own_names(provider)
    while len(layers) < MAX_LAYERS:
        last = layers[-1]
        found = (
            _by_pattern(last.text)
            or _by_word(last.text, own, "own-name")
            or _by_word(last.text, vendors, "vendor")
            or _by_word(last.text, ORGANISATIONS, "vendor")
        )
        if found is None:
            break
        rule, before, rest = found
        layers.append(Layer(rest, (*last.rules, rule), (*last.before, before)))
    return tuple(layers)


def own_names(provider: str | None) -> frozenset[str]:
    """The beginnings, in whole words, of a provider's id: ``some-host`` and ``some``."""
    words = spelled(provider[:MAX_NAME]).split("-") if provider else []
    return frozenset("-".join(words[:count]) for count in range(1, MAX_WORDS + 1)) - {""}


def _by_pattern(text: str) -> tuple[str, str, str] | None:
    for rule in PREFIXES:
        match = rule.pattern.match(text) if rule.pattern else None
        if match and spelled(text[match.end() :]):
            return rule.name, spelled(match.group()), text[match.end() :]
    return None


def _by_word(text: str, known: frozenset[str], rule: str) -> tuple[str, str, str] | None:
    words = text.split("-")
    for count in range(min(len(words) - 1, MAX_WORDS), 0, -1):
        before = spelled("-".join(words[:count]))
        rest = "-".join(words[count:])
        if before in known and spelled(rest):
            return rule, before, rest
    return None
