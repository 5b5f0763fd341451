"""From what the API answers to what the tools answer: what an agent needs, as exact as it needs it. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from openmodels.mcp import results
from openmodels.mcp.text import number_of
from openmodels_client.types import (
    Change,
    ChangePage,
    ComparedOffering,
    Comparison,
    CostItem,
    Decision,
    Model,
    ModelDetail,
    ModelOfferings,
    ModelPage,
    Offering,
    OfferingCost,
    Pagination,
    Provider,
    ProviderDetail,
    ProviderHealth,
    ProviderLatency,
    ProviderPage,
)

T = TypeVar("T")

INCIDENTS = 5
"""How many of a provider's incidents are told."""
PRICES = (
    "cache_read_per_million",
    "cache_write_per_million",
    "reasoning_per_million",
    "input_audio_per_million",
    "output_audio_per_million",
    "image_per_unit",
    "audio_per_second",
    "search_per_query",
)
"""The prices besides input and output."""
_JSON = msgspec.json.Encoder(decimal_format="number")


def known(value: T | None) -> T | UnsetType:
    """A value, or nothing for what nobody knows and for what is empty."""
    return UNSET if value is None or value in ("", ()) else value


def _price(value: Decimal | None) -> float | None:
    return None if value is None else number_of(value)


def _rounded(value: float | None, digits: int = 0) -> float | UnsetType:
    return UNSET if value is None else number_of(Decimal(str(round(value, digits))))


def _time(value: datetime | None) -> str | UnsetType:
    return UNSET if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _lifecycle(status: str) -> str | UnsetType:
    return UNSET if status == "active" else status


def cut(items: Sequence[T], page: int, limit: int) -> tuple[Sequence[T], int | UnsetType]:
    """A page of what is there as a whole, and the number of the next."""
    end = page * limit
    return items[end - limit : end], page + 1 if end < len(items) else UNSET


def _next(pagination: Pagination) -> int | UnsetType:
    return pagination.page + 1 if pagination.page * pagination.limit < pagination.total else UNSET


def _model(model: Model) -> dict[str, Any]:
    cheapest = model.cheapest
    return {
        "id": model.id,
        "name": model.name,
        "vendor": known(model.vendor),
        "release_date": known(model.release_date),
        "context_window": known(model.context_window),
        "max_output_tokens": known(model.max_output_tokens),
        "capabilities": known(model.capabilities),
        "status": _lifecycle(model.status),
        "providers_count": model.providers_count,
        "cheapest": UNSET
        if cheapest is None
        else results.CheapestOffering(
            provider_id=cheapest.provider_id,
            input_per_million=_price(cheapest.input_per_million),
            output_per_million=_price(cheapest.output_per_million),
            currency=cheapest.currency,
        ),
    }


def models_of(page: ModelPage) -> results.FoundModels:
    """A page of models."""
    return results.FoundModels(
        models=tuple(results.ListedModel(**_model(model)) for model in page.data),
        total=page.pagination.total,
        next_page=_next(page.pagination),
    )


def model_of(model: ModelDetail) -> results.WholeModel:
    """One model."""
    return results.WholeModel(
        **_model(model),
        description=model.description,
        family=known(model.family),
        input_modalities=known(model.input_modalities),
        output_modalities=known(model.output_modalities),
        open_weights=known(model.open_weights),
        licensing=known(model.licensing),
        knowledge_cutoff=known(model.knowledge_cutoff),
        deprecation_date=known(model.deprecation_date),
        replaced_by=known(model.replaced_by),
        aliases=known(model.aliases),
        providers=model.providers,
    )


def offerings_of(found: ModelOfferings, page: int, limit: int) -> results.Offerings:
    """A page of a model's offerings."""
    shown, next_page = cut(found.providers, page, limit)
    return results.Offerings(
        model_id=found.model_id,
        offerings=tuple(map(_offering, shown)),
        total=len(found.providers),
        next_page=next_page,
    )


