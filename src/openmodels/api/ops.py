"""The endpoints about the whole: search over everything, counts, the service's own health."""

import asyncio
import time
from datetime import timedelta
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from openmodels.api.endpoint import Answer, Ask, Endpoint, Pinged, Services, answer
from openmodels.api.lists import joined
from openmodels.api.providers import provider_summaries
from openmodels.api.wire import choice, integer, text
from openmodels.domain.query import by_relevance
from openmodels.domain.views.registry import (
    IndexedModel,
    IndexedProvider,
    NameIndex,
    SearchResults,
    Stats,
    Time,
    iso,
    iso_or_none,
)
from openmodels.edge.exchange import Freshness
from openmodels.errors import StoreError
from openmodels.store.cluster_ports import known_regions

PING_SECONDS = 1.0
"""The longest that a service may take to answer a ping."""

ServiceStatus = Literal["up", "down", "idle"]


class ApiHealth(Struct, frozen=True):
    """The API itself."""

    status: ServiceStatus
    """up, since it answered."""


class PingedHealth(Struct, frozen=True):
    """A service that was just pinged."""

    status: ServiceStatus
    """up, or down when it did not answer in time."""
    latency_ms: float | None
    """How long its answer took; null when none came."""


class TelemetryHealth(Struct, frozen=True):
    """The telemetry."""

    status: ServiceStatus
    """up, idle when nothing was ever probed, or down when it cannot be read."""
    last_probe_at: Time | None
    """When the newest check or measurement was made."""


class RegistryHealth(Struct, frozen=True):
    """The published registry."""

    status: ServiceStatus
    """up, or down when the newest revision was refused and an older one serves."""
    revision: str
    """The revision that serves."""
    problem: str | None
    """Why the newest revision is not served."""


class RegionHealth(Struct, frozen=True):
    """A region that providers are probed from."""

    region: str
    """Its name."""
    status: ServiceStatus
    """up while a prober works there, idle when the last one was stopped, or down when none was heard of for a
    minute and the last one has not said that it ends."""
    probers: int
    """How many processes probe from there."""
    last_seen_at: Time
    """When one of them was heard of last."""


class ServicesHealth(Struct, frozen=True):
    """Each service by itself."""

    api: ApiHealth
    """The API itself."""
    database: PingedHealth
    """The database."""
    cache: PingedHealth
    """The cache of ready answers."""
    telemetry: TelemetryHealth
    """The telemetry."""
    registry: RegistryHealth
    """The published registry."""
    redis: PingedHealth | UnsetType = UNSET
    """The Redis that several processes share; there only where one is set. While it is down, each process
    limits for itself."""
    replica: PingedHealth | UnsetType = UNSET
    """The replica that telemetry is read from; there only where one is set."""
    regions: tuple[RegionHealth, ...] | UnsetType = UNSET
    """The regions of the last 7 days; there only when there were any, and the database tells."""


class Liveness(Struct, frozen=True):
    """That this process answers."""

    status: Literal["up"]
    """up, since it answered."""
    revision: str
    """The revision of the registry that it serves."""


class SystemHealth(Struct, frozen=True, kw_only=True):
    """Whether everything works."""

    status: Literal["healthy", "degraded"]
    """degraded when any service is down; the registry is served all the same."""
    timestamp: Time
    """When this was found out."""
    version: str
    """The program's version."""
    demo: Literal[True] | UnsetType = UNSET
    """There only in a demo, whose telemetry is of fake providers."""
    services: ServicesHealth
    """Each service by itself."""


async def search(ask: Ask) -> Answer:
    """Models and providers that match, best first."""
    snapshot, limit, only = ask.snapshot, ask.params["limit"], ask.params["type"]
    query = ask.params["q"]
    models = by_relevance(snapshot.model_search.search(query)) if only != "providers" else []
    providers = by_relevance(snapshot.provider_search.search(query)) if only != "models" else []
    states = await ask.states() if providers else {}
    return Answer(
        body=b'{"models":%s,"providers":%s,"total":%d}'
        % (
            joined([snapshot.models[n].summary_json for n in models[:limit]]),
            joined(provider_summaries(snapshot, providers[:limit], states)),
            len(models) + len(providers),
        )
    )


async def search_index(ask: Ask) -> Answer:
    """Every model and provider in short."""
    snapshot = ask.snapshot
    return answer(
        NameIndex(
            models=tuple(
                IndexedModel(m.record.id, m.record.name, m.record.vendor, m.record.capabilities)
                for m in snapshot.models
            ),
            providers=tuple(
                IndexedProvider(p.record.id, p.record.name, p.record.compatibility)
                for p in snapshot.providers
            ),
            updated_at=iso(snapshot.published_at),
        )
    )


