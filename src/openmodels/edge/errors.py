"""The error envelope: ``{"error": {"status", "message", "type", ...}}``, the same whatever failed."""

from collections.abc import Callable
from typing import Any

import msgspec

from openmodels.errors import RequestError

UNAVAILABLE_MESSAGE = "Telemetry cannot be read at the moment. Try again in a minute."
INTERNAL_MESSAGE = "An unexpected error occurred. Please report it with this request id."

ErrorPage = Callable[[RequestError, str], bytes]
"""Makes the page that explains an error to a person; takes the error and the request's id."""
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Of every page: nothing inline, nothing from another host."""
PAGE_HEADERS = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Vary": "Accept"}
"""Of an error's page, beside what every answer has. A program that asks the same gets the envelope."""


def wants_page(path: str, accept: str) -> bool:
    """Whether an error is explained by a page: outside the API, to who takes HTML, as browsers do."""
    return not f"{path.lstrip('/')}/".startswith("api/") and "text/html" in accept.lower()


def envelope(error: RequestError, request_id: str) -> bytes:
    """The JSON body for an error."""
    body: dict[str, Any] = {"status": error.status, "message": error.message, "type": error.type}
    if error.details:
        body["details"] = error.details
    body["request_id"] = request_id
    return msgspec.json.encode({"error": body})
