"""Reading from a replica of a PostgreSQL database, and from the primary when the replica is away.

A replica lags behind. Answers are kept under telemetry's epoch, so whatever is read must not be older than
the epoch that was told: the replica is asked only once it has come as far as everything that was told before.
Until that is known, and whenever it fails or falls far behind, the primary answers, without a wait.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, ParamSpec, TypeVar

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from openmodels.clock import Clock
from openmodels.domain.records import Registry
from openmodels.domain.series import CheckSlice, DayOfChecks, ProviderFigures, TimingSlice
from openmodels.domain.standing import Standing
from openmodels.domain.telemetry import HealthSummary, Incident, LatencySummary, OfferingTelemetry
from openmodels.errors import RecordUnreadable, StoreError
from openmodels.store import tables
from openmodels.store.engine import reading
from openmodels.store.failures import DatabaseLocked
from openmodels.store.news import Announce, Wake, nobody
from openmodels.store.ports import Cursor, Head, PublishResult, Recorded
from openmodels.store.registry import SqlRegistryStore
from openmodels.store.telemetry import SqlTelemetryStore

log: Any = structlog.get_logger(__name__)

LOOK_EVERY = 1.0
"""Seconds between looks at the replica: so late it is noticed that it came back, or replayed something."""
LOOK_SECONDS = 2.0
"""How long a look may take."""
COMPARE_EVERY = timedelta(seconds=5)
"""How often the primary is asked how far the replica should come."""
FARTHEST_BEHIND = timedelta(seconds=30)
"""How far the replica may lag behind before the primary answers in its place."""

_P = ParamSpec("_P")
_T = TypeVar("_T")
_SEEN = select(
    tables.telemetry_head.c.epoch, tables.registry_head.c.revision, tables.registry_head.c.published_at
).where(tables.registry_head.c.id == tables.telemetry_head.c.id)


class _Seen(NamedTuple):
    """How far a database has come."""

    epoch: int
    revision: str | None
    published_at: datetime | None

    def reaches(self, other: "_Seen") -> bool:
        """Whether everything that was there is here as well."""
        if self.epoch < other.epoch:
            return False
        if other.published_at is None or self.revision == other.revision:
            return True
        return self.published_at is not None and self.published_at >= other.published_at


class Replica:
    """A replica beside its primary, and which of them to ask.

    Also a ``News``: it tells when the replica has come to show something new, which is later than when the
    primary announced it.
    """

    by = "replica"
    listening = False
    """What it tells comes of looking: it makes up for no announcement of the primary's."""

    def __init__(self, primary: AsyncEngine, replica: AsyncEngine, clock: Clock) -> None:
        self.engine = replica
        self.up = False
        """Whether the replica is asked. Not before ``run`` has looked at it."""
        self.heard = 0
        self._primary = primary
        self._clock = clock
        self._problem = "nobody has looked at the replica yet"
        self._told = self._last = _Seen(0, None, None)
        # How far the primary had come, and when; None when the replica has come as far.
        self._wanted: tuple[_Seen, datetime] | None = None
        self._compared_at: datetime | None = None

    async def ping(self) -> None:
        """Answer at all. Raises ``StoreError``, saying why the primary answers in the replica's place."""
        if not self.up:
            raise StoreError(self._problem)
        await _look_at(self.engine)

    async def run(self, wake: Wake) -> None:
        """Look at the replica now and then, until cancelled."""
        while True:
            await self.look(wake)
            await self._clock.sleep(LOOK_EVERY)

    async def look(self, wake: Wake) -> None:
        """Look once whether the replica is to be asked. Raises nothing."""
        try:
            seen = await _look_at(self.engine)
        except StoreError as error:
            self._leave(str(error))
            return
        await self._compare()
        wanted = self._wanted
        if wanted is not None and seen.reaches(wanted[0]):
            self._wanted = wanted = None
        if wanted is not None and self._clock.now() - wanted[1] > FARTHEST_BEHIND:
            self._leave(f"the replica is more than {FARTHEST_BEHIND.seconds} seconds behind")
        elif not self.up and wanted is None and seen.reaches(self._told):
            # Nothing is awaited between the comparison and this.
            self.up = True
            log.info("the replica answers")
        if self.up and seen != self._last:
            self.heard += 1
            self._last = seen
            wake("telemetry")
            wake("registry")

    async def first(
        self,
        there: Callable[_P, Awaitable[_T]],
        here: Callable[_P, Awaitable[_T]],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        """What the replica answers (``there``), else what the primary does (``here``)."""
        if self.up:
            try:
                return await there(*args, **kwargs)
            except RecordUnreadable:
                raise
            except DatabaseLocked:
                # What it replays was in the way of this one question; PostgreSQL cancels readers for that.
                pass
            except StoreError as error:
                self._leave(str(error))
        return await here(*args, **kwargs)

    async def epoch(self, there: Callable[[], Awaitable[int]], here: Callable[[], Awaitable[int]]) -> int:
        """As ``first``, of the epoch; all that is read afterwards is not older."""
        epoch = await self._newest(there, here, lambda found: found >= self._told.epoch)
        self._told = self._told._replace(epoch=epoch)
        return epoch

    async def head(
        self, there: Callable[[], Awaitable[Head | None]], here: Callable[[], Awaitable[Head | None]]
    ) -> Head | None:
        """As ``first``, of the published revision; none is told that is older than one told before."""
        head = await self._newest(there, here, lambda found: self._with(found).reaches(self._told))
        self.told(head)
        return head

    def told(self, head: Head | None) -> None:
        """Note that somebody knows of this revision."""
        self._told = self._with(head)

    def _with(self, head: Head | None) -> _Seen:
        if head is None:
            return self._told
        return self._told._replace(revision=head.revision, published_at=head.published_at)

    async def _newest(
        self,
        there: Callable[[], Awaitable[_T]],
        here: Callable[[], Awaitable[_T]],
        is_new: Callable[[_T], bool],
    ) -> _T:
        while True:
            if self.up:
                try:
                    found = await there()
                    if self.up and is_new(found):
                        return found
                    self._leave("the replica shows less than it did")
                except RecordUnreadable:
                    raise
                except StoreError as error:
                    self._leave(str(error))
            found = await here()
            if not self.up:
                return found
            # The replica came back meanwhile, and was not measured against this.

    async def _compare(self) -> None:
        """Note how far the primary has come, now and then."""
        now = self._clock.now()
        if self._compared_at is not None and timedelta() <= now - self._compared_at < COMPARE_EVERY:
            return
        self._compared_at = now
        if self._wanted is None:
            try:
                self._wanted = (await _look_at(self._primary), now)
            except StoreError:
                # A replica is worth most while the primary is away.
                self._wanted = None

    def _leave(self, problem: str) -> None:
        self._problem = problem
        if self.up:
            self.up = False
            log.warning("the replica is away; the primary answers", reason=problem)


class ReplicaTelemetryStore(SqlTelemetryStore):
    """A ``TelemetryStore`` that answers from a replica, and writes to the primary.

    What follows every transition is read from the primary as well: nothing that is written back stands on
    what is old.
    """

    def __init__(self, primary: AsyncEngine, replica: Replica, *, announce: Announce = nobody) -> None:
        super().__init__(primary, announce=announce)
        self._replica = replica
        self._there = SqlTelemetryStore(replica.engine)

    async def standings(self) -> Mapping[str, Standing]:
        """By provider id: how each provider that was ever checked stands."""
        return await self._replica.first(self._there.standings, super().standings)

    async def cursor(self) -> Cursor:
        """The place after everything that is recorded now."""
        return await self._replica.first(self._there.cursor, super().cursor)

    async def recorded_after(self, cursor: Cursor, *, limit: int) -> Recorded:
        """What was recorded after ``cursor``: at most ``limit`` checks and as many measurements."""
        return await self._replica.first(
            self._there.recorded_after, super().recorded_after, cursor, limit=limit
        )

    async def epoch(self) -> int:
        """How often something was recorded."""
        return await self._replica.epoch(self._there.epoch, super().epoch)

    async def health(
        self, provider_id: str, *, since: datetime, regions: Collection[str], limit: int
    ) -> HealthSummary:
        """The checks of one provider since then; ``limit`` of them one by one, newest first."""
        return await self._replica.first(
            self._there.health, super().health, provider_id, since=since, regions=regions, limit=limit
        )

    async def latency(
        self,
        provider_id: str,
        *,
        since: datetime,
        regions: Collection[str],
        model_ids: Collection[str],
        limit: int,
    ) -> LatencySummary:
        """The measurements of one provider since then; ``limit`` of them one by one, newest first."""
        return await self._replica.first(
            self._there.latency,
            super().latency,
            provider_id,
            since=since,
            regions=regions,
            model_ids=model_ids,
            limit=limit,
        )

    async def offerings(
        self, model_id: str, provider_ids: Collection[str], *, since: datetime, regions: Collection[str]
    ) -> Mapping[str, OfferingTelemetry]:
        """By provider id: what is known of this model at these providers."""
        return await self._replica.first(
            self._there.offerings, super().offerings, model_id, provider_ids, since=since, regions=regions
        )

    async def checks_by_day(
        self, *, since: datetime, provider_ids: Collection[str] = ()
    ) -> Mapping[str, Sequence[DayOfChecks]]:
        """By provider id: its checks of each day from that of ``since`` on, of all regions."""
        return await self._replica.first(
            self._there.checks_by_day, super().checks_by_day, since=since, provider_ids=provider_ids
        )

    async def check_slices(
        self, provider_id: str, *, since: datetime, width: timedelta, regions: Collection[str] = ()
    ) -> Sequence[CheckSlice]:
        """The checks of one provider by slices, from that of ``since`` on."""
        return await self._replica.first(
            self._there.check_slices,
            super().check_slices,
            provider_id,
            since=since,
            width=width,
            regions=regions,
        )

    async def timing_slices(
        self,
        *,
        since: datetime,
        width: timedelta,
        provider_ids: Collection[str],
        model_ids: Collection[str] = (),
        regions: Collection[str] = (),
    ) -> Mapping[str, Sequence[TimingSlice]]:
        """By provider id: its successful measurements by slices, from that of ``since`` on."""
        return await self._replica.first(
            self._there.timing_slices,
            super().timing_slices,
            since=since,
            width=width,
            provider_ids=provider_ids,
            model_ids=model_ids,
            regions=regions,
        )

    async def provider_figures(
        self, provider_id: str, *, since: datetime, width: timedelta
    ) -> ProviderFigures:
        """What ``health``, ``latency`` and the slices tell of a provider, read once."""
        return await self._replica.first(
            self._there.provider_figures, super().provider_figures, provider_id, since=since, width=width
        )

    async def incidents(
        self, *, since: datetime, provider_ids: Collection[str] = (), limit: int
    ) -> Sequence[Incident]:
        """The incidents that touch the time since then, newest first, at most ``limit``."""
        return await self._replica.first(
            self._there.incidents, super().incidents, since=since, provider_ids=provider_ids, limit=limit
        )

    async def checks_since(self, since: datetime) -> int:
        """How many checks were made since then."""
        return await self._replica.first(self._there.checks_since, super().checks_since, since)

    async def last_probe_at(self) -> datetime | None:
        """When the newest check or measurement was made, or None."""
        return await self._replica.first(self._there.last_probe_at, super().last_probe_at)


class ReplicaRegistryStore:
    """A ``RegistryStore`` that is read from a replica, and published to the primary."""

    def __init__(self, primary: SqlRegistryStore, replica: Replica) -> None:
        self._here = primary
        self._there = SqlRegistryStore(replica.engine)
        self._replica = replica

    async def head(self) -> Head | None:
        """What is published, or None before the first publish."""
        return await self._replica.head(self._there.head, self._here.head)

    async def load(self) -> tuple[Head, Registry] | None:
        """The published registry, as one consistent whole, or None before the first publish."""
        published = await self._replica.first(self._there.load, self._here.load)
        if published is not None:
            self._replica.told(published[0])
        return published

    async def publish(self, registry: Registry, *, base: str | None, at: datetime) -> PublishResult:
        """Replace the published registry, in the primary."""
        return await self._here.publish(registry, base=base, at=at)

    async def ping(self) -> None:
        """Whether the primary answers; of the replica, see ``Replica.ping``. Raises ``StoreError``."""
        await self._here.ping()

    async def close(self) -> None:
        """Let go of connections."""
        await self._here.close()
        await self._replica.engine.dispose()


async def _look_at(engine: AsyncEngine) -> _Seen:
    try:
        async with asyncio.timeout(LOOK_SECONDS), reading(engine) as connection:
            return _Seen(*(await connection.execute(_SEEN)).one())
    except TimeoutError:
        raise StoreError(f"the database did not answer within {LOOK_SECONDS:g} seconds") from None