async def stats(ask: Ask) -> Answer:
    """How much there is."""
    snapshot = ask.snapshot
    day = ask.services.clock.now() - timedelta(days=1)
    try:
        checks = await ask.services.telemetry.checks_since(day)
    except StoreError:
        checks = None
        ask.unread.append("checks")
    return answer(
        Stats(
            models=len(snapshot.models),
            providers=len(snapshot.providers),
            mappings=snapshot.offerings_count,
            last_sync_at=iso(snapshot.published_at),
            revision=snapshot.revision,
            checks_24h=checks,
            demo=True if ask.services.demo else UNSET,
        )
    )


async def live(ask: Ask) -> Answer:
    """That this process answers, from what it holds in memory."""
    return answer(Liveness("up", ask.snapshot.revision))


async def _ping_if_any(pinged: Pinged | None) -> PingedHealth | UnsetType:
    return UNSET if pinged is None else await _ping(pinged)


async def _ping(pinged: Pinged) -> PingedHealth:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(PING_SECONDS):
            await pinged.ping()
    except (StoreError, TimeoutError):
        return PingedHealth("down", None)
    return PingedHealth("up", round((time.perf_counter() - started) * 1000, 3))


async def _telemetry_health(services: Services) -> TelemetryHealth:
    try:
        async with asyncio.timeout(PING_SECONDS):
            last = await services.telemetry.last_probe_at()
    except (StoreError, TimeoutError):
        return TelemetryHealth("down", None)
    return TelemetryHealth("idle" if last is None else "up", iso_or_none(last))


async def _regions_health(services: Services) -> tuple[RegionHealth, ...]:
    if services.cluster is None:
        return ()
    try:
        async with asyncio.timeout(PING_SECONDS):
            regions = await known_regions(services.cluster, services.clock.now())
    except (StoreError, TimeoutError):
        # The database is down, and that is told already.
        return ()
    return tuple(RegionHealth(r.region, r.status, r.probers, iso(r.last_seen_at)) for r in regions)


async def health(ask: Ask) -> Answer:
    """Whether everything works, found out once a second at most: nobody counts how often this is asked."""
    return await ask.services.health.get(_found_out(ask), ask.services.clock)


async def _found_out(ask: Ask) -> Answer:
    """Ping everything, each within a second."""
    services, live = ask.services, ask.services.live
    database, cache, redis, replica, telemetry, regions = await asyncio.gather(
        _ping(services.registry),
        _ping(services.cache),
        _ping_if_any(services.redis),
        _ping_if_any(services.replica),
        _telemetry_health(services),
        _regions_health(services),
    )
    registry = RegistryHealth("down" if live.problem else "up", ask.snapshot.revision, live.problem)
    parts = (database, cache, redis, replica, telemetry, registry, *regions)
    degraded = any(part.status == "down" for part in parts if not isinstance(part, UnsetType))
    found = SystemHealth(
        status="degraded" if degraded else "healthy",
        timestamp=iso(services.clock.now()),
        version=services.version,
        demo=True if services.demo else UNSET,
        services=ServicesHealth(
            api=ApiHealth("up"),
            database=database,
            cache=cache,
            telemetry=telemetry,
            registry=registry,
            redis=redis,
            replica=replica,
            regions=regions or UNSET,
        ),
    )
    return Answer(body=answer(found).body, status=503 if degraded else 200)


ENDPOINTS = (
    Endpoint(
        path="/api/search",
        tag="Search",
        summary="Search models and providers",
        description="Exact matches first, then beginnings, then parts, then what was probably meant.",
        handle=search,
        body=SearchResults,
        freshness=Freshness.TELEMETRY,
        params=(
            text("q", "What to look for.", example="claude sonet"),
            choice("type", "Only one kind.", ("models", "providers"), example="models"),
            integer("limit", "How many of each kind.", low=1, high=20, default=10, example=5),
        ),
        example="/api/search?q=deepseek%20v3",
    ),
    Endpoint(
        path="/api/search/index",
        tag="Search",
        summary="Every name",
        description="Every model and provider in short, for search on the client's side.",
        handle=search_index,
        body=NameIndex,
        freshness=Freshness.REVISION,
        example="/api/search/index",
    ),
    Endpoint(
        path="/api/stats",
        tag="System",
        summary="Counts",
        description="How many models, providers and mappings there are, and which revision is published.",
        handle=stats,
        body=Stats,
        freshness=Freshness.TELEMETRY,
        shared=True,
        example="/api/stats",
    ),
    Endpoint(
        path="/api/health",
        tag="System",
        summary="System health check",
        description="Pings every service, each within a second, and at most once a second. Not counted by "
        "the rate limit. It is for people and monitors; a load balancer asks `/api/health/live`, since a "
        "node whose database or Redis is down still answers.",
        handle=health,
        body=SystemHealth,
        freshness=Freshness.NEVER,
        example="/api/health",
        degraded=True,
    ),
    Endpoint(
        path="/api/health/live",
        tag="System",
        summary="Whether this process answers",
        description="For load balancers: 200 as long as this process can answer from what it holds in "
        "memory. It asks nobody, and is not counted by the rate limit.",
        handle=live,
        body=Liveness,
        freshness=Freshness.NEVER,
        example="/api/health/live",
    ),
)
