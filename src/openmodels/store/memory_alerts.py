"""What is kept for alerts, in memory: for one process, for tests, and for trying things."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from openmodels.domain.alerts import AlertState, Delivery, Window, in_trouble
from openmodels.store.alert_ports import CursorMove, Settlement


class MemoryAlertStore:
    """An ``AlertStore`` in memory; see the port for what each method promises."""

    def __init__(self) -> None:
        self._cursor = 0
        self._states: dict[str, AlertState] = {}
        self._deliveries: dict[int, Delivery] = {}
        self._windows: dict[int, Window] = {}
        self._made = 0

    async def cursor(self) -> int:
        """The number of the last transition that was made into deliveries."""
        return self._cursor

    async def states(self, provider_ids: Collection[str]) -> Mapping[str, AlertState]:
        """By provider id: what is kept of these."""
        return {name: self._states[name] for name in sorted(set(provider_ids)) if name in self._states}

    async def open_states(self) -> Sequence[AlertState]:
        """Those that are in trouble or were kept from people."""
        return [state for _, state in sorted(self._states.items()) if in_trouble(state) or state.held]

    async def keep(
        self,
        states: Sequence[AlertState],
        deliveries: Sequence[Delivery],
        *,
        cursor: CursorMove | None = None,
    ) -> bool:
        """Keep all of these and move the cursor, or nothing at all."""
        if cursor is not None and cursor.seen != self._cursor:
            return False
        if any(self._version(state.provider_id) != state.version for state in states):
            return False
        if cursor is not None:
            self._cursor = cursor.end
        for state in states:
            self._states[state.provider_id] = replace(state, version=state.version + 1)
        for delivery in deliveries:
            self._made += 1
            self._deliveries[self._made] = replace(delivery, number=self._made)
        return True

    async def due(self, destination: str, now: datetime, *, limit: int) -> Sequence[Delivery]:
        """What waits to be sent there now, oldest first."""
        heads: dict[str | None, Delivery] = {}
        for delivery in self._deliveries.values():
            if delivery.status == "waiting" and delivery.destination == destination:
                heads.setdefault(delivery.alert.provider_id, delivery)
        return [delivery for delivery in heads.values() if delivery.next_at <= now][:limit]

    async def claim(self, delivery: Delivery, until: datetime) -> Delivery | None:
        """Begin an attempt at a delivery."""
        if not self._is_at(delivery):
            return None
        claimed = replace(delivery, attempts=delivery.attempts + 1, next_at=until)
        self._deliveries[delivery.number] = claimed
        return claimed

    async def settle(self, claimed: Delivery, settlement: Settlement) -> bool:
        """End an attempt."""
        if not self._is_at(claimed):
            return False
        again = settlement.status == "waiting"
        self._deliveries[claimed.number] = replace(
            claimed,
            status=settlement.status,
            detail=settlement.detail,
            next_at=settlement.next_at or claimed.next_at,
            settled_at=None if again else settlement.at,
        )
        state = self._states.get(claimed.alert.provider_id or "")
        if settlement.status == "sent" and state is not None:
            told = replace(state, alerted_at=settlement.at, version=state.version + 1)
            self._states[state.provider_id] = told
        return True

    async def waiting_for(self, provider_id: str) -> frozenset[str]:
        """The destinations to which something about this provider still waits to be sent."""
        return frozenset(
            delivery.destination
            for delivery in self._deliveries.values()
            if delivery.status == "waiting" and delivery.alert.provider_id == provider_id
        )

    async def deliveries(self, *, limit: int) -> Sequence[Delivery]:
        """The newest deliveries, newest first."""
        return list(self._deliveries.values())[::-1][:limit]

    async def forget(self, before: datetime, *, limit: int) -> int:
        """Delete the oldest deliveries that were made before then."""
        oldest = list(self._deliveries.values())[:limit]
        old = [delivery.number for delivery in oldest if delivery.created_at < before]
        for number in old:
            del self._deliveries[number]
        return len(old)

    async def add_window(self, window: Window) -> Window:
        """Keep a maintenance window."""
        number = len(self._windows) + 1
        self._windows[number] = replace(window, number=number)
        return self._windows[number]

    async def windows(self, *, ending_after: datetime | None = None, limit: int) -> Sequence[Window]:
        """The newest windows, newest first."""
        found = [w for w in self._windows.values() if ending_after is None or w.ends_at > ending_after]
        return found[::-1][:limit]

    async def end_window(self, number: int, at: datetime) -> Window | None:
        """End a window that is not over."""
        window = self._windows.get(number)
        if window is not None and at < window.ends_at:
            window = replace(window, ends_at=max(at, window.starts_at))
            self._windows[number] = window
        return window

    def _version(self, provider_id: str) -> int:
        state = self._states.get(provider_id)
        return 0 if state is None else state.version

    def _is_at(self, delivery: Delivery) -> bool:
        """Whether this is the attempt that the delivery is at."""
        kept = self._deliveries.get(delivery.number)
        return kept is not None and kept.status == "waiting" and kept.attempts == delivery.attempts
