"""What undoing needs of all the changes since a revision, read a batch at a time.

Of each field of a record only its value before the oldest change counts, and nothing that changed of a record
after it came or went first. So memory is bounded by the records there were, not by how often they changed.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from openmodels.domain.changes import Action, Change, EntityKind, decode_value, undo
from openmodels.domain.records import Registry
from openmodels.errors import RecordUnreadable
from openmodels.store.history_rows import CHANGES
from openmodels.store.ports import Head
from openmodels.store.registry import Rows, decoded

BATCH = 1_000
"""Changes read by one statement: each takes the event loop a few milliseconds."""

_Old = tuple[Action, str | None]


class OldestChanges:
    """Of each field, the oldest change; of a record that came or went, only up to the first time."""

    def __init__(self) -> None:
        self._records: dict[tuple[EntityKind, str], dict[str | None, _Old]] = {}

    def take(self, rows: Iterable[Sequence[Any]]) -> None:
        """Take in changes that are all newer than those before.

        Of each its number, kind, id, action, field and old value.
        """
        for _, kind, key, action, field, old in rows:
            fields = self._records.setdefault((kind, key), {})
            if None not in fields and field not in fields:
                fields[field] = (action, old)

    def newest_first(self, head: Head) -> Iterator[Change]:
        """The changes, as far as undoing reads them, newest first of each record.

        Raises ``ValueError`` for a value that cannot be read.
        """
        for (kind, key), fields in self._records.items():
            for field, (action, old) in reversed(fields.items()):
                yield Change(
                    at=head.published_at,
                    revision=head.revision,
                    kind=kind,
                    id=key,
                    action=action,
                    topic="other",
                    field=field,
                    old=None if old is None else decode_value(old),
                    new=None,
                    source=None,
                )


async def read_changes_since(connection: AsyncConnection, revision: int) -> OldestChanges:
    """What changed since the revision of that number, news or not."""
    oldest = OldestChanges()
    first = select(CHANGES.c.number).where(CHANGES.c.revision > revision)
    number = await connection.scalar(first.order_by(CHANGES.c.revision, CHANGES.c.number).limit(1))
    columns = (CHANGES.c.number, CHANGES.c.kind, CHANGES.c.entity_id, CHANGES.c.action)
    batch = select(*columns, CHANGES.c.field, CHANGES.c.old).order_by(CHANGES.c.number).limit(BATCH)
    while number is not None:
        rows = (await connection.execute(batch.where(CHANGES.c.number >= number))).all()
        oldest.take(rows)
        number = rows[-1].number + 1 if len(rows) == BATCH else None
    return oldest


def undone(rows: Rows, changes: OldestChanges, head: Head) -> Registry:
    """What the revision ``head`` held: ``rows`` are what is published now, ``changes`` all since then.

    Takes a while. Raises ``RecordUnreadable`` when a record of then is not one that this version reads.
    """
    published = decoded(rows)
    try:
        return undo(published, changes.newest_first(head))
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise RecordUnreadable(f"the database's history cannot be read by this version: {reason}") from error
