"""``python -m bench telemetry``: how telemetry behaves when there is a lot of it.

Fills databases under bench/var, sums them up, asks every question that telemetry answers, and deletes them.
The full run takes a quarter of an hour and 5 GB; ``--checks 100000 --measurements 30000`` takes seconds.
"""

import argparse
import asyncio
import gc
import random
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bench import report, telemetry_results
from bench.machine import choose_cores, describe
from bench.telemetry_fill import (
    END,
    Size,
    fill,
    model_id,
    models_of,
    provider_id,
    providers_of,
    registry_for,
)
from bench.telemetry_results import Asked, Database, Hour, TelemetryResults
from openmodels.bootstrap import Stores, create_app, open_stores
from openmodels.clock import SettableClock
from openmodels.domain.vocabulary import PERIOD_SECONDS
from openmodels.settings import read_settings
from openmodels.store.live import Live

VAR = Path(__file__).parent / "var"
PERIODS = ("1h", "24h", "7d", "30d")
HOUR_PROVIDERS = 10_000
LIMIT = 50
"""Single checks and measurements that are asked for, as by default."""

Ask = Callable[[int], Awaitable[object]]
"""A question; the number makes it another one each time."""


def main(arguments: Sequence[str]) -> None:
    """Run it all."""
    parser = argparse.ArgumentParser(prog="python -m bench telemetry", description=__doc__)
    parser.add_argument("--checks", type=int, default=10_000_000)
    parser.add_argument("--measurements", type=int, default=3_000_000)
    parser.add_argument("--providers", type=int, default=1_157, help="at 5 minutes, with the other defaults")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--times", type=int, default=300, help="how often each question is asked")
    parser.add_argument("--no-report", action="store_true", help="print the figures, and write nothing")
    options = parser.parse_args(arguments)
    size = Size(
        name="full",
        providers=options.providers,
        checks=options.checks,
        measurements=options.measurements,
        hours=options.days * 24,
    )
    VAR.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=VAR, prefix="telemetry-") as folder:
        results = asyncio.run(_measure(Path(folder), size, options.times, " ".join(arguments)))
    for part in ("targets", "databases", "kinds", "questions"):
        print(getattr(telemetry_results, f"{part}_table")(results), end="\n\n")
    print(results.hour)
    if not options.no_report:
        telemetry_results.keep(results)
        report.main()


async def _measure(folder: Path, size: Size, times: int, arguments: str) -> TelemetryResults:
    sizes = (
        size,
        size.less("a hundredth of the providers", providers=100, rows=100),
        size.less("a hundredth of the rows", rows=100),
    )
    databases: list[Database] = []
    asked: list[Asked] = []
    for number, one in enumerate(sizes):
        place = folder / str(number)
        async with _opened(place) as stores:
            databases.append(await _fill_and_sum(stores, one, place))
            asked += await _ask_everything(stores, one, times)
        shutil.rmtree(place)
    hour = await _sum_one_hour(folder / "hour")
    return TelemetryResults(
        date=datetime.now(UTC).date().isoformat(),
        machine=describe(choose_cores(), None),
        command=f"python -m bench telemetry {arguments}".strip(),
        databases=tuple(databases),
        asked=tuple(asked),
        hour=hour,
    )


@asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[Stores]:
    async with open_stores(read_settings({"OPENMODELS_DATA_DIR": str(folder)})) as stores:
        yield stores


async def _fill_and_sum(stores: Stores, size: Size, folder: Path) -> Database:
    _say(f"{size.name}: recording {size.checks:,} checks and {size.measurements:,} measurements")
    filled = await fill(stores.telemetry, size)
    _say(f"{size.name}: {filled.rows / filled.seconds:,.0f} rows/s; summing up")
    steps = await _sum_up(stores)
    _say(f"{size.name}: summed up in {sum(steps):.0f} s")
    kinds = await _sizes(stores)
    return Database(
        name=size.name,
        providers=size.providers,
        checks=size.checks,
        measurements=size.measurements,
        hours=size.hours,
        record_rows_per_second=round(filled.rows / filled.seconds),
        record_rows_per_cpu_second=round(filled.rows / filled.cpu_seconds),
        roll_up_seconds=round(sum(steps), 1),
        roll_up_steps=len(steps),
        longest_step_ms=round(max(steps) * 1000, 1),
        file_mb=_file_mb(folder),
        mb_by_kind=kinds,
    )


def _file_mb(folder: Path) -> float:
    return round(sum(file.stat().st_size for file in folder.iterdir()) / 1e6, 1)


async def _sum_up(stores: Stores) -> list[float]:
    """Sum up all; how long each step took, in seconds."""
    steps = []
    more = True
    while more:
        began = time.perf_counter()
        more = await stores.telemetry.roll_up(END)
        steps.append(time.perf_counter() - began)
    return steps


async def _sizes(stores: Stores) -> dict[str, float]:
    """Megabytes by table, with its indexes; nothing where SQLite was built without the table that tells."""
    statement = (
        "SELECT m.tbl_name, SUM(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name "
        "WHERE s.aggregate = TRUE GROUP BY 1"
    )
    try:
        async with stores.engine.connect() as connection:
            rows: Sequence[Any] = (await connection.exec_driver_sql(statement)).all()
    except SQLAlchemyError:
        return {}
    return {row[0]: round(row[1] / 1e6, 2) for row in rows}


async def _ask_everything(stores: Stores, size: Size, times: int) -> list[Asked]:
    _say(f"{size.name}: asking")
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


async def _sum_one_hour(folder: Path) -> Hour:
    """One hour of many providers, checked every 5 minutes and measured every 15."""
    _say(f"summing up one hour of {HOUR_PROVIDERS:,} providers")
    size = Size(
        name="hour",
        providers=HOUR_PROVIDERS,
        checks=12 * HOUR_PROVIDERS,
        measurements=4 * HOUR_PROVIDERS,
        hours=1,
        end=END.replace(minute=0, second=0, microsecond=0) - timedelta(microseconds=1),
    )
    async with _opened(folder) as stores:
        await fill(stores.telemetry, size)
        steps = await _sum_up(stores)
    shutil.rmtree(folder)
    return Hour(
        providers=HOUR_PROVIDERS,
        rows=size.checks + size.measurements,
        seconds=round(sum(steps), 2),
        steps=len(steps),
        longest_step_ms=round(max(steps) * 1000, 1),
    )


def _say(text: str) -> None:
    print(text, flush=True, file=sys.stderr)
