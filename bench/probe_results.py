"""What a run of ``python -m bench probes`` found, and its part of docs/benchmarks.md."""

from pathlib import Path

from msgspec import Struct

from bench import kept
from bench.machine import Machine
from bench.telemetry_results import table

MOST_MS = {1: 3.0, 200: 10.0}
"""What p99 of the errors of times is to stay under, by the number of probes at a time."""
MOST_CORES = 0.5


class Errors(Struct, frozen=True, kw_only=True):
    """How far measured figures were from true ones, without sign."""

    ttft_p50_ms: float
    ttft_p99_ms: float
    total_p50_ms: float
    total_p99_ms: float
    rate_p50_percent: float
    rate_p99_percent: float


class Truth(Struct, frozen=True, kw_only=True):
    """How true measured figures were, at so many probes at a time."""

    at_a_time: int
    probes: int
    failed: int
    written: Errors
    """Against when the server wrote, by its own clock: the prober's error, and the way in between."""
    injected: Errors
    """Against the delays that the server was told: the server's own lateness is in these too."""
    cores: float
    """CPU of the probing process, in cores."""


class Capacity(Struct, frozen=True, kw_only=True):
    """An hour, or less, of checking very many targets."""

    targets: int
    minutes: int
    checks: int
    failed: int
    skipped: int
    cores: float
    """CPU of the probing process, in cores of simulated time."""
    cpu_ms: float
    """CPU for one check, in milliseconds: probing, planning, writing and summing up."""
    rss_mb: tuple[float, ...]
    """Resident memory at the end of every tenth of the time."""
    wall_seconds: float


class ProbeResults(Struct, frozen=True, kw_only=True):
    """One run."""

    date: str
    machine: Machine
    command: str
    others_cores: float
    """Cores that other programs kept busy meanwhile, on average, the fake provider's among them."""
    truth: tuple[Truth, ...]
    capacity: Capacity | None


def newest() -> ProbeResults | None:
    """The results of the last run that was kept, if there was one."""
    return kept.newest("probes", ProbeResults)


def keep(results: ProbeResults) -> Path:
    """Write results to where ``newest`` finds them."""
    return kept.keep("probes", results.date, results)


def section(results: ProbeResults | None) -> str:
    """The part of the page about probes; empty when they were never measured."""
    if results is None:
        return ""
    machine = results.machine
    return f"""
## Probes

Measured on {results.date} by `{results.command}`: {machine.cpu}, {machine.cores} cores,
{machine.memory_gb} GB, {machine.system}. The prober has one core, a fake provider in a process of its own the
other. All five styles; in every second case role-only and empty frames, comments, and reasoning first. Other
programs, the fake provider among them, kept {results.others_cores:g} cores busy meanwhile.

### How true the figures are

{_truth_table(results.truth)}

Errors are without sign. *As written* compares with the moments at which the server wrote, by its own clock:
what the prober is wrong by, and the way between the two. *As told* compares with the delays that the server
was told to keep; a server in Python is late itself when it streams to many. The target for the p99 of times
is {MOST_MS[1]:g} ms at 1 probe at a time and {MOST_MS[200]:g} ms at 200.
{_capacity(results.capacity)}"""


def _truth_table(truth: tuple[Truth, ...]) -> str:
    rows = []
    for one in truth:
        for name, errors in (("as written", one.written), ("as told", one.injected)):
            worst = max(errors.ttft_p99_ms, errors.total_p99_ms)
            reached = ("yes" if worst <= MOST_MS[one.at_a_time] else "**no**") if name == "as written" else ""
            rows.append(
                [
                    f"{one.at_a_time:,}",
                    f"{one.probes:,}",
                    name,
                    f"{errors.ttft_p50_ms:.2f} / {errors.ttft_p99_ms:.2f} ms",
                    f"{errors.total_p50_ms:.2f} / {errors.total_p99_ms:.2f} ms",
                    f"{errors.rate_p50_percent:.2f} / {errors.rate_p99_percent:.2f} %",
                    f"{one.cores:.2f}",
                    reached,
                ]
            )
    head = ["at a time", "probes", "compared", "ttft, p50 / p99", "total", "tokens/s", "cores", "reached"]
    return table(head, rows)


def _capacity(found: Capacity | None) -> str:
    if found is None:
        return ""
    reached = "yes" if found.cores <= MOST_CORES else "**no**"
    rss = found.rss_mb
    return f"""
### How much one process can do

{found.targets:,} providers, each checked every 5 minutes over a TLS connection of its own, for
{found.minutes} minutes of a clock that runs as fast as it can; everything else that works in the background
runs too, and SQLite keeps the results.

| what | target | measured | reached |
| --- | --- | --- | --- |
| CPU, on average | ≤ {MOST_CORES:g} cores | {found.cores:g} cores, {found.cpu_ms:g} ms a check | {reached} |
| checks made, failed, skipped | | {found.checks:,}, {found.failed:,}, {found.skipped:,} | |
| resident memory, each tenth of the time | flat | {", ".join(f"{mb:.0f}" for mb in rss)} MB | |
"""
