"""The figures of the regions that providers are probed from: whoever is scraped tells of all of them."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric

from openmodels.clock import Clock
from openmodels.store.cluster_ports import ClusterStore, known_regions


async def region_families(cluster: ClusterStore, clock: Clock) -> Iterable[Metric]:
    """How many probe from each region, and when one of them was heard of last. Raises ``StoreError``."""
    probers = GaugeMetricFamily(
        "openmodels_region_probers", "Processes that probe from a region.", labels=["region"]
    )
    last = GaugeMetricFamily(
        "openmodels_region_last_seen_timestamp_seconds",
        "When a prober of a region was heard of last.",
        labels=["region"],
    )
    for region in await known_regions(cluster, clock.now()):
        probers.add_metric([region.region], region.probers)
        last.add_metric([region.region], region.last_seen_at.timestamp())
    return [probers, last]
