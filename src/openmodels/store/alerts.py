"""What is kept for alerts, in SQL tables."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, Select, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from openmodels.domain.alerts import Alert, AlertState, Delivery, Window
from openmodels.errors import RecordUnreadable
from openmodels.store import tables
from openmodels.store.alert_ports import CursorMove, Settlement
from openmodels.store.engine import reading, writing

IDS_AT_A_TIME = 500
"""How many ids one query names; every database takes that many."""

_head, _states = tables.alert_head, tables.alert_states
_deliveries, _windows = tables.alert_deliveries, tables.maintenance_windows
_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(Alert).decode


class _Overtaken(Exception):
    """Another came first; rolls the transaction back."""


class SqlAlertStore:
    """An ``AlertStore`` over a migrated database; see the port for what each method promises."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def cursor(self) -> int:
        """The number of the last transition that was made into deliveries."""
        async with reading(self._engine) as connection:
            return int((await connection.execute(select(_head.c.transition))).scalar_one())

    async def states(self, provider_ids: Collection[str]) -> Mapping[str, AlertState]:
        """By provider id: what is kept of these."""
        found = []
        async with reading(self._engine) as connection:
            for ids in _portions(sorted(set(provider_ids))):
                wanted = _columns(AlertState, _states).where(_states.c.provider_id.in_(ids))
                found += (await connection.execute(wanted)).all()
        return {row.provider_id: _state(row) for row in sorted(found)}

    async def open_states(self) -> Sequence[AlertState]:
        """Those that are in trouble or were kept from people."""
        wanted = _columns(AlertState, _states).where(
            or_(_states.c.status.in_(("down", "degraded")), _states.c.held)
        )
        async with reading(self._engine) as connection:
            rows = (await connection.execute(wanted)).all()
        return sorted(map(_state, rows), key=lambda state: state.provider_id)

    async def keep(
        self,
        states: Sequence[AlertState],
        deliveries: Sequence[Delivery],
        *,
        cursor: CursorMove | None = None,
    ) -> bool:
        """Keep all of these and move the cursor, or nothing at all."""
        try:
            async with writing(self._engine) as connection:
                if cursor is not None:
                    await _move(connection, cursor)
                for state in states:
                    await _keep_state(connection, state)
                if deliveries:
                    await connection.execute(insert(_deliveries), [_delivery_row(d) for d in deliveries])
        except _Overtaken:
            return False
        return True

    async def due(self, destination: str, now: datetime, *, limit: int) -> Sequence[Delivery]:
        """What waits to be sent there now, oldest first."""
        earlier = _deliveries.alias("earlier")
        statement = (
            _columns(Delivery, _deliveries)
            .where(
                _deliveries.c.status == "waiting",
                _deliveries.c.destination == destination,
                _deliveries.c.next_at <= now,
                ~exists().where(
                    earlier.c.status == "waiting",
                    earlier.c.destination == destination,
                    earlier.c.provider_id == _deliveries.c.provider_id,
                    earlier.c.number < _deliveries.c.number,
                ),
            )
            .order_by(_deliveries.c.number)
            .limit(limit)
        )
        async with reading(self._engine) as connection:
            return [_delivery(row) for row in (await connection.execute(statement)).all()]

    async def claim(self, delivery: Delivery, until: datetime) -> Delivery | None:
        """Begin an attempt at a delivery."""
        claimed = msgspec.structs.replace(delivery, attempts=delivery.attempts + 1, next_at=until)
        async with writing(self._engine) as connection:
            mine = await _update_attempt(
                connection, delivery, {"attempts": claimed.attempts, "next_at": until}
            )
        return claimed if mine else None

    async def settle(self, claimed: Delivery, settlement: Settlement) -> bool:
        """End an attempt."""
        values = {
            "status": settlement.status,
            "detail": settlement.detail,
            "next_at": settlement.next_at or claimed.next_at,
            "settled_at": None if settlement.status == "waiting" else settlement.at,
        }
        async with writing(self._engine) as connection:
            mine = await _update_attempt(connection, claimed, values)
            if mine and settlement.status == "sent":
                await connection.execute(
                    update(_states)
                    .where(_states.c.provider_id == claimed.alert.provider_id)
                    .values(alerted_at=settlement.at, version=_states.c.version + 1)
                )
        return mine

    async def waiting_for(self, provider_id: str) -> frozenset[str]:
        """The destinations to which something about this provider still waits to be sent."""
        statement = select(_deliveries.c.destination).where(
            _deliveries.c.status == "waiting", _deliveries.c.provider_id == provider_id
        )
        async with reading(self._engine) as connection:
            return frozenset((await connection.execute(statement)).scalars())

    async def deliveries(self, *, limit: int) -> Sequence[Delivery]:
        """The newest deliveries, newest first."""
        statement = _columns(Delivery, _deliveries).order_by(_deliveries.c.number.desc()).limit(limit)
        async with reading(self._engine) as connection:
            return [_delivery(row) for row in (await connection.execute(statement)).all()]

    async def forget(self, before: datetime, *, limit: int) -> int:
        """Delete the oldest deliveries that were made before then."""
        oldest = select(_deliveries.c.number, _deliveries.c.created_at).order_by(_deliveries.c.number)
        async with reading(self._engine) as connection:
            rows = (await connection.execute(oldest.limit(limit))).all()
        old = [row.number for row in rows if row.created_at < before]
        if not old:
            # Nobody has to wait for a writer that writes nothing.
            return 0
        async with writing(self._engine) as connection:
            for numbers in _portions(old):
                await connection.execute(delete(_deliveries).where(_deliveries.c.number.in_(numbers)))
        return len(old)

    async def add_window(self, window: Window) -> Window:
        """Keep a maintenance window."""
        row = msgspec.structs.asdict(window)
        del row["number"]
        async with writing(self._engine) as connection:
            result = await connection.execute(insert(_windows).values(row).returning(_windows.c.number))
            return msgspec.structs.replace(window, number=int(result.scalar_one()))

    async def windows(self, *, ending_after: datetime | None = None, limit: int) -> Sequence[Window]:
        """The newest windows, newest first."""
        statement = _columns(Window, _windows).order_by(_windows.c.number.desc()).limit(limit)
        if ending_after is not None:
            statement = statement.where(_windows.c.ends_at > ending_after)
        async with reading(self._engine) as connection:
            return [_window(row) for row in (await connection.execute(statement)).all()]

    async def end_window(self, number: int, at: datetime) -> Window | None:
        """End a window that is not over."""
        this = _windows.c.number == number
        async with writing(self._engine) as connection:
            row = (await connection.execute(_columns(Window, _windows).where(this))).one_or_none()
            if row is None:
                return None
            window = _window(row)
            if at < window.ends_at:
                window = msgspec.structs.replace(window, ends_at=max(at, window.starts_at))
                await connection.execute(update(_windows).where(this).values(ends_at=window.ends_at))
        return window


