"""Start-up time and memory: from the start of the process to its first answer."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from msgspec import Struct

from bench.contestants import Place, openmodels
from openmodels.domain.records import Registry
from openmodels.opening import open_stores
from openmodels.settings import read_settings

STARTS = 3


class Startup(Struct, frozen=True, kw_only=True):
    """Medians over several starts on an existing database."""

    seconds: float
    """From the start of the process to its first answer."""
    rss_mb: float
    """Resident memory after the first answer."""
    peak_mb: float
    """The most resident memory until then."""


def publish(registry: Registry, data: Path) -> None:
    """Publish a registry into a new SQLite database in this folder."""
    settings = read_settings({"OPENMODELS_DATA_DIR": str(data)})

    async def run() -> None:
        async with open_stores(settings) as stores:
            await stores.registry.publish(registry, base=None, at=datetime.now(UTC))

    asyncio.run(run())


def measure(place: Place, data: Path, *flags: str) -> Startup:
    """Start ``openmodels serve`` with these flags several times; the database is there already."""
    starts = []
    for _ in range(STARTS):
        began = time.perf_counter()
        with openmodels(place, data, *flags, log="startup") as server:
            seconds = time.perf_counter() - began
            starts.append((seconds, server.rss_mb(), server.peak_mb()))
    seconds, rss, peak = (median(values) for values in zip(*starts, strict=True))
    return Startup(seconds=round(seconds, 3), rss_mb=round(rss, 1), peak_mb=round(peak, 1))
