"""From a request and a behaviour to the writes of the answer."""

import hmac
import itertools
import random
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec

from openmodels.fake.behaviour import Behaviour, Fault
from openmodels.fake.faults import draw_fault, faulty_body, faulty_stream, garbage, problem_of
from openmodels.fake.journal import Received
from openmodels.fake.pace import Pace
from openmodels.fake.request import Request, Route
from openmodels.fake.steps import End, Step, chunked, dripping, line_end, shaped, written
from openmodels.fake.styles.style import Problem, Style
from openmodels.fake.styles.table import KEY_HEADERS, STYLES, style_of_list
from openmodels.fake.turn import Asked, Refused, Turn, make_turn

JSON = "application/json"
ANY_MODEL = "fake-1"
"""The model that is listed where every name is a model."""
_LENGTH_KNOWN = frozenset({None, "reset", "cut", "stall_mid_stream", "stall_after_headers", "drip"})
"""With which faults the head says how long the body is, or ought to be."""


class Answerer:
    """Answers one request; ``entry`` is where it writes what it learns about it."""

    def __init__(
        self,
        request: Request,
        route: Route,
        behaviour: Behaviour,
        *,
        dice: random.Random,
        created: int,
        entry: Received,
    ) -> None:
        self._request = request
        self._route = route
        self._behaviour = behaviour
        self._dice = dice
        self._created = created
        self._entry = entry
        self._style = self._style_of_answer()
        self._pace = Pace(behaviour, dice)
        self._fault: Fault | None = draw_fault(behaviour, route.kind, dice)
        entry.fault = self._fault
        entry.style = self._style.name if route.kind != "unknown" else None

    def steps(self) -> Iterator[Step]:
        """The writes of the answer; when they stop without an end, it stalls."""
        body = self._read_body()
        broken = self._broken()
        if broken is not None:
            return broken
        problem = problem_of(self._fault) or self._refusal(body)
        if problem is not None:
            return self._error(problem)
        if self._route.kind == "models":
            names = self._behaviour.models or (ANY_MODEL,)
            return self._plain(200, msgspec.json.encode(self._style.models(names)))
        try:
            asked = self._style.read(body, self._route.model, self._request.headers)
        except Refused as refused:
            return self._error(Problem(status=400, message=refused.message, field=refused.field))
        return self._completion(asked)

    def _broken(self) -> Iterator[Step] | None:
        """The answer, if what goes wrong is that it is none at all or leads elsewhere."""
        at = self._pace.headers
        if self._fault == "hang_up":
            return iter([Step(at, b"", end=End.CLOSE)])
        if self._fault == "stall_before_headers":
            return iter(())
        if self._fault == "garbage":
            return iter([Step(at, garbage(self._dice), end=End.CLOSE)])
        if self._fault == "redirect":
            location = quote(self._behaviour.redirect_to + self._request.path, safe="/:?&=%#[]@!$'()*+,;~")
            return self._plain(307, b"", headers=(("location", location),))
        return None

    def _style_of_answer(self) -> Style:
        if self._route.style is not None:
            return self._route.style
        if self._behaviour.style != "any":
            return STYLES[self._behaviour.style]
        return style_of_list(self._route.persona, self._request.path, self._request.headers)

    def _read_body(self) -> Mapping[str, Any]:
        """The body as an object; empty when it is none, which ``_refusal`` finds."""
        if not self._request.body:
            return {}
        try:
            body = msgspec.json.decode(self._request.body)
        except (msgspec.DecodeError, RecursionError):
            return {}
        if not isinstance(body, dict):
            return {}
        self._entry.fields = tuple(body)
        return body

    def _refusal(self, body: Mapping[str, Any]) -> Problem | None:
        """Why the request is not answered, if it is not."""
        route, behaviour = self._route, self._behaviour
        if route.kind == "unknown":
            hint = "the path is /PERSONA/ANY/PREFIX, then models, chat/completions, responses, messages, chat"
            return Problem(status=404, message=f"nothing is served here: {hint} or models/MODEL:ACTION")
        if self._request.method not in route.methods:
            return Problem(status=405, message=f"use {' or '.join(route.methods)}")
        if behaviour.style not in {"any", self._style.name}:
            return Problem(status=404, message=f"this provider serves {behaviour.style} only")
        if not self._authorised():
            return Problem(status=401, message="no valid key was provided")
        return None if route.kind == "models" else self._refused_body(body)

    def _refused_body(self, body: Mapping[str, Any]) -> Problem | None:
        if not body:
            return Problem(status=400, message="the body must be a JSON object that is not empty")
        for field in self._behaviour.refuse_fields:
            if _has(body, field):
                message = f"Unsupported parameter: '{field}' is not supported with this model."
                return Problem(status=400, message=message, field=field)
        return None

    def _authorised(self) -> bool:
        key = self._behaviour.key
        listing = self._route.kind == "models"
        if not key or (listing and self._behaviour.open_models):
            return True
        guessed = listing and self._behaviour.style == "any"
        for name in sorted(KEY_HEADERS) if guessed else self._style.key_headers:
            given = self._request.headers.get(name, "")
            if name == "authorization":
                scheme, _, given = given.partition(" ")
                if scheme.lower() != "bearer":
                    continue
            if hmac.compare_digest(given.strip().encode(), key.encode()):
                return True
        return False

    def _completion(self, asked: Asked) -> Iterator[Step]:
        entry, behaviour, fault = self._entry, self._behaviour, self._fault
        action = self._route.action
        stream = asked.stream and action != "generateContent"
        entry.model, entry.limit, entry.stream = asked.model, asked.limit, stream
        if behaviour.models and asked.model not in behaviour.models:
            message = f"The model '{asked.model[:200]}' does not exist."
            return self._error(Problem(status=404, kind="model_missing", message=message, field="model"))
        turn = make_turn(asked, behaviour, self._dice, created=self._created, fault=fault)
        as_array = action == "streamGenerateContent" and self._request.query.get("alt") != ["sse"]
        if stream and not as_array and fault != "not_streamed":
            return self._stream(turn)
        whole = self._style.whole(turn)
        body = msgspec.json.encode([whole] if as_array else whole)
        # An empty answer is well-formed; the body itself is empty only where it is a list of models.
        kept = None if fault == "empty" else fault
        return self._plain(200, body, at=self._pace.whole(turn.output_tokens), fault=kept)

    def _stream(self, turn: Turn) -> Iterator[Step]:
        behaviour, start = self._behaviour, self._pace.headers
        headers = [
            ("content-type", self._style.content_type),
            ("cache-control", "no-cache"),
            (self._style.request_id, f"req_{turn.id}"),
        ]
        waiting = turn.empty_frames + turn.null_frames
        frames = self._pace.timed(self._style.frames(turn), waiting)
        broken = faulty_stream(frames, self._fault, behaviour, turn, self._style)
        if self._fault == "stall_after_headers":
            broken = iter(())
        body = shaped(written(broken, line_end(behaviour)), behaviour, start)
        return self._framed(200, headers, body, start)

    def _error(self, problem: Problem) -> Iterator[Step]:
        status, body = self._style.error(problem)
        headers: list[tuple[str, str]] = []
        if status in {429, 503} and self._behaviour.retry_after:
            headers.append(("retry-after", str(self._behaviour.retry_after)))
        if status == 405:
            headers.append(("allow", ", ".join(self._route.methods)))
        if status == 401:
            headers.append(("www-authenticate", "Bearer"))
        return self._plain(status, msgspec.json.encode(body), headers=headers)

    def _plain(
        self,
        status: int,
        body: bytes,
        *,
        headers: Iterable[tuple[str, str]] = (),
        at: float | None = None,
        fault: Fault | None = None,
    ) -> Iterator[Step]:
        """An answer in one piece. A list of models breaks by its own fault, a completion by ``fault``."""
        at = self._pace.headers if at is None else at
        if self._route.kind == "models" and status == 200:
            fault = self._fault
        given = [*headers, ("content-type", JSON)]
        steps: Iterable[Step] = faulty_body(body, fault, self._behaviour, at)
        if fault in _LENGTH_KNOWN:
            given.append(("content-length", str(len(body))))
            head = self._head(status, given)
            return self._dripped(itertools.chain([Step(at, head)], steps))
        return self._framed(status, given, steps, at)

    def _framed(
        self, status: int, headers: list[tuple[str, str]], body: Iterable[Step], at: float
    ) -> Iterator[Step]:
        """Head and body where the head does not say how long the body is."""
        if self._request.chunked:
            headers = [*headers, ("transfer-encoding", "chunked")]
            body = chunked(body)
        return self._dripped(itertools.chain([Step(at, self._head(status, headers))], body))

    def _head(self, status: int, headers: Iterable[tuple[str, str]]) -> bytes:
        self._entry.status = status
        return head(status, headers, keep_alive=self._request.keep_alive)

    def _dripped(self, steps: Iterable[Step]) -> Iterator[Step]:
        if self._fault == "drip":
            return dripping(steps, self._behaviour.drip_ms / 1000)
        return iter(steps)


def head(status: int, headers: Iterable[tuple[str, str]], *, keep_alive: bool) -> bytes:
    """The head of an answer."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Overloaded"  # 529 is Anthropic's own
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers)]
    if not keep_alive:
        lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _has(body: object, field: str) -> bool:
    """Whether the body has the field; a dot leads into an object."""
    for name in field.split("."):
        if not isinstance(body, Mapping) or name not in body:
            return False
        body = body[name]
    return True
