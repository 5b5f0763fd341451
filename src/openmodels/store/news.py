"""News: how a process hears at once that something was published or recorded.

An announcement is a nudge and carries nothing: whoever hears it looks into the database, as it would have
done a little later anyway. So one that is lost, doubled, forged or meant for others does no harm.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

Change = Literal["registry", "telemetry"]
"""What changed: a revision was published, or something was recorded."""
CHANGES: tuple[Change, ...] = ("registry", "telemetry")
CHANNEL = "openmodels"
"""What announcements are sent under. In PostgreSQL, every database has its own channel of this name."""

Wake = Callable[[Change], None]
"""Told what may have changed; returns at once."""
Announce = Callable[[Change], None]
"""Told what was committed just now; never waits and never raises."""


class News(Protocol):
    """A way by which announcements come."""

    @property
    def by(self) -> str:
        """What brings them, in one word for people and metrics."""
        ...

    @property
    def listening(self) -> bool:
        """Whether announcements arrive now. While they do not, only looking finds what is new."""
        ...

    @property
    def heard(self) -> int:
        """How many announcements arrived."""
        ...

    async def run(self, wake: Wake) -> None:
        """Listen until cancelled, and again by itself when that ends.

        ``wake`` is called for each announcement; and for every ``Change`` whenever listening began, since
        something may have been missed before, or ended, since nothing will be heard any more.
        """
        ...


class AllNews:
    """Several ways at once: what comes by any of them is heard."""

    by = "all"

    def __init__(self, parts: Sequence[News]) -> None:
        self.parts = tuple(parts)

    @property
    def listening(self) -> bool:
        """Whether announcements arrive by any way."""
        return any(part.listening for part in self.parts)

    @property
    def heard(self) -> int:
        """How many announcements arrived by all of them; one that came twice counts twice."""
        return sum(part.heard for part in self.parts)

    async def run(self, wake: Wake) -> None:
        """Listen by all of them until cancelled; without any, only wait."""
        async with asyncio.TaskGroup() as listening:
            for part in self.parts:
                listening.create_task(part.run(wake))
            await asyncio.get_running_loop().create_future()


def nobody(change: Change) -> None:
    """Announce to nobody: where one process has the database to itself, its own looks find everything."""


def change_of(payload: str) -> Change | None:
    """What an announcement says has changed; None for anything else that came by the channel."""
    return payload if payload in CHANGES else None


async def notify(connection: AsyncConnection, change: Change) -> None:
    """Announce ``change`` to all who listen, once the transaction of ``connection`` is committed.

    Nothing happens on a database that cannot do so. PostgreSQL tells nobody of a transaction that was rolled
    back (https://www.postgresql.org/docs/current/sql-notify.html).
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_notify(CHANNEL, change)))
