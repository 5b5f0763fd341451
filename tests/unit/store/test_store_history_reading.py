"""How the history is read from a database: what it costs, however long it is."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from contract.builders import AT, minutes, settings_in
from fixtures.real_servers import PostgresServer
from openmodels.domain.changes import encode_value
from openmodels.store.engine import create_engine, reading, writing
from openmodels.store.history_ports import ChangeQuery, Place
from openmodels.store.history_search import search
from openmodels.store.history_undo import OldestChanges
from openmodels.store.migrate import migrate
from openmodels.store.ports import Head

pytestmark = pytest.mark.anyio

HEAD = Head(revision="0" * 16, published_at=AT)
TOLD = "ix_registry_changes_told"


def queries() -> Iterator[ChangeQuery]:
    """Filters together in every way that indexes may be chosen by."""
    times: list[dict[str, Any]] = [{}, {"since": AT, "until": AT + minutes(1)}]
    for kinds, actions, topics, ids, some in product(
        [[], ["offering"], ["model", "vendor"]],
        [[], ["changed"], ["added", "removed"]],
        [[], ["price"], ["limits", "lifecycle"]],
        [{}, {"model_id": "m1"}, {"provider_id": "p1"}, {"model_id": "m1", "provider_id": "p1"}],
        times,
    ):
        fields: dict[str, Any] = {**ids, **some}
        yield ChangeQuery(kinds=kinds, actions=actions, topics=topics, **fields)


async def plan(engine: AsyncEngine, query: ChangeQuery, *, explain: str) -> list[str]:
    """How the database would look for the changes that fit."""
    place = Place(AT + minutes(0.5), 9)
    statement = search(query, limit=51, before=place)
    if statement is None:
        return []
    said = str(statement.compile(engine, compile_kwargs={"literal_binds": True}))
    async with reading(engine) as connection:
        rows = await connection.exec_driver_sql(f"{explain} {said}".replace("%", "%%"))
        return [str(row[-1]) for row in rows]


async def test_indexes_serve_every_filter_in_sqlite(engine: AsyncEngine) -> None:
    for query in queries():
        steps = await plan(engine, query, explain="EXPLAIN QUERY PLAN")
        of_changes = [step for step in steps if "registry_changes" in step]
        entered = [step for step in of_changes if TOLD in step]
        assert all(TOLD in step or "USING INTEGER PRIMARY KEY (rowid=?)" in step for step in of_changes), (
            query
        )
        if query.model_id is not None:
            assert all(
                f"{TOLD}_of_model (model_id=? AND kind=? AND action=? AND topic=?" in s for s in entered
            )
        elif query.provider_id is not None:
            assert all(f"{TOLD}_of_provider (provider_id=? AND kind=? AND action=?" in s for s in entered)
        elif query.kinds or query.actions or query.topics:
            assert all(f"{TOLD}_by_topic (kind=? AND action=? AND topic=?" in s for s in entered)


@pytest.fixture
async def long(postgres: PostgresServer, tmp_path: Path, anyio_backend: str) -> Any:
    """A PostgreSQL database with a history of forty thousand changes, most of them prices."""
    database = postgres.create_database()
    engine = create_engine(settings_in(tmp_path, OPENMODELS_DATABASE_URL=postgres.url(database)))
    await migrate(engine)
    async with writing(engine) as connection:
        at = int(AT.timestamp()) * 1_000_000
        await connection.execute(
            text(
                "INSERT INTO registry_changes (number, revision, at, kind, entity_id, model_id, provider_id,"
                " action, topic, field, old, new, news) SELECT n, 1 + n / 100, :at + n * 1000, 'offering',"
                " 'p' || n % 40 || '/m' || n % 150, 'm' || n % 150, 'p' || n % 40, 'changed',"
                " CASE WHEN n % 1000 = 0 THEN 'limits' ELSE 'price' END, 'x', '1', '2', n % 2 = 0"
                " FROM generate_series(1, 40000) n"
            ),
            {"at": at},
        )
        await connection.execute(
            text(
                "INSERT INTO registry_revisions (number, revision, published_at, origin)"
                " SELECT n, 'r', :at, 'publish' FROM generate_series(1, 401) n"
            ),
            {"at": at},
        )
        await connection.execute(text("ANALYZE registry_changes, registry_revisions"))
    yield engine
    await engine.dispose()
    postgres.drop_database(database)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (ChangeQuery(), TOLD),
        (ChangeQuery(kinds=["vendor"]), f"{TOLD}_by_topic"),
        (ChangeQuery(actions=["removed"]), f"{TOLD}_by_topic"),
        (ChangeQuery(topics=["limits", "other"]), f"{TOLD}_by_topic"),
        (ChangeQuery(model_id="m1"), f"{TOLD}_of_model"),
        (ChangeQuery(model_id="m1", topics=["price"]), f"{TOLD}_of_model"),
        (ChangeQuery(provider_id="p1", topics=["price"]), f"{TOLD}_of_provider"),
    ],
)
async def test_indexes_serve_the_main_filters_in_postgresql(
    long: AsyncEngine, query: ChangeQuery, index: str
) -> None:
    steps = await plan(long, query, explain="EXPLAIN")
    assert any(f"using {index} on registry_changes" in step for step in steps), steps
    assert not any("Seq Scan on registry_changes" in step for step in steps), steps


def test_of_many_changes_only_the_oldest_of_each_field_is_kept() -> None:
    oldest = OldestChanges()
    for start in range(0, 1000, 100):
        oldest.take(
            (number, "model", f"m{number % 3}", "changed", field, encode_value(number))
            for number in range(start, start + 100)
            for field in ("name", "status")
        )
    kept = [(change.id, change.field, change.old) for change in oldest.newest_first(HEAD)]
    assert kept == [(f"m{number}", field, number) for number in range(3) for field in ("status", "name")], (
        "newest first"
    )


def test_what_changed_after_a_record_came_or_went_first_is_not_kept() -> None:
    oldest = OldestChanges()
    oldest.take(
        [
            (1, "model", "new", "added", None, None),
            (2, "model", "new", "changed", "name", '"x"'),
            (3, "model", "gone", "changed", "name", '"y"'),
            (4, "model", "gone", "removed", None, '{"id":"gone"}'),
            (5, "model", "gone", "added", None, None),
            (6, "model", "gone", "changed", "status", '"z"'),
        ]
    )
    assert [(c.id, c.action, c.old) for c in oldest.newest_first(HEAD)] == [
        ("new", "added", None),
        ("gone", "removed", {"id": "gone"}),
        ("gone", "changed", "y"),
    ]
