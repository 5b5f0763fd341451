"""Everything but listening works through PgBouncer in transaction mode."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from contract.builders import AT, check, model, registry, settings_in
from contract.oracle import DAY, NOW, Oracle, some_checks, some_measurements
from fixtures.pooler import SERVER_CONNECTIONS, pgbouncer, pgbouncer_program
from fixtures.real_servers import PostgresServer
from openmodels.errors import StoreError
from openmodels.store.engine import create_engine, reading
from openmodels.store.migrate import migrate, newest_revision
from openmodels.store.registry import SqlRegistryStore
from openmodels.store.spending import SqlSpendingStore
from openmodels.store.telemetry import SqlTelemetryStore
from openmodels.store.upkeep import Steps

PROGRAM = pgbouncer_program()
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed: apt-get install pgbouncer"),
]

CLIENTS = 3


@pytest.fixture
def pooler(postgres: PostgresServer) -> Iterator[int]:
    assert PROGRAM is not None
    with pgbouncer(postgres, PROGRAM) as port:
        yield port


@pytest.fixture
async def engines(
    postgres: PostgresServer, pooler: int, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[list[AsyncEngine]]:
    """Several processes' engines over one empty database, with more connections than the pooler has."""
    database = postgres.create_database()
    url = f"postgresql://openmodels@127.0.0.1:{pooler}/{database}"
    engines = [
        create_engine(settings_in(tmp_path, OPENMODELS_DATABASE_URL=url), statement_timeout=20)
        for _ in range(CLIENTS)
    ]
    yield engines
    for engine in engines:
        await engine.dispose()
    postgres.drop_database(database)


async def test_all_that_the_stores_do_works(engines: list[AsyncEngine]) -> None:
    done = await asyncio.gather(*(migrate(engine) for engine in engines))
    assert sorted(str(migration.before) for migration in done) == [*[newest_revision()] * 2, "None"]
    chance, oracle = random.Random(5), Oracle()
    stores = [SqlTelemetryStore(engine, steps=Steps(providers=2, rows=50)) for engine in engines]

    async def record(store: SqlTelemetryStore) -> None:
        for _ in range(4):
            await oracle.record(store, some_checks(chance, 15, days=4), some_measurements(chance, 5, days=4))
            await oracle.compare(store, NOW - 9 * DAY, regions=(), model_ids=())

    for store in stores:
        await record(store)
    while await stores[0].roll_up(NOW):
        await asyncio.gather(*(store.epoch() for store in stores for _ in range(2)))
    await asyncio.gather(
        *(oracle.compare(store, NOW - 4 * DAY, regions=(), model_ids=()) for store in stores)
    )
    since = (NOW - 9 * DAY).replace(minute=0, second=0, microsecond=0)
    before = await stores[0].checks_since(since)
    while await stores[1].forget(raw_before=NOW - 2 * DAY, rollups_before=NOW - 900 * DAY):
        pass
    assert await stores[2].checks_since(since) == before

    published = SqlRegistryStore(engines[0])
    await published.publish(registry(model("m")), base=None, at=AT)
    assert (await SqlRegistryStore(engines[1]).head()) == (await published.head())
    ledgers = [SqlSpendingStore(engine) for engine in engines]
    granted = await asyncio.gather(
        *(
            ledger.reserve("p", AT.date(), currency, estimate=1, limit=7, budget=100)
            for ledger in ledgers
            for currency in ("USD", "EUR")
            for _ in range(4)
        )
    )
    assert sum(granted) == 7


async def test_many_more_ask_than_the_pooler_has_connections(engines: list[AsyncEngine]) -> None:
    await migrate(engines[0])
    stores = [SqlTelemetryStore(engine) for engine in engines]
    await asyncio.gather(
        *(store.record([check("p", AT + timedelta(days=n))]) for store in stores for n in range(10)),
        *(store.health("p", since=AT, regions=(), limit=1) for store in stores for _ in range(10)),
    )
    assert await stores[0].checks_since(AT) == CLIENTS * 10
    async with reading(engines[0]) as connection:
        ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        assert (await connection.execute(text(ours))).scalar_one() <= SERVER_CONNECTIONS


async def test_a_statement_that_is_given_up_ends_in_the_server_too(
    engines: list[AsyncEngine], postgres: PostgresServer, pooler: int, tmp_path: Path
) -> None:
    url = engines[0].url.set(drivername="postgresql").render_as_string(hide_password=False)
    engine = create_engine(settings_in(tmp_path, OPENMODELS_DATABASE_URL=url), statement_timeout=0.5)
    for _ in range(SERVER_CONNECTIONS + 1):
        with pytest.raises(StoreError, match="did not answer within"):
            async with reading(engine) as connection:
                await connection.execute(text("SELECT pg_sleep(600)"))
    async with reading(engines[1]) as connection:
        await connection.execute(text("SELECT 1"))
    await engine.dispose()