def _offering(one: Offering) -> results.ListedOffering:
    prices, source = one.pricing, one.source
    batch = prices.batch
    more: dict[str, Any] = {name: known(_price(getattr(prices, name))) for name in PRICES}
    return results.ListedOffering(
        provider_id=one.provider_id,
        provider_model_name=one.provider_model_name,
        input_per_million=_price(prices.input_per_million),
        output_per_million=_price(prices.output_per_million),
        currency=prices.currency,
        **more,
        batch=UNSET
        if batch is None
        else results.BatchPrices(
            input_per_million=_price(batch.input_per_million),
            output_per_million=_price(batch.output_per_million),
        ),
        tiers=known(
            tuple(
                results.Tier(
                    above_tokens=tier.above_tokens,
                    input_per_million=_price(tier.input_per_million),
                    output_per_million=_price(tier.output_per_million),
                )
                for tier in prices.tiers
            )
        ),
        context_window=known(one.context_window),
        max_output_tokens=known(one.max_output_tokens),
        regions=known(one.available_regions),
        requests_per_minute=known(one.rate_limits.requests_per_minute),
        tokens_per_minute=known(one.rate_limits.tokens_per_minute),
        status=_lifecycle(one.status),
        source=known((source.url or source.name) if source else None),
        verified_at=_time(source.verified_at if source else None),
    )


def compared_of(found: Comparison, page: int, limit: int) -> results.ComparedProviders:
    """A page of a comparison."""
    shown, next_page = cut(found.comparison, page, limit)
    return results.ComparedProviders(
        model_id=found.model_id,
        period=found.period,
        providers=tuple(map(_compared, shown)),
        total=len(found.comparison),
        next_page=next_page,
    )


def _compared(one: ComparedOffering) -> results.ComparedProvider:
    seen = one.performance
    return results.ComparedProvider(
        provider_id=one.provider_id,
        input_per_million=_price(one.pricing.input_per_million),
        output_per_million=_price(one.pricing.output_per_million),
        currency=one.pricing.currency,
        context_window=known(one.context_window),
        status=seen.status,
        offering_status=_lifecycle(one.status),
        uptime_percentage=_rounded(seen.uptime_percentage, 2),
        p50_ttft_ms=_rounded(seen.p50_ttft_ms),
        p95_ttft_ms=_rounded(seen.p95_ttft_ms),
        p50_total_ms=_rounded(seen.p50_total_ms),
        tokens_per_second=_rounded(seen.tokens_per_second, 1),
        samples=seen.samples,
    )


def choice_of(found: Decision, limit: int) -> results.Choice:
    """A decision, with the first of those that fit and of those that do not."""
    return results.Choice(
        model_id=found.model_id,
        period=found.period,
        chosen=found.chosen,
        cost_basis=found.offerings[0].cost.basis if found.offerings else UNSET,
        fitting=tuple(
            results.Fitting(
                rank=one.rank,
                provider_id=one.provider_id,
                provider_model_name=one.provider_model_name,
                api_base_url=one.api_base_url,
                score=number_of(Decimal(str(round(one.composite_score, 1)))),
                confidence=one.confidence,
                cost=_price(one.cost.amount),
                currency=one.cost.currency,
                offering_status=_lifecycle(one.status),
                reasons=one.reasons,
            )
            for one in found.offerings[:limit]
        ),
        fitting_total=len(found.offerings),
        excluded=tuple(
            results.Unfitting(
                provider_id=one.provider_id, reasons=tuple(reason.message for reason in one.reasons)
            )
            for one in found.excluded[:limit]
        ),
        excluded_total=len(found.excluded),
        note=known(found.note),
    )


def costs_of(
    model_id: str, found: Sequence[OfferingCost], page: int, limit: int, *, items: bool
) -> results.Costs:
    """A page of what a workload costs; with ``items``, each with the lines of its bill."""
    shown, next_page = cut(found, page, limit)
    return results.Costs(
        model_id=model_id,
        costs=tuple(_cost(one, items=items) for one in shown),
        total=len(found),
        next_page=next_page,
    )


