"""What the tools answer, as types: the schemas that clients check come from them.

What nobody knows, or what does not apply, is left out; of prices and costs it is None, for 0 is free.
"""

from typing import Annotated, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

Price: TypeAlias = Annotated[float | None, Meta(description="Per million tokens; null: unknown, 0: free.")]
Amount: TypeAlias = Annotated[float | None, Meta(description="null: a price that it needs is unknown.")]
NextPage: TypeAlias = Annotated[int, Meta(description="Ask with this page for more.")] | UnsetType
Text: TypeAlias = str | UnsetType
Texts: TypeAlias = tuple[str, ...] | UnsetType
Whole: TypeAlias = int | UnsetType
Number: TypeAlias = float | UnsetType
Flag: TypeAlias = bool | UnsetType
Lifecycle: TypeAlias = Annotated[str, Meta(description="Left out: active.")] | UnsetType


class Answer(Struct, frozen=True, kw_only=True):
    """The root of all."""


class CheapestOffering(Answer, frozen=True, kw_only=True):
    """Where a model's input costs least."""

    provider_id: str
    input_per_million: Price
    output_per_million: Price
    currency: str


class ListedModel(Answer, frozen=True, kw_only=True):
    """A model in a list."""

    id: str
    name: str
    vendor: Text = UNSET
    release_date: Text = UNSET
    context_window: Whole = UNSET
    max_output_tokens: Whole = UNSET
    capabilities: Texts = UNSET
    status: Lifecycle = UNSET
    providers_count: int
    cheapest: CheapestOffering | UnsetType = UNSET


class FoundModels(Answer, frozen=True, kw_only=True):
    """A page of models."""

    models: tuple[ListedModel, ...]
    total: int
    next_page: NextPage = UNSET


class WholeModel(ListedModel, frozen=True, kw_only=True):
    """A model, alone."""

    description: str
    family: Text = UNSET
    input_modalities: Texts = UNSET
    output_modalities: Texts = UNSET
    open_weights: Flag = UNSET
    licensing: Text = UNSET
    knowledge_cutoff: Text = UNSET
    deprecation_date: Text = UNSET
    replaced_by: Text = UNSET
    aliases: Texts = UNSET
    providers: tuple[str, ...]


class BatchPrices(Answer, frozen=True, kw_only=True):
    """For requests that may wait."""

    input_per_million: Price
    output_per_million: Price


class Tier(Answer, frozen=True, kw_only=True):
    """For longer prompts."""

    above_tokens: int
    input_per_million: Price
    output_per_million: Price


class ListedOffering(Answer, frozen=True, kw_only=True):
    """A model at a provider."""

    provider_id: str
    provider_model_name: Annotated[str, Meta(description="What the provider's API calls the model.")]
    input_per_million: Price
    output_per_million: Price
    currency: str
    cache_read_per_million: Number = UNSET
    cache_write_per_million: Number = UNSET
    reasoning_per_million: Number = UNSET
    input_audio_per_million: Number = UNSET
    output_audio_per_million: Number = UNSET
    image_per_unit: Number = UNSET
    audio_per_second: Number = UNSET
    search_per_query: Number = UNSET
    batch: BatchPrices | UnsetType = UNSET
    tiers: tuple[Tier, ...] | UnsetType = UNSET
    context_window: Whole = UNSET
    max_output_tokens: Whole = UNSET
    regions: Texts = UNSET
    requests_per_minute: Whole = UNSET
    tokens_per_minute: Whole = UNSET
    status: Lifecycle = UNSET
    source: Text = UNSET
    verified_at: Text = UNSET


class Offerings(Answer, frozen=True, kw_only=True):
    """A page of a model's offerings."""

    model_id: str
    offerings: tuple[ListedOffering, ...]
    total: int
    next_page: NextPage = UNSET


class ComparedProvider(Answer, frozen=True, kw_only=True):
    """A model at a provider, with what was measured."""

    provider_id: str
    input_per_million: Price
    output_per_million: Price
    currency: str
    context_window: Whole = UNSET
    status: Annotated[str, Meta(description="The provider's: up, degraded, down, unknown.")]
    offering_status: Lifecycle = UNSET
    uptime_percentage: Number = UNSET
    p50_ttft_ms: Number = UNSET
    p95_ttft_ms: Number = UNSET
    p50_total_ms: Number = UNSET
    tokens_per_second: Number = UNSET
    samples: int


class ComparedProviders(Answer, frozen=True, kw_only=True):
    """A page of a model's offerings, sorted."""

    model_id: str
    period: str
    providers: tuple[ComparedProvider, ...]
    total: int
    next_page: NextPage = UNSET


