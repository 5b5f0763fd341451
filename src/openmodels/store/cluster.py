"""Leases and probers in SQL tables."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, false, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from openmodels.errors import StoreError
from openmodels.store import tables
from openmodels.store.cluster_ports import LONGEST_LEASE, ProberSeen, RegionSeen
from openmodels.store.engine import is_sqlite, reading, writing

_leases = tables.leases
_probers = tables.probers


class SqlClusterStore:
    """A ``ClusterStore`` over a migrated database; see the port for what each method promises."""

    def __init__(self, engine: AsyncEngine, *, most_apart: timedelta | None = None) -> None:
        """``most_apart`` is how far a caller's clock may be from a server's; any, where that is None."""
        self._engine = engine
        self._most_apart = None if is_sqlite(engine) else most_apart

    async def take_lease(self, name: str, holder: str, *, now: datetime, until: datetime) -> bool:
        """Take or renew the lease ``name`` until then; whether ``holder`` has it now.

        One statement decides, and its row count tells: of two that come at the same time, the second waits
        for the first, and its condition is looked at again on the row that the first has left. Raises
        ``StoreError`` also for a clock that is wrong: its holder would sum up hours that are not over, and
        delete as old what is not.
        """
        free = or_(_leases.c.holder == holder, _leases.c.until <= now, _leases.c.until > now + LONGEST_LEASE)
        statement = self._put(
            _leases, {"name": name, "holder": holder, "until": until}, key=_leases.c.name, where=free
        )
        async with writing(self._engine) as connection:
            await self._require_clock(connection, now)
            # Of an INSERT, SQLAlchemy keeps the row count only where it is told to.
            done = await connection.execute(statement, execution_options={"preserve_rowcount": True})
            return done.rowcount == 1

    async def _require_clock(self, connection: AsyncConnection, now: datetime) -> None:
        if self._most_apart is None:
            return
        theirs: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
        if abs(now - theirs) > self._most_apart:
            raise StoreError(
                f"this machine's clock is {abs(now - theirs).total_seconds():.0f} seconds "
                f"{'ahead of' if now > theirs else 'behind'} the database's; set it right, as NTP does"
            )

    async def release_lease(self, name: str, holder: str) -> None:
        """Give the lease back; nothing when another has it."""
        statement = delete(_leases).where(_leases.c.name == name, _leases.c.holder == holder)
        async with writing(self._engine) as connection:
            await connection.execute(statement)

    async def prober_seen(self, prober: ProberSeen, *, lost_before: datetime) -> None:
        """Note that this prober works, and take note no longer of those of its region that do not."""
        row = {"name": prober.name, "region": prober.region, "at": prober.at, "ended": False}
        # Rows that somebody is just writing are left alone: probers that all come back after an outage each
        # hold their own row, and would otherwise wait for each other's.
        out_of_work = (
            select(_probers.c.name)
            .where(
                _probers.c.region == prober.region,
                _probers.c.name != prober.name,
                or_(_probers.c.ended == true(), _probers.c.at < lost_before),
            )
            .with_for_update(skip_locked=True)
        )
        async with writing(self._engine) as connection:
            await connection.execute(self._put(_probers, row, key=_probers.c.name))
            await connection.execute(delete(_probers).where(_probers.c.name.in_(out_of_work)))

    async def prober_gone(self, name: str) -> None:
        """Note that this prober has ended as it was told to; its region is remembered."""
        async with writing(self._engine) as connection:
            await connection.execute(update(_probers).where(_probers.c.name == name).values(ended=True))

    async def regions(self, *, alive_since: datetime) -> Sequence[RegionSeen]:
        """Every region that is remembered, by name; probers heard of since then are counted as working."""
        going = _probers.c.ended == false()
        statement = select(
            _probers.c.region,
            _count(and_(going, _probers.c.at >= alive_since)).label("probers"),
            _count(and_(going, _probers.c.at < alive_since)).label("lost"),
            func.max(_probers.c.at).label("last_seen_at"),
        ).group_by(_probers.c.region)
        async with reading(self._engine) as connection:
            rows = (await connection.execute(statement)).mappings().all()
        # Sorted here, since databases do not agree on the order of text.
        return sorted((RegionSeen(**row) for row in rows), key=lambda region: region.region)

    async def forget_regions(self, *, before: datetime) -> None:
        """Forget the probers, and so the regions, of which nothing was heard since then."""
        async with writing(self._engine) as connection:
            await connection.execute(delete(_probers).where(_probers.c.at < before))

    async def forget_region(self, region: str) -> bool:
        """Forget one region now; whether it was known."""
        async with writing(self._engine) as connection:
            found = await connection.execute(delete(_probers).where(_probers.c.region == region))
        return found.rowcount > 0

    def _put(
        self, table: Any, row: dict[str, Any], *, key: Any, where: ColumnElement[bool] | None = None
    ) -> Any:
        """INSERT of a row, or where its key is there, UPDATE of that row if ``where`` is true of it."""
        if self._engine.dialect.name == "postgresql":
            # Who has no PostgreSQL should not wait for its dialect to be imported.
            from sqlalchemy.dialects.postgresql import insert  # noqa: PLC0415
        else:
            from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]  # noqa: PLC0415
        changed = {name: value for name, value in row.items() if name != key.name}
        return (
            insert(table).values(**row).on_conflict_do_update(index_elements=[key], set_=changed, where=where)
        )


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
