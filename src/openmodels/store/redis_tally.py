"""Counts in Redis, as the library ``limits`` keeps them: INCRBY in a script that gives a first count its end.

Its storage asks for one count at a time, each over a connection of its own: 70 to 100 µs of this process's
time. Here all counts that wait go as one pipeline, at 9 µs each. The script, the keys and what they mean are
the library's.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from limits import RateLimitItemPerSecond
from limits.aio.storage.redis.redispy import RedispyBridge
from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from openmodels.store.redis_link import PREFIX, RedisLink, sound, together
from openmodels.store.tally import Added


class RedisTally:
    """A ``Tally`` behind a link, for one rate limit: those of other limits have keys of their own."""

    def __init__(self, link: RedisLink, *, limit: int, seconds: int) -> None:
        self._link = link
        self._item = RateLimitItemPerSecond(limit, seconds, namespace="limits")
        self._script = RedispyBridge.SCRIPT_INCR_EXPIRE
        # What Redis itself calls a script by.
        self._sha = hashlib.sha1(self._script, usedforsecurity=False).hexdigest()
        # Also puts the script back that a Redis forgets when it is started anew.
        link.try_with(lambda client: self._add(client, {"": 1}, ()))

    @property
    def up(self) -> bool:
        """Whether the link is up."""
        return self._link.up

    async def add(self, amounts: Mapping[str, int], timed: Collection[str] = ()) -> Added:
        """Add to these counts, in one round trip."""
        return await self._link.call(lambda client: self._add(client, amounts, timed))

    async def ends_in(self, names: Collection[str]) -> Mapping[str, float]:
        """In how many seconds each window ends, by Redis's clock, to the millisecond.

        The library's own question for it has whole seconds, rounded either way.
        """
        left = await self._link.call(lambda client: self._ends(client, [self._key(name) for name in names]))
        return dict(zip(names, left, strict=True))

    def _key(self, name: str) -> str:
        return f"{PREFIX}:{self._item.key_for(name)}"

    async def _add(self, client: Redis, amounts: Mapping[str, int], timed: Collection[str]) -> Added:
        seconds, size = self._item.get_expiry(), len(amounts)
        keys = [self._key(name) for name in timed]
        asked: list[tuple[Any, ...]] = [
            ("EVALSHA", self._sha, 1, self._key(name), seconds, amount) for name, amount in amounts.items()
        ]
        ends = [("PTTL", key) for key in keys]
        answers = await together(client, [*asked, *ends])
        counts, left = answers[:size], answers[size:]
        unmade = [place for place, count in enumerate(counts) if isinstance(count, NoScriptError)]
        if unmade:
            await client.script_load(self._script)
            answers = await together(client, [*(asked[place] for place in unmade), *ends])
            left = answers[len(unmade) :]
            for place, count in zip(unmade, answers, strict=False):
                counts[place] = count
        numbers = zip(amounts, _numbers(counts), strict=True)
        return Added(dict(numbers), dict(zip(timed, await self._seconds(client, keys, left), strict=True)))

    async def _ends(self, client: Redis, keys: Sequence[str]) -> list[float]:
        return await self._seconds(client, keys, await together(client, [("PTTL", key) for key in keys]))

    async def _seconds(self, client: Redis, keys: Sequence[str], answers: Sequence[Any]) -> list[float]:
        """What PTTL said of these keys, in seconds."""
        left, seconds = _numbers(answers), self._item.get_expiry()
        endless = [key for key, milliseconds in zip(keys, left, strict=True) if milliseconds == -1]
        if endless:
            # Nobody here makes a count without an end; one that has none would refuse its client for ever.
            _numbers(await together(client, [("EXPIRE", key, seconds) for key in endless]))
        return [
            float(seconds) if milliseconds == -1 else max(0, milliseconds) / 1000 for milliseconds in left
        ]


def _numbers(answers: Sequence[Any]) -> list[int]:
    """The answers; raises the first that is an exception, and ``ValueError`` for one that is no number."""
    return [int(answer) for answer in sound(answers)]
