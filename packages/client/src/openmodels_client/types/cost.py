"""What a workload costs, and what prices were."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from openmodels_client.types.registry import BatchPricing, PriceTier


class Workload(Struct, frozen=True, kw_only=True):
    """What is asked of a model: one request's quantities, and how many requests."""

    input_tokens: int = 0
    """Input tokens of one request: the whole prompt, cached or not."""
    output_tokens: int = 0
    """Output tokens of one request, reasoning included."""
    cached_tokens: int = 0
    """Of the input tokens: those read from the prompt cache."""
    cache_write_tokens: int = 0
    """Of the input tokens: those written to the prompt cache."""
    reasoning_tokens: int = 0
    """Of the output tokens: those spent on reasoning."""
    input_audio_tokens: int = 0
    """Of the input tokens: those of audio."""
    output_audio_tokens: int = 0
    """Of the output tokens: those of audio."""
    images: int = 0
    """Images of one request."""
    audio_seconds: int = 0
    """Seconds of audio of one request, where audio is charged by time."""
    searches: int = 0
    """Web searches that the model makes in one request."""
    requests: int = 1
    """How many such requests."""
    batch: bool = False
    """Whether the requests may wait, at the prices for that."""


class CostItem(Struct, frozen=True, kw_only=True):
    """One line of the bill: ``amount`` = ``quantity`` × ``unit_price`` ÷ ``per``."""

    item: str
    """What is charged."""
    quantity: int
    """How many, over all requests."""
    unit_price: Decimal | None = None
    """The price of `per` of them, as the registry writes it; None where nobody knows it."""
    per: int
    """How many the price is for: 1000000 tokens, or 1."""
    amount: Decimal | None = None
    """What they cost, exactly; None where the price is unknown."""
    known: bool
    """Whether the price is known."""
    note: str | None = None
    """Where another price stands in for one that nobody knows, or why none is known; None elsewhere."""


class OfferingCost(Struct, frozen=True, kw_only=True):
    """What the workload costs at one offering."""

    provider_id: str
    """The provider's id."""
    provider_name: str
    """The provider's display name."""
    provider_model_name: str
    """What the provider's API calls the model."""
    status: str
    """Where this offering stands in its life."""
    currency: str
    """ISO 4217; nothing is converted."""
    total: Decimal | None = None
    """What all requests cost, exactly; None when a price that is needed is unknown."""
    total_per_request: Decimal | None = None
    """What one request costs, exactly."""
    tier_above_tokens: int | None = None
    """The price tier that the prompt falls into: it is longer than this; None below all tiers."""
    fits: bool | None = None
    """Whether prompt and answer fit into the context window; None where that is unknown."""
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


class PricePoint(Struct, frozen=True, kw_only=True):
    """What an offering cost from then on, until the next point."""

    at: datetime
    """From when on."""
    offered: bool
    """Whether it was offered at all; when not, every price is None."""
    input_per_million: Decimal | None = None
    """Per million input tokens."""
    output_per_million: Decimal | None = None
    """Per million output tokens."""
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
    tiers: tuple[PriceTier, ...]
    """Prices by length of prompt."""


class PriceSeries(Struct, frozen=True, kw_only=True):
    """The prices of one offering in one currency: steps, each of which holds until the next."""

    provider_id: str
    """Who offers it, or offered it."""
    provider_name: str | None = None
    """The display name; None when the provider is gone."""
    currency: str
    """ISO 4217. Another currency is another series."""
    ended_at: datetime | None = None
    """When it was taken away, or went over to another currency; None while it goes on."""
    points: tuple[PricePoint, ...]
    """The steps, oldest first."""


class ModelPrices(Struct, frozen=True, kw_only=True):
    """The prices of a model at each provider over time."""

    model_id: str
    """The canonical id."""
    model_name: str | None = None
    """The display name, which it last had if it is gone; None where nobody knows."""
    begins_at: datetime | None = None
    """The beginning of every series that was offered by then: of the time before nothing is known."""
    series: tuple[PriceSeries, ...]
    """By provider id, then time."""
