"""The edge: one plain ASGI layer in front of the framework.

For every request, in this order: request id, who the client is, rate limit, HTTPS rule, method rule, ready
answer. Only what is not ready goes on to the framework. Written for speed where every request passes, so the
way of a hot URL is one function, ``__call__``; everything else is apart.
"""

import itertools
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Iterable, MutableMapping
from typing import Any

import structlog

from openmodels.clock import Clock
from openmodels.edge import posted
from openmodels.edge.asgi import App, Message, Receive, Scope, Send
from openmodels.edge.cache import Entry, Header, ResponseCache, matches
from openmodels.edge.counts import Counts
from openmodels.edge.encoding import coding_for
from openmodels.edge.errors import INTERNAL_MESSAGE, PAGE_HEADERS, ErrorPage, envelope, wants_page
from openmodels.edge.exchange import (
    FRESHNESS,
    HISTORY_SECONDS,
    REQUEST_ID,
    SHARED,
    STREAM,
    TELEMETRY_SECONDS,
    Freshness,
    Shared,
)
from openmodels.edge.forwarded import Proxies
from openmodels.edge.limits import Bucket, Limiter, counted_as
from openmodels.edge.urls import check_url
from openmodels.errors import BadRequest, MethodNotAllowed, RateLimited, RequestError
from openmodels.store.live import Live

log: Any = structlog.get_logger(__name__)

API = b"/api/"
AGENTS = frozenset({"/mcp", "/mcp/"})
"""Where agents come in, which is counted and answers errors as the API does."""
UNCOUNTED = frozenset({b"/api/health", b"/api/health/", b"/api/health/live", b"/api/health/live/"})
"""What monitors and load balancers ask for again and again; the router takes both ways to write it."""
ALLOW = b"GET, HEAD, OPTIONS"
NO_STORE = (b"cache-control", b"no-store")
HSTS = (b"strict-transport-security", b"max-age=31536000")
DEMO = (b"x-openmodels-demo", b"telemetry is of fake providers")
"""On every answer of a demo, so that nobody takes its telemetry for real."""
EXPOSED = (
    b"ETag, Link, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
    b"X-Registry-Revision, X-Request-ID, X-OpenModels-Demo"
)
COMMON: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
PAGE_ERROR: tuple[Header, ...] = (
    (b"content-type", b"text/html; charset=utf-8"),
    *((name.lower().encode(), value.encode()) for name, value in PAGE_HEADERS.items()),
)
PREFLIGHT: tuple[Header, ...] = (
    (b"allow", ALLOW),
    (b"access-control-allow-methods", ALLOW),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
    NO_STORE,
)


