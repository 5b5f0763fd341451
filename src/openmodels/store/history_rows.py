"""Revisions and changes as rows: what a publish appends, and what a history reads."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Row, Select, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from openmodels.domain.changes import Change, changes_between, decode_value, encode_value, is_news
from openmodels.domain.records import Registry
from openmodels.store import tables
from openmodels.store.kinds import KINDS, Kind
from openmodels.store.ports import Head

BATCH = 5000
"""Rows written by one statement: bounded memory, and a cancelled publish ends soon."""

CHANGES, REVISIONS = tables.registry_changes, tables.registry_revisions

Told = tuple[Change, bool]
"""A change, and whether it is news."""
Bodies = Mapping[str, Sequence[tuple[str, ...]]]
"""By kind: the keys and the bodies of records, as they are in the tables."""


class Numbers(NamedTuple):
    """Where the numbers of revisions, and of changes, begin or end."""

    revision: int
    change: int


async def last_numbers(connection: AsyncConnection) -> Numbers:
    """The numbers that are taken; asked for while the row of ``registry_head`` is held."""
    revision = await connection.scalar(select(func.max(REVISIONS.c.number)))
    change = await connection.scalar(select(func.max(CHANGES.c.number)))
    return Numbers(revision or 0, change or 0)


async def append(connection: AsyncConnection, head: Head, changes: Sequence[Told]) -> None:
    """Note that ``head`` was published, and what it changed of the one before it."""
    last = await last_numbers(connection)
    await insert_revisions(connection, [head], first=last.revision + 1, origin="publish")
    numbered = enumerate(changes, start=last.change + 1)
    await insert_changes(connection, (_row(number, last.revision + 1, *told) for number, told in numbered))


async def insert_revisions(
    connection: AsyncConnection, heads: Iterable[Head], *, first: int, origin: str
) -> None:
    """Note revisions, oldest first, under numbers from ``first`` on."""
    rows = [
        {"number": number, "revision": head.revision, "published_at": head.published_at, "origin": origin}
        for number, head in enumerate(heads, start=first)
    ]
    for start in range(0, len(rows), BATCH):
        await connection.execute(insert(REVISIONS), rows[start : start + BATCH])


async def insert_changes(connection: AsyncConnection, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows of changes, a batch at a time."""
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            await connection.execute(insert(CHANGES), batch)
            batch = []
    if batch:
        await connection.execute(insert(CHANGES), batch)


def replayed_rows(steps: Sequence[Sequence[Change]], first: Numbers) -> Iterator[dict[str, Any]]:
    """The rows of what each of several revisions changed, the first of these having that number."""
    number = first.change
    for revision, step in enumerate(steps, start=first.revision):
        for change in step:
            yield _row(number, revision, change, is_news(change))
            number += 1


def published_changes(bodies: Bodies, wanted: Registry, head: Head) -> list[Told]:
    """What a publish changed. ``bodies`` are the records that it replaced, ``wanted`` those that it wrote.

    A record that this version cannot read does not stop it from being replaced. That it went, and another
    came, is no news then; what was published before it cannot be read later either.
    """
    readable: dict[str, Any] = {}
    unreadable: set[tuple[str, str]] = set()
    told: list[Told] = []
    for kind in KINDS:
        decode, records = msgspec.json.Decoder(kind.type).decode, []
        for *key, body in bodies[kind.name]:
            try:
                records.append(decode(body))
            except (msgspec.DecodeError, UnicodeEncodeError):
                unreadable.add((kind.entity, "/".join(key)))
                told.append((_gone(kind, "/".join(key), body, head), False))
        readable[kind.name] = tuple(records)
    found = changes_between(Registry(**readable), wanted, at=head.published_at, revision=head.revision)
    return told + [
        (change, is_news(change) and (change.kind, change.id) not in unreadable) for change in found
    ]


def changes_query() -> Select[Any]:
    """Selects what ``change_of`` reads, and the number and the time of each change."""
    told = REVISIONS.c.revision.label("digest")
    return select(CHANGES, told).join(REVISIONS, CHANGES.c.revision == REVISIONS.c.number)


def change_of(row: Row[Any]) -> Change:
    """The change that a row of ``changes_query`` is."""
    return Change(
        at=row.at,
        revision=row.digest,
        kind=row.kind,
        id=row.entity_id,
        action=row.action,
        topic=row.topic,
        field=row.field,
        old=None if row.old is None else decode_value(row.old),
        new=None if row.new is None else decode_value(row.new),
        source=row.source,
    )


def _row(number: int, revision: int, change: Change, news: bool) -> dict[str, Any]:
    model_id, provider_id = change.entities
    return {
        "number": number,
        "revision": revision,
        "at": change.at,
        "kind": change.kind,
        "entity_id": change.id,
        "model_id": model_id,
        "provider_id": provider_id,
        "action": change.action,
        "topic": change.topic,
        "field": change.field,
        "old": None if change.old is None else encode_value(change.old),
        # What is not shown is only ever undone.
        "new": encode_value(change.new) if news and change.new is not None else None,
        "source": change.source,
        "news": news,
    }


def _gone(kind: Kind, key: str, body: str, head: Head) -> Change:
    try:
        old = decode_value(body)
    except ValueError:
        old = {}
    return Change(
        at=head.published_at,
        revision=head.revision,
        kind=kind.entity,
        id=key,
        action="removed",
        topic="lifecycle",
        field=None,
        old=old,
        new=None,
        source=None,
    )
