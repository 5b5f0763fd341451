"""What a run of ``python -m bench cluster`` found, and its part of docs/benchmarks.md."""

from pathlib import Path

from msgspec import Struct

from bench import kept
from bench.machine import Machine
from bench.telemetry_results import servers_of, table

KIND = "cluster"


class Nodes(Struct, frozen=True, kw_only=True):
    """One arrangement of nodes and load: medians over the rounds."""

    limit: str
    """``own`` where each node counts by itself, ``shared`` where they count together in Valkey."""
    arrangement: str
    nodes: int
    per_second: float
    """Requests a second of all nodes together."""
    times_half: float
    """That, divided by that of one node and its load on one core, in the same round."""
    cpu_us: float
    """CPU of the nodes for one request."""
    shared_us: float
    """CPU of what they share, Valkey and PostgreSQL, for one request."""
    p99_ms: float
    failures: int


class Limit(Struct, frozen=True, kw_only=True):
    """A node that counts by itself, against one that counts in Valkey: medians over the rounds."""

    clients: int
    connections: int
    own_per_second: float
    shared_per_second: float
    own_us: float
    """CPU of the node for one request."""
    shared_us: float
    added_us: float
    """The median, over the rounds, of what counting in Valkey adds."""
    valkey_us: float
    """CPU of Valkey for one request."""
    own_p50_ms: float
    own_p99_ms: float
    shared_p50_ms: float
    shared_p99_ms: float
    failures: int


class Queue(Struct, frozen=True, kw_only=True):
    """Probes through the queue, by so many workers; the probe itself takes no time."""

    workers: int
    targets: int
    probes: int
    """Recorded while it was measured."""
    per_second: float
    workers_cpu_ms: float
    """CPU of all workers for one probe, in milliseconds."""
    postgres_cpu_ms: float
    """CPU of PostgreSQL for one probe."""
    planned_per_second: float
    """How fast probes are put into the queue."""
    idle_cores: float
    """Cores that workers and PostgreSQL keep busy while nothing is due."""


class Delay(Struct, frozen=True, kw_only=True):
    """From a change at one place to the first answer at another that shows it."""

    change: str
    by: str
    times: int
    p50_ms: float
    p99_ms: float
    max_ms: float


class Failover(Struct, frozen=True, kw_only=True):
    """Valkey goes away and comes back under a steady load."""

    event: str
    requests: int
    usual_p50_ms: float
    usual_p99_ms: float
    local_after_ms: float | None
    """Until the first answer that was counted by the process itself; None when there was none."""
    delayed: int
    """Requests since then that took longer than 50 ms."""
    last_delayed_ms: float
    """When the last of them was answered; 0 where there is none."""
    longest_ms: float
    failed: int
    shared_after_ms: float | None
    """From when Valkey was there again to when requests were counted in it; None when that took too long."""


class ClusterResults(Struct, frozen=True, kw_only=True):
    """One run."""

    date: str
    machine: Machine
    command: str
    nodes: tuple[Nodes, ...] = ()
    limit: tuple[Limit, ...] = ()
    queue: tuple[Queue, ...] = ()
    news: tuple[Delay, ...] = ()
    failover: tuple[Failover, ...] = ()
    left_out: tuple[str, ...] = ()
    """Why some parts are missing."""


def newest() -> ClusterResults | None:
    """The results of the last run that was kept, if there was one."""
    return kept.newest(KIND, ClusterResults)


def keep(results: ClusterResults) -> Path:
    """Write results to where ``newest`` finds them."""
    return kept.keep(KIND, results.date, results)


def section(results: ClusterResults | None) -> str:
    """The part of the page about several processes; empty when they were never measured."""
    if results is None:
        return ""
    machine = results.machine
    parts = (_nodes(results), _limit(results), _queue(results), _news(results), _failover(results))
    left_out = "".join(f"\n- Left out: {reason}." for reason in results.left_out)
    return f"""
## Several nodes and workers

Measured on {results.date} by `{results.command}`: {machine.cpu}, {machine.cores} cores, \
{machine.memory_gb} GB, {machine.system}{servers_of(machine)}. \
Nodes, workers, PostgreSQL, Valkey and the load share this one machine, over loopback, so there is no \
network between them: its round trips come on top elsewhere. Figures are medians of interleaved rounds.
{left_out}
{"".join(parts)}"""


