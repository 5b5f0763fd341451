"""Where everything is wired together; what the settings name is opened by ``opening.py``."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import structlog
import uvloop
from msgspec import Struct
from msgspec.structs import replace

from openmodels import version
from openmodels.api.app import create_api, sharing
from openmodels.api.endpoint import Services
from openmodels.api.hub import Hub
from openmodels.api.past import Past
from openmodels.background import Background, Kept, assemble_background
from openmodels.clock import Clock, SystemClock
from openmodels.demo import demo_keys, demo_providers, demo_settings
from openmodels.domain.snapshot import Snapshot
from openmodels.edge.app import DEMO, HSTS, Edge
from openmodels.edge.asgi import App
from openmodels.edge.cache import ResponseCache
from openmodels.edge.forwarded import Proxies
from openmodels.edge.limits import WINDOW_SECONDS, Limiter, MemoryLimiter
from openmodels.jobs.notify import address_of, senders_from
from openmodels.jobs.senders import Sender
from openmodels.listening import HandedOver, Listener, open_socket
from openmodels.mcp.http import open_door
from openmodels.metrics.collect import Metrics
from openmodels.metrics.news import news_families
from openmodels.metrics.probing import prober_families
from openmodels.metrics.queue import queue_families
from openmodels.metrics.regions import region_families
from openmodels.metrics.registry import registry_families
from openmodels.metrics.server import MetricsListener, start_metrics
from openmodels.metrics.service import Watched, watch_service
from openmodels.opening import Answering, Stores, open_answering, open_redis, open_stores
from openmodels.prober.keys import EnvironmentKeys
from openmodels.registry.overlay import require_with_overlay
from openmodels.registry.publish import publish
from openmodels.server import HEADER_SECONDS, HttpServer, collect_seldom, require_certificate
from openmodels.service_manager import notify_stopping
from openmodels.settings import Settings
from openmodels.signals import stop_signal
from openmodels.store.alert_ports import AlertStore
from openmodels.store.cluster_ports import ClusterStore
from openmodels.store.engine import is_sqlite
from openmodels.store.history_ports import HistoryStore
from openmodels.store.live import Live
from openmodels.store.news import AllNews
from openmodels.store.open_news import all_news
from openmodels.store.ports import RegistryStore, TelemetryStore
from openmodels.web.app import page_routes
from openmodels.web.built import read_built
from openmodels.web.rendering import Rendering, Site

if TYPE_CHECKING:
    from openmodels.store.redis_link import RedisLink
    from openmodels.store.replica import Replica

log: Any = structlog.get_logger(__name__)


class Neighbours(Struct, frozen=True, kw_only=True):
    """What there is beside a process that serves, where there is anything."""

    cluster: ClusterStore | None = None
    """Where it is known in which regions somebody probes; without one, health does not tell."""
    redis: "RedisLink | None" = None
    """With one, the rate limit and answers that show telemetry are those of all processes that use it."""
    replica: "Replica | None" = None
    """The database that answers are read from, where it is not the one that is written to."""
    alerts: AlertStore | None = None
    """Where maintenance windows are kept; without one, none are shown."""


def create_app(
    settings: Settings,
    *,
    live: Live,
    registry: RegistryStore,
    telemetry: TelemetryStore,
    history: HistoryStore,
    clock: Clock,
    hub: Hub | None = None,
    neighbours: Neighbours = Neighbours(),  # noqa: B008 - it is frozen
) -> Edge:
    """The ASGI application over these stores. Without a hub it has one of its own, which nobody closes."""
    if hub is None:
        hub = Hub(telemetry, clock, limit=settings.stream_clients)
    live.on_epoch(hub.look)
    redis = neighbours.redis
    cache = ResponseCache(settings.response_cache_mb * 1024 * 1024)
    services = Services(
        live=live,
        registry=registry,
        telemetry=telemetry,
        history=history,
        past=Past(history, live, clock),
        cache=cache,
        hub=hub,
        clock=clock,
        version=version(),
        public_url=settings.public_url,
        address=address_of(settings).rstrip("/"),
        cluster=neighbours.cluster,
        redis=redis,
        replica=neighbours.replica,
        alerts=neighbours.alerts,
        demo=settings.demo,
    )
    rendering = Rendering(_site(settings))
    pages = page_routes(services, rendering)
    api = cast("App", create_api(services, more=pages, error_page=rendering.error))
    limiter: Limiter | None = MemoryLimiter(settings.rate_limit) if settings.rate_limit else None
    if redis is not None:
        api, limiter = _shared(api, settings, redis, live, clock)
    edge = Edge(
        api,
        live=live,
        cache=cache,
        clock=clock,
        limiter=limiter,
        proxies=Proxies(settings.trusted_proxies),
        https_only=settings.https_only,
        always=[
            *([HSTS] if settings.https_only or settings.tls_cert is not None else []),
            *([DEMO] if settings.demo else []),
        ],
        error_page=rendering.error,
    )
    edge.agents = open_door(api, live, clock)
    return edge


def _site(settings: Settings) -> Site:
    """What all pages have in common."""
    return Site(
        version=version(),
        built=read_built(),
        public_url=settings.public_url.rstrip("/"),
        demo=settings.demo,
    )


def _shared(
    api: App, settings: Settings, redis: "RedisLink", live: Live, clock: Clock
) -> tuple[App, Limiter | None]:
    """The API and the limiter as several processes share them."""
    # Here, since a process without Redis need not load its client.
    from openmodels.edge.shared_answers import SharedAnswers  # noqa: PLC0415
    from openmodels.edge.shared_limits import SharedLimiter  # noqa: PLC0415
    from openmodels.store.redis_shelf import RedisShelf  # noqa: PLC0415
    from openmodels.store.redis_tally import RedisTally  # noqa: PLC0415

    limiter = None
    if settings.rate_limit:
        tally = RedisTally(redis, limit=settings.rate_limit, seconds=WINDOW_SECONDS)
        limiter = SharedLimiter(tally, settings.rate_limit, clock)
    # Whatever an answer depends on that is not in the database.
    variant = f"{version()} {settings.demo} {settings.health_interval}"
    shelf = RedisShelf(redis)
    return SharedAnswers(api, shelf, live, clock, covers=sharing(), variant=variant), limiter


def serve(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    publish_first: bool,
    announce: Callable[[str, Snapshot], None],
    header_seconds: int = HEADER_SECONDS,
    handed_over: HandedOver | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight finish first.

    ``environ`` is where providers' keys are looked for. ``announce`` is called with the address and the
    snapshot once requests are answered. ``handed_over`` are sockets to serve instead of those that the
    settings name. Raises ``SettingsError``, ``StoreError``, ``RegistryUnreadable`` or ``RegistryInvalid``
    before that.
    """
    collect_seldom()
    if handed_over is None:
        listener = Listener(open_socket(settings.host, settings.port))
    else:
        listener = Listener(handed_over.requests, kept=True)
    host, port = listener.address
    settings = replace(settings, host=host, port=port)
    require_certificate(settings.tls_cert, settings.tls_key)
    metrics = handed_over and handed_over.metrics
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, environ, publish_first, announce, header_seconds, listener, metrics))


