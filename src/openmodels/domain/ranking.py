"""Which provider to call for a model: the offerings ranked by what was measured and what they cost.

Four factors, each scored 0..100, weighted and summed:

======  ======  ==================================================================================
factor  weight  score
======  ======  ==================================================================================
uptime  0.4     the uptime percentage of the period
ttft    0.3     100 x best median time to first token / this one
price   0.2     100 x lowest blended price (3 input : 1 output) / this one; free is 100, and when
                the best is free the others score against the cheapest paid one, halved
total   0.1     100 x best median total time / this one
======  ======  ==================================================================================

A factor that no offering has a value for is left out and the weights are scaled to sum to 1. An offering
without a value that others have scores 0 on that factor: what is not known earns nothing. Currencies are not
mixed: an offering in another currency than the majority's is ranked without the price factor, and its note
says so.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from msgspec import UNSET, Struct, UnsetType

from openmodels.domain.pricing import UNKNOWN_LAST, blended_price, majority_currency
from openmodels.domain.records import Offering, Price
from openmodels.domain.telemetry import OfferingTelemetry
from openmodels.domain.vocabulary import Period

FACTORS = ("uptime", "ttft", "price", "total")
DEFAULT_WEIGHTS: Mapping[str, float] = {"uptime": 0.4, "ttft": 0.3, "price": 0.2, "total": 0.1}
PREFERENCES: Mapping[str, Mapping[str, float]] = {
    "balanced": DEFAULT_WEIGHTS,
    "latency": {"uptime": 0.2, "ttft": 0.5, "price": 0.1, "total": 0.2},
    "price": {"uptime": 0.25, "ttft": 0.1, "price": 0.6, "total": 0.05},
    "reliability": {"uptime": 0.7, "ttft": 0.15, "price": 0.1, "total": 0.05},
}
HIGH_CHECKS, HIGH_SAMPLES, MEDIUM_CHECKS, MEDIUM_SAMPLES = 100, 20, 20, 5

Confidence = Literal["high", "medium", "low", "none"]


class Factor(Struct, frozen=True, kw_only=True):
    """One factor of one offering's score."""

    value: Price | float | None
    """What was measured, or the price; null where it is unknown."""
    score: float | None
    """0..100; null where the factor does not count for this offering."""
    weight: float
    """Its share of the composite score."""
    samples: int
    """How many checks, measurements or prices the value comes from."""
    note: str | None = None
    """Why the factor does not count, where it does not."""


class Factors(Struct, frozen=True, kw_only=True):
    """The four factors."""

    uptime: Factor
    """Uptime in percent."""
    ttft: Factor
    """Median time to first token in milliseconds."""
    price: Factor
    """Blended price of a million tokens; where a workload is given, the cost of one request."""
    total: Factor
    """Median total time in milliseconds."""


class RankedProvider(Struct, frozen=True, kw_only=True):
    """One offering in a ranking."""

    rank: int
    """From 1."""
    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    composite_score: float
    """0..100, the weighted sum of the factors' scores."""
    confidence: Confidence
    """How much was measured: high, medium, low, or none with prices alone."""
    uptime_percentage: float | None
    """Uptime over the period."""
    average_ttft_ms: float | None
    """Mean time to first token."""
    average_total_ms: float | None
    """Mean total time."""
    input_per_million: Price | None
    """Per million input tokens."""
    output_per_million: Price | None
    """Per million output tokens."""
    currency: str
    """ISO 4217."""
    factors: Factors
    """How the score came about."""


class Weights(Struct, frozen=True, kw_only=True):
    """Each factor's share of the composite score; they sum to 1, or are all 0 when nothing is known."""

    uptime: float
    """Of uptime."""
    ttft: float
    """Of the median time to first token."""
    price: float
    """Of the blended price."""
    total: float
    """Of the median total time."""


class Ranking(Struct, frozen=True, kw_only=True):
    """The offerings of a model, the best first."""

    model_id: str
    """The canonical id."""
    model_name: str
    """The display name."""
    period: Period
    """The period that the figures cover."""
    weights: Weights
    """The weights that were used, after leaving out factors that nobody has a value for."""
    ranked_providers: tuple[RankedProvider, ...]
    """The offerings, by composite score."""


class Candidate(Struct, frozen=True, kw_only=True):
    """An offering as the ranking sees it."""

    offering: Offering
    provider_name: str
    telemetry: OfferingTelemetry
    price: Decimal | UnsetType | None = UNSET
    """What it is compared by as its price, in the offering's currency; None where that is unknown. By default
    the blended price."""


def effective_weights(weights: Mapping[str, float], known: set[str]) -> dict[str, float]:
    """The weights of the known factors, scaled to sum to 1; all 0 when none of those weighs anything."""
    # fsum, so that weights which sum to 1 as written stay as written.
    total = math.fsum(weights.get(name, 0.0) for name in FACTORS if name in known)
    return {name: weights.get(name, 0.0) / total if name in known and total else 0.0 for name in FACTORS}


