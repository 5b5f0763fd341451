"""The published registry in SQL tables."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from openmodels.domain.records import Record, Registry, encode_record, revision_of
from openmodels.errors import PublishConflict, RecordUnreadable
from openmodels.store import tables
from openmodels.store.engine import reading, writing
from openmodels.store.failures import DatabaseLocked
from openmodels.store.history_rows import BATCH, Told, append, published_changes
from openmodels.store.kinds import KINDS, Difference, Key, Kind, difference, next_head, reported, require_base
from openmodels.store.news import Announce, nobody, notify
from openmodels.store.ports import Head, PublishResult

READ_BATCH = 500
"""Records whose bodies are read by one statement, by their keys."""

Rows = dict[str, Sequence[Any]]
"""By kind: the keys and the bodies of records."""

_HEAD = select(tables.registry_head.c.revision, tables.registry_head.c.published_at).where(
    tables.registry_head.c.id == tables.SINGLE_ROW
)


class SqlRegistryStore:
    """A ``RegistryStore`` over a migrated database; see the port for what each method promises."""

    def __init__(self, engine: AsyncEngine, *, announce: Announce = nobody) -> None:
        """``announce`` is called after each publish; the database's own announcements need nobody to call."""
        self._engine = engine
        self._announce = announce

    async def head(self) -> Head | None:
        """What is published, or None before the first publish."""
        async with reading(self._engine) as connection:
            return await _read_head(connection)

    async def load(self) -> tuple[Head, Registry] | None:
        """The published registry, as one consistent whole, or None before the first publish.

        Raises ``RecordUnreadable``, naming the record, for one that this version cannot read.
        """
        async with reading(self._engine) as connection:
            head = await _read_head(connection)
            if head is None:
                return None
            rows = await read_rows(connection)
        # In a thread, for decoding a large registry takes as long as hundreds of requests.
        return head, await asyncio.to_thread(decoded, rows)

    async def publish(self, registry: Registry, *, base: str | None, at: datetime) -> PublishResult:
        """Replace the published registry in one transaction: write what differs, delete what is gone.

        What differs is appended to the history; the first publish is its beginning, and changed nothing.
        Content that is published already is no conflict, whatever ``base`` is: there is nothing to lose.
        """
        revision = await asyncio.to_thread(revision_of, registry)
        previous = await self.head()
        if previous is not None and previous.revision == revision:
            return PublishResult(head=previous, previous=previous)
        require_base(previous, base)
        rows = await asyncio.to_thread(_encoded, registry)
        try:
            async with writing(self._engine) as connection:
                previous = await _read_head(connection)
                if previous is not None and previous.revision == revision:
                    return PublishResult(head=previous, previous=previous)
                new = next_head(revision, at, previous)
                if not await _take_head(connection, base, new):
                    require_base(await _read_head(connection), base)
                found, replaced = {}, {}
                for kind in KINDS:
                    change = await _difference(connection, kind, rows[kind.name])
                    replaced[kind.name] = await _bodies(connection, kind, [*change.changed, *change.removed])
                    await _replace(connection, kind, change, rows[kind.name])
                    found[kind.name] = change
                told: list[Told] = []
                if previous is not None:
                    written = _written(registry, found)
                    told = await asyncio.to_thread(published_changes, replaced, written, new)
                await append(connection, new, told)
                await notify(connection, "registry")
        except DatabaseLocked as error:
            raise PublishConflict(f"another publish is in progress; nothing was written: {error}") from error
        self._announce("registry")
        return PublishResult(head=new, previous=previous, changes=reported(found))

    async def ping(self) -> None:
        """Read one row. Raises ``StoreError`` when that fails."""
        await self.head()

    async def close(self) -> None:
        """Let go of connections."""
        await self._engine.dispose()


async def _read_head(connection: AsyncConnection) -> Head | None:
    row = (await connection.execute(_HEAD)).one_or_none()
    if row is None or row.revision is None:
        return None
    return Head(revision=row.revision, published_at=row.published_at)


async def _take_head(connection: AsyncConnection, base: str | None, new: Head) -> bool:
    """Whether this publisher won: the row count of a conditional UPDATE says so in every database."""
    head = tables.registry_head
    result = await connection.execute(
        update(head)
        .where(head.c.id == tables.SINGLE_ROW, head.c.revision.is_not_distinct_from(base))
        .values(revision=new.revision, published_at=new.published_at)
    )
    return result.rowcount == 1


