"""What most of the providers that list a model say of it, where the source itself says nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openmodels.domain.vocabulary import CAPABILITIES, MODALITIES
from openmodels.registry.reconcile.told import Listing

FACTS: Mapping[str, str] = {
    "family": "model.family",
    "release_date": "model.release_date",
    "knowledge_cutoff": "model.knowledge_cutoff",
    "open_weights": "model.open_weights",
    "input_modalities": "model.input_modalities",
    "output_modalities": "model.output_modalities",
    "capabilities": "model.capabilities",
    "context_window": "context_window",
    "max_output_tokens": "max_output_tokens",
}
"""A model's field → the field of a listing that tells it."""
LEAST_OPEN = 2
"""How many providers must say that the weights are open where others say that they are not."""
LISTS = frozenset({"input_modalities", "output_modalities", "capabilities"})


def consensus(listings: Sequence[Listing], least: int) -> dict[str, Any]:
    """The facts that more than half of the providers that state them agree on, ``least`` at the least.

    Of a list, each word counts by itself. Facts on which they are of different minds are left out: nobody
    knows them.
    """
    agreed: dict[str, Any] = {}
    for field, told_as in FACTS.items():
        votes = _votes(listings, told_as)
        voters = len(set().union(*votes.values()))
        most = [v for v, who in votes.items() if len(who) >= least and len(who) * 2 > voters]
        if field == "open_weights" and len(votes) > 1:
            # Sources write false where they do not know; true is written by who has looked.
            most = [True] if len(votes[True]) >= LEAST_OPEN else []
        if most:
            agreed[field] = _ordered(most) if field in LISTS else most[0]
    both = agreed.get("input_modalities"), agreed.get("output_modalities")
    if both[0] and both[1]:
        agreed["modalities"] = _ordered({*both[0], *both[1]})
    else:
        agreed.pop("input_modalities", None)
        agreed.pop("output_modalities", None)
    return agreed


def _votes(listings: Iterable[Listing], field: str) -> dict[Any, set[str]]:
    """Which providers say what; ten names at one provider do not outvote nine others."""
    votes: dict[Any, set[str]] = defaultdict(set)
    for listing in listings:
        value = listing.values.get(field)
        if value is not None:
            for one in value if isinstance(value, list | tuple) else (value,):
                votes[one].add(listing.provider)
    return votes


def _ordered(words: Iterable[str]) -> tuple[str, ...]:
    known = (*CAPABILITIES, *MODALITIES)
    return tuple(sorted(words, key=lambda word: known.index(word) if word in known else len(known)))


def common_title(listings: Sequence[Listing]) -> str | None:
    """How most providers show the model to people, without what stands in brackets."""
    titles = Counter(
        title.split(" (")[0].split("(")[0].rpartition(": ")[2].strip()
        for listing in listings
        if (title := listing.title) and "/" not in title
    )
    titles.pop("", None)
    return max(titles, key=lambda title: (titles[title], -len(title), title)) if titles else None
