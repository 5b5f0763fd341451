"""Full-text search over the names and descriptions of one snapshot.

Matches come in tiers, best first: the whole query equals one of the entry's own names; equals a name that it
shares with others; begins a name; stands inside one; every word of it is found in the names or the
description. Only when nothing matches so far are typing errors forgiven. Case, accents, spaces and
punctuation do not matter for a match, "gpt4o" is "GPT-4o"; but what is spelled exactly as asked comes first.
"""

import bisect
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter

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

    def matches(
        self, part: str, *, inside: float, beginning: float, whole: float
    ) -> list[tuple[float, frozenset[int]]]:
        """The entries whose words hold ``part``, with the score that is given for where; 0 leaves out."""
        return [
            (inside, self._entries(self._holding(part) if inside else ())),
            (beginning, self._entries(self._longer(part) if beginning else ())),
            (whole, self._postings.get(part, frozenset())),
        ]

    def _holding(self, part: str) -> Iterator[str]:
        """The words that have ``part`` somewhere after their beginning only."""
        joined, starts = self._joined, self._starts
        at = joined.find(part)
        while at >= 0:
            word = bisect.bisect_right(starts, at - 1) - 1
            if starts[word] != at - 1:
                yield self.words[word]
            at = joined.find(part, starts[word + 1])

    def _longer(self, prefix: str) -> Sequence[str]:
        """The words that begin with ``prefix`` and go on."""
        low = bisect.bisect_right(self.words, prefix)
        return self.words[low : bisect.bisect_right(self.words, prefix + "\U0010ffff")]

    def _entries(self, words: Iterable[str]) -> frozenset[int]:
        return frozenset().union(*map(self._postings.__getitem__, words))

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
        spelled: defaultdict[str, set[int]] = defaultdict(set)
        own: defaultdict[str, set[int]] = defaultdict(set)
        for number, document in enumerate(documents):
            for name in document.names:
                spelled[name.casefold()].add(number)
                own["".join(words_of(name))].add(number)
            for name in (*document.names, *document.shared):
                words = words_of(name)
                wholes["".join(words)].add(number)
                for word in words:
                    names[word].add(number)
            for word in words_of(document.description):
                descriptions[word].add(number)
        self._spelled = {name: frozenset(numbers) for name, numbers in spelled.items()}
        self._own = {whole: frozenset(numbers) for whole, numbers in own.items()}
        self._wholes = _Vocabulary(wholes)
        self._names = _Vocabulary(names)
        self._descriptions = _Vocabulary(descriptions)

    def search(self, query: str) -> dict[int, float]:
        """The numbers of the documents that match, each with its relevance; higher is better."""
        words = words_of(query)[:MAX_WORDS]
        if not words:
            return {}
        whole = "".join(words)
        scores = self._all_words(words, ALL_WORDS)
        tiers = self._wholes.matches(
            whole, inside=SUBSTRING if len(whole) >= MIN_SUBSTRING else 0, beginning=PREFIX, whole=SHARED
        )
        tiers.append((EXACT, self._own.get(whole, frozenset())))
        tiers.append((SPELLED, self._spelled.get(query.strip().casefold(), frozenset())))
        # Every tier is above the one before, so what is written last is what counts.
        _write(scores, tiers)
        return scores or self._mistyped(words, whole)

    def _all_words(self, words: Sequence[str], weight: float, *, forgiving: bool = False) -> dict[int, float]:
        """The documents that hold every word somewhere, each with its mean score in 0..``weight``."""
        total = self._one_word(words[0], forgiving=forgiving)
        for word in words[1:]:
            if not total:
                break
            found = self._one_word(word, forgiving=forgiving)
            total = {number: score + found[number] for number, score in total.items() if number in found}
        return {number: score / len(words) * weight for number, score in total.items()}

    def _one_word(self, word: str, *, forgiving: bool) -> dict[int, float]:
        long = len(word) >= MIN_SUBSTRING
        tiers = self._names.matches(word, inside=0.6 if long else 0, beginning=0.8, whole=1.0)
        tiers += self._descriptions.matches(
            word, inside=0.6 * 0.3 if long else 0, beginning=0.8 * 0.3 if long else 0, whole=0.3
        )
        if forgiving and len(word) >= MIN_FUZZY:
            tiers += [(similarity * 0.9, numbers) for numbers, similarity in self._names.resembling(word)]
        scores: dict[int, float] = {}
        _write(scores, tiers)
        return scores

    def _mistyped(self, words: Sequence[str], whole: str) -> dict[int, float]:
        scores = self._all_words(words, MISTYPED, forgiving=True)
        if len(whole) >= MIN_FUZZY:
            for numbers, similarity in self._wholes.resembling(whole):
                score = similarity * MISTYPED
                scores.update((n, score) for n in numbers if score > scores.get(n, 0.0))
        return scores


def _write(scores: dict[int, float], tiers: list[tuple[float, frozenset[int]]]) -> None:
    """Give the documents of each tier its score, the highest last, so that each keeps its highest."""
    for score, numbers in sorted(tiers, key=itemgetter(0)):
        scores.update(dict.fromkeys(numbers, score))
