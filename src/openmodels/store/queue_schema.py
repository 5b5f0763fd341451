"""The schema of the queue of probes, which procrastinate brings along, where the database is PostgreSQL.

Its file ``sql/schema.sql`` makes it anew, and the files in ``sql/migrations`` lead there from any older
version. Which of these are in is noted in a table of our own, for procrastinate keeps no record of it. The
package itself is not imported: a program that only serves need not load it.
"""

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import Column, MetaData, String, Table, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from openmodels.errors import StoreError

# Apart from the tables of ``tables.py``, which every database has.
_applied = Table("procrastinate_applied", MetaData(), Column("script", String(200), primary_key=True))


async def queue_is_current(connection: AsyncConnection) -> bool:
    """Whether there is nothing for ``bring_up_queue`` to do. Raises ``StoreError``."""
    if connection.dialect.name != "postgresql":
        return True
    return set(_scripts()) <= await _known(connection)


async def bring_up_queue(connection: AsyncConnection) -> None:
    """Bring the queue's schema to that of the installed procrastinate, in a transaction that writes.

    Does nothing where the database is not PostgreSQL. Raises ``StoreError``.
    """
    if connection.dialect.name != "postgresql":
        return
    scripts = _scripts()
    known = await _known(connection)
    missing = [name for name in scripts if name not in known]
    if not known:
        await connection.run_sync(_applied.create)
        await _run(connection, _folder() / "schema.sql")
    for name in missing if known else ():
        await _run(connection, scripts[name])
    if missing:
        await connection.execute(insert(_applied), [{"script": name} for name in missing])


async def _known(connection: AsyncConnection) -> set[str]:
    """The migrations that are in; none where there is no queue yet."""
    there = await connection.execute(text("SELECT to_regclass(:table)"), {"table": _applied.name})
    if there.scalar_one() is None:
        return set()
    return set((await connection.execute(select(_applied.c.script))).scalars())


async def _run(connection: AsyncConnection, script: Path) -> None:
    # The driver's own connection, which is in the transaction already: it takes a script of many statements.
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.execute(await asyncio.to_thread(script.read_bytes))


def _scripts() -> dict[str, Path]:
    """The migrations by name, in their order, which their names give."""
    return {path.name: path for path in sorted((_folder() / "migrations").glob("*.sql"))}


def _folder() -> Path:
    found = find_spec("procrastinate")
    if found is None or found.origin is None:
        raise StoreError(
            "a PostgreSQL database needs the package procrastinate, which is not installed: "
            "pip install procrastinate"
        )
    return Path(found.origin).parent / "sql"
