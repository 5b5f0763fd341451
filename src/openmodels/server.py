"""The HTTP server: where it listens, its certificate, its start and its stop."""

import asyncio
import contextlib
import errno
import socket
from pathlib import Path

from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server.embed import Server

from openmodels.certificate import server_context
from openmodels.edge.app import Edge
from openmodels.errors import ServerStopped, SettingsError
from openmodels.settings import Settings

SHUTDOWN_SECONDS = 3.0
"""How long requests in flight may take to finish once the server was told to stop."""
HEADER_SECONDS = 10
"""How long a client may take to send the head of a request."""
MAX_HEAD_BYTES = 64 * 1024
"""The largest request head; the server answers larger ones with 431 by itself."""
BACKLOG = 1024


class HttpServer:
    """Serves an application in the running event loop. ``settings.host`` must be an IP address."""

    def __init__(self, settings: Settings, app: Edge, *, header_seconds: int = HEADER_SECONDS) -> None:
        self._host, self._port = settings.host, settings.port
        self._tls = settings.tls_cert is not None
        self._server = _granian(settings, app, header_seconds)
        self._serving: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self._port}"

    async def start(self) -> None:
        """Return once it takes connections. Raises ``ServerStopped``."""
        self._serving = asyncio.create_task(self._server.serve())
        while not self._serving.done():
            try:
                _, writer = await asyncio.open_connection(self._host, self._port)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return
        raise self._stopped(self._serving)

    async def run_until(self, stopping: asyncio.Future[None]) -> None:
        """Serve until ``stopping`` is done. Raises ``ServerStopped`` when the server ends by itself."""
        assert self._serving is not None, "start comes first"  # noqa: S101
        await asyncio.wait({self._serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            raise self._stopped(self._serving)

    async def stop(self) -> None:
        """Take no more requests, and let those in flight finish."""
        if self._serving is None or self._serving.done():
            return
        self._server.stop()  # type: ignore[no-untyped-call]  # Granian leaves it without annotations
        with contextlib.suppress(TimeoutError, asyncio.CancelledError):
            await asyncio.wait_for(self._serving, SHUTDOWN_SECONDS)

    def _stopped(self, serving: asyncio.Task[None]) -> ServerStopped:
        reason = serving.exception() or "no reason given"
        return ServerStopped(f"the server on {self._host}:{self._port} ended by itself: {reason}")


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
    server_context(cert, key, called=(f"OPENMODELS_TLS_CERT={cert}", f"OPENMODELS_TLS_KEY={key}"))


def _granian(settings: Settings, app: Edge, header_seconds: int) -> Server:
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
