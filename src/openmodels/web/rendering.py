"""Templates to bytes: the environment, what every page has, and the page of an error."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from importlib.resources import files
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from msgspec import Struct

from openmodels.domain.snapshot import Snapshot
from openmodels.errors import NotFound, RequestError
from openmodels.web import words
from openmodels.web.built import Built
from openmodels.web.chart import chart_rows
from openmodels.web.faults import details_of, message_of
from openmodels.web.page import Html

SITE = "OpenModels"
NAVIGATION = (
    ("Models", "/models"),
    ("Providers", "/providers"),
    ("Compare", "/compare"),
    ("Status", "/status"),
    ("Changes", "/changes"),
    ("Docs", "/docs"),
    ("API", "/api/docs"),
)
TITLES: Mapping[int, str] = {
    400: "That cannot be read",
    404: "Nothing is here",
    405: "That is not allowed",
    414: "That address is too long",
    429: "Too many requests",
    503: "Not at the moment",
}


class Site(Struct, frozen=True, kw_only=True):
    """What is the same on every page."""

    version: str
    built: Built
    public_url: str = ""
    """The address under which others reach this server, without a slash at its end; empty where nobody
    said."""
    demo: bool = False


class Rendering:
    """Renders templates. It is made at the start and does nothing until the first page is asked for."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def page(self, html: Html, snapshot: Snapshot, *, path: str, section: str, now: datetime) -> bytes:
        """A page."""
        structured = [{"@context": "https://schema.org", **item} for item in html.structured]
        return self._render(
            html.template,
            {
                **html.context,
                "title": words.plain(html.title),
                "description": words.plain(html.description),
                "canonical": html.canonical,
                "crumbs": html.crumbs,
                "structured": [_inert_json(item) for item in structured],
                "indexed": html.indexed,
                "raw": html.raw,
                "path": path,
                "section": section,
                "now": now,
                "revision": snapshot.revision,
                "published_at": snapshot.published_at,
            },
        )

    def error(self, error: RequestError, request_id: str) -> bytes:
        """The page of a request that cannot be answered; of a 500 it tells no more than the API does."""
        title = TITLES.get(error.status, "Something went wrong")
        context = {
            "title": title,
            "description": title,
            "canonical": "",
            "crumbs": (),
            "structured": (),
            "indexed": False,
            "raw": "",
            "path": "",
            "section": "",
            "error": error,
            "message": message_of(error),
            "details": details_of(error),
            "meant": error.meant if isinstance(error, NotFound) else "",
            "request_id": request_id,
        }
        return self._render("error.html", context)

    def _render(self, template: str, context: Mapping[str, Any]) -> bytes:
        return self._environment.get_template(template).render(context).encode()

    @cached_property
    def _environment(self) -> Environment:
        environment = Environment(
            loader=FileSystemLoader(str(files("openmodels.web") / "templates")),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        environment.globals |= {
            "site": self.site,
            "site_name": SITE,
            "navigation": NAVIGATION,
            "asset": self.site.built.path,
            "icon": self._icon,
            "url": words.with_query,
            "chart_rows": chart_rows,
        }
        environment.filters |= {
            name: getattr(words, name)
            for name in ("price", "count", "tokens", "milliseconds", "percent", "per_second", "day", "moment")
        }
        environment.filters |= {"ago": words.ago, "link": words.link, "plain": words.plain}
        return environment

    def _icon(self, name: str, size: Literal[14, 16, 18, 20] = 16) -> Markup:
        """An icon that says nothing by itself: what it means stands beside it."""
        inside = self.site.built.icons.get(name)
        if inside is None:
            return Markup("")
        return Markup(  # noqa: S704 - from our own build, not from the registry
            f'<svg class="icon" width="{size}" height="{size}" viewBox="0 0 16 16" aria-hidden="true" '
            f'focusable="false">{inside}</svg>'
        )


def _inert_json(value: Any) -> Markup:
    """JSON that can stand in a ``<script>``: nothing in it ends the element or begins a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - every sign that means something in HTML is gone
