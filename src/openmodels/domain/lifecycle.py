"""Which models end when, and what comes after them."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time

from msgspec import Struct

from openmodels.domain.records import Model
from openmodels.domain.snapshot import ModelEntry, Snapshot


class LifecycleQuery(Struct, frozen=True, kw_only=True):
    """Which ends are asked for; of several values of one field any may fit, and all fields must."""

    vendor: Collection[str] = ()
    """Ids of vendors."""
    provider: Collection[str] = ()
    """Ids of providers that offer the model."""
    status: Collection[str] = ()
    """Where the model stands in its life."""
    since: datetime | None = None
    """Only what ends at this time or later; a day counts by its beginning in UTC."""
    until: datetime | None = None
    """Only what ends before this time."""


class Ending(Struct, frozen=True, kw_only=True):
    """A model that is retired, or is going to be."""

    model: Model
    """The model."""
    providers: Sequence[str]
    """The ids of the providers that have it, other than as a retired offering."""

    def days_left(self, today: date) -> int | None:
        """How many days there are until it ends; negative once it has, None when nobody knows the day."""
        day = self.model.deprecation_date
        return None if day is None else (day - today).days


def endings(snapshot: Snapshot, query: LifecycleQuery) -> list[Ending]:
    """Every model that has a retirement date, or is deprecated or retired without one that anybody knows.

    The earliest first, unknown days last, ties by id.
    """
    found = [_ending(entry) for entry in snapshot.models if _ends(entry.record) and _fits(entry, query)]
    return sorted(found, key=lambda ending: (ending.model.deprecation_date or date.max, ending.model.id))


def _ends(model: Model) -> bool:
    return model.deprecation_date is not None or model.status in ("deprecated", "retired")


def _fits(entry: ModelEntry, query: LifecycleQuery) -> bool:
    model = entry.record
    return (
        (not query.vendor or model.vendor in query.vendor)
        and (not query.status or model.status in query.status)
        and (not query.provider or not set(query.provider).isdisjoint(_providers(entry)))
        and _within(model.deprecation_date, query)
    )


def _within(day: date | None, query: LifecycleQuery) -> bool:
    if query.since is None and query.until is None:
        return True
    if day is None:
        return False
    at = datetime.combine(day, time(), UTC)
    return (query.since is None or at >= query.since) and (query.until is None or at < query.until)


def _providers(entry: ModelEntry) -> Iterator[str]:
    return (o.record.provider_id for o in entry.offerings if o.record.status != "retired")


def _ending(entry: ModelEntry) -> Ending:
    return Ending(model=entry.record, providers=tuple(_providers(entry)))
