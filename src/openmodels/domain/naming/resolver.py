"""Resolves a provider's name for a model to a canonical id, or says which ids it might be."""

from collections.abc import Iterable

from msgspec import Struct

from openmodels.domain.records import Model, Vendor


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


class Resolver:
    """Knows every model's names. Building it takes milliseconds, resolving microseconds."""

    def __init__(self, models: Iterable[Model], vendors: Iterable[Vendor] = ()) -> None:
        """``models`` are those that names can resolve to; ``vendors`` say whose prefix is whose."""
        raise NotImplementedError

    def resolve(self, name: str, *, provider: str | None = None, title: str | None = None) -> Resolution:
        """What ``name`` means at a provider (its id, where known), which shows it to people as ``title``."""
        raise NotImplementedError

    def stem(self, name: str) -> str:
        """The name without what tells one listing from another: spelling, vendor, date, region, precision.

        Names with one stem mean one model; the stem of a name that nobody knows is a proposal for its id.
        """
        raise NotImplementedError
