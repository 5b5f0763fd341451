"""The only place where concrete stores are chosen and everything is wired together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import structlog
import uvloop
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from openmodels import version
from openmodels.api.app import create_api
from openmodels.api.endpoint import Services
from openmodels.api.hub import Hub
from openmodels.background import Background, Kept, assemble_background
from openmodels.clock import Clock, SystemClock
from openmodels.demo import demo_keys, demo_providers, demo_settings
from openmodels.domain.snapshot import Snapshot
from openmodels.edge.app import App, Edge
from openmodels.edge.cache import ResponseCache
from openmodels.edge.forwarded import Proxies
from openmodels.edge.limits import MemoryLimiter
from openmodels.jobs.notify import address_of, senders_from
from openmodels.jobs.senders import Sender
from openmodels.metrics.collect import Metrics, Watched
from openmodels.metrics.probing import prober_families
from openmodels.metrics.server import MetricsListener, start_metrics
from openmodels.prober.keys import EnvironmentKeys
from openmodels.registry.publish import publish
from openmodels.server import HEADER_SECONDS, HttpServer, listening_address, require_certificate
from openmodels.settings import Settings
from openmodels.signals import stop_signal
from openmodels.store.alert_ports import AlertStore
from openmodels.store.alerts import SqlAlertStore
from openmodels.store.engine import create_engine
from openmodels.store.live import Live
from openmodels.store.migrate import migrate
from openmodels.store.ports import RegistryStore, TelemetryStore
from openmodels.store.registry import SqlRegistryStore
from openmodels.store.spending import SqlSpendingStore
from openmodels.store.spending_ports import SpendingStore
from openmodels.store.telemetry import SqlTelemetryStore

log: Any = structlog.get_logger(__name__)


class Stores(Struct, frozen=True, kw_only=True):
    """Where data is kept."""

    registry: RegistryStore
    telemetry: TelemetryStore
    alerts: AlertStore
    spending: SpendingStore
    engine: AsyncEngine


@asynccontextmanager
async def open_stores(settings: Settings) -> AsyncIterator[Stores]:
    """The stores that the settings name, their schema up to date. Raises ``StoreError``."""
    engine = create_engine(settings)
    try:
        await migrate(engine)
        yield Stores(
            registry=SqlRegistryStore(engine),
            telemetry=SqlTelemetryStore(engine),
            alerts=SqlAlertStore(engine),
            spending=SqlSpendingStore(engine),
            engine=engine,
        )
    finally:
        await engine.dispose()


def create_app(
    settings: Settings,
    *,
    live: Live,
    registry: RegistryStore,
    telemetry: TelemetryStore,
    clock: Clock,
    hub: Hub | None = None,
) -> Edge:
    """The ASGI application over these stores. Without a hub it has one of its own, which nobody closes."""
    if hub is None:
        hub = Hub(telemetry, clock, limit=settings.stream_clients)
    live.on_epoch(hub.look)
    cache = ResponseCache(settings.response_cache_mb * 1024 * 1024)
    services = Services(
        live=live,
        registry=registry,
        telemetry=telemetry,
        cache=cache,
        hub=hub,
        clock=clock,
        version=version(),
        demo=settings.demo,
    )
    return Edge(
        cast("App", create_api(services)),
        live=live,
        cache=cache,
        clock=clock,
        limiter=MemoryLimiter(settings.rate_limit) if settings.rate_limit else None,
        proxies=Proxies(settings.trusted_proxies),
        https_only=settings.https_only,
        tls=settings.tls_cert is not None,
        demo=settings.demo,
    )


def serve(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    publish_first: bool,
    announce: Callable[[str, Snapshot], None],
    header_seconds: int = HEADER_SECONDS,
) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight finish first.

    ``environ`` is where providers' keys are looked for. ``announce`` is called with the address and the
    snapshot once requests are answered. Raises ``SettingsError``, ``StoreError``, ``RegistryUnreadable`` or
    ``RegistryInvalid`` before that.
    """
    settings = replace(settings, host=listening_address(settings.host, settings.port))
    require_certificate(settings.tls_cert, settings.tls_key)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, environ, publish_first, announce, header_seconds))


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
) -> None:
    clock, stopping = SystemClock(), stop_signal()
    async with _started(settings, clock, publish_first=publish_first) as begun:
        settings, stores, live = begun.settings, begun.stores, begun.live
        hub = Hub(stores.telemetry, clock, limit=settings.stream_clients)
        app = create_app(
            settings, live=live, registry=stores.registry, telemetry=stores.telemetry, clock=clock, hub=hub
        )
        background = _background(begun, environ, clock) if settings.prober else None
        watched = Watched(
            app=app, live=live, telemetry=stores.telemetry, hub=hub, clock=clock, version=version()
        )
        metrics = await _start_metrics(settings, watched, background)
        server = HttpServer(settings, app, header_seconds=header_seconds)
        beside = [asyncio.create_task(live.watch(settings.poll_interval))]
        try:
            await server.start()
            announce(server.address, live.snapshot)
            if background is not None:
                beside.append(asyncio.create_task(background.run()))
            await server.run_until(stopping)
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
    async with _started(settings, clock, publish_first=False) as begun:
        background = _background(begun, environ, clock)
        announce(begun.live.snapshot)
        tasks = [
            asyncio.create_task(begun.live.watch(settings.poll_interval)),
            asyncio.create_task(background.run()),
        ]
        try:
            await stopping
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        log.info("stopped", **background.summary())


class _Begun(Struct, frozen=True, kw_only=True):
    """What serving and working alone both stand on."""

    settings: Settings
    stores: Stores
    live: Live
    senders: Mapping[str, Sender]


@asynccontextmanager
async def _started(settings: Settings, clock: Clock, *, publish_first: bool) -> AsyncIterator[_Begun]:
    """The stores, open, and what is published, loaded; in a demo, by other settings. Raises as ``serve``."""
    async with AsyncExitStack() as stack:
        if settings.demo:
            settings = await stack.enter_async_context(demo_providers(demo_settings(settings), clock))
        # Also where nothing is sent from here: a wrong address should not wait for the first alert.
        senders = senders_from(settings)
        for sender in senders.values():
            stack.push_async_callback(sender.close)
        stores = await stack.enter_async_context(open_stores(settings))
        if publish_first:
            await publish(settings.registry, stores.registry, clock)
        live = Live(
            stores.registry,
            stores.telemetry,
            health_interval=timedelta(seconds=settings.health_interval),
        )
        await live.start()
        yield _Begun(settings=settings, stores=stores, live=live, senders=senders)


def _background(begun: _Begun, environ: Mapping[str, str], clock: Clock) -> Background:
    """The prober and the jobs, ready to run."""
    settings, stores = begun.settings, begun.stores
    return assemble_background(
        settings,
        begun.live,
        Kept(telemetry=stores.telemetry, alerts=stores.alerts, spending=stores.spending),
        clock=clock,
        keys=demo_keys() if settings.demo else EnvironmentKeys(environ),
        senders=begun.senders,
        address=address_of(settings),
    )


async def _start_metrics(
    settings: Settings, watched: Watched, background: Background | None
) -> MetricsListener | None:
    """The listener for Prometheus, where the settings want one. Raises ``SettingsError``."""
    if not settings.metrics_port:
        return None
    metrics = Metrics(watched)
    if background is not None:
        counters = background.counters
        metrics.add(lambda: prober_families(counters))
    return await start_metrics(metrics, host=settings.metrics_host, port=settings.metrics_port)
