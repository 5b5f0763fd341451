"""What the edge and the framework behind it tell each other about one request, by keys of the ASGI scope."""

from enum import Enum
from typing import Any, NamedTuple

REQUEST_ID = "openmodels.request_id"
"""Scope key, set by the edge: the request's id, as text."""
FRESHNESS = "openmodels.freshness"
"""Scope key, set by the answering side: a ``Freshness``. An answer without one is not kept."""
PARTIAL = "openmodels.partial"
"""Scope key, set by the answering side: something could not be read, so others would not answer like this.
Such an answer is kept as any other, since asking again at once would not help, but not shared."""
STREAM = "openmodels.stream"
"""Scope key, set by the answering side before it answers: this answer goes on and on, so it is passed on part
by part, neither kept nor compressed. It may say itself how long others may keep it."""

SHARED = "openmodels.shared"
"""Scope key, set by what stands between the edge and the framework: a ``Shared``."""

Scope = dict[str, Any]


class Freshness(Enum):
    """How long an answer holds; the value is its ``Cache-Control``."""

    REVISION = "public, max-age=60, stale-while-revalidate=300"
    """Until the next revision of the registry."""
    TELEMETRY = "public, max-age=10, stale-while-revalidate=30"
    """Until telemetry records something, and at most ``TELEMETRY_SECONDS``, since periods slide."""
    PROGRAM = "public, max-age=3600, stale-while-revalidate=86400"
    """Until the program is started anew."""
    HISTORY = "public, max-age=30, stale-while-revalidate=60"
    """Until the next revision, and at most ``HISTORY_SECONDS``: a replay fills in the past at any time."""
    FOREVER = "public, max-age=31536000, immutable"
    """As long as there is the name, which holds a digest of the content."""
    NEVER = "no-store"
    """Not at all."""


class Shared(NamedTuple):
    """How an answer that shows telemetry is shared with other processes."""

    found: bool
    """Whether another made it."""
    modified: int
    """When it was made, in seconds since 1970-01-01 UTC."""
    seconds: float
    """How much longer it holds."""


TELEMETRY_SECONDS = 10.0
HISTORY_SECONDS = 30.0
