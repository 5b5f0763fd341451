"""The shapes of a decision."""

from typing import Literal

from msgspec import Struct

from openmodels.domain.choose import Choice, Chosen, Exclusion, Wish
from openmodels.domain.ranking import Confidence, Factors, Weights
from openmodels.domain.records import Model, Price
from openmodels.domain.telemetry import ProviderState
from openmodels.domain.views.telemetry import Performance, performance_view
from openmodels.domain.vocabulary import Capability, Lifecycle, Period

Preference = Literal["balanced", "latency", "price", "reliability"]
PriceBasis = Literal["request", "blended_million"]


class Asked(Struct, frozen=True, kw_only=True):
    """What was asked for; null or empty where it was not."""

    input_tokens: int | None
    """Input tokens of one request."""
    output_tokens: int | None
    """Output tokens of one request."""
    min_context: int | None
    """The least context window."""
    region: tuple[str, ...]
    """Where it must be to be had: in any of these."""
    max_price: Price | None
    """The most that one request may cost or, without tokens, a million tokens blended."""
    min_uptime: Price | None
    """The least uptime, in percent."""
    max_ttft_ms: Price | None
    """The longest median time to first token."""
    capability: tuple[Capability, ...]
    """What the model must be able to do: all of these."""
    prefer: Preference
    """Which weights were asked for."""


class ComparedPrice(Struct, frozen=True, kw_only=True):
    """The price that an offering was compared by."""

    amount: Price | None
    """How much; null where a price that is needed is unknown."""
    currency: str
    """ISO 4217; nothing is converted."""
    basis: PriceBasis
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
    status: Lifecycle
    """Where this offering stands in its life."""
    composite_score: float
    """0..100, the weighted sum of the factors' scores among the offerings that fit."""
    confidence: Confidence
    """How much was measured: high, medium, low, or none with prices alone."""
    cost: ComparedPrice
    """What it was compared by."""
    performance: Performance
    """What telemetry measured in the period, from all regions."""
    factors: Factors
    """How the score came about."""
    reasons: tuple[str, ...]
    """Why it is where it is."""


class ExcludedOffering(Struct, frozen=True, kw_only=True):
    """An offering that does not fit."""

    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    reasons: tuple[Exclusion, ...]
    """Every reason."""


class Decision(Struct, frozen=True, kw_only=True):
    """Which offering of a model to call for what was asked, and why."""

    model_id: str
    """The canonical id."""
    model_name: str
    """The display name."""
    period: Period
    """The period that the figures cover."""
    asked: Asked
    """What was asked for."""
    weights: Weights
    """The weights that were used, after leaving out factors that nobody has a value for."""
    chosen: str | None
    """The provider to call: the first of the offerings; null when none fits."""
    offerings: tuple[ChosenOffering, ...]
    """Those that fit, the best first."""
    excluded: tuple[ExcludedOffering, ...]
    """Those that do not, by provider id."""
    note: str | None
    """What could not be taken into account; null when everything was."""


def decision_view(
    model: Model,
    choice: Choice,
    wish: Wish,
    *,
    asked: Asked,
    period: Period,
    note: str | None,
) -> Decision:
    """A choice as it is shown; ``asked`` is what ``wish`` was made of."""
    basis: PriceBasis = "blended_million" if wish.workload is None else "request"
    return Decision(
        model_id=model.id,
        model_name=model.name,
        period=period,
        asked=asked,
        weights=choice.weights,
        chosen=choice.chosen[0].contender.provider.id if choice.chosen else None,
        offerings=tuple(_chosen_view(one, basis) for one in choice.chosen),
        excluded=tuple(
            ExcludedOffering(
                provider_id=one.contender.provider.id,
                provider_name=one.contender.provider.name,
                reasons=one.reasons,
            )
            for one in choice.excluded
        ),
        note=note,
    )


def _chosen_view(one: Chosen, basis: PriceBasis) -> ChosenOffering:
    contender, ranked = one.contender, one.ranked
    offering = contender.offering
    return ChosenOffering(
        rank=ranked.rank,
        provider_id=offering.provider_id,
        provider_name=contender.provider.name,
        provider_model_name=offering.provider_model_name,
        api_base_url=contender.provider.api_base_url,
        status=offering.status,
        composite_score=ranked.composite_score,
        confidence=ranked.confidence,
        cost=ComparedPrice(amount=one.price, currency=offering.pricing.currency, basis=basis),
        performance=performance_view(contender.telemetry, ProviderState(status=contender.status)),
        factors=ranked.factors,
        reasons=one.reasons,
    )
