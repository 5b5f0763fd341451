"""A program that uses the SDK, to be checked by type checkers. It is not run."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from decimal import Decimal
from typing import assert_type

import httpx2

from openmodels_client import (
    AsyncOpenModels,
    Event,
    NotFound,
    OpenModels,
    OpenModelsError,
    RateLimited,
    Retry,
)
from openmodels_client.types import (
    Change,
    Comparison,
    Decision,
    Gap,
    Model,
    ModelDetail,
    ModelPage,
    Provider,
    RecordedCheck,
    RecordedMeasurement,
)


def plain() -> None:
    with OpenModels("http://127.0.0.1:8000", timeout=5, retry=Retry(times=0), remember=0) as client:
        assert_type(client.models.list(capability=["vision", "chat"], sort="price", limit=5), ModelPage)
        assert_type(client.models.get("kimi-k2"), ModelDetail)
        assert_type(client.models.iter(max_input_price=Decimal("0.5")), Iterator[Model])
        assert_type(client.providers.iter(status="up"), Iterator[Provider])
        assert_type(client.iter_changes(since=datetime.now().astimezone()), Iterator[Change])
        assert_type(client.models.popular(), tuple[Model, ...])
        comparison = client.models.compare("kimi-k2", sort="ttft", period="24h")
        assert_type(comparison, Comparison)
        for offering in comparison.comparison:
            assert_type(offering.pricing.input_per_million, Decimal | None)
            assert_type(offering.performance.last_measured_at, datetime | None)
        decision = client.models.choose("kimi-k2", prefer="latency", max_ttft_ms=500)
        assert_type(decision, Decision)
        assert_type(decision.chosen, str | None)
        client.telemetry.ranked("kimi-k2", weights={"uptime": 0.5, "ttft": Decimal("0.5")})
        with client.telemetry.stream(kind="check", provider=("groq", "openai")) as events:
            for event in events:
                tell(event)
            assert_type(events.place, str)


def tell(event: Event) -> str:
    if isinstance(event, Gap):
        return str(event.missed)
    if isinstance(event, RecordedCheck):
        return event.status
    assert_type(event, RecordedMeasurement)
    return event.model_id


def errors(client: OpenModels) -> None:
    try:
        client.stats()
    except NotFound as error:
        assert_type(error.status, int)
    except RateLimited as error:
        assert_type(error.retry_after, float | None)
    except OpenModelsError as error:
        assert_type(error.message, str)


async def with_asyncio() -> None:
    async with httpx2.AsyncClient() as http, AsyncOpenModels(http_client=http) as client:
        assert_type(await client.models.get("kimi-k2"), ModelDetail)
        assert_type(client.models.iter(vendor="moonshotai"), AsyncIterator[Model])
        async for model in client.models.iter():
            assert_type(model.context_window, int | None)
        async with client.telemetry.stream(kind=["check", "measurement"]) as events:
            async for event in events:
                tell(event)
        await asyncio.gather(client.stats(), client.health(), client.names())
