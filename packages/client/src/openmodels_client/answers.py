"""What is answered: the reading of responses. Nothing here talks to anybody."""

from collections.abc import Hashable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct

from openmodels_client.calls import Call
from openmodels_client.errors import ApiError, BadRequest, InvalidResponse, NotFound, RateLimited, ServerError

T = TypeVar("T")

JSON = "application/json"
SHOWN = 200
"""How much of what a server sent is quoted where it should not have sent it, in characters."""
UNREADABLE = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)
"""What reading JSON raises: of a number too large for a decimal, and of what is nested too deeply, too."""
LONGEST_MESSAGE = 2000
"""How much of what a server says of an error is handed on, in characters."""


class Response(Struct, frozen=True, kw_only=True):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    url: str
    """What was asked for."""


def media_type_of(headers: Mapping[str, str]) -> str:
    """What a body is said to be, without parameters, in lower case; empty where nothing is said."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def read_answer(call: Call[T], response: Response) -> T:
    """What the response says, as the call's type.

    Raises the ``ApiError`` that the server answered with; ``InvalidResponse`` for what is no answer of it.
    """
    if response.status == 200:
        return _read(call, response)
    if response.status in call.also:
        try:
            return _read(call, response)
        except InvalidResponse:
            pass  # It is the same status of a proxy, or of an error.
    raise error_of(response)


def _read(call: Call[T], response: Response) -> T:
    if media_type_of(response.headers) != JSON:
        raise unexpected(response, JSON)
    try:
        found: T = _decoder(cast("Hashable", call.answer)).decode(response.body)
    except UNREADABLE as error:
        said = shown(f"{response.url} answered what cannot be read: {error}")
        raise InvalidResponse(said, url=response.url) from error
    return found


def unexpected(response: Response, media_type: str) -> InvalidResponse:
    """The error that a response is which is something else than ``media_type``."""
    found = shown(media_type_of(response.headers)) or "something without a content type"
    return InvalidResponse(f"{response.url} answered {found}, not {media_type}", url=response.url)


def error_of(response: Response) -> ApiError | InvalidResponse:
    """The error that a response other than a success is."""
    status, url = response.status, response.url
    if status < 400:
        # Redirects are not followed: where they lead may be another's, or a page for people.
        where = shown(response.headers.get("location", ""))
        return InvalidResponse(
            f"{url} answered {status}" + (f", a redirect to {where}" if where else ""), url=url
        )
    said = _said(response.body)
    message = _text(said.get("message")) or f"{url} answered {status}"
    kind = _text(said.get("type"))
    details = said.get("details")
    data: dict[str, Any] = {
        "status": status,
        "type": kind,
        "details": tuple(one for one in details if isinstance(one, dict))
        if isinstance(details, list)
        else (),
        "request_id": _text(said.get("request_id"))
        or shown(response.headers.get("x-request-id", ""))
        or None,
        "url": url,
    }
    if status == 429:
        return RateLimited(message, retry_after=retry_after(response), **data)
    if status >= 500:
        return ServerError(message, retry_after=retry_after(response), **data)
    if not kind:
        return InvalidResponse(f"{url} answered {status}, and not as this API does", url=url)
    errors: dict[int, type[ApiError]] = {400: BadRequest, 404: NotFound}
    return errors.get(status, ApiError)(message, **data)


def _said(body: bytes) -> dict[str, Any]:
    """What an error's envelope holds, however much of it is as it should be."""
    try:
        envelope = _decoder(dict).decode(body)
    except UNREADABLE:
        return {}
    said = envelope.get("error")
    return said if isinstance(said, dict) else {}


def _text(value: object) -> str:
    return shown(value, LONGEST_MESSAGE) if isinstance(value, str) else ""


def shown(text: str, most: int = SHOWN) -> str:
    """What a server sent, to be shown in a message: at most so long, and without control characters."""
    cut = text if len(text) <= most else text[:most] + "…"
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in cut)


def retry_after(response: Response, now: datetime | None = None) -> float | None:
    """The seconds of ``Retry-After``, a number or a date (RFC 9110, 10.2.3); None where there is none.

    A date is held against the server's own ``Date``, for clocks that differ, else against ``now``.
    """
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    at = _date(text)
    if at is None:
        return None
    sent = _date(response.headers.get("date", "")) or now or datetime.now(UTC)
    return max(0.0, (at - sent).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


@cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    # Numbers stay exact where no type says what they are, too.
    return msgspec.json.Decoder(kind, float_hook=Decimal)
