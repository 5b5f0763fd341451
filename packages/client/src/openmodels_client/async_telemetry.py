"""The client's methods about what was measured. ``telemetry.py`` is made from this file by ``unasync.py``."""

from collections.abc import Mapping, Sequence

from openmodels_client.async_asking import AsyncAsker
from openmodels_client.async_stream import AsyncEventStream
from openmodels_client.calls import Call, Many, Number, When, path_of, query_of
from openmodels_client.events import Kind
from openmodels_client.types import (
    Incidents,
    ProviderHealth,
    ProviderLatency,
    ProviderSeries,
    Ranking,
    Uptime,
)
from openmodels_client.words import Period, Preference


class AsyncTelemetry:
    """What was measured."""

    def __init__(self, asker: AsyncAsker) -> None:
        self._asker = asker

    async def health(
        self,
        provider_id: str,
        *,
        period: Period | None = None,
        region: Many | None = None,
        limit: int | None = None,
    ) -> ProviderHealth:
        """A provider's uptime, newest checks and incidents. Raises ``NotFound``."""
        query = query_of(period=period, region=region, limit=limit)
        path = path_of("telemetry", "health", provider_id)
        return await self._asker.ask(Call(path=path, query=query, answer=ProviderHealth))

    async def latency(
        self,
        provider_id: str,
        *,
        period: Period | None = None,
        model: Many | None = None,
        region: Many | None = None,
        limit: int | None = None,
    ) -> ProviderLatency:
        """How fast a provider answers, and its newest measurements. Raises ``NotFound``."""
        query = query_of(period=period, model=model, region=region, limit=limit)
        path = path_of("telemetry", "latency", provider_id)
        return await self._asker.ask(Call(path=path, query=query, answer=ProviderLatency))

    async def ranked(
        self,
        model_id: str,
        *,
        period: Period | None = None,
        region: Many | None = None,
        weights: Mapping[str, Number] | None = None,
        prefer: Preference | None = None,
        limit: int | None = None,
    ) -> Ranking:
        """The offerings of a model, the best first; ``weights`` such as ``{"uptime": 0.5, "ttft": 0.5}``.

        Raises ``NotFound``.
        """
        query = query_of(period=period, region=region, weights=weights, prefer=prefer, limit=limit)
        path = path_of("telemetry", "ranked", model_id)
        return await self._asker.ask(Call(path=path, query=query, answer=Ranking))

    async def uptime(self, *, days: int | None = None, provider: Many | None = None) -> Uptime:
        """The uptime of providers by day."""
        query = query_of(days=days, provider=provider)
        return await self._asker.ask(Call(path=path_of("telemetry", "uptime"), query=query, answer=Uptime))

    async def series(
        self,
        provider_id: str,
        *,
        period: Period | None = None,
        model: Many | None = None,
        region: Many | None = None,
    ) -> ProviderSeries:
        """A provider's uptime and latency over time. Raises ``NotFound``."""
        query = query_of(period=period, model=model, region=region)
        path = path_of("telemetry", "series", provider_id)
        return await self._asker.ask(Call(path=path, query=query, answer=ProviderSeries))

    async def incidents(
        self, *, since: When | None = None, provider: Many | None = None, limit: int | None = None
    ) -> Incidents:
        """Incidents, the newest first, and maintenance windows."""
        query = query_of(since=since, provider=provider, limit=limit)
        path = path_of("telemetry", "incidents")
        return await self._asker.ask(Call(path=path, query=query, answer=Incidents))

    def stream(
        self,
        *,
        provider: Many | None = None,
        model: Many | None = None,
        kind: Kind | Sequence[Kind] | None = None,
        after: str | None = None,
        silence: float = 60.0,
    ) -> AsyncEventStream:
        """Each check and measurement as it is recorded, without end.

        A connection that breaks, or says nothing for ``silence`` seconds (the server gives a sign of life
        more often), is made again, and what was missed is sent; where that is too much, a ``Gap`` says so.
        ``after`` is the place to go on from, as the stream's ``place`` was.

        Raises ``ValueError`` for what is no place or no number of seconds; see ``AsyncEventStream`` for more.
        """
        query = query_of(provider=provider, model=model, kind=kind)
        return AsyncEventStream(self._asker, query, after=after, silence=silence)
