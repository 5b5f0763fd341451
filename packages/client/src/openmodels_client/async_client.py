"""The client for asyncio. ``client.py`` is made from this file by ``unasync.py``."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Self, TypeVar

import httpx2

from openmodels_client.async_asking import AsyncAsker
from openmodels_client.async_models import AsyncModels
from openmodels_client.async_pages import iterate_changes, iterate_pages
from openmodels_client.async_providers import AsyncProviders
from openmodels_client.async_telemetry import AsyncTelemetry
from openmodels_client.calls import Call, Many, When, path_of, query_of
from openmodels_client.remembering import Memory
from openmodels_client.retrying import Retry
from openmodels_client.sending import address_of, require_seconds
from openmodels_client.types import (
    Change,
    ChangePage,
    Ending,
    EndingPage,
    NameIndex,
    SearchResults,
    Stats,
    SystemHealth,
)
from openmodels_client.words import PER_PAGE, SearchType

T = TypeVar("T")


class AsyncOpenModels:
    """A client of an OpenModels server.

    ``base_url``: where the server is; without one, what ``OPENMODELS_API_URL`` says, else http://127.0.0.1:8000.
    ``timeout``: the longest that one answer may take as a whole, in seconds. ``retry``: when to ask again.
    ``remember``: how many answers are kept, to be asked for only whether they are still true; 0 for none.
    ``http_client``: one to send with, which stays yours to close; its base address and timeout are not used.
    ``sleep``: what waits before something is tried again.

    Use it with ``async with``, or close it. It may be used from several tasks at once. Its methods raise
    ``OpenModelsError``, see ``errors``, and ``ValueError`` for what cannot be asked.

    Raises ``ValueError`` for what is no address or no timeout.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        timeout: float = 10.0,
        retry: Retry | None = None,
        remember: int = 128,
        http_client: httpx2.AsyncClient | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.base_url: str = address_of(base_url)
        """The server's address, without a slash at its end."""
        require_seconds("timeout", timeout)
        self._own = http_client is None
        self._http = http_client or httpx2.AsyncClient()
        self._asker = AsyncAsker(
            self._http,
            self.base_url,
            timeout=timeout,
            retry=retry or Retry(),
            memory=Memory(remember),
            sleep=sleep,
        )
        self.models: AsyncModels = AsyncModels(self._asker)
        """Models, their offerings, prices and costs."""
        self.providers: AsyncProviders = AsyncProviders(self._asker)
        """Providers."""
        self.telemetry: AsyncTelemetry = AsyncTelemetry(self._asker)
        """What was measured."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections, unless they are of an ``http_client`` that was given."""
        if self._own:
            await self._http.aclose()

    async def search(
        self,
        q: str,
        *,
        type: SearchType | None = None,  # noqa: A002 - it is called so in the API
        limit: int | None = None,
    ) -> SearchResults:
        """Models and providers that match, the best first; slips of the pen are forgiven."""
        query = query_of(q=q, type=type, limit=limit)
        return await self.ask(Call(path=path_of("search"), query=query, answer=SearchResults))

    async def names(self) -> NameIndex:
        """Every model and provider in short, to search or complete names without asking again."""
        return await self.ask(Call(path=path_of("search", "index"), answer=NameIndex))

    async def stats(self) -> Stats:
        """How much there is."""
        return await self.ask(Call(path=path_of("stats"), answer=Stats))

    async def health(self) -> SystemHealth:
        """Whether the service is well; a degraded one is an answer, not an error."""
        return await self.ask(Call(path=path_of("health"), answer=SystemHealth, also=frozenset({503})))

    async def changes(
        self,
        *,
        since: When | None = None,
        until: When | None = None,
        kind: Many | None = None,
        topic: Many | None = None,
        action: Many | None = None,
        model: str | None = None,
        provider: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ChangePage:
        """What changed in the registry, the newest first; ``iter_changes`` goes through all pages."""
        query = query_of(
            since=since,
            until=until,
            kind=kind,
            topic=topic,
            action=action,
            model=model,
            provider=provider,
            cursor=cursor,
            limit=limit,
        )
        return await self.ask(Call(path=path_of("changes"), query=query, answer=ChangePage))

    def iter_changes(
        self,
        *,
        since: When | None = None,
        until: When | None = None,
        kind: Many | None = None,
        topic: Many | None = None,
        action: Many | None = None,
        model: str | None = None,
        provider: str | None = None,
        limit: int = PER_PAGE,
    ) -> AsyncIterator[Change]:
        """Every change that fits, the newest first; ``limit`` is how many come with each request."""

        async def page(cursor: str | None) -> ChangePage:
            return await self.changes(
                since=since,
                until=until,
                kind=kind,
                topic=topic,
                action=action,
                model=model,
                provider=provider,
                cursor=cursor,
                limit=limit,
            )

        return iterate_changes(page)

    async def lifecycle(
        self,
        *,
        vendor: Many | None = None,
        provider: Many | None = None,
        status: Many | None = None,
        since: When | None = None,
        until: When | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> EndingPage:
        """Which models end when, the soonest first."""
        query = query_of(
            vendor=vendor,
            provider=provider,
            status=status,
            since=since,
            until=until,
            page=page,
            limit=limit,
        )
        return await self.ask(Call(path=path_of("lifecycle"), query=query, answer=EndingPage))

    def iter_lifecycle(
        self,
        *,
        vendor: Many | None = None,
        provider: Many | None = None,
        status: Many | None = None,
        since: When | None = None,
        until: When | None = None,
        limit: int = PER_PAGE,
    ) -> AsyncIterator[Ending]:
        """Every model that ends, the soonest first; ``limit`` is how many come with each request."""

        async def page(number: int) -> EndingPage:
            return await self.lifecycle(
                vendor=vendor,
                provider=provider,
                status=status,
                since=since,
                until=until,
                page=number,
                limit=limit,
            )

        return iterate_pages(page)

    async def ask(self, call: Call[T]) -> T:
        """The answer to any call, of which every other method makes one. Raises ``OpenModelsError``."""
        return await self._asker.ask(call)