async def _move(connection: AsyncConnection, cursor: CursorMove) -> None:
    """Move the cursor; of several processes that want to, one does: the row count says which."""
    result = await connection.execute(
        update(_head)
        .where(_head.c.id == tables.SINGLE_ROW, _head.c.transition == cursor.seen)
        .values(transition=cursor.end)
    )
    if result.rowcount != 1:
        raise _Overtaken


async def _keep_state(connection: AsyncConnection, state: AlertState) -> None:
    row = msgspec.structs.asdict(state) | {"version": state.version + 1}
    this = _states.c.provider_id == state.provider_id
    if state.version == 0:
        known = await connection.execute(select(func.count()).select_from(_states).where(this))
        if known.scalar_one():
            raise _Overtaken
        await connection.execute(insert(_states).values(row))
        return
    result = await connection.execute(
        update(_states).where(this, _states.c.version == state.version).values(row)
    )
    if result.rowcount != 1:
        raise _Overtaken


async def _update_attempt(connection: AsyncConnection, delivery: Delivery, values: dict[str, Any]) -> bool:
    """Whether the delivery is still at this attempt, and now has these values."""
    result = await connection.execute(
        update(_deliveries)
        .where(
            _deliveries.c.number == delivery.number,
            _deliveries.c.status == "waiting",
            _deliveries.c.attempts == delivery.attempts,
        )
        .values(values)
    )
    return result.rowcount == 1


def _columns(type_: type[msgspec.Struct], table: Any) -> Select[Any]:
    return select(*(table.c[field] for field in type_.__struct_fields__))


def _state(row: Row[Any]) -> AlertState:
    return AlertState(**dict(zip(AlertState.__struct_fields__, row, strict=True)))


def _window(row: Row[Any]) -> Window:
    return Window(**dict(zip(Window.__struct_fields__, row, strict=True)))


def _delivery_row(delivery: Delivery) -> dict[str, Any]:
    row = msgspec.structs.asdict(delivery)
    del row["number"]
    return row | {"alert": _encode(delivery.alert).decode(), "provider_id": delivery.alert.provider_id or ""}


def _delivery(row: Row[Any]) -> Delivery:
    fields = dict(zip(Delivery.__struct_fields__, row, strict=True))
    try:
        fields["alert"] = _decode(row.alert)
    except msgspec.DecodeError as error:
        raise RecordUnreadable(
            f"the database's record alert_deliveries/{row.number} cannot be read by this version: "
            f"{' '.join(str(error).split())}"
        ) from error
    return Delivery(**fields)


def _portions(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[start : start + IDS_AT_A_TIME] for start in range(0, len(items), IDS_AT_A_TIME))
