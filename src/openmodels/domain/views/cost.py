"""The shapes of what a workload costs."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from openmodels.domain.cost import CostItem, Priced, Workload, priced_offerings
from openmodels.domain.records import Model, Offering, Price
from openmodels.domain.vocabulary import Lifecycle


class OfferingCost(Struct, frozen=True, kw_only=True):
    """What the workload costs at one offering."""

    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    provider_model_name: str
    """What the provider's API calls the model."""
    status: Lifecycle
    """Where this offering stands in its life."""
    currency: str
    """ISO 4217; nothing is converted."""
    total: Price | None
    """What all requests cost, exactly; null when a price that is needed is unknown."""
    total_per_request: Price | None
    """What one request costs, exactly."""
    tier_above_tokens: int | None
    """The price tier that the prompt falls into: it is longer than this; null below all tiers."""
    fits: bool | None
    """Whether prompt and answer fit into the context window; null where that is unknown."""
    fits_reasons: tuple[str, ...]
    """Why they do not, or why nobody can tell."""
    items: tuple[CostItem, ...]
    """The lines of the bill; their amounts sum to the total."""
    unknown: tuple[str, ...]
    """The prices that are needed and that nobody knows."""


class ModelCost(Struct, frozen=True, kw_only=True):
    """What a workload costs at each offering of a model."""

    model_id: str
    """The canonical id."""
    model_name: str
    """The display name."""
    workload: Workload
    """What was asked for."""
    offerings: tuple[OfferingCost, ...]
    """The cheapest first; unknown last."""


def model_cost(
    model: Model,
    offerings: Sequence[Offering],
    workload: Workload,
    *,
    provider_names: Mapping[str, str],
    regions: Sequence[str] = (),
) -> ModelCost:
    """What the workload costs at each of the offerings that are not retired."""
    return ModelCost(
        model_id=model.id,
        model_name=model.name,
        workload=workload,
        offerings=tuple(
            _offering_cost(priced, provider_names[priced.offering.provider_id])
            for priced in priced_offerings(model, offerings, workload, regions=regions)
        ),
    )


def _offering_cost(priced: Priced, provider_name: str) -> OfferingCost:
    offering, cost, fit = priced.offering, priced.cost, priced.fit
    return OfferingCost(
        provider_id=offering.provider_id,
        provider_name=provider_name,
        provider_model_name=offering.provider_model_name,
        status=offering.status,
        currency=cost.currency,
        total=cost.total,
        total_per_request=cost.total_per_request,
        tier_above_tokens=cost.tier_above_tokens,
        fits=fit.fits,
        fits_reasons=fit.reasons,
        items=cost.items,
        unknown=cost.unknown,
    )