def rank(
    candidates: Sequence[Candidate], weights: Mapping[str, float]
) -> tuple[Weights, list[RankedProvider]]:
    """The weights that were used and the candidates ranked; ties break by price, then provider id."""
    currency = majority_currency(candidate.offering for candidate in candidates)
    values = {c.offering.provider_id: _values(c, currency) for c in candidates}
    known = {name for of in values.values() for name, value in of.items() if value is not None}
    used = effective_weights(weights, known)
    lowest = {name: _lowest([of[name] for of in values.values()]) for name in FACTORS}
    scored = []
    for candidate in candidates:
        own = values[candidate.offering.provider_id]
        foreign = candidate.offering.pricing.currency != currency
        mine = effective_weights(weights, known - {"price"}) if foreign else used
        scores = {name: _score(name, own[name], lowest[name]) for name in FACTORS}
        composite = sum(mine[name] * scores[name] for name in FACTORS)
        scored.append(
            _Scored(
                candidate=candidate,
                # Rounded, so that scores which are equal on paper leave the decision to the price.
                composite=min(100.0, max(0.0, round(composite, 9))),
                price=own["price"],
                factors=_factors(candidate, mine, scores, currency),
            )
        )
    scored.sort(key=lambda s: (-s.composite, _price_key(s), s.candidate.offering.provider_id))
    return Weights(**used), [_ranked(number, one) for number, one in enumerate(scored, start=1)]


class _Scored(Struct, frozen=True, kw_only=True):
    candidate: Candidate
    composite: float
    price: Decimal | float | None
    factors: Factors


def _price_key(scored: _Scored) -> Decimal | float:
    return UNKNOWN_LAST if scored.price is None else scored.price


def _values(candidate: Candidate, currency: str | None) -> dict[str, Decimal | float | None]:
    pricing = candidate.offering.pricing
    return {
        "uptime": candidate.telemetry.uptime_percentage,
        "ttft": candidate.telemetry.timings.p50_ttft_ms,
        "price": _price_of(candidate) if pricing.currency == currency else None,
        "total": candidate.telemetry.timings.p50_total_ms,
    }


def _price_of(candidate: Candidate) -> Decimal | None:
    return blended_price(candidate.offering.pricing) if candidate.price is UNSET else candidate.price


class _Lowest(NamedTuple):
    known: float
    """The lowest value of all; 0 where there is none, and nothing is scored by it."""
    above_zero: float
    """The lowest that is not 0, or less."""


def _lowest(everyone: Iterable[Decimal | float | None]) -> _Lowest:
    known = [float(value) for value in everyone if value is not None]
    return _Lowest(min(known, default=0.0), min((value for value in known if value > 0), default=0.0))


def _score(name: str, value: Decimal | float | None, lowest: _Lowest) -> float:
    if value is None:
        return 0.0
    mine = float(value)
    if name == "uptime":
        return mine
    if mine <= 0:
        return 100.0
    if name == "price" and lowest.known == 0:
        return 50.0 * (lowest.above_zero / mine)
    # The quotient first: it is exactly 1 for the best, where 100 x best / best may round to more than 100.
    return 100.0 * (max(0.0, lowest.known) / mine)


def _factors(
    candidate: Candidate, weights: Mapping[str, float], scores: Mapping[str, float], currency: str | None
) -> Factors:
    telemetry, pricing = candidate.telemetry, candidate.offering.pricing
    foreign = pricing.currency != currency
    price = _price_of(candidate)
    values: dict[str, Decimal | float | None] = {
        "uptime": _shown(telemetry.uptime_percentage),
        "ttft": _shown(telemetry.timings.p50_ttft_ms),
        "price": price,
        "total": _shown(telemetry.timings.p50_total_ms),
    }
    samples = {
        "uptime": telemetry.checks_total,
        "ttft": telemetry.timings.samples,
        "price": int(price is not None),
        "total": telemetry.timings.samples,
    }
    note = f"priced in {pricing.currency}, most offerings in {currency}: not compared" if foreign else None

    def factor(name: str) -> Factor:
        counts = weights[name] > 0
        return Factor(
            value=values[name],
            score=scores[name] if counts else None,
            weight=weights[name],
            samples=samples[name],
            note=note if name == "price" else None,
        )

    return Factors(**{name: factor(name) for name in FACTORS})


def _ranked(number: int, scored: _Scored) -> RankedProvider:
    offering, telemetry = scored.candidate.offering, scored.candidate.telemetry
    return RankedProvider(
        rank=number,
        provider_id=offering.provider_id,
        provider_name=scored.candidate.provider_name,
        composite_score=scored.composite,
        confidence=confidence_of(telemetry),
        uptime_percentage=_shown(telemetry.uptime_percentage),
        average_ttft_ms=_shown(telemetry.timings.average_ttft_ms),
        average_total_ms=_shown(telemetry.timings.average_total_ms),
        input_per_million=offering.pricing.input_per_million,
        output_per_million=offering.pricing.output_per_million,
        currency=offering.pricing.currency,
        factors=scored.factors,
    )


def _shown(value: float | None) -> float | None:
    """To a thousandth, as everywhere; scores stay as they are, for the order must follow from them."""
    return None if value is None else round(value, 3)


def confidence_of(telemetry: OfferingTelemetry) -> Confidence:
    """How much the figures of an offering can be trusted, by how much was measured."""
    checks, samples = telemetry.checks_total, telemetry.timings.samples
    if checks >= HIGH_CHECKS and samples >= HIGH_SAMPLES:
        return "high"
    if checks >= MEDIUM_CHECKS and samples >= MEDIUM_SAMPLES:
        return "medium"
    return "low" if checks or samples else "none"