def _nodes(results: ClusterResults) -> str:
    if not results.nodes:
        return ""
    rows = [
        [
            "each by itself" if n.limit == "own" else "in Valkey",
            n.arrangement,
            f"{n.per_second:,.0f}",
            f"{n.times_half:.2f} ×",
            f"{n.cpu_us:.1f} µs",
            f"{n.shared_us:.1f} µs",
            f"{n.p99_ms:.1f} ms",
        ]
        for n in results.nodes
    ]
    head = ["requests are counted", "arrangement", "requests/s", "against one node and its load on one core"]
    head += ["CPU/request, nodes", "Valkey and PostgreSQL", "p99"]
    failures = sum(n.failures for n in results.nodes)
    return f"""
### One node and two

{table(head, rows)}

One model, its answer ready. Two nodes and their load need four cores to show what they can do; here there \
are two. So a node and its load share one core, and then two of each have one core each: 2.00 × says that \
nothing which the nodes share holds them back; Valkey, which has no core of its own here, costs the \
difference. {failures:,} answers were not 200 or did not come.
"""


def _limit(results: ClusterResults) -> str:
    if not results.limit:
        return ""
    rows = [
        [
            f"{n.clients:,}",
            f"{n.connections}",
            f"{n.own_us:.1f} µs",
            f"{n.shared_us:.1f} µs",
            f"{n.added_us:+.1f} µs",
            f"{n.valkey_us:.1f} µs",
            f"{n.own_per_second:,.0f} → {n.shared_per_second:,.0f}",
            f"{n.own_p50_ms:.2f} → {n.shared_p50_ms:.2f} ms",
            f"{n.own_p99_ms:.2f} → {n.shared_p99_ms:.2f} ms",
        ]
        for n in results.limit
    ]
    head = ["clients", "connections", "CPU/request, own count", "shared count", "added", "Valkey's own"]
    return f"""
### What counting together costs

{table([*head, "requests/s", "p50", "p99"], rows)}

The same node with and without `OPENMODELS_REDIS_URL`, pinned to one core, the load and Valkey on the other; \
the limit counts and is out of reach. Clients are told apart by `X-Forwarded-For`, in both.
"""


def _queue(results: ClusterResults) -> str:
    if not results.queue:
        return ""
    rows = [
        [
            f"{q.workers}",
            f"{q.targets:,}",
            f"{q.probes:,}",
            f"{q.per_second:,.0f}",
            f"{q.workers_cpu_ms:.2f} ms",
            f"{q.postgres_cpu_ms:.2f} ms",
            f"{q.planned_per_second:,.0f}",
            f"{q.idle_cores:.3f}",
        ]
        for q in results.queue
    ]
    head = [
        "workers",
        "targets",
        "probes recorded",
        "probes/s",
        "workers' CPU/probe",
        "PostgreSQL's CPU/probe",
    ]
    return f"""
### Probes through the queue

{table([*head, "planned/s", "cores when nothing is due"], rows)}

More targets are due than can be probed, and the probe itself answers at once: this is what planning, \
queueing, recording and finishing a probe costs, and how fast it can go. The queue was analysed after \
it was filled, as autovacuum does sooner or later; before that, taking a job costs more. Workers and \
PostgreSQL share the machine's cores, so more workers than cores show what they cost each \
other, not what they would add.
"""


def _news(results: ClusterResults) -> str:
    if not results.news:
        return ""
    rows = [
        [d.change, d.by, f"{d.times}", f"{d.p50_ms:,.1f} ms", f"{d.p99_ms:,.1f} ms", f"{d.max_ms:,.1f} ms"]
        for d in results.news
    ]
    return f"""
### From a change to another node's answer

{table(["change", "heard of by", "times", "p50", "p99", "longest"], rows)}

From when the transaction was committed to the end of the first answer of another process that shows it. \
The poll interval is the default, a second. Changes come more than a second apart: announcements that come \
closer are taken together, and wait for up to a second.
"""


def _failover(results: ClusterResults) -> str:
    if not results.failover:
        return ""
    rows = [
        [
            f.event,
            f"{f.requests:,}",
            f"{f.usual_p50_ms:.1f} / {f.usual_p99_ms:.1f} ms",
            "never" if f.local_after_ms is None else f"{f.local_after_ms:,.0f} ms",
            f"{f.delayed}",
            f"{f.last_delayed_ms:,.0f} ms",
            f"{f.longest_ms:,.0f} ms",
            f"{f.failed}",
            "never" if f.shared_after_ms is None else f"{f.shared_after_ms:,.0f} ms",
        ]
        for f in results.failover
    ]
    head = ["Valkey", "requests", "p50 / p99 before", "counted locally after"]
    head += ["delayed over 50 ms", "the last of them after", "longest"]
    return f"""
### When Valkey goes away

{table([*head, "failed", "shared again after"], rows)}

16 clients, each with one request at a time and a pause, ask before, during and after it. The last column \
counts from when Valkey was there again.
"""
