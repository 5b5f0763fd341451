"""What a comparison was asked for: what stands side by side, what does not fit, what is unknown. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlencode

from msgspec import Struct

from openmodels.api.wire import decode_query
from openmodels.domain.offerings import longest_answer_of, window_of
from openmodels.domain.records import Model, Offering
from openmodels.domain.snapshot import ModelEntry, Snapshot
from openmodels.domain.telemetry import OfferingTelemetry

PATH = "/compare"
MOST = 5
"""As many are compared at a time: more do not fit side by side."""
MOST_SAID = 5
"""As many names that nobody knows are answered with a suggestion; looking for one takes a while."""
LONGEST = 511
"""Characters of a name that is asked for: two ids and a slash have no more."""
LONGEST_IN_SENTENCE = 80
"""Characters of a name that a sentence shows."""


class Column(Struct, frozen=True, kw_only=True):
    """One model, or one offering, that stands beside others."""

    entry: ModelEntry
    offering: Offering | None
    """None where all offerings of the model are meant."""
    names: Mapping[str, str]
    """The names of the providers of the model, by id."""
    telemetry: Mapping[str, OfferingTelemetry] = {}
    """By provider id: what is known of the model's offerings."""

    @property
    def model(self) -> Model:
        """The model's record."""
        return self.entry.record

    @property
    def asked(self) -> tuple[str, str]:
        """The parameter that asks for it, and its value."""
        if self.offering is None:
            return "model", self.model.id
        return "offering", f"{self.offering.provider_id}/{self.model.id}"

    @property
    def title(self) -> str:
        """What it is called: ``Alpha One``, ``Alpha One at Cirrus``."""
        if self.offering is None:
            return self.model.name
        return f"{self.model.name} at {self.names[self.offering.provider_id]}"

    @property
    def short(self) -> str:
        """As ``title``, cut where it is too long for a sentence."""
        return cut(self.title)

    @property
    def offerings(self) -> list[Offering]:
        """The offering that is meant, or all that can still be had."""
        if self.offering is not None:
            return [self.offering]
        return [o.record for o in self.entry.offerings if o.record.status != "retired"]

    @property
    def window(self) -> int | None:
        """The context window in tokens."""
        return self.model.context_window if self.offering is None else window_of(self.offering, self.model)

    @property
    def longest_answer(self) -> int | None:
        """The longest answer in tokens."""
        if self.offering is None:
            return self.model.max_output_tokens
        return longest_answer_of(self.offering, self.model)


class Unknown(Struct, frozen=True, kw_only=True):
    """A name that leads nowhere."""

    name: str
    near: str | None
    """The id that was probably meant."""


class Chosen(Struct, frozen=True, kw_only=True):
    """What was asked for."""

    columns: tuple[Column, ...]
    """What is compared, in the order in which it was asked for."""
    left_out: tuple[Column, ...]
    """What is known and did not fit."""
    unknown: tuple[Unknown, ...]
    """The first names that nobody knows."""

    def address(self, columns: Sequence[Column], **more: str) -> str:
        """The address that compares these; of ``more``, what is not empty."""
        pairs = [column.asked for column in columns] + [(n, v) for n, v in more.items() if v]
        return f"{PATH}?{urlencode(pairs, safe='/')}" if pairs else PATH


def cut(name: str) -> str:
    """A name for a sentence that holds others too."""
    return name if len(name) <= LONGEST_IN_SENTENCE else name[: LONGEST_IN_SENTENCE - 1] + "…"


def choose(snapshot: Snapshot, query: bytes) -> Chosen:
    """What ``model`` and ``offering`` of a query ask for, each once, in their order."""
    found: dict[tuple[str, str], Column] = {}
    unknown: dict[str, None] = {}
    for name in _names(query):
        column = _column(snapshot, name) or _column(snapshot, name.lower())
        if column is None:
            unknown[name] = None
        else:
            found.setdefault(column.asked, column)
    columns = tuple(found.values())
    return Chosen(
        columns=columns[:MOST],
        left_out=columns[MOST:],
        unknown=tuple(Unknown(name=name, near=_near(snapshot, name)) for name in list(unknown)[:MOST_SAID]),
    )


def _names(query: bytes) -> Iterator[str]:
    for parameter, value in decode_query(query):
        if parameter in ("model", "offering"):
            yield from (name[:LONGEST] for part in value.split(",") if (name := part.strip()))


def _column(snapshot: Snapshot, name: str) -> Column | None:
    """A model by id, alias or ``provider/model``."""
    provider_id, slash, model_id = name.rpartition("/")
    entry = snapshot.model(model_id)
    if entry is None:
        return None
    offered = {offering.record.provider_id: offering.record for offering in entry.offerings}
    if slash and provider_id not in offered:
        return None
    names = {one: found.record.name for one in offered if (found := snapshot.provider(one)) is not None}
    return Column(entry=entry, offering=offered[provider_id] if slash else None, names=names)


def _near(snapshot: Snapshot, name: str) -> str | None:
    """What was probably meant: the model itself, where nobody with that id offers it."""
    model_id = name.lower().rpartition("/")[2]
    entry = snapshot.model(model_id)
    return snapshot.model_named_like(model_id) if entry is None else entry.record.id
