"""The rate limit of several processes together, counted where they all can count."""

import asyncio
from collections import deque
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
WAIT_SECONDS = 0.25
"""The longest that a request waits to be counted, the question before its own included."""
HELD_UP = 1.2
"""Waiting that ends this many times later than it should says that this process was held up."""


class SharedLimiter:
    """Counts in a ``Tally`` while that can be asked, else in this process alone.

    One question is under way at a time; whoever comes meanwhile waits for the next, which is asked for all
    of them: a client's requests as one amount, of which each gets its own place in the count. So the limit is
    exact, and the more requests there are the less it costs for each.

    Nobody waits for longer than ``WAIT_SECONDS``: then a request is counted in this process, and, where its
    question is not asked yet, there alone.

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
        # All who wait or lately did, by when they have waited long enough: the first is due first.
        self._due: deque[tuple[float, str, Waiting]] = deque()
        self._timer: asyncio.TimerHandle | None = None

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
        due = loop.time() + WAIT_SECONDS
        self._due.append((due, client, waiting))
        if self._timer is None:
            self._timer = loop.call_at(due, self._look, due)
        if self._asking is None:
            self._asking = loop.create_task(self._ask_for_all())
        return waiting

    def peek(self, client: str, now: float) -> Bucket:
        """What this process knows of the client's bucket, without counting or asking.

        Those who only look, health checks and preflights, are not limited; they must not load Redis.
        """
        return self._own.peek(client, now)

    def _look(self, due: float, excused: bool = False) -> None:
        """Count alone who has waited long enough; ``due`` is when this should have been done."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if not excused and now - due > (HELD_UP - 1) * WAIT_SECONDS:
            # Something else kept the event loop busy; the answer may be there, and nobody has read it yet.
            self._timer = loop.call_at(now + WAIT_SECONDS, self._look, now + WAIT_SECONDS, True)
            return
        while self._due and (self._due[0][0] <= now or self._due[0][2].done()):
            _, client, one = self._due.popleft()
            self._count_alone(client, one)
        self._timer = loop.call_at(self._due[0][0], self._look, self._due[0][0]) if self._due else None

    def _count_alone(self, client: str, one: Waiting) -> None:
        if not one.done():
            self.local += 1
            bucket = self._own.take(client, self._time())
            one.set_result(Bucket(bucket.left, bucket.began_at))

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
        # Not those who were counted alone meanwhile; but those who hung up, or hanging up would be free.
        asked = {
            client: still
            for client, waiting in asked.items()
            if (still := [one for one in waiting if one.cancelled() or not one.done()])
        }
        try:
            if asked:
                await self._count(asked)
        except RedisAway:
            pass  # said by whoever found out
        except Exception:
            log.exception("counting requests together failed")
        finally:
            for client, waiting in asked.items():
                for one in waiting:
                    self._count_alone(client, one)

    async def _count(self, asked: dict[str, list[Waiting]]) -> None:
        now = self._time()
        timed = [client for client in asked if self._own.find(client, now) is None]
        amounts = {client: len(waiting) for client, waiting in asked.items()}
        added = await self._tally.add(amounts, timed)
        counts, ends_in = added.counts, added.ends_in
        # After the answer: a window must not seem to end before it does, or who waits for that is refused.
        now = self._time()
        begun, unknown = {}, []
        for client, waiting in asked.items():
            known = self._own.find(client, now)
            before = counts[client] - len(waiting)
            if before == 0:
                begun[client] = now
            elif client in ends_in:
                begun[client] = now + ends_in[client] - WINDOW_SECONDS
            elif known is not None and before >= self.limit - known.left:
                begun[client] = known.began_at
            else:
                # Its window ended meanwhile, or Redis has forgotten what was known here.
                unknown.append(client)
        if unknown:
            found = await self._tally.ends_in(unknown)
            now = self._time()
            begun |= {client: now + found[client] - WINDOW_SECONDS for client in unknown}
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
        for place, one in enumerate(waiting, start=count - len(waiting) + 1):
            if not one.done():
                one.set_result(Bucket(self.limit - place, began_at))
            elif not one.cancelled():
                continue
            self.shared += 1
