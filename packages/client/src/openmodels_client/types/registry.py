"""Models, providers and offerings."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct


class Cheapest(Struct, frozen=True, kw_only=True):
    """The cheapest known offering of a model."""

    provider_id: str
    """Who has it."""
    input_per_million: Decimal | None = None
    """Per million input tokens."""
    output_per_million: Decimal | None = None
    """Per million output tokens."""
    currency: str
    """ISO 4217."""


class Model(Struct, frozen=True, kw_only=True):
    """A model, as in lists."""

    id: str
    """The canonical id."""
    name: str
    """The display name."""
    vendor: str | None = None
    """The id of who made it."""
    capabilities: tuple[str, ...]
    """What it can do, most characteristic first."""
    context_window: int | None = None
    """The longest context in tokens."""
    max_output_tokens: int | None = None
    """The longest answer in tokens."""
    description: str
    """One or two plain sentences."""
    vendor_name: str | None = None
    """The display name of who made it."""
    family: str | None = None
    """The line of models it belongs to."""
    modalities: tuple[str, ...]
    """Every modality that goes in or comes out."""
    input_modalities: tuple[str, ...] | None = None
    """The modalities that go in; None where nobody recorded them apart."""
    output_modalities: tuple[str, ...] | None = None
    """The modalities that come out; None where nobody recorded them apart."""
    open_weights: bool | None = None
    """Whether the weights can be downloaded."""
    licensing: str
    """proprietary, other, or a lower-case SPDX id."""
    release_date: str | None = None
    """When the vendor released it, as much of the date as is known."""
    knowledge_cutoff: str | None = None
    """How recent its training data is, as much of the date as is known."""
    status: str
    """Where it stands in its life."""
    deprecation_date: str | None = None
    """When the vendor retires it."""
    replaced_by: str | None = None
    """The id of its successor."""
    aliases: tuple[str, ...]
    """Other ids that lead to it."""
    providers_count: int
    """How many providers offer it."""
    cheapest: Cheapest | None = None
    """The offering with the lowest known input price."""
    created_at: datetime
    """When this record was first written."""
    updated_at: datetime
    """When this record was last changed."""


class ModelDetail(Model, frozen=True, kw_only=True):
    """A model, alone."""

    providers: tuple[str, ...]
    """The ids of the providers that offer it."""


class Pagination(Struct, frozen=True, kw_only=True):
    """Which part of a list this is."""

    page: int
    """The page's number, from 1."""
    limit: int
    """Items per page."""
    total: int
    """Items on all pages together."""


class ModelPage(Struct, frozen=True, kw_only=True):
    """One page of models."""

    data: tuple[Model, ...]
    """The page's models."""
    pagination: Pagination
    """Which page this is."""


class BatchPricing(Struct, frozen=True, kw_only=True):
    """Prices for requests that may wait for hours."""

    input_per_million: Decimal | None = None
    """Per million input tokens."""
    output_per_million: Decimal | None = None
    """Per million output tokens."""


class PriceTier(Struct, frozen=True, kw_only=True):
    """Prices that hold for a request whose prompt is longer than ``above_tokens``."""

    above_tokens: int
    """The tier holds for prompts longer than this."""
    input_per_million: Decimal | None = None
    """Per million input tokens."""
    output_per_million: Decimal | None = None
    """Per million output tokens."""
    cache_read_per_million: Decimal | None = None
    """Per million tokens read from the prompt cache."""
    cache_write_per_million: Decimal | None = None
    """Per million tokens written to the prompt cache."""
    reasoning_per_million: Decimal | None = None
    """Per million reasoning tokens."""
    input_audio_per_million: Decimal | None = None
    """Per million input audio tokens."""
    output_audio_per_million: Decimal | None = None
    """Per million output audio tokens."""


class Pricing(Struct, frozen=True, kw_only=True):
    """What an offering costs. A price that nobody knows is None; 0 means free."""

    input_per_million: Decimal | None = None
    """Per million input tokens."""
    output_per_million: Decimal | None = None
    """Per million output tokens."""
    currency: str
    """The currency of every price here."""
    cache_read_per_million: Decimal | None = None
    """Per million tokens read from the prompt cache."""
    cache_write_per_million: Decimal | None = None
    """Per million tokens written to the prompt cache."""
    reasoning_per_million: Decimal | None = None
    """Per million reasoning tokens, where they cost something else than output."""
    input_audio_per_million: Decimal | None = None
    """Per million input audio tokens."""
    output_audio_per_million: Decimal | None = None
    """Per million output audio tokens."""
    image_per_unit: Decimal | None = None
    """Per image."""
    audio_per_second: Decimal | None = None
    """Per second of audio."""
    search_per_query: Decimal | None = None
    """Per web search that the model makes."""
    batch: BatchPricing | None = None
    """Prices for requests that may wait."""
    tiers: tuple[PriceTier, ...] = ()
    """Prices by length of prompt, above_tokens ascending."""


