"""Whether this process hears of changes at once, or has to look for them."""

from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from openmodels.store.news import News


def news_families(ways: Sequence[News]) -> Iterator[Metric]:
    """What each way of hearing says of itself."""
    listening = GaugeMetricFamily(
        "openmodels_news_listening",
        "1 while announcements of new revisions and telemetry arrive this way, 0 while they are looked for.",
        labels=["by"],
    )
    heard = CounterMetricFamily(
        "openmodels_news_heard", "Announcements that arrived, one's own included.", labels=["by"]
    )
    for way in ways:
        listening.add_metric([way.by], int(way.listening))
        heard.add_metric([way.by], way.heard)
    yield listening
    yield heard
