"""What is particular to PostgreSQL about connections: how they are made, kept and bounded.

Imported only where the settings name such a database. Nothing here, nor anywhere in the stores, keeps state
in a session, so that a pooler in transaction mode (pgbouncer) may stand in between.
"""

import asyncio
import contextlib
import select
import time
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGconn
from psycopg.waiting import wait_async
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from openmodels.errors import StoreError

OLDEST = 15
"""The oldest major version that the tests' queries are known to run on."""
CONNECT_SECONDS = 5
"""How long to wait for a connection, in whole seconds: libpq's unit."""
POOL_SECONDS = 10.0
"""How long to wait for a connection that another task of this process uses."""
RECYCLE_SECONDS = 1800
"""After so long a connection is replaced: a server's memory for it only grows."""
CANCEL_SECONDS = 1.0
"""How long to try to tell the server to stop a statement that nobody waits for any longer."""
APPLICATION = "openmodels"
"""What ``pg_stat_activity`` shows."""

# A server that went away without a word (power, a firewall that forgot) is noticed after a minute, not after
# the two hours that are usual; ``tcp_user_timeout`` is in milliseconds.
_KEEP_ALIVE = {
    "keepalives": "1",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
_OK = psycopg.pq.ConnStatus.OK


class StatementGivenUp(psycopg.OperationalError):
    """A statement took longer than it may; its connection is closed."""


class BoundedConnection(psycopg.AsyncConnection[Any]):
    """A connection that does not wait for ever.

    The bound is kept here and not by the server's ``statement_timeout``: that would be session state, and a
    server that hangs keeps no bounds.
    """

    limit: float | None = None
    """Seconds that one statement may take; None for no bound."""

    async def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - psycopg's own signature
        """Every wait for the server goes through here. Raises ``StatementGivenUp``."""
        limit = self.limit if timeout is None else timeout
        begun = time.monotonic()
        try:
            return await wait_async(gen, self.pgconn.socket, interval=interval, timeout=limit)
        except asyncio.CancelledError:
            await self._give_up()
            raise
        except psycopg.OperationalError:
            if limit is None or time.monotonic() - begun < limit:
                raise
        await self._give_up()
        raise StatementGivenUp(f"it did not answer within {limit:g} seconds")

    async def _give_up(self) -> None:
        """Close the connection when it is in the midst of a statement; the pool makes another one.

        psycopg would wait ten seconds for a server that hangs to let go of the statement.
        """
        if self.pgconn.transaction_status != TransactionStatus.ACTIVE:
            return
        try:
            # Without this, a server that is only slow would go on working for nobody.
            with contextlib.suppress(psycopg.Error):
                await self.cancel_safe(timeout=CANCEL_SECONDS)
        finally:
            self.pgconn.finish()


def postgresql_engine(
    url: URL, *, pool: int, statement_timeout: float, options: Mapping[str, Any]
) -> AsyncEngine:
    """An engine with a pool of that many connections, which are made when first used.

    ``options`` are its execution options. Raises ``ImportError`` without the driver.
    """

    async def connect(*arguments: Any, **given: Any) -> BoundedConnection:
        connection = await BoundedConnection.connect(*arguments, **given)
        try:
            require_version(connection.info.server_version, url)
        except StoreError:
            await connection.close()
            raise
        connection.limit = statement_timeout
        return connection

    wanted: dict[str, Any] = {
        "application_name": APPLICATION,
        "connect_timeout": CONNECT_SECONDS,
        **_KEEP_ALIVE,
    }
    # What the URL says goes first.
    added = {name: value for name, value in wanted.items() if name not in url.query}
    engine = create_async_engine(
        url,
        hide_parameters=True,
        # Prepared statements live in a session, which behind a pooler is another one each time.
        connect_args={"prepare_threshold": None, "async_creator_fn": connect, **added},
        execution_options=dict(options),
        # Whatever the server's or the role's default is.
        isolation_level="READ COMMITTED",
        # Otherwise every process asks the server for a type that nothing here uses.
        use_native_hstore=False,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        pool_recycle=RECYCLE_SECONDS,
        # What was used last goes first, so that a server may close the others for being idle.
        pool_use_lifo=True,
    )
    event.listen(engine.sync_engine, "checkout", _require_alive)
    return engine


def _require_alive(connection: Any, _record: Any, _proxy: Any) -> None:
    """Have the pool replace a connection that the server closed while it lay idle.

    An idle connection has nothing to read unless its end or its server's last words came: looking costs a
    microsecond, where asking the server (``pool_pre_ping``) would cost a round trip each time.
    """
    pgconn: PGconn = connection.driver_connection.pgconn
    if pgconn.status != _OK or pgconn.transaction_status != TransactionStatus.IDLE or _readable(pgconn):
        raise DisconnectionError("the server closed the connection")


def _readable(pgconn: PGconn) -> bool:
    looking = select.poll()
    looking.register(pgconn.socket, select.POLLIN)
    return bool(looking.poll(0))


def require_version(number: int, url: URL) -> None:
    """Raises ``StoreError`` for a server that is too old; ``number`` is the version as libpq writes it."""
    major = number // 10_000
    if major < OLDEST:
        raise StoreError(
            f"the database server at {url.host or 'the local socket'} is PostgreSQL {major}, and openmodels "
            f"needs {OLDEST} or later; upgrade it, or set OPENMODELS_DATABASE_URL to another"
        )
