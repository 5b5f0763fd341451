"""The OpenAPI 3.1 document, built from the endpoints: what is documented is what is read and answered."""

import inspect
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from openmodels.api.endpoint import JSON, Endpoint
from openmodels.api.events import PLACE_PATTERN
from openmodels.api.params import AS_OF
from openmodels.api.wire import Param
from openmodels.domain.schema import components
from openmodels.edge.errors import INTERNAL_MESSAGE, UNAVAILABLE_MESSAGE, envelope
from openmodels.edge.exchange import Freshness
from openmodels.edge.urls import MAX_URL
from openmodels.errors import (
    BadRequest,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    RequestError,
    Unavailable,
    UriTooLong,
)

DESCRIPTION = """\
The open registry and observatory of language-model providers. Public and read-only: no key, no sign-in,
`GET` and `HEAD` only.

Lists come as `{"data": [...], "pagination": {"page", "limit", "total"}}`. A fact that nobody knows is `null`;
a price of 0 means free. A filter that is repeated, or whose values are separated by commas, ORs them;
different filters AND. Unknown parameters are ignored. Every error has the same envelope.
"""

ID_SCHEMA = {"type": "string", "minLength": 1, "maxLength": 255}


class ErrorDetail(Struct, frozen=True):
    """What was wrong with one parameter."""

    parameter: str
    """Its name."""
    value: str
    """What was given."""
    allowed: tuple[str, ...] | UnsetType = UNSET
    """What it takes instead, where that is a list; absent otherwise."""
    range: tuple[float | None, float | None] | UnsetType = UNSET
    """What it takes instead, where that is a range; absent otherwise."""
    did_you_mean: str | UnsetType = UNSET
    """What was probably meant; absent when nothing is near."""


class ErrorBody(Struct, frozen=True):
    """What went wrong."""

    status: int
    """The HTTP status."""
    message: str
    """For people."""
    type: str
    """For programs: BAD_REQUEST, NOT_FOUND, METHOD_NOT_ALLOWED, URI_TOO_LONG, RATE_LIMITED,
    SERVICE_UNAVAILABLE or INTERNAL_ERROR."""
    request_id: str
    """The same as the X-Request-ID header; name it when you report a problem."""
    details: tuple[ErrorDetail, ...] | UnsetType = UNSET
    """One item for each parameter that was wrong; absent otherwise."""


class ErrorEnvelope(Struct, frozen=True):
    """The body of every error."""

    error: ErrorBody
    """What went wrong."""


