"""Incidents as an Atom feed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import quoteattr

from openmodels.api.atom import Feed, Shown, content, document, element, link, urn
from openmodels.domain.alerts import spoken
from openmodels.domain.telemetry import Incident, trouble_of
from openmodels.domain.views.registry import iso

HTML = "text/html"


def render(feed: Feed, incidents: Sequence[Incident], names: Mapping[str, str | None]) -> bytes:
    """The feed with an entry for each incident, newest first.

    ``names`` are the providers' display names; None for one that is not in the registry any more.
    """
    shown = Shown(
        title="OpenModels: incidents",
        subtitle="When providers of language models were down or degraded",
        alternate="/status",
        media_type=HTML,
    )
    if incidents:
        feed = feed._replace(updated=iso(max(map(_updated, incidents))))
    return document(feed, shown, (_entry(feed, one, names[one.provider_id]) for one in incidents))


def _entry(feed: Feed, incident: Incident, name: str | None) -> str:
    # Whether it is over is no part of its id, so that an entry is updated, not followed by another.
    named = (incident.provider_id, incident.started_at.astimezone(UTC).isoformat())
    page = f"/providers/{incident.provider_id}" if name is not None else "/status"
    trouble = trouble_of(incident)
    return "".join(
        (
            "<entry>\n",
            element("title", _title(incident, name or incident.provider_id, trouble)),
            element("id", urn("\n".join(("incident", *named)))),
            element("updated", iso(_updated(incident))),
            element("published", iso(incident.started_at)),
            f"<category term={quoteattr(trouble)}/>\n",
            link("alternate", feed.base + page, HTML),
            content(_lines(incident)),
            "</entry>\n",
        )
    )


def _title(incident: Incident, name: str, trouble: str) -> str:
    said = " ".join(name.split())
    if incident.ended_at is None:
        return f"{said} is {trouble}"
    return f"{said} was {trouble} for {spoken(incident.ended_at - incident.started_at)}"


def _lines(incident: Incident) -> Iterable[str]:
    """What is said of an incident beneath its title."""
    if incident.reason:
        yield incident.reason
    yield f"began: {_moment(incident.started_at)}"
    yield "ended: not yet" if incident.ended_at is None else f"ended: {_moment(incident.ended_at)}"


def _updated(incident: Incident) -> datetime:
    return incident.ended_at or incident.started_at


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
