"""What a page is: where it is found, what it may be asked, and how its answer is made."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct

from openmodels.api.endpoint import Ask
from openmodels.api.wire import Param
from openmodels.edge.exchange import Freshness

Section = str
"""Which item of the navigation a page belongs to: its path, such as ``/models``; empty for none."""


class Crumb(Struct, frozen=True):
    """One step of the way to a page."""

    name: str
    path: str


class Html(Struct, frozen=True, kw_only=True):
    """What a handler gives back: a template and what it shows."""

    template: str
    """The template's file name."""
    title: str
    """The page's own title, without the site's name; plain text."""
    description: str
    """One or two sentences for search engines and previews; plain text."""
    canonical: str
    """The path, and the query where it matters, under which this page is to be found."""
    context: Mapping[str, Any] = {}
    """What the template reads beside what every page has (``Rendering``)."""
    crumbs: tuple[Crumb, ...] = ()
    """The way to this page from the first one, without both."""
    structured: tuple[Mapping[str, Any], ...] = ()
    """JSON-LD objects, without ``@context``."""
    indexed: bool = True
    """Whether search engines should list it; not for the endless variants of a filtered list."""
    raw: str = ""
    """The path of the same as JSON; empty where there is none."""
    freshness: Freshness | None = None
    """How long it holds, where that is not the page's."""


class Text(Struct, frozen=True, kw_only=True):
    """An answer that is no page: robots.txt, a sitemap."""

    body: str
    media_type: str = "text/plain"


Handle = Callable[[Ask], Awaitable[Html | Text]]


class Page(Struct, frozen=True, kw_only=True):
    """One page of the site."""

    path: str
    """With parameters in braces: ``/models/{model_id}``."""
    handle: Handle
    """Turns a request into what is shown. Raises what an endpoint's handler raises."""
    freshness: Freshness
    """How long an answer holds."""
    section: Section = ""
    """Where it stands in the navigation."""
    params: tuple[Param, ...] = ()
    """The query parameters; others are ignored."""
