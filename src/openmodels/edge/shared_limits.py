"""The rate limit of several processes together, counted where they all can count."""

import asyncio
from collections.abc import Awaitable, Iterable
from itertools import islice
from typing import Any

import structlog

from openmodels.clock import Clock
from openmodels.edge.limits import WINDOW_SECONDS, Bucket, MemoryLimiter
from openmodels.errors import RedisAway
from openmodels.store.tally import Tally

log: Any = structlog.get_logger(__name__)

Waiting = asyncio.Future[Bucket]

MOST_TOGETHER = 512
"""Clients that are counted in one question: a few milliseconds of work, far from what a question may take."""


class SharedLimiter:
    """Counts in a ``Tally`` while that can be asked, else in this process alone.

    One question is under way at a time; whoever comes meanwhile waits for the next, which is asked for all
    of them: a client's requests as one amount, of which each gets its own place in the count. So the limit is
    exact, and the more requests there are the less it costs for each.

    What was counted is remembered as long as its window lasts: when that ends, and how much was left. So a
    client that has used its limit up is refused without asking, and when the tally goes away, this process
    goes on from the last count that it knows.
    """

    def __init__(self, tally: Tally, limit: int, clock: Clock) -> None:
        self.limit = limit
        self.shared = 0
        """Requests counted together, or refused by such a count."""
        self.local = 0
        """Requests counted in this process alone."""
        self._tally = tally
        self._time = clock.unix
        self._own = MemoryLimiter(limit)
        self._waiting: dict[str, list[Waiting]] = {}
        self._asking: asyncio.Task[None] | None = None

    def take(self, client: str, now: float) -> Bucket | Awaitable[Bucket]:
        """Count one request; at once when that needs nobody else."""
        if not self._tally.up:
            self.local += 1
            return self._own.take(client, now)
        known = self._own.find(client, now)
        if known is not None and known.left <= 0:
            self.shared += 1
            return Bucket(-1, known.began_at)
        loop = asyncio.get_running_loop()
        waiting: Waiting = loop.create_future()
        self._waiting.setdefault(client, []).append(waiting)
        if self._asking is None:
            self._asking = loop.create_task(self._ask_for_all())
        return waiting

    def peek(self, client: str, now: float) -> Bucket:
        """What this process knows of the client's bucket, without counting or asking.

        Those who only look, health checks and preflights, are not limited; they must not load Redis.
        """
        return self._own.peek(client, now)

    async def _ask_for_all(self) -> None:
        try:
            while self._waiting:
                if len(self._waiting) <= MOST_TOGETHER:
                    asked, self._waiting = self._waiting, {}
                else:
                    asked = {
                        name: self._waiting.pop(name) for name in [*islice(self._waiting, MOST_TOGETHER)]
                    }
                await self._ask(asked)
        finally:
            self._asking = None

    async def _ask(self, asked: dict[str, list[Waiting]]) -> None:
        """Settle all of these; whatever fails, none is left waiting."""
        try:
            await self._count(asked)
        except RedisAway:
            pass  # said by whoever found out
        except Exception:
            log.exception("counting requests together failed")
        finally:
            for client, waiting in asked.items():
                for one in waiting:
                    if not one.done():
                        self.local += 1
                        bucket = self._own.take(client, self._time())
                        one.set_result(Bucket(bucket.left, bucket.began_at))

    async def _count(self, asked: dict[str, list[Waiting]]) -> None:
        counts = await self._tally.add({client: len(waiting) for client, waiting in asked.items()})
        # After the answer: a window must not seem to end before it does, or who waits for that is refused.
        now = self._time()
        begun, unknown = {}, []
        for client, waiting in asked.items():
            known = self._own.find(client, now)
            before = counts[client] - len(waiting)
            if before == 0:
                begun[client] = now
            elif known is not None and before >= self.limit - known.left:
                begun[client] = known.began_at
            else:
                # Counted by another process first, or anew, since Redis has forgotten what was known here.
                unknown.append(client)
        if unknown:
            ends_in = await self._tally.ends_in(unknown)
            now = self._time()
            begun |= {client: now + ends_in[client] - WINDOW_SECONDS for client in unknown}
        for client, waiting in asked.items():
            self._settle(client, waiting, counts[client], begun[client], now)

    def _settle(
        self, client: str, waiting: Iterable[Waiting], count: int, began_at: float, now: float
    ) -> None:
        known = self._own.find(client, now)
        if known is not None and known.began_at == began_at:
            known.left = self.limit - count
        else:
            self._own.keep(client, Bucket(self.limit - count, began_at), now)
        waiting = list(waiting)
        self.shared += len(waiting)
        for place, one in enumerate(waiting, start=count - len(waiting) + 1):
            if not one.done():
                one.set_result(Bucket(self.limit - place, began_at))
