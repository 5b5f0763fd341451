"""What a source says: one value of one field of one thing, by the source's own names.

Importers yield observations and nothing else; the reconciler decides what they mean for the registry.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from msgspec import Struct

Value = str | int | Decimal | bool | Sequence[str] | Sequence[Mapping[str, int | Decimal]]
"""A field's value as a registry file would hold it: dates as text, prices as ``Decimal``, never ``float``."""


class Subject(NamedTuple):
    """What is spoken of, by the names of the source."""

    kind: Literal["model", "provider", "offering"]
    provider: str = ""
    """The source's id of the provider; of a model, empty."""
    name: str = ""
    """The source's id of the model, which for an offering is what the provider's API calls it."""


class Observation(NamedTuple):
    """A source says that a field has a value."""

    subject: Subject
    """What is spoken of."""
    field: str
    """The field of our record, its parts joined by dots: ``pricing.input_per_million``.

    ``context_window`` of an offering is what holds there, whether or not it differs from the model's;
    ``base_model`` of an offering is the source's own id of the model, where it names one, ``title`` what it
    shows to people, and ``last_updated`` the day on which it last changed what it says. What a listing says
    of the model itself is ``model.family``, ``model.capabilities`` and so on: true of what is listed there,
    whichever model that is. Capabilities may be fewer than the model has.
    """
    value: Value
    """The value, in the words of our vocabulary. What a source does not know is not observed."""


class Reading(Struct, frozen=True, kw_only=True):
    """Everything that one version of a source says."""

    source: str
    """The id of the source: models-dev, litellm, ..."""
    source_name: str
    """Its name, for people."""
    source_url: str | None
    """Where people can look, https; None where there is no such place."""
    source_version: str
    """A package's version, or the first 12 hexadecimal digits of the document's SHA-256."""
    observed_at: datetime
    """When this version of the source was made, where it says so, else when it was read; in UTC."""
    observations: tuple[Observation, ...]
    """In the order of the source, those of one subject together."""
    left_out: frozenset[tuple[Subject, str]] = frozenset()
    """Fields of which the source says something that the importer could not use: not nothing, but no value
    either. ``pricing`` stands for every price."""
    notes: tuple[str, ...] = ()
    """What the importer could not use, one line each, for people."""
