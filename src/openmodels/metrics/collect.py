"""Collects the figures of the running program as Prometheus metric families.

Nothing is counted here: the parts of the program keep plain numbers, which are read when somebody scrapes.
Names follow https://prometheus.io/docs/practices/naming/.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import structlog
from msgspec import Struct
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from openmodels.api.hub import Hub
from openmodels.clock import Clock
from openmodels.domain.telemetry import ProviderState
from openmodels.edge.app import Edge
from openmodels.errors import StoreError
from openmodels.store.live import Live
from openmodels.store.ports import TelemetryStore

log: Any = structlog.get_logger(__name__)
T = TypeVar("T")

Collect = Callable[[], Iterable[Metric]]
"""Gives metric families, made new each time; called in the event loop, so it must be quick."""

READ_SECONDS = 1.0
"""The longest that the database may take to answer, before its figures are left out."""


class Watched(Struct, frozen=True, kw_only=True):
    """What the figures are of."""

    app: Edge
    live: Live
    telemetry: TelemetryStore
    hub: Hub
    clock: Clock
    version: str


class Metrics:
    """All figures of one process, in a registry of their own."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._registry = CollectorRegistry(auto_describe=False)
        self._scraping = asyncio.Lock()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        for collect in (_build, _requests, _cache, _registered, _streams):
            self.add(lambda collect=collect: collect(watched))  # type: ignore[misc]  # bound, not passed

    def add(self, collect: Collect) -> None:
        """Collect these families as well. One that fails is logged and left out."""
        self._registry.register(_Collected(collect))

    async def text(self) -> bytes:
        """Everything in the text format of Prometheus, 0.0.4. Raises nothing."""
        async with self._scraping:
            families = [*self._registry.collect(), *await self._telemetry()]
            # In a thread, so that requests go on being answered: thousands of providers take a while.
            return await asyncio.to_thread(generate_latest, _Families(families))

    async def _telemetry(self) -> list[Metric]:
        """The figures for which the database is asked."""
        watched = self._watched
        now = watched.clock.now()
        epoch = GaugeMetricFamily(
            "openmodels_telemetry_epoch", "Changes whenever telemetry was recorded.", value=watched.live.epoch
        )
        readable = GaugeMetricFamily("openmodels_telemetry_up", "Whether telemetry could be read just now.")
        try:
            states, last = await _in_time(_read(watched, now))
        except StoreError as error:
            log.warning("metrics without telemetry", reason=str(error))
            readable.add_metric([], 0)
            return [epoch, readable]
        readable.add_metric([], 1)
        status = GaugeMetricFamily(
            "openmodels_provider_status",
            "1 for the status that a provider has now; its other statuses are left out.",
            labels=["provider", "status"],
        )
        for provider in watched.live.snapshot.providers:
            name = provider.record.id
            status.add_metric([name, states[name].status if name in states else "unknown"], 1)
        families: list[Metric] = [epoch, readable, status]
        if last is not None:
            families += [
                GaugeMetricFamily(
                    "openmodels_telemetry_last_probe_timestamp_seconds",
                    "When the newest check or measurement was made.",
                    value=last.timestamp(),
                ),
                GaugeMetricFamily(
                    "openmodels_telemetry_last_probe_age_seconds",
                    "How long ago the newest check or measurement was made.",
                    value=max(0.0, (now - last).total_seconds()),
                ),
            ]
        return families


class _Collected(Collector):
    """A function as a collector."""

    def __init__(self, collect: Collect) -> None:
        self._collect = collect

    def collect(self) -> Iterable[Metric]:
        """The families; none when the function fails."""
        try:
            return list(self._collect())
        except Exception:
            # Without this, one part's mistake would take all other figures with it.
            log.exception("collecting metrics failed")
            return []


