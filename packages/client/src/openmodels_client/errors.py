"""What can go wrong.

OpenModelsError
├── ApiError             the server said no, in the API's words
│   ├── BadRequest       400: a parameter cannot be used
│   ├── NotFound         404: there is no such model, provider or page
│   ├── RateLimited      429: too many requests
│   └── ServerError      5xx: the server failed
├── ConnectionFailed     nobody answered, or the connection broke
├── TimedOut             the answer took too long
└── InvalidResponse      something answered, but not as this API does

Messages hold no control characters, whatever a server sent, and may be shown in a terminal.
"""

import copyreg
from typing import Any


class OpenModelsError(Exception):
    """The root of all."""

    def __init__(self, message: str, *, url: str = "") -> None:
        super().__init__(message)
        self.message: str = message
        """What is wrong, for people."""
        self.url: str = url
        """What was asked for."""

    def __repr__(self) -> str:
        told = "".join(f", {name}={value!r}" for name, value in vars(self).items() if name != "message")
        return f"{type(self).__name__}({self.message!r}{told})"

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is otherwise made again from its positional arguments alone.
        return copyreg.__newobj__, (type(self), *self.args), vars(self)  # type: ignore[attr-defined]


class ApiError(OpenModelsError):
    """The server said no."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        type: str = "",  # noqa: A002 - it is called so in the API
        details: tuple[dict[str, Any], ...] = (),
        request_id: str | None = None,
        url: str = "",
    ) -> None:
        super().__init__(message, url=url)
        self.status: int = status
        """The HTTP status."""
        self.type: str = type
        """The error's type, such as ``NOT_FOUND``; empty where what answered did not say."""
        self.details: tuple[dict[str, Any], ...] = details
        """For each wrong parameter what was given and what is allowed."""
        self.request_id: str | None = request_id
        """What the server's log calls the request."""


class BadRequest(ApiError):
    """A parameter cannot be used; the message says which, and what is allowed."""


class NotFound(ApiError):
    """There is no such thing; the message may say what is near."""


class RateLimited(ApiError):
    """Too many requests."""

    def __init__(self, message: str, *, retry_after: float | None = None, **more: Any) -> None:
        super().__init__(message, **more)
        self.retry_after: float | None = retry_after
        """After how many seconds to ask again; None where the server did not say."""


class ServerError(ApiError):
    """The server failed."""

    def __init__(self, message: str, *, retry_after: float | None = None, **more: Any) -> None:
        super().__init__(message, **more)
        self.retry_after: float | None = retry_after
        """After how many seconds to ask again; None where the server did not say."""


class ConnectionFailed(OpenModelsError):
    """Nobody answered, the connection broke, or what answered does not speak HTTP."""

    def __init__(self, message: str, *, permanent: bool = False, url: str = "") -> None:
        super().__init__(message, url=url)
        self.permanent: bool = permanent
        """Whether asking again cannot help: the server's certificate is not one to trust."""


class TimedOut(OpenModelsError):
    """The answer took longer than ``timeout``."""


class InvalidResponse(OpenModelsError):
    """Something answered, but not as this API does: another program, a proxy, a page."""
