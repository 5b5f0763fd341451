"""How alike names are, for the list of what a person decides."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from heapq import nlargest

from rapidfuzz.distance import Indel

from openmodels.domain.naming.spelling import run_together, units_of

MAX_CANDIDATES = 5
LEAST = 0.45
"""Less alike than this is no candidate."""
_COMPARED = 30
"""So many names with the largest share of common words are compared letter by letter."""


class Likeness:
    """Scores names against the names of models."""

    def __init__(self, names: Sequence[tuple[str, str]]) -> None:
        """``names``: model ids, each with one of the names it goes by, spelled."""
        self._names = [(model_id, run_together(name), len(set(units_of(name)))) for model_id, name in names]
        self._by_word: dict[str, list[int]] = defaultdict(list)
        for at, (_, name) in enumerate(names):
            for word in set(units_of(name)):
                self._by_word[word].append(at)

    def closest(self, name: str) -> dict[str, float]:
        """The models whose names are most alike to a spelled one, and how alike, from 0 to 1.

        Half of the score is the share of common words and numbers (Dice), half the share of common letters
        in their order (normalised indel similarity).
        """
        key, words = run_together(name), set(units_of(name))
        common = Counter(at for word in words for at in self._by_word.get(word, ()))
        shares = ((2 * count / (len(words) + self._names[at][2]), -at) for at, count in common.items())
        best: dict[str, float] = {}
        for share, negative in nlargest(_COMPARED, shares):
            model_id, other, _ = self._names[-negative]
            score = (share + Indel.normalized_similarity(key, other)) / 2
            if score >= max(LEAST, best.get(model_id, 0.0)):
                best[model_id] = score
        return best
