"""The demo: the prober at work on fake providers: living telemetry without a key and without a network.

What it records is never mixed with real data: it goes to a database of its own, its region is ``demo``, and
every answer of a server that runs it says so (``X-OpenModels-Demo``).
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal

from msgspec.structs import replace

from openmodels.clock import Clock
from openmodels.fake.demo import demo_personality
from openmodels.fake.server import FakeProvider
from openmodels.prober.keys import FixedKeys
from openmodels.prober.target import Key
from openmodels.settings import Settings

REGION = "demo"
"""The region of everything that a demo records."""
SEED = 7
"""Of the fake providers' characters: the same in every demo."""
HEALTH_SECONDS, LATENCY_SECONDS = 10, 15
"""How often a demo probes, so that there is something to see within a minute."""


def demo_settings(settings: Settings) -> Settings:
    """The settings of a demo: a folder of its own, and nothing that reaches anybody outside."""
    return replace(
        settings,
        data_dir=settings.data_dir / "demo",
        region=REGION,
        health_interval=HEALTH_SECONDS,
        latency_interval=LATENCY_SECONDS,
        # Nothing is paid for, so nothing needs a bound.
        probe_daily_limit=1_000_000,
        probe_daily_budget=Decimal(1_000_000),
        allow_private=True,
        connectivity_targets=(),
        # Nobody should be woken by a provider that is not there.
        alert_urls=(),
        webhook_url="",
    )


@asynccontextmanager
async def demo_providers(settings: Settings, clock: Clock) -> AsyncIterator[Settings]:
    """Runs a fake provider for every provider there may be; gives the settings by which they are probed."""
    async with FakeProvider(seed=SEED, personality=demo_personality(SEED, clock), clock=clock) as fake:
        yield replace(settings, endpoints=_AllFake(fake))


def demo_keys() -> FixedKeys:
    """A key that opens every fake provider."""
    return FixedKeys(Key("demo"))


class _AllFake(Mapping[str, str]):
    """The address of the fake for any provider, also for one that a later revision brings."""

    def __init__(self, fake: FakeProvider) -> None:
        self._fake = fake

    def __getitem__(self, provider_id: str) -> str:
        return f"{self._fake.url(provider_id)}/v1"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
