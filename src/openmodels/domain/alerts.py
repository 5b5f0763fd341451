"""What people are told about providers: alerts, what is kept for them, and when one is due.

Pure. An *alert* is news of one provider; each destination gets a *delivery* of it. Of each provider an
``AlertState`` is kept: what it is, what people were told last, and whether something was kept from them by a
*maintenance window*.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from openmodels.domain.standing import KeptStatus, Standing, Transition

AlertType = Literal["provider.down", "provider.up", "provider.degraded", "provider.reminder", "test"]
DeliveryStatus = Literal["waiting", "sent", "failed", "silenced", "expired"]

TYPES: dict[KeptStatus, AlertType] = {
    "down": "provider.down",
    "up": "provider.up",
    "degraded": "provider.degraded",
}
"""The alert that tells of each status; a provider never becomes unknown."""
NEWS_FOR = timedelta(hours=1)
"""A transition that is older than this when it is first seen is logged, not sent: it is no news any more."""
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (10, 30, 120, 600, 3600))
"""How long to wait after each failed attempt; after one more the delivery has failed."""
JITTER = 0.2
"""How far a wait may be from its figure, as a share: many deliveries that failed at once do not come back
at once."""
MAX_WAIT = timedelta(hours=1)
"""The longest that a receiver's ``Retry-After`` is heeded."""
DELIVER_WITHIN = timedelta(hours=6)
"""A delivery that is still waiting after this long has expired: nobody was there to send it. Longer than
every wait together, at their longest."""

MAX_LINES = 50
"""How many alerts one message names."""


class Alert(Struct, frozen=True, kw_only=True):
    """News of one provider."""

    type: AlertType
    """What kind of news."""
    provider_id: str | None = None
    """The provider; null in a test."""
    provider_name: str | None = None
    """Its display name."""
    status: KeptStatus | None = None
    """What it is now."""
    previous_status: KeptStatus | None = None
    """What it was before."""
    reason: str = ""
    """What was seen, for people."""
    at: datetime
    """When it was decided."""
    incident_started_at: datetime | None = None
    """When the incident began that this is about."""
    region: str = ""
    """The prober's region."""
    url: str | None = None
    """The provider's page in this server's API."""


class Delivery(Struct, frozen=True, kw_only=True):
    """One alert on its way to one destination."""

    number: int = 0
    """Its place in the order in which deliveries were made; the store gives it."""
    id: str
    """The same at every attempt, so that a receiver can drop what it has already."""
    destination: str
    """The label of the destination: its kind, never its address."""
    alert: Alert
    """What to tell."""
    status: DeliveryStatus = "waiting"
    """What became of it."""
    attempts: int = 0
    """How often it was tried, the attempt under way included."""
    next_at: datetime
    """When to try (again); while an attempt is under way, when it counts as lost."""
    detail: str = ""
    """What came of the last attempt, in our own words."""
    created_at: datetime
    """When it was made."""
    settled_at: datetime | None = None
    """When it was sent or given up."""


class AlertState(Struct, frozen=True, kw_only=True):
    """What is kept of one provider for its alerts."""

    provider_id: str
    """The provider."""
    status: KeptStatus = "unknown"
    """What the newest transition that was seen made of it."""
    told: KeptStatus = "unknown"
    """What people were told last."""
    reason: str = ""
    """Why it is what it is."""
    incident_started_at: datetime | None = None
    """When the newest incident began."""
    alerted_at: datetime | None = None
    """When the last alert about it was made or sent; reminders count from here."""
    held: bool = False
    """Whether a maintenance window kept something from people."""
    version: int = 0
    """How often this was written; 0 for never. A write is refused when another came first."""


class Window(Struct, frozen=True, kw_only=True):
    """A maintenance window: a time in which alerts about a provider, or about all, are not sent."""

    number: int = 0
    """What it is called; the store gives it."""
    provider_id: str | None = None
    """The provider; None for all."""
    starts_at: datetime
    """From when."""
    ends_at: datetime
    """Until when; that instant is outside."""
    reason: str = ""
    """Why, for people."""

    def covers(self, provider_id: str, at: datetime) -> bool:
        """Whether alerts about this provider are silent then."""
        return self.provider_id in (None, provider_id) and self.starts_at <= at < self.ends_at


def fate_of(transition: Transition, now: datetime, *, silent: bool) -> DeliveryStatus:
    """What becomes of the deliveries about a transition that is seen now for the first time."""
    if silent:
        return "silenced"
    return "expired" if now - transition.at > NEWS_FOR else "waiting"


def moved(
    state: AlertState, transition: Transition, standing: Standing | None, fate: DeliveryStatus, now: datetime
) -> tuple[AlertState, Alert]:
    """What is kept after a transition, and the alert about it.

    ``standing`` is how the provider stands now, which tells when the open incident began: transitions are
    read without their incidents.
    """
    started = state.incident_started_at
    if transition.after != "up":
        still = standing is not None and standing.status == transition.after
        started = (standing.incident_started_at if standing and still else None) or transition.at
    alert = Alert(
        type=TYPES[transition.after],
        provider_id=transition.provider_id,
        status=transition.after,
        previous_status=transition.before,
        reason=transition.reason,
        at=transition.at,
        incident_started_at=started,
    )
    return replace(
        state,
        status=transition.after,
        told=transition.after if fate == "waiting" else state.told,
        reason=transition.reason,
        incident_started_at=started,
        # Whatever its fate: reminders begin one period after the news was seen, not at once.
        alerted_at=now,
        held=fate == "silenced" or (state.held and fate != "waiting"),
    ), alert


