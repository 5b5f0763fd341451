"""The fake provider's own endpoints: behaviours set and requests read over HTTP, on the same port."""

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import unquote

import msgspec

from openmodels.errors import SettingsError
from openmodels.fake.behaviour import Behaviour
from openmodels.fake.fields import behaviour_from, shown_behaviour
from openmodels.fake.journal import Received
from openmodels.fake.request import Request

SHOWN = 100
"""How many requests ``/_requests`` shows unless ``limit`` says otherwise."""
ENDPOINTS = (
    "GET, PUT, DELETE /_behaviour/PERSONA",
    "GET /_behaviour",
    "GET /_requests?persona=&limit=",
    "POST /_reset",
)

Reply = tuple[int, Any]


class Controlled(Protocol):
    """What can be set and read."""

    def set(self, persona: str, behaviour: Behaviour | None) -> None:
        """Give the persona this behaviour, or its own again."""
        ...

    def behaviour(self, persona: str) -> Behaviour:
        """How the persona behaves now."""
        ...

    @property
    def default(self) -> Behaviour:
        """How personas behave for which nothing is set."""
        ...

    @property
    def changed(self) -> Mapping[str, Behaviour]:
        """What was set."""
        ...

    def requests(self, persona: str | None = None) -> tuple[Received, ...]:
        """The newest requests."""
        ...

    def counts(self) -> dict[str, int]:
        """How many requests each persona had."""
        ...

    def reset(self) -> None:
        """Forget what was set and what came."""
        ...


def control(request: Request, fake: Controlled) -> Reply:
    """Status and body of the answer to a request whose path begins with ``/_``."""
    _, name, *rest = request.path.split("/")
    persona = unquote("/".join(rest))
    match name, request.method:
        case "_behaviour", "PUT" | "GET" | "DELETE" if persona:
            return _behaviour(request, persona, fake)
        case "_behaviour", "GET":
            shown = {name: shown_behaviour(behaviour) for name, behaviour in fake.changed.items()}
            return 200, {"default": shown_behaviour(fake.default), "personas": shown}
        case "_requests", "GET" if not rest:
            return _requests(request, fake)
        case "_reset", "POST" if not rest:
            fake.reset()
            return 200, {"reset": True}
    status = 405 if name in {"_behaviour", "_requests", "_reset"} else 404
    return status, _error(f"{request.method} {request.path[:200]} is not served: use {'; '.join(ENDPOINTS)}")


def _behaviour(request: Request, persona: str, fake: Controlled) -> Reply:
    if "/" in persona or persona.startswith("_"):
        return 400, _error("a persona is one segment of a path and does not begin with _")
    if request.method == "DELETE":
        fake.set(persona, None)
    elif request.method == "PUT":
        try:
            given = msgspec.json.decode(request.body or b"{}")
        except (msgspec.DecodeError, RecursionError) as error:
            return 400, _error(f"the body is not JSON: {error}")
        if not isinstance(given, dict):
            return 400, _error('the body must be an object of fields, such as {"ttft_ms": 250}')
        try:
            fake.set(persona, behaviour_from(given, fake.default))
        except SettingsError as error:
            return 400, _error(str(error))
    return 200, shown_behaviour(fake.behaviour(persona))


def _requests(request: Request, fake: Controlled) -> Reply:
    persona = request.query.get("persona", [""])[0] or None
    limit = request.query.get("limit", [str(SHOWN)])[0]
    # Digits of other scripts are digits to Python.
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:9]) <= 5000:
        return 400, _error(f"limit must be a whole number from 1 to 5000, not {limit[:100]!r}")
    counts = fake.counts()
    if persona is not None:
        counts = {persona: counts.get(persona, 0)}
    return 200, {"counts": counts, "requests": fake.requests(persona)[-int(limit[:9]) :]}


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message}}
