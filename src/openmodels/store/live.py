"""What is being served: the published revision's snapshot and the telemetry epoch, kept fresh by looking.

Looks come in intervals; where announcements arrive (``store/news.py``) they come at once, and else seldom.

A new revision is built beside the one that serves and swapped in by one assignment. One that cannot be built
is refused, logged and shown by ``/api/health``; what served before goes on serving.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog

from openmodels.clock import Clock, SystemClock
from openmodels.domain.snapshot import Snapshot, build_snapshot
from openmodels.domain.standing import status_at
from openmodels.domain.telemetry import CHECK_INTERVAL, ProviderState
from openmodels.errors import RecordUnreadable, StoreError
from openmodels.store.looks import Looks
from openmodels.store.news import Change, News, Wake
from openmodels.store.ports import RegistryStore, TelemetryStore

log: Any = structlog.get_logger(__name__)

STATES_HOLD = timedelta(seconds=10)
"""How long the providers' states may be handed out again while nothing is recorded: as long as an answer that
shows them holds. They change all the same, for a state without new checks turns unknown."""
NEWS_PAUSE = 1.0
"""Seconds before news are begun again that ended, which they never should."""


class Live:
    """Holds the snapshot that requests read. ``start`` must have returned before the first request."""

    def __init__(
        self,
        registry: RegistryStore,
        telemetry: TelemetryStore,
        *,
        health_interval: timedelta = CHECK_INTERVAL,
    ) -> None:
        """``health_interval`` is how often providers are checked whose file does not say."""
        self._registry = registry
        self._telemetry = telemetry
        self._health_interval = health_interval
        self._snapshot: Snapshot | None = None
        self._refused: str | None = None
        self._unreachable: set[Change] = set()
        self._listeners: list[Callable[[], None]] = []
        self._epoch_listeners: list[Callable[[int], None]] = []
        self._states: tuple[int, datetime, Mapping[str, ProviderState]] | None = None
        self._asking_states = asyncio.Lock()
        self.epoch = 0
        self.problem: str | None = None
        """Why the newest revision is not served, for people; None when all is well."""
        self.news: News | None = None
        """By what ``watch`` hears of changes; None where it only looks."""

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot that serves now."""
        if self._snapshot is None:
            raise StoreError("nothing is published yet: run `openmodels publish` first")
        return self._snapshot

    def on_revision(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` whenever another snapshot has been swapped in."""
        self._listeners.append(listener)

    def on_epoch(self, listener: Callable[[int], None]) -> None:
        """Call ``listener`` with telemetry's epoch whenever it was looked at, moved or not."""
        self._epoch_listeners.append(listener)

    async def start(self) -> None:
        """Load what is published. Raises ``StoreError`` when nothing is, or when it cannot be read."""
        with _uncollected():
            published = await self._registry.load()
            if published is None:
                raise StoreError("nothing is published yet: run `openmodels publish` first")
            head, registry = published
            self._snapshot = build_snapshot(registry, revision=head.revision, published_at=head.published_at)
        self.epoch = await self._telemetry.epoch()

    async def states(self, now: datetime) -> Mapping[str, ProviderState]:
        """How each provider is doing. Raises ``StoreError``.

        The store is asked once for all who ask at a time; without this, a search would wait for the database.
        """
        async with self._asking_states:
            held = self._states
            if held is None or held[0] != self.epoch or not timedelta() <= now - held[1] < STATES_HOLD:
                held = self._states = (self.epoch, now, await self._ask_states(now))
            return held[2]

    async def _ask_states(self, now: datetime) -> Mapping[str, ProviderState]:
        standings = await self._telemetry.standings()
        snapshot = self._snapshot
        return {
            provider_id: status_at(standing, now, self._interval(snapshot, provider_id))
            for provider_id, standing in standings.items()
        }

    def _interval(self, snapshot: Snapshot | None, provider_id: str) -> timedelta:
        entry = snapshot.provider(provider_id) if snapshot is not None else None
        policy = entry.record.probe if entry is not None else None
        if policy is None or policy.health_interval is None:
            return self._health_interval
        return timedelta(seconds=policy.health_interval)

    async def watch(
        self,
        interval: float,
        news: News | None = None,
        clock: Clock = SystemClock(),  # noqa: B008 - it has no state
    ) -> None:
        """Refresh every ``interval`` seconds until cancelled; as soon as may be, where ``news`` arrive."""
        if news is None:
            while True:
                await clock.sleep(interval)
                await self._unharmed(self.refresh)
        self.news = news
        looks = Looks(interval, news, clock, lambda: bool(self._unreachable))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hear(news, looks.wake, clock))
            tasks.create_task(looks.repeat("registry", lambda: self._unharmed(self._look_for_revision)))
            tasks.create_task(looks.repeat("telemetry", lambda: self._unharmed(self._look_at_epoch)))

    async def _hear(self, news: News, wake: Wake, clock: Clock) -> None:
        """Have news arrive until cancelled, whatever happens to them."""
        while True:
            try:
                await news.run(wake)
            except Exception:
                # Without this, one unforeseen failure would leave this process to look for ever.
                log.exception("news of changes failed; beginning again")
            await clock.sleep(NEWS_PAUSE)

    async def _unharmed(self, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
        except Exception:
            # Without this, one unforeseen failure would end the watch and freeze what is served.
            log.exception("looking for a new revision failed")

    async def refresh(self) -> None:
        """Take up a new revision and new telemetry, if there are any. Raises nothing."""
        if await self._look_at_epoch():
            await self._look_for_revision()

    async def _look_at_epoch(self) -> bool:
        """Take up new telemetry, if there is any; whether the database answered."""
        try:
            self.epoch = await self._telemetry.epoch()
        except StoreError as error:
            self._not_reached("telemetry", error)
            return False
        for listener in self._epoch_listeners:
            listener(self.epoch)
        self._reached("telemetry")
        return True

    async def _look_for_revision(self) -> None:
        """Take up a new revision, if there is one."""
        try:
            head = await self._registry.head()
        except StoreError as error:
            self._not_reached("registry", error)
            return
        self._reached("registry")
        served = self._snapshot.revision if self._snapshot else None
        if head is None or head.revision == served:
            self.problem = self._refused = None
        elif head.revision != self._refused:
            await self._take_up(head.revision)

    def _reached(self, what: Change) -> None:
        if what in self._unreachable:
            self._unreachable.discard(what)
            if not self._unreachable:
                log.info("database is back")

    def _not_reached(self, what: Change, error: StoreError) -> None:
        if not self._unreachable:
            log.warning("database does not answer; serving what is loaded", reason=str(error))
        self._unreachable.add(what)

    async def _take_up(self, revision: str) -> None:
        try:
            with _uncollected():
                published = await self._registry.load()
                if published is None:
                    return
                head, registry = published
                # In a thread, so that requests go on being answered meanwhile.
                snapshot = await asyncio.to_thread(
                    build_snapshot, registry, revision=head.revision, published_at=head.published_at
                )
        except Exception as error:
            if isinstance(error, StoreError) and not isinstance(error, RecordUnreadable):
                # The database failed, not the revision: the next look tries again.
                self._not_reached("registry", error)
                return
            self._refused = revision
            # /api/health shows this to everybody, so the text of what nobody foresaw stays in the log.
            reason = str(error) if isinstance(error, RecordUnreadable) else "the log says why"
            self.problem = f"revision {revision} cannot be served: {reason}"
            log.error("revision refused", revision=revision, exc_info=error)
            return
        self._snapshot = snapshot
        self.problem = self._refused = None
        for listener in self._listeners:
            listener()
        log.info("revision taken up", revision=snapshot.revision, models=len(snapshot.models))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing is searched for garbage while a snapshot is made, nor the snapshot ever after.

    Without this, every full collection walks all its records: 150 ms for 50,000 offerings, in which nobody is
    answered. A snapshot has no reference cycles, so an old one is freed all the same.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
