"""The figures of docs/scale.md: what today's load and a hundred times as much would take, from kept results.

Nothing is measured here. Each figure names the command whose results it is worked out from, and stands as
"not measured yet" where there are none.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from bench.cluster_results import ClusterResults
from bench.probe_results import ProbeResults
from bench.registry import OFFERINGS as LARGE_OFFERINGS
from bench.results import Results
from bench.telemetry_results import Database, TelemetryResults, table
from openmodels.edge.exchange import Freshness
from openmodels.settings import read_settings

TEMPLATE = Path(__file__).parent / "scale.md.txt"
PROVIDERS, REGIONS, REQUESTS = 60, 1, 100.0
"""Today: as many providers as the bundled registry has, about, one region, and a busy page's visitors."""
TIMES_PROVIDERS, TIMES_REGIONS, TIMES_REQUESTS = 10, 10, 100
TELEMETRY_SHARE = 0.1
"""The share of requests that ask for telemetry, each for something else: assumed, and not kindly."""
STREAMS = 10
OFFERINGS = 200
"""As many as the bundled registry has, about."""
WORKERS_A_REGION = 2
"""Probers in each region, so that one may die."""
RAW_DAYS, SUM_DAYS, DAY = 30, 730, 86_400
DISK_GB, NODE_MB, MAX_CONNECTIONS = 500, 4_000, 100
"""What is taken for a disk, a node's memory, and PostgreSQL's default."""
BESIDE_POOL = 6
"""Connections of a prober beside its pool: 4 of the queue, one that listens, one that tests it at times."""
BUSY = 0.5
"""How busy a node's core may be: the rest is for peaks, and for the node that fails."""
UNKNOWN = "not measured yet"

BENCH, PROBES = "`make bench`", "`python -m bench probes`"
CLUSTER, POSTGRESQL = "`python -m bench cluster`", "`python -m bench telemetry --database postgresql`"


class Found(Struct, frozen=True, kw_only=True):
    """What was measured so far; None where nothing was."""

    bench: Results
    probes: ProbeResults | None = None
    postgresql: TelemetryResults | None = None
    cluster: ClusterResults | None = None


class Row(Struct, frozen=True, kw_only=True):
    """One thing that runs out."""

    what: str
    unit: str
    one: float | None
    """What today takes of it; None where it was not measured, as with the others."""
    hundred: float | None
    """What a hundred times as much takes of it."""
    carries: float | None
    """What there is of it, in the same unit."""
    source: str
    then: str
    """What is done when it runs out."""

    @property
    def times(self) -> float | None:
        """At how many times today's load it runs out, if it grows as it does up to a hundred."""
        if self.one is None or self.hundred is None or self.carries is None:
            return None
        growth = (self.hundred - self.one) / 99
        return (self.carries - self.one) / growth + 1


def page(found: Found) -> str:
    """The page's text."""
    settings = read_settings({})
    rows = sorted(_rows(found), key=lambda row: (row.times is None, row.times or 0))
    regions, providers = REGIONS * TIMES_REGIONS, PROVIDERS * TIMES_PROVIDERS
    return TEMPLATE.read_text(encoding="utf-8").format(
        providers=PROVIDERS,
        requests=f"{REQUESTS:,.0f}",
        health=settings.health_interval // 60,
        latency=settings.latency_interval // 60,
        probes=f"{_probes(PROVIDERS, REGIONS):.2f}",
        rows_a_day=f"{_probes(PROVIDERS, REGIONS) * DAY:,.0f}",
        many_providers=f"{providers:,}",
        many_regions=regions,
        many_requests=f"{REQUESTS * TIMES_REQUESTS:,.0f}",
        many_probes=f"{_probes(providers, regions):.1f}",
        many_rows_a_day=f"{_probes(providers, regions) * DAY / 1e6:.1f}",
        many_rows=f"{_probes(providers, regions) * DAY * RAW_DAYS / 1e6:,.0f}",
        daily_limit=settings.probe_daily_limit,
        many_daily_limit=settings.probe_daily_limit * TIMES_REGIONS,
        share=f"{TELEMETRY_SHARE * 100:g}",
        disk=f"{DISK_GB:,}",
        memory=f"{NODE_MB // 1000}",
        busy=f"{BUSY * 100:g}",
        workers=WORKERS_A_REGION * regions,
        table=_table(rows),
        partition=_partition(found),
        sums=_sums(found),
        delays=_delays(found),
        revision_control=Freshness.REVISION.value,
        telemetry_control=Freshness.TELEMETRY.value,
        unmeasured=_unmeasured(found),
    )


