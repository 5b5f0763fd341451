"""The interactive API page: one HTML file, one script, one style sheet, nothing from another host."""

from importlib.resources import files
from typing import NamedTuple

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Page(NamedTuple):
    """One static answer."""

    path: str
    body: bytes
    media_type: str
    headers: dict[str, str]


def pages() -> tuple[Page, ...]:
    """Everything that the API page consists of, read once."""
    static = files("openmodels.api") / "static"
    return (
        Page(
            "/api/docs",
            (static / "docs.html").read_bytes(),
            "text/html; charset=utf-8",
            {"Content-Security-Policy": CSP},
        ),
        Page("/api/docs/docs.js", (static / "docs.js").read_bytes(), "text/javascript; charset=utf-8", {}),
        Page("/api/docs/docs.css", (static / "docs.css").read_bytes(), "text/css; charset=utf-8", {}),
    )
