"""The framework behind the edge: routes from the endpoints, errors in the envelope."""

from typing import Any
from urllib.parse import quote

import msgspec
import structlog
from litestar import Litestar, Request, Response, get
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from openmodels.api import docs, models, ops, providers, telemetry
from openmodels.api.endpoint import Ask, Endpoint, Services
from openmodels.api.openapi import build_openapi, example_answers
from openmodels.api.wire import read_params
from openmodels.edge.errors import INTERNAL_MESSAGE, UNAVAILABLE_MESSAGE, envelope
from openmodels.edge.exchange import FRESHNESS, REQUEST_ID, Freshness
from openmodels.errors import BadRequest, NotFound, RequestError, StoreError, Unavailable

log: Any = structlog.get_logger(__name__)

JSON = "application/json"
AnyRequest = Request[Any, Any, Any]

ENDPOINTS: tuple[Endpoint, ...] = (
    *models.ENDPOINTS,
    *providers.ENDPOINTS,
    *telemetry.ENDPOINTS,
    *ops.ENDPOINTS,
)


def create_api(services: Services) -> Litestar:
    """The ASGI application that answers what the edge has no ready answer for."""
    document = msgspec.json.encode(
        build_openapi(ENDPOINTS, version=services.version, examples=example_answers())
    )
    return Litestar(
        route_handlers=[
            *(_route(endpoint, services) for endpoint in ENDPOINTS),
            _static("/api/openapi.json", document, JSON),
            *(_static(page.path, page.body, page.media_type, page.headers) for page in docs.pages()),
            _home,
        ],
        exception_handlers={Exception: _explain},
        openapi_config=None,
        logging_config=None,
    )


def _route(endpoint: Endpoint, services: Services) -> HTTPRouteHandler:
    """One request's way: parameters, handler, bytes."""

    async def handle(request: AnyRequest) -> Response[bytes]:
        snapshot = services.live.snapshot
        query = request.scope["query_string"]
        ask = Ask(
            services=services,
            snapshot=snapshot,
            params=read_params(query, endpoint.params),
            ids=request.path_params,
            path="/" + quote(request.scope["path"].lstrip("/")),
            query=query,
        )
        answer = await endpoint.handle(ask)
        _keep_for(request, endpoint.freshness)
        headers = {"X-Registry-Revision": snapshot.revision}
        if answer.link:
            headers["Link"] = answer.link
        return Response(answer.body, status_code=answer.status, media_type=JSON, headers=headers)

    path = endpoint.path.replace("_id}", "_id:str}")
    return get(path, name=endpoint.handle.__name__)(handle)


def _static(
    path: str, body: bytes, media_type: str, headers: dict[str, str] | None = None
) -> HTTPRouteHandler:
    async def handle(request: AnyRequest) -> Response[bytes]:
        _keep_for(request, Freshness.PROGRAM)
        return Response(body, media_type=media_type, headers=headers or {})

    return get(path)(handle)


@get("/")
async def _home() -> Redirect:
    return Redirect("/api/docs")


def _keep_for(request: AnyRequest, freshness: Freshness) -> None:
    request.scope[FRESHNESS] = freshness  # type: ignore[literal-required]  # our own key


def _explain(request: AnyRequest, exception: Exception) -> Response[bytes]:
    """Any failure, in the envelope. What nobody foresaw is logged, and its text stays here."""
    request_id = request.scope.get(REQUEST_ID, "")
    error = _translated(request, exception)
    if isinstance(error, Unavailable):
        # The database's own reason, in one line: a traceback for each request would bury it.
        log.warning("answering 503", request_id=request_id, reason=str(exception))
    elif error.status >= 500:
        log.error("request failed", request_id=request_id, exc_info=exception)
    return Response(envelope(error, str(request_id)), status_code=error.status, media_type=JSON)


def _translated(request: AnyRequest, exception: Exception) -> RequestError:
    if isinstance(exception, RequestError):
        return exception
    if isinstance(exception, StoreError):
        return Unavailable(UNAVAILABLE_MESSAGE)
    if isinstance(exception, HTTPException):
        if exception.status_code == 404:
            path = request.scope["path"][:100]
            return NotFound(f"There is nothing at {path!r}. /api/openapi.json lists every path.")
        if 400 <= exception.status_code < 500:
            return BadRequest("The request is malformed")
    return RequestError(INTERNAL_MESSAGE)