def _table(rows: Sequence[Row]) -> str:
    head = ["", "what runs out", "today", "100 ×", "one has", "runs out at", "worked out from"]
    numbered = list(enumerate(rows, start=1))
    lines = [
        [
            f"{number}",
            row.what,
            *(_amount(value, row.unit) for value in (row.one, row.hundred, row.carries)),
            "" if row.times is None else f"{_short(row.times)} ×",
            row.source,
        ]
        for number, row in numbered
    ]
    plans = "\n".join(f"{number}. {row.then}" for number, row in numbered)
    return f"{table(head, lines)}\n\n{plans}"


def _rows(found: Found) -> list[Row]:
    return [*_answering(found), *_recording(found), *_keeping(found), *_bounds(found)]


def _answering(found: Found) -> list[Row]:
    many = REQUESTS * TIMES_REQUESTS
    node, valkey = _node(found)
    nodes = f"{int(many / node / BUSY) + 1} nodes" if node else f"as many nodes as {CLUSTER} will tell"
    return [
        Row(
            what="CPU of one node, one core at 100 %",
            unit="requests/s",
            one=REQUESTS,
            hundred=many,
            carries=node,
            source=CLUSTER,
            then=f"**Nodes.** At most {BUSY * 100:g} % busy, {many:,.0f} requests/s take {nodes} behind a "
            "load balancer; each is a process of one core (`serve --workers N` runs several on one machine). "
            "What a CDN answers does not come here.",
        ),
        Row(
            what="CPU of Valkey, which counts on one core",
            unit="requests/s",
            one=REQUESTS,
            hundred=many,
            carries=valkey,
            source=CLUSTER,
            then="**The shared limit.** Requests that arrive together are one question, so the cost of each "
            "falls as load grows. Then: one Valkey for each group of nodes, among which a load balancer "
            "spreads clients by their address. The limit stays exact for each client.",
        ),
        Row(
            what="answers with telemetry that are not ready, one core",
            unit="answers/s",
            one=REQUESTS * TELEMETRY_SHARE,
            hundred=many * TELEMETRY_SHARE,
            carries=_answers(found.postgresql),
            source=POSTGRESQL,
            then="**Telemetry answers.** Whatever is recorded ends all of them, once a second at most; Redis "
            "lets one node make each for all. Then: a CDN in front, which keeps each for the time that "
            "`Cache-Control` allows; more nodes and replicas (`OPENMODELS_DATABASE_READ_URL`) for what is "
            "left; last, an epoch for each provider instead of one for all, which is not built.",
        ),
    ]


def _recording(found: Found) -> list[Row]:
    one, many = _both_probes()
    full = _full(found.postgresql)
    singly = [w.rows_per_second for w in full.writes if w.rows_at_a_time == 1] if full else []
    queued = [q.per_second for q in found.cluster.queue if q.workers == 2] if found.cluster else []
    return [
        Row(
            what="transactions that record, one after the other (`telemetry_head` is one row)",
            unit="/s",
            one=one,
            hundred=many,
            carries=next(iter(singly), None),
            source=POSTGRESQL,
            then="**The one writer.** Each probe as a transaction of its own is the worst case; workers "
            "write what they have a few times a second, so further up it is the number of workers that "
            "counts. Then: longer batches; then a head for each region, which costs the one order of all "
            "events that streams go by, and is not built.",
        ),
        Row(
            what="probes through the queue, two workers and the database on two cores",
            unit="probes/s",
            one=one,
            hundred=many,
            carries=next(iter(queued), None),
            source=CLUSTER,
            then="**The queue.** Workers add up until the database's cores are full. Then: more cores for "
            "the database; then a queue in a database of its own, which regions could have one each of, "
            "since they share nothing in it. Not built.",
        ),
    ]


