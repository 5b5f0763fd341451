"""Opens what the settings name: the database, a replica of it, Redis. The stores are chosen here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncEngine

from openmodels.clock import Clock, SystemClock
from openmodels.settings import Settings
from openmodels.store.alert_ports import AlertStore
from openmodels.store.alerts import SqlAlertStore
from openmodels.store.cluster import SqlClusterStore
from openmodels.store.cluster_ports import MOST_APART, ClusterStore
from openmodels.store.engine import create_engine, create_read_engine
from openmodels.store.history import SqlHistoryStore
from openmodels.store.history_ports import HistoryStore
from openmodels.store.migrate import migrate
from openmodels.store.news import nobody
from openmodels.store.open_news import redis_news
from openmodels.store.ports import RegistryStore, TelemetryStore
from openmodels.store.registry import SqlRegistryStore
from openmodels.store.spending import SqlSpendingStore
from openmodels.store.spending_ports import SpendingStore
from openmodels.store.telemetry import SqlTelemetryStore

if TYPE_CHECKING:
    from openmodels.store.news_redis import RedisNews
    from openmodels.store.redis_link import RedisLink
    from openmodels.store.replica import Replica


class Stores(Struct, frozen=True, kw_only=True):
    """Where data is kept."""

    registry: RegistryStore
    history: HistoryStore
    telemetry: TelemetryStore
    alerts: AlertStore
    spending: SpendingStore
    cluster: ClusterStore
    engine: AsyncEngine
    news: "RedisNews | None"
    """What announces what the stores write, where the database does not do so itself, or not only."""


@asynccontextmanager
async def open_stores(
    settings: Settings, clock: Clock | None = None, redis: "RedisLink | None" = None
) -> AsyncIterator[Stores]:
    """The stores that the settings name, their schema up to date. Raises ``StoreError`` or ``SettingsError``.

    ``redis`` is the way to Redis, where one is open already.
    """
    engine = create_engine(settings)
    try:
        await migrate(engine)
        async with redis_news(settings, engine.url, clock or SystemClock(), redis) as news:
            announce = nobody if news is None else news.announce
            yield Stores(
                registry=SqlRegistryStore(engine, announce=announce),
                history=SqlHistoryStore(engine),
                telemetry=SqlTelemetryStore(engine, announce=announce),
                alerts=SqlAlertStore(engine),
                spending=SqlSpendingStore(engine),
                cluster=SqlClusterStore(engine, most_apart=MOST_APART),
                engine=engine,
                news=news,
            )
    finally:
        await engine.dispose()


class Answering(Struct, frozen=True, kw_only=True):
    """Where answers are read from."""

    registry: RegistryStore
    telemetry: TelemetryStore
    history: HistoryStore
    replica: "Replica | None" = None
    """What they are read from first, where the settings name one."""


@asynccontextmanager
async def open_answering(settings: Settings, stores: Stores, clock: Clock) -> AsyncIterator[Answering]:
    """Where requests' answers are read from: a replica, or where everything is. Raises ``StoreError``."""
    engine = create_read_engine(settings)
    if engine is None:
        yield Answering(registry=stores.registry, telemetry=stores.telemetry, history=stores.history)
        return
    from openmodels.store.replica import (  # noqa: PLC0415 - as few have one
        Replica,
        ReplicaRegistryStore,
        ReplicaTelemetryStore,
    )
    from openmodels.store.replica_history import ReplicaHistoryStore  # noqa: PLC0415 - as above

    replica = Replica(stores.engine, engine, clock)
    try:
        yield Answering(
            registry=ReplicaRegistryStore(SqlRegistryStore(stores.engine), replica),
            telemetry=ReplicaTelemetryStore(stores.engine, replica),
            history=ReplicaHistoryStore(stores.engine, replica),
            replica=replica,
        )
    finally:
        await engine.dispose()


@asynccontextmanager
async def open_redis(settings: Settings, clock: Clock) -> AsyncIterator["RedisLink | None"]:
    """The way to the Redis that the settings name, kept open meanwhile. Raises ``SettingsError``."""
    if not settings.redis_url:
        yield None
        return
    from openmodels.store.redis_link import RedisLink  # noqa: PLC0415 - as above

    link = RedisLink(settings.redis_url, clock=clock)
    await link.connect()
    coming_back = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        coming_back.cancel()
        await asyncio.gather(coming_back, return_exceptions=True)
        await link.close()
