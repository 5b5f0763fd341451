"""The port of what is kept for alerts: deliveries, what people were told, and maintenance windows.

It has an implementation in memory (``store/memory_alerts.py``) and one over SQL (``store/alerts.py``); one
contract suite runs over both. Several processes may share a store: every write that decides something is
conditional, and says whether it came in time.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from openmodels.domain.alerts import AlertState, Delivery, DeliveryStatus, Window


class CursorMove(NamedTuple):
    """Which transitions were seen, and which have been with this."""

    seen: int
    """The number of the last transition that was seen before."""
    end: int
    """The number of the last that is seen now."""


class Settlement(NamedTuple):
    """What came of an attempt."""

    status: DeliveryStatus
    """``waiting`` to try again."""
    detail: str
    """In our own words: nothing that a receiver sent, no address."""
    at: datetime
    """When it came."""
    next_at: datetime | None = None
    """When to try again."""


class AlertStore(Protocol):
    """Keeps what alerts need to survive a restart and to be told once by several processes."""

    async def cursor(self) -> int:
        """The number of the last transition that was made into deliveries; 0 for none."""
        ...

    async def states(self, provider_ids: Collection[str]) -> Mapping[str, AlertState]:
        """By provider id: what is kept of these; providers of which nothing is are left out."""
        ...

    async def open_states(self) -> Sequence[AlertState]:
        """Those that are in trouble or were kept from people, by provider id."""
        ...

    async def keep(
        self,
        states: Sequence[AlertState],
        deliveries: Sequence[Delivery],
        *,
        cursor: CursorMove | None = None,
    ) -> bool:
        """Keep all of these in one transaction, and move the cursor; or nothing at all, and give back False.

        False when another came first: the cursor is not where it was seen, or one of the states has another
        version than the one given. Versions grow by one. No provider may be there twice.
        """
        ...

    async def due(self, destination: str, now: datetime, *, limit: int) -> Sequence[Delivery]:
        """What waits to be sent there now, oldest first; of each provider only the oldest that waits."""
        ...

    async def claim(self, delivery: Delivery, until: datetime) -> Delivery | None:
        """Begin an attempt at a delivery, as ``due`` gave it; None when another process has begun one.

        The attempt counts as lost when it is not settled ``until`` then: the delivery is due again.
        """
        ...

    async def settle(self, claimed: Delivery, settlement: Settlement) -> bool:
        """End an attempt; False when it counts as lost already and another has begun.

        When it was sent, the provider's ``alerted_at`` is set to that time.
        """
        ...

    async def waiting_for(self, provider_id: str) -> frozenset[str]:
        """The destinations to which something about this provider still waits to be sent."""
        ...

    async def deliveries(self, *, limit: int) -> Sequence[Delivery]:
        """The newest deliveries, newest first."""
        ...

    async def forget(self, before: datetime, *, limit: int) -> int:
        """Delete the oldest deliveries that were made before then, at most ``limit``; how many there were."""
        ...

    async def add_window(self, window: Window) -> Window:
        """Keep a maintenance window, and give it back with its number."""
        ...

    async def windows(self, *, ending_after: datetime | None = None, limit: int) -> Sequence[Window]:
        """The newest windows, newest first; only those that end after a time when one is given."""
        ...

    async def end_window(self, number: int, at: datetime) -> Window | None:
        """End a window that is not over: now if it has begun, before it begins if not. None for no such one.

        One that is over is given back as it is.
        """
        ...
