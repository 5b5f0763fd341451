"""What pages read of telemetry: a page is shown without what the database does not tell, and says so."""

from collections.abc import Awaitable, Collection, Coroutine, Hashable, Mapping
from typing import Any, TypeVar

import structlog

from openmodels.api.endpoint import Ask
from openmodels.domain.snapshot import ModelEntry
from openmodels.domain.telemetry import OfferingTelemetry
from openmodels.errors import StoreError

log: Any = structlog.get_logger(__name__)

T = TypeVar("T")


async def read_or(ask: Ask, what: str, reading: Awaitable[T], otherwise: T) -> T:
    """What a reading gives; ``otherwise`` while the database fails, which ``ask.unread`` then tells of."""
    try:
        return await reading
    except StoreError as error:
        log.warning("showing a page without telemetry", path=ask.path, what=what, reason=str(error))
        ask.unread.append(what)
        return otherwise


async def read_held(ask: Ask, what: str, key: Hashable, reading: Coroutine[Any, Any, T], otherwise: T) -> T:
    """As ``read_or``; a reading of the same ``what`` and ``key`` a moment ago is shown again.

    A page is asked for with many queries (its order, its calculator), each of which would else read all anew.
    """
    held = ask.services.figures.get((what, key), reading, ask.services.clock)
    return await read_or(ask, what, held, otherwise)


async def read_offerings(
    ask: Ask, entry: ModelEntry, *, regions: Collection[str]
) -> Mapping[str, OfferingTelemetry]:
    """By provider id: what is known of a model's offerings over the period, as ``read_held``."""
    key = (ask.snapshot.revision, entry.record.id, ask.params["period"], tuple(regions))
    return await read_held(ask, "measurements", key, ask.measured(entry, regions=regions), {})
