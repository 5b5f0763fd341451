"""News by Redis's PUBLISH and SUBSCRIBE: for several processes over one SQLite file, and beside LISTEN.

Redis forgets what nobody hears, and a writer without Redis announces nothing: an announcement can be missed
here, and the next look makes up for it.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import redis
import structlog
from msgspec import Struct
from redis.asyncio.client import PubSub
from sqlalchemy.engine import URL

from openmodels.clock import Clock
from openmodels.errors import RedisAway
from openmodels.store.news import Change, Wake
from openmodels.store.news_reception import NewsLost, Reception
from openmodels.store.redis_link import PREFIX, RedisLink

log: Any = structlog.get_logger(__name__)

LONGEST_PAUSE = 5.0
"""The most between two attempts to subscribe, in seconds; while the circuit is open they cost nothing."""
PAUSE_SECONDS = 1.0
"""Between two attempts to announce something, where one failed as nobody foresaw."""
_PORTS = {"postgresql": 5432}


class Patience(Struct, frozen=True, kw_only=True):
    """How long to wait for what, in seconds."""

    quiet: float = 5.0
    """After this long without a word, the subscription is tested."""
    test: float = 2.0
    """The longest that subscribing, or an announcement to oneself, may take."""


class RedisNews:
    """Announcements over the channel of one database; ``channel_of`` names it."""

    def __init__(
        self,
        link: RedisLink,
        channel: str,
        clock: Clock,
        *,
        patience: Patience = Patience(),  # noqa: B008 - it is frozen
    ) -> None:
        self._link = link
        self._channel = channel
        self._clock = clock
        self._patience = patience
        self._reception = Reception("redis", clock, longest_pause=LONGEST_PAUSE)
        # What waits to be sent: a change that waits already need not be announced twice.
        self._outgoing: set[Change] = set()
        self._something = asyncio.Event()

    @property
    def by(self) -> str:
        """What brings them."""
        return self._reception.by

    @property
    def listening(self) -> bool:
        """Whether announcements arrive now."""
        return self._reception.listening and self._link.up

    @property
    def heard(self) -> int:
        """How many announcements arrived."""
        return self._reception.heard

    def announce(self, change: Change) -> None:
        """Have all who listen told, as soon as may be, or never while Redis is away; returns at once."""
        self._outgoing.add(change)
        self._something.set()

    async def run(self, wake: Wake) -> None:
        """Listen, and send what is announced, until cancelled; see the protocol."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._reception.keep(self._listen, wake))
            tasks.create_task(self._send_on())

    async def flush(self) -> None:
        """Send what waits to be sent, for a process that ends. Raises nothing; what fails is lost."""
        try:
            await self._send()
        except Exception:
            log.exception("announcing changes failed", by=self.by)

    async def _send_on(self) -> None:
        while True:
            await self._something.wait()
            try:
                await self._send()
            except Exception:
                # Without this, one unforeseen failure would end all announcing, and the listening beside it.
                log.exception("announcing changes failed; trying again", by=self.by)
                await self._clock.sleep(PAUSE_SECONDS)
                self._something.set()

    async def _send(self) -> None:
        """Send what waits to be sent. Whatever it raises, that was not foreseen, and still waits."""
        self._something.clear()
        while self._outgoing:
            change = self._outgoing.pop()
            try:
                await self._publish(change)
            except RedisAway:
                # Others have lost it too, look more often, and look at once when it is back.
                self._outgoing.clear()
            except Exception:
                self._outgoing.add(change)
                raise

    async def _publish(self, word: str) -> None:
        await self._link.call(lambda client: client.publish(self._channel, word))

    async def _listen(self, wake: Wake) -> None:
        if not self._link.up:
            raise NewsLost("Redis is away")
        try:
            async with self._subscribed() as subscription:
                await self._test(subscription, wake)
                self._reception.begins(wake)
                while True:
                    word = await self._next_word(subscription, self._patience.quiet)
                    if word is None:
                        await self._test(subscription, wake)
                    else:
                        self._reception.hear(word, wake)
        except TimeoutError:
            raise NewsLost(f"Redis did not answer within {self._patience.test:g} seconds") from None
        # ValueError: whoever answers there does not speak Redis's protocol.
        except (redis.RedisError, RedisAway, OSError, ValueError) as error:
            raise NewsLost(self._link.told(error)) from None

    async def _test(self, subscription: PubSub, wake: Wake) -> None:
        """Announce something to oneself, and hear it. Raises ``NewsLost`` when that does not come back."""
        word = f"test {secrets.token_hex(8)}"
        await self._publish(word)
        async with asyncio.timeout(self._patience.test):
            while (heard := await self._next_word(subscription, self._patience.test)) != word:
                if heard is not None:
                    self._reception.hear(heard, wake)

    async def _next_word(self, subscription: PubSub, seconds: float) -> str | None:
        """What came next by the channel, or None when nothing came for so long."""
        # Bounded once more, since the library connects anew by itself, and without any bound.
        async with asyncio.timeout(seconds + self._patience.test):
            # It returns nothing for what is no message, too.
            message: Any = await subscription.get_message(timeout=seconds)
        if message is None or message["type"] != "message":
            return None
        data: bytes | str = message["data"]
        return data if isinstance(data, str) else data.decode("utf-8", "replace")

    @asynccontextmanager
    async def _subscribed(self) -> AsyncIterator[PubSub]:
        subscription = self._link.client.pubsub(ignore_subscribe_messages=True)
        try:
            async with asyncio.timeout(self._patience.test):
                await subscription.subscribe(self._channel)
            yield subscription
        finally:
            await subscription.aclose()  # type: ignore[no-untyped-call]  # of the library


def channel_of(url: URL) -> str:
    """The channel of the database at ``url``, so that two installations on one Redis do not wake each other.

    It tells nobody where the database is. Only processes that reach it by the same host, or file, hear each
    other; the user, the password and the options may differ.
    """
    kind = url.get_backend_name()
    if kind == "sqlite":
        place = str(Path(str(url.database)).resolve())
    else:
        host = url.host or url.query.get("host") or ""
        place = f"{host}:{url.port or _PORTS.get(kind)}/{url.database}"
    digest = hashlib.blake2b(f"{kind}:{place}".encode(), digest_size=8).hexdigest()
    return f"{PREFIX}:{digest}"
