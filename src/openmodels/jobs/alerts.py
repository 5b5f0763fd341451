"""Tells people what changed: transitions become deliveries, and deliveries are sent until they arrive.

Any number of processes may run a dispatcher over one store, as long as they have the same destinations: each
transition is fanned out once, and each delivery is tried by one of them at a time. A delivery is sent at
least once: a process that dies in the middle of an attempt leaves it to be tried again, with the same id.
"""

import asyncio
import uuid
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, Protocol

import structlog
from msgspec.structs import replace

from openmodels.clock import Clock
from openmodels.domain.alerts import (
    DELIVER_WITHIN,
    Alert,
    AlertState,
    Delivery,
    DeliveryStatus,
    Window,
    fate_of,
    in_trouble,
    known_down,
    moved,
    released,
    reminded,
    reminder_overdue,
    wait_after,
)
from openmodels.domain.standing import Standing
from openmodels.errors import StoreError
from openmodels.jobs.senders import Answer, Joining, Sender
from openmodels.store.alert_ports import AlertStore, CursorMove, Settlement
from openmodels.store.ports import NumberedTransition

log: Any = structlog.get_logger(__name__)

STEP = 2.0
"""Seconds between looks for news and for what is due."""
CLAIM = timedelta(seconds=60)
"""How long an attempt may take before it counts as lost; longer than any sender's deadline."""
BATCH = 200
"""Transitions made into deliveries in one transaction."""
MAX_BATCHES = 50
"""How many of those in one look, so that it comes to an end."""
TURN = 20
"""Deliveries that one destination is given in one look."""
PER_MINUTE = 5
"""Messages that one destination of people is sent in a minute. Providers that share an outage are noticed one
after another, as their turns to be checked come; what does not fit waits, and is told together."""
JOIN_FROM = 5
"""So many deliveries to people at one time become one message."""
TOGETHER = 500
"""Deliveries that one message stands for at most."""
MAX_WINDOWS = 10_000
"""Maintenance windows that are looked at."""
KEEP = timedelta(days=90)
"""How long deliveries are kept."""
FORGET_AT_ONCE = 500
"""Deliveries that one look deletes at most."""
REMINDERS = timedelta(seconds=15)
"""Between looks for reminders that are due."""
HOUSEKEEPING = timedelta(hours=1)
"""Between looks for what to delete."""


class Telemetry(Protocol):
    """What alerts need of a ``TelemetryStore``."""

    async def transitions_after(self, number: int, *, limit: int) -> Sequence[NumberedTransition]:
        """The transitions recorded after that one, oldest first."""
        ...

    async def standings(self) -> Mapping[str, Standing]:
        """By provider id: how each stands."""
        ...


class Origin(NamedTuple):
    """Where alerts come from: what they say beside the news."""

    names: Callable[[str], str]
    """The display name for a provider's id."""
    base_url: str
    """The address of this server's API, without a trailing slash."""
    region: str
    """The prober's region."""

    def sign(self, alert: Alert) -> Alert:
        """The alert with all that it says beside the news."""
        provider_id = alert.provider_id
        if provider_id is None:
            return replace(alert, region=self.region)
        return replace(
            alert,
            provider_name=self.names(provider_id),
            region=self.region,
            url=f"{self.base_url}/api/providers/{provider_id}",
        )


