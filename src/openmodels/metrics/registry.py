"""The figures of the published registry that a process goes by."""

from collections.abc import Iterator

from prometheus_client.core import InfoMetricFamily, Metric

from openmodels.metrics.collect import Figure, gauges
from openmodels.store.live import Live


def registry_families(live: Live) -> Iterator[Metric]:
    """What is served, or probed by: the published registry."""
    snapshot = live.snapshot
    yield InfoMetricFamily(
        "openmodels_registry_revision", "The revision that is served.", value={"revision": snapshot.revision}
    )
    yield from gauges(
        Figure("openmodels_registry_models", "Models that are served.", len(snapshot.models)),
        Figure("openmodels_registry_providers", "Providers that are served.", len(snapshot.providers)),
        Figure("openmodels_registry_offerings", "Offerings that are served.", snapshot.offerings_count),
        Figure(
            "openmodels_registry_published_timestamp_seconds",
            "When the revision that is served was published.",
            snapshot.published_at.timestamp(),
        ),
        Figure(
            "openmodels_registry_refused",
            "1 when the newest revision could not be served and an older one is.",
            live.problem is not None,
        ),
    )
