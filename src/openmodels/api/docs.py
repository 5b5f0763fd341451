"""The interactive API page: one HTML file, two scripts, one style sheet, nothing from another host."""

from importlib.resources import files
from typing import NamedTuple

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
ICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    b'<rect width="16" height="16" rx="3" fill="#0a58a8"/>'
    b'<circle cx="8" cy="8" r="4" fill="none" stroke="#fff" stroke-width="2"/></svg>'
)


class Page(NamedTuple):
    """One static answer."""

    path: str
    body: bytes
    media_type: str
    """Without a charset: the framework adds UTF-8 to text."""
    headers: dict[str, str]


def pages() -> tuple[Page, ...]:
    """Everything that the API page consists of, read once."""
    static = files("openmodels.api") / "static"
    return (
        Page("/api/docs", (static / "docs.html").read_bytes(), "text/html", {"Content-Security-Policy": CSP}),
        Page("/api/docs/docs.js", (static / "docs.js").read_bytes(), "text/javascript", {}),
        Page("/api/docs/describe.js", (static / "describe.js").read_bytes(), "text/javascript", {}),
        Page("/api/docs/docs.css", (static / "docs.css").read_bytes(), "text/css", {}),
        Page("/api/docs/icon.svg", ICON, "image/svg+xml", {}),
    )
