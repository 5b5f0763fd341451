"""The way to Redis (or Valkey): one pool of connections behind a circuit breaker.

Redis makes several processes agree on limits and share ready answers; nothing depends on it. So a call waits
a quarter of a second at most, the first failure opens the circuit, and while it is open calls fail at once,
without asking. Requests never close it: a trial in the background does, which writes as they would, and as
fast. Whoever only wants to know whether Redis answers neither opens nor closes it.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import redis
import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from openmodels.clock import Clock, SystemClock
from openmodels.errors import RedisAway, SettingsError

__all__ = ["PREFIX", "RedisAway", "RedisLink", "sound", "together"]

log: Any = structlog.get_logger(__name__)
T = TypeVar("T")
Command = tuple[Any, ...]
Trial = Callable[[Redis], Awaitable[object]]

CALL_SECONDS = 0.25
"""The longest that one call may take, connecting included: far above what a Redis in the same place needs, a
millisecond or ten, and so short that the one time hardly shows."""
HELD_UP = 1.2
"""A bound that strikes this many times later than it should says that this process was held up, not Redis."""
CONNECT_SECONDS = 1.0
"""The longest that a trial may take to connect, for which nobody waits: a connection over TLS from afar takes
several round trips. What it asks then has no longer than a call, or requests would open the circuit again."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
"""Seconds before the first trial and, doubled after each, between later ones."""
STEADY_SECONDS = 60
"""So long Redis has to be back before the pauses begin with the first again. Without this, requests would
wait twice a second for one that is now fast enough, now not."""
CONNECTIONS = 16
"""Takes go together over one connection at a time; the rest is for cached answers and announcements."""
PREFIX = "openmodels"
"""What every key begins with, before a colon."""
PROBE_SECONDS = 60

URL_HELP = (
    "OPENMODELS_REDIS_URL must be a URL such as redis://localhost:6379/0, rediss://user:password@host:6379/0 "
    "(TLS) or unix:///run/valkey/valkey.sock?db=0"
)


class RedisLink:
    """Redis as far as it answers. Not for several event loops."""

    def __init__(self, url: str, *, clock: Clock | None = None) -> None:
        """Connects to nothing yet. Raises ``SettingsError``, which says what to type, for a wrong URL."""
        self._clock = clock or SystemClock()
        self._pool = _pool(url)
        self._trials: list[Trial] = []
        self._away = asyncio.Event()
        self._reason = ""
        self._secrets = _secrets(url)
        self._back_at: float | None = None
        self.client = Redis(connection_pool=self._pool)
        """For what lasts longer than a call, such as a subscription; its failures do not open the circuit."""
        self.up = True
        """Whether the circuit is closed: whether calls reach Redis at all."""
        self.failures = 0
        """How often the circuit was opened."""

    def try_with(self, trial: Trial) -> None:
        """Close the circuit only when this works too: what requests do and a SET says nothing of."""
        self._trials.append(trial)

    async def call(self, ask: Callable[[Redis], Awaitable[T]]) -> T:
        """What ``ask`` gives. Raises ``RedisAway``: at once while the circuit is open, else in a moment."""
        if not self.up:
            raise RedisAway(self._reason)
        return await self._within(CALL_SECONDS, ask)

    async def ping(self) -> None:
        """Write a little, as requests do. Raises ``RedisAway``, at once while the circuit is open.

        It does not open it: anybody may have this done, as often as they like, by asking for our health.
        """
        if not self.up:
            raise RedisAway(self._reason)
        await self._within(CALL_SECONDS, _write, opens=False)

    def told(self, error: Exception) -> str:
        """What an error says, for people and the log: one line without the user and the password."""
        # A server that does not know AUTH quotes what came with it, cut off after some characters.
        text = re.sub(r",? *with args.*", "", " ".join(str(error).split()), flags=re.IGNORECASE)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text[:200] or type(error).__name__

    async def connect(self) -> None:
        """Find out whether Redis answers, whatever the circuit says. Raises nothing."""
        try:
            await self._within(CONNECT_SECONDS, self._connect_anew)
            for trial in (_write, *self._trials):
                await self._within(CALL_SECONDS, trial)
        except RedisAway:
            return
        if not self.up:
            self.up = True
            self._back_at = self._clock.unix()
            self._away.clear()
            log.info("redis is back: limits and ready answers are shared again")

    async def run(self) -> None:
        """Try to come back whenever the circuit is open, until cancelled."""
        pause = FIRST_PAUSE
        while True:
            await self._away.wait()
            if self._back_at is None or self._clock.unix() - self._back_at >= STEADY_SECONDS:
                pause = FIRST_PAUSE
            while not self.up:
                await self._clock.sleep(pause)
                try:
                    await self.connect()
                except Exception:
                    # Without this, one unforeseen failure would keep every process alone for ever.
                    log.exception("trying to reach redis failed")
                pause = min(2 * pause, LONGEST_PAUSE)

    async def close(self) -> None:
        """Let go of all connections."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self.client.aclose()
                await self._pool.aclose()
        except (redis.RedisError, OSError, TimeoutError):
            pass  # a connection that cannot even be closed

    async def _within(self, seconds: float, ask: Callable[[Redis], Awaitable[T]], *, opens: bool = True) -> T:
        try:
            return await _bounded(seconds, ask(self.client))
        # ValueError: whoever answers there does not speak Redis's protocol.
        except (redis.RedisError, OSError, TimeoutError, ValueError) as error:
            reason = _known_reason(error, seconds) or self.told(error)
        if opens and not reason.startswith("WRONGTYPE"):  # that one key was written by somebody else
            self._open(reason)
        raise RedisAway(f"Redis does not answer: {reason}")

    def _open(self, reason: str) -> None:
        self._reason = f"Redis does not answer: {reason}"
        if self.up:
            self.up = False
            self.failures += 1
            self._away.set()
            log.warning("redis is away: each process limits and caches for itself", reason=reason)

    async def _connect_anew(self, _client: Redis) -> None:
        # Idle connections may lead nowhere, such as to a firewall that has forgotten them.
        await self._pool.disconnect(inuse_connections=False)
        connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]  # of the library
        await self._pool.release(connection)


async def together(client: Redis, commands: Sequence[Command]) -> list[Any]:
    """What each command gives, an exception included, in one round trip."""
    async with client.pipeline(transaction=False) as pipeline:
        for command in commands:
            pipeline.execute_command(*command)
        return list(await pipeline.execute(raise_on_error=False))


def sound(answers: Sequence[Any]) -> list[Any]:
    """These answers; raises the first that is an exception."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return list(answers)


