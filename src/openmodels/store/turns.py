"""Turns of probes in a SQL table: the newest one of which there is a result, for each key."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from openmodels.domain.standing import Transition
from openmodels.domain.telemetry import Check, Measurement
from openmodels.store import tables
from openmodels.store.engine import reading
from openmodels.store.intake import ASKED_AT_ONCE, record_all, take_head
from openmodels.store.recording import newest_turns
from openmodels.store.turn_ports import Turn, TurnKey, TurnResult

_turns = tables.probe_turns
_KEY = (_turns.c.region, _turns.c.kind, _turns.c.provider_id)


async def record_new(connection: AsyncConnection, results: Sequence[TurnResult]) -> tuple[Transition, ...]:
    """Keep what is the first result of its turn, in a transaction that writes; see the port."""
    # Who writes takes the head first, so what is read after it nobody changes before this commits.
    await take_head(connection)
    known = await _slots(connection, {result.turn.key for result in results})
    kept = newest_turns(results, known)
    if not kept:
        return ()
    await _write(connection, kept, known)
    records = [result.record for result in kept]
    checks = [record for record in records if isinstance(record, Check)]
    measurements = [record for record in records if isinstance(record, Measurement)]
    return await record_all(connection, checks, measurements)


async def is_recorded(connection: AsyncConnection, turn: Turn) -> bool:
    """Whether a result of this turn, or of a later one of the same key, was kept."""
    return (await _slots(connection, [turn.key])).get(turn.key, -1) >= turn.slot


async def slow_keys(connection: AsyncConnection, region: str) -> list[TurnKey]:
    """Whose last turn in this region took long."""
    rows = await connection.execute(select(*_KEY).where(_turns.c.region == region, _turns.c.slow))
    return [TurnKey(*row) for row in rows]


async def forget_turns(connection: AsyncConnection, before: datetime, most: int) -> int:
    """Delete turns that nothing came after since then, some at a time; how many."""
    old = select(*_KEY).where(_turns.c.slot < round(before.timestamp() * 1_000_000)).limit(most)
    return (await connection.execute(delete(_turns).where(tuple_(*_KEY).in_(old)))).rowcount


async def queued_jobs(engine: AsyncEngine) -> Mapping[tuple[str, str], int]:
    """How many jobs wait or run, by region and by ``planned``, ``due`` or ``running``.

    Empty where the database has no queue, which is any but PostgreSQL. Raises ``StoreError``.
    """
    if engine.dialect.name != "postgresql":
        return {}
    async with reading(engine) as connection:
        rows = (await connection.execute(_QUEUED)).all()
    counts: defaultdict[tuple[str, str], int] = defaultdict(int)
    for queue, status, count in rows:
        counts[str(queue).partition(":")[2], status] += count
    return counts


_QUEUED = text(
    "SELECT queue_name, CASE WHEN status = 'doing' THEN 'running' WHEN scheduled_at > now() THEN 'planned' "
    "ELSE 'due' END AS state, count(*) FROM procrastinate_jobs "
    "WHERE status IN ('todo', 'doing') GROUP BY queue_name, state"
)


async def _slots(connection: AsyncConnection, keys: Iterable[TurnKey]) -> dict[TurnKey, int]:
    """The newest turn of each of these of which there is a result."""
    ids: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for key in keys:
        ids[key.region, key.kind].append(key.provider_id)
    found: dict[TurnKey, int] = {}
    for (region, kind), wanted in ids.items():
        for start in range(0, len(wanted), ASKED_AT_ONCE):
            rows = await connection.execute(
                select(_turns.c.provider_id, _turns.c.slot).where(
                    _turns.c.region == region,
                    _turns.c.kind == kind,
                    _turns.c.provider_id.in_(wanted[start : start + ASKED_AT_ONCE]),
                )
            )
            found |= {TurnKey(region, kind, row[0]): int(row[1]) for row in rows}
    return found


async def _write(
    connection: AsyncConnection, kept: Sequence[TurnResult], known: Mapping[TurnKey, int]
) -> None:
    """Note these turns; of several of one key the last counts, which is the newest."""
    rows: dict[TurnKey, dict[str, Any]] = {}
    for (key, slot), _, slow in kept:
        rows[key] = {"r": key.region, "k": key.kind, "p": key.provider_id, "new": slot, "long": slow}
    old = [row for key, row in sorted(rows.items()) if key in known]
    new = [row for key, row in sorted(rows.items()) if key not in known]
    values: dict[str, Any] = {"slot": bindparam("new"), "slow": bindparam("long")}
    if old:
        here = [column == bindparam(name) for column, name in zip(_KEY, "rkp", strict=True)]
        await connection.execute(update(_turns).where(*here).values(values), old)
    if new:
        named: dict[str, Any] = {
            column.name: bindparam(name) for column, name in zip(_KEY, "rkp", strict=True)
        }
        await connection.execute(insert(_turns).values({**named, **values}), new)
