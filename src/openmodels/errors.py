"""Every error that OpenModels raises on purpose.

The tree::

    OpenModelsError
    ├── SettingsError          a setting has a value that cannot be used
    ├── RegistryUnreadable     the registry's folder is missing or cannot be read
    ├── RegistryInvalid        the registry was read and is wrong; carries the issues
    ├── SourceUnreadable       a source to import from cannot be fetched, or is not what it should be
    ├── ImportRefused          an import would change more than it may
    ├── StoreError             the database cannot be opened, read or written
    │   ├── SchemaOutdated     the database was made by another version
    │   ├── RecordUnreadable   a published record is not one that this version reads
    │   ├── PublishConflict    another publish came first
    │   └── RedisAway          Redis does not answer; every process goes on by itself
    ├── ServerStopped          the HTTP server ended by itself
    └── RequestError           a request that cannot be answered; carries the HTTP status
        ├── BadRequest         400
        ├── NotFound           404
        ├── MethodNotAllowed   405
        ├── RequestTimeout     408
        ├── ContentTooLarge    413
        ├── UriTooLong         414
        ├── UnsupportedType    415
        ├── RateLimited        429
        └── Unavailable        503

A message is for the person who reads it: what was wrong, where, what to type instead.
"""

from collections.abc import Sequence
from typing import Any


class OpenModelsError(Exception):
    """The root of the tree."""


class SettingsError(OpenModelsError):
    """A setting has a value that cannot be used; the message says what to type."""


class RegistryUnreadable(OpenModelsError):
    """The registry's folder is missing or cannot be read."""


class RegistryInvalid(OpenModelsError):
    """The registry was read and is wrong. ``issues`` holds every ``registry.issues.Issue``, at least one."""

    def __init__(self, issues: Sequence[Any]) -> None:
        self.issues = issues
        first, count = issues[0], len(issues)
        others = f" and {count - 1:,} more" if count > 1 else ""
        place = f"{first.file}:{first.line}:{first.column}"
        super().__init__(
            f"the {first.layer or 'registry'} is not valid: {place}: {first.message}{others}; "
            "`openmodels validate` lists everything"
        )


class SourceUnreadable(OpenModelsError):
    """A source to import from cannot be fetched, or is not what it should be; nothing was changed."""


class ImportRefused(OpenModelsError):
    """An import would change more of the registry than it may without being told to; nothing was changed."""


class StoreError(OpenModelsError):
    """The database cannot be opened, read or written."""


class SchemaOutdated(StoreError):
    """The database's schema is not the one that this version reads; ``openmodels migrate`` helps."""


class RecordUnreadable(StoreError):
    """A published record is not one that this version reads; the message names it."""


class PublishConflict(StoreError):
    """Another publish came first; nothing of this one was written."""


class RedisAway(StoreError):
    """Redis does not answer, or takes no writes; whoever asked goes on without it."""


class ServerStopped(OpenModelsError):
    """The HTTP server ended by itself; the message says why."""


class RequestError(OpenModelsError):
    """A request that cannot be answered.

    ``status`` and ``type`` are those of the error envelope; ``details`` names parameters, their values and
    what is allowed instead.
    """

    status = 500
    type = "INTERNAL_ERROR"

    def __init__(self, message: str, details: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = list(details)


class BadRequest(RequestError):
    """Invalid query parameters or a malformed request."""

    status = 400
    type = "BAD_REQUEST"


class NotFound(RequestError):
    """The requested resource does not exist.

    ``meant`` is the path of the page that was probably meant; empty where nobody can tell.
    """

    status = 404
    type = "NOT_FOUND"

    def __init__(self, message: str, details: Sequence[dict[str, Any]] = (), *, meant: str = "") -> None:
        super().__init__(message, details)
        self.meant = meant


class MethodNotAllowed(RequestError):
    """The API is read-only."""

    status = 405
    type = "METHOD_NOT_ALLOWED"


class RequestTimeout(RequestError):
    """The body of a request did not come in time."""

    status = 408
    type = "REQUEST_TIMEOUT"


class ContentTooLarge(RequestError):
    """The body of a request is longer than any that is of use."""

    status = 413
    type = "CONTENT_TOO_LARGE"


class UnsupportedType(RequestError):
    """The body of a request is not of the type that is read here."""

    status = 415
    type = "UNSUPPORTED_MEDIA_TYPE"


class UriTooLong(RequestError):
    """The URL is longer than any that the API could understand."""

    status = 414
    type = "URI_TOO_LONG"


class RateLimited(RequestError):
    """Too many requests from one client; ``resets_in`` is in whole seconds."""

    status = 429
    type = "RATE_LIMITED"

    def __init__(self, resets_in: int) -> None:
        self.resets_in = resets_in
        unit = "second" if resets_in == 1 else "seconds"
        super().__init__(f"Rate limit exceeded. Try again in {resets_in} {unit}.")


class Unavailable(RequestError):
    """What would answer cannot be reached now; the same request may succeed later.

    ``retry_after`` is in whole seconds, None where nobody can tell.
    """

    status = 503
    type = "SERVICE_UNAVAILABLE"

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
