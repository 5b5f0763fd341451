"""How many models each value of a filter would leave, for those who choose among them."""

from collections.abc import Mapping, Sequence, Set
from typing import Any, NamedTuple

from msgspec.structs import replace

from openmodels.domain.query import ModelQuery, fitting_models, model_relevance, sorted_models
from openmodels.domain.snapshot import Snapshot

Counts = Mapping[str, Mapping[Any, int]]
"""By filter, by value: how many models have it."""


class Selection(NamedTuple):
    """The models that fit, and what else could be chosen."""

    positions: Sequence[int]
    """As ``select_models`` gives them."""
    counts: Counts
    """Of the models that fit everything but the filter itself, whose values are ORed: how many have a value.
    Values that none has are left out."""


def select_with_counts(snapshot: Snapshot, query: ModelQuery) -> Selection:
    """The models that fit, sorted, and the counts of every filter that has values."""
    relevance = model_relevance(snapshot, query)
    chosen = _as_set(fitting_models(snapshot, query, relevance))
    counts = {}
    for name, facet in snapshot.facets.models.items():
        empty = None if name == "open_weights" else ()
        others = chosen
        if getattr(query, name) != empty:
            others = _as_set(fitting_models(snapshot, replace(query, **{name: empty}), relevance))
        counts[name] = _counted(facet, others)
    return Selection(sorted_models(snapshot, query, chosen, relevance), counts)


def _as_set(chosen: Set[int] | None) -> Set[int] | None:
    """A set meets another by going through the smaller one; keys of a dictionary, by going through all."""
    return None if chosen is None else frozenset(chosen)


def _counted(facet: Mapping[Any, frozenset[int]], chosen: Set[int] | None) -> Mapping[Any, int]:
    if chosen is None:
        return {value: len(positions) for value, positions in facet.items()}
    counted = ((value, len(positions & chosen)) for value, positions in facet.items())
    return {value: count for value, count in counted if count}