def in_trouble(state: AlertState) -> bool:
    """Whether the provider is something that people must hear of."""
    return state.status in {"down", "degraded"}


def released(state: AlertState, now: datetime) -> tuple[AlertState, Alert | None]:
    """After the maintenance: what people still have to be told, if anything.

    That is trouble which goes on, and the end of trouble that they were told of before it.
    """
    after = replace(state, held=False)
    if not in_trouble(state) and (state.told == state.status or state.told not in {"down", "degraded"}):
        return after, None
    alert = Alert(
        type=TYPES[state.status],
        provider_id=state.provider_id,
        status=state.status,
        previous_status=None if state.told == state.status else state.told,
        reason=f"after maintenance: {state.reason}",
        at=now,
        incident_started_at=state.incident_started_at,
    )
    return replace(after, told=state.status, alerted_at=now), alert


def reminder_overdue(state: AlertState, now: datetime, every: timedelta) -> bool:
    """Whether it is long enough since people last heard that this provider is down."""
    return state.status == "down" and (state.alerted_at is None or now - state.alerted_at >= every)


def known_down(state: AlertState, standing: Standing) -> bool:
    """Whether the provider is down for all that is known now.

    Not unless it was checked since the last alert: of a provider that nobody looks at any more, nothing is.
    """
    if standing.status != "down" or standing.last_checked_at is None:
        return False
    return state.alerted_at is None or standing.last_checked_at > state.alerted_at


def reminded(state: AlertState, now: datetime) -> tuple[AlertState, Alert]:
    """What is kept after a reminder, and the reminder."""
    return replace(state, told="down", alerted_at=now), Alert(
        type="provider.reminder",
        provider_id=state.provider_id,
        status="down",
        previous_status="down",
        reason=state.reason,
        at=now,
        incident_started_at=state.incident_started_at,
    )


def wait_after(attempt: int, delivery_id: str, retry_after: timedelta | None = None) -> timedelta | None:
    """How long to wait after failed attempt number ``attempt`` (from 1); None to give up.

    The same for the same delivery and attempt, whoever asks. ``retry_after`` is what the receiver asked for;
    it can make the wait longer, up to ``MAX_WAIT``, never shorter.
    """
    if attempt > len(BACK_OFF):
        return None
    digest = hashlib.blake2b(f"{delivery_id}:{attempt}".encode(), digest_size=8).digest()
    share = int.from_bytes(digest) / 2**64
    wait = BACK_OFF[attempt - 1] * (1 + JITTER * (2 * share - 1))
    return max(wait, min(retry_after, MAX_WAIT)) if retry_after is not None else wait


def title(alert: Alert) -> str:
    """One line for people."""
    name = " ".join((alert.provider_name or alert.provider_id or "").split())
    if alert.type == "test":
        return "OpenModels: test alert"
    if alert.type == "provider.reminder":
        return f"{name} is still down"
    return f"{name} is up again" if alert.status == "up" else f"{name} is {alert.status}"


def text(alert: Alert) -> str:
    """The rest, for people: plain text of a few lines."""
    lines = [alert.reason]
    if alert.incident_started_at is not None:
        began = f"{alert.incident_started_at:%Y-%m-%d %H:%M} UTC"
        lasted = spoken(alert.at - alert.incident_started_at)
        over = alert.status == "up"
        lines.append(f"It began at {began} and lasted {lasted}." if over else f"Since {began}.")
    if alert.region:
        lines.append(f"Seen from {alert.region}.")
    if alert.url:
        lines.append(alert.url)
    return "\n".join(line for line in lines if line)


def joint_title(alerts: Sequence[Alert]) -> str:
    """One line for people about several alerts."""
    counts = Counter(alert.status or "tested" for alert in alerts)
    said = ", ".join(f"{counts[status]} {status}" for status in ("down", "degraded", "up") if counts[status])
    return f"{len(alerts)} providers: {said}"


def joint_text(alerts: Sequence[Alert]) -> str:
    """The rest about several alerts, for people: a line for each, up to ``MAX_LINES`` of them."""
    lines = []
    for alert in alerts[:MAX_LINES]:
        # The title has said the status already.
        reason = alert.reason.removeprefix(f"{alert.status}: ")
        lines.append(f"{title(alert)} ({reason})" if reason else title(alert))
    if len(alerts) > MAX_LINES:
        lines.append(f"and {len(alerts) - MAX_LINES} more")
    return "\n".join(lines)


def spoken(span: timedelta) -> str:
    """How long something lasted, for people: to the minute."""
    minutes = max(0, round(span / timedelta(minutes=1)))
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if n]
    return " ".join(parts) or "less than a minute"
