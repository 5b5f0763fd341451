"""Follows a server's telemetry: the stream, and the figures that no event carries."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from itertools import count

import httpx2

from openmodels.cli.watching.state import (
    State,
    connected,
    disconnected,
    happened,
    in_order,
    refreshed,
    unread,
)
from openmodels.clock import Clock
from openmodels_client import AsyncOpenModels, Event, NotFound, OpenModelsError, RateLimited, Retry
from openmodels_client.types import Gap, RecordedCheck

STREAM = "/api/telemetry/stream"
CHECKS = 40
"""Checks that are read of a provider."""
BURST = 20
"""Providers that are read without a pause at first, at two requests each; a server takes 100 requests
a minute unless it is told otherwise."""
PAUSE = 2.5
"""Between two providers that are read, in seconds."""
ROUND = 30.0
"""How long it takes at least until a provider is read again, in seconds."""
TROUBLED = 5.0
"""How long nothing is read after it failed, in seconds."""
REFUSED = 30.0
"""The same where the server said that there are too many requests, and not for how long."""


class Watcher:
    """Keeps a state of what is recorded; ``changed`` is set with each change of it."""

    def __init__(
        self, state: State, address: str, *, clock: Clock, http: httpx2.AsyncClient, timeout: float
    ) -> None:
        """``state`` says whom it follows. ``http`` gets a hook, and stays the caller's."""
        self.state = state
        self.changed = asyncio.Event()
        self._wanted = None if state.everyone else tuple(one.id for one in state.providers)
        self._clock = clock
        self._streaming = AsyncOpenModels(address, timeout=timeout, http_client=http, sleep=self._reconnect)
        # What is not read now is read in the next round.
        self._reading = AsyncOpenModels(
            address, timeout=timeout, http_client=http, retry=Retry(times=0), remember=0
        )
        http.event_hooks["response"] = [*http.event_hooks["response"], self._answered]
        self._due: dict[str, None] = {}
        self._urgent = asyncio.Event()
        self._opened = 0

    async def events(self) -> AsyncGenerator[Event, None]:
        """Each event, once the state knows of it; to be closed.

        Raises ``OpenModelsError`` where there is no stream, and none comes again.
        """
        async with self._streaming.telemetry.stream(provider=self._wanted) as stream:
            async for event in stream:
                self._take(event)
                yield event

    async def follow(self) -> None:
        """Take in events, without end."""
        async with aclosing(self.events()) as events:
            async for _ in events:
                pass

    async def keep_fresh(self) -> None:
        """Read providers' figures in turn, without end, those first that something happened to."""
        read: dict[str, int] = {}
        for number in count():
            chosen = self._next(read)
            if chosen is None:
                await self._rest(ROUND)
                continue
            wait = await self._read(chosen)
            read[chosen] = number
            if wait is not None:
                await self._clock.sleep(wait)
                continue
            providers = self.state.providers
            unread = any(one.id not in read for one in providers)
            if unread and number < BURST:
                continue
            await self._clock.sleep(PAUSE)
            if not unread:
                await self._rest(ROUND / max(1, len(providers)) - PAUSE)

    def _next(self, read: Mapping[str, int]) -> str | None:
        """Whose figures to read: of those that nothing happened to, whose are oldest, as they are shown."""
        if self._due:
            chosen = next(iter(self._due))
            del self._due[chosen]
            return chosen
        ids = [one.id for one in in_order(self.state)]
        return min(ids, key=lambda name: read.get(name, -1), default=None)

    async def _read(self, provider_id: str) -> float | None:
        """Read one provider's figures; gives back how long to leave the server alone where that failed."""
        try:
            health = await self._reading.telemetry.health(provider_id, period="24h", limit=CHECKS)
            latency = await self._reading.telemetry.latency(provider_id, period="24h", limit=5)
        except NotFound:
            # It was checked, and is not in the registry any more.
            return None
        except RateLimited as error:
            self._become(unread(self.state, "the server takes no more requests now; figures come later"))
            return REFUSED if error.retry_after is None else error.retry_after
        except OpenModelsError as error:
            self._become(unread(self.state, str(error)))
            return TROUBLED
        self._become(refreshed(self.state, health, latency, provider_id))
        return None

    async def _rest(self, seconds: float) -> None:
        """Wait for so long, or until something happened that the server should be asked about."""
        self._urgent.clear()
        if self._due or seconds <= 0:
            return
        waiting = {
            asyncio.ensure_future(self._clock.sleep(seconds)),
            asyncio.ensure_future(self._urgent.wait()),
        }
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    def _take(self, event: Event) -> None:
        self._become(happened(self.state, event, self._clock.now()))
        if isinstance(event, Gap):
            self._hurry(*(one.id for one in self.state.providers))
        elif isinstance(event, RecordedCheck):
            known = self.state.provider(event.provider_id)
            if known is not None and known.contradicted:
                self._hurry(known.id)

    def _hurry(self, *provider_ids: str) -> None:
        self._due |= dict.fromkeys(provider_ids)
        self._urgent.set()

    async def _answered(self, response: httpx2.Response) -> None:
        """Each answer's head passes here: the stream says no other way that it is open."""
        if response.status_code != 200 or not response.request.url.path.endswith(STREAM):
            return
        self._become(connected(self.state, self._clock.now()))
        self._opened += 1
        if self._opened > 1:
            # What happened meanwhile and was not sent again is read.
            self._hurry(*(one.id for one in self.state.providers))

    async def _reconnect(self, seconds: float) -> None:
        self._become(disconnected(self.state, self._clock.now(), seconds))
        await self._clock.sleep(seconds)

    def _become(self, state: State) -> None:
        self.state = state
        self.changed.set()
