"""The HTTP server: where it listens, its certificate, its start and its stop."""

import asyncio
import contextlib
import gc
import os
import socket
import sys
from pathlib import Path
from typing import Any

from granian._granian import SocketHolder
from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server.embed import Server

from openmodels.certificate import server_context
from openmodels.clock import Clock
from openmodels.edge.app import Edge
from openmodels.edge.asgi import App, Message, Receive, Scope, Send
from openmodels.errors import ServerStopped
from openmodels.listening import BACKLOG, Listener
from openmodels.settings import Settings

SHUTDOWN_SECONDS = 3.0
"""How long requests in flight may take to finish once the server was told to stop."""
LINGER_SECONDS = 0.5
"""How long who hands over its socket still serves the connections that it has taken.

It covers the set-up of TLS, two ways there and back, with a client a quarter of a second away."""
HEADER_SECONDS = 10
"""How long a client may take to send the head of a request."""
MAX_HEAD_BYTES = 64 * 1024
"""The largest request head; the server answers larger ones with 431 by itself."""
MAX_CONNECTIONS = 1024
"""Connections that are served at a time; further ones wait to be taken."""

COLLECTED_AFTER = (700, 10, 100)
"""When Python looks for garbage in its three generations (``gc.set_threshold``): in the last one a tenth as
often as by default. To walk all that a server holds takes longer than any page, and nobody is answered."""


def collect_seldom() -> None:
    """Have this process look through all that it holds as seldom as a server should."""
    gc.set_threshold(*COLLECTED_AFTER)


class HttpServer:
    """Serves an application in the running event loop, on a socket that has its address."""

    def __init__(
        self,
        settings: Settings,
        app: Edge,
        listener: Listener,
        *,
        header_seconds: int = HEADER_SECONDS,
    ) -> None:
        self._host, self._port = listener.address
        self._tls = settings.tls_cert is not None
        self._listener = listener
        self._last_answers = _LastAnswers(app) if listener.kept else None
        self._server = _OnSocket(settings, self._last_answers or app, listener.socket, header_seconds)
        self._serving: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self._port}"

    async def start(self) -> None:
        """Return once it takes connections. Raises ``ServerStopped``, ``SettingsError``."""
        self._listener.listen()
        self._serving = asyncio.create_task(self._server.serve())
        knock = asyncio.create_task(self._answered())
        await asyncio.wait({self._serving, knock}, return_when=asyncio.FIRST_COMPLETED)
        knock.cancel()
        if self._serving.done():
            raise self._stopped(self._serving)

    async def run_until(self, stopping: asyncio.Future[None]) -> None:
        """Serve until ``stopping`` is done. Raises ``ServerStopped`` when the server ends by itself."""
        assert self._serving is not None, "start comes first"  # noqa: S101
        await asyncio.wait({self._serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            raise self._stopped(self._serving)

    async def hand_over(self, clock: Clock) -> None:
        """Where another process keeps the socket, leave further connections to the next who serves it.

        Those that were taken are served for ``LINGER_SECONDS``: at a stop, the server closes whatever has not
        sent a request yet, and its client could not know that nothing was lost.
        """
        if self._last_answers is None:
            return
        self._last_answers.begin()
        self._server.take_no_more()
        await clock.sleep(LINGER_SECONDS)

    async def stop(self) -> None:
        """Take no more requests, and let those in flight finish."""
        self._listener.socket.close()
        if self._serving is None or self._serving.done():
            return
        self._server.stop()  # type: ignore[no-untyped-call]  # Granian leaves it without annotations
        with contextlib.suppress(TimeoutError, asyncio.CancelledError):
            await asyncio.wait_for(self._serving, SHUTDOWN_SECONDS)

    async def _answered(self) -> None:
        """Return when a connection was taken and answered, if only that this is no HTTP."""
        if self._last_answers is not None:
            # Others may serve the same socket and answer in its place.
            await self._last_answers.started.wait()
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(self._host, self._port)
            writer.write(b"?\r\n\r\n")
            await reader.read()
            writer.close()

    def _stopped(self, serving: asyncio.Task[None]) -> ServerStopped:
        reason = serving.exception() or "no reason given"
        return ServerStopped(f"the server on {self._host}:{self._port} ended by itself: {reason}")


class _OnSocket(Server):
    """Granian on a socket that is there already, for which its embedded form has no parameter."""

    def __init__(self, settings: Settings, app: App, listening: socket.socket, header_seconds: int) -> None:
        super().__init__(
            app,
            interface=Interfaces.ASGI,
            backlog=MAX_CONNECTIONS,
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
        self._listening = listening
        self._descriptor = -1

    def _init_shared_socket(self) -> None:
        # Granian closes what it is given.
        self._descriptor = os.dup(self._listening.fileno())
        # Its annotations know neither the length of the queue, which only some systems want here, nor that
        # this is None only until now.
        backlog = [BACKLOG] if sys.platform.startswith(("linux", "freebsd")) else []
        self._shd = SocketHolder(self._descriptor, False, *backlog)  # type: ignore[assignment,call-arg]

    def take_no_more(self) -> None:
        """Leave further connections in the queue, for others who serve the same socket, and serve the rest.

        Granian can only stop taking connections and close what it has at the same time. So its descriptor is
        turned into that of another socket, to which nobody connects.
        """
        with socket.socket() as nobodys:
            nobodys.bind(("127.0.0.1", 0))
            nobodys.listen(1)
            nobodys.setblocking(False)
            os.dup2(nobodys.fileno(), self._descriptor, inheritable=False)


class _LastAnswers:
    """Passes requests on; once it was told to, each answer is the last of its connection (RFC 9112, 9.6)."""

    def __init__(self, app: Edge) -> None:
        self.started = asyncio.Event()
        """Whether the application was started."""
        self._app = app
        self._ending = False

    def begin(self) -> None:
        """Have clients open another connection for their next request."""
        self._ending = True

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """The application's answer, as a coroutine."""
        # HTTP/2 has no such header: its connections are told by another way, when the server stops.
        if self._ending and scope["type"] == "http" and scope["http_version"] != "2":
            return self._app(scope, receive, _closing(send))
        if scope["type"] == "lifespan":
            return self._app(scope, receive, self._noting_start(send))
        return self._app(scope, receive, send)

    def _noting_start(self, send: Send) -> Send:
        async def send_noting(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self.started.set()

        return send_noting


def _closing(send: Send) -> Send:
    async def send_closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    return send_closing


def require_certificate(cert: Path | None, key: Path | None) -> None:
    """Raise ``SettingsError`` unless the certificate and its key, if there are any, can be used."""
    if cert is None or key is None:
        return
    server_context(cert, key, called=(f"OPENMODELS_TLS_CERT={cert}", f"OPENMODELS_TLS_KEY={key}"))