async def _bounded(seconds: float, asked: Awaitable[T]) -> T:
    """One bound for all of it; the library's own are for each read and write, and would add up.

    Raises ``TimeoutError``.
    """
    asking, now = asyncio.ensure_future(asked), asyncio.get_running_loop().time
    began = now()
    try:
        await asyncio.wait({asking}, timeout=seconds)
        if not asking.done() and now() - began > HELD_UP * seconds:
            # Something else kept the event loop busy; the answer may be there, and nobody has read it yet.
            await asyncio.wait({asking}, timeout=seconds)
        if not asking.done():
            raise TimeoutError
        return asking.result()
    finally:
        # It may have failed in the moment in which this was given up.
        asking.add_done_callback(_forget)
        asking.cancel()


def _forget(given_up: asyncio.Future[Any]) -> None:
    """Take note of how it ended, which is else complained of in the log."""
    if not given_up.cancelled():
        given_up.exception()


async def _write(client: Redis) -> None:
    """A replica, a full Redis and one that forbids it answer a PING, but take no writes."""
    await client.set(f"{PREFIX}:ping", 1, ex=PROBE_SECONDS)


def _pool(url: str) -> BlockingConnectionPool:
    try:
        parts = urlsplit(url)
        # The library takes any path, or none, and database 0 for one that is not a number.
        sound = r"/.+" if parts.scheme == "unix" else r"/?\d*"
        if "://" not in url or not re.fullmatch(sound, parts.path):
            raise ValueError(url)
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=None,
            # Neither time-outs nor retries of the library's: they would multiply the one bound of a call.
            socket_timeout=None,
            socket_connect_timeout=None,
            retry=Retry(NoBackoff(), 0),
            # RESP2 and no driver information: two round trips less when a connection is made.
            protocol=2,
            driver_info=None,
        )
        # Options in the URL's query are read by the connection only.
        pool.connection_class(**pool.connection_kwargs)
    except (ValueError, TypeError, redis.RedisError):
        # Without the cause, which quotes the URL and so the password.
        raise SettingsError(URL_HELP) from None
    return pool


def _secrets(url: str) -> list[str]:
    """The user and the password of a URL, as they are and as they are written there, the longest first."""
    parts = urlsplit(url)
    options = parse_qs(parts.query)
    written = {parts.username or "", parts.password or ""}
    written.update(options.get("username", ()), options.get("password", ()))
    return sorted((written | {unquote(word) for word in written}) - {""}, key=len, reverse=True)


def _known_reason(error: Exception, seconds: float) -> str | None:
    """Why it failed, for people; None for what is not foreseen."""
    if isinstance(error, redis.exceptions.OutOfMemoryError):
        return "it is full (maxmemory) and evicts nothing: set its maxmemory-policy to volatile-ttl"
    if isinstance(error, redis.exceptions.ReadOnlyError):
        return "it is a replica, which takes no writes: name the primary in OPENMODELS_REDIS_URL"
    if isinstance(error, redis.exceptions.BusyLoadingError):
        return "it is loading its data"
    if isinstance(error, redis.exceptions.AuthenticationError):
        return "it wants another user or password than OPENMODELS_REDIS_URL has"
    if isinstance(error, (TimeoutError, redis.TimeoutError)):
        return f"no answer within {seconds:g} s"
    return None
