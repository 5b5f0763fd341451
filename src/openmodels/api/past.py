"""Snapshots of what was published in the past, for answers as of a time.

Whoever asks is a stranger, and any time may be asked for. So one snapshot is made at a time, few wait for
theirs, and few are kept.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

from openmodels.clock import Clock
from openmodels.domain.snapshot import Snapshot, build_snapshot
from openmodels.domain.views.registry import iso
from openmodels.errors import NotFound, StoreError, Unavailable
from openmodels.store.history_ports import HistoryStore
from openmodels.store.live import Live

KEPT = 4
"""The most snapshots of the past that are kept, besides the one that serves."""
KEPT_OFFERINGS = 50_000
"""The most offerings that they hold together, unless one alone holds more: so memory is bounded too."""
MOST_MAKING = 4
"""The most snapshots that are being made or waited for at a time; who asks for one more must come back."""
LONGEST_REST = 60.0
"""Seconds that pass at most between one that was made and the next; well above what it takes to make one."""
RETRY_SECONDS = 5
"""When to come back."""
AHEAD = timedelta(days=2)
"""How far ahead a time may be and still mean the present: to the end of tomorrow, which the east is in."""
UNREADABLE_MESSAGE = "The history of the registry cannot be read at the moment. Try again in a minute."


class _Which(NamedTuple):
    """A revision, and which of the times that it was published."""

    revision: str
    published_at: datetime


class Past:
    """What was published at a time, ready to answer."""

    def __init__(self, history: HistoryStore, live: Live, clock: Clock) -> None:
        self._history = history
        self._live = live
        self._clock = clock
        self._rested_at = 0.0
        self._kept: OrderedDict[_Which, Snapshot] = OrderedDict()
        self._making: dict[_Which, asyncio.Task[Snapshot]] = {}
        self._turn = asyncio.Lock()

    @property
    def present(self) -> Snapshot:
        """What serves now."""
        return self._live.snapshot

    async def beginning(self) -> datetime | None:
        """When the history begins; None where nothing is known of it. Raises ``StoreError``."""
        head = await self._history.beginning()
        return None if head is None else head.published_at

    async def at(self, time: datetime) -> Snapshot | None:
        """What was published at that time; None for a time before the history begins.

        Raises ``StoreError``, and ``Unavailable`` when too many different ones are being made.
        """
        head = await self._history.head_at(time)
        if head is None:
            return None
        live = self._live.snapshot
        if head.revision == live.revision:
            return live
        which = _Which(head.revision, head.published_at)
        kept = self._kept.get(which)
        if kept is not None:
            self._kept.move_to_end(which)
            return kept
        making = self._making.get(which)
        if making is None:
            if len(self._making) >= MOST_MAKING:
                raise Unavailable(
                    "Many different times are being asked for, and each takes a while to make ready. "
                    f"Try again in {RETRY_SECONDS} seconds.",
                    retry_after=RETRY_SECONDS,
                )
            making = self._making[which] = asyncio.create_task(self._make(which))
            making.add_done_callback(partial(self._made, which))
        # Shielded, since others wait for it too when one hangs up.
        return await asyncio.shield(making)

    async def _make(self, which: _Which) -> Snapshot:
        async with self._turn:
            snapshot = await self._read_back(which)
        self._keep(which, snapshot)
        return snapshot

    def _made(self, which: _Which, making: asyncio.Task[Snapshot]) -> None:
        del self._making[which]
        if not making.cancelled():
            # Looked at here, since everybody who waited may have hung up.
            making.exception()

    async def _read_back(self, which: _Which) -> Snapshot:
        # A thread that makes one takes its share of Python's lock. Without a rest as long as the work was,
        # whoever asks for one time after the other would slow everybody's answers down all the time.
        rest = self._rested_at - self._clock.unix()
        await self._clock.sleep(min(max(0.0, rest), LONGEST_REST))
        begun = self._clock.unix()
        try:
            found = await self._history.registry_at(which.published_at)
            if found is None or found[0].revision != which.revision:
                # Two questions, and a replica that lags may have answered the second.
                raise StoreError(f"the history does not tell what revision {which.revision} was")
            return await asyncio.to_thread(
                build_snapshot, found[1], revision=found[0].revision, published_at=found[0].published_at
            )
        finally:
            ended = self._clock.unix()
            self._rested_at = ended + max(0.0, ended - begun)

    def _keep(self, which: _Which, snapshot: Snapshot) -> None:
        self._kept[which] = snapshot
        while len(self._kept) > 1 and (
            len(self._kept) > KEPT or sum(s.offerings_count for s in self._kept.values()) > KEPT_OFFERINGS
        ):
            self._kept.popitem(last=False)


async def snapshot_at(time: datetime, past: Past, clock: Clock) -> Snapshot:
    """What answers as of that time.

    Raises ``NotFound`` for a time of which nothing is known, ``Unavailable`` when the history cannot be read
    or too many ask.
    """
    now = clock.now()
    if time > now + AHEAD:
        raise NotFound(
            f"Nothing is known of {iso(time)} yet: it is {iso(now)} now; leave as_of out for the present",
            [{"parameter": "as_of", "value": iso(time)}],
        )
    if time >= now:
        return past.present
    with reading_history():
        found = await past.at(time)
        if found is not None:
            return found
        beginning = await past.beginning()
    asked, begins = iso(time), "has not begun"
    if beginning is not None:
        # Of two times in one millisecond, only what is shorter tells which came first.
        say = _to_the_microsecond if asked == iso(beginning) else iso
        asked, begins = say(time), f"begins at {say(beginning)}"
    raise NotFound(
        f"Nothing is known of {asked}: the history {begins}", [{"parameter": "as_of", "value": asked}]
    )


def _to_the_microsecond(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


@contextmanager
def reading_history() -> Iterator[None]:
    """Meanwhile, a failure of the store is an ``Unavailable`` that says what cannot be read."""
    try:
        yield
    except StoreError as error:
        raise Unavailable(UNREADABLE_MESSAGE) from error
