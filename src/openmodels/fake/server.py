"""``FakeProvider``: serves every API style on one port, as it is told to."""

import asyncio
import random
import ssl
from collections.abc import Callable, Mapping
from types import MappingProxyType, TracebackType
from typing import Self

import msgspec

from openmodels.clock import Clock, SystemClock
from openmodels.fake.answers import JSON, Answerer, head
from openmodels.fake.behaviour import Behaviour
from openmodels.fake.connection import Connection, Playing
from openmodels.fake.control import control
from openmodels.fake.journal import Journal, Received
from openmodels.fake.request import Request, Route, route
from openmodels.fake.steps import End, Step
from openmodels.fake.styles.table import KEY_HEADERS

BACKLOG = 4096
"""Connections that may wait to be taken: tests open thousands at once."""
KEY_PARAMETERS = frozenset({"key", "api_key", "api-key", "access_token"})
"""Parameters of a URL in which careless clients send keys."""

Personality = Callable[[str], Behaviour]
"""How a persona behaves at this moment."""


class FakeProvider:
    """A provider that answers as it is told to. Use it as an asynchronous context manager.

    ``default`` is how it behaves for every persona for which nothing is set and ``personality`` says nothing
    else; ``personality`` is asked per request. ``port`` 0 takes any free one. With ``ssl_context`` it speaks
    HTTPS. The same ``seed`` and persona give the same sequence of answers. ``exact`` spends CPU on writing
    within some 50 microseconds of the time that is due, instead of a millisecond. ``clock`` dates answers.

    Entering raises ``OSError`` when the port cannot be had.
    """

    def __init__(
        self,
        default: Behaviour | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_context: ssl.SSLContext | None = None,
        seed: int = 0,
        personality: Personality | None = None,
        clock: Clock | None = None,
        exact: bool = False,
    ) -> None:
        self._default = default or Behaviour()
        self._host = host
        self._port = port
        self._ssl = ssl_context
        self._seed = seed
        self._personality = personality
        self._clock = clock or SystemClock()
        self.exact = exact
        self._set: dict[str, Behaviour] = {}
        self._journal = Journal()
        self._connections: set[Connection] = set()
        self._connected = 0
        self._nobody = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._nobody.set()
        self._server = await loop.create_server(
            lambda: Connection(self), self._host, self._port, ssl=self._ssl, backlog=BACKLOG
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        del kind, error, traceback
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._connections):
            connection.abort()
        await self._nobody.wait()
        await self._server.wait_closed()
        self._server = None

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._ssl else 'http'}://{host}:{self._port}"

    def url(self, persona: str) -> str:
        """The persona's own base URL; any path may follow before the API's own."""
        return f"{self.origin}/{persona}"

    @property
    def default(self) -> Behaviour:
        """How personas behave for which nothing is set."""
        return self._default

    @property
    def changed(self) -> Mapping[str, Behaviour]:
        """What was set, by persona."""
        return MappingProxyType(self._set)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def set(self, persona: str, behaviour: Behaviour | None) -> None:
        """Give the persona this behaviour from the next request on, or None for its own again.

        Its seeded sequence starts anew.
        """
        self._journal.rewind(persona)
        if behaviour is None:
            self._set.pop(persona, None)
        else:
            self._set[persona] = behaviour

    def behaviour(self, persona: str) -> Behaviour:
        """How the persona behaves now."""
        found = self._set.get(persona)
        if found is not None:
            return found
        return self._personality(persona) if self._personality else self._default

    def requests(self, persona: str | None = None) -> tuple[Received, ...]:
        """The newest requests, oldest first; of all personas or of one."""
        return self._journal.requests(persona)

    def counts(self) -> dict[str, int]:
        """How many requests each persona had."""
        return self._journal.counts()

    def reset(self) -> None:
        """Forget what was set and what came; answers under way go on."""
        self._set.clear()
        self._journal.clear()

    async def until_received(self, persona: str, count: int = 1) -> None:
        """Return once the persona has had so many requests."""
        await self._journal.until_received(persona, count)

    async def until_idle(self, persona: str | None = None) -> None:
        """Return once no request is being answered, of that persona or at all."""
        await self._journal.until_idle(persona)

    def joined(self, connection: Connection) -> int:
        """Take a new connection; its number. For ``Connection`` only."""
        self._connections.add(connection)
        self._nobody.clear()
        self._connected += 1
        return self._connected

    def left(self, connection: Connection) -> None:
        """Forget a connection. For ``Connection`` only."""
        self._connections.discard(connection)
        if not self._connections:
            self._nobody.set()

    def over(self, entry: Received) -> None:
        """An answer is over. For ``Connection`` only."""
        self._journal.close(entry)

    def answer(self, request: Request, connection: int) -> Playing:
        """The answer to a request. For ``Connection`` only."""
        if request.path.startswith("/_"):
            return self._control(request)
        where = route(request.path)
        entry = _entry(request, where, connection)
        self._journal.open(entry)
        number = self._journal.draw(where.persona, where.kind)
        answerer = Answerer(
            request,
            where,
            self.behaviour(where.persona),
            # What decides what a test bench says needs no secret randomness.
            dice=random.Random(f"{self._seed}:{where.persona}:{where.kind}:{number}"),  # noqa: S311
            created=int(self._clock.unix()),
            entry=entry,
        )
        return Playing(answerer.steps(), entry, request.keep_alive)

    def _control(self, request: Request) -> Playing:
        status, payload = control(request, self)
        body = msgspec.json.encode(payload)
        headers = [("content-type", JSON), ("content-length", str(len(body)))]
        data = head(status, headers, keep_alive=request.keep_alive) + body
        return Playing(iter([Step(0, data, end=End.DONE)]), None, request.keep_alive)


def _entry(request: Request, where: Route, connection: int) -> Received:
    sent = KEY_HEADERS.union({"proxy-authorization"}).intersection(request.headers)
    return Received(
        persona=where.persona,
        kind=where.kind,
        style=None,
        method=request.method,
        path=request.path,
        parameters=tuple(request.query),
        headers=tuple(request.headers),
        key_sent=bool(sent or KEY_PARAMETERS.intersection(request.query)),
        connection=connection,
    )
