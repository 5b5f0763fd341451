"""The listener for Prometheus: one path, one request a connection, apart from the public listener.

Small enough to be written out: a second server of the public kind would bring threads, and a server in a
thread of its own would read what the event loop is just changing.
"""

import asyncio
import errno
import socket
from typing import Any

import structlog
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from openmodels.errors import SettingsError
from openmodels.metrics.collect import Metrics

log: Any = structlog.get_logger(__name__)

MAX_HEAD_BYTES = 8192
MAX_CONNECTIONS = 16
"""Connections that are served at a time; further ones are closed at once."""
EXCHANGE_SECONDS = 10.0
"""The longest that one connection may take, all in all."""
TEXT = "text/plain; charset=utf-8"
HOST, PORT = "OPENMODELS_METRICS_HOST", "OPENMODELS_METRICS_PORT"


class MetricsListener:
    """Answers ``GET /metrics`` until it is closed."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def listen(self, host: str, port: int, listening: socket.socket | None = None) -> None:
        """Begin, on ``listening`` where it is given. Raises ``SettingsError``, which says what to type."""
        where = {"host": host, "port": port} if listening is None else {"sock": listening}
        try:
            self._server = await asyncio.start_server(self._take, limit=MAX_HEAD_BYTES, **where)
        except (OSError, UnicodeError) as error:
            raise SettingsError(_reason(host, port, error)) from None

    async def close(self) -> None:
        """Listen no more, and hang up."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= MAX_CONNECTIONS:
            writer.close()
            return
        task = asyncio.create_task(self._exchange(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(EXCHANGE_SECONDS):
                writer.write(await self._answer(await reader.readuntil(b"\r\n\r\n")))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError):
            pass  # a client that goes, says too much, or takes too long
        except Exception:
            log.exception("metrics failed")
        finally:
            writer.close()

    async def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
        target, _, version = rest.rpartition(b" ")
        if not version.startswith(b"HTTP/1."):
            return _response(400, TEXT, b"This is not HTTP/1.1\n")
        if method not in {b"GET", b"HEAD"}:
            return _response(405, TEXT, b"Use GET\n", "Allow: GET, HEAD\r\n")
        if target.partition(b"?")[0] != b"/metrics":
            return _response(404, TEXT, b"The metrics are at /metrics\n", head=method == b"HEAD")
        body = await self._metrics.text()
        return _response(200, CONTENT_TYPE_PLAIN_0_0_4, body, head=method == b"HEAD")


async def start_metrics(
    metrics: Metrics, *, host: str, port: int, listening: socket.socket | None = None
) -> MetricsListener:
    """Serve the metrics on ``host`` and ``port`` until the listener is closed. Raises ``SettingsError``.

    ``listening`` is a socket that has that address already.
    """
    listener = MetricsListener(metrics)
    await listener.listen(host, port, listening)
    return listener


def _response(status: int, media_type: str, body: bytes, extra: str = "", *, head: bool = False) -> bytes:
    reasons = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}
    lines = (
        f"HTTP/1.1 {status} {reasons[status]}\r\n"
        f"Content-Type: {media_type}\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        f"{extra}Connection: close\r\n\r\n"
    )
    return lines.encode() + (b"" if head else body)


def _reason(host: str, port: int, error: OSError | UnicodeError) -> str:
    known = {
        errno.EADDRINUSE: f"port {port} is taken: stop what uses it, or set {PORT} to another",
        errno.EACCES: f"port {port} needs root: set {PORT} to one above 1023",
    }
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno in known:
        return f"metrics: {known[error.errno]}"
    return (
        f"metrics cannot listen on {host}:{port}: set {HOST} to an address of this machine, such as 127.0.0.1"
    )
