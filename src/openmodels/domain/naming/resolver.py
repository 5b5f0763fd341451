"""Resolves a provider's name for a model to a canonical id, or says which ids it might be."""

import re
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from openmodels.domain.naming.catalogue import Catalogue, Known, dates_of
from openmodels.domain.naming.parts import Parts, Reading, readings, take_apart
from openmodels.domain.naming.rules import ANY_DATE, REVISION
from openmodels.domain.naming.similar import MAX_CANDIDATES, Likeness
from openmodels.domain.naming.spelling import MAX_NAME, is_size, spelled, units_of
from openmodels.domain.records import Model, Vendor

TITLED, READ = 0.9, 0.95
"""The least scores of candidates that have the title, and of those that rules lead to."""

_MATCHES = ("exact", "run-together", "word-order")
_STEM_KEEPS = re.compile(r"^[-@]\d{4}$", re.ASCII)
_STEM_DROPS = frozenset(
    {"offer", "hosting", "precision", REVISION, "version", "first-version", "region", "latest", ANY_DATE}
)
_LATEST_TITLE = re.compile(r"\s*(?:\((?:latest|free)\)|free)\s*$", re.IGNORECASE)


class Candidate(Struct, frozen=True):
    """A model that a name may mean."""

    model_id: str
    """The canonical id."""
    score: float
    """How alike they are, from 0 to 1."""


class Resolution(Struct, frozen=True, kw_only=True):
    """What a name means."""

    model_id: str | None
    """The canonical id; None when no rule is sure, or two are of different minds."""
    rules: tuple[str, ...]
    """The names of the rules that led there, in the order in which they were used."""
    candidates: tuple[Candidate, ...] = ()
    """Where nothing is sure: what it may be, the most alike first."""


class _Hit(Struct, frozen=True):
    """A reading of the name that is a model's, and what it took to get there."""

    model_id: str
    layer: int
    removed: frozenset[int]
    shorter: frozenset[str]
    level: int
    by_title: bool

    def took(self) -> tuple[object, ...]:
        """What it took to get there."""
        return self.layer, self.removed, self.shorter, self.level, self.by_title

    def before(self, other: "_Hit") -> bool:
        """Whether this is reached by a part of what the other took, so that the other counts no more."""
        return (
            self.took() != other.took()
            and self.layer <= other.layer
            and self.removed <= other.removed
            and self.shorter <= other.shorter
            and self.level <= other.level
            and self.by_title <= other.by_title
        )


