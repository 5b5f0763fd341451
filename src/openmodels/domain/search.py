"""Full-text search over the names and descriptions of one snapshot.

Matches come in tiers, best first: the whole query equals one of the entry's own names; equals a name that it
shares with others; begins a name; stands inside one; every word of it is found in the names or the
description. Only when nothing matches so far are typing errors forgiven. Case, accents, spaces and punctuation
do not matter for a match, "gpt4o" is "GPT-4o"; but what is spelled exactly as asked comes first.
"""

import bisect
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from rapidfuzz import fuzz, process

MAX_WORDS = 12
"""Words of a query beyond this are ignored, so that a long query costs no more than a short one."""
MIN_SUBSTRING = 3
"""Shorter words match only whole words and beginnings; inside words they would match nearly everything."""
MIN_FUZZY = 4
"""Shorter words are one letter from too many others for a typing error to be told."""
FUZZY_CUTOFF = 75
"""Least similarity, 0..100 (normalised indel similarity), at which a word counts as mistyped."""
FUZZY_LIMIT = 20
"""At most so many known words are tried for one mistyped word."""

SPELLED, EXACT, SHARED = 1100.0, 1000.0, 900.0
PREFIX, SUBSTRING, ALL_WORDS, MISTYPED = 800.0, 600.0, 400.0, 100.0

_WORD = re.compile(r"[^\W_]+")


class Document(Struct, frozen=True):
    """One searchable entry."""

    names: tuple[str, ...]
    """Its own: id, name and aliases."""
    description: str
    """Its description, which counts less."""
    shared: tuple[str, ...] = ()
    """Names that it shares with others: vendor and family."""


def words_of(text: str) -> list[str]:
    """The words of a text, lower-case and without accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _WORD.findall(plain.casefold())


class _Vocabulary:
    """Words and the entries that hold them, ready for whole, beginning and inside matches."""

    def __init__(self, postings: Mapping[str, Iterable[int]]) -> None:
        self.words = sorted(postings)
        self._postings = {word: frozenset(entries) for word, entries in postings.items()}
        self._joined = "\n".join(["", *self.words, ""])
        self._starts = [0]
        for word in self.words:
            self._starts.append(self._starts[-1] + len(word) + 1)

    def exact(self, word: str) -> frozenset[int]:
        return self._postings.get(word, frozenset())

    def beginning(self, prefix: str) -> set[int]:
        low = bisect.bisect_left(self.words, prefix)
        high = bisect.bisect_right(self.words, prefix + "\U0010ffff")
        return set().union(*(self._postings[word] for word in self.words[low:high]))

    def containing(self, part: str) -> set[int]:
        found: set[int] = set()
        joined, starts = self._joined, self._starts
        at = joined.find(part)
        while at >= 0:
            word = bisect.bisect_right(starts, at - 1) - 1
            found |= self._postings[self.words[word]]
            at = joined.find(part, starts[word + 1])
        return found

    def resembling(self, word: str) -> list[tuple[frozenset[int], float]]:
        near = process.extract(
            word, self.words, scorer=fuzz.ratio, score_cutoff=FUZZY_CUTOFF, limit=FUZZY_LIMIT
        )
        return [(self._postings[known], score / 100) for known, score, _ in near]


class SearchIndex:
    """An immutable index over numbered documents."""

    def __init__(self, documents: Sequence[Document]) -> None:
        wholes: defaultdict[str, set[int]] = defaultdict(set)
        names: defaultdict[str, set[int]] = defaultdict(set)
        descriptions: defaultdict[str, set[int]] = defaultdict(set)
        self._spelled: defaultdict[str, set[int]] = defaultdict(set)
        self._own: defaultdict[str, set[int]] = defaultdict(set)
        for number, document in enumerate(documents):
            for name in document.names:
                self._spelled[name.casefold()].add(number)
                self._own["".join(words_of(name))].add(number)
            for name in (*document.names, *document.shared):
                words = words_of(name)
                wholes["".join(words)].add(number)
                for word in words:
                    names[word].add(number)
            for word in words_of(document.description):
                descriptions[word].add(number)
        self._wholes = _Vocabulary(wholes)
        self._names = _Vocabulary(names)
        self._descriptions = _Vocabulary(descriptions)

    def search(self, query: str) -> dict[int, float]:
        """The numbers of the documents that match, each with its relevance; higher is better."""
        words = words_of(query)[:MAX_WORDS]
        if not words:
            return {}
        whole = "".join(words)
        scores: dict[int, float] = {}
        _raise(scores, self._all_words(words), ALL_WORDS)
        if len(whole) >= MIN_SUBSTRING:
            _raise(scores, dict.fromkeys(self._wholes.containing(whole), 1.0), SUBSTRING)
        _raise(scores, dict.fromkeys(self._wholes.beginning(whole), 1.0), PREFIX)
        _raise(scores, dict.fromkeys(self._wholes.exact(whole), 1.0), SHARED)
        _raise(scores, dict.fromkeys(self._own.get(whole, ()), 1.0), EXACT)
        _raise(scores, dict.fromkeys(self._spelled.get(query.strip().casefold(), ()), 1.0), SPELLED)
        return scores or self._mistyped(words, whole)

    def _all_words(self, words: Sequence[str], *, forgiving: bool = False) -> dict[int, float]:
        """The documents that hold every word somewhere, each with its mean score in 0..1."""
        total: dict[int, float] | None = None
        for word in words:
            found = self._one_word(word, forgiving=forgiving)
            if total is None:
                total = found
            else:
                total = {number: total[number] + score for number, score in found.items() if number in total}
            if not total:
                return {}
        return {number: score / len(words) for number, score in (total or {}).items()}

    def _one_word(self, word: str, *, forgiving: bool) -> dict[int, float]:
        scores: dict[int, float] = {}
        if forgiving and len(word) >= MIN_FUZZY:
            for numbers, similarity in self._names.resembling(word):
                _raise(scores, dict.fromkeys(numbers, similarity), 0.9)
        long = len(word) >= MIN_SUBSTRING
        for vocabulary, weight in ((self._descriptions, 0.3), (self._names, 1.0)):
            if long:
                _raise(scores, dict.fromkeys(vocabulary.containing(word), 1.0), 0.6 * weight)
                _raise(scores, dict.fromkeys(vocabulary.beginning(word), 1.0), 0.8 * weight)
            elif vocabulary is self._names:
                _raise(scores, dict.fromkeys(vocabulary.beginning(word), 1.0), 0.8)
            _raise(scores, dict.fromkeys(vocabulary.exact(word), 1.0), weight)
        return scores

    def _mistyped(self, words: Sequence[str], whole: str) -> dict[int, float]:
        scores: dict[int, float] = {}
        _raise(scores, self._all_words(words, forgiving=True), MISTYPED)
        if len(whole) >= MIN_FUZZY:
            for numbers, similarity in self._wholes.resembling(whole):
                _raise(scores, dict.fromkeys(numbers, similarity), MISTYPED)
        return scores


def _raise(scores: dict[int, float], found: Mapping[int, float], weight: float) -> None:
    """Lift each found document's score to ``weight`` times its share, unless it stands higher already."""
    for number, share in found.items():
        score = share * weight
        if score > scores.get(number, 0.0):
            scores[number] = score
