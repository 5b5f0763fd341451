"""The state machine of a provider: what is kept of it between checks, and when it changes.

Pure. A provider is ``down`` after ``DOWN_AFTER`` failed checks in a row and ``up`` after ``UP_AFTER`` good
ones; while it is up, trouble with its answers makes it ``degraded``. Each change is a *transition*; it opens
or closes an incident, and alerts are about transitions.
"""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from openmodels.domain.telemetry import (
    CHECK_INTERVAL,
    DOWN_AFTER,
    UP_AFTER,
    Check,
    Incident,
    ProviderState,
)
from openmodels.domain.vocabulary import ProviderStatus

KeptStatus = Literal["unknown", "up", "degraded", "down"]
_MOMENT = timedelta(microseconds=1)
MAX_REASONS = 5
"""How many different outcomes the reason of an incident names."""
SHORTEST_INTERVAL, LONGEST_INTERVAL = timedelta(seconds=10), timedelta(days=1)
"""The times between checks that a provider's file can ask for."""
SILENCE = 3
"""After so many intervals without a check nothing is known of a provider (``status_at``), so what was seen
before is no part of a run that is seen after."""
LATEST = timedelta(days=1)
"""What seems to come later than this did not come late: the clock that made the newest check ran ahead."""
_FORGETTING = 0.8
"""What one more check leaves of the pace that was known, so that a pause of the prober is forgotten."""
_LEARNING = 4
"""How many times as long as it was one check can make the pace: a pause makes it a little longer for a while,
and an interval that was changed from minutes to hours is learnt after one or two checks."""


class Standing(Struct, frozen=True, kw_only=True):
    """What is kept of a provider between checks."""

    status: KeptStatus = "unknown"
    """What was decided last; unknown until a run of checks was long enough."""
    last_checked_at: datetime | None = None
    """When the newest check was made."""
    run_of: Literal["up", "down"] | None = None
    """What the newest checks say, without a break."""
    run: int = 0
    """How many of them say so."""
    run_started_at: datetime | None = None
    """When the first of them was made."""
    run_outcomes: tuple[str, ...] = ()
    """What they saw: different outcomes, in order of first appearance."""
    pace: timedelta | None = None
    """About the longest time between two of the newest checks; None for fewer than two."""
    incident_started_at: datetime | None = None
    """When the open incident began; None while there is none."""
    incidents_until: datetime | None = None
    """When the latest beginning of any incident that is over was: a new one begins later."""


class Transition(Struct, frozen=True, kw_only=True):
    """A provider's change from one status to another."""

    provider_id: str
    """The provider."""
    at: datetime
    """When the check or the evaluation was made that decided it."""
    before: KeptStatus
    """What it was."""
    after: KeptStatus
    """What it is."""
    reason: str = ""
    """What was seen, for people."""
    opens: Incident | None = None
    """The incident that begins."""
    closes: Incident | None = None
    """The incident that ends; its reason is not repeated here."""


def advance(standing: Standing, check: Check) -> tuple[Standing, Transition | None]:
    """The standing after one more check, and what changed by it.

    A check that is older than the newest one known changes nothing: it came late, and the run that it would
    belong to is over. A silence much longer than the time between checks ends a run: nobody knows what was
    in between.
    """
    newest = standing.last_checked_at
    if newest is not None and newest - LATEST <= check.checked_at < newest:
        return standing, None
    standing = _counted(standing, check)
    if check.status == "down" and standing.run >= DOWN_AFTER and standing.status != "down":
        return _go_down(standing, check)
    if check.status == "up" and standing.run >= UP_AFTER and standing.status in {"down", "unknown"}:
        return _come_up(standing, check)
    return standing, None


def judge(
    standing: Standing, provider_id: str, trouble: str, at: datetime
) -> tuple[Standing, Transition | None]:
    """The standing after its answers were evaluated: ``trouble`` says what is wrong with them, or is empty.

    Only a provider that is up can be degraded, and only one that is degraded gets better by this.
    """
    if trouble and standing.status == "up":
        started = _free_start(standing, at)
        incident = Incident(provider_id=provider_id, started_at=started, reason=f"degraded: {trouble}")
        after = replace(standing, status="degraded", incident_started_at=started)
        return after, Transition(
            provider_id=provider_id,
            at=at,
            before="up",
            after="degraded",
            reason=incident.reason,
            opens=incident,
        )
    if not trouble and standing.status == "degraded":
        after = replace(_closed(standing), status="up")
        return after, Transition(
            provider_id=provider_id,
            at=at,
            before="degraded",
            after="up",
            reason="answers are as they should be again",
            closes=_ended(standing, provider_id, at),
        )
    return standing, None


