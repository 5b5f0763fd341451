"""What a registry store in memory notes of each publish; ``memory_history`` reads it."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime

from openmodels.domain.changes import Change, changes_between, is_news
from openmodels.domain.records import Registry
from openmodels.store.history_ports import NumberedChange, Place, Replay, Replayed
from openmodels.store.ports import Head
from openmodels.store.replaying import Revision, older, steps


class Journal:
    """Every revision that was published, whole, and what it changed."""

    def __init__(self) -> None:
        self.revisions: list[Revision] = []
        """Oldest first; no time is before the one before it."""
        self.changes: list[NumberedChange] = []
        """What is news, oldest first."""

    def publish(self, head: Head, registry: Registry) -> None:
        """Note what is published next."""
        if self.revisions:
            before = self.revisions[-1][1]
            changes = changes_between(before, registry, at=head.published_at, revision=head.revision)
            first = self.changes[-1].place.number + 1 if self.changes else 1
            self.changes += _numbered(filter(is_news, changes), first)
        self.revisions.append((head, registry))

    def at(self, at: datetime) -> Revision | None:
        """What was published at that time."""
        found = bisect_right(self.revisions, at, key=lambda revision: revision[0].published_at)
        return self.revisions[found - 1] if found else None

    def older_than(self, place: Place | None) -> Sequence[NumberedChange]:
        """The changes before a place, oldest first; all, where none is given."""
        if place is None:
            return self.changes
        return self.changes[: bisect_left(self.changes, place, key=lambda numbered: numbered.place)]

    def newer_than(self, place: Place) -> Sequence[NumberedChange]:
        """The changes after a place, oldest first."""
        return self.changes[bisect_right(self.changes, place, key=lambda numbered: numbered.place) :]

    def replay(self, revisions: Sequence[Replayed]) -> Replay:
        """Put what is older than the first revision before it."""
        if not self.revisions:
            return Replay(revisions=0, changes=0)
        kept = older(revisions, self.revisions[0][0])
        news = [change for step in steps(kept, self.revisions[0]) for change in step if is_news(change)]
        first = self.changes[0].place.number if self.changes else 1
        self.changes[:0] = _numbered(news, first - len(news))
        self.revisions[:0] = kept
        return Replay(revisions=len(kept), changes=len(news))


def _numbered(changes: Iterable[Change], first: int) -> list[NumberedChange]:
    return [
        NumberedChange(Place(change.at, number), change) for number, change in enumerate(changes, start=first)
    ]
