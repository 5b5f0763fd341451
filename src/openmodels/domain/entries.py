"""What the checks look at, and what they say: records with the place they come from, and findings."""

from collections.abc import Sequence
from typing import Generic, Literal, TypeVar

from msgspec import Struct

from openmodels.domain.faults import Fault, Path
from openmodels.domain.records import Model, Offering, Provider, Record, Vendor

Kind = Literal["models", "providers", "offerings", "vendors"]
R = TypeVar("R", bound=Record)
Dated = TypeVar("Dated", Model, Provider, Offering)


class Entry(Struct, Generic[R], frozen=True, kw_only=True):
    """One record as it was read, and where from."""

    record: R
    """The record. Fields named in ``faulty`` hold placeholders."""
    origin: str
    """The file's name, for messages."""
    key: str
    """The id that the file's name says; for a vendor, its own id."""
    folder: str = ""
    """The id that the folder's name says; offerings only."""
    at: Path = ()
    """Where in the file the record is."""
    faulty: frozenset[str] = frozenset()
    """Fields that have a fault already."""
    own: bool = False
    """Whether it is of an overlay, which whoever publishes has written: strangers send nothing to it."""

    def has(self, *fields: str) -> bool:
        """Whether all of ``fields`` could be read."""
        return self.faulty.isdisjoint(fields)


class Catalogue(Struct, frozen=True, kw_only=True):
    """Everything that was read, right or wrong."""

    models: Sequence[Entry[Model]] = ()
    providers: Sequence[Entry[Provider]] = ()
    offerings: Sequence[Entry[Offering]] = ()
    vendors: Sequence[Entry[Vendor]] = ()
    unread_models: frozenset[str] = frozenset()
    """Ids, by file name, of models whose files hold no record that could be read."""
    unread_providers: frozenset[str] = frozenset()
    """The same for providers."""
    vendors_known: bool = False
    """Whether the vendors' file is there and whole, so that a vendor missing from it is a mistake."""


class Finding(Struct, frozen=True, kw_only=True):
    """A broken rule: which record, and what is wrong with it."""

    kind: Kind
    id: str
    """The record's id; ``provider/model`` for an offering."""
    origin: str
    """The file's name."""
    fault: Fault
    """What is wrong; its path is from the top of the file."""