async def read_rows(connection: AsyncConnection) -> Rows:
    """The keys and the bodies of all that is published, for ``decoded``."""
    rows: Rows = {}
    for kind in KINDS:
        table = tables.metadata.tables[kind.name]
        columns = [table.c[part] for part in (*kind.key, "body")]
        rows[kind.name] = (await connection.execute(select(*columns))).all()
    return rows


async def _difference(
    connection: AsyncConnection, kind: Kind, wanted: dict[Key, tuple[str, str]]
) -> Difference:
    """How the table differs from what is wanted."""
    table = tables.metadata.tables[kind.name]
    columns = [table.c[part] for part in (*kind.key, "digest")]
    kept: dict[Key, str] = {
        tuple(row[:-1]): row[-1] for row in (await connection.execute(select(*columns))).all()
    }
    return difference(kept, {key: digest for key, (digest, _body) in wanted.items()})


async def _bodies(connection: AsyncConnection, kind: Kind, keys: Sequence[Key]) -> list[Any]:
    """The keys and the bodies of these records: a publish that changes three reads three."""
    table = tables.metadata.tables[kind.name]
    columns = [table.c[part] for part in kind.key]
    found: list[Any] = []
    for batch in _batches(keys, READ_BATCH):
        query = select(*columns, table.c.body).where(tuple_(*columns).in_(batch))
        found += (await connection.execute(query)).all()
    return found


async def _replace(
    connection: AsyncConnection, kind: Kind, found: Difference, wanted: dict[Key, tuple[str, str]]
) -> None:
    """Make the table hold what is wanted, by writing only what differs."""
    table = tables.metadata.tables[kind.name]
    here = [table.c[part] == bindparam(f"key_{part}") for part in kind.key]
    key: dict[str, Any] = {part: bindparam(f"key_{part}") for part in kind.key}
    content: dict[str, Any] = {"digest": bindparam("new_digest"), "body": bindparam("new_body")}
    for statement, keys in (
        (delete(table).where(*here), found.removed),
        (update(table).where(*here).values(content), found.changed),
        (insert(table).values(key | content), found.added),
    ):
        for batch in _batches(keys, BATCH):
            await connection.execute(statement, [_parameters(kind, key, wanted.get(key)) for key in batch])


def _parameters(kind: Kind, key: Key, row: tuple[str, str] | None) -> dict[str, str]:
    parameters = {f"key_{part}": value for part, value in zip(kind.key, key, strict=True)}
    if row is not None:
        parameters |= {"new_digest": row[0], "new_body": row[1]}
    return parameters


def _batches(keys: Sequence[Key], size: int) -> Iterator[Sequence[Key]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


def _written(registry: Registry, found: Mapping[str, Difference]) -> Registry:
    """The records of a registry that are new or differ."""
    groups: dict[str, Any] = {}
    for kind in KINDS:
        keys = {*found[kind.name].added, *found[kind.name].changed}
        groups[kind.name] = tuple(r for r in getattr(registry, kind.name) if kind.key_of(r) in keys)
    return Registry(**groups)


def _encoded(registry: Registry) -> dict[str, dict[Key, tuple[str, str]]]:
    """By kind and key: the digest and the canonical JSON of each record."""
    return {
        kind.name: {kind.key_of(record): _digest_and_body(record) for record in getattr(registry, kind.name)}
        for kind in KINDS
    }


def _digest_and_body(record: Record) -> tuple[str, str]:
    body = encode_record(record)
    return hashlib.blake2b(body, digest_size=16).hexdigest(), body.decode()


def decoded(rows: Rows) -> Registry:
    """The registry that ``read_rows`` read.

    Raises ``RecordUnreadable``, naming the record, for one that this version cannot read.
    """
    fields: dict[str, Any] = {kind.name: _decoded_kind(kind, rows[kind.name]) for kind in KINDS}
    return Registry(**fields)


def _decoded_kind(kind: Kind, rows: Sequence[Any]) -> tuple[Record, ...]:
    decode = msgspec.json.Decoder(kind.type).decode
    records = []
    # Sorted here, since databases do not agree on the order of text.
    for *key, body in sorted(rows):
        try:
            records.append(decode(body))
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            reason = " ".join(str(error).split())
            raise RecordUnreadable(
                f"the database's record {kind.name}/{'/'.join(key)} cannot be read by this version: {reason}"
            ) from error
    return tuple(records)
