"""The port to the registry's history: what every publish changed, and what was published on a day."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from msgspec import Struct

from openmodels.domain.changes import Change
from openmodels.domain.records import Registry
from openmodels.store.ports import Head


class Place(NamedTuple):
    """A place in the order of changes: by time, then by number."""

    at: datetime
    number: int


class NumberedChange(NamedTuple):
    """A change and its place."""

    place: Place
    change: Change


class ChangeQuery(Struct, frozen=True, kw_only=True):
    """Which changes are asked for; an empty filter does not filter, different filters AND."""

    since: datetime | None = None
    """At this time or later."""
    until: datetime | None = None
    """Before this time."""
    kinds: Collection[str] = ()
    actions: Collection[str] = ()
    topics: Collection[str] = ()
    fields: Collection[str] = ()
    """Of these fields, their parts joined by dots. No index holds it: ask for few of what other filters let
    through."""
    model_id: str | None = None
    """Of this model itself and of its offerings."""
    provider_id: str | None = None
    """Of this provider itself and of its offerings."""


class Replayed(Struct, frozen=True, kw_only=True):
    """A revision out of a repository's log."""

    at: datetime
    """When it was committed."""
    registry: Registry
    """What it held."""


class Replay(Struct, frozen=True, kw_only=True):
    """What a replay added."""

    revisions: int
    """How many revisions."""
    changes: int
    """How many changes, as ``HistoryStore.changes`` gives them."""


class HistoryStore(Protocol):
    """Reads what publishing wrote. Nothing in it is ever changed or taken away."""

    async def beginning(self) -> Head | None:
        """The first revision that is known in full, or None before the first publish.

        Nothing is known of the time before it; that everything was new then is not a change.
        """
        ...

    async def changes(
        self, query: ChangeQuery, *, limit: int, before: Place | None = None, after: Place | None = None
    ) -> Sequence[NumberedChange]:
        """The newest changes that fit, newest first, at most ``limit``; older than ``before``, if given.

        With ``after``, which is given in its place, those that come next after it: the oldest that are newer,
        newest first as well.
        """
        ...

    async def registry_at(self, at: datetime) -> tuple[Head, Registry] | None:
        """What was published at that time, and since when; None for a time before the beginning."""
        ...

    async def head_at(self, at: datetime) -> Head | None:
        """As ``registry_at``, without the registry; cheap."""
        ...

    async def replay(self, revisions: Sequence[Replayed]) -> Replay:
        """Put revisions that are older than the beginning before it, oldest first; gives back how many.

        Those that are not older are left out, so that a second replay of one log changes nothing, and so are
        those that hold what the one before them held. All of it happens in one transaction. Adds nothing
        before the first publish. Raises ``PublishConflict`` when another replay came first.
        """
        ...
