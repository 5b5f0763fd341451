"""Which provider to call: comparisons, rankings and decisions."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from openmodels_client.types.registry import Offering


class Performance(Struct, frozen=True, kw_only=True):
    """What telemetry measured of an offering in the period; None where nothing was measured."""

    status: str
    """How the provider is doing now."""
    uptime_percentage: float | None = None
    """Share of the provider's checks that found it up."""
    average_ttft_ms: float | None = None
    """Mean time to first token."""
    p50_ttft_ms: float | None = None
    """Median time to first token."""
    p95_ttft_ms: float | None = None
    """95th percentile of the time to first token."""
    average_total_ms: float | None = None
    """Mean total time."""
    p50_total_ms: float | None = None
    """Median total time."""
    p95_total_ms: float | None = None
    """95th percentile of the total time."""
    tokens_per_second: float | None = None
    """Mean output tokens per second."""
    samples: int
    """Successful measurements in the period."""
    last_measured_at: datetime | None = None
    """When the newest measurement was made."""


class ComparedOffering(Offering, frozen=True, kw_only=True):
    """An offering with what telemetry measured of it."""

    performance: Performance
    """What telemetry measured."""


class Comparison(Struct, frozen=True, kw_only=True):
    """The offerings of a model side by side."""

    model_id: str
    """The canonical id."""
    model_name: str
    """The display name."""
    period: str
    """The period that the performance figures cover."""
    comparison: tuple[ComparedOffering, ...]
    """The offerings, sorted as asked."""


class Factor(Struct, frozen=True, kw_only=True):
    """One factor of one offering's score."""

    value: Decimal | None = None
    """What was measured, or the price; None where it is unknown."""
    score: float | None = None
    """0..100; None where the factor does not count for this offering."""
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
    confidence: str
    """How much was measured: high, medium, low, or none with prices alone."""
    uptime_percentage: float | None = None
    """Uptime over the period."""
    average_ttft_ms: float | None = None
    """Mean time to first token."""
    average_total_ms: float | None = None
    """Mean total time."""
    input_per_million: Decimal | None = None
    """Per million input tokens."""
    output_per_million: Decimal | None = None
    """Per million output tokens."""
    currency: str
    """ISO 4217."""
    factors: Factors
    """How the score came about."""


class Ranking(Struct, frozen=True, kw_only=True):
    """The offerings of a model, the best first."""

    model_id: str
    """The canonical id."""
    model_name: str
    """The display name."""
    period: str
    """The period that the figures cover."""
    weights: Weights
    """The weights that were used, after leaving out factors that nobody has a value for."""
    ranked_providers: tuple[RankedProvider, ...]
    """The offerings, by composite score."""


class ComparedPrice(Struct, frozen=True, kw_only=True):
    """The price that an offering was compared by."""

    amount: Decimal | None = None
    """How much; None where a price that is needed is unknown."""
    currency: str
    """ISO 4217; nothing is converted."""
    basis: str
    """request: one request of the tokens asked for. blended_million: a million tokens, 3 in to 1 out."""


class ChosenOffering(Struct, frozen=True, kw_only=True):
    """An offering that fits."""

    rank: int
    """From 1."""
    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    provider_model_name: str
    """What the provider's API calls the model."""
    api_base_url: str
    """What an API path is appended to."""
    status: str
    """Where this offering stands in its life."""
    composite_score: float
    """0..100, the weighted sum of the factors' scores among the offerings that fit."""
    confidence: str
    """How much was measured: high, medium, low, or none with prices alone."""
    cost: ComparedPrice
    """What it was compared by."""
    performance: Performance
    """What telemetry measured in the period, from all regions."""
    factors: Factors
    """How the score came about."""
    reasons: tuple[str, ...]
    """Why it is where it is."""


class Exclusion(Struct, frozen=True, kw_only=True):
    """One reason why an offering is left out."""

    code: str
    """For programs."""
    message: str
    """For people: what is needed, and what there is."""


class ExcludedOffering(Struct, frozen=True, kw_only=True):
    """An offering that does not fit."""

    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    reasons: tuple[Exclusion, ...]
    """Every reason."""


class Asked(Struct, frozen=True, kw_only=True):
    """What was asked for; None or empty where it was not."""

    input_tokens: int | None = None
    """Input tokens of one request."""
    output_tokens: int | None = None
    """Output tokens of one request."""
    min_context: int | None = None
    """The least context window."""
    region: tuple[str, ...]
    """Where it must be to be had: in any of these."""
    max_price: Decimal | None = None
    """The most that one request may cost or, without tokens, a million tokens blended."""
    min_uptime: Decimal | None = None
    """The least uptime, in percent."""
    max_ttft_ms: Decimal | None = None
    """The longest median time to first token."""
    capability: tuple[str, ...]
    """What the model must be able to do: all of these."""
    prefer: str
    """Which weights were asked for."""


class Decision(Struct, frozen=True, kw_only=True):
    """Which offering of a model to call for what was asked, and why."""

    model_id: str
    """The canonical id."""
    model_name: str
    """The display name."""
    period: str
    """The period that the figures cover."""
    asked: Asked
    """What was asked for."""
    weights: Weights
    """The weights that were used, after leaving out factors that nobody has a value for."""
    chosen: str | None = None
    """The provider to call: the first of the offerings; None when none fits."""
    offerings: tuple[ChosenOffering, ...]
    """Those that fit, the best first."""
    excluded: tuple[ExcludedOffering, ...]
    """Those that do not, by provider id."""
    note: str | None = None
    """What could not be taken into account; None when everything was."""