class Edge:
    """The ASGI application that the server runs."""

    def __init__(
        self,
        inner: App,
        *,
        live: Live,
        cache: ResponseCache,
        clock: Clock,
        limiter: Limiter | None,
        proxies: Proxies,
        https_only: bool = False,
        always: Iterable[Header] = (),
        error_page: ErrorPage | None = None,
    ) -> None:
        self.inner = inner
        """What answers behind the edge, for whoever watches."""
        self.limiter = limiter
        """What counts requests, for whoever watches."""
        self.agents: posted.Posted | None = None
        """What answers at ``AGENTS``; where there is nothing, the framework says so."""
        self._live = live
        self._cache = cache
        self._time = clock.unix
        self._proxies = proxies or None
        self._https_only = https_only
        self._error_page = error_page
        # What every answer of this server has, such as ``HSTS`` or ``DEMO``.
        self._common = [*COMMON, *always]
        # From a random start, so that ids of two runs or two nodes do not meet.
        self._numbers = itertools.count(secrets.randbits(62) | 1 << 62)
        if limiter is not None:
            limit_header = (b"x-ratelimit-limit", b"%d" % limiter.limit)
            self._api_common = [*self._common, limit_header]
        else:
            self._api_common = self._common
        self.cache = cache
        self.counts = Counts()
        self._ready = self.counts.ready
        live.on_revision(cache.clear)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the lifespan goes to the framework, other protocols are refused."""
        if scope["type"] != "http":
            await self._not_http(scope, receive, send)
            return
        own: list[Header] = [(b"x-request-id", b"%x" % next(self._numbers))]
        path, method = scope["raw_path"], scope["method"]
        headers = dict(scope["headers"])
        now = self._time()
        client = scope["client"][0] if scope["client"] else ""
        secure = scope["scheme"] == "https"
        if self._proxies is not None and self._proxies.trusts(client):
            client = self._proxies.client_of(client, scope["headers"])
            if b"x-forwarded-proto" in headers:
                secure = headers[b"x-forwarded-proto"].split(b",")[-1].strip().lower() == b"https"
        agents = self.agents is not None and scope["path"] in AGENTS
        api = agents or path.startswith(API) or _leads_to_api(scope["path"])
        if api and self.limiter is not None:
            counting = self._count(client, path, method, headers, now)
            # Only who has to wait for the count waits: without Redis, nobody.
            bucket = counting if isinstance(counting, Bucket) else await counting
            left = max(0, bucket.left)
            own += ((b"x-ratelimit-remaining", b"%d" % left), bucket.reset_header)
            if bucket.left < 0:
                await self._refuse(RateLimited(bucket.resets_in(now)), scope, send, own, api=api)
                return
        if self._https_only and not secure:
            await self._redirect_to_https(scope, headers, send, own, api=api)
            return
        if agents:
            await self._answer_agent(scope, receive, send, own, headers)
            return
        if method not in {"GET", "HEAD"}:
            await self._other_method(scope, send, own, api=api)
            return
        key = (path, scope["query_string"])
        entry, counted = self._cache.get(key, now, self._live.epoch), self._ready
        if entry is None:
            entry, counted = await self._fetch(scope, receive, send, own, now, api=api)
            if entry is None:
                return
        variant = entry.variant(
            coding_for(headers[b"accept-encoding"])
            if entry.compressible and b"accept-encoding" in headers
            else "identity"
        )
        status, body, answer = 200, variant.body, variant.headers
        if (b"if-none-match" in headers or b"if-modified-since" in headers) and matches(
            variant, entry.modified, headers.get(b"if-none-match"), headers.get(b"if-modified-since")
        ):
            status, body, answer = 304, b"", variant.headers_304
        counted[status] += 1
        await send({"type": "http.response.start", "status": status, "headers": [*answer, *own]})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})

    def _count(
        self, client: str, path: bytes, method: str, headers: dict[bytes, bytes], now: float
    ) -> Bucket | Awaitable[Bucket]:
        """The client's bucket, negative when this request is one too many.

        A health check or a preflight is not counted and never too many, whatever else the client asked for.
        """
        limiter = self.limiter
        assert limiter is not None  # noqa: S101 - the only caller has looked
        name = counted_as(client) if ":" in client else client
        preflight = method == "OPTIONS" and b"access-control-request-method" in headers
        if preflight or path in UNCOUNTED:
            return limiter.peek(name, now)
        return limiter.take(name, now)

    async def _fetch(
        self, scope: Scope, receive: Receive, send: Send, own: list[Header], now: float, *, api: bool
    ) -> tuple[Entry | None, defaultdict[int, int]]:
        """What the framework answers, as an entry, and where it is counted.

        None when it is sent already: no 200, or a stream.
        """
        path, query = scope["raw_path"], scope["query_string"]
        request_id = own[0][1].decode()
        epoch, snapshot = self._live.epoch, self._live.snapshot
        inner_scope = {**scope, "method": "GET", REQUEST_ID: request_id}
        common = self._api_common if api else self._common
        head = scope["method"] == "HEAD"
        answer = _Answer(inner_scope, send, [*common, NO_STORE, *own], self.counts.streamed, head=head)
        try:
            check_url(path, query)
            # Nobody waits for the body of a HEAD request, which a stream would go on sending for ever.
            await self.inner(inner_scope, _hung_up if head else receive, answer.send)
        except RequestError as error:
            await self._refuse(error, scope, send, own, api=api)
            return None, self.counts.made
        except Exception:
            log.exception("request failed", request_id=request_id, path=path.decode("latin-1")[:200])
            if not answer.passed_on:
                await self._refuse(RequestError(INTERNAL_MESSAGE), scope, send, own, api=api)
                return None, self.counts.made
        if answer.passed_on:
            return None, self.counts.made
        freshness = inner_scope.get(FRESHNESS, Freshness.NEVER)
        if answer.status != 200 or freshness is Freshness.NEVER:
            headers = [*answer.headers, *common, NO_STORE, *own]
            self.counts.made[answer.status] += 1
            await _send(scope, send, answer.status, headers, answer.body)
            return None, self.counts.made
        # The date of the revision that was there before the answer was begun: never later than the answer's.
        dated = snapshot.published_at.timestamp() if freshness is Freshness.REVISION else now
        shared: Shared | None = inner_scope.get(SHARED)
        seconds = {Freshness.TELEMETRY: TELEMETRY_SECONDS, Freshness.HISTORY: HISTORY_SECONDS}.get(freshness)
        if shared is not None:
            # The same on every node, also for the one that made it.
            dated, seconds = shared.modified, shared.seconds
        entry = Entry(
            answer.body,
            [*_without_length(answer.headers), *common, (b"cache-control", freshness.value.encode())],
            modified=int(dated),
            expires=float("inf") if seconds is None else now + seconds,
            epoch=epoch if freshness is Freshness.TELEMETRY else None,
        )
        # An answer that was begun under one revision and ended under another belongs to neither.
        if self._live.snapshot.revision == snapshot.revision:
            self._cache.put((path, query), entry)
        return entry, self.counts.shared if shared is not None and shared.found else self.counts.made

    async def _answer_agent(
        self, scope: Scope, receive: Receive, send: Send, own: list[Header], headers: dict[bytes, bytes]
    ) -> None:
        door = self.agents
        assert door is not None  # noqa: S101 - the only caller has looked
        if scope["method"] == "OPTIONS":
            await self._preflight(scope, send, [*self._api_common, *posted.PREFLIGHT, *own])
            return
        added = [*self._api_common, NO_STORE, *own]
        try:
            self.counts.agents[await door(scope, receive, send, headers, added)] += 1
        except RequestError as error:
            if isinstance(error, MethodNotAllowed):
                own = [*own, (b"allow", posted.ALLOW)]
            await self._refuse(error, scope, send, own, api=True)
        except Exception:
            log.exception("request failed", request_id=own[0][1].decode(), path="/mcp")
            await self._refuse(RequestError(INTERNAL_MESSAGE), scope, send, own, api=True)

    async def _preflight(self, scope: Scope, send: Send, headers: list[Header]) -> None:
        self.counts.edge[204] += 1
        await _send(scope, send, 204, headers, b"")

    async def _other_method(self, scope: Scope, send: Send, own: list[Header], *, api: bool) -> None:
        if scope["method"] == "OPTIONS":
            common = self._api_common if api else self._common
            await self._preflight(scope, send, [*common, *PREFLIGHT, *own])
            return
        message = f"{scope['method'][:20]} is not allowed: this API is read-only; use GET"
        await self._refuse(MethodNotAllowed(message), scope, send, [*own, (b"allow", ALLOW)], api=api)

    async def _redirect_to_https(
        self, scope: Scope, headers: dict[bytes, bytes], send: Send, own: list[Header], *, api: bool
    ) -> None:
        host = headers.get(b"host", b"").removesuffix(b":80")
        if not host or not all(33 <= c < 127 and c not in b"/\\?#@<>\"'" for c in host):
            await self._refuse(
                BadRequest("The Host header is missing or malformed"), scope, send, own, api=api
            )
            return
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        location = b"https://" + host + scope["raw_path"] + query
        # HSTS means nothing over plain HTTP, and must not be sent there (RFC 6797, 7.2).
        common = [header for header in (self._api_common if api else self._common) if header != HSTS]
        extra: list[Header] = [(b"location", location), NO_STORE]
        self.counts.edge[308] += 1
        await _send(scope, send, 308, [*common, *extra, *own], b"")

    async def _refuse(
        self, error: RequestError, scope: Scope, send: Send, own: list[Header], *, api: bool
    ) -> None:
        request_id = own[0][1].decode()
        headers: list[Header] = [*(self._api_common if api else self._common), NO_STORE, *own]
        accept = dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
        if self._error_page is not None and not api and wants_page(scope["path"], accept):
            body = self._error_page(error, request_id)
            headers += PAGE_ERROR
        else:
            body = envelope(error, request_id)
            headers.append((b"content-type", b"application/json"))
        if isinstance(error, RateLimited):
            headers.append((b"retry-after", b"%d" % error.resets_in))
        self.counts.edge[error.status] += 1
        await _send(scope, send, error.status, headers, body)

    async def _not_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.inner(scope, self._until_shutdown(receive), send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _until_shutdown(self, receive: Receive) -> Receive:
        """What a server tells of its life, having closed the door for agents before its end."""

        async def told() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown" and self.agents is not None:
                await self.agents.aclose()
            return message

        return told


def _leads_to_api(path: str) -> bool:
    """Whether the router finds the API under a path that is written in another way: %61pi, //api."""
    return path.lstrip("/").startswith("api/")


