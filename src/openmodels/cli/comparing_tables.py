"""Comparisons and rankings for people: a table, and what is said of it. Pure."""

from collections.abc import Iterator

from openmodels.cli.figures import price, priced, score, share, time
from openmodels.cli.grid import Cell, Grid, listed, number, status_text, table_of
from openmodels_client.types import (
    ComparedOffering,
    Comparison,
    Factor,
    RankedProvider,
    Ranking,
    Weights,
)

NOT_MEASURED = "not measured: a folder of files has no telemetry"
COMPARED = (
    "provider",
    "now",
    "input/1M",
    "output/1M",
    "currency",
    "uptime",
    "ttft p50",
    "ttft p95",
    "tokens/s",
    "samples",
    "context",
    "max output",
    "req/min",
    "tokens/min",
    "stage",
    "regions",
)
COMPARED_RIGHT = frozenset(COMPARED) - {"provider", "now", "currency", "stage", "regions"}
COMPARED_SPARE = (
    "regions",
    "tokens/min",
    "req/min",
    "samples",
    "max output",
    "ttft p95",
    "stage",
    "context",
    "now",
    "currency",
    "tokens/s",
    "uptime",
    "ttft p50",
    "output/1M",
)
RANKED = (
    "rank",
    "provider",
    "score",
    "confidence",
    "uptime",
    "ttft",
    "price",
    "total",
    "input/1M",
    "output/1M",
    "currency",
)
RANKED_RIGHT = frozenset(RANKED) - {"provider", "confidence", "currency"}
RANKED_SPARE = (
    "total",
    "currency",
    "output/1M",
    "input/1M",
    "confidence",
    "price",
    "ttft",
    "uptime",
)


def compared(comparison: Comparison, *, measured: bool = True) -> Grid:
    """The offerings of a model side by side; ``measured``: whether there could be telemetry at all."""
    rows = [_compared_row(offering, measured=measured) for offering in comparison.comparison]
    return table_of(COMPARED, rows, right=COMPARED_RIGHT, spare=COMPARED_SPARE)


def comparison_notes(comparison: Comparison, *, measured: bool) -> Iterator[str]:
    """What the table does not say. ``measured``: whether there could be telemetry at all."""
    if not comparison.comparison:
        yield f"nobody offers {comparison.model_id} there now"
    yield f"measured over {comparison.period}" if measured else NOT_MEASURED


def _compared_row(offering: ComparedOffering, *, measured: bool) -> tuple[Cell, ...]:
    told, pricing, limits = offering.performance, offering.pricing, offering.rate_limits
    return (
        offering.provider_id,
        status_text(told.status) if measured else None,
        price(pricing.input_per_million),
        price(pricing.output_per_million),
        pricing.currency,
        share(told.uptime_percentage),
        time(told.p50_ttft_ms),
        time(told.p95_ttft_ms),
        number(told.tokens_per_second, 1),
        number(told.samples),
        number(offering.context_window),
        number(offering.max_output_tokens),
        number(limits.requests_per_minute),
        number(limits.tokens_per_minute),
        status_text(offering.status),
        listed(offering.available_regions),
    )


def ranked(ranking: Ranking) -> Grid:
    """The offerings of a model, the best first."""
    rows = [_ranked_row(provider) for provider in ranking.ranked_providers]
    return table_of(RANKED, rows, right=RANKED_RIGHT, spare=RANKED_SPARE)


def ranking_notes(ranking: Ranking, *, measured: bool) -> Iterator[str]:
    """What the table does not say. ``measured``: whether there could be telemetry at all."""
    if not ranking.ranked_providers:
        yield f"nobody offers {ranking.model_id} there now"
    for provider in ranking.ranked_providers:
        for name, factor in factors_of(provider):
            if factor.note:
                yield f"{provider.provider_id}, {name}: {factor.note}"
    period = f"measured over {ranking.period}" if measured else NOT_MEASURED
    yield f"{period}; weights: {weights_text(ranking.weights)}; each factor's score is in brackets"


def _ranked_row(provider: RankedProvider) -> tuple[Cell, ...]:
    factors = provider.factors
    return (
        str(provider.rank),
        provider.provider_id,
        score(provider.composite_score),
        provider.confidence,
        _factor(share(_value(factors.uptime)), factors.uptime),
        _factor(time(_value(factors.ttft)), factors.ttft),
        _factor(priced(factors.price.value, provider.currency), factors.price),
        _factor(time(_value(factors.total)), factors.total),
        price(provider.input_per_million),
        price(provider.output_per_million),
        provider.currency,
    )


def factors_of(provider: RankedProvider) -> tuple[tuple[str, Factor], ...]:
    """The four factors by their names."""
    found = provider.factors
    return ("uptime", found.uptime), ("ttft", found.ttft), ("price", found.price), ("total", found.total)


def weights_text(weights: Weights) -> str:
    """``uptime 0.4, ttft 0.3, price 0.2, total 0.1``."""
    named = (
        ("uptime", weights.uptime),
        ("ttft", weights.ttft),
        ("price", weights.price),
        ("total", weights.total),
    )
    return ", ".join(f"{name} {weight:.2g}" for name, weight in named)


def _value(factor: Factor) -> float | None:
    return None if factor.value is None else float(factor.value)


def _factor(shown: str | None, factor: Factor) -> str | None:
    """``210 ms (87.0)``."""
    points = score(factor.score)
    if shown is None:
        return None if points is None else f"unknown ({points})"
    return shown if points is None else f"{shown} ({points})"
