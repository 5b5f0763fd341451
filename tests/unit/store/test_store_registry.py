"""Publishing into SQL tables: whole or not at all, one at a time, and only what differs."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

from contract.builders import AT, large_registry, model, offering, provider, registry, settings_in
from openmodels.domain.records import revision_of
from openmodels.errors import PublishConflict, RecordUnreadable, StoreError
from openmodels.store.engine import FILE_NAME, create_engine, writing
from openmodels.store.history import SqlHistoryStore
from openmodels.store.history_ports import ChangeQuery
from openmodels.store.ports import Head
from openmodels.store.registry import SqlRegistryStore

pytestmark = pytest.mark.anyio

PROCESS = Path(__file__).with_name("store_process.py")
OLD, NEW, OTHER = registry(model("old")), registry(model("new")), registry(model("other"))
Publisher = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    """Starts a process that publishes a large registry into the test's database."""
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}

    def start(price: str, base: str | None, point: str = "") -> subprocess.Popen[str]:
        command = [sys.executable, "-Werror", str(PROCESS), "publish", str(tmp_path)]
        return subprocess.Popen(
            [*command, price, base or "none", point],
            env=environ,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return start


def on_statement(engine: AsyncEngine, moment: str, beginning: str, act: Callable[[], None]) -> None:
    def hook(_connection: Any, _cursor: Any, statement: str, *_args: object) -> None:
        if statement.startswith(beginning):
            act()

    event.listen(engine.sync_engine, moment, hook)


def hold_publish(engine: AsyncEngine) -> tuple[asyncio.Event, asyncio.Event]:
    """Stops a publish in its transaction: an event for when it stands, and one to let it go on."""
    holding, released = asyncio.Event(), asyncio.Event()

    def hold() -> None:
        holding.set()
        await_only(released.wait())

    on_statement(engine, "after_cursor_execute", "UPDATE registry_head", hold)
    return holding, released


# The statements: 3 takes the lock, 5 the head, 9 and 10 change offerings, 11 adds some, 12 is the last.
@pytest.mark.parametrize("point", ["3", "5", "8", "9", "10", "11", "12", "inside", "commit"])
async def test_a_publish_that_is_killed_leaves_the_old_revision_whole(
    engine: AsyncEngine, publisher: Publisher, point: str
) -> None:
    store = SqlRegistryStore(engine)
    old = large_registry(300, 5500)
    first = await store.publish(old, base=None, at=AT)
    await engine.dispose()

    killed = publisher("0.25", first.head.revision, point)
    assert killed.communicate() == ("", "")
    assert killed.returncode == -signal.SIGKILL

    assert await store.load() == (first.head, old)
    again = await store.publish(large_registry(300, 6000, price="0.25"), base=first.head.revision, at=AT)
    assert [(len(c.added), len(c.changed)) for c in again.changes] == [(500, 5500)]
    loaded = await store.load()
    assert loaded is not None
    assert revision_of(loaded[1]) == again.head.revision


async def test_a_publish_that_is_killed_after_its_commit_is_whole(
    engine: AsyncEngine, publisher: Publisher
) -> None:
    killed = publisher("0.25", None, "committed")
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    new = large_registry(300, 6000, price="0.25")
    assert await SqlRegistryStore(engine).load() == (Head(revision=revision_of(new), published_at=AT), new)


async def test_one_of_two_processes_that_publish_at_once_wins(
    engine: AsyncEngine, publisher: Publisher
) -> None:
    processes = [publisher("0.25", None), publisher("0.35", None)]
    answers = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers
    outs = sorted(out for out, _error in answers)
    assert outs[0].startswith("conflict: another publish came first: revision ")
    assert outs[1].startswith("published ")
    head = await SqlRegistryStore(engine).head()
    assert head is not None
    assert outs[1] == f"published {head.revision}\n"


async def test_a_publish_that_waited_for_another_is_refused(engine: AsyncEngine, tmp_path: Path) -> None:
    holding, released = hold_publish(engine)
    second = create_engine(settings_in(tmp_path))

    on_statement(second, "before_cursor_execute", "BEGIN IMMEDIATE", released.set)
    winner = asyncio.create_task(SqlRegistryStore(engine).publish(NEW, base=None, at=AT))
    await holding.wait()
    with pytest.raises(PublishConflict, match=f"{revision_of(NEW)} is published now, not none"):
        await SqlRegistryStore(second).publish(OTHER, base=None, at=AT)
    result = await winner
    assert await SqlRegistryStore(second).load() == (result.head, NEW)
    await second.dispose()


async def test_a_publish_does_not_wait_for_ever(engine: AsyncEngine, tmp_path: Path) -> None:
    holding, released = hold_publish(engine)
    impatient = create_engine(settings_in(tmp_path), busy_timeout=0.01)

    winner = asyncio.create_task(SqlRegistryStore(engine).publish(NEW, base=None, at=AT))
    await holding.wait()
    with pytest.raises(PublishConflict, match="another publish is in progress; nothing was written"):
        await SqlRegistryStore(impatient).publish(OTHER, base=None, at=AT)
    assert await SqlRegistryStore(impatient).load() is None, "what is not committed is not seen"
    released.set()
    result = await winner
    assert await SqlRegistryStore(impatient).load() == (result.head, NEW)
    await impatient.dispose()


async def test_a_publish_of_the_same_content_that_waited_finds_it_done(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    holding, released = hold_publish(engine)
    second = create_engine(settings_in(tmp_path))

    on_statement(second, "before_cursor_execute", "BEGIN IMMEDIATE", released.set)
    winner = asyncio.create_task(SqlRegistryStore(engine).publish(NEW, base=None, at=AT))
    await holding.wait()
    result = await SqlRegistryStore(second).publish(NEW, base=None, at=AT)
    assert result.changes == ()
    assert result.head == (await winner).head
    await second.dispose()


async def test_a_cancelled_publish_leaves_the_old_revision(engine: AsyncEngine) -> None:
    store = SqlRegistryStore(engine)
    first = await store.publish(OLD, base=None, at=AT)
    holding = asyncio.Event()

    def hold() -> None:
        holding.set()
        await_only(asyncio.Event().wait())

    on_statement(engine, "after_cursor_execute", "INSERT INTO models", hold)
    task = asyncio.create_task(store.publish(NEW, base=first.head.revision, at=AT))
    await holding.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await store.load() == (first.head, OLD)
    # An UPDATE passes the hook, so that the store is seen to work again.
    changed = registry(model("old", context_window=1))
    assert (await store.publish(changed, base=first.head.revision, at=AT)).previous == first.head


async def test_publishing_the_same_again_leaves_the_file_as_it_is(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    store, file = SqlRegistryStore(engine), tmp_path / FILE_NAME
    first = await store.publish(OLD, base=None, at=AT)
    watcher = sqlite3.connect(file)
    version = watcher.execute("PRAGMA data_version").fetchone()
    journal = file.with_name(f"{FILE_NAME}-wal").read_bytes()
    await store.publish(OLD, base=first.head.revision, at=AT)
    assert watcher.execute("PRAGMA data_version").fetchone() == version
    assert file.with_name(f"{FILE_NAME}-wal").read_bytes() == journal
    await store.publish(NEW, base=first.head.revision, at=AT)
    assert watcher.execute("PRAGMA data_version").fetchone() != version
    watcher.close()


async def test_it_writes_only_rows_that_differ(engine: AsyncEngine) -> None:
    store = SqlRegistryStore(engine)
    before = registry(model("a"), model("b"), provider("p"), offering("p", "a"), offering("p", "b"))
    first = await store.publish(before, base=None, at=AT)
    written: list[tuple[str, int]] = []

    def hook(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            written.append((" ".join(statement.split()[:3]), len(parameters) if many else 1))

    event.listen(engine.sync_engine, "after_cursor_execute", hook)
    after = registry(model("a"), model("b"), provider("p"), offering("p", "a", "9"), offering("p", "c"))
    await store.publish(after, base=first.head.revision, at=AT)
    assert written == [
        ("UPDATE registry_head SET", 1),
        ("DELETE FROM offerings", 1),
        ("UPDATE offerings SET", 1),
        ("INSERT INTO offerings", 1),
        ("INSERT INTO registry_revisions", 1),
        ("INSERT INTO registry_changes", 4),
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{", "truncated"),
        ('{"model_id": "b"}', "missing required field"),
        ('{"surprise": 1}', "unknown field"),
    ],
)
async def test_it_names_a_record_that_cannot_be_read(engine: AsyncEngine, body: str, reason: str) -> None:
    store = SqlRegistryStore(engine)
    await store.publish(registry(offering("p", "a"), offering("p", "b")), base=None, at=AT)
    async with writing(engine) as connection:
        await connection.execute(
            text("UPDATE offerings SET body = :body WHERE model_id = 'b'"), {"body": body}
        )
    with pytest.raises(StoreError, match=rf"the database's record offerings/p/b cannot be read.*{reason}"):
        await store.load()


async def test_it_loads_one_consistent_whole_while_another_publishes(engine: AsyncEngine) -> None:
    store = SqlRegistryStore(engine)
    first = await store.publish(OLD, base=None, at=AT)
    published = False

    def publish_in_between() -> None:
        nonlocal published
        if not published:
            published = True
            await_only(SqlRegistryStore(engine).publish(NEW, base=first.head.revision, at=AT))

    on_statement(engine, "before_cursor_execute", "SELECT models.id, models.body", publish_in_between)
    assert await store.load() == (first.head, OLD)
    loaded = await store.load()
    assert loaded is not None
    assert loaded[1] == NEW


async def test_a_publish_reads_only_the_records_that_it_replaces(engine: AsyncEngine) -> None:
    store = SqlRegistryStore(engine)
    first = await store.publish(large_registry(20, 900), base=None, at=AT)
    read: list[int] = []

    def hook(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith("SELECT") and "body" in statement:
            read.append(len(parameters))

    event.listen(engine.sync_engine, "after_cursor_execute", hook)
    some = large_registry(20, 900)
    after = replace(some, models=(model("model-00000", name="Another"), *some.models[1:]))
    await store.publish(after, base=first.head.revision, at=AT)
    assert read == [1]


@pytest.mark.parametrize("body", ['{"id": "m", "name": 7}', "no JSON"])
async def test_what_cannot_be_read_can_be_replaced_and_is_no_news(engine: AsyncEngine, body: str) -> None:
    store, history = SqlRegistryStore(engine), SqlHistoryStore(engine)
    first = await store.publish(registry(model("m"), model("n")), base=None, at=AT)
    async with writing(engine) as connection:
        await connection.execute(
            text("UPDATE models SET digest = 'x', body = :body WHERE id = 'm'"), {"body": body}
        )
    later = AT + timedelta(minutes=1)
    second = await store.publish(registry(model("m"), model("o")), base=first.head.revision, at=later)
    found = await history.changes(ChangeQuery(), limit=9)
    assert [(c.id, c.action) for _, c in found] == [("o", "added"), ("n", "removed")]
    assert await history.registry_at(later) == (second.head, registry(model("m"), model("o")))
    with pytest.raises(RecordUnreadable, match="history cannot be read by this version: the model 'm' was"):
        await history.registry_at(AT)