def _cost(one: OfferingCost, *, items: bool) -> results.Cost:
    return results.Cost(
        provider_id=one.provider_id,
        total=_price(one.total),
        per_request=_price(one.total_per_request),
        currency=one.currency,
        tier_above_tokens=known(one.tier_above_tokens),
        fits=known(one.fits),
        fits_reasons=known(one.fits_reasons),
        unknown=known(one.unknown),
        offering_status=_lifecycle(one.status),
        items=tuple(map(_item, one.items)) if items else UNSET,
    )


def _item(one: CostItem) -> results.Item:
    return results.Item(
        item=one.item,
        quantity=one.quantity,
        unit_price=_price(one.unit_price),
        per=one.per,
        amount=_price(one.amount),
        note=known(one.note),
    )


def providers_of(page: ProviderPage) -> results.ProviderStates:
    """A page of providers."""
    return results.ProviderStates(
        providers=tuple(
            results.ProviderState(
                provider_id=one.id,
                name=one.name,
                status=one.status,
                last_checked_at=_time(one.last_checked_at),
                models_count=one.models_count,
            )
            for one in page.data
        ),
        total=page.pagination.total,
        next_page=_next(page.pagination),
    )


def provider_of(
    found: ProviderDetail, health: ProviderHealth, latency: ProviderLatency
) -> results.ProviderStates:
    """One provider: how it is doing, and how it is called."""
    state = results.ProviderState(
        provider_id=found.id,
        name=found.name,
        status=health.status,
        last_checked_at=_time(found.last_checked_at),
        models_count=found.models_count,
        uptime_percentage=_rounded(health.uptime_percentage, 2),
        checks=health.checks_total,
        p95_response_time_ms=_rounded(health.p95_response_time_ms),
        p50_ttft_ms=_rounded(latency.p50_ttft_ms),
        p95_ttft_ms=_rounded(latency.p95_ttft_ms),
        tokens_per_second=_rounded(latency.average_tokens_per_second, 1),
        success_percentage=_rounded(latency.success_percentage, 2),
        samples=latency.samples,
        incidents=tuple(
            results.SeenIncident(
                started_at=str(_time(one.started_at)),
                ended_at=_time(one.ended_at),
                duration_s=number_of(Decimal(round(one.duration_s))),
                reason=one.reason,
            )
            for one in health.incidents[:INCIDENTS]
        ),
        **called(found),
    )
    return results.ProviderStates(period=health.period, providers=(state,), total=1)


def called(provider: Provider) -> dict[str, Any]:
    """How a provider is called."""
    return {
        "api_base_url": known(provider.api_base_url),
        "compatibility": known(provider.compatibility),
        "auth_type": known(provider.auth_type),
        "env": known(provider.env),
        "regions": known(provider.regions),
        "docs_url": known(provider.docs_url),
        "status_page_url": known(provider.status_page_url),
    }


def changes_of(page: ChangePage) -> results.Changes:
    """A page of changes."""
    return results.Changes(
        changes=tuple(map(_change, page.changes)),
        next=known(page.next),
        begins_at=_time(page.begins_at),
    )


def _change(one: Change) -> results.SeenChange:
    # Of what is new or gone, the record: get_model and list_offerings tell it better.
    changed = one.field is not None
    return results.SeenChange(
        at=str(_time(one.at)),
        kind=one.kind,
        id=one.id,
        action=one.action,
        topic=one.topic,
        field=known(one.field),
        old=_value(one.old) if changed else UNSET,
        new=_value(one.new) if changed else UNSET,
        source=known(one.source),
    )


def _value(value: Any) -> str | float | bool | None:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Decimal | int):
        return number_of(Decimal(value))
    return _JSON.encode(value).decode()


def whole_provider_of(provider: ProviderDetail) -> results.WholeProvider:
    """One provider, with its models."""
    return results.WholeProvider(
        provider_id=provider.id,
        name=provider.name,
        status=provider.status,
        last_checked_at=_time(provider.last_checked_at),
        models_count=provider.models_count,
        description=provider.description,
        models=provider.models,
        **called(provider),
    )