class Dispatcher:
    """Makes news into deliveries and sends them.

    ``senders`` are the destinations by label; ``reminder`` is the time between reminders, None for none.
    """

    def __init__(
        self,
        telemetry: Telemetry,
        alerts: AlertStore,
        senders: Mapping[str, Sender],
        clock: Clock,
        *,
        reminder: timedelta | None,
        origin: Origin,
    ) -> None:
        self._telemetry = telemetry
        self._alerts = alerts
        self._senders = senders
        self._clock = clock
        self._reminder = reminder
        self._origin = origin
        self._looked_for_reminders_at: datetime | None = None
        self._housekept_at: datetime | None = None
        self._troubles: set[str] = set()
        self._messages: dict[str, deque[datetime]] = defaultdict(deque)

    async def run(self) -> None:
        """Look every ``STEP`` seconds until cancelled; returns at once when there is no destination.

        Each destination has a loop of its own, so that one that hangs keeps no other waiting. A database that
        fails is logged once, and tried again.
        """
        if not self._senders:
            return
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._repeat("news", self.watch))
            for label in self._senders:
                tasks.create_task(self._repeat(label, partial(self.deliver, label)))

    async def run_once(self) -> None:
        """One look: take up news, and send what is due, each destination beside the others.

        Raises ``StoreError``.
        """
        if not self._senders:
            return
        await self.watch()
        turns = await asyncio.gather(*map(self.deliver, self._senders), return_exceptions=True)
        for failure in filter(None, turns):
            raise failure

    async def watch(self) -> None:
        """Make deliveries of new transitions, of what maintenance kept back, and reminders.

        Raises ``StoreError``.
        """
        now = self._clock.now()
        for _ in range(MAX_BATCHES):
            if not await self._fan_out(now):
                break
        await self._follow_up(now)
        if _is_time(self._looked_for_reminders_at, now, REMINDERS):
            await self._remind_all(now)
            self._looked_for_reminders_at = now
        if _is_time(self._housekept_at, now, HOUSEKEEPING):
            forgotten = await self._alerts.forget(now - KEEP, limit=FORGET_AT_ONCE)
            if forgotten < FORGET_AT_ONCE:
                self._housekept_at = now

    async def deliver(self, label: str) -> None:
        """Send what is due to one destination, in order, until something fails. Raises ``StoreError``.

        A destination that fails is left alone for this look: it would most likely fail for all the rest too,
        each time at the cost of a deadline.
        """
        sender = self._senders[label]
        if not isinstance(sender, Joining):
            await self._deliver_singly(sender, await self._alerts.due(label, self._clock.now(), limit=TURN))
            return
        room = self._room_for(label)
        if room == 0:
            return
        due = await self._alerts.due(label, self._clock.now(), limit=TOGETHER)
        if len(due) >= JOIN_FROM:
            self._messages[label].append(self._clock.now())
            await self._deliver_together(sender, due)
        else:
            self._messages[label].extend([self._clock.now()] * len(due[:room]))
            await self._deliver_singly(sender, due[:room])

    def _room_for(self, label: str) -> int:
        """How many more messages the destination may be sent now."""
        now, sent = self._clock.now(), self._messages[label]
        while sent and not timedelta() <= now - sent[0] < timedelta(minutes=1):
            sent.popleft()
        return max(0, PER_MINUTE - len(sent))

    async def _deliver_singly(self, sender: Sender, due: Sequence[Delivery]) -> None:
        for delivery in due:
            claimed = await self._claimed(delivery)
            if claimed is None:
                continue
            answer = await self._ask(
                sender.send(claimed.alert, delivery_id=claimed.id, now=self._clock.now())
            )
            await self._settle(claimed, answer)
            if not answer.ok:
                return

    async def _deliver_together(self, sender: Joining, due: Sequence[Delivery]) -> None:
        """Tell all of these in one message: an outage that many providers share is one thing to read."""
        claimed = [one for one in [await self._claimed(delivery) for delivery in due] if one is not None]
        if not claimed:
            return
        answer = await self._ask(sender.send_together([one.alert for one in claimed]))
        for one in claimed:
            await self._settle(one, answer)

    async def _claimed(self, delivery: Delivery) -> Delivery | None:
        """The delivery, which nobody else sends meanwhile; None when it is not to be sent from here."""
        now = self._clock.now()
        claimed = await self._alerts.claim(delivery, now + CLAIM)
        if claimed is not None and now - claimed.created_at > DELIVER_WITHIN:
            expired = Settlement(status="expired", detail="nobody sent it in time", at=now)
            await self._alerts.settle(claimed, expired)
            return None
        return claimed

    async def _repeat(self, what: str, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except StoreError as error:
                if what not in self._troubles:
                    self._troubles.add(what)
                    log.warning("alerts wait for the database", of=what, reason=str(error))
            except Exception:
                # Without this, one unforeseen failure would end all alerts. Told once, for there is a look
                # every other second.
                if what not in self._troubles:
                    self._troubles.add(what)
                    log.exception("alerts failed", of=what)
            else:
                if what in self._troubles:
                    self._troubles.discard(what)
                    log.info("alerts go on", of=what)
            await self._clock.sleep(STEP)

    async def _fan_out(self, now: datetime) -> bool:
        """Make deliveries of one batch of transitions; False when there is nothing more to do now."""
        seen = await self._alerts.cursor()
        batch = await self._telemetry.transitions_after(seen, limit=BATCH)
        if not batch:
            return False
        standings = await self._telemetry.standings()
        states = dict(await self._alerts.states({one.transition.provider_id for one in batch}))
        earliest = min(now, *(one.transition.at for one in batch))
        windows = await self._alerts.windows(ending_after=earliest, limit=MAX_WINDOWS)
        deliveries: list[Delivery] = []
        for _, transition in batch:
            name = transition.provider_id
            state = states.get(name) or AlertState(provider_id=name)
            silent = _silent(windows, name, now) or _silent(windows, name, transition.at)
            fate = fate_of(transition, now, silent=silent)
            states[name], alert = moved(state, transition, standings.get(name), fate, now)
            deliveries += self._to_all(alert, now, fate)
        move = CursorMove(seen=seen, end=batch[-1].number)
        # When another process came first, these are told already, and there may be more.
        if await self._alerts.keep(list(states.values()), deliveries, cursor=move):
            for _, transition in batch:
                log.info("news", provider=transition.provider_id, status=transition.after)
        return len(batch) == BATCH

    async def _follow_up(self, now: datetime) -> None:
        """Hold back in maintenance, and tell after it what was held back."""
        states = await self._alerts.open_states()
        if not states:
            return
        windows = await self._alerts.windows(ending_after=now, limit=MAX_WINDOWS)
        for state in states:
            silent = _silent(windows, state.provider_id, now)
            if silent and not state.held and in_trouble(state):
                # Told before the maintenance or not: if it is still so after it, people hear of it then.
                await self._alerts.keep([replace(state, held=True)], [])
            elif state.held and not silent:
                after, alert = released(state, now)
                await self._alerts.keep([after], self._to_all(alert, now) if alert else [])

    async def _remind_all(self, now: datetime) -> None:
        every = self._reminder
        if every is None:
            return
        # What is held is in maintenance.
        states = await self._alerts.open_states()
        overdue = [state for state in states if not state.held and reminder_overdue(state, now, every)]
        if not overdue:
            return
        standings = await self._telemetry.standings()
        for state in overdue:
            if known_down(state, standings.get(state.provider_id, Standing())):
                await self._remind(state, now)

    async def _remind(self, state: AlertState, now: datetime) -> None:
        after, alert = reminded(state, now)
        # Who has not even heard the news needs no reminder of it.
        waiting = await self._alerts.waiting_for(state.provider_id)
        deliveries = [d for d in self._to_all(alert, now) if d.destination not in waiting]
        if deliveries:
            await self._alerts.keep([after], deliveries)

    def _to_all(self, alert: Alert, now: datetime, fate: DeliveryStatus = "waiting") -> list[Delivery]:
        signed = self._origin.sign(alert)
        detail = {"silenced": "in a maintenance window", "expired": "too old when it was seen"}.get(fate, "")
        return [
            Delivery(
                id=new_id(),
                destination=label,
                alert=signed,
                status=fate,
                next_at=now,
                detail=detail,
                created_at=now,
                settled_at=None if fate == "waiting" else now,
            )
            for label in self._senders
        ]

    async def _ask(self, attempt: Awaitable[Answer]) -> Answer:
        try:
            return await attempt
        except Exception as error:  # noqa: BLE001 - a sender that breaks its promise must not lose the delivery
            # Not its text, which may quote an address.
            return Answer(ok=False, detail=f"failed: {type(error).__name__}")

    async def _settle(self, claimed: Delivery, answer: Answer) -> None:
        now = self._clock.now()
        about = {"destination": claimed.destination, "provider": claimed.alert.provider_id}
        wait = None if answer.final else wait_after(claimed.attempts, claimed.id, answer.retry_after)
        if answer.ok:
            log.info("alert sent", type=claimed.alert.type, **about)
            settlement = Settlement(status="sent", detail=answer.detail, at=now)
        elif wait is not None:
            log.warning(
                "alert not sent", detail=answer.detail, again_in_s=round(wait.total_seconds()), **about
            )
            settlement = Settlement(status="waiting", detail=answer.detail, at=now, next_at=now + wait)
        else:
            log.error("alert given up", detail=answer.detail, attempts=claimed.attempts, **about)
            settlement = Settlement(status="failed", detail=answer.detail, at=now)
        await self._alerts.settle(claimed, settlement)


def new_id() -> str:
    """An id for a delivery: what a receiver knows it by."""
    return f"msg_{uuid.uuid4().hex}"


def _is_time(last: datetime | None, now: datetime, every: timedelta) -> bool:
    # Neither when the clock was set back: without that, nothing would be done until it has caught up.
    return last is None or not timedelta() <= now - last < every


def _silent(windows: Sequence[Window], provider_id: str, at: datetime) -> bool:
    return any(window.covers(provider_id, at) for window in windows)
