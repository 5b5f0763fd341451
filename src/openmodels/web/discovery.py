"""What machines look for: robots.txt, the sitemap, llms.txt."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from msgspec import Struct

from openmodels.api.endpoint import Ask
from openmodels.domain.snapshot import Snapshot
from openmodels.edge.exchange import Freshness
from openmodels.errors import NotFound
from openmodels.web.documents import library
from openmodels.web.llms import llms_text
from openmodels.web.page import Page, Text

MOST_ADDRESSES = 50_000
"""What one sitemap may hold: https://www.sitemaps.org/protocol.html."""
XML = "application/xml"
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_PLACES = ("/", "/models", "/providers", "/compare", "/status", "/changes", "/docs", "/api/docs")


class Place(Struct, frozen=True):
    """A page that should be found."""

    path: str
    changed_at: datetime | None
    """When what it shows was last changed; None where nobody knows."""


async def robots(ask: Ask) -> Text:
    """What robots may read: everything that ends, and in a demo nothing, since all of it is made up."""
    if ask.services.demo:
        return Text(body="User-agent: *\nDisallow: /\n")
    return Text(
        body=(
            f"User-agent: *\nDisallow: /api/telemetry/stream\n\nSitemap: {ask.services.address}/sitemap.xml\n"
        )
    )


async def sitemap(ask: Ask) -> Text:
    """Every page with its own address; where one file cannot hold them, where the files are."""
    places = list(places_of(ask.snapshot))
    if len(places) <= MOST_ADDRESSES:
        return Text(body=_sitemap(ask.services.address, places), media_type=XML)
    parts = range(-(-len(places) // MOST_ADDRESSES))
    return Text(body=_index(ask.services.address, parts, ask.snapshot.published_at), media_type=XML)


async def sitemap_part(ask: Ask) -> Text:
    """One of several sitemaps, by its number from 0. Raises ``NotFound``."""
    name = ask.ids["part_id"]
    number = name.removesuffix(".xml")
    begin = int(number) * MOST_ADDRESSES if number.isascii() and number.isdigit() and len(number) < 6 else -1
    places = list(places_of(ask.snapshot)) if begin >= 0 else []
    if len(places) <= MOST_ADDRESSES or begin >= len(places) or name != f"{begin // MOST_ADDRESSES}.xml":
        raise NotFound(f"There is no sitemap {name[:100]!r}")
    return Text(body=_sitemap(ask.services.address, places[begin : begin + MOST_ADDRESSES]), media_type=XML)


async def llms(ask: Ask) -> Text:
    """What this is and how to ask it, for language models."""
    return Text(
        body=llms_text(ask.services.address, library().groups, ask.snapshot), media_type="text/markdown"
    )


def places_of(snapshot: Snapshot) -> Iterator[Place]:
    """Every page that has an address of its own."""
    for path in _PLACES:
        yield Place(path, None if path in {"/docs", "/api/docs"} else snapshot.published_at)
    for name in library().documents:
        yield Place(f"/docs/{name}", None)
    for model in snapshot.registry.models:
        yield Place(f"/models/{quote(model.id, safe='')}", model.updated_at)
    for provider in snapshot.registry.providers:
        yield Place(f"/providers/{quote(provider.id, safe='')}", provider.updated_at)


def _sitemap(address: str, places: Sequence[Place]) -> str:
    base = escape(address)
    urls = "".join(
        f"<url><loc>{base}{place.path}</loc>{_changed(place.changed_at)}</url>\n" for place in places
    )
    return f'{_XML}<urlset xmlns="{_NAMESPACE}">\n{urls}</urlset>\n'


def _index(address: str, parts: range, changed_at: datetime) -> str:
    base = escape(address)
    changed = _changed(changed_at)
    maps = "".join(f"<sitemap><loc>{base}/sitemap/{part}.xml</loc>{changed}</sitemap>\n" for part in parts)
    return f'{_XML}<sitemapindex xmlns="{_NAMESPACE}">\n{maps}</sitemapindex>\n'


def _changed(at: datetime | None) -> str:
    if at is None:
        return ""
    # As W3C has dates, to the second: not strftime, whose %Y has fewer than four digits before the year 1000.
    time = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return f"<lastmod>{time}</lastmod>"


PAGES: tuple[Page, ...] = (
    Page(path="/robots.txt", handle=robots, freshness=Freshness.PROGRAM),
    Page(path="/sitemap.xml", handle=sitemap, freshness=Freshness.REVISION),
    Page(path="/sitemap/{part_id}", handle=sitemap_part, freshness=Freshness.REVISION),
    Page(path="/llms.txt", handle=llms, freshness=Freshness.REVISION),
)
