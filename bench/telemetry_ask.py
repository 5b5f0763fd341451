"""Every question that telemetry answers, asked of a filled database many times and timed."""

import gc
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from bench.telemetry_fill import END, Size, model_id, models_of, provider_id, providers_of, registry_for
from bench.telemetry_results import Asked
from openmodels.bootstrap import create_app
from openmodels.clock import SettableClock
from openmodels.domain.vocabulary import PERIOD_SECONDS
from openmodels.opening import Stores
from openmodels.settings import read_settings
from openmodels.store.live import Live

PERIODS = ("1h", "24h", "7d", "30d")
LIMIT = 50
"""Single checks and measurements that are asked for, as by default."""

Ask = Callable[[int], Awaitable[object]]
"""A question; the number makes it another one each time."""


async def ask_everything(stores: Stores, size: Size, times: int) -> list[Asked]:
    """Ask each question so many times, each time about another provider; what is asked is in no cache."""
    # As a server has done before its first request: what is loaded by then is not searched for garbage again.
    gc.collect()
    gc.freeze()
    found = []
    for question, period, ask in [*_of_store(stores, size), *_of_states(stores)]:
        found.append(await _timed(size.name, "store", question, period, ask, times))
    async for question, period, ask in _of_api(stores, size):
        found.append(await _timed(size.name, "api", question, period, ask, times))
    return found


async def _timed(database: str, way: str, question: str, period: str, ask: Ask, times: int) -> Asked:
    taken = []
    await ask(-1)
    for number in range(times):
        began = time.perf_counter()
        await ask(number)
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return Asked(
        database=database,
        way=way,
        question=question,
        period=period,
        p50_ms=round(median(taken), 3),
        p99_ms=round(taken[max(0, -(-99 * len(taken) // 100) - 1)], 3),
    )


def _of_store(stores: Stores, size: Size) -> list[tuple[str, str, Ask]]:
    """The store's questions that have a period."""
    store = stores.telemetry
    one, model, offerers = _chosen(size)
    questions: list[tuple[str, str, Ask]] = []
    for period in PERIODS:
        since = END - timedelta(seconds=PERIOD_SECONDS[period])

        async def health(number: int, since: datetime = since) -> object:
            return await store.health(provider_id(one(number)), since=since, regions=(), limit=LIMIT)

        async def latency(number: int, since: datetime = since) -> object:
            return await store.latency(
                provider_id(one(number)), since=since, regions=(), model_ids=(), limit=LIMIT
            )

        async def latency_of_model(number: int, since: datetime = since) -> object:
            return await store.latency(
                provider_id(one(number)),
                since=since,
                regions=(),
                model_ids=[model_id(model(number))],
                limit=LIMIT,
            )

        async def offerings(number: int, since: datetime = since) -> object:
            wanted = model(number)
            return await store.offerings(model_id(wanted), offerers[wanted], since=since, regions=())

        async def checks_since(_number: int, since: datetime = since) -> object:
            return await store.checks_since(since)

        questions += [
            ("health", period, health),
            ("latency", period, latency),
            ("latency of a model", period, latency_of_model),
            ("offerings of a model", period, offerings),
            ("checks_since", period, checks_since),
        ]
    return questions


def _of_states(stores: Stores) -> list[tuple[str, str, Ask]]:
    """The store's questions that have none."""
    store = stores.telemetry

    async def states(_number: int) -> object:
        # A new one each time, for it holds what it was told.
        return await Live(stores.registry, store).states(END)

    async def recorded_after(_number: int) -> object:
        newest = await store.cursor()
        before = newest._replace(check=newest.check - 100, measurement=newest.measurement - 100)
        return await store.recorded_after(before, limit=100)

    async def last_probe_at(_number: int) -> object:
        return await store.last_probe_at()

    return [
        ("states of all providers", "", states),
        ("cursor, and 200 rows after it", "", recorded_after),
        ("last_probe_at", "", last_probe_at),
    ]


def _chosen(size: Size) -> tuple[Callable[[int], int], Callable[[int], int], dict[int, list[str]]]:
    """Which provider and which of its models the number stands for; and who has each model."""
    chance = random.Random(1)
    order = [chance.randrange(size.providers) for _ in range(1000)]
    offerers = {
        number: providers_of(number, size.providers)
        for number in {models_of(provider, size.providers)[0] for provider in order}
    }

    def one(number: int) -> int:
        return order[number % len(order)]

    def model(number: int) -> int:
        return models_of(one(number), size.providers)[0]

    return one, model, offerers


async def _of_api(stores: Stores, size: Size) -> AsyncIterator[tuple[str, str, Ask]]:
    """The same through the application, from the request to the answer's bytes; no answer is ready."""
    await stores.registry.publish(registry_for(size), base=None, at=END)
    live = Live(stores.registry, stores.telemetry)
    await live.start()
    settings = read_settings({"OPENMODELS_RATE_LIMIT": "0"})
    app = create_app(
        settings,
        live=live,
        registry=stores.registry,
        telemetry=stores.telemetry,
        history=stores.history,
        clock=SettableClock(END),
    )
    one, model, _ = _chosen(size)
    for period in PERIODS:
        for question, path in (
            ("health", lambda n: f"/api/telemetry/health/{provider_id(one(n))}"),
            ("latency", lambda n: f"/api/telemetry/latency/{provider_id(one(n))}"),
            ("ranked", lambda n: f"/api/telemetry/ranked/{model_id(model(n))}"),
            ("compare", lambda n: f"/api/models/{model_id(model(n))}/compare"),
        ):

            async def ask(number: int, period: str = period, path: Callable[[int], str] = path) -> object:
                return await _get(app, path(number), f"period={period}&_={period}{number}")

            yield question, period, ask

    async def providers(number: int) -> object:
        return await _get(app, "/api/providers", f"status=up&_={number}")

    async def stats(number: int) -> object:
        return await _get(app, "/api/stats", f"_={number}")

    yield "providers that are up", "", providers
    yield "stats", "", stats


async def _get(app: Any, path: str, query: str) -> bytes:
    """One request in this process; it must be answered with 200."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    status, body = 0, b""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")

    await app(scope, receive, send)
    if status != 200:
        raise RuntimeError(f"{path}?{query} was answered with {status}: {body[:500]!r}")
    return body
