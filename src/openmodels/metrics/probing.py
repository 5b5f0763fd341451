"""The figures of the prober in this process."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from openmodels.prober.results import ProberCounters


def prober_families(counters: ProberCounters) -> Iterator[Metric]:
    """What the prober counts of itself."""
    probes = CounterMetricFamily(
        "openmodels_probes", "Probes made, by kind and outcome.", labels=["kind", "outcome"]
    )
    for (kind, outcome), count in sorted(counters.probes.items()):
        probes.add_metric([kind, outcome], count)
    yield probes
    unmade = CounterMetricFamily(
        "openmodels_probes_not_made", "Probes that were due and not made.", labels=["reason"]
    )
    for reason, count in (
        ("late", counters.skipped),
        ("no_key", counters.unkeyed),
        ("over_budget", counters.over_budget),
        ("ledger", counters.unreserved),
        ("exhausted", counters.exhausted),
        ("fault", counters.failed),
    ):
        unmade.add_metric([reason], count)
    yield unmade
    for name, text, count in (
        ("openmodels_probe_results_written", "Results written to the store.", counters.written),
        ("openmodels_probe_results_dropped", "Results lost, since too many waited.", counters.dropped),
        (
            "openmodels_probe_results_offline",
            "Failures not recorded, since the prober itself was offline.",
            counters.offline_dropped,
        ),
        ("openmodels_probe_write_failures", "Writes that the store did not take.", counters.write_failures),
    ):
        yield CounterMetricFamily(name, text, value=count)
    for name, text, value in (
        ("openmodels_probes_running", "Probes under way now.", counters.running),
        ("openmodels_probe_results_queued", "Results that wait to be written.", counters.queued),
        ("openmodels_prober_offline", "1 while the prober itself is offline.", int(counters.offline)),
    ):
        yield GaugeMetricFamily(name, text, value=value)