def work(settings: Settings, environ: Mapping[str, str], *, announce: Callable[[Snapshot], None]) -> None:
    """Probe, and do all other background work, without serving, until SIGINT or SIGTERM.

    ``announce`` is called with the snapshot once it begins. Raises ``SettingsError`` or ``StoreError`` before
    that.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_work(settings, environ, announce))


async def _serve(
    settings: Settings,
    environ: Mapping[str, str],
    publish_first: bool,
    announce: Callable[[str, Snapshot], None],
    header_seconds: int,
    listener: Listener,
    metrics_socket: socket.socket | None,
) -> None:
    clock, stopping = SystemClock(), stop_signal()
    async with _started(settings, clock, publish_first=publish_first, answers=True) as begun:
        settings, stores, live = begun.settings, begun.stores, begun.live
        answering = begun.answering
        hub = Hub(answering.telemetry, clock, limit=settings.stream_clients)
        app = create_app(
            settings,
            live=live,
            registry=stores.registry,
            telemetry=answering.telemetry,
            history=answering.history,
            clock=clock,
            hub=hub,
            neighbours=Neighbours(
                cluster=stores.cluster,
                redis=begun.redis,
                replica=answering.replica,
                alerts=stores.alerts,
            ),
        )
        background = _background(begun, environ, clock) if settings.prober else None
        watched = Watched(app=app, live=live, telemetry=answering.telemetry, hub=hub, clock=clock)
        metrics = await _start_metrics(begun, clock, background, watched, metrics_socket)
        server = HttpServer(settings, app, listener, header_seconds=header_seconds)
        beside = [asyncio.create_task(_watch(begun, clock))]
        try:
            await server.start()
            announce(server.address, live.snapshot)
            if background is not None:
                beside.append(asyncio.create_task(background.run()))
            await server.run_until(stopping)
            notify_stopping(environ)
            await server.hand_over(clock)
        finally:
            for task in beside:
                task.cancel()
            # Without this, the server would wait for streams that never end by themselves.
            hub.close()
            await server.stop()
            await asyncio.gather(*beside, return_exceptions=True)
            if metrics is not None:
                await metrics.close()
        log.info("stopped", **(background.summary() if background else {}))


async def _work(settings: Settings, environ: Mapping[str, str], announce: Callable[[Snapshot], None]) -> None:
    clock, stopping = SystemClock(), stop_signal()
    async with _started(settings, clock, publish_first=False, answers=False) as begun:
        background = _background(begun, environ, clock)
        metrics = await _start_metrics(begun, clock, background)
        announce(begun.live.snapshot)
        tasks = [
            asyncio.create_task(_watch(begun, clock)),
            asyncio.create_task(background.run()),
        ]
        try:
            await stopping
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if metrics is not None:
                await metrics.close()
        log.info("stopped", **background.summary())


class _Begun(Struct, frozen=True, kw_only=True):
    """What serving and working alone both stand on."""

    settings: Settings
    stores: Stores
    answering: Answering
    live: Live
    senders: Mapping[str, Sender]
    redis: "RedisLink | None"
    news: AllNews | None


@asynccontextmanager
async def _started(
    settings: Settings, clock: Clock, *, publish_first: bool, answers: bool
) -> AsyncIterator[_Begun]:
    """The stores, open, and what is published, loaded; in a demo, by other settings. Raises as ``serve``.

    ``answers`` is whether requests are answered: who only works reads from the primary alone.
    """
    async with AsyncExitStack() as stack:
        if settings.demo:
            settings = await stack.enter_async_context(demo_providers(demo_settings(settings), clock))
        # Also where nothing is sent from here: a wrong address should not wait for the first alert.
        senders = senders_from(settings)
        for sender in senders.values():
            stack.push_async_callback(sender.close)
        redis = await stack.enter_async_context(open_redis(settings, clock))
        stores = await stack.enter_async_context(open_stores(settings, clock, redis))
        if publish_first:
            load = partial(require_with_overlay, overlay=settings.overlay)
            await publish(settings.registry, stores.registry, clock, load=load)
        answering = Answering(registry=stores.registry, telemetry=stores.telemetry, history=stores.history)
        if answers:
            answering = await stack.enter_async_context(open_answering(settings, stores, clock))
        live = Live(
            answering.registry,
            answering.telemetry,
            health_interval=timedelta(seconds=settings.health_interval),
        )
        await live.start()
        yield _Begun(
            settings=settings,
            stores=stores,
            answering=answering,
            live=live,
            senders=senders,
            redis=redis,
            news=all_news(settings, clock, stores.news),
        )


async def _watch(begun: _Begun, clock: Clock) -> None:
    """Take up what is published and recorded, until cancelled."""
    news, replica = begun.news, begun.answering.replica
    if replica is not None and news is not None:
        # What the primary announces is not in the replica yet, which tells when it is.
        news = AllNews([*news.parts, replica])
    await begun.live.watch(begun.settings.poll_interval, news, clock)


def _background(begun: _Begun, environ: Mapping[str, str], clock: Clock) -> Background:
    """The prober and the jobs, ready to run."""
    settings, stores = begun.settings, begun.stores
    return assemble_background(
        settings,
        begun.live,
        Kept(
            telemetry=stores.telemetry,
            alerts=stores.alerts,
            spending=stores.spending,
            cluster=stores.cluster,
            queue=None if is_sqlite(stores.engine) else stores.engine.url,
        ),
        clock=clock,
        keys=demo_keys() if settings.demo else EnvironmentKeys(environ),
        senders=begun.senders,
        address=address_of(settings),
    )


async def _start_metrics(
    begun: _Begun,
    clock: Clock,
    background: Background | None,
    watched: Watched | None = None,
    listening: socket.socket | None = None,
) -> MetricsListener | None:
    """The listener for Prometheus, where the settings want one. Raises ``SettingsError``.

    ``watched`` is what is there only where requests are answered; ``listening`` a socket to take for it.
    """
    settings, cluster = begun.settings, begun.stores.cluster
    if not settings.metrics_port:
        return None
    metrics = Metrics(version())
    metrics.add(lambda: registry_families(begun.live))
    metrics.ask("regions", lambda: region_families(cluster, clock))
    if not is_sqlite(begun.stores.engine):
        metrics.ask("queue", lambda: queue_families(begun.stores.engine))
    news = begun.news
    if news is not None:
        metrics.add(lambda: news_families(news.parts))
    if watched is not None:
        watch_service(metrics, watched)
    if background is not None:
        counters = background.counters
        metrics.add(lambda: prober_families(counters))
    if begun.redis is not None:
        from openmodels.metrics.redis import redis_families  # noqa: PLC0415 - only with Redis

        link, app = begun.redis, watched.app if watched else None
        metrics.add(lambda: redis_families(link, app))
    host, port = settings.metrics_host, settings.metrics_port
    return await start_metrics(metrics, host=host, port=port, listening=listening)