class RateLimits(Struct, frozen=True, kw_only=True):
    """The provider's own limits for this model; None where nobody knows them."""

    requests_per_minute: int | None = None
    """Requests in a minute."""
    tokens_per_minute: int | None = None
    """Tokens in a minute, input and output together."""


class Source(Struct, frozen=True, kw_only=True):
    """Where an offering's numbers come from."""

    name: str
    """Who says so."""
    url: str | None = None
    """Where they say so."""
    verified_at: datetime | None = None
    """When somebody last compared the numbers with the source."""


class Offering(Struct, frozen=True, kw_only=True):
    """A model at a provider."""

    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    provider_model_name: str
    """What the provider's API calls the model."""
    pricing: Pricing
    """What it costs; None where nobody knows, 0 where it is free."""
    rate_limits: RateLimits
    """The provider's own limits for this model."""
    context_window: int | None = None
    """The longest context here in tokens."""
    context_window_override: int | None = None
    """The context window here, where it differs from the model's."""
    max_output_tokens: int | None = None
    """The longest answer here in tokens."""
    available_regions: tuple[str, ...]
    """Where it can be had."""
    status: str
    """Where this offering stands in its life."""
    updated_at: datetime
    """When this record was last changed."""
    source: Source | None = None
    """Where the numbers come from."""


class ModelOfferings(Struct, frozen=True, kw_only=True):
    """The offerings of a model."""

    model_id: str
    """The canonical id."""
    model_name: str
    """The display name."""
    providers: tuple[Offering, ...]
    """One item for each provider that offers it, by provider id."""


class Provider(Struct, frozen=True, kw_only=True):
    """A provider, as in lists."""

    id: str
    """The id."""
    name: str
    """The display name."""
    description: str
    """One or two plain sentences."""
    api_base_url: str
    """What an API path is appended to."""
    auth_type: str
    """How a request is authenticated."""
    regions: tuple[str, ...]
    """Where it serves."""
    compatibility: str
    """Whose API shape it speaks."""
    models_count: int
    """How many models it offers."""
    docs_url: str | None = None
    """Its developer documentation."""
    status_page_url: str | None = None
    """Its own status page."""
    env: tuple[str, ...]
    """The environment variables in which users keep its key."""
    status: str
    """How it is doing now."""
    last_checked_at: datetime | None = None
    """When it was last checked."""
    created_at: datetime
    """When this record was first written."""
    updated_at: datetime
    """When this record was last changed."""


class ProviderDetail(Provider, frozen=True, kw_only=True):
    """A provider, alone."""

    models: tuple[str, ...]
    """The ids of the models that it offers."""


class ProviderPage(Struct, frozen=True, kw_only=True):
    """One page of providers."""

    data: tuple[Provider, ...]
    """The page's providers."""
    pagination: Pagination
    """Which page this is."""


class SearchResults(Struct, frozen=True, kw_only=True):
    """Models and providers that match, best first."""

    models: tuple[Model, ...]
    """The best models."""
    providers: tuple[Provider, ...]
    """The best providers."""
    total: int
    """How many models and providers match in all."""


class IndexedModel(Struct, frozen=True, kw_only=True):
    """What a search box needs to know of a model."""

    id: str
    """The canonical id."""
    name: str
    """The display name."""
    vendor: str | None = None
    """The id of who made it."""
    capabilities: tuple[str, ...]
    """What it can do."""


class IndexedProvider(Struct, frozen=True, kw_only=True):
    """What a search box needs to know of a provider."""

    id: str
    """The id."""
    name: str
    """The display name."""
    compatibility: str
    """Whose API shape it speaks."""


class NameIndex(Struct, frozen=True, kw_only=True):
    """Every model and provider in short, for search on the client's side."""

    models: tuple[IndexedModel, ...]
    """All models, by id."""
    providers: tuple[IndexedProvider, ...]
    """All providers, by id."""
    updated_at: datetime
    """When this revision was published."""