def _keeping(found: Found) -> list[Row]:
    one, many = _both_probes()
    full = _full(found.postgresql)
    disk = _disk_gb(full, PROVIDERS * REGIONS) if full else None
    return [
        Row(
            what="summing up, which one process does",
            unit="rows a day",
            one=one * DAY,
            hundred=many * DAY,
            carries=(full.checks + full.measurements) / full.roll_up_seconds * DAY if full else None,
            source=POSTGRESQL,
            then="**Summing up.** Steps are small and providers independent: several processes could share "
            "the providers of an hour. Not built.",
        ),
        Row(
            what=f"disk, {RAW_DAYS} days of rows and {SUM_DAYS} of sums",
            unit="GB",
            one=disk,
            hundred=None if disk is None else disk * TIMES_PROVIDERS * TIMES_REGIONS,
            carries=None if disk is None else DISK_GB,
            source=POSTGRESQL,
            then="**Storage.** Sums are kept 24 times as long as rows. Then: fewer days of sums "
            "(`OPENMODELS_ROLLUP_DAYS`), a shorter time for hourly ones than for daily ones (not built), "
            "coarser sketches; for rows, fewer days (`OPENMODELS_RETENTION_DAYS`): whole partitions go.",
        ),
    ]


def _bounds(found: Found) -> list[Row]:
    settings = read_settings({})
    node = _node(found)[0]
    nodes = int(REQUESTS * TIMES_REQUESTS / node / BUSY) + 1 if node else 0
    each = settings.database_pool + BESIDE_POOL
    processes = nodes + WORKERS_A_REGION * REGIONS * TIMES_REGIONS
    bundled = found.bench.bundled.rss_mb
    offering = (found.bench.large.rss_mb - bundled) / (LARGE_OFFERINGS - OFFERINGS)
    return [
        Row(
            what="connections to PostgreSQL, by its default",
            unit="",
            one=each,
            hundred=each * processes,
            carries=MAX_CONNECTIONS,
            source="`OPENMODELS_DATABASE_POOL` and its default",
            then=f"**Connections.** {processes} processes may want {each} each. Then, in this order: a "
            "smaller pool, a higher `max_connections`, pgbouncer in transaction mode.",
        ),
        Row(
            what="memory of one node, with 100 × the offerings",
            unit="MB",
            one=bundled,
            hundred=bundled + offering * OFFERINGS * 99,
            carries=NODE_MB,
            source=BENCH,
            then="**The snapshot.** Every node holds all of the registry, which does not grow with visitors.",
        ),
        Row(
            what="followers of the stream at one node, by default",
            unit="clients",
            one=STREAMS,
            hundred=STREAMS * TIMES_REQUESTS,
            carries=settings.stream_clients,
            source="`OPENMODELS_STREAM_CLIENTS` and its default",
            then="**Streams.** The bound is a setting, low so that nobody is surprised; each node has its "
            "own. What a thousand followers of one node cost is not measured.",
        ),
    ]


def _both_probes() -> tuple[float, float]:
    """Probes a second, today and at a hundred times."""
    return (
        _probes(PROVIDERS, REGIONS),
        _probes(PROVIDERS * TIMES_PROVIDERS, REGIONS * TIMES_REGIONS),
    )


def _probes(providers: int, regions: int) -> float:
    """Probes a second by the default intervals, where every provider can be measured."""
    settings = read_settings({})
    return providers * regions * (1 / settings.health_interval + 1 / settings.latency_interval)


