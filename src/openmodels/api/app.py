"""The framework behind the edge: routes from the endpoints, errors in the envelope."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
import structlog
from litestar import Litestar, Request, Response, get
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from openmodels.api import (
    badges,
    changes,
    choose,
    cost,
    docs,
    exports,
    incidents,
    lifecycle,
    models,
    ops,
    provenance,
    providers,
    series,
    stream,
    telemetry,
)
from openmodels.api.asking import ask_for, keep_for
from openmodels.api.endpoint import JSON, Endpoint, Services
from openmodels.api.flow import FlowResponse
from openmodels.api.openapi import build_openapi, example_answers
from openmodels.api.sending import WholeResponse
from openmodels.edge.errors import (
    INTERNAL_MESSAGE,
    PAGE_HEADERS,
    UNAVAILABLE_MESSAGE,
    ErrorPage,
    envelope,
    wants_page,
)
from openmodels.edge.exchange import PARTIAL, REQUEST_ID, Freshness
from openmodels.errors import BadRequest, NotFound, RequestError, StoreError, Unavailable

log: Any = structlog.get_logger(__name__)

AnyRequest = Request[Any, Any, Any]

ENDPOINTS: tuple[Endpoint, ...] = (
    *models.ENDPOINTS,
    *cost.ENDPOINTS,
    *choose.ENDPOINTS,
    *provenance.ENDPOINTS,
    *changes.ENDPOINTS,
    *lifecycle.ENDPOINTS,
    *exports.ENDPOINTS,
    *providers.ENDPOINTS,
    *telemetry.ENDPOINTS,
    *series.ENDPOINTS,
    *incidents.ENDPOINTS,
    *stream.ENDPOINTS,
    *badges.ENDPOINTS,
    *ops.ENDPOINTS,
)


def create_api(
    services: Services, *, more: Sequence[HTTPRouteHandler] = (), error_page: ErrorPage | None = None
) -> Litestar:
    """The ASGI application that answers what the edge has no ready answer for.

    ``more`` are routes beside the API's; ``error_page`` explains to people in browsers what failed outside of
    the API.
    """
    document = msgspec.json.encode(
        build_openapi(ENDPOINTS, version=services.version, examples=example_answers())
    )
    return Litestar(
        route_handlers=[
            *(_route(path, endpoints, services) for path, endpoints in _routes(ENDPOINTS).items()),
            _static("/api/openapi.json", document, JSON),
            *(_static(page.path, page.body, page.media_type, page.headers) for page in docs.pages()),
            *more,
        ],
        exception_handlers={Exception: partial(_explain, error_page)},
        openapi_config=None,
        logging_config=None,
    )


def sharing() -> Callable[[bytes], bool]:
    """Tells of a path, as asked, whether several processes share answers (``Endpoint.shared``)."""
    paths = [re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(e.path)) for e in ENDPOINTS if e.shared]
    shared = re.compile("|".join(paths).encode())
    return lambda path: shared.fullmatch(path) is not None


def _routes(endpoints: Iterable[Endpoint]) -> Mapping[str, Mapping[str, Endpoint]]:
    """By the router's path: the endpoints there, by what follows the id, such as ``.svg``, or nothing.

    The router knows no text behind a parameter: to it, ``openai.svg`` is an id.
    """
    routes: defaultdict[str, dict[str, Endpoint]] = defaultdict(dict)
    for endpoint in endpoints:
        found = re.search(r"(?<=\})\.\w+$", endpoint.path)
        suffix = found[0] if found else ""
        routes[endpoint.path.removesuffix(suffix).replace("_id}", "_id:str}")][suffix] = endpoint
    return routes


def _route(path: str, endpoints: Mapping[str, Endpoint], services: Services) -> HTTPRouteHandler:
    """One request's way: parameters, handler, bytes."""

    async def handle(request: AnyRequest) -> ASGIApp:
        suffix = next((suffix for suffix in endpoints if request.scope["path"].endswith(suffix)), None)
        if suffix is None:
            raise _nothing_at(request)
        endpoint = endpoints[suffix]
        ask = await ask_for(request, services, endpoint.params, suffix=suffix)
        answer = await endpoint.handle(ask)
        headers = {"X-Registry-Revision": ask.snapshot.revision, **answer.headers}
        if answer.link:
            headers["Link"] = answer.link
        if answer.flow is not None:
            return FlowResponse(answer.flow, endpoint.media_type, headers)
        freshness = answer.freshness or endpoint.freshness
        if answer.document is not None:
            return WholeResponse(answer.document, services.whole, endpoint.media_type, freshness, headers)
        keep_for(request, freshness)
        if ask.unread:
            request.scope[PARTIAL] = True  # type: ignore[literal-required]  # our own key
        # The framework adds to text that it is UTF-8, also where that is said already.
        media_type = endpoint.media_type.removesuffix("; charset=utf-8")
        response = Response(answer.body, status_code=answer.status, media_type=media_type, headers=headers)
        return response.to_asgi_response(app=None, request=request)

    return get(path, name="_".join(endpoint.handle.__name__ for endpoint in endpoints.values()))(handle)


def _static(
    path: str, body: bytes, media_type: str, headers: dict[str, str] | None = None
) -> HTTPRouteHandler:
    async def handle(request: AnyRequest) -> Response[bytes]:
        keep_for(request, Freshness.PROGRAM)
        return Response(body, media_type=media_type, headers=headers or {})

    return get(path)(handle)


def _explain(error_page: ErrorPage | None, request: AnyRequest, exception: Exception) -> Response[bytes]:
    """Any failure, in the envelope or as a page. What nobody foresaw is logged, and its text stays here."""
    request_id = request.scope.get(REQUEST_ID, "")
    error = _translated(request, exception)
    if isinstance(error, Unavailable):
        # The database's own reason, in one line: a traceback for each request would bury it.
        log.warning("answering 503", request_id=request_id, reason=str(exception.__cause__ or exception))
    elif error.status >= 500:
        log.error("request failed", request_id=request_id, exc_info=exception)
    headers = {}
    if isinstance(error, Unavailable) and error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error_page is not None and wants_page(request.scope["path"], request.headers.get("accept", "")):
        headers |= PAGE_HEADERS
        page = error_page(error, str(request_id))
        return Response(page, status_code=error.status, media_type="text/html", headers=headers)
    body = envelope(error, str(request_id))
    return Response(body, status_code=error.status, media_type=JSON, headers=headers)


def _nothing_at(request: AnyRequest) -> NotFound:
    path = request.scope["path"]
    # A person at a page is not helped by a list of the API's paths.
    help_ = (
        "" if wants_page(path, request.headers.get("accept", "")) else " /api/openapi.json lists every path."
    )
    return NotFound(f"There is nothing at {path[:100]!r}.{help_}")


def _translated(request: AnyRequest, exception: Exception) -> RequestError:
    if isinstance(exception, RequestError):
        return exception
    if isinstance(exception, StoreError):
        return Unavailable(UNAVAILABLE_MESSAGE)
    if isinstance(exception, HTTPException):
        if exception.status_code == 404:
            return _nothing_at(request)
        if 400 <= exception.status_code < 500:
            return BadRequest("The request is malformed")
    return RequestError(INTERNAL_MESSAGE)
