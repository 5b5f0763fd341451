"""News by PostgreSQL's LISTEN and NOTIFY, over a connection that does nothing else."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import psycopg
from msgspec import Struct
from psycopg import AsyncConnection, sql
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.engine import URL

from openmodels.clock import Clock
from openmodels.store.engine import PRIMARY, name_of
from openmodels.store.failures import explained
from openmodels.store.news import CHANNEL, Wake
from openmodels.store.news_reception import NewsLost, Reception

LONGEST_PAUSE = 30.0
"""The most between two attempts to connect, in seconds."""
_SWALLOWED = (
    "what is announced through {name} does not come back, as behind a pooler in transaction mode; set "
    "OPENMODELS_DATABASE_DIRECT_URL to the address of the database itself"
)
_LISTEN = sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL))
_ANNOUNCE = "SELECT pg_notify(%s, %s)"
# A peer that is gone without a word is noticed by the system within half a minute or so, and in between by
# the tests of Patience; the time-outs are libpq's, in seconds and milliseconds.
_CONNECTING: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "fallback_application_name": "openmodels news",
}


class Patience(Struct, frozen=True, kw_only=True):
    """How long to wait for what, in seconds."""

    quiet: float = 15.0
    """After this long without a word, the connection is tested."""
    test: float = 5.0
    """The longest that an announcement to oneself may take to come back."""
    refused: float = 300.0
    """After which an address whose announcements do not come back is tried again."""


class PostgresNews:
    """Announcements from the database at ``url``, which must be the server's own, not a pooler's.

    That they do arrive is tested: whoever pools connections by transaction takes LISTEN and says nothing ever
    after.
    """

    def __init__(
        self,
        url: URL,
        clock: Clock,
        *,
        setting: str = PRIMARY,
        patience: Patience = Patience(),  # noqa: B008 - it is frozen
    ) -> None:
        """``setting`` is where ``url`` was written, for people."""
        self._url = url
        self._setting = setting
        self._patience = patience
        self._reception = Reception("postgresql", clock, longest_pause=LONGEST_PAUSE)

    @property
    def by(self) -> str:
        """What brings them."""
        return self._reception.by

    @property
    def listening(self) -> bool:
        """Whether announcements arrive now."""
        return self._reception.listening

    @property
    def heard(self) -> int:
        """How many announcements arrived."""
        return self._reception.heard

    async def run(self, wake: Wake) -> None:
        """Listen until cancelled; see the protocol."""
        await self._reception.keep(self._listen, wake)

    async def _listen(self, wake: Wake) -> None:
        try:
            async with self._connected() as connection:
                await _within(connection, self._patience.test, connection.execute(_LISTEN))
                # By another connection: behind a pooler, this one's own announcement can come back by chance,
                # when it is lent the very session that took its LISTEN.
                async with self._connected() as other:
                    await self._test(connection, other, wake)
                self._reception.begins(wake)
                while True:
                    async with aclosing(connection.notifies(timeout=self._patience.quiet)) as notes:
                        async for note in notes:
                            self._reception.hear(note.payload, wake)
                    await self._test(connection, connection, wake)
        except (psycopg.Error, OSError) as error:
            raise NewsLost(str(explained(error, name_of(self._url), setting=self._setting))) from error

    async def _test(self, connection: AsyncConnection, through: AsyncConnection, wake: Wake) -> None:
        """Announce something to oneself, and hear it. Raises ``NewsLost`` when that does not come back."""
        word = f"test {secrets.token_hex(8)}"
        await _within(through, self._patience.test, through.execute(_ANNOUNCE, (CHANNEL, word)))
        async with aclosing(connection.notifies(timeout=self._patience.test)) as notes:
            async for note in notes:
                if note.payload == word:
                    return
                self._reception.hear(note.payload, wake)
        if self._reception.listening:
            raise NewsLost("an announcement to ourselves did not come back")
        raise NewsLost(_SWALLOWED.format(name=name_of(self._url)), pause=self._patience.refused)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        dialect: Any = PGDialectAsync_psycopg()  # type: ignore[no-untyped-call]  # of the library
        _, given = dialect.create_connect_args(self._url)
        connection = await AsyncConnection.connect(
            **(_CONNECTING | given), autocommit=True, prepare_threshold=None
        )
        try:
            yield connection
        finally:
            await connection.close()


async def _within(connection: AsyncConnection, seconds: float, work: Coroutine[Any, Any, Any]) -> None:
    """Await ``work`` on this connection. Raises ``NewsLost`` when it takes longer than that.

    A server that hangs does not take the request to cancel either, for which the driver would wait some
    seconds more. So the connection is cut instead, at which ``work`` ends at once; as it does on a shutdown.
    """
    working = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({working}, timeout=seconds)
    finally:
        if not working.done():
            _cut(connection)
            await asyncio.wait({working})
            working.exception()  # otherwise the loop would complain that nobody asked for it
    if not done:
        raise NewsLost(f"the server did not answer within {seconds:g} seconds")
    working.result()


def _cut(connection: AsyncConnection) -> None:
    # On a copy of the descriptor, since closing belongs to the driver.
    with (
        suppress(OSError, psycopg.Error),
        socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as copy,
    ):
        copy.shutdown(socket.SHUT_RDWR)