def _node(found: Found) -> tuple[float | None, float | None]:
    """Requests a second of one core of a node that counts in Valkey, and of Valkey's one."""
    limits = found.cluster.limit if found.cluster else ()
    many = next((n for n in limits if n.clients > 1 and n.connections > 1), None)
    if many is None:
        return None, None
    return 1e6 / many.shared_us, 1e6 / max(many.valkey_us, 0.01)


def _full(results: TelemetryResults | None) -> Database | None:
    return results.databases[0] if results and results.databases else None


def _answers(results: TelemetryResults | None) -> float | None:
    """Answers a second, one after the other: the medians of those that the page of a model asks for."""
    full = _full(results)
    if results is None or full is None:
        return None
    took = [
        a.p50_ms for a in results.asked if a.database == full.name and a.way == "api" and a.period == "7d"
    ]
    return 1000 * len(took) / sum(took) if took else None


def _row_bytes(full: Database, kind: str) -> float:
    return full.mb_by_kind[kind] * 1e6 / {"checks": full.checks, "measurements": full.measurements}[kind]


def _sum_bytes(full: Database, length: str) -> float:
    """Bytes of one kind of sums for one provider, one region and one day."""
    mb = sum(full.mb_by_kind[f"{kind}_{length}"] for kind in ("check", "measurement"))
    return mb * 1e6 / (full.providers * full.hours / 24)


def _disk_gb(full: Database, places: int) -> float:
    """Gigabytes for so many pairs of a provider and a region, all days full."""
    settings = read_settings({})
    checks, measured = DAY / settings.health_interval, DAY / settings.latency_interval
    rows = checks * _row_bytes(full, "checks") + measured * _row_bytes(full, "measurements")
    sums = _sum_bytes(full, "hours") + _sum_bytes(full, "days")
    return places * (RAW_DAYS * rows + SUM_DAYS * sums) / 1e9


def _partition(found: Found) -> str:
    full = _full(found.postgresql)
    if full is None:
        return UNKNOWN
    check, measured = _row_bytes(full, "checks"), _row_bytes(full, "measurements")
    many = _both_probes()[1] * DAY
    health, latency = read_settings({}).health_interval, read_settings({}).latency_interval
    share = latency / (health + latency)
    size = many * (share * check + (1 - share) * measured) / 1e9
    return (
        f"A check takes {check:,.0f} bytes with its indexes and a measurement {measured:,.0f}, so that a day "
        f"at 100 × is {size:.1f} GB in two partitions ({POSTGRESQL})"
    )


def _sums(found: Found) -> str:
    full = _full(found.postgresql)
    if full is None:
        return UNKNOWN
    hours, days = _sum_bytes(full, "hours") / 1000, _sum_bytes(full, "days") / 1000
    return f"hourly ones {hours:.1f} KB, daily ones {days:.1f} KB ({POSTGRESQL})"


def _delays(found: Found) -> str:
    delays = found.cluster.news if found.cluster else ()
    heard = [d for d in delays if d.by != "polling"]
    if not heard:
        return UNKNOWN
    said = (f"{d.change} after {d.p50_ms:,.0f} ms, 99 of 100 within {d.p99_ms:,.0f} ms" for d in heard)
    return f"{'; '.join(said)} ({CLUSTER})"


def _unmeasured(found: Found) -> str:
    missing: list[tuple[object, str]] = [(found.postgresql, POSTGRESQL), (found.cluster, CLUSTER)]
    names = [name for result, name in missing if result is None]
    return f"\n**Not measured yet:** what {' and '.join(names)} would tell.\n" if names else ""


def _amount(value: float | None, unit: str) -> str:
    return UNKNOWN if value is None else f"{_short(value)} {unit}".strip()


def _short(value: float) -> str:
    """With three digits that mean something."""
    steps: tuple[tuple[float, Callable[[float], str]], ...] = (
        (1e6, lambda v: f"{v / 1e6:,.1f} million"),
        (100, lambda v: f"{v:,.0f}"),
        (10, lambda v: f"{v:.0f}"),
        (1, lambda v: f"{v:.1f}"),
    )
    return next((say(value) for least, say in steps if value >= least), f"{value:.2f}")
