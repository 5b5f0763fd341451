"""Requests as they come over the wire, and which part of the fake provider each is for."""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

import h11
from msgspec import Struct

from openmodels.fake.styles.style import Style
from openmodels.fake.styles.table import STYLES

MAX_HEAD = 64 * 1024
"""The largest head of a request, in bytes."""
MAX_BODY = 1024 * 1024
"""The largest body of a request, in bytes."""

Kind = Literal["models", "completion", "unknown"]


class BadRequest(Exception):
    """What came is not a request that can be read; ``status`` says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Request(Struct, frozen=True, kw_only=True):
    """One request, whole."""

    method: str
    """In capitals, as it came."""
    path: str
    """Without the query, still quoted."""
    query: Mapping[str, list[str]]
    """The parameters of the query."""
    headers: Mapping[str, str]
    """By lower-case name; of repeated ones the last."""
    body: bytes
    """Empty when there is none."""
    keep_alive: bool
    """Whether the client may send another over this connection."""
    chunked: bool
    """Whether the client knows the chunked coding."""


class RequestReader:
    """Reads one request from the bytes of a connection."""

    def __init__(self) -> None:
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._head: h11.Request | None = None
        self._body = bytearray()

    @property
    def wants_continue(self) -> bool:
        """Whether the client waits for a word before it sends the body."""
        return self._head is not None and self._parser.they_are_waiting_for_100_continue

    @property
    def rest(self) -> bytes:
        """What came after the request."""
        return self._parser.trailing_data[0]

    def feed(self, data: bytes) -> Request | None:
        """The request, once it is whole. Raises ``BadRequest``."""
        try:
            self._parser.receive_data(data)
            return self._read()
        except h11.RemoteProtocolError as error:
            raise BadRequest(error.error_status_hint, f"not HTTP: {error}") from None

    def _read(self) -> Request | None:
        while True:
            event = self._parser.next_event()
            if isinstance(event, h11.Request):
                self._head = event
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > MAX_BODY:
                    raise BadRequest(413, f"the body is over {MAX_BODY} bytes")
            elif isinstance(event, h11.EndOfMessage):
                return self._request()
            else:
                return None

    def _request(self) -> Request:
        head = self._head
        if head is None:
            raise BadRequest(400, "a body without a head")
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
        newer = head.http_version >= b"1.1"
        try:
            parts = urlsplit(head.target.decode("ascii"))
        except ValueError:
            raise BadRequest(400, "the target is not a URL") from None
        return Request(
            method=head.method.decode("ascii"),
            path=parts.path,
            query=parse_qs(parts.query, keep_blank_values=True),
            headers=headers,
            body=bytes(self._body),
            # What answers a HEAD has a body here, which must not be taken for the next answer.
            keep_alive=newer
            and head.method != b"HEAD"
            and "close" not in headers.get("connection", "").lower(),
            chunked=newer,
        )


class Route(Struct, frozen=True, kw_only=True):
    """Where a path leads."""

    persona: str
    """Whose behaviour answers."""
    kind: Kind
    """What is asked for."""
    style: Style | None = None
    """Of a completion."""
    model: str = ""
    """The model, where the path names it."""
    action: str = ""
    """What Google does with the model."""
    methods: tuple[str, ...] = ()
    """The methods that the path takes."""


ENDINGS: Mapping[str, str] = {
    "/chat/completions": "openai-chat",
    "/responses": "openai-responses",
    "/messages": "anthropic",
    "/chat": "cohere",
}
GOOGLE_ACTIONS = ("streamGenerateContent", "generateContent")


def route(path: str) -> Route:
    """Where the path leads: its first segment is the persona, its end says what is asked for."""
    _, _, after = path.partition("/")
    first, slash, rest = after.partition("/")
    persona, rest = unquote(first), slash + rest
    if rest.endswith("/models"):
        return Route(persona=persona, kind="models", methods=("GET",))
    for ending, name in ENDINGS.items():
        if rest.endswith(ending):
            return Route(persona=persona, kind="completion", style=STYLES[name], methods=("POST",))
    named, _, action = rest.rpartition(":")
    if action in GOOGLE_ACTIONS and "/models/" in named:
        model = unquote(named.split("/models/", 1)[1])
        return Route(
            persona=persona,
            kind="completion",
            style=STYLES["google"],
            model=model,
            action=action,
            methods=("POST",),
        )
    return Route(persona=persona, kind="unknown")