_HEADERS: Mapping[str, tuple[str, dict[str, Any], Any]] = {
    "X-Request-ID": ("The request's id.", {"type": "string"}, "9f86d08100000001"),
    "X-RateLimit-Limit": ("Requests allowed in a window of 60 seconds.", {"type": "integer"}, 100),
    "X-RateLimit-Remaining": ("Requests left in this window.", {"type": "integer"}, 99),
    "X-RateLimit-Reset": ("Unix time at which the window ends.", {"type": "integer"}, 1767225600),
    "X-Registry-Revision": ("The content digest of the registry.", {"type": "string"}, "3b4c1f0a9d2e5f67"),
    "ETag": ("Changes when the body does.", {"type": "string"}, '"5f2b8c1d0e9a4b7c6d3e2f10"'),
    "Last-Modified": ("When the body last changed.", {"type": "string"}, "Thu, 10 Jul 2025 14:30:00 GMT"),
    "Cache-Control": ("How long the answer may be kept.", {"type": "string"}, Freshness.REVISION.value),
    "Link": (
        "The first, prev, next and last page (RFC 8288).",
        {"type": "string"},
        '</api/models?page=1>; rel="first", </api/models?page=2>; rel="next"',
    ),
    "Retry-After": ("Seconds after which to ask again.", {"type": "integer"}, 45),
    "Allow": ("The methods that are allowed.", {"type": "string"}, "GET, HEAD, OPTIONS"),
}
_ALWAYS = ("X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_VALIDATORS = ("ETag", "Last-Modified", "Cache-Control")

_ERRORS: Mapping[int, tuple[str, RequestError]] = {
    400: (
        "Invalid query parameters or a malformed request",
        BadRequest(
            "limit must be an integer from 1 to 100, not '200'",
            [{"parameter": "limit", "value": "200", "range": [1, 100]}],
        ),
    ),
    404: (
        "The requested resource does not exist",
        NotFound("Model not found: 'gpt4o'. Did you mean 'gpt-4o'?"),
    ),
    405: ("The API is read-only", MethodNotAllowed("POST is not allowed: this API is read-only; use GET")),
    414: ("The URL is too long", UriTooLong(f"The URL is longer than {MAX_URL} bytes")),
    429: ("Too many requests", RateLimited(45)),
    500: ("Unexpected server error", RequestError(INTERNAL_MESSAGE)),
    503: ("Telemetry cannot be read at the moment", Unavailable(UNAVAILABLE_MESSAGE)),
}

HISTORY_BUSY = "The history cannot be read at the moment, or many ask for it"
MADE_WHOLE = "There is no room to make the document, many are being made, or the history cannot be read"

LAST_EVENT_ID: Mapping[str, Any] = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The id of the last event that was seen: the stream goes on after it. Empty is none.",
    "schema": {"type": "string", "pattern": f"^$|{PLACE_PATTERN}"},
    "example": "0-0",
}
_PLAIN: Mapping[Any, tuple[str, str]] = {
    str: ("Text, as its media type says.", "string"),
    dict: ("An object in the shape of another service.", "object"),
}
"""The bodies that are no structs of ours: in words, and as a JSON Schema type."""
EXAMPLE_IDS: Mapping[str, str] = {"model_id": "deepseek-v3", "provider_id": "openai"}
_REQUEST_ID = "9f86d08100000001"


