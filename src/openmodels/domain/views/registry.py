"""The shapes of what comes from the registry alone, and how records become them."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from openmodels.domain.offerings import longest_answer_of, window_of
from openmodels.domain.pricing import cheapest
from openmodels.domain.records import Model, Offering, Price, Pricing, Provider, RateLimits, Vendor
from openmodels.domain.telemetry import ProviderState
from openmodels.domain.vocabulary import (
    MODALITIES,
    AuthType,
    Capability,
    Compatibility,
    Lifecycle,
    Modality,
    ProviderStatus,
)

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]

encoder = msgspec.json.Encoder(decimal_format="number")


def iso(time: datetime) -> str:
    """``2025-07-10T14:30:00.000Z``."""
    # Not strftime: its %Y has fewer than four digits for years before 1000.
    return time.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def iso_or_none(time: datetime | None) -> str | None:
    """As ``iso``; None stays None."""
    return None if time is None else iso(time)


class Cheapest(Struct, frozen=True):
    """The cheapest known offering of a model."""

    provider_id: str
    """Who has it."""
    input_per_million: Price | None
    """Per million input tokens."""
    output_per_million: Price | None
    """Per million output tokens."""
    currency: str
    """ISO 4217."""


class ModelView(Struct, frozen=True, kw_only=True):
    """A model, as in lists."""

    id: str
    """The canonical id."""
    name: str
    """The display name."""
    vendor: str | None
    """The id of who made it."""
    capabilities: tuple[Capability, ...]
    """What it can do, most characteristic first."""
    context_window: int | None
    """The longest context in tokens."""
    max_output_tokens: int | None
    """The longest answer in tokens."""
    description: str
    """One or two plain sentences."""
    vendor_name: str | None
    """The display name of who made it."""
    family: str | None
    """The line of models it belongs to."""
    modalities: tuple[Modality, ...]
    """Every modality that goes in or comes out."""
    input_modalities: tuple[Modality, ...] | None
    """The modalities that go in; null where nobody recorded them apart."""
    output_modalities: tuple[Modality, ...] | None
    """The modalities that come out; null where nobody recorded them apart."""
    open_weights: bool | None
    """Whether the weights can be downloaded."""
    licensing: str
    """proprietary, other, or a lower-case SPDX id."""
    release_date: str | None
    """When the vendor released it, as much of the date as is known."""
    knowledge_cutoff: str | None
    """How recent its training data is, as much of the date as is known."""
    status: Lifecycle
    """Where it stands in its life."""
    deprecation_date: str | None
    """When the vendor retires it."""
    replaced_by: str | None
    """The id of its successor."""
    aliases: tuple[str, ...]
    """Other ids that lead to it."""
    providers_count: int
    """How many providers offer it."""
    cheapest: Cheapest | None
    """The offering with the lowest known input price."""
    created_at: Time
    """When this record was first written."""
    updated_at: Time
    """When this record was last changed."""


class ModelDetail(ModelView, frozen=True, kw_only=True):
    """A model, alone."""

    providers: tuple[str, ...]
    """The ids of the providers that offer it."""


class SourceView(Struct, frozen=True, kw_only=True):
    """Where an offering's numbers come from."""

    name: str
    """Who says so."""
    url: str | None
    """Where they say so."""
    verified_at: Time | None
    """When somebody last compared the numbers with the source."""


class OfferingView(Struct, frozen=True, kw_only=True):
    """A model at a provider."""

    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    provider_model_name: str
    """What the provider's API calls the model."""
    pricing: Pricing
    """What it costs; null where nobody knows, 0 where it is free."""
    rate_limits: RateLimits
    """The provider's own limits for this model."""
    context_window: int | None
    """The longest context here in tokens."""
    context_window_override: int | None
    """The context window here, where it differs from the model's."""
    max_output_tokens: int | None
    """The longest answer here in tokens."""
    available_regions: tuple[str, ...]
    """Where it can be had."""
    status: Lifecycle
    """Where this offering stands in its life."""
    updated_at: Time
    """When this record was last changed."""
    source: SourceView | None
    """Where the numbers come from."""


class ModelOfferings(Struct, frozen=True, kw_only=True):
    """The offerings of a model."""

    model_id: str
    """The canonical id."""
    model_name: str
    """The display name."""
    providers: tuple[OfferingView, ...]
    """One item for each provider that offers it, by provider id."""


class ProviderView(Struct, frozen=True, kw_only=True):
    """A provider, as in lists."""

    id: str
    """The id."""
    name: str
    """The display name."""
    description: str
    """One or two plain sentences."""
    api_base_url: str
    """What an API path is appended to."""
    auth_type: AuthType
    """How a request is authenticated."""
    regions: tuple[str, ...]
    """Where it serves."""
    compatibility: Compatibility
    """Whose API shape it speaks."""
    models_count: int
    """How many models it offers."""
    docs_url: str | None
    """Its developer documentation."""
    status_page_url: str | None
    """Its own status page."""
    env: tuple[str, ...]
    """The environment variables in which users keep its key."""
    status: ProviderStatus
    """How it is doing now."""
    last_checked_at: Time | None
    """When it was last checked."""
    created_at: Time
    """When this record was first written."""
    updated_at: Time
    """When this record was last changed."""


class ProviderDetail(ProviderView, frozen=True, kw_only=True):
    """A provider, alone."""

    models: tuple[str, ...]
    """The ids of the models that it offers."""


