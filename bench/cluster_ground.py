"""What all parts of ``python -m bench cluster`` stand on: one PostgreSQL, one Valkey, and nodes over them."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from bench.contestants import HIGH_LIMIT, ROOT, Place, openmodels
from bench.machine import Cores
from bench.process import Server
from bench.servers import Postgres, Valkey
from openmodels.clock import SystemClock
from openmodels.domain.records import Registry
from openmodels.opening import open_stores
from openmodels.registry.load import require_registry
from openmodels.registry.publish import publish
from openmodels.settings import Settings, read_settings

T = TypeVar("T")


class Ground(Struct, frozen=True, kw_only=True):
    """The servers that nodes share, and where things are put."""

    work: Path
    """A temporary folder."""
    postgres: Postgres
    valkey: Valkey
    quick: bool
    """Whether to see only that it works."""

    @property
    def rounds(self) -> int:
        """How often each case is measured, after one round that is not counted."""
        return 1 if self.quick else 7

    @property
    def seconds(self) -> int:
        """How long one round is."""
        return 1 if self.quick else 2

    def database(self) -> str:
        """The address of a new database in which the bundled registry is published."""
        url = self.postgres.url(self.postgres.create_database())
        asyncio.run(_publish(self.settings(url)))
        return url

    def settings(self, url: str, **given: str) -> Settings:
        """Settings for stores of this process over that database; names without prefix."""
        named = {f"OPENMODELS_{name}": value for name, value in given.items()}
        own = {"OPENMODELS_DATABASE_URL": url, "OPENMODELS_DATA_DIR": str(self.work / "data")}
        return read_settings(own | named)

    @contextmanager
    def node(self, name: str, url: str, *, core: int | None = None, **settings: str) -> Iterator[Server]:
        """``openmodels serve`` over that database; this machine is a proxy that it trusts."""
        pin = () if core is None else ("taskset", "-c", str(core))
        place = Place(work=self.work, cores=Cores(pin, ()), peers=None)
        given = {
            "database_url": url,
            "rate_limit": HIGH_LIMIT,
            "trusted_proxies": "127.0.0.0/8",
        } | settings
        with openmodels(place, self.work / name, log=name, **given) as server:
            yield server


async def _publish(settings: Settings) -> None:
    async with open_stores(settings) as stores:
        await publish(ROOT / "registry", stores.registry, SystemClock())


def bundled() -> Registry:
    """The registry that comes with the program."""
    return require_registry(ROOT / "registry")


def two_cores() -> tuple[int, int] | None:
    """The cores to use; None where there are no two."""
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) > 1 else None


def on_core(core: int | None) -> Cores:
    """Has the load come from one core."""
    return Cores((), () if core is None else ("taskset", "-c", str(core)))


def together(calls: Sequence[Callable[[], T]]) -> list[T]:
    """What all of these give, called at the same time."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all do not exceed; nearest rank, and 0 of none."""
    ordered = sorted(values)
    return (
        ordered[max(0, min(len(ordered) - 1, -(-round(share * 1000) * len(ordered) // 1000) - 1))]
        if ordered
        else 0.0
    )


def say(text: str) -> None:
    """Tell whoever waits."""
    print(text, flush=True, file=sys.stderr)
