"""The error envelope: ``{"error": {"status", "message", "type", ...}}``, the same whatever failed."""

from typing import Any

import msgspec

from openmodels.errors import RequestError

UNAVAILABLE_MESSAGE = "Telemetry cannot be read at the moment. Try again in a minute."
INTERNAL_MESSAGE = "An unexpected error occurred. Please report it with this request id."


def envelope(error: RequestError, request_id: str) -> bytes:
    """The JSON body for an error."""
    body: dict[str, Any] = {"status": error.status, "message": error.message, "type": error.type}
    if error.details:
        body["details"] = error.details
    body["request_id"] = request_id
    return msgspec.json.encode({"error": body})
