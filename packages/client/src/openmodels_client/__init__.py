"""A client of OpenModels, the open registry and observatory of language-model providers.

    from openmodels_client import OpenModels

    with OpenModels() as client:
        print(client.models.choose("kimi-k2-thinking").chosen)

``AsyncOpenModels`` has the same methods for asyncio.
"""

from openmodels_client.async_client import AsyncOpenModels
from openmodels_client.async_stream import AsyncEventStream
from openmodels_client.client import OpenModels
from openmodels_client.errors import (
    ApiError,
    BadRequest,
    ConnectionFailed,
    InvalidResponse,
    NotFound,
    OpenModelsError,
    RateLimited,
    ServerError,
    TimedOut,
)
from openmodels_client.events import Event
from openmodels_client.retrying import Retry
from openmodels_client.stream import EventStream
from openmodels_client.version import __version__

__all__ = [
    "ApiError",
    "AsyncEventStream",
    "AsyncOpenModels",
    "BadRequest",
    "ConnectionFailed",
    "Event",
    "EventStream",
    "InvalidResponse",
    "NotFound",
    "OpenModels",
    "OpenModelsError",
    "RateLimited",
    "Retry",
    "ServerError",
    "TimedOut",
    "__version__",
]