def build_openapi(
    endpoints: Sequence[Endpoint], *, version: str, examples: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The whole document as plain values; ``examples`` are answers by path."""
    bodies = [endpoint.body for endpoint in endpoints if endpoint.body not in _PLAIN]
    bodies += [event for endpoint in endpoints for event in endpoint.events.values()]
    structs = [ErrorEnvelope, *(body for body in bodies if not _item_of(body))]
    structs += [item for body in bodies if (item := _item_of(body))]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "OpenModels API",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/", "description": "This server"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(endpoint.tag for endpoint in endpoints)],
        "paths": {
            endpoint.path: {"get": _operation(endpoint, (examples or {}).get(endpoint.path))}
            for endpoint in endpoints
        },
        "components": {
            "schemas": components(structs, "#/components/schemas/{name}"),
            "headers": {
                name: {"description": doc, "schema": schema, "example": example}
                for name, (doc, schema, example) in _HEADERS.items()
            },
            "responses": {str(status): _error_response(status) for status in _ERRORS},
        },
    }


def example_answers() -> dict[str, Any]:
    """By path: an answer to the endpoint's example request, as ``make docs`` wrote it down."""
    written = (files("openmodels.api") / "static" / "examples.json").read_bytes()
    return dict(msgspec.json.decode(written))


def _item_of(body: Any) -> Any:
    """The item type of a body that is a bare array; None for an object."""
    return getattr(body, "__args__", (None,))[0]


def _operation(endpoint: Endpoint, example: Any) -> dict[str, Any]:
    ids = re.findall(r"\{(\w+)\}", endpoint.path)
    # As of a time of which nothing is known, there is nothing either.
    past = AS_OF in endpoint.params
    errors = [400, 404, 405, 414, 429, 500] if ids or past else [400, 405, 414, 429, 500]
    cacheable = endpoint.freshness is not Freshness.NEVER
    responses: dict[str, Any] = {"200": _answer_response(endpoint, _first_line(endpoint.body), example)}
    if cacheable:
        responses["304"] = {
            "description": "What the client has is still true.",
            "headers": _headers(*_ALWAYS, *_VALIDATORS, "X-Registry-Revision"),
        }
    if endpoint.events:
        responses["503"] = _error_response(
            503, "Too many clients follow already, or telemetry cannot be read"
        )
        responses["503"]["headers"] |= _headers("Retry-After")
    elif endpoint.degraded:
        responses["503"] = _answer_response(endpoint, "Something is down; the body says what.", None)
    elif past or endpoint.tag == "History":
        responses["503"] = _error_response(503, MADE_WHOLE if endpoint.tag == "Exports" else HISTORY_BUSY)
        responses["503"]["headers"] |= _headers("Retry-After")
    elif endpoint.tag == "Telemetry":
        errors.append(503)
    responses |= {str(status): {"$ref": f"#/components/responses/{status}"} for status in errors}
    return {
        "operationId": endpoint.handle.__name__,
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "description": endpoint.description,
        "parameters": [
            *map(_path_parameter, ids),
            *map(_query_parameter, endpoint.params),
            *([LAST_EVENT_ID] if endpoint.events else []),
        ],
        "responses": responses,
    }


def _first_line(body: Any) -> str:
    if body in _PLAIN:
        return _PLAIN[body][0]
    item = _item_of(body)
    doc = inspect.getdoc(item or body) or ""
    return f"A list. Each item: {doc.splitlines()[0]}" if item else doc.splitlines()[0]


def _answer_response(endpoint: Endpoint, description: str, example: Any) -> dict[str, Any]:
    headers = [*_ALWAYS, "X-Registry-Revision", "Cache-Control"]
    if endpoint.freshness is not Freshness.NEVER:
        headers += ["ETag", "Last-Modified"]
    if endpoint.paged or endpoint.linked:
        headers.append("Link")
    content: dict[str, Any] = {"schema": _body_schema(endpoint.body)}
    if endpoint.events:
        # OpenAPI 3.1 has no words of its own for a stream; tools take the schema for that of each event.
        content["schema"] = {"oneOf": [_event_schema(*event) for event in endpoint.events.items()]}
    if example is not None:
        content["example"] = example
    return {
        "description": description,
        "headers": _headers(*headers),
        "content": {endpoint.media_type: content},
    }


def _body_schema(body: Any) -> dict[str, Any]:
    if body in _PLAIN:
        return {"type": _PLAIN[body][1]}
    item = _item_of(body)
    reference = {"$ref": f"#/components/schemas/{(item or body).__name__}"}
    return {"type": "array", "items": reference} if item else reference


def _event_schema(name: str, data: Any) -> dict[str, Any]:
    """One event with its fields as texts, as they are written."""
    return {
        "type": "object",
        "title": f"event {name}",
        "description": (inspect.getdoc(data) or "").splitlines()[0],
        "properties": {
            "event": {"const": name, "type": "string", "description": "Its name."},
            "id": {"type": "string", "pattern": PLACE_PATTERN, "description": "Where to go on after it."},
            "data": {
                "type": "string",
                "description": "What happened, as JSON.",
                "contentMediaType": JSON,
                "contentSchema": _body_schema(data),
            },
        },
        "required": ["event", "id", "data"],
    }


def _error_response(status: int, meaning: str = "") -> dict[str, Any]:
    description, error = _ERRORS[status]
    extra = {405: ("Allow",), 429: ("Retry-After",)}.get(status, ())
    return {
        "description": meaning or description,
        "headers": _headers(*_ALWAYS, *extra),
        "content": {
            JSON: {
                "schema": {"$ref": "#/components/schemas/ErrorEnvelope"},
                "example": msgspec.json.decode(envelope(error, _REQUEST_ID)),
            }
        },
    }


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _path_parameter(name: str) -> dict[str, Any]:
    kind = name.removesuffix("_id")
    alias = " or one of its aliases" if kind == "model" else ""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": f"The {kind}'s id{alias}.",
        "schema": ID_SCHEMA,
        "example": EXAMPLE_IDS[name],
    }


def _query_parameter(param: Param) -> dict[str, Any]:
    parameter: dict[str, Any] = {
        "name": param.name,
        "in": "query",
        "description": param.description,
        "schema": param.schema,
    }
    if param.many:
        parameter |= {"style": "form", "explode": True}
    if param.example is not None:
        parameter["example"] = param.example
    return parameter