def status_at(standing: Standing, now: datetime, interval: timedelta) -> ProviderState:
    """How a provider is doing, as it is shown: ``unknown`` when its newest check is older than 3 intervals.

    Until a run of checks was long enough, the newest check is believed.
    """
    checked = standing.last_checked_at
    if checked is None or now - checked > SILENCE * interval:
        return ProviderState(last_checked_at=checked)
    status: ProviderStatus = standing.status
    if status == "unknown" and standing.run_of is not None:
        status = standing.run_of
    return ProviderState(status=status, last_checked_at=checked)


def _counted(standing: Standing, check: Check) -> Standing:
    pace, unbroken = _paced(standing, check.checked_at)
    if check.status != standing.run_of or not unbroken:
        return replace(
            standing,
            pace=pace,
            last_checked_at=check.checked_at,
            run_of=check.status,
            run=1,
            run_started_at=check.checked_at,
            run_outcomes=(check.outcome,),
        )
    outcomes = standing.run_outcomes
    if check.outcome not in outcomes and len(outcomes) < MAX_REASONS:
        outcomes = (*outcomes, check.outcome)
    return replace(
        standing, pace=pace, last_checked_at=check.checked_at, run=standing.run + 1, run_outcomes=outcomes
    )


def _paced(standing: Standing, at: datetime) -> tuple[timedelta | None, bool]:
    """The pace with a check at that time, and whether it follows the one before without a silence."""
    newest, known = standing.last_checked_at, standing.pace
    if newest is None or at < newest:
        return None, False
    gap = at - newest
    if gap < SHORTEST_INTERVAL:
        # Another region's check of the same turn.
        return known, True
    # Which interval a provider is checked at is not told here, so it is taken from the checks themselves.
    usual = LONGEST_INTERVAL if known is None else max(known, CHECK_INTERVAL)
    pace = gap if known is None else max(min(gap, _LEARNING * usual), known * _FORGETTING)
    return min(pace, LONGEST_INTERVAL), gap <= SILENCE * usual


def _go_down(standing: Standing, check: Check) -> tuple[Standing, Transition]:
    started = standing.run_started_at or check.checked_at
    reason = f"down: {standing.run} checks in a row failed ({', '.join(standing.run_outcomes)})"
    incident = Incident(
        provider_id=check.provider_id, started_at=_free_start(standing, started), reason=reason
    )
    transition = Transition(
        provider_id=check.provider_id,
        at=check.checked_at,
        before=standing.status,
        after="down",
        reason=reason,
        opens=incident,
        closes=_ended(standing, check.provider_id, started),
    )
    after = replace(_closed(standing), status="down", incident_started_at=incident.started_at)
    return after, transition


def _come_up(standing: Standing, check: Check) -> tuple[Standing, Transition | None]:
    after = replace(_closed(standing), status="up")
    if standing.status == "unknown":
        # The first good checks of a new provider are no news.
        return after, None
    return after, Transition(
        provider_id=check.provider_id,
        at=check.checked_at,
        before=standing.status,
        after="up",
        reason=f"up: {standing.run} checks in a row were answered",
        closes=_ended(standing, check.provider_id, standing.run_started_at or check.checked_at),
    )


def _free_start(standing: Standing, wanted: datetime) -> datetime:
    """When an incident begins: then, or as little later as tells it from all others of the provider.

    A provider and a start are an incident's key, and checks of several regions may bear the same time.
    """
    until, start = standing.incidents_until, wanted
    if until is not None and start <= until:
        start = until + _MOMENT
    return start + _MOMENT if start == standing.incident_started_at else start


def _closed(standing: Standing) -> Standing:
    """The standing without its open incident."""
    begun = [at for at in (standing.incidents_until, standing.incident_started_at) if at is not None]
    return replace(standing, incident_started_at=None, incidents_until=max(begun, default=None))


def _ended(standing: Standing, provider_id: str, at: datetime) -> Incident | None:
    started = standing.incident_started_at
    if started is None:
        return None
    return Incident(provider_id=provider_id, started_at=started, ended_at=max(started, at))
