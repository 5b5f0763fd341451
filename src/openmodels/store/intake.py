"""What happens in the database when something is recorded."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import structlog
from msgspec.structs import asdict, astuple
from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from openmodels.domain.standing import Standing, Transition
from openmodels.domain.telemetry import Check, Incident, Measurement
from openmodels.errors import RecordUnreadable
from openmodels.store import tables
from openmodels.store.columns import Moment, microseconds
from openmodels.store.engine import is_sqlite
from openmodels.store.partitions import make_partitions
from openmodels.store.periods import HOUR, floor
from openmodels.store.recording import advanced

_head, _standings, _incidents = tables.telemetry_head, tables.provider_standings, tables.incidents
_late = tables.late_hours
log: Any = structlog.get_logger(__name__)
ASKED_AT_ONCE = 500
"""Ids in one question; databases allow some thousands."""


async def record_all(
    connection: AsyncConnection, checks: Sequence[Check], measurements: Sequence[Measurement]
) -> tuple[Transition, ...]:
    """Keep all of these, in a transaction that writes; see the port."""
    head = await take_head(connection)
    put = _insert
    if not is_sqlite(connection):
        put = _copy
        await make_partitions(
            connection,
            [
                *((tables.checks, check.checked_at) for check in checks),
                *((tables.measurements, measurement.measured_at) for measurement in measurements),
            ],
        )
    await put(connection, tables.checks, checks)
    await put(connection, tables.measurements, measurements)
    times = [c.checked_at for c in checks] + [m.measured_at for m in measurements]
    newest = max(times if head.last_probe_at is None else [*times, head.last_probe_at])
    await connection.execute(update(_head).values(epoch=head.epoch + 1, last_probe_at=newest))
    await _note_late(connection, head, checks, measurements)
    probed = {c.provider_id for c in checks} | {m.provider_id for m in measurements}
    standings = await read_standings(connection, sorted(probed))
    after, transitions = advanced(checks, standings)
    for provider_id in probed - standings.keys() - after.keys():
        after[provider_id] = Standing()
    await write_standings(connection, after, standings.keys())
    await write_transitions(connection, transitions)
    return transitions


async def take_head(connection: AsyncConnection) -> Any:
    """The row of ``telemetry_head``, which whoever writes takes first.

    So one writes after the other, numbers come in the order of commits, and no row comes late unseen.
    """
    return (await connection.execute(select(_head).with_for_update())).one()


async def read_standings(connection: AsyncConnection, provider_ids: Sequence[str]) -> dict[str, Standing]:
    """How these providers stand; those that were never probed are left out.

    One that cannot be read is said in the log and begun anew: else no result of any provider could be kept.
    """
    found: dict[str, Standing] = {}
    for start in range(0, len(provider_ids), ASKED_AT_ONCE):
        ids = provider_ids[start : start + ASKED_AT_ONCE]
        rows = await connection.execute(
            select(_standings.c.provider_id, _standings.c.body).where(_standings.c.provider_id.in_(ids))
        )
        for row in rows:
            try:
                found |= decoded_standings([(row[0], row[1])])
            except RecordUnreadable as error:
                log.error("how a provider stands is begun anew", provider=row[0], reason=str(error))
                found[row[0]] = Standing()
    return found


def decoded_standings(rows: Iterable[tuple[str, str]]) -> dict[str, Standing]:
    """Standings by provider from ids and JSON. Raises ``RecordUnreadable``, naming the row."""
    decode = msgspec.json.Decoder(Standing).decode
    standings = {}
    for provider_id, body in rows:
        try:
            standings[provider_id] = decode(body)
        except msgspec.DecodeError as error:
            raise RecordUnreadable(
                f"the database's row provider_standings/{provider_id} cannot be read by this version: {error}"
            ) from error
    return standings


async def write_standings(
    connection: AsyncConnection, standings: Mapping[str, Standing], known: Iterable[str]
) -> None:
    """Keep how these providers stand; ``known`` are those that have a row already."""
    rows = {
        provider_id: {"id": provider_id, "new": msgspec.json.encode(standing).decode()}
        for provider_id, standing in standings.items()
    }
    old = [rows[provider_id] for provider_id in rows.keys() & set(known)]
    new = [rows[provider_id] for provider_id in rows.keys() - set(known)]
    if old:
        changed = update(_standings).where(_standings.c.provider_id == bindparam("id"))
        await connection.execute(changed.values(body=bindparam("new")), old)
    if new:
        added = insert(_standings).values(provider_id=bindparam("id"), body=bindparam("new"))
        await connection.execute(added, new)


async def write_transitions(connection: AsyncConnection, transitions: Sequence[Transition]) -> None:
    """Keep transitions, and the incidents that they open and close."""
    if not transitions:
        return
    fields = ("provider_id", "at", "before", "after", "reason")
    rows = [{name: getattr(transition, name) for name in fields} for transition in transitions]
    await connection.execute(insert(tables.transitions), rows)
    for transition in transitions:
        if transition.closes is not None:
            ended = update(_incidents).where(*_is(transition.closes))
            await connection.execute(ended.values(ended_at=transition.closes.ended_at))
        if transition.opens is not None:
            # One of the same key is there only when it is older than the standings: it would stay open.
            await connection.execute(delete(_incidents).where(*_is(transition.opens)))
            await connection.execute(insert(_incidents), [asdict(transition.opens)])


def _is(incident: Incident) -> list[Any]:
    return [
        _incidents.c.provider_id == incident.provider_id,
        _incidents.c.started_at == incident.started_at,
    ]


async def _insert(connection: AsyncConnection, table: Table, records: Sequence[Check | Measurement]) -> None:
    if records:
        await connection.execute(insert(table), [asdict(record) for record in records])


async def _copy(connection: AsyncConnection, table: Table, records: Sequence[Check | Measurement]) -> None:
    """As ``_insert``, in PostgreSQL: one statement for all of them."""
    if not records:
        return
    fields = records[0].__struct_fields__
    times = [number for number, name in enumerate(fields) if isinstance(table.c[name].type, Moment)]
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    try:
        into = f"COPY {table.name} ({', '.join(fields)}) FROM STDIN"
        async with driver.cursor() as cursor, cursor.copy(into) as copy:
            for record in records:
                row = list(astuple(record))
                for number in times:
                    row[number] = microseconds(row[number])
                await copy.write_row(row)
    finally:
        if driver.closed:
            # SQLAlchemy was not there to see it.
            await connection.invalidate()


async def _note_late(
    connection: AsyncConnection, head: Any, checks: Sequence[Check], measurements: Sequence[Measurement]
) -> None:
    """Note the hours that are summed up already and to which these come late.

    What comes when the single rows of its hour are deleted comes too late to be counted.
    """
    if head.late_before is None:
        return
    late: Counter[tuple[str, datetime]] = Counter()
    for check in checks:
        if check.checked_at < head.late_before:
            late[check.provider_id, floor(check.checked_at, HOUR)] += 1
    for measurement in measurements:
        if measurement.measured_at < head.late_before:
            late[measurement.provider_id, floor(measurement.measured_at, HOUR)] += 0
    if head.raw_from is not None:
        late = Counter({key: count for key, count in late.items() if key[1] >= head.raw_from})
    if not late:
        return
    hours = {hour for _, hour in late}
    noted = await connection.execute(
        select(_late.c.provider_id, _late.c.start).where(_late.c.start.in_(hours))
    )
    known = late.keys() & {(row[0], row[1]) for row in noted}
    here = [_late.c.provider_id == bindparam("id"), _late.c.start == bindparam("hour")]
    if known:
        more = update(_late).where(*here).values(checks=_late.c.checks + bindparam("more"))
        rows = [{"id": key[0], "hour": key[1], "more": late[key]} for key in sorted(known)]
        await connection.execute(more, rows)
    if late.keys() - known:
        fields = ("provider_id", "start", "checks")
        first = [(*key, late[key]) for key in sorted(late.keys() - known)]
        await connection.execute(insert(_late), [dict(zip(fields, row, strict=True)) for row in first])
