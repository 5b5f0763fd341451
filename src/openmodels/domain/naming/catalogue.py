"""What the known models are called, by every key under which a name is looked for."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from openmodels.domain.naming.dates import without_date
from openmodels.domain.naming.parts import ORGANISATIONS
from openmodels.domain.naming.spelling import is_size, keys_of, run_together, spelled, units_of
from openmodels.domain.records import Model, Vendor
from openmodels.domain.vendors import prefix_index, vendor_of

_TUNED = re.compile(r"-(?:instruct|it)$")
_ACTIVE = re.compile(r"(?<=\d[bt])-a\d{1,3}b(?=-|$)")
_ZERO = re.compile(r"(?<=-\d)-0$")
_LATEST = re.compile(r"-latest$")
_SIBLING = re.compile(r"-(instruct|it|chat|base|pt|thinking|reasoning|non-reasoning|coder|vl|vision)$")


class Known(Struct, frozen=True):
    """A key's model, and what leads from the one to the other."""

    model_id: str
    level: int
    """Which way of matching: 0 exact, 1 run together, 2 numbers elsewhere among the words."""
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
        self.vendor_words = frozenset(self.vendors.keys() - ORGANISATIONS.keys())
        prefixes = prefix_index(vendors)
        self._vendor_of = {
            model_id: model.vendor or vendor_of(model_id, prefixes) for model_id, model in self.models.items()
        }
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

    def vendor_agrees(self, before: Iterable[str], model_id: str) -> bool:
        """Whether the last of the words before a name that is a vendor's is its own vendor's, if one is."""
        named = [self.vendors[word] for word in before if word in self.vendors]
        vendor = self._vendor_of[model_id]
        return vendor is None or not named or vendor in named[-1]

    def is_of(self, words: Iterable[str], model_id: str) -> bool:
        """Whether one of the words is how the model's vendor is called."""
        return any(self._vendor_of[model_id] in self.vendors.get(word, ()) for word in words)

    def sizes_of(self, model_id: str) -> set[str]:
        """What the model's id, aliases and display name count: ``{"30b", "a3b"}``."""
        model = self.models[model_id]
        names = (model_id, *model.aliases, spelled(model.name))
        return {unit for name in names for unit in units_of(name) if is_size(unit)}

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


def _vendor_words(models: dict[str, Model], vendors: Iterable[Vendor]) -> Iterable[tuple[str, set[str]]]:
    """Vendors, each with what it is called: id, name, name in one word, and where weights are published."""
    for model in models.values():
        if model.vendor:
            yield model.vendor, {model.vendor}
    for vendor in vendors:
        name = spelled(vendor.name)
        yield vendor.id, {vendor.id, name, name.replace("-", ""), f"{vendor.id}-ai"} - {""}
    for word, vendor_id in ORGANISATIONS.items():
        yield vendor_id, {word}