class _Families(Collector):
    """Families that are collected already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """The families."""
        return self._families


class _Figure(NamedTuple):
    name: str
    help: str
    value: float


def _gauges(*figures: _Figure) -> Iterator[Metric]:
    for figure in figures:
        yield GaugeMetricFamily(figure.name, figure.help, value=figure.value)


def _counters(*figures: _Figure) -> Iterator[Metric]:
    for figure in figures:
        yield CounterMetricFamily(figure.name, figure.help, value=figure.value)


def _build(watched: Watched) -> Iterator[Metric]:
    yield InfoMetricFamily("openmodels_build", "The program's version.", value={"version": watched.version})


def _requests(watched: Watched) -> Iterator[Metric]:
    counts = watched.app.counts
    requests = CounterMetricFamily(
        "openmodels_http_requests",
        "Requests answered: ready from the cache, made by the API, streamed, or by the edge alone.",
        labels=["kind", "code"],
    )
    for kind in ("ready", "made", "streamed", "edge"):
        for status, count in sorted(getattr(counts, kind).items()):
            requests.add_metric([kind, str(status)], count)
    yield requests
    yield from _counters(
        _Figure(
            "openmodels_http_rate_limited_requests",
            "Requests refused because their client made too many.",
            counts.edge.get(429, 0),
        )
    )


def _cache(watched: Watched) -> Iterator[Metric]:
    counts, cache = watched.app.counts, watched.app.cache
    misses = sum(counts.made.values()) + sum(counts.streamed.values())
    yield from _counters(
        _Figure(
            "openmodels_response_cache_hits",
            "Requests for which an answer was ready.",
            sum(counts.ready.values()),
        ),
        _Figure("openmodels_response_cache_misses", "Requests whose answer had to be made.", misses),
    )
    yield from _gauges(
        _Figure("openmodels_response_cache_bytes", "Memory that ready answers take, about.", cache.bytes),
        _Figure("openmodels_response_cache_entries", "Ready answers.", len(cache)),
    )


def _registered(watched: Watched) -> Iterator[Metric]:
    snapshot = watched.live.snapshot
    yield InfoMetricFamily(
        "openmodels_registry_revision", "The revision that is served.", value={"revision": snapshot.revision}
    )
    yield from _gauges(
        _Figure("openmodels_registry_models", "Models that are served.", len(snapshot.models)),
        _Figure("openmodels_registry_providers", "Providers that are served.", len(snapshot.providers)),
        _Figure("openmodels_registry_offerings", "Offerings that are served.", snapshot.offerings_count),
        _Figure(
            "openmodels_registry_published_timestamp_seconds",
            "When the revision that is served was published.",
            snapshot.published_at.timestamp(),
        ),
        _Figure(
            "openmodels_registry_refused",
            "1 when the newest revision could not be served and an older one is.",
            watched.live.problem is not None,
        ),
    )


def _streams(watched: Watched) -> Iterator[Metric]:
    hub = watched.hub
    yield from _gauges(
        _Figure("openmodels_stream_clients", "Clients that follow the stream now.", hub.clients),
        _Figure("openmodels_stream_clients_limit", "Clients that may follow at a time.", hub.limit),
    )
    yield from _counters(
        _Figure("openmodels_stream_refused_clients", "Clients that were one too many.", hub.refused),
        _Figure("openmodels_stream_dropped_clients", "Clients that fell behind.", hub.fallen_behind),
    )
    events = CounterMetricFamily(
        "openmodels_stream_events", "Events handed out, each counted once.", labels=["kind"]
    )
    for kind, count in sorted(hub.events.items()):
        events.add_metric([kind], count)
    yield events


async def _read(watched: Watched, now: datetime) -> tuple[Mapping[str, ProviderState], datetime | None]:
    """How each provider is doing, and when the newest probe was made. Raises ``StoreError``."""
    return await watched.live.states(now), await watched.telemetry.last_probe_at()


async def _in_time(asked: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await asked
    except TimeoutError:
        raise StoreError(f"the database did not answer within {READ_SECONDS:g} s") from None
