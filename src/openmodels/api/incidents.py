"""The endpoints about what happened to providers: incidents, maintenance, and both to subscribe to."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from openmodels.api.atom import ATOM, feed_of
from openmodels.api.endpoint import Answer, Ask, Endpoint, answer
from openmodels.api.incident_feed import render
from openmodels.api.times import moment
from openmodels.api.wire import integer, words
from openmodels.domain.alerts import Window
from openmodels.domain.snapshot import Snapshot
from openmodels.domain.telemetry import Incident
from openmodels.domain.views.registry import iso
from openmodels.domain.views.series import Incidents, maintenance_view, provider_incident_view
from openmodels.edge.exchange import Freshness
from openmodels.errors import StoreError

log: Any = structlog.get_logger(__name__)

TOLD_FOR = timedelta(days=90)
"""How far back incidents are told of, where nobody says."""
MOST_WINDOWS = 200
"""As many maintenance windows are read; where there are more, the oldest are left out."""


async def maintenance(ask: Ask, provider_ids: Collection[str] = ()) -> Sequence[Window] | None:
    """The maintenance windows that are not over, earliest first; None while the database fails.

    ``provider_ids`` are those about which, beside the windows for all; empty means every provider.
    """
    store, now = ask.services.alerts, ask.services.clock.now()
    if store is None:
        return ()
    try:
        windows = await store.windows(ending_after=now, limit=MOST_WINDOWS)
    except StoreError as error:
        log.warning("answering without maintenance windows", path=ask.path, reason=str(error))
        ask.unread.append("maintenance")
        return None
    return sorted(
        (
            window
            for window in windows
            if window.starts_at < window.ends_at
            and (not provider_ids or window.provider_id is None or window.provider_id in provider_ids)
        ),
        key=lambda window: (window.starts_at, window.number),
    )


async def list_incidents(ask: Ask) -> Answer:
    """What happened to providers, newest first, and the maintenance that goes on or is to come."""
    now, wanted = ask.services.clock.now(), ask.params["provider"]
    since = _since(ask)
    incidents = await _incidents(ask, since)
    windows = await maintenance(ask, wanted)
    return answer(
        Incidents(
            since=iso(since),
            incidents=tuple(
                provider_incident_view(one, _name(ask.snapshot, one.provider_id), now) for one in incidents
            ),
            maintenance=None
            if windows is None
            else tuple(maintenance_view(one, _name(ask.snapshot, one.provider_id), now) for one in windows),
        )
    )


async def incidents_feed(ask: Ask) -> Answer:
    """What happened to providers, as a feed."""
    incidents = await _incidents(ask, _since(ask))
    feed = feed_of(ask, "/api/telemetry/incidents.atom", iso(ask.snapshot.published_at))
    names = {one.provider_id: _name(ask.snapshot, one.provider_id) for one in incidents}
    return Answer(body=render(feed, incidents, names))


async def _incidents(ask: Ask, since: datetime) -> Sequence[Incident]:
    return await ask.services.telemetry.incidents(
        since=since, provider_ids=ask.params["provider"], limit=ask.params["limit"]
    )


def _since(ask: Ask) -> datetime:
    since: datetime | None = ask.params["since"]
    return ask.services.clock.now() - TOLD_FOR if since is None else since


def _name(snapshot: Snapshot, provider_id: str | None) -> str | None:
    entry = snapshot.provider(provider_id) if provider_id is not None else None
    return entry.record.name if entry is not None else None


FILTERS = (
    moment(
        "since",
        "Incidents that go on or ended at this time or later. A date means the beginning of that day in UTC. "
        f"The default is {TOLD_FOR.days} days ago.",
        day="start",
        example="2025-06-01",
    ),
    words("provider", "Only about the providers with these ids; several are ORed.", example=["openai"]),
)

ENDPOINTS = (
    Endpoint(
        path="/api/telemetry/incidents",
        tag="Telemetry",
        summary="Incidents and maintenance",
        description="The times in which providers were down or degraded, newest first, by what all regions "
        "saw; and the maintenance windows that are not over. `maintenance` is null while it cannot be read.",
        handle=list_incidents,
        body=Incidents,
        freshness=Freshness.TELEMETRY,
        shared=True,
        params=(*FILTERS, integer("limit", "The most incidents.", low=1, high=500, default=50, example=10)),
        example="/api/telemetry/incidents?limit=10",
    ),
    Endpoint(
        path="/api/telemetry/incidents.atom",
        tag="Telemetry",
        summary="Incidents as a feed",
        description="The incidents as an Atom feed (RFC 4287), with an entry for each, newest first. When an "
        "incident ends, its entry keeps its id and is updated.",
        handle=incidents_feed,
        body=str,
        media_type=ATOM,
        freshness=Freshness.TELEMETRY,
        shared=True,
        params=(*FILTERS, integer("limit", "The most entries.", low=1, high=100, default=100, example=100)),
        example="/api/telemetry/incidents.atom?provider=openai",
    ),
)
