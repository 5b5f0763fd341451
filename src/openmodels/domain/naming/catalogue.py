"""What the known models are called, by every key under which a name is looked for."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from openmodels.domain.naming.rules import ANY_DATE, FULL_DATE, SHORT_DATE, SUFFIXES
from openmodels.domain.naming.spelling import keys_of, run_together, spelled, units_of
from openmodels.domain.records import Model, Vendor

_TUNED = re.compile(r"-(?:instruct|it)$")
_ACTIVE = re.compile(r"(?<=\d[bt])-a\d{1,3}b(?=-|$)")
_ZERO = re.compile(r"(?<=-\d)-0$")
_LATEST = re.compile(r"-latest$")
_SIBLING = re.compile(r"-(instruct|it|chat|base|pt|thinking|reasoning|non-reasoning|coder|vl|vision)$")
_DATE = next(rule.pattern for rule in SUFFIXES if rule.name == ANY_DATE)


class Known(Struct, frozen=True):
    """A key's model, and what leads from the one to the other."""

    model_id: str
    level: int
    """Which way of matching: 0 exact, 1 run together, 2 words in another order."""
    by_title: bool
    """Whether it is the display name that matches."""
    shorter: frozenset[str]
    """The rules by which the model's id was shortened."""


class Catalogue:
    """The indexes. Nothing in them changes once they are built."""

    def __init__(self, models: Iterable[Model], vendors: Sequence[Vendor]) -> None:
        self.models = {model.id: model for model in models}
        self.vendors: dict[str, set[str]] = defaultdict(set)
        for vendor_id, words in _vendor_words(self.models, vendors):
            for word in words:
                self.vendors[word].add(vendor_id)
        self.vendor_words = frozenset(self.vendors)
        self._keys: tuple[dict[str, list[Known]], ...] = tuple(defaultdict(list) for _ in range(3))
        self.titles: dict[str, set[str]] = defaultdict(set)
        self._beginnings = tuple({prefix for vendor in vendors for prefix in vendor.prefixes})
        self._first_words = {units_of(model_id)[0] for model_id in self.models}
        self._released: set[str] = set()
        self._siblings: dict[str, set[str]] = defaultdict(set)
        for model in self.models.values():
            self._note_releases(model.id)
        own = {name for model in self.models.values() for name in (model.id, *model.aliases)}
        for model in self.models.values():
            self._add(model, own)

    def exactly(self, key: str) -> str | None:
        """The id of which ``key`` is the id or an alias; ids before aliases."""
        if key in self.models:
            return key
        ids = {k.model_id for k in self._keys[0].get(key, ()) if not k.shorter and not k.by_title}
        return ids.pop() if len(ids) == 1 else None

    def known(self, key: str) -> list[Known]:
        """Everything that a spelled name matches, in one way or another."""
        return [
            known
            for level, spelling in enumerate((key, *keys_of(key)))
            for known in self._keys[level].get(spelling, ())
        ]

    def has_releases(self, key: str) -> bool:
        """Whether a dated or ``-latest`` release of what ``key`` names is known."""
        return run_together(key) in self._released

    def has_siblings(self, key: str) -> bool:
        """Whether ``key`` is known in another way than plain or tuned to instructions."""
        return bool(self._siblings.get(run_together(key), set()) - {"instruct", "it"})

    def titled(self, title: str) -> set[str]:
        """The models with that display name."""
        return self.titles.get(run_together(spelled(title)), set())

    def begins_a_model(self, name: str) -> bool:
        """Whether a spelled name begins as models are known to begin."""
        return name.startswith(self._beginnings) or bool(self._first_words & set(units_of(name)[:1]))

    def _note_releases(self, model_id: str) -> None:
        plain = without_date(_LATEST.sub("", model_id))
        if plain != model_id:
            self._released.add(run_together(plain))
        sibling = _SIBLING.search(plain)
        if sibling:
            self._siblings[run_together(plain[: sibling.start()])].add(sibling.group(1))

    def _add(self, model: Model, own: set[str]) -> None:
        for name in (model.id, *model.aliases):
            self._add_keys(name, model, by_title=False)
            for key, shorter in self._shortened(name):
                if key not in own:
                    self._add_keys(key, model, by_title=False, shorter=shorter)
        title = spelled(model.name)
        if title:
            self._add_keys(title, model, by_title=True)
            self.titles[run_together(title)].add(model.id)

    def _add_keys(
        self, key: str, model: Model, *, by_title: bool, shorter: frozenset[str] = frozenset()
    ) -> None:
        for level, spelling in enumerate((key, *keys_of(key))):
            self._keys[level][spelling].append(Known(model.id, level, by_title, shorter))

    def _shortened(self, name: str) -> Iterable[tuple[str, frozenset[str]]]:
        """What of an id may be left unsaid, alone and together."""
        found = {name: frozenset[str]()}
        for rule, pattern in (
            ("undated-latest", _LATEST),
            ("untuned", _TUNED),
            ("active-unsaid", _ACTIVE),
            ("point-zero", _ZERO),
        ):
            for key, rules in list(found.items()):
                shorter = pattern.sub("", key)
                refused = rule == "untuned" and self.has_siblings(shorter)
                if shorter != key and not refused:
                    found.setdefault(shorter, rules | {rule})
        del found[name]
        return found.items()


def without_date(name: str) -> str:
    """A spelled name without its date, wherever that stands."""
    if _DATE is not None:
        name = _DATE.sub("", name)
    words = name.split("-")
    return "-".join(word for at, word in enumerate(words) if not (at and _is_date(word))) or name


def dates_of(name: str) -> set[str]:
    """The dates in a name, digits only: ``{"20240806"}``."""
    return {re.sub(r"\D", "", match.group()) for match in re.finditer(_DATE_INSIDE, name)}


_DATE_INSIDE = re.compile(
    r"(?<![^-@])(?:20[1-3]\d-\d\d-\d\d|\d\d-20[1-3]\d|20[1-3]\d-\d\d|20[1-3]\d{5}|\d{6}|\d{4})(?![^-@])",
    re.ASCII,
)


def _is_date(word: str) -> bool:
    return bool(FULL_DATE.match(word) or SHORT_DATE.match(word))


def _vendor_words(models: dict[str, Model], vendors: Iterable[Vendor]) -> Iterable[tuple[str, set[str]]]:
    for model in models.values():
        if model.vendor:
            yield model.vendor, {model.vendor}
    for vendor in vendors:
        yield vendor.id, {vendor.id, spelled(vendor.name)} - {""}
