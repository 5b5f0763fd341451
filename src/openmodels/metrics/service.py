"""The figures of a process that answers requests."""

from collections.abc import Iterator
from functools import partial

from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from openmodels.api.hub import Hub
from openmodels.clock import Clock
from openmodels.edge.app import Edge
from openmodels.metrics.collect import Figure, Metrics, counters, gauges
from openmodels.store.live import Live
from openmodels.store.ports import TelemetryStore


class Watched(Struct, frozen=True, kw_only=True):
    """What the figures are of."""

    app: Edge
    live: Live
    telemetry: TelemetryStore
    hub: Hub
    clock: Clock


def watch_service(metrics: Metrics, watched: Watched) -> None:
    """Collect what is known of requests, ready answers, streams and telemetry."""
    for collect in (_requests, _cache, _streams):
        metrics.add(partial(collect, watched))
    metrics.ask(
        "telemetry",
        lambda: _telemetry(watched),
        unanswered=lambda: [_epoch(watched), _telemetry_up(0)],
    )


def _requests(watched: Watched) -> Iterator[Metric]:
    counts = watched.app.counts
    requests = CounterMetricFamily(
        "openmodels_http_requests",
        "Requests answered: ready from the cache, shared by another process, made by the API, streamed, "
        "by the door for agents, or by the edge alone.",
        labels=["kind", "code"],
    )
    for kind in ("ready", "shared", "made", "streamed", "agents", "edge"):
        for status, count in sorted(getattr(counts, kind).items()):
            requests.add_metric([kind, str(status)], count)
    yield requests
    yield from counters(
        Figure(
            "openmodels_http_rate_limited_requests",
            "Requests refused because their client made too many.",
            counts.edge.get(429, 0),
        )
    )


def _cache(watched: Watched) -> Iterator[Metric]:
    counts, cache = watched.app.counts, watched.app.cache
    misses = sum(counts.made.values()) + sum(counts.streamed.values())
    yield from counters(
        Figure(
            "openmodels_response_cache_hits",
            "Requests for which an answer was ready.",
            sum(counts.ready.values()),
        ),
        Figure("openmodels_response_cache_misses", "Requests whose answer had to be made.", misses),
    )
    yield from gauges(
        Figure("openmodels_response_cache_bytes", "Memory that ready answers take, about.", cache.bytes),
        Figure("openmodels_response_cache_entries", "Ready answers.", len(cache)),
    )


def _streams(watched: Watched) -> Iterator[Metric]:
    hub = watched.hub
    yield from gauges(
        Figure("openmodels_stream_clients", "Clients that follow the stream now.", hub.clients),
        Figure("openmodels_stream_clients_limit", "Clients that may follow at a time.", hub.limit),
    )
    yield from counters(
        Figure("openmodels_stream_refused_clients", "Clients that were one too many.", hub.refused),
        Figure("openmodels_stream_dropped_clients", "Clients that fell behind.", hub.fallen_behind),
    )
    events = CounterMetricFamily(
        "openmodels_stream_events", "Events handed out, each counted once.", labels=["kind"]
    )
    for kind, count in sorted(hub.events.items()):
        events.add_metric([kind], count)
    yield events


async def _telemetry(watched: Watched) -> list[Metric]:
    """How each provider is doing, and when the newest probe was made. Raises ``StoreError``."""
    now = watched.clock.now()
    states, last = await watched.live.states(now), await watched.telemetry.last_probe_at()
    status = GaugeMetricFamily(
        "openmodels_provider_status",
        "1 for the status that a provider has now; its other statuses are left out.",
        labels=["provider", "status"],
    )
    for provider in watched.live.snapshot.providers:
        name = provider.record.id
        status.add_metric([name, states[name].status if name in states else "unknown"], 1)
    families: list[Metric] = [_epoch(watched), _telemetry_up(1), status]
    if last is not None:
        families += gauges(
            Figure(
                "openmodels_telemetry_last_probe_timestamp_seconds",
                "When the newest check or measurement was made.",
                last.timestamp(),
            ),
            Figure(
                "openmodels_telemetry_last_probe_age_seconds",
                "How long ago the newest check or measurement was made.",
                max(0.0, (now - last).total_seconds()),
            ),
        )
    return families


def _epoch(watched: Watched) -> Metric:
    return GaugeMetricFamily(
        "openmodels_telemetry_epoch", "Changes whenever telemetry was recorded.", value=watched.live.epoch
    )


def _telemetry_up(value: int) -> Metric:
    return GaugeMetricFamily(
        "openmodels_telemetry_up", "Whether telemetry could be read just now.", value=value
    )
