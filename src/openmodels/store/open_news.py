"""Which ways of hearing there are: as the settings say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy.engine import URL

from openmodels.clock import Clock
from openmodels.settings import Settings
from openmodels.store.engine import listening_address
from openmodels.store.news import AllNews, News

# At the type checker's only: a process on SQLite without Redis loads neither of these, nor their drivers.
if TYPE_CHECKING:
    from openmodels.store.news_redis import RedisNews
    from openmodels.store.redis_link import RedisLink


@asynccontextmanager
async def redis_news(
    settings: Settings, database: URL, clock: Clock, link: "RedisLink | None" = None
) -> AsyncIterator["RedisNews | None"]:
    """News of that database over the Redis that the settings name; None where they name none.

    They can announce from the beginning; what still waits in the end is sent then. ``link`` is a way to Redis
    that is open already: without it, one is opened when something is announced. Raises ``SettingsError`` for
    a wrong URL.
    """
    if not settings.redis_url:
        yield None
        return
    from openmodels.store.news_redis import RedisNews, channel_of  # noqa: PLC0415 - see above
    from openmodels.store.redis_link import RedisLink  # noqa: PLC0415 - see above

    used = link or RedisLink(settings.redis_url, clock=clock)
    news = RedisNews(used, channel_of(database), clock)
    try:
        yield news
    finally:
        await news.flush()
        if link is None:
            await used.close()


def all_news(settings: Settings, clock: Clock, by_redis: "RedisNews | None" = None) -> AllNews | None:
    """Every way of hearing that the settings allow; None when there is none, and only looking helps.

    Raises ``StoreError`` for an address that cannot be used.
    """
    ways: list[News] = []
    address = listening_address(settings)
    if address is not None:
        from openmodels.store.news_postgresql import PostgresNews  # noqa: PLC0415 - see above

        url, setting = address
        ways.append(PostgresNews(url, clock, setting=setting))
    if by_redis is not None:
        ways.append(by_redis)
    return AllNews(ways) if ways else None