class Resolver:
    """Knows every model's names. Building it takes milliseconds, resolving microseconds."""

    def __init__(self, models: Iterable[Model], vendors: Iterable[Vendor] = ()) -> None:
        """``models`` are those that names can resolve to; ``vendors`` say whose prefix is whose."""
        self._catalogue = Catalogue(models, tuple(vendors))
        self._likeness = Likeness(
            [
                (model.id, name)
                for model in self._catalogue.models.values()
                for name in dict.fromkeys((model.id, *model.aliases, spelled(model.name)))
            ]
        )

    def resolve(self, name: str, *, provider: str | None = None, title: str | None = None) -> Resolution:
        """What ``name`` means at a provider (its id, where known), which shows it to people as ``title``.

        A name that is known is not taken apart further. Otherwise prefixes and marks are taken off in every
        way there is; of the readings that are a model's, those count that took off no more than another did.
        All of them must mean one model, or the title must speak for one of them. Never raises: what is longer
        than 255 characters, or says nothing, is nobody's name.
        """
        key = spelled(name) if len(name) <= MAX_NAME else ""
        if not key:
            return Resolution(model_id=None, rules=())
        known = self._catalogue.exactly(key)
        if known is not None:
            return Resolution(model_id=known, rules=("exact",))
        parts = take_apart(name, provider, self._catalogue.vendor_words)
        return self._resolved(parts, self._hits(parts), self._titled(title))

    def stem(self, name: str, *, provider: str | None = None) -> str:
        """The name without what tells one listing from another: spelling, vendor, date, region, precision.

        Names with one stem mean one model; the stem of a name that nobody knows is a proposal for its id.
        Dates of four digits stay, for they tell releases from each other: ``mistral-small-2506``. The
        vendor's name stays where what follows is no beginning of a model: ``mistral-large``,
        ``sarvam-105b``. The provider's own goes likewise, where ``provider`` is its id. A stem is its own
        stem. It is empty where nothing is left and for a name of more than 255 characters.
        """
        text, before = (name, "") if len(name) <= MAX_NAME else ("", "")
        while text != before:
            text, before = self._shortened(text, provider), text
        return text

    def _shortened(self, name: str, provider: str | None) -> str:
        parts = take_apart(name, provider, self._catalogue.vendor_words)
        tail = "".join(
            mark.text for mark in parts.marks if mark.rule not in _STEM_DROPS or _STEM_KEEPS.match(mark.text)
        )
        stem = ""
        for layer in parts.layers:
            shorter = spelled(layer.text + tail)
            if layer.rules[-1:] not in {("vendor",), ("own-name",)} or (
                self._catalogue.exactly(stem) is None and self._catalogue.begins_a_model(shorter)
            ):
                stem = shorter
        return stem

    def _resolved(self, parts: Parts, hits: list[_Hit], titled: set[str]) -> Resolution:
        ids = {hit.model_id for hit in hits}
        chosen = ids if len(ids) == 1 else ids & titled
        if len(chosen) == 1:
            hit = next(hit for hit in hits if hit.model_id in chosen)
            witness = ("title",) if len(ids) > 1 else ()
            return Resolution(model_id=hit.model_id, rules=(*_rules_of(parts, hit), *witness))
        if not ids and len(titled) == 1 and self._speaks_of(parts, *titled):
            return Resolution(model_id=next(iter(titled)), rules=(*parts.layers[-1].rules, "title"))
        return Resolution(model_id=None, rules=(), candidates=self._candidates(parts, ids, titled))

    def _hits(self, parts: Parts) -> list[_Hit]:
        """The readings that are a model's, without those that took more than another did."""
        found: list[_Hit] = []
        for reading in readings(parts):
            for known in self._catalogue.known(reading.key):
                hit = _Hit(
                    model_id=known.model_id,
                    layer=reading.layer,
                    removed=reading.removed,
                    shorter=known.shorter,
                    level=known.level,
                    by_title=known.by_title,
                )
                idle = any(other == hit or other.before(hit) for other in found)
                if not idle and self._allowed(parts, reading, known):
                    found.append(hit)
        return [hit for hit in found if not any(other.before(hit) for other in found)]

    def _allowed(self, parts: Parts, reading: Reading, known: Known) -> bool:
        removed = {parts.marks[at].rule for at in reading.removed}
        return (
            (ANY_DATE not in removed or self._date_may_go(parts, reading, known))
            and ("tuning" not in removed or self._tuning_may_go(reading.key, known))
            and ("latest" not in removed or not dates_of(known.model_id))
            and self._vendor_agrees(parts.layers[reading.layer].before, known.model_id)
        )

    def _date_may_go(self, parts: Parts, reading: Reading, known: Known) -> bool:
        """A date goes where the model's own id has the same, or where no release of it has any."""
        own = dates_of(known.model_id)
        if own:
            return all(
                dates_of(parts.marks[at].text) <= own
                for at in reading.removed
                if parts.marks[at].rule == ANY_DATE
            )
        return "undated-latest" not in known.shorter and not self._catalogue.has_releases(reading.key)

    def _tuning_may_go(self, key: str, known: Known) -> bool:
        """Whether a tuned model is the one model of that name: weights are published so, services are not."""
        published = self._catalogue.models[known.model_id].open_weights
        sized = any(is_size(word) for word in key.split("-"))
        return bool(published or sized) and not self._catalogue.has_siblings(key)

    def _vendor_agrees(self, before: tuple[str, ...], model_id: str) -> bool:
        """Whether no prefix names another vendor than the model's."""
        vendor = self._catalogue.models[model_id].vendor
        named = {found for word in before for found in self._catalogue.vendors.get(word, ())}
        return vendor is None or not named or vendor in named

    def _titled(self, title: str | None) -> set[str]:
        """The models whose display name a title is."""
        if not title or len(title) > MAX_NAME:
            return set()
        bare = _LATEST_TITLE.sub("", title)
        for text in (title, bare, bare.rpartition(": ")[2]):
            found = self._catalogue.titled(text)
            if found:
                return found
        return set()

    def _speaks_of(self, parts: Parts, model_id: str) -> bool:
        """Whether all that a name says, marks of the listing apart, is said of a model too."""
        words = Counter(units_of(spelled(parts.layers[-1].text)))
        model = self._catalogue.models[model_id]
        said = any(not words - Counter(units_of(name)) for name in (model_id, spelled(model.name)))
        numbers = any(character.isdigit() for word in words for character in word)
        dates = {date for mark in parts.marks if mark.rule == ANY_DATE for date in dates_of(mark.text)}
        return said and (numbers or words.total() > 1) and dates <= dates_of(model_id)

    def _candidates(self, parts: Parts, ids: set[str], titled: set[str]) -> tuple[Candidate, ...]:
        scores = self._likeness.closest(spelled(parts.layers[-1].text))
        for model_ids, least in ((titled, TITLED), (ids, READ)):
            for model_id in model_ids:
                scores[model_id] = max(scores.get(model_id, 0.0), least)
        ranked = sorted(scores, key=lambda model_id: (-scores[model_id], model_id))
        return tuple(Candidate(model_id, round(scores[model_id], 3)) for model_id in ranked[:MAX_CANDIDATES])


def _rules_of(parts: Parts, hit: _Hit) -> tuple[str, ...]:
    marks = (parts.marks[at].rule for at in sorted(hit.removed, reverse=True))
    match = "display-name" if hit.by_title and hit.level == 0 else _MATCHES[hit.level]
    return (*parts.layers[hit.layer].rules, *marks, *sorted(hit.shorter), match)
