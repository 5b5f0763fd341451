"""What an import would do: the changes, and everything that people must look at themselves."""

from typing import Literal

from msgspec import Struct

from openmodels.domain.naming import Candidate
from openmodels.domain.records import Model, Offering, Provider, Registry

Kind = Literal["model", "provider", "offering"]
AnyRecord = Model | Provider | Offering


class Options(Struct, frozen=True, kw_only=True):
    """What whoever imports wants."""

    accept: str | None = None
    """The id of the source whose values are taken where it and the registry disagree."""
    only: tuple[str, ...] = ()
    """Patterns of fields, of ids, or of ``id:field`` to which ``accept`` is limited; all where empty."""
    propose: int | None = None
    """A name that nothing knows becomes a model when this many providers list it; None: never."""
    provider: str | None = None
    """Our id of the one provider to which the import is limited."""
    force: bool = False
    """Whether prices that move further than prices do are taken as well."""


class RecordChange(Struct, frozen=True, kw_only=True):
    """What becomes of one record: new without ``old``, removed without ``new``."""

    kind: Kind
    id: str
    """The record's id; ``provider/model`` for an offering."""
    old: AnyRecord | None
    new: AnyRecord | None
    fields: tuple[str, ...] = ()
    """The fields whose values change, provenance and times left aside; of a new or removed record, none."""
    replaces: bool = False
    """Whether a value that was there becomes another or goes; blanks that are filled are no replacement."""


class Voice(Struct, frozen=True):
    """What one source says."""

    source: str
    value: str
    """As JSON text."""


class Disagreement(Struct, frozen=True, kw_only=True):
    """A field of which a source says something else than the registry, which keeps its own."""

    kind: Kind
    id: str
    field: str
    ours: str
    """As JSON text."""
    says: tuple[Voice, ...]
    """The imported source first, then all others that are known to say something."""


class Doubt(Struct, frozen=True, kw_only=True):
    """A name of which nobody is sure what it means: for the review list."""

    kind: Kind
    provider: str
    """Our id of the provider; of a model, empty."""
    name: str
    title: str | None
    reason: str
    candidates: tuple[Candidate, ...] = ()


class Variant(Struct, frozen=True, kw_only=True):
    """Another name under which a source lists what another entry stands for already."""

    provider: str
    model: str
    name: str
    taken: str
    """The name that was taken instead."""


class LeftOut(Struct, frozen=True, kw_only=True):
    """Something that the source says and the registry cannot hold."""

    kind: Kind
    id: str
    field: str
    why: str


class Plan(Struct, frozen=True, kw_only=True):
    """What an import would do."""

    source: str
    version: str
    changes: tuple[RecordChange, ...]
    """By kind, then id."""
    outcome: Registry
    """The registry afterwards."""
    agreed: tuple[tuple[Kind, str], ...]
    """Records, by kind and id, of which the source says nothing new and nothing else."""
    disagreements: tuple[Disagreement, ...]
    review: tuple[Doubt, ...]
    variants: tuple[Variant, ...]
    left_out: tuple[LeftOut, ...]
    unlisted: tuple[str, ...]
    """Offerings that this source had once confirmed or filled and lists no longer; they stay."""
    notes: tuple[str, ...]
