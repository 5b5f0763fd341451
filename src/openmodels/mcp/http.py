"""The protocol over streamable HTTP: an ASGI application that answers each request by itself.

So any of several processes may answer, and none keeps anything of a client. The SDK is imported at the first
request: a server that no agent asks need not start half a second later for it, nor carry its 25 MB.
"""

import asyncio
from typing import TYPE_CHECKING, Any, Literal

import httpx2
import msgspec
import structlog
from msgspec import UNSET, Struct, UnsetType

from openmodels import version
from openmodels.clock import Clock
from openmodels.edge.app import Edge
from openmodels.edge.asgi import App, Receive, Replayed, Scope, Send
from openmodels.edge.cache import ResponseCache
from openmodels.edge.forwarded import Proxies
from openmodels.edge.posted import Posted
from openmodels.store.live import Live
from openmodels_client import AsyncOpenModels, Retry

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

log: Any = structlog.get_logger(__name__)

CACHE_BYTES = 4 * 1024 * 1024
"""What answers may weigh that are kept ready for agents."""
HELP = "this is a server of the Model Context Protocol, which takes JSON by POST; see /docs/mcp"


def open_door(api: App, live: Live, clock: Clock) -> Posted:
    """The door for agents of a server, which asks ``api`` as others do, but from within."""
    # An edge of its own, for ready answers: that of the server would count what was counted already.
    inside = Edge(
        api, live=live, cache=ResponseCache(CACHE_BYTES), clock=clock, limiter=None, proxies=Proxies(())
    )
    client = AsyncOpenModels(
        "http://openmodels.invalid",
        retry=Retry(times=0),
        remember=0,
        http_client=httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=inside), headers={"accept-encoding": "identity"}
        ),
    )
    return Posted(HttpDoor(client), clock, help_=HELP)


class HttpDoor:
    """The door for agents over HTTP; ``client`` is what it asks."""

    def __init__(self, client: AsyncOpenModels) -> None:
        self._client = client
        self._serving: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[StreamableHTTPSessionManager] | None = None
        self._closing = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        message = await receive()
        wrong = _what_is_wrong(message.get("body", b""))
        if wrong is not None:
            await _refuse(*wrong, send)
            return
        if self._ready is None:
            self._ready = asyncio.get_running_loop().create_future()
            self._serving = asyncio.create_task(self._serve(self._ready))
        # A client that goes away must not take the start with it, for which others may wait.
        manager = await asyncio.shield(self._ready)
        await manager.handle_request(scope, Replayed(message, receive), send)

    async def aclose(self) -> None:
        """End what is still answered and free what the first request took; the next one begins anew."""
        serving, self._serving, self._ready = self._serving, None, None
        if serving is not None:
            self._closing.set()
            await asyncio.wait({serving})
            self._closing = asyncio.Event()

    async def _serve(self, ready: "asyncio.Future[StreamableHTTPSessionManager]") -> None:
        try:
            # In a thread: other requests go on meanwhile.
            manager = await asyncio.to_thread(_manager, self._client)
            async with manager.run():
                ready.set_result(manager)
                await self._closing.wait()
        except Exception as error:
            # The next request tries again.
            self._ready = None
            if ready.done():
                log.exception("the door for agents failed")
            else:
                ready.set_exception(error)
        finally:
            ready.cancel()


class _Message(Struct, frozen=True):
    """What is posted: a request, or a notification, which has no id."""

    jsonrpc: Literal["2.0"]
    method: str
    id: int | str | UnsetType = UNSET
    params: dict[str, Any] | UnsetType = UNSET


_READER = msgspec.json.Decoder(_Message)
PARSE_ERROR, INVALID_REQUEST = -32700, -32600
"""JSON-RPC 2.0, 5.1."""


def _what_is_wrong(body: bytes) -> tuple[int, str] | None:
    """Why a body is no message, as the protocol's error; the SDK would tell it in its library's words."""
    try:
        _READER.decode(body)
    except msgspec.ValidationError:
        return INVALID_REQUEST, "The body must be one JSON-RPC request or notification, and no batch of them"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return PARSE_ERROR, "The body is no JSON"
    return None


async def _refuse(code: int, text: str, send: Send) -> None:
    body = msgspec.json.encode({"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": text}})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _manager(client: AsyncOpenModels) -> "StreamableHTTPSessionManager":
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager  # noqa: PLC0415

    from openmodels.mcp.server import create_mcp  # noqa: PLC0415

    return StreamableHTTPSessionManager(
        create_mcp(client, version=version()), json_response=True, stateless=True
    )
