"""The figures of what a process shares with others by Redis."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric

from openmodels.edge.app import Edge
from openmodels.edge.shared_answers import SharedAnswers
from openmodels.edge.shared_limits import SharedLimiter
from openmodels.metrics.collect import Figure, counters, gauges
from openmodels.store.redis_link import RedisLink


def redis_families(link: RedisLink, app: Edge | None = None) -> Iterator[Metric]:
    """How the link is and, where requests are answered, how they were counted and their answers found."""
    yield from gauges(
        Figure("openmodels_redis_up", "Whether Redis answered when it was asked last.", link.up)
    )
    yield from counters(Figure("openmodels_redis_failures", "How often Redis went away.", link.failures))
    if app is None:
        return
    if isinstance(app.limiter, SharedLimiter):
        counted = CounterMetricFamily(
            "openmodels_shared_limit",
            "Requests that were counted, by where: by all processes together, or by this one alone.",
            labels=["counted"],
        )
        counted.add_metric(["shared"], app.limiter.shared)
        counted.add_metric(["local"], app.limiter.local)
        yield counted
    if isinstance(app.inner, SharedAnswers):
        looks = app.inner.looks
        yield from counters(
            Figure("openmodels_shared_cache_hits", "Answers that another process made.", looks.hits),
            Figure("openmodels_shared_cache_misses", "Answers that no other had made.", looks.misses),
            Figure(
                "openmodels_shared_cache_errors",
                "Answers that were not found in time, could not be read, or not be left.",
                looks.errors,
            ),
            Figure(
                "openmodels_shared_cache_skipped",
                "Answers not looked for, or not left, since too many were at a time.",
                looks.skipped,
            ),
        )
