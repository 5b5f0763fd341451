"""``python -m bench telemetry``: how telemetry behaves when there is a lot of it.

Fills databases, sums them up, asks every question that telemetry answers, records more, forgets a day, and
deletes them. ``--database postgresql`` does so on a private PostgreSQL server instead of SQLite. The full run
takes a quarter of an hour and 5 GB; ``--quick`` takes a minute and keeps no results.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from bench import report, servers, telemetry_results
from bench.machine import choose_cores, describe
from bench.telemetry_ask import ask_everything
from bench.telemetry_fill import END, Size
from bench.telemetry_places import House, Place, PostgresHouse, SqliteHouse
from bench.telemetry_results import Database, Hour, TelemetryResults
from bench.telemetry_writes import forget_a_day, write_more
from openmodels.opening import Stores

VAR = Path(__file__).parent / "var"
HOUR_PROVIDERS = 10_000
QUICK = 100
"""How many times less of everything a quick run has."""


def main(arguments: Sequence[str]) -> None:
    """Run it all."""
    parser = argparse.ArgumentParser(prog="python -m bench telemetry", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--checks", type=int, default=10_000_000)
    parser.add_argument("--measurements", type=int, default=3_000_000)
    parser.add_argument("--providers", type=int, default=1_157, help="at 5 minutes, with the other defaults")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--times", type=int, default=300, help="how often each question is asked")
    parser.add_argument("--no-report", action="store_true", help="print the figures, and write nothing")
    parser.add_argument(
        "--quick", action="store_true", help="only see that it works: very little of everything"
    )
    options = parser.parse_args(arguments)
    less = QUICK if options.quick else 1
    size = Size(
        name="full",
        providers=options.providers,
        checks=options.checks // less,
        measurements=options.measurements // less,
        hours=options.days * 24 // (10 if options.quick else 1),
    )
    VAR.mkdir(exist_ok=True)
    run = _Run(
        command=f"python -m bench telemetry {' '.join(arguments)}".strip(),
        size=size,
        times=max(10, options.times // less),
        hour_providers=HOUR_PROVIDERS // less,
        kept=not (options.no_report or options.quick),
    )
    with (
        tempfile.TemporaryDirectory(dir=VAR, prefix="telemetry-") as folder,
        _house(options.database, Path(folder)) as house,
    ):
        results = asyncio.run(run.measure(house))
    print(telemetry_results.section(results))
    if run.kept:
        report.main()


@contextmanager
def _house(database: str, folder: Path) -> Iterator[House]:
    if database == "sqlite":
        yield SqliteHouse(folder)
        return
    with servers.postgres() as server:
        yield PostgresHouse(server, folder)


class _Run:
    """One run, and what is found in it."""

    def __init__(self, command: str, size: Size, times: int, hour_providers: int, *, kept: bool) -> None:
        self._command = command
        self._size = size
        self._times = times
        self._hour_providers = hour_providers
        self.kept = kept

    async def measure(self, house: House) -> TelemetryResults:
        """Everything; what is found is kept as it is found, for such a run may be cut off."""
        machine = describe(choose_cores(), None)
        if house.kind != telemetry_results.SQLITE:
            machine = replace(machine, versions=machine.versions | servers.versions())
        results = TelemetryResults(
            date=datetime.now(UTC).date().isoformat(),
            machine=machine,
            command=self._command,
            kind=house.kind,
            databases=(),
            asked=(),
            hour=None,
        )
        size = self._size
        for one in (
            size,
            size.less("a hundredth of the providers", providers=100, rows=100),
            size.less("a hundredth of the rows", rows=100),
        ):
            _say(f"{one.name}: filling {one.checks:,} checks and {one.measurements:,} measurements")
            async with house.filled(one) as place:
                results = await self._measure_one(house, place, one, results)
            self._keep(results)
        results = replace(results, hour=await self._sum_one_hour(house))
        self._keep(results)
        return results

    async def _measure_one(
        self, house: House, place: Place, size: Size, results: TelemetryResults
    ) -> TelemetryResults:
        filled, stores = place.filled, place.stores
        _say(f"{size.name}: {filled.rows / filled.seconds:,.0f} rows/s; summing up")
        steps = await _sum_up(stores)
        _say(f"{size.name}: summed up in {sum(steps):.0f} s; asking")
        await place.tidy()
        database = Database(
            name=size.name,
            providers=size.providers,
            checks=size.checks,
            measurements=size.measurements,
            hours=size.hours,
            filled_rows_per_second=round(filled.rows / filled.seconds),
            record_rows_per_second=round(filled.rows / filled.seconds),
            record_rows_per_cpu_second=round(filled.rows / filled.cpu_seconds),
            roll_up_seconds=round(sum(steps), 1),
            roll_up_steps=len(steps),
            longest_step_ms=round(max(steps) * 1000, 1),
            file_mb=round(await place.file_mb(), 1),
            mb_by_kind=await place.mb_by_kind(),
        )
        # Only the medians of the others are shown.
        times = self._times if size is self._size else max(10, self._times // 3)
        asked = await ask_everything(stores, size, times)
        _say(f"{size.name}: recording more, and forgetting a day")
        writes = await write_more(stores.telemetry, size)
        forgotten = await forget_a_day(stores, size, place.file_mb)
        if not house.recorded_when_filled:
            many = max(writes, key=lambda written: written.rows_at_a_time)
            database = replace(
                database,
                record_rows_per_second=many.rows_per_second,
                record_rows_per_cpu_second=many.rows_per_cpu_second,
            )
        return replace(
            results,
            databases=(*results.databases, replace(database, writes=writes, forgotten=forgotten)),
            asked=(*results.asked, *asked),
        )

    async def _sum_one_hour(self, house: House) -> Hour:
        """One hour of many providers, checked every 5 minutes and measured every 15."""
        _say(f"summing up one hour of {self._hour_providers:,} providers")
        size = Size(
            name="hour",
            providers=self._hour_providers,
            checks=12 * self._hour_providers,
            measurements=4 * self._hour_providers,
            hours=1,
            end=END.replace(minute=0, second=0, microsecond=0) - timedelta(microseconds=1),
        )
        async with house.filled(size) as place:
            steps = await _sum_up(place.stores)
        return Hour(
            providers=size.providers,
            rows=size.checks + size.measurements,
            seconds=round(sum(steps), 2),
            steps=len(steps),
            longest_step_ms=round(max(steps) * 1000, 1),
        )

    def _keep(self, results: TelemetryResults) -> None:
        if self.kept:
            telemetry_results.keep(results)


async def _sum_up(stores: Stores) -> list[float]:
    """Sum up all; how long each step took, in seconds."""
    steps = []
    more = True
    while more:
        began = time.perf_counter()
        more = await stores.telemetry.roll_up(END)
        steps.append(time.perf_counter() - began)
    return steps


def _say(text: str) -> None:
    print(text, flush=True, file=sys.stderr)
