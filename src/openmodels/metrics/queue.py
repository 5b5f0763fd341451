"""The figures of the queue of probes, which all nodes see alike."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy.ext.asyncio import AsyncEngine

from openmodels.store.turns import queued_jobs


async def queue_families(engine: AsyncEngine) -> Iterable[Metric]:
    """How many probes are planned, due and under way. Raises ``StoreError``."""
    jobs = GaugeMetricFamily(
        "openmodels_probe_queue_jobs",
        "Probes in the queue: planned ahead, due and waiting for a place, or running.",
        labels=["region", "status"],
    )
    for (region, status), count in sorted((await queued_jobs(engine)).items()):
        jobs.add_metric([region, status], count)
    return [jobs]
