"""Resolves a provider's name for a model to a canonical id, or says which ids it might be."""

import re
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct

from openmodels.domain.naming.catalogue import Catalogue, Known
from openmodels.domain.naming.dates import dates_of, may_be_of
from openmodels.domain.naming.parts import ORGANISATIONS, SCHEMES, Mark, Parts, Reading, readings, take_apart
from openmodels.domain.naming.rules import ANY_DATE, REVISION
from openmodels.domain.naming.similar import MAX_CANDIDATES, Likeness
from openmodels.domain.naming.spelling import MAX_NAME, is_size, run_together, spelled, units_of
from openmodels.domain.records import Model, Vendor

TITLED, READ = 0.9, 0.95
"""The least scores of candidates that have the title, and of those that rules lead to."""

_MATCHES = ("exact", "run-together", "word-order")
_PUBLISHED = SCHEMES | ORGANISATIONS.keys()
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
        if not key or len(key) > MAX_NAME:
            return Resolution(model_id=None, rules=())
        known = self._catalogue.exactly(key)
        if known is not None:
            return Resolution(model_id=known, rules=("exact",))
        parts = take_apart(name, provider, self._catalogue.vendor_words)
        titled = self._titled(title)
        return self._resolved(parts, self._hits(parts, titled), titled)

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
            if len(text) > MAX_NAME:  # signs that are written as several letters
                return ""
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
        spoken = not ids & titled and len(titled) == 1 and self._speaks_of(parts, *titled)
        if len(chosen) == 1 and not spoken:
            hit = next(hit for hit in hits if hit.model_id in chosen)
            witness = ("title",) if len(ids) > 1 else ()
            return Resolution(model_id=hit.model_id, rules=(*_rules_of(parts, hit), *witness))
        if spoken and (not ids or self._says_the_same(parts, *titled)):
            return Resolution(model_id=next(iter(titled)), rules=(*parts.layers[-1].rules, "title"))
        return Resolution(model_id=None, rules=(), candidates=self._candidates(parts, ids, titled))

    def _hits(self, parts: Parts, titled: set[str]) -> list[_Hit]:
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
                if not idle and self._allowed(parts, reading, known, known.model_id in titled):
                    found.append(hit)
        return [hit for hit in found if not any(other.before(hit) for other in found)]

    def _allowed(self, parts: Parts, reading: Reading, known: Known, titled: bool) -> bool:
        marks = [parts.marks[at] for at in sorted(reading.removed)]
        removed = {mark.rule for mark in marks}
        layer = parts.layers[reading.layer]
        return (
            all(mark.rule != ANY_DATE or self._date_may_go(mark, reading.key, known) for mark in marks)
            and all(mark.rule != "experts" or self._counted(mark, known.model_id) for mark in marks)
            and ("tuning" not in removed or self._tuning_may_go(reading.key, known.model_id))
            and ("latest" not in removed or not dates_of(known.model_id))
            and ("untuned" not in known.shorter or _PUBLISHED.isdisjoint(layer.before))
            and (
                "own-name" not in layer.rules or titled or self._is_only_served(layer.before, known.model_id)
            )
            and self._catalogue.vendor_agrees(layer.named, known.model_id)
        )

    def _date_may_go(self, mark: Mark, key: str, known: Known) -> bool:
        """A date goes where the model's own id has the same, or where no release of it has any.

        ``undated-latest`` is asked as well, for an alias may end in ``-latest`` where no id does.
        """
        own = dates_of(known.model_id)
        if own:
            return dates_of(mark.text) <= own
        return (
            "undated-latest" not in known.shorter
            and not self._catalogue.has_releases(key)
            and may_be_of(mark.text, self._catalogue.models[known.model_id].release_date)
        )

    def _counted(self, mark: Mark, model_id: str) -> bool:
        """Whether a model says of itself how many experts a mark says."""
        return set(units_of(spelled(mark.text))) <= self._catalogue.sizes_of(model_id)

    def _tuning_may_go(self, key: str, model_id: str) -> bool:
        """Whether a tuned model is the one model of that name: weights are published so, services are not."""
        published = self._catalogue.models[model_id].open_weights
        sized = any(is_size(word) for word in key.split("-"))
        return bool(published or sized) and not self._catalogue.has_siblings(key)

    def _is_only_served(self, before: tuple[str, ...], model_id: str) -> bool:
        """Whether nobody but the vendor can have tuned a model, or it is the vendor that is named."""
        return self._catalogue.models[model_id].open_weights is False or self._catalogue.is_of(
            before, model_id
        )

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
        last = parts.layers[-1]
        key = spelled(last.text)
        words = Counter(units_of(key))
        model = self._catalogue.models[model_id]
        names = [Counter(units_of(name)) for name in (model_id, spelled(model.name))]
        numbers = any(character.isdigit() for word in words for character in word)
        return (
            any(not words - name for name in names)
            and (numbers or words.total() > 1)
            and self._catalogue.vendor_agrees(last.named, model_id)
            and all(
                any(not Counter(units_of(spelled(mark.text))) - name for name in names)
                or self._title_outweighs(mark, key, model_id)
                for mark in parts.marks
            )
        )

    def _says_the_same(self, parts: Parts, model_id: str) -> bool:
        """Whether a model's display name is what a name says: then it means that one, and no namesake."""
        name = spelled(self._catalogue.models[model_id].name)
        return run_together(spelled(parts.layers[-1].text)) == run_together(name)

    def _title_outweighs(self, mark: Mark, key: str, model_id: str) -> bool:
        """Whether a mark that neither the title nor the id has may be on a name all the same."""
        if mark.rule == ANY_DATE:
            return dates_of(mark.text) <= dates_of(model_id)
        if mark.rule == "experts":
            return self._counted(mark, model_id)
        return mark.rule != "tuning" or self._tuning_may_go(key, model_id)

    def _candidates(self, parts: Parts, ids: set[str], titled: set[str]) -> tuple[Candidate, ...]:
        scores: dict[str, float] = {}
        for layer in parts.layers[-2:]:  # a vendor's name may be part of the model's own
            for model_id, score in self._likeness.closest(spelled(layer.text)).items():
                scores[model_id] = max(scores.get(model_id, 0.0), score)
        for model_ids, least in ((titled, TITLED), (ids, READ)):
            for model_id in model_ids:
                scores[model_id] = max(scores.get(model_id, 0.0), least)
        ranked = sorted(scores, key=lambda model_id: (-scores[model_id], model_id))
        return tuple(Candidate(model_id, round(scores[model_id], 3)) for model_id in ranked[:MAX_CANDIDATES])


def _rules_of(parts: Parts, hit: _Hit) -> tuple[str, ...]:
    marks = (parts.marks[at].rule for at in sorted(hit.removed, reverse=True))
    match = "display-name" if hit.by_title and hit.level == 0 else _MATCHES[hit.level]
    return (*parts.layers[hit.layer].rules, *marks, *sorted(hit.shorter), match)
