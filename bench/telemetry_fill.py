"""Telemetry of a generated kind: as many checks and measurements as wanted, evenly spread over some days."""

import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from openmodels.domain.records import Model, Offering, Pricing, Provider, Registry, Vendor
from openmodels.domain.telemetry import Check, Measurement
from openmodels.store.ports import TelemetryStore

END = datetime(2026, 6, 30, 13, 37, 42, 123456, tzinfo=UTC)
"""When the newest rows were made, and what the clock says while questions are asked."""
BATCH = 5_000
"""Rows in one transaction."""
MODELS_A_PROVIDER = 10
PROVIDERS_A_MODEL = 20
REGION = "eu-west-1"
_POOL = 65_537
"""Different values; a prime, so that they do not repeat in step with anything."""


class Size(Struct, frozen=True, kw_only=True):
    """How much telemetry there is."""

    name: str
    """What it is called in the tables."""
    providers: int
    checks: int
    measurements: int
    hours: int
    """The span of time, which ends at ``end``."""
    end: datetime = END

    def less(self, name: str, *, providers: int = 1, rows: int = 1) -> "Size":
        """The same span of time with so many times fewer providers, or fewer rows."""
        return Size(
            name=name,
            providers=max(PROVIDERS_A_MODEL, self.providers // providers),
            checks=self.checks // rows,
            measurements=self.measurements // rows,
            hours=self.hours,
            end=self.end,
        )


class Filled(NamedTuple):
    """How filling went."""

    rows: int
    seconds: float
    """Spent in ``record``, not in making rows up."""
    cpu_seconds: float
    """CPU time of this process meanwhile: what other programs do shows less in it."""


def provider_id(number: int) -> str:
    """The id of the provider with this number."""
    return f"provider-{number:05}"


def model_id(number: int) -> str:
    """The id of the model with this number."""
    return f"model-{number:05}"


def models_of(provider: int, providers: int) -> list[int]:
    """The numbers of the models that a provider has."""
    models = max(1, providers * MODELS_A_PROVIDER // PROVIDERS_A_MODEL)
    return [(provider * MODELS_A_PROVIDER + n) % models for n in range(MODELS_A_PROVIDER)]


def providers_of(model: int, providers: int) -> list[str]:
    """The ids of the providers that have a model."""
    return [provider_id(p) for p in range(providers) if model in models_of(p, providers)]


async def fill(store: TelemetryStore, size: Size) -> Filled:
    """Record it all, in the order of time, some thousand rows at a time."""
    rows, seconds, cpu = 0, 0.0, 0.0
    for checks, measurements in batches_of(size):
        began, used = time.perf_counter(), time.process_time()
        await store.record(checks, measurements)
        seconds += time.perf_counter() - began
        cpu += time.process_time() - used
        rows += len(checks) + len(measurements)
    return Filled(rows, seconds, cpu)


def batches_of(size: Size) -> Iterator[tuple[Sequence[Check], Sequence[Measurement]]]:
    """All of it, in the order of time: checks and measurements of the same stretch of time together."""
    chance = random.Random(size.checks)
    times = [chance.lognormvariate(5, 0.5) for _ in range(_POOL)]
    speeds = [chance.uniform(20, 200) for _ in range(_POOL)]
    batches = max(1, (size.checks + size.measurements) // BATCH)
    for batch in range(batches):
        yield (
            [_check(size, n, times) for n in _share(size.checks, batch, batches)],
            [_measurement(size, n, times, speeds) for n in _share(size.measurements, batch, batches)],
        )


def _share(total: int, batch: int, batches: int) -> range:
    return range(total * batch // batches, total * (batch + 1) // batches)


def _at(size: Size, number: int, total: int) -> datetime:
    return size.end - timedelta(hours=size.hours) * (1 - (number + 1) / total)


def _check(size: Size, number: int, times: Sequence[float]) -> Check:
    # One provider after the other, again and again: each comes in equal intervals.
    failed = number % 97 == 0
    return Check(
        provider_id=provider_id(number % size.providers),
        region=REGION,
        checked_at=_at(size, number, size.checks),
        status="down" if failed else "up",
        outcome="timeout" if failed else "ok",
        response_time_ms=None if failed else times[number % _POOL],
        connect_ms=times[number * 7 % _POOL],
        http_status=None if failed else 200,
    )


def _measurement(size: Size, number: int, times: Sequence[float], speeds: Sequence[float]) -> Measurement:
    provider, turn = number % size.providers, number // size.providers
    failed = number % 89 == 0
    first = times[number % _POOL]
    own = models_of(provider, size.providers)
    return Measurement(
        provider_id=provider_id(provider),
        model_id=model_id(own[turn % len(own)]),
        region=REGION,
        measured_at=_at(size, number, size.measurements),
        outcome="server_error" if failed else "ok",
        time_to_first_token_ms=None if failed else first,
        total_response_time_ms=None if failed else first * 4 + times[number * 5 % _POOL],
        tokens_per_second=None if failed else speeds[number % _POOL],
        output_tokens=None if failed else 32,
        input_tokens=20,
        connect_ms=times[number * 7 % _POOL],
        time_to_first_byte_ms=first / 2,
        time_to_first_content_ms=first,
        http_status=500 if failed else 200,
    )


def registry_for(size: Size) -> Registry:
    """A registry in which these providers have these models."""
    start = END - timedelta(days=365)
    own = {p: sorted(set(models_of(p, size.providers))) for p in range(size.providers)}
    numbers = sorted({number for models in own.values() for number in models})
    return Registry(
        models=tuple(_model(number, start) for number in numbers),
        providers=tuple(_provider(number, start) for number in range(size.providers)),
        offerings=tuple(_offering(p, number, start) for p, models in own.items() for number in models),
        vendors=(Vendor(id="vendor", name="Vendor"),),
    )


def _model(number: int, at: datetime) -> Model:
    return Model(
        id=model_id(number),
        name=f"Model {number}",
        description="A model of a generated registry.",
        capabilities=("chat",),
        modalities=("text",),
        context_window=128_000,
        licensing="proprietary",
        created_at=at,
        updated_at=at,
        vendor="vendor",
    )


def _provider(number: int, at: datetime) -> Provider:
    return Provider(
        id=provider_id(number),
        name=f"Provider {number}",
        description="A provider of a generated registry.",
        api_base_url=f"https://{provider_id(number)}.example/v1",
        auth_type="bearer",
        regions=(REGION,),
        compatibility="openai",
        created_at=at,
        updated_at=at,
    )


def _offering(provider: int, model: int, at: datetime) -> Offering:
    price = Decimal(1 + (provider * 31 + model) % 900) / 100
    return Offering(
        model_id=model_id(model),
        provider_id=provider_id(provider),
        provider_model_name=model_id(model),
        pricing=Pricing(input_per_million=price, output_per_million=price * 4, currency="USD"),
        available_regions=(REGION,),
        created_at=at,
        updated_at=at,
    )