class Fitting(Answer, frozen=True, kw_only=True):
    """An offering that fits."""

    rank: int
    provider_id: str
    provider_model_name: str
    api_base_url: str
    score: Annotated[float, Meta(description="0..100.")]
    confidence: Annotated[
        str, Meta(description="How much was measured: high, medium, low; none: price alone.")
    ]
    cost: Amount
    currency: str
    offering_status: Lifecycle = UNSET
    reasons: tuple[str, ...]


class Unfitting(Answer, frozen=True, kw_only=True):
    """An offering that does not fit."""

    provider_id: str
    reasons: tuple[str, ...]


class Choice(Answer, frozen=True, kw_only=True):
    """Which provider to call."""

    model_id: str
    period: str
    chosen: Annotated[str | None, Meta(description="The provider to call; null: none fits.")]
    cost_basis: (
        Annotated[str, Meta(description="request, or blended_million: a million tokens, 3 in to 1 out.")]
        | UnsetType
    ) = UNSET
    fitting: tuple[Fitting, ...]
    fitting_total: int
    excluded: tuple[Unfitting, ...]
    excluded_total: int
    note: Text = UNSET


class Item(Answer, frozen=True, kw_only=True):
    """A line of a bill."""

    item: str
    quantity: int
    unit_price: Amount
    per: int
    amount: Amount
    note: Text = UNSET


class Cost(Answer, frozen=True, kw_only=True):
    """What the workload costs at a provider."""

    provider_id: str
    total: Amount
    per_request: Amount
    currency: str
    tier_above_tokens: Whole = UNSET
    fits: (
        Annotated[bool, Meta(description="Into the context window; left out: nobody knows.")] | UnsetType
    ) = UNSET
    fits_reasons: Texts = UNSET
    unknown: Annotated[tuple[str, ...], Meta(description="The prices that nobody knows.")] | UnsetType = UNSET
    offering_status: Lifecycle = UNSET
    items: tuple[Item, ...] | UnsetType = UNSET


class Costs(Answer, frozen=True, kw_only=True):
    """A page of what a workload costs, the cheapest first."""

    model_id: str
    costs: tuple[Cost, ...]
    total: int
    next_page: NextPage = UNSET


class SeenIncident(Answer, frozen=True, kw_only=True):
    """A time in which a provider was down or degraded."""

    started_at: str
    ended_at: Annotated[str, Meta(description="Left out: it goes on.")] | UnsetType = UNSET
    duration_s: float
    reason: str


class ProviderState(Answer, frozen=True, kw_only=True):
    """How a provider is doing; alone, also how fast it is and how it is called."""

    provider_id: str
    name: str
    status: Annotated[str, Meta(description="up, degraded, down, unknown.")]
    last_checked_at: Text = UNSET
    models_count: Whole = UNSET
    uptime_percentage: Number = UNSET
    checks: Whole = UNSET
    p95_response_time_ms: Number = UNSET
    p50_ttft_ms: Number = UNSET
    p95_ttft_ms: Number = UNSET
    tokens_per_second: Number = UNSET
    success_percentage: Number = UNSET
    samples: Whole = UNSET
    incidents: tuple[SeenIncident, ...] | UnsetType = UNSET
    api_base_url: Text = UNSET
    compatibility: Text = UNSET
    auth_type: Text = UNSET
    env: Annotated[tuple[str, ...], Meta(description="Variables that hold its key.")] | UnsetType = UNSET
    regions: Texts = UNSET
    docs_url: Text = UNSET
    status_page_url: Text = UNSET


class WholeProvider(ProviderState, frozen=True, kw_only=True):
    """A provider, alone, as a resource."""

    description: str
    models: tuple[str, ...]


class ProviderStates(Answer, frozen=True, kw_only=True):
    """One provider, or a page of them."""

    period: Annotated[str, Meta(description="What the figures of one provider cover.")] | UnsetType = UNSET
    providers: tuple[ProviderState, ...]
    total: int
    next_page: NextPage = UNSET


class SeenChange(Answer, frozen=True, kw_only=True):
    """One thing that changed."""

    at: str
    kind: str
    id: Annotated[str, Meta(description="Of an offering, provider/model.")]
    action: str
    topic: str
    field: Annotated[str, Meta(description="Left out: the whole is new or gone.")] | UnsetType = UNSET
    old: str | float | bool | UnsetType | None = UNSET
    new: str | float | bool | UnsetType | None = UNSET
    source: Annotated[str, Meta(description="Who says so; left out: written by hand.")] | UnsetType = UNSET


class Changes(Answer, frozen=True, kw_only=True):
    """Changes, the newest first."""

    changes: tuple[SeenChange, ...]
    next: Annotated[str, Meta(description="Ask with this cursor for older ones.")] | UnsetType = UNSET
    begins_at: Annotated[str, Meta(description="Of the time before nothing is known.")] | UnsetType = UNSET
