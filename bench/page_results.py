"""What a run of ``python -m bench pages`` found, and its part of docs/benchmarks.md."""

from pathlib import Path

from msgspec import Struct

from bench import kept
from bench.machine import Machine
from bench.telemetry_results import table

MOST_MS = 10.0
"""What the p99 of the server's time for a page is to stay under."""
LEAST_SCORE = 95
"""What Lighthouse is to give in each category."""
MOST_SCRIPT_KB, MOST_FIRST_KB = 60.0, 150.0


class PageTimes(Struct, frozen=True, kw_only=True):
    """How long the server takes for pages of one kind, none of which was ready."""

    page: str
    asked: int
    cpu_p50_ms: float
    cpu_p99_ms: float
    wall_p50_ms: float
    wall_p99_ms: float


class Weight(Struct, frozen=True, kw_only=True):
    """What one page makes a browser load, in kilobytes, compressed."""

    page: str
    html_kb: float
    script_kb: float
    all_kb: float


class Scores(Struct, frozen=True, kw_only=True):
    """What Lighthouse gives a page, 0..100."""

    page: str
    device: str
    performance: int
    accessibility: int
    best_practices: int
    seo: int


class PageResults(Struct, frozen=True, kw_only=True):
    """One run."""

    date: str
    machine: Machine
    models: int
    offerings: int
    checks: int
    measurements: int
    times: tuple[PageTimes, ...]
    weights: tuple[Weight, ...]
    lighthouse: str
    """Its version; empty where there was none."""
    scores: tuple[Scores, ...]


def newest() -> PageResults | None:
    """The results of the last run that was kept, if there was one."""
    return kept.newest("pages", PageResults)


def keep(results: PageResults) -> Path:
    """Write results to where ``newest`` finds them."""
    return kept.keep("pages", results.date, results)


def section(results: PageResults | None) -> str:
    """The part of the page about the pages; empty when they were never measured."""
    if results is None:
        return ""
    return f"""
## Pages

Measured on {results.date} by `python -m bench pages`: {results.machine.cpu}, {results.machine.cores} cores.
The bundled registry of {results.models:,} models and {results.offerings:,} offerings over SQLite, with
{results.checks:,} checks of 30 days and {results.measurements:,} measurements of 7.

### The server's time for a page

Inside the application, from the request to the last byte, uncompressed, each page asked in a way that was
never asked before. CPU time is of the whole process, the database's threads among them; the target of
{MOST_MS:g} ms for its p99 is judged by it, since the time by the clock also tells what else the machine did.

{_times(results.times)}

### What a page weighs

With brotli, everything that a browser loads: script at most {MOST_SCRIPT_KB:g} KB on any page, the first
page at most {MOST_FIRST_KB:g} KB in all. Counted is what every script of the site may load later too, and the
names for the command palette, which are loaded when nothing else is to be done.

{_weights(results.weights)}
{_scores(results)}"""


def _times(times: tuple[PageTimes, ...]) -> str:
    rows = [
        [
            f"`{one.page}`",
            f"{one.asked:,}",
            f"{one.cpu_p50_ms:.2f} ms",
            f"{one.cpu_p99_ms:.2f} ms",
            f"{one.wall_p50_ms:.2f} ms",
            f"{one.wall_p99_ms:.2f} ms",
            "yes" if one.cpu_p99_ms < MOST_MS else "**no**",
        ]
        for one in times
    ]
    return table(["page", "asked", "CPU p50", "CPU p99", "p50", "p99", "reached"], rows)


def _weights(weights: tuple[Weight, ...]) -> str:
    rows = [
        [
            f"`{one.page}`",
            f"{one.html_kb:.1f} KB",
            f"{one.script_kb:.1f} KB",
            f"{one.all_kb:.1f} KB",
            "yes"
            if one.script_kb < MOST_SCRIPT_KB and (one.page != "/" or one.all_kb < MOST_FIRST_KB)
            else "**no**",
        ]
        for one in weights
    ]
    return table(["page", "HTML", "script", "in all", "reached"], rows)


def _scores(results: PageResults) -> str:
    if not results.scores:
        return ""
    rows = []
    for one in results.scores:
        figures = (one.performance, one.accessibility, one.best_practices, one.seo)
        rows.append(
            [
                f"`{one.page}`",
                one.device,
                *map(str, figures),
                "yes" if min(figures) >= LEAST_SCORE else "**no**",
            ]
        )
    head = ["page", "as", "performance", "accessibility", "best practices", "SEO", "reached"]
    return f"""
### Lighthouse

Version {results.lighthouse}, over plain HTTP on this machine, by its own simulation of a phone on a slow
network and of a desktop. At least {LEAST_SCORE} in each category. A comparison of models asks not to be
indexed, since there are as many as pairs of models, which costs it 34 points of SEO (`is-crawlable`); the
page where one begins is indexed.

{table(head, rows)}
"""
