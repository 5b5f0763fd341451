"""The only place where concrete stores are chosen and everything is wired together."""

import asyncio
import contextlib
import errno
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
import structlog
import uvloop
from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server.embed import Server
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from openmodels import version
from openmodels.api.app import create_api
from openmodels.api.endpoint import Services
from openmodels.clock import Clock, SystemClock
from openmodels.domain.snapshot import Snapshot
from openmodels.edge.app import App, Edge
from openmodels.edge.cache import ResponseCache
from openmodels.edge.forwarded import Proxies
from openmodels.edge.limits import MemoryLimiter
from openmodels.errors import ServerStopped, SettingsError
from openmodels.registry.publish import publish
from openmodels.settings import Settings
from openmodels.store.engine import create_engine
from openmodels.store.live import Live
from openmodels.store.migrate import migrate
from openmodels.store.ports import RegistryStore, TelemetryStore
from openmodels.store.registry import SqlRegistryStore
from openmodels.store.telemetry import SqlTelemetryStore

log: Any = structlog.get_logger(__name__)

SHUTDOWN_SECONDS = 3.0
"""How long requests in flight may take to finish once the server was told to stop."""
HEADER_SECONDS = 10
"""How long a client may take to send the head of a request."""
MAX_HEAD_BYTES = 64 * 1024
"""The largest request head; the server answers larger ones with 431 by itself."""
BACKLOG = 1024


class Stores(Struct, frozen=True, kw_only=True):
    """Where data is kept."""

    registry: RegistryStore
    telemetry: TelemetryStore
    engine: AsyncEngine


@asynccontextmanager
async def open_stores(settings: Settings) -> AsyncIterator[Stores]:
    """The stores that the settings name, their schema up to date. Raises ``StoreError``."""
    engine = create_engine(settings)
    try:
        await migrate(engine)
        yield Stores(registry=SqlRegistryStore(engine), telemetry=SqlTelemetryStore(engine), engine=engine)
    finally:
        await engine.dispose()


def create_app(
    settings: Settings, *, live: Live, registry: RegistryStore, telemetry: TelemetryStore, clock: Clock
) -> Edge:
    """The ASGI application over these stores."""
    cache = ResponseCache(settings.response_cache_mb * 1024 * 1024)
    services = Services(
        live=live, registry=registry, telemetry=telemetry, cache=cache, clock=clock, version=version()
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
    )


def serve(
    settings: Settings,
    *,
    publish_first: bool,
    announce: Callable[[str, Snapshot], None],
    header_seconds: int = HEADER_SECONDS,
) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight finish first.

    ``announce`` is called with the address and the snapshot once requests are answered. Raises
    ``SettingsError``, ``StoreError``, ``RegistryUnreadable`` or ``RegistryInvalid`` before that.
    """
    address = listening_address(settings.host, settings.port)
    require_certificate(settings.tls_cert, settings.tls_key)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(
            _serve(
                msgspec.structs.replace(settings, host=address),
                publish_first=publish_first,
                announce=announce,
                header_seconds=header_seconds,
            )
        )


def listening_address(host: str, port: int) -> str:
    """The IP address to listen on for ``host``. Raises ``SettingsError`` unless its port is free.

    The server takes addresses only, no names; and it shares ports between processes (SO_REUSEPORT), so it
    would not notice another one.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise SettingsError(f"HOST={host} is not known: set HOST to an address of this machine") from None
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            reasons = {
                errno.EADDRINUSE: f"port {port} is taken: stop what uses it, or set PORT to another",
                errno.EACCES: f"port {port} needs root: set PORT to one above 1023",
            }
            other = f"cannot listen on {host}:{port}: set HOST to an address of this machine"
            raise SettingsError(reasons.get(error.errno or 0, other)) from None
    return str(address[0])


def require_certificate(cert: Path | None, key: Path | None) -> None:
    """Raise ``SettingsError`` unless the certificate and its key, if there are any, can be used."""
    if cert is None or key is None:
        return
    try:
        # An empty password, so that an encrypted key is refused and not asked about on the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        reason = (error.reason or "not PEM").replace("_", " ").lower()
        raise SettingsError(
            f"OPENMODELS_TLS_CERT={cert} and OPENMODELS_TLS_KEY={key} cannot be used ({reason}): "
            "give a certificate chain and its own unencrypted private key, both as PEM"
        ) from None
    except OSError as error:
        raise SettingsError(
            f"OPENMODELS_TLS_CERT={cert} or OPENMODELS_TLS_KEY={key} cannot be read: {error.strerror}"
        ) from None


async def _serve(
    settings: Settings,
    *,
    publish_first: bool,
    announce: Callable[[str, Snapshot], None],
    header_seconds: int,
) -> None:
    clock = SystemClock()
    stopping = _stop_signal()
    async with open_stores(settings) as stores:
        if publish_first:
            await publish(settings.registry, stores.registry, clock)
        live = Live(stores.registry, stores.telemetry)
        await live.start()
        app = create_app(
            settings, live=live, registry=stores.registry, telemetry=stores.telemetry, clock=clock
        )
        server = _server(settings, app, header_seconds)
        serving = asyncio.create_task(server.serve())
        watching = asyncio.create_task(live.watch(settings.poll_interval))
        await _until_listening(settings.host, settings.port, serving)
        if not serving.done():
            scheme = "https" if settings.tls_cert else "http"
            host = f"[{settings.host}]" if ":" in settings.host else settings.host
            announce(f"{scheme}://{host}:{settings.port}", live.snapshot)
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        watching.cancel()
        if serving.done():
            reason = serving.exception() or "no reason given"
            raise ServerStopped(f"the server on {settings.host}:{settings.port} ended by itself: {reason}")
        server.stop()  # type: ignore[no-untyped-call]  # Granian leaves it without annotations
        with contextlib.suppress(TimeoutError, asyncio.CancelledError):
            await asyncio.wait_for(serving, SHUTDOWN_SECONDS)
        log.info("stopped")


async def _until_listening(host: str, port: int, serving: asyncio.Task[None]) -> None:
    """Return once the server takes connections, or has ended."""
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return


def _server(settings: Settings, app: Edge, header_seconds: int) -> Server:
    return Server(
        app,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        backlog=BACKLOG,
        websockets=False,
        log_enabled=False,
        http1_settings=HTTP1Settings(
            header_read_timeout=header_seconds * 1000, max_buffer_size=MAX_HEAD_BYTES
        ),
        http2_settings=HTTP2Settings(max_headers_size=MAX_HEAD_BYTES),
        ssl_cert=settings.tls_cert,
        ssl_key=settings.tls_key,
        # Granian's own default leaves out clients that speak TLS 1.2 only, of which there are still many.
        ssl_protocol_min=SSLProtocols.tls12,
    )


def _stop_signal() -> asyncio.Future[None]:
    """Done at the first SIGINT or SIGTERM."""
    loop = asyncio.get_running_loop()
    stopping: asyncio.Future[None] = loop.create_future()

    def stop() -> None:
        if not stopping.done():
            stopping.set_result(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    return stopping
