"""The client's methods about providers. ``providers.py`` is made from this file by ``unasync.py``."""

from collections.abc import AsyncIterator

from openmodels_client.async_asking import AsyncAsker
from openmodels_client.async_pages import iterate_pages
from openmodels_client.calls import Call, Many, path_of, query_of
from openmodels_client.types import Provider, ProviderDetail, ProviderPage
from openmodels_client.words import PER_PAGE, ProviderSort


class AsyncProviders:
    """Providers."""

    def __init__(self, asker: AsyncAsker) -> None:
        self._asker = asker

    async def list(
        self,
        *,
        search: str | None = None,
        compatibility: Many | None = None,
        region: Many | None = None,
        status: Many | None = None,
        sort: ProviderSort | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> ProviderPage:
        """One page of the providers that fit; ``iter`` goes through all pages."""
        query = query_of(
            search=search,
            compatibility=compatibility,
            region=region,
            status=status,
            sort=sort,
            page=page,
            limit=limit,
        )
        return await self._asker.ask(Call(path=path_of("providers"), query=query, answer=ProviderPage))

    def iter(
        self,
        *,
        search: str | None = None,
        compatibility: Many | None = None,
        region: Many | None = None,
        status: Many | None = None,
        sort: ProviderSort | None = None,
        limit: int = PER_PAGE,
    ) -> AsyncIterator[Provider]:
        """Every provider that fits; ``limit`` is how many come with each request."""
        query = query_of(
            search=search,
            compatibility=compatibility,
            region=region,
            status=status,
            sort=sort,
            limit=limit,
        )

        async def page(number: int) -> ProviderPage:
            at = (*query, ("page", str(number)))
            return await self._asker.ask(Call(path=path_of("providers"), query=at, answer=ProviderPage))

        return iterate_pages(page)

    async def get(self, provider_id: str) -> ProviderDetail:
        """A provider. Raises ``NotFound``."""
        return await self._asker.ask(Call(path=path_of("providers", provider_id), answer=ProviderDetail))
