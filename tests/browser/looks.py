"""The pages that there are, as addresses."""

from typing import NamedTuple


class Look(NamedTuple):
    """One page to look at."""

    name: str
    path: str
    status: int = 200
    within: str = "html"
    """Of what is made alike many times over, a selector of as much as shows how it is."""
    needs: str = "h1"
    """A selector of what is there once the page is whole."""


PAGES = (
    Look("home", "/"),
    Look("models", "/models"),
    Look("search", "/models?search=alpha"),
    Look("filtered", "/models?capability=chat&sort=price&page=2&limit=20"),
    Look("nothing found", "/models?search=zzzzzz"),
    Look("model", "/models/alpha-1"),
    Look("model without offerings", "/models/alpha-0"),
    Look("model of which little is known", "/models/delta-embed"),
    Look("providers", "/providers"),
    Look("provider that is up", "/providers/cirrus"),
    Look("provider that is degraded", "/providers/stratus"),
    Look("provider that is down", "/providers/nimbus"),
    Look("provider that was never checked", "/providers/vacant"),
    Look("compare", "/compare"),
    Look("compare two", "/compare?model=alpha-1&model=gamma-free"),
    Look("status", "/status"),
    Look("changes", "/changes"),
    Look("documents", "/docs"),
    Look("document", "/docs/quickstart"),
    Look(
        "API", "/api/docs", within="nav, main > header, #endpoints > section:first-of-type", needs="article"
    ),
    Look("unknown page", "/nothing", 404),
    Look("unknown model", "/models/alpha-11", 404),
)
