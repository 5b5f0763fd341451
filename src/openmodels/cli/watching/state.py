"""What a dashboard knows: a state, and what each thing that happens makes of it. Pure."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from openmodels_client import Event
from openmodels_client.types import (
    Check,
    Incident,
    Measurement,
    Provider,
    ProviderHealth,
    ProviderLatency,
    RecordedCheck,
    RecordedMeasurement,
)

Link: TypeAlias = Literal["connecting", "connected", "reconnecting"]

TROUBLE_FIRST = ("down", "degraded", "up", "unknown")
KEPT_CHECKS = 40
"""Checks that are kept of a provider: as many as its line of blocks is ever wide."""
MOST_PROVIDERS = 1000
"""More than are ever shown; what a server sends is not collected without end."""


class Watched(Struct, frozen=True, kw_only=True):
    """One provider, as far as it is known."""

    id: str
    name: str
    status: str = "unknown"
    """As the server last said."""
    checks: tuple[Check, ...] = ()
    """The newest, oldest first."""
    up: int = 0
    """How many of the last day's checks found it up."""
    total: int = 0
    """How many checks were made in the last day."""
    ttft_ms: float | None = None
    """Of the newest measurement that succeeded."""
    tokens_per_second: float | None = None
    measured_at: datetime | None = None
    incident: Incident | None = None
    """The newest of the last day."""
    known: bool = False
    """Whether its figures were read yet."""

    @property
    def last_check(self) -> Check | None:
        """The newest check."""
        return self.checks[-1] if self.checks else None

    @property
    def uptime(self) -> float | None:
        """In percent, over the last day; None with no checks."""
        return 100 * self.up / self.total if self.total else None

    @property
    def contradicted(self) -> bool:
        """Whether its newest check is not what its status says, so that the server should be asked."""
        last = self.last_check
        return last is not None and (last.status == "up") != (self.status in {"up", "degraded"})


class State(Struct, frozen=True, kw_only=True):
    """Everything that is shown."""

    providers: tuple[Watched, ...] = ()
    """In the order in which they were named, or found."""
    everyone: bool = False
    """Whether providers that are heard of for the first time are taken in."""
    link: Link = "connecting"
    link_since: datetime | None = None
    retry_seconds: float | None = None
    """How long until the next try to connect, counted from ``link_since``."""
    events: int = 0
    """How many came."""
    last_event_at: datetime | None = None
    """When the newest came, by the clock here."""
    problem: str = ""
    """Why figures could not be read; empty when they could."""

    def provider(self, provider_id: str) -> Watched | None:
        """The provider with this id."""
        return next((one for one in self.providers if one.id == provider_id), None)


def watching(providers: Iterable[Provider], *, everyone: bool) -> State:
    """The state in which nothing but these providers' standing is known."""
    return State(
        providers=tuple(Watched(id=one.id, name=one.name, status=one.status) for one in providers),
        everyone=everyone,
    )


def in_order(state: State) -> Sequence[Watched]:
    """The providers as they are shown: as they were named, or, where nobody named any, the worst first."""
    return sorted(state.providers, key=_trouble) if state.everyone else state.providers


def connected(state: State, now: datetime) -> State:
    """The stream is open."""
    return replace(state, link="connected", link_since=now, retry_seconds=None)


def disconnected(state: State, now: datetime, seconds: float) -> State:
    """The stream broke, and is opened again in so many seconds."""
    return replace(state, link="reconnecting", link_since=now, retry_seconds=seconds)


def unread(state: State, problem: str) -> State:
    """Figures could not be read."""
    return replace(state, problem=problem)


def happened(state: State, event: Event, now: datetime) -> State:
    """An event of the stream came."""
    state = replace(state, events=state.events + 1, last_event_at=now)
    if isinstance(event, RecordedCheck):
        return _with(state, event.provider_id, lambda known: _checked(known, event))
    if isinstance(event, RecordedMeasurement):
        return _with(state, event.provider_id, lambda known: _timed(known, event))
    return state


def refreshed(
    state: State, health: ProviderHealth, latency: ProviderLatency | None, provider_id: str
) -> State:
    """The server said how a provider is doing; what was heard of since is kept."""
    state = replace(state, problem="")
    return _with(state, provider_id, lambda known: _read(known, health, latency))


def _with(state: State, provider_id: str, change: Callable[[Watched], Watched]) -> State:
    known = state.provider(provider_id)
    if known is not None:
        providers = tuple(change(one) if one.id == provider_id else one for one in state.providers)
        return replace(state, providers=providers)
    if not state.everyone or len(state.providers) >= MOST_PROVIDERS:
        return state
    return replace(state, providers=(*state.providers, change(Watched(id=provider_id, name=provider_id))))


def _checked(known: Watched, check: RecordedCheck) -> Watched:
    if _has(known.checks, check):
        return known
    # Of several regions, one may be told of late.
    checks = sorted((*known.checks, check), key=lambda one: one.checked_at)
    return replace(
        known,
        checks=tuple(checks[-KEPT_CHECKS:]),
        up=known.up + (check.status == "up"),
        total=known.total + 1,
    )


def _timed(known: Watched, measured: Measurement) -> Watched:
    older = known.measured_at is not None and measured.measured_at < known.measured_at
    if older or measured.time_to_first_token_ms is None:
        return known
    return replace(
        known,
        ttft_ms=measured.time_to_first_token_ms,
        tokens_per_second=measured.tokens_per_second,
        measured_at=measured.measured_at,
    )


def _read(known: Watched, health: ProviderHealth, latency: ProviderLatency | None) -> Watched:
    read = tuple(sorted(health.checks, key=lambda one: one.checked_at))
    newest = read[-1].checked_at if read else None
    # Answers are kept for some seconds: the stream may know more.
    later = [one for one in known.checks if newest is None or one.checked_at > newest]
    up = round((health.uptime_percentage or 0.0) * health.checks_total / 100)
    found = replace(
        known,
        name=health.provider_name,
        status=health.status,
        checks=(*read, *later)[-KEPT_CHECKS:],
        up=up + sum(one.status == "up" for one in later),
        total=health.checks_total + len(later),
        incident=max(health.incidents, key=lambda one: one.started_at, default=None),
        known=True,
    )
    for measured in latency.measurements if latency else ():
        if measured.time_to_first_token_ms is not None:
            return _timed(found, measured)
    return found


def _trouble(watched: Watched) -> tuple[int, str]:
    known = watched.status in TROUBLE_FIRST
    return TROUBLE_FIRST.index(watched.status) if known else len(TROUBLE_FIRST), watched.id


def _has(checks: Sequence[Check], check: Check) -> bool:
    return any(one.checked_at == check.checked_at and one.region == check.region for one in checks)
