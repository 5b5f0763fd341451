"""The ports: what the rest of the program asks of whatever keeps its data.

Each has an in-memory implementation that ships (``store/memory.py``) and one over SQL; one contract suite
(``tests/contract``) runs over all of them.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from msgspec import Struct

from openmodels.domain.records import Registry
from openmodels.domain.standing import Standing, Transition
from openmodels.domain.telemetry import (
    Check,
    HealthSummary,
    LatencySummary,
    Measurement,
    OfferingTelemetry,
)
from openmodels.store.series_ports import SeriesStore
from openmodels.store.turn_ports import TurnStore


class Head(Struct, frozen=True, kw_only=True):
    """Which revision of the registry is published."""

    revision: str
    """The content digest, see ``records.revision_of``."""
    published_at: datetime
    """When it was published."""


class Changes(Struct, frozen=True, kw_only=True):
    """What a publish changed in one kind of record; ids, sorted."""

    kind: str
    """models, providers, offerings or vendors."""
    added: tuple[str, ...] = ()
    """Ids that are new."""
    changed: tuple[str, ...] = ()
    """Ids whose content differs."""
    removed: tuple[str, ...] = ()
    """Ids that are gone."""


class PublishResult(Struct, frozen=True, kw_only=True):
    """What a publish did. ``changes`` is empty when the content was published already."""

    head: Head
    """The revision that is published now."""
    previous: Head | None
    """The one before; None at the first publish."""
    changes: tuple[Changes, ...] = ()
    """One item for each kind in which something changed."""


class RegistryStore(Protocol):
    """Keeps one published revision of the registry."""

    async def head(self) -> Head | None:
        """What is published, or None before the first publish."""
        ...

    async def load(self) -> tuple[Head, Registry] | None:
        """The published registry, as one consistent whole, or None before the first publish."""
        ...

    async def publish(self, registry: Registry, *, base: str | None, at: datetime) -> PublishResult:
        """Replace the published registry in one transaction: write what differs, delete what is gone.

        ``base`` is the revision that the publisher saw before it began, None for none. Writes nothing at all
        when the content is published already. Raises ``PublishConflict`` when what is published is no longer
        ``base``, or when another publish is in progress.
        """
        ...

    async def ping(self) -> None:
        """Answer at all. Raises ``StoreError`` when it cannot."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class Cursor(NamedTuple):
    """A place in the order in which checks and measurements are recorded: all up to these was seen."""

    check: int
    measurement: int


class Recorded(NamedTuple):
    """What was recorded after a cursor, oldest first, and the place it leads to."""

    events: tuple[tuple[Cursor, Check | Measurement], ...]
    """Each with the cursor that a reader who has seen it holds."""
    end: Cursor
    """Where to go on."""


class NumberedTransition(NamedTuple):
    """A transition and its place in the order in which transitions were recorded."""

    number: int
    transition: Transition


class TelemetryStore(TurnStore, SeriesStore, Protocol):
    """Keeps checks and measurements, what they add up to and how they went, and how each provider stands."""

    async def record(
        self, checks: Sequence[Check] = (), measurements: Sequence[Measurement] = ()
    ) -> tuple[Transition, ...]:
        """Keep all of these in one transaction, and give back which providers changed by it.

        The checks of each provider move its standing on in the order of their times (``standing.advance``);
        transitions are kept, and open and close incidents.
        """
        ...

    async def judge(self, provider_id: str, trouble: str, at: datetime) -> Transition | None:
        """Keep what an evaluation of a provider's answers found (``standing.judge``), and what it changed."""
        ...

    async def standings(self) -> Mapping[str, Standing]:
        """By provider id: how each provider that was ever checked stands."""
        ...

    async def transitions_after(self, number: int, *, limit: int) -> Sequence[NumberedTransition]:
        """The transitions recorded after that one, oldest first; their incidents are left out."""
        ...

    async def cursor(self) -> Cursor:
        """The place after everything that is recorded now."""
        ...

    async def recorded_after(self, cursor: Cursor, *, limit: int) -> Recorded:
        """What was recorded after ``cursor``: at most ``limit`` checks and as many measurements."""
        ...

    async def roll_up(self, now: datetime) -> bool:
        """Do one small step of summing up finished hours and days; False when there was nothing to do."""
        ...

    async def forget(self, *, raw_before: datetime, rollups_before: datetime) -> bool:
        """Do one small step of deleting what is older; False when there was nothing to delete."""
        ...

    async def epoch(self) -> int:
        """A number that differs whenever something was recorded since; cheap to ask for."""
        ...

    async def health(
        self, provider_id: str, *, since: datetime, regions: Collection[str], limit: int
    ) -> HealthSummary:
        """The checks of one provider since then; ``limit`` of them one by one, newest first."""
        ...

    async def latency(
        self,
        provider_id: str,
        *,
        since: datetime,
        regions: Collection[str],
        model_ids: Collection[str],
        limit: int,
    ) -> LatencySummary:
        """The measurements of one provider since then; ``limit`` of them one by one, newest first."""
        ...

    async def offerings(
        self, model_id: str, provider_ids: Collection[str], *, since: datetime, regions: Collection[str]
    ) -> Mapping[str, OfferingTelemetry]:
        """By provider id: what is known of this model at these providers.

        Providers that were neither checked nor measured with it since then are left out.
        """
        ...

    async def checks_since(self, since: datetime) -> int:
        """How many checks were made since then."""
        ...

    async def last_probe_at(self) -> datetime | None:
        """When the newest check or measurement was made, or None."""
        ...
