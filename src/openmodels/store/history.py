"""The registry's history in SQL tables: what each publish appended, read and undone."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from openmodels.domain.changes import is_news
from openmodels.domain.records import Registry
from openmodels.errors import PublishConflict
from openmodels.store import tables
from openmodels.store.engine import reading, writing
from openmodels.store.history_ports import ChangeQuery, NumberedChange, Place, Replay, Replayed
from openmodels.store.history_rows import (
    CHANGES,
    REVISIONS,
    Numbers,
    change_of,
    insert_changes,
    insert_revisions,
    replayed_rows,
)
from openmodels.store.history_search import search
from openmodels.store.history_undo import OldestChanges, read_changes_since, undone
from openmodels.store.ports import Head
from openmodels.store.registry import Rows, read_rows
from openmodels.store.replaying import older, steps

_NOTHING = Replay(revisions=0, changes=0)


class _Revision(NamedTuple):
    """A revision and its place in the order of revisions."""

    number: int
    head: Head


class SqlHistoryStore:
    """A ``HistoryStore`` over a migrated database; see the port for what each method promises."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def beginning(self) -> Head | None:
        """The first revision that is known in full, or None before the first publish."""
        async with reading(self._engine) as connection:
            found = await _first(connection)
        return found.head if found else None

    async def changes(
        self, query: ChangeQuery, *, limit: int, before: Place | None = None, after: Place | None = None
    ) -> Sequence[NumberedChange]:
        """The newest changes that fit, newest first, or those next after a place; at most ``limit``."""
        statement = search(query, limit=limit, before=before, after=after)
        if statement is None:
            return []
        async with reading(self._engine) as connection:
            rows = (await connection.execute(statement)).all()
        found = [NumberedChange(Place(row.at, row.number), change_of(row)) for row in rows]
        return found if after is None else found[::-1]

    async def registry_at(self, at: datetime) -> tuple[Head, Registry] | None:
        """What was published at that time, and since when; None for a time before the beginning.

        Raises ``RecordUnreadable`` when a record of then is not one that this version reads.
        """
        async with reading(self._engine) as connection:
            found = await _at(connection, at)
            if found is None:
                return None
            rows, newer = await _read_back_to(connection, found.number)
        return found.head, await asyncio.to_thread(undone, rows, newer, found.head)

    async def head_at(self, at: datetime) -> Head | None:
        """Which revision was published at that time, and since when."""
        async with reading(self._engine) as connection:
            found = await _at(connection, at)
        return found.head if found else None

    async def replay(self, revisions: Sequence[Replayed]) -> Replay:
        """Put revisions that are older than the beginning before it."""
        async with reading(self._engine) as connection:
            beginning = await _first(connection)
            if beginning is None:
                return _NOTHING
            rows, newer = await _read_back_to(connection, beginning.number)
        kept = await asyncio.to_thread(older, revisions, beginning.head)
        if not kept:
            return _NOTHING
        registry = await asyncio.to_thread(undone, rows, newer, beginning.head)
        found = await asyncio.to_thread(steps, kept, (beginning.head, registry))
        async with writing(self._engine) as connection:
            head = tables.registry_head
            # Whoever else writes history waits; SQLite lets in one writer anyway.
            await connection.execute(select(head.c.id).with_for_update())
            if await _first(connection) != beginning:
                raise PublishConflict("another replay came first; nothing of this one was written; try again")
            lowest = await connection.scalar(select(func.min(CHANGES.c.number)))
            first = Numbers(
                revision=beginning.number - len(kept),
                change=(1 if lowest is None else lowest) - sum(map(len, found)),
            )
            await insert_revisions(connection, [head for head, _ in kept], first=first.revision, origin="git")
            # The first of them changed nothing: the history begins with it.
            await insert_changes(
                connection, replayed_rows(found, first._replace(revision=first.revision + 1))
            )
        return Replay(revisions=len(kept), changes=sum(is_news(change) for step in found for change in step))


async def _first(connection: AsyncConnection) -> _Revision | None:
    return await _one(connection, select(REVISIONS).order_by(REVISIONS.c.number).limit(1))


async def _at(connection: AsyncConnection, at: datetime) -> _Revision | None:
    newest = select(REVISIONS).where(REVISIONS.c.published_at <= at).order_by(REVISIONS.c.number.desc())
    return await _one(connection, newest.limit(1))


async def _one(connection: AsyncConnection, statement: Select[Any]) -> _Revision | None:
    row = (await connection.execute(statement)).one_or_none()
    return row and _Revision(row.number, Head(revision=row.revision, published_at=row.published_at))


async def _read_back_to(connection: AsyncConnection, revision: int) -> tuple[Rows, OldestChanges]:
    """What is published, and what changed since the revision of that number."""
    return await read_rows(connection), await read_changes_since(connection, revision)
