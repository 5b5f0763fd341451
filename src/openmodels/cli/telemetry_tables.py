"""How a provider has been doing, for people. Pure."""

from collections.abc import Callable, Iterator

from msgspec import Struct
from rich.console import RenderableType
from rich.text import Text

from openmodels.cli.figures import share, time
from openmodels.cli.grid import Cell, facts_of, heading, moment, number, remark, status_text, table_of
from openmodels.cli.sparkline import Point, Spark, spark, ttft_points, uptime_points
from openmodels.cli.telemetry_records import ProviderTelemetry
from openmodels.web.words import lasting
from openmodels_client.types import Incident, ProviderSeries

INCIDENTS = ("began", "lasted", "reason")
SHOWN_INCIDENTS = 5
WIDEST, NARROWEST = 60, 10
"""Characters of a line over time."""
LABELS = 40
"""What stands beside such a line on the same row: its name, and its scale."""
FULL_FROM = 99.0
"""Of uptime, the scale begins here at the highest: a line of nothing but good slices is high."""


class Sight(Struct, frozen=True, kw_only=True):
    """What it is shown on."""

    width: int
    """In characters."""
    blocks: bool
    """Whether blocks can be shown."""


def observed(found: ProviderTelemetry, sight: Sight) -> Iterator[RenderableType]:
    """Status, uptime, latency, lines over time, and the newest incidents."""
    health = found.health
    yield heading(f"{health.provider_name} ({health.provider_id}), {health.period}")
    yield facts_of([*_health_facts(found), *_latency_facts(found), *_lines(found.series, sight)])
    if health.incidents:
        yield Text()
        rows = [_incident_row(incident) for incident in health.incidents[:SHOWN_INCIDENTS]]
        yield table_of(INCIDENTS, rows, right=("lasted",))
        more = len(health.incidents) - SHOWN_INCIDENTS
        if more > 0:
            yield remark(f"and {more} before")
    elif health.checks_total:
        yield remark("no incidents")


def _health_facts(found: ProviderTelemetry) -> Iterator[tuple[str, Cell]]:
    health = found.health
    yield "status", status_text(health.status)
    yield "last check", moment(health.checks[0].checked_at) if health.checks else None
    checks = "no checks" if not health.checks_total else f"{health.checks_total:,} checks"
    uptime = share(health.uptime_percentage)
    yield "uptime", checks if uptime is None else f"{uptime} of {checks}"
    yield (
        "answers to checks",
        _listed(("mean", health.average_response_time_ms), ("p95", health.p95_response_time_ms)),
    )


def _latency_facts(found: ProviderTelemetry) -> Iterator[tuple[str, Cell]]:
    latency = found.latency
    yield "measurements", number(latency.samples) if latency.samples else "none in the period"
    if not latency.samples and latency.success_percentage is None:
        return
    yield "succeeded", share(latency.success_percentage)
    yield (
        "time to first token",
        _listed(
            ("mean", latency.average_ttft_ms),
            ("p50", latency.p50_ttft_ms),
            ("p95", latency.p95_ttft_ms),
            ("p99", latency.p99_ttft_ms),
        ),
    )
    yield (
        "whole answer",
        _listed(
            ("mean", latency.average_total_ms),
            ("p50", latency.p50_total_ms),
            ("p95", latency.p95_total_ms),
            ("p99", latency.p99_total_ms),
        ),
    )
    yield "tokens/s", number(latency.average_tokens_per_second, 1)


def _listed(*figures: tuple[str, float | None]) -> str | None:
    """``mean 210 ms, p95 320 ms``; what is not known is left out."""
    return ", ".join(f"{name} {time(value)}" for name, value in figures if value is not None) or None


def _lines(series: ProviderSeries, sight: Sight) -> Iterator[tuple[str, Cell]]:
    width = max(NARROWEST, min(WIDEST, sight.width - LABELS))
    slices = lasting(series.slice_s)
    uptime = uptime_points(series)
    if any(uptime):
        low = min(FULL_FROM, *_values(uptime))
        drawn = spark(uptime, width=width, low=low, high=100.0, blocks=sight.blocks)
        yield f"uptime per {slices}", _scaled(drawn, share)
    ttft = ttft_points(series)
    if any(ttft):
        drawn = spark(ttft, width=width, blocks=sight.blocks)
        yield f"ttft per {slices}", _scaled(drawn, time)


def _values(points: list[Point | None]) -> list[float]:
    return [point.value for point in points if point is not None]


def _scaled(drawn: Spark, say: Callable[[float | None], str | None]) -> Text:
    line = Text(drawn.line)
    line.append(f" {say(drawn.low)} to {say(drawn.high)}", style="dim")
    return line


def _incident_row(incident: Incident) -> tuple[Cell, ...]:
    goes_on = incident.ended_at is None
    length = lasting(incident.duration_s)
    return (
        moment(incident.started_at),
        f"{length} so far" if goes_on else length,
        Text(incident.reason, style="red" if goes_on else ""),
    )
