"""``--local``: the API of a registry's files, in this process. There is no telemetry, and no history.

It is imported only where it is asked for: it brings the whole server.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import httpx2
import typer
from msgspec.structs import replace

from openmodels.bootstrap import create_app
from openmodels.cli.telling import telling_client
from openmodels.cli.terminal import load_with_progress, print_issues
from openmodels.clock import Clock, SystemClock
from openmodels.domain.records import Registry
from openmodels.edge.app import Edge
from openmodels.settings import Settings
from openmodels.store.live import Live
from openmodels.store.memory import MemoryRegistryStore, MemoryTelemetryStore
from openmodels.store.memory_history import MemoryHistoryStore
from openmodels_client import OpenModels

ADDRESS = "http://localhost"
"""Stands in for an address; nothing is sent there."""
INVALID = 1


@asynccontextmanager
async def local_app(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Edge]:
    """The ASGI application over the registry's files, with their overlay.

    Files with issues end the program as ``openmodels validate`` does: all are shown, and the exit code is 1.
    Raises ``RegistryUnreadable``.
    """
    clock = clock or SystemClock()
    registry, telemetry = MemoryRegistryStore(), MemoryTelemetryStore()
    await registry.publish(read_registry(settings), base=None, at=clock.now())
    live = Live(registry, telemetry)
    await live.start()
    # Nobody else asks, and nothing is sent over a network.
    alone = replace(settings, rate_limit=0, https_only=False, tls_cert=None, tls_key=None, demo=False)
    history = MemoryHistoryStore(registry)
    yield create_app(alone, live=live, registry=registry, telemetry=telemetry, history=history, clock=clock)


def read_registry(settings: Settings) -> Registry:
    """The registry's files with their overlay; issues are shown on standard error, and end the program."""
    loaded = load_with_progress(settings.registry, settings.overlay)
    if loaded.registry is None:
        print_issues(loaded, settings.registry, settings.overlay, stream=sys.stderr)
        raise typer.Exit(INVALID)
    return loaded.registry


@contextmanager
def local_client(
    settings: Settings, *, timeout: float = 600.0, verbose: bool = False
) -> Iterator[OpenModels]:
    """A client of ``local_app``. The files are read when it is first asked."""
    transport = LocalTransport(settings)
    with telling_client(ADDRESS, timeout=timeout, verbose=verbose, transport=transport) as client:
        yield client


class LocalTransport(httpx2.BaseTransport):
    """Has requests answered by the application in this process, on a loop of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._inner: httpx2.ASGITransport | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The application's answer, as a whole."""
        return self._runner.run(self._answer(request))

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if self._inner is None:
            app = await self._stack.enter_async_context(local_app(self._settings))
            self._inner = httpx2.ASGITransport(app=app, client=("127.0.0.1", 0))
        asked = httpx2.Request(request.method, request.url, headers=request.headers)
        response = await self._inner.handle_async_request(asked)
        body = b"".join([part async for part in response.aiter_raw()])
        return httpx2.Response(response.status_code, headers=response.headers, content=body)

    def close(self) -> None:
        """End the application and its loop."""
        self._runner.run(self._stack.aclose())
        self._runner.close()