class _Answer:
    """Collects what the framework sends; a stream is counted and passed on as it comes, headers ``added``."""

    def __init__(
        self, scope: Scope, send: Send, added: list[Header], counted: MutableMapping[int, int], *, head: bool
    ) -> None:
        self.status = 500
        self.headers: list[Header] = []
        self.passed_on = False
        self._parts: list[bytes] = []
        self._scope = scope
        self._send = send
        self._added = added
        self._counted = counted
        self._head = head

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
            if STREAM in self._scope:
                await self._begin()
        elif message["type"] != "http.response.body":
            return
        elif not self.passed_on:
            self._parts.append(message.get("body", b""))
        elif not self._head:
            await self._send(message)

    async def _begin(self) -> None:
        self.passed_on = True
        self._counted[self.status] += 1
        kept = any(name == b"cache-control" for name, _ in self.headers)
        headers = [*self.headers, *(header for header in self._added if not (kept and header == NO_STORE))]
        await self._send({"type": "http.response.start", "status": self.status, "headers": headers})
        if self._head:
            await self._send({"type": "http.response.body", "body": b""})

    @property
    def body(self) -> bytes:
        return b"".join(self._parts)


async def _hung_up() -> Message:
    """What a server tells an application whose client is gone."""
    return {"type": "http.disconnect"}


def _without_length(headers: Iterable[Header]) -> list[Header]:
    return [header for header in headers if header[0] != b"content-length"]


async def _send(scope: Scope, send: Send, status: int, headers: list[Header], body: bytes) -> None:
    """Send a whole answer; its length is that of the body, which a HEAD request does not get."""
    if status != 204:
        headers = [*_without_length(headers), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
