"""What a telemetry store must answer, found the simplest way: from everything that was ever recorded."""

import math
import random
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from contract.builders import check, measurement
from openmodels.domain.telemetry import (
    Check,
    Measurement,
    OfferingTelemetry,
    summarise_checks,
    summarise_measurements,
    uptime_percentage,
)
from openmodels.domain.vocabulary import OUTCOMES
from openmodels.store.ports import TelemetryStore

NOW = datetime(2026, 3, 15, 17, 42, 23, 456789, tzinfo=UTC)
PROVIDERS = ("amber", "amber-2", "birch", "cedar", "fir")
MODELS = ("m", "n", "o")
REGIONS = ("eu", "us")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Oracle:
    """Keeps all, and is asked as a store is."""

    def __init__(self) -> None:
        self.checks: list[Check] = []
        self.measurements: list[Measurement] = []

    async def record(
        self, store: TelemetryStore, checks: Sequence[Check], measurements: Sequence[Measurement]
    ) -> None:
        """Keep these, here and there."""
        await store.record(checks, measurements)
        self.checks += checks
        self.measurements += measurements

    async def compare(
        self, store: TelemetryStore, since: datetime, *, regions: Collection[str], model_ids: Collection[str]
    ) -> None:
        """Ask the store all that can be asked of that period."""
        checks = [c for c in self.checks if c.checked_at >= since and (not regions or c.region in regions)]
        measured = [
            m for m in self.measurements if m.measured_at >= since and (not regions or m.region in regions)
        ]
        for name in PROVIDERS:
            own = [c for c in checks if c.provider_id == name]
            # Reversed after the stable sort: of two at the same time, the one recorded later is the newer.
            newest = sorted(own, key=lambda c: c.checked_at)[::-1]
            found = await store.health(name, since=since, regions=regions, limit=7)
            same(msgspec.structs.replace(found, incidents=()), summarise_checks(newest, limit=7))

            timed = [
                m for m in measured if m.provider_id == name and (not model_ids or m.model_id in model_ids)
            ]
            latency = await store.latency(name, since=since, regions=regions, model_ids=model_ids, limit=3)
            same(latency.timings, summarise_measurements(timed))
            assert latency.measurements == tuple(sorted(timed, key=lambda m: m.measured_at)[::-1][:3])
        await self._compare_offerings(store, since, regions, next(iter(model_ids), MODELS[0]))
        assert await store.checks_since(since) == sum(c.checked_at >= since for c in self.checks)
        assert await store.last_probe_at() == max(
            [c.checked_at for c in self.checks] + [m.measured_at for m in self.measurements], default=None
        )

    async def _compare_offerings(
        self, store: TelemetryStore, since: datetime, regions: Collection[str], model_id: str
    ) -> None:
        asked = PROVIDERS[:-1]
        wanted = {}
        for name in asked:
            checks = [
                c
                for c in self.checks
                if c.provider_id == name and c.checked_at >= since and (not regions or c.region in regions)
            ]
            measured = [
                m
                for m in self.measurements
                if (m.provider_id, m.model_id) == (name, model_id)
                and m.measured_at >= since
                and (not regions or m.region in regions)
            ]
            if checks or measured:
                up = sum(c.status == "up" for c in checks)
                wanted[name] = OfferingTelemetry(
                    checks_total=len(checks),
                    uptime_percentage=uptime_percentage(up, len(checks) - up),
                    timings=summarise_measurements(measured),
                )
        found = await store.offerings(model_id, asked, since=since, regions=regions)
        assert found.keys() == wanted.keys()
        for name, offering in wanted.items():
            same(found[name], offering)


def same(found: Any, wanted: Any) -> None:
    """Equal, but for the last digits of averages."""
    for name in wanted.__struct_fields__:
        one, other = getattr(found, name), getattr(wanted, name)
        if isinstance(other, msgspec.Struct):
            same(one, other)
        elif name.startswith("average") and other is not None:
            assert one is not None, name
            assert math.isclose(one, other, rel_tol=1e-9), name
        else:
            assert one == other, name


def some_time(chance: random.Random, days: float = 40) -> datetime:
    """A time in the last days; now and then the very beginning of an hour or of a day, or right before it.

    The hours are few, so that each holds several and summing them up takes few steps.
    """
    ago = chance.choice([age for age in (0, 0, 1, 2, 6, 7, 29, 30, 31, 39) if age < days])
    at = NOW - ago * DAY - chance.choice([0, 0, 1, 3, 17, 18]) * HOUR - chance.random() * HOUR
    edge = chance.random()
    if edge < 0.1:
        at -= (at - NOW.replace(hour=0, minute=0, second=0, microsecond=0)) % (DAY if edge < 0.05 else HOUR)
        at -= timedelta(microseconds=chance.choice([0, 0, 1]))
    return at


def some_checks(chance: random.Random, count: int, days: float = 40) -> list[Check]:
    """Checks of a few providers, at any times, several in an hour now and then."""
    made: list[Check] = []
    while len(made) < count:
        at, provider_id = some_time(chance, days), chance.choice(PROVIDERS)
        for _ in range(chance.choice([1, 1, 2, 8])):
            up = chance.random() < 0.8
            made.append(
                check(
                    provider_id,
                    at + chance.random() * timedelta(minutes=40),
                    "up" if up else "down",
                    region=chance.choice(REGIONS),
                    response_time_ms=chance.choice([None, chance.lognormvariate(5, 1)]),
                )
            )
    return [one for one in made if one.checked_at <= NOW][:count]


def some_measurements(chance: random.Random, count: int, days: float = 40) -> list[Measurement]:
    """Measurements of a few models at a few providers, at any times."""
    made = []
    for _ in range(count):
        good = chance.random() < 0.8
        made.append(
            measurement(
                chance.choice(PROVIDERS),
                chance.choice(MODELS),
                some_time(chance, days),
                region=chance.choice(REGIONS),
                outcome="ok" if good else chance.choice(OUTCOMES),
                time_to_first_token_ms=chance.choice([None, *[chance.lognormvariate(5, 1)] * 3]),
                total_response_time_ms=chance.choice([None, *[chance.lognormvariate(7, 1)] * 3]),
                tokens_per_second=chance.choice([None, chance.uniform(1, 200)]),
            )
        )
    return made