class Pagination(Struct, frozen=True):
    """Which part of a list this is."""

    page: int
    """The page's number, from 1."""
    limit: int
    """Items per page."""
    total: int
    """Items on all pages together."""


class ModelPage(Struct, frozen=True, kw_only=True):
    """One page of models."""

    data: tuple[ModelView, ...]
    """The page's models."""
    pagination: Pagination
    """Which page this is."""


class ProviderPage(Struct, frozen=True, kw_only=True):
    """One page of providers."""

    data: tuple[ProviderView, ...]
    """The page's providers."""
    pagination: Pagination
    """Which page this is."""


class SearchResults(Struct, frozen=True, kw_only=True):
    """Models and providers that match, best first."""

    models: tuple[ModelView, ...]
    """The best models."""
    providers: tuple[ProviderView, ...]
    """The best providers."""
    total: int
    """How many models and providers match in all."""


class IndexedModel(Struct, frozen=True):
    """What a search box needs to know of a model."""

    id: str
    """The canonical id."""
    name: str
    """The display name."""
    vendor: str | None
    """The id of who made it."""
    capabilities: tuple[Capability, ...]
    """What it can do."""


class IndexedProvider(Struct, frozen=True):
    """What a search box needs to know of a provider."""

    id: str
    """The id."""
    name: str
    """The display name."""
    compatibility: Compatibility
    """Whose API shape it speaks."""


class NameIndex(Struct, frozen=True, kw_only=True):
    """Every model and provider in short, for search on the client's side."""

    models: tuple[IndexedModel, ...]
    """All models, by id."""
    providers: tuple[IndexedProvider, ...]
    """All providers, by id."""
    updated_at: Time
    """When this revision was published."""


class Stats(Struct, frozen=True, kw_only=True):
    """How much there is."""

    models: int
    """Models in the registry."""
    providers: int
    """Providers in the registry."""
    mappings: int
    """Offerings in the registry."""
    last_sync_at: Time
    """When this revision was published."""
    revision: str
    """The content digest of the published registry."""
    checks_24h: int | None
    """Health checks made in the last 24 hours; null when telemetry cannot be read."""
    demo: Literal[True] | UnsetType = UNSET
    """There only in a demo, whose telemetry is of fake providers."""


def model_view(model: Model, vendor: Vendor | None, offerings: tuple[Offering, ...]) -> ModelDetail:
    """The detailed view of a model; ``summary_of`` makes the list's view from it."""
    both = {*(model.input_modalities or ()), *(model.output_modalities or ()), *model.modalities}
    return ModelDetail(
        id=model.id,
        name=model.name,
        vendor=model.vendor,
        capabilities=model.capabilities,
        context_window=model.context_window,
        max_output_tokens=model.max_output_tokens,
        description=model.description,
        vendor_name=vendor.name if vendor else None,
        family=model.family,
        modalities=tuple(m for m in MODALITIES if m in both),
        input_modalities=model.input_modalities,
        output_modalities=model.output_modalities,
        open_weights=model.open_weights,
        licensing=model.licensing,
        release_date=model.release_date,
        knowledge_cutoff=model.knowledge_cutoff,
        status=model.status,
        deprecation_date=model.deprecation_date.isoformat() if model.deprecation_date else None,
        replaced_by=model.replaced_by,
        aliases=model.aliases,
        providers_count=len(offerings),
        cheapest=_cheapest_view(offerings),
        created_at=iso(model.created_at),
        updated_at=iso(model.updated_at),
        providers=tuple(offering.provider_id for offering in offerings),
    )


def _cheapest_view(offerings: tuple[Offering, ...]) -> Cheapest | None:
    best = cheapest(offerings)
    if best is None:
        return None
    prices = best.pricing
    return Cheapest(best.provider_id, prices.input_per_million, prices.output_per_million, prices.currency)


def offering_view(offering: Offering, model: Model, provider: Provider) -> OfferingView:
    """The view of an offering, with what it inherits from its model filled in."""
    source = offering.source
    return OfferingView(
        provider_id=offering.provider_id,
        provider_name=provider.name,
        provider_model_name=offering.provider_model_name,
        pricing=offering.pricing,
        rate_limits=offering.rate_limits or RateLimits(),
        context_window=window_of(offering, model),
        context_window_override=offering.context_window_override,
        max_output_tokens=longest_answer_of(offering, model),
        available_regions=offering.available_regions,
        status=offering.status,
        updated_at=iso(offering.updated_at),
        source=None
        if source is None
        else SourceView(name=source.name, url=source.url, verified_at=iso_or_none(source.verified_at)),
    )


def provider_view(provider: Provider, models: tuple[str, ...], state: ProviderState) -> ProviderDetail:
    """The detailed view of a provider; ``models`` are the ids of the models that it offers."""
    return ProviderDetail(
        id=provider.id,
        name=provider.name,
        description=provider.description,
        api_base_url=provider.api_base_url,
        auth_type=provider.auth_type,
        regions=provider.regions,
        compatibility=provider.compatibility,
        models_count=len(models),
        docs_url=provider.docs_url,
        status_page_url=provider.status_page_url,
        env=provider.env,
        status=state.status,
        last_checked_at=iso_or_none(state.last_checked_at),
        created_at=iso(provider.created_at),
        updated_at=iso(provider.updated_at),
        models=models,
    )


def json_without_last_key(detail: bytes, key: bytes) -> bytes:
    """An encoded object without its last key: the list's view from the detail, which adds one key."""
    return detail[: detail.rindex(b',"' + key + b'":')] + b"}"
