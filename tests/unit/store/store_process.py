"""A process of its own for the tests: ``store_process.py migrate|publish FOLDER ...``.

``publish FOLDER PRICE BASE [POINT]`` publishes a large registry with that price. At POINT it kills itself:
after that many statements, ``inside`` one that writes thousands of rows, ``commit`` right before the commit,
or ``committed`` right after it.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

from contract.builders import AT, large_registry, settings_in
from openmodels.errors import PublishConflict
from openmodels.store.engine import create_engine
from openmodels.store.migrate import migrate
from openmodels.store.registry import SqlRegistryStore

MODELS, OFFERINGS = 300, 6000


def kill_self(*_args: object) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 1


def die_at(point: str, engine: AsyncEngine) -> None:
    statements = 0

    def executed(*_args: object) -> None:
        nonlocal statements
        statements += 1
        if str(statements) == point:
            kill_self()

    def executing(connection: Any, _cursor: Any, statement: str, *_args: object) -> None:
        if statement.startswith("UPDATE offerings"):
            # Called by SQLite itself, in the midst of the rows.
            await_only(connection.connection.driver_connection.set_progress_handler(kill_self, 50_000))

    event.listen(engine.sync_engine, "after_cursor_execute", executed)
    if point == "inside":
        event.listen(engine.sync_engine, "before_cursor_execute", executing)
    if point == "commit":
        event.listen(engine.sync_engine, "commit", kill_if_writing)


def kill_if_writing(connection: Any) -> None:
    # Reading ends with a commit too.
    if connection.get_execution_options().get("openmodels_writes"):
        kill_self()


async def publish(engine: AsyncEngine, price: str, base: str, point: str = "") -> str:
    die_at(point, engine)
    store = SqlRegistryStore(engine)
    wanted = large_registry(MODELS, OFFERINGS, price=price)
    try:
        result = await store.publish(wanted, base=None if base == "none" else base, at=AT)
    except PublishConflict as conflict:
        return f"conflict: {conflict}"
    if point == "committed":
        kill_self()
    return f"published {result.head.revision}"


async def main(command: str, folder: str, *rest: str) -> None:
    url = os.environ.get("OPENMODELS_DATABASE_URL", "")
    engine = create_engine(settings_in(Path(folder), OPENMODELS_DATABASE_URL=url))
    try:
        answer: object = await (migrate(engine) if command == "migrate" else publish(engine, *rest))
    finally:
        await engine.dispose()
    sys.stdout.write(f"{answer}\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
