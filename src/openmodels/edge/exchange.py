"""What the edge and the framework behind it tell each other about one request, by keys of the ASGI scope."""

from enum import Enum
from typing import Any

REQUEST_ID = "openmodels.request_id"
"""Scope key, set by the edge: the request's id, as text."""
FRESHNESS = "openmodels.freshness"
"""Scope key, set by the answering side: a ``Freshness``. An answer without one is not kept."""
STREAM = "openmodels.stream"
"""Scope key, set by the answering side before it answers: this answer goes on and on, so it is passed on part
by part, neither kept nor compressed."""

Scope = dict[str, Any]


class Freshness(Enum):
    """How long an answer holds; the value is its ``Cache-Control``."""

    REVISION = "public, max-age=60, stale-while-revalidate=300"
    """Until the next revision of the registry."""
    TELEMETRY = "public, max-age=10, stale-while-revalidate=30"
    """Until telemetry records something, and at most ``TELEMETRY_SECONDS``, since periods slide."""
    PROGRAM = "public, max-age=3600, stale-while-revalidate=86400"
    """Until the program is started anew."""
    NEVER = "no-store"
    """Not at all."""


TELEMETRY_SECONDS = 10.0
