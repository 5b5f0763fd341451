"""What happened to providers, and what is planned, as pages tell of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from openmodels.domain.alerts import Window
from openmodels.domain.snapshot import Snapshot
from openmodels.domain.telemetry import Incident
from openmodels.web.words import lasting


class Trouble(Struct, frozen=True, kw_only=True):
    """An incident."""

    provider_id: str
    name: str
    """The provider's display name; its id where the registry has it no more."""
    known: bool
    """Whether the provider has a page."""
    started_at: datetime
    ended_at: datetime | None
    """None while it goes on."""
    lasted: str
    """How long, or for how long so far."""
    kind: str
    """``down`` or ``degraded``."""
    reason: str
    """What was seen."""


class Maintenance(Struct, frozen=True, kw_only=True):
    """A maintenance window that is not over."""

    provider_id: str
    """Empty for all providers."""
    name: str
    """Whose: a provider's display name, or all providers."""
    known: bool
    """Whether the provider has a page."""
    starts_at: datetime
    ends_at: datetime
    now: bool
    """Whether it has begun."""
    reason: str


def troubles_of(incidents: Iterable[Incident], snapshot: Snapshot, now: datetime) -> list[Trouble]:
    """Incidents, in the order given."""
    troubles = []
    for incident in incidents:
        entry = snapshot.provider(incident.provider_id)
        # A standing writes its reasons as "down: 3 checks in a row failed (timeout)".
        kind, _, reason = incident.reason.partition(": ")
        told = bool(reason) and kind in {"down", "degraded"}
        troubles.append(
            Trouble(
                provider_id=incident.provider_id,
                name=incident.provider_id if entry is None else entry.record.name,
                known=entry is not None,
                started_at=incident.started_at,
                ended_at=incident.ended_at,
                lasted=lasting(((incident.ended_at or now) - incident.started_at).total_seconds()),
                kind=kind if told else "down",
                reason=reason if told else incident.reason,
            )
        )
    return troubles


def maintenance_of(windows: Sequence[Window], snapshot: Snapshot, now: datetime) -> list[Maintenance]:
    """Maintenance windows, in the order given."""
    shown = []
    for window in windows:
        entry = snapshot.provider(window.provider_id) if window.provider_id is not None else None
        shown.append(
            Maintenance(
                provider_id=window.provider_id or "",
                name=entry.record.name if entry is not None else window.provider_id or "All providers",
                known=entry is not None,
                starts_at=window.starts_at,
                ends_at=window.ends_at,
                now=window.starts_at <= now,
                reason=window.reason,
            )
        )
    return shown
