"""The client's methods about models. ``models.py`` is made from this file by ``unasync.py``.

Parameters are those of the API, whose reference says what they do; what is not given is the server's default.
"""

from collections.abc import AsyncIterator

from openmodels_client.async_asking import AsyncAsker
from openmodels_client.async_pages import iterate_changes, iterate_pages
from openmodels_client.calls import Call, Many, Number, When, path_of, query_of
from openmodels_client.types import (
    Change,
    Comparison,
    Decision,
    Model,
    ModelCost,
    ModelDetail,
    ModelHistory,
    ModelOfferings,
    ModelPage,
    ModelPrices,
    ModelProvenance,
)
from openmodels_client.words import PER_PAGE, CompareSort, ModelSort, Period, Preference


class AsyncModels:
    """Models, their offerings, prices and costs."""

    def __init__(self, asker: AsyncAsker) -> None:
        self._asker = asker

    async def list(
        self,
        *,
        search: str | None = None,
        capability: Many | None = None,
        modality: Many | None = None,
        vendor: Many | None = None,
        provider: Many | None = None,
        licensing: Many | None = None,
        status: Many | None = None,
        open_weights: bool | None = None,
        min_context: int | None = None,
        max_input_price: Number | None = None,
        sort: ModelSort | None = None,
        as_of: When | None = None,
        page: int | None = None,
        limit: int | None = None,
    ) -> ModelPage:
        """One page of the models that fit; ``iter`` goes through all pages."""
        query = query_of(
            search=search,
            capability=capability,
            modality=modality,
            vendor=vendor,
            provider=provider,
            licensing=licensing,
            status=status,
            open_weights=open_weights,
            min_context=min_context,
            max_input_price=max_input_price,
            sort=sort,
            as_of=as_of,
            page=page,
            limit=limit,
        )
        return await self._asker.ask(Call(path=path_of("models"), query=query, answer=ModelPage))

    def iter(
        self,
        *,
        search: str | None = None,
        capability: Many | None = None,
        modality: Many | None = None,
        vendor: Many | None = None,
        provider: Many | None = None,
        licensing: Many | None = None,
        status: Many | None = None,
        open_weights: bool | None = None,
        min_context: int | None = None,
        max_input_price: Number | None = None,
        sort: ModelSort | None = None,
        as_of: When | None = None,
        limit: int = PER_PAGE,
    ) -> AsyncIterator[Model]:
        """Every model that fits; ``limit`` is how many come with each request."""
        query = query_of(
            search=search,
            capability=capability,
            modality=modality,
            vendor=vendor,
            provider=provider,
            licensing=licensing,
            status=status,
            open_weights=open_weights,
            min_context=min_context,
            max_input_price=max_input_price,
            sort=sort,
            as_of=as_of,
            limit=limit,
        )

        async def page(number: int) -> ModelPage:
            at = (*query, ("page", str(number)))
            return await self._asker.ask(Call(path=path_of("models"), query=at, answer=ModelPage))

        return iterate_pages(page)

    async def get(self, model_id: str, *, as_of: When | None = None) -> ModelDetail:
        """A model, by its id or another name that it goes by. Raises ``NotFound``."""
        query = query_of(as_of=as_of)
        return await self._asker.ask(Call(path=path_of("models", model_id), query=query, answer=ModelDetail))

    async def providers(self, model_id: str, *, as_of: When | None = None) -> ModelOfferings:
        """The offerings of a model, by provider. Raises ``NotFound``."""
        query = query_of(as_of=as_of)
        path = path_of("models", model_id, "providers")
        return await self._asker.ask(Call(path=path, query=query, answer=ModelOfferings))

    async def compare(
        self,
        model_id: str,
        *,
        sort: CompareSort | None = None,
        region: Many | None = None,
        period: Period | None = None,
    ) -> Comparison:
        """The offerings of a model with what was measured of them. Raises ``NotFound``."""
        query = query_of(sort=sort, region=region, period=period)
        path = path_of("models", model_id, "compare")
        return await self._asker.ask(Call(path=path, query=query, answer=Comparison))

    async def popular(self, *, limit: int | None = None) -> tuple[Model, ...]:
        """Models that are new and widely offered."""
        query = query_of(limit=limit)
        return await self._asker.ask(
            Call(path=path_of("models", "popular"), query=query, answer=tuple[Model, ...])
        )

    async def history(
        self,
        model_id: str,
        *,
        since: When | None = None,
        until: When | None = None,
        topic: Many | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> ModelHistory:
        """What changed of a model and its offerings, the newest first. Raises ``NotFound``."""
        query = query_of(since=since, until=until, topic=topic, cursor=cursor, limit=limit)
        path = path_of("models", model_id, "history")
        return await self._asker.ask(Call(path=path, query=query, answer=ModelHistory))

    def iter_history(
        self,
        model_id: str,
        *,
        since: When | None = None,
        until: When | None = None,
        topic: Many | None = None,
        limit: int = PER_PAGE,
    ) -> AsyncIterator[Change]:
        """Every change of a model and its offerings, the newest first; ``limit`` is how many come at once."""

        async def page(cursor: str | None) -> ModelHistory:
            return await self.history(
                model_id, since=since, until=until, topic=topic, cursor=cursor, limit=limit
            )

        return iterate_changes(page)

    async def prices(
        self, model_id: str, *, provider: Many | None = None, since: When | None = None
    ) -> ModelPrices:
        """What each offering of a model cost over time. Raises ``NotFound``."""
        query = query_of(provider=provider, since=since)
        path = path_of("models", model_id, "prices")
        return await self._asker.ask(Call(path=path, query=query, answer=ModelPrices))

    async def provenance(
        self, model_id: str, *, provider: Many | None = None, as_of: When | None = None
    ) -> ModelProvenance:
        """Where each fact of a model and its offerings comes from. Raises ``NotFound``."""
        query = query_of(provider=provider, as_of=as_of)
        path = path_of("models", model_id, "provenance")
        return await self._asker.ask(Call(path=path, query=query, answer=ModelProvenance))

    async def cost(
        self,
        model_id: str,
        *,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        cached_tokens: int | None = None,
        cache_write_tokens: int | None = None,
        reasoning_tokens: int | None = None,
        input_audio_tokens: int | None = None,
        output_audio_tokens: int | None = None,
        images: int | None = None,
        audio_seconds: int | None = None,
        searches: int | None = None,
        requests: int | None = None,
        batch: bool | None = None,
        region: Many | None = None,
        as_of: When | None = None,
    ) -> ModelCost:
        """What a workload costs at each offering of a model, item by item. Raises ``NotFound``."""
        query = query_of(
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cached_tokens=cached_tokens,
            cache_write_tokens=cache_write_tokens,
            reasoning_tokens=reasoning_tokens,
            input_audio_tokens=input_audio_tokens,
            output_audio_tokens=output_audio_tokens,
            images=images,
            audio_seconds=audio_seconds,
            searches=searches,
            requests=requests,
            batch=batch,
            region=region,
            as_of=as_of,
        )
        path = path_of("models", model_id, "cost")
        return await self._asker.ask(Call(path=path, query=query, answer=ModelCost))

    async def choose(
        self,
        model_id: str,
        *,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        min_context: int | None = None,
        region: Many | None = None,
        max_price: Number | None = None,
        min_uptime: Number | None = None,
        max_ttft_ms: Number | None = None,
        capability: Many | None = None,
        prefer: Preference | None = None,
        period: Period | None = None,
    ) -> Decision:
        """Which provider to call for a model, and why, and why not the others. Raises ``NotFound``."""
        query = query_of(
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            min_context=min_context,
            region=region,
            max_price=max_price,
            min_uptime=min_uptime,
            max_ttft_ms=max_ttft_ms,
            capability=capability,
            prefer=prefer,
            period=period,
        )
        path = path_of("models", model_id, "choose")
        return await self._asker.ask(Call(path=path, query=query, answer=Decision))
