"""Bytes that several processes leave each other in Redis."""

from typing import Any

from redis.asyncio import Redis

from openmodels.store.redis_link import PREFIX, RedisLink, sound, together
from openmodels.store.shelf import Left


class RedisShelf:
    """A ``Shelf`` behind a link."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    @property
    def up(self) -> bool:
        """Whether the link is up."""
        return self._link.up

    async def get(self, key: str) -> Left | None:
        """What was left there and how much longer it will be, in one round trip."""

        async def ask(client: Redis) -> list[Any]:
            return sound(await together(client, [("GET", _key(key)), ("PTTL", _key(key))]))

        value, milliseconds = await self._link.call(ask)
        # It may run out in between; and what has no end was not left by us.
        return Left(value, milliseconds / 1000) if value is not None and milliseconds > 0 else None

    async def put(self, key: str, value: bytes, *, seconds: float) -> None:
        """Leave it there."""
        await self._link.call(lambda client: client.set(_key(key), value, px=max(1, int(seconds * 1000))))


def _key(key: str) -> str:
    return f"{PREFIX}:{key}"
