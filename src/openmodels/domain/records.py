"""The registry's records: what a model, a provider, an offering and a vendor are.

The types are the schema. Unknown keys are rejected, every field is documented here, and the JSON Schemas in
``registry/schemas`` are generated from this module. A fact that nobody knows is ``None``, never 0.
"""

import hashlib
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from openmodels.domain.vocabulary import AuthType, Capability, Compatibility, Lifecycle, Modality

ID_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
REGION_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
LICENSING_PATTERN = r"^[a-z0-9][a-z0-9.+-]*$"
PARTIAL_DATE_PATTERN = r"^[1-9][0-9]{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"
_HTTPS = r"https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?"
# Python's $ also stands before a line's end; JSON Schema's does not.
URL_PATTERN = rf"^{_HTTPS}(:[0-9]{{1,5}})?(/[^\s\x00-\x1f\x7f<>\"\\^`{{}}|]*)?$(?!\n)"
ENV_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$|^[0-9][A-Z0-9_]*$"
HEALTH_PATH_PATTERN = r"^/[^\s\x00-\x1f\x7f<>\"\\^`{}|#]*$(?!\n)"
HTTP_PATTERN = (
    r"http://(localhost|127(\.[0-9]{1,3}){3}|10(\.[0-9]{1,3}){3}|192\.168(\.[0-9]{1,3}){2}"
    r"|172\.(1[6-9]|2[0-9]|3[01])(\.[0-9]{1,3}){2}|[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?"
    r"|([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+(internal|local|lan|home\.arpa))"
)
"""Plain HTTP to a host that is not on the Internet: a private address (RFC 1918), a name of one part, or one
under a domain that is kept for private use."""
BASE_URL_PATTERN = URL_PATTERN.replace(_HTTPS, rf"({_HTTPS}|{HTTP_PATTERN})", 1)
OFFERING_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*$"
FIELD_PATTERN = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$"
MAX_TOKENS = 100_000_000

Id = Annotated[
    str, Meta(pattern=ID_PATTERN, max_length=255, description="lower-case letters, digits and single hyphens")
]
Name = Annotated[str, Meta(min_length=1, max_length=255)]
Description = Annotated[str, Meta(min_length=10, max_length=2000)]
Region = Annotated[str, Meta(pattern=REGION_PATTERN, max_length=50)]
Url = Annotated[str, Meta(pattern=URL_PATTERN, max_length=500, description="an https address")]
BaseUrl = Annotated[
    str,
    Meta(
        pattern=BASE_URL_PATTERN,
        max_length=500,
        description="an https address; plain http only in an overlay, for a host in the house",
    ),
]
Tokens = Annotated[int, Meta(ge=1, le=MAX_TOKENS, description="a number of tokens")]
PerMinute = Annotated[int, Meta(ge=1, le=10**15)]
PartialDate = Annotated[
    str,
    Meta(
        pattern=PARTIAL_DATE_PATTERN, description="as much of a date as is known: 2025, 2025-03, 2025-03-14"
    ),
]
Timestamp = Annotated[datetime, Meta(tz=True, description="ISO 8601, with Z or an offset")]
Country = Annotated[str, Meta(pattern=r"^[a-z]{2}$", description="ISO 3166-1 alpha-2, lower case")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217")]
FieldPath = Annotated[
    str,
    Meta(
        pattern=FIELD_PATTERN, max_length=100, description="a field of the record; parts are joined by dots"
    ),
]
# msgspec cannot bound a Decimal; ``limits.py`` holds the bounds that this schema only states.
Price = Annotated[
    Decimal,
    Meta(
        description="a decimal number of the currency's units, kept exactly as written; 0 means free",
        extra_json_schema={"minimum": 0},
    ),
]


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all records share: immutable, by keyword, no unknown keys."""


class Claim(Record, frozen=True, kw_only=True):
    """What a source says of one field otherwise than this record does."""

    field: FieldPath
    """The field, its parts joined by dots: ``pricing.input_per_million``."""
    value: Annotated[str, Meta(max_length=2000)]
    """What the source says, as JSON text."""


class Provenance(Record, frozen=True, kw_only=True):
    """What of a record comes from one source. A field that no source names was written by hand."""

    source: Id
    """The id of the source: models-dev, litellm, genai-prices, openai-compatible, ..."""
    version: Annotated[str, Meta(min_length=1, max_length=100)]
    """Which version of the source: a package's version, or a digest of the document."""
    observed_at: Timestamp
    """When it said so."""
    fields: tuple[FieldPath, ...] = ()
    """The fields whose values are this source's, sorted."""
    differs: tuple[Claim, ...] = ()
    """The fields of which it says something else, by field; the record keeps its own value."""


class Benchmark(Record, frozen=True, kw_only=True):
    """One published result of a model on a benchmark. Kept with the model; not served yet."""

    benchmark: Id
    """The benchmark's id."""
    score: Decimal
    """The result, in ``unit``."""
    name: Name | None = None
    """The benchmark's display name."""
    version: str | None = None
    """The benchmark's version."""
    category: str | None = None
    """What it tests: coding, knowledge, ..."""
    unit: str | None = None
    """The unit of ``score``: %, points, ..."""
    reported_by: str | None = None
    """Who reports it: vendor, third-party, ..."""
    source_name: str | None = None
    """Where it was published."""
    source_url: Url | None = None
    """The address of the publication."""
    published_at: PartialDate | None = None
    """When it was published."""
    notes: str | None = None
    """Conditions that a reader must know."""


class Model(Record, frozen=True, kw_only=True):
    """A model, whoever serves it: ``models/<id>.yaml``."""

    id: Id
    """The canonical id; also the file's name."""
    name: Name
    """The display name."""
    description: Description
    """One or two plain sentences."""
    capabilities: Annotated[tuple[Capability, ...], Meta(min_length=1)]
    """What it can do, most characteristic first."""
    modalities: Annotated[tuple[Modality, ...], Meta(min_length=1)]
    """Every modality that goes in or comes out."""
    context_window: Tokens | None
    """The longest context in tokens, prompt and answer together."""
    licensing: Annotated[str, Meta(pattern=LICENSING_PATTERN, max_length=64)]
    """``proprietary``, ``other``, or a lower-case SPDX id."""
    created_at: Timestamp
    """When this record was first written."""
    updated_at: Timestamp
    """When this record was last changed."""
    vendor: Id | None = None
    """The id of who made it; when missing, taken from the id prefixes in ``vendors.yaml``."""
    family: Id | None = None
    """The line of models it belongs to, such as ``llama`` or ``claude-opus``."""
    max_output_tokens: Tokens | None = None
    """The longest answer in tokens."""
    input_modalities: tuple[Modality, ...] | None = None
    """The modalities that go in."""
    output_modalities: tuple[Modality, ...] | None = None
    """The modalities that come out."""
    open_weights: bool | None = None
    """Whether the weights can be downloaded."""
    release_date: PartialDate | None = None
    """When the vendor released it."""
    knowledge_cutoff: PartialDate | None = None
    """How recent its training data is."""
    status: Lifecycle = "active"
    """Where it stands in its life."""
    deprecation_date: date | None = None
    """When the vendor retires it; required once it is retired."""
    replaced_by: Id | None = None
    """The id of the model that the vendor names as its successor."""
    aliases: tuple[Id, ...] = ()
    """Other ids under which the API finds it."""
    country: Country | None = None
    """The country it comes from."""
    benchmarks: tuple[Benchmark, ...] = ()
    """Published benchmark results."""
    provenance: tuple[Provenance, ...] = ()
    """Which fields come from which source; one item for each source."""


class ProbePolicy(Record, frozen=True, kw_only=True):
    """How a provider is probed, where that differs from the prober's own settings."""

    enabled: bool = True
    """Whether it is probed at all."""
    style: Id | None = None
    """The API style that probes speak; by default that of ``compatibility``."""
    health_path: Annotated[str, Meta(pattern=HEALTH_PATH_PATTERN, max_length=200)] | None = None
    """What a health check asks for, after ``api_base_url``; by default the style's list of models."""
    health_interval: Annotated[int, Meta(ge=10, le=86_400, description="seconds")] | None = None
    """Seconds between health checks."""
    latency_interval: Annotated[int, Meta(ge=10, le=86_400, description="seconds")] | None = None
    """Seconds between latency probes."""
    daily_limit: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    """Latency probes in one day (UTC), by all probers together."""
    daily_budget: Price | None = None
    """What latency probes may cost in one day (UTC), in the currency of the offering."""
    timeout: Annotated[int, Meta(ge=1, le=300, description="seconds")] | None = None
    """Seconds that one probe may take."""


class Provider(Record, frozen=True, kw_only=True):
    """Someone who serves models over an API: ``providers/<id>.yaml``."""

    id: Id
    """The id; also the file's name."""
    name: Name
    """The display name."""
    description: Description
    """One or two plain sentences."""
    api_base_url: BaseUrl
    """What an API path is appended to; https, without a trailing slash."""
    auth_type: AuthType
    """How a request is authenticated."""
    regions: Annotated[tuple[Region, ...], Meta(min_length=1)]
    """Where it serves; ``global`` admits any region in its mappings."""
    compatibility: Compatibility
    """Whose API shape it speaks."""
    created_at: Timestamp
    """When this record was first written."""
    updated_at: Timestamp
    """When this record was last changed."""
    docs_url: Url | None = None
    """Its developer documentation."""
    status_page_url: Url | None = None
    """Its own status page."""
    env: tuple[Annotated[str, Meta(pattern=ENV_PATTERN, max_length=100)], ...] = ()
    """The environment variables in which users keep its key."""
    probe: ProbePolicy | None = None
    """How it is probed; by default as the prober's settings say."""
    provenance: tuple[Provenance, ...] = ()
    """Which fields come from which source; one item for each source."""


class BatchPricing(Record, frozen=True, kw_only=True):
    """Prices for requests that may wait for hours."""

    input_per_million: Price | None = None
    """Per million input tokens."""
    output_per_million: Price | None = None
    """Per million output tokens."""


class PriceTier(Record, frozen=True, kw_only=True):
    """Prices that hold for a request whose prompt is longer than ``above_tokens``."""

    above_tokens: Tokens
    """The tier holds for prompts longer than this."""
    input_per_million: Price | None = None
    """Per million input tokens."""
    output_per_million: Price | None = None
    """Per million output tokens."""
    cache_read_per_million: Price | None = None
    """Per million tokens read from the prompt cache."""
    cache_write_per_million: Price | None = None
    """Per million tokens written to the prompt cache."""
    reasoning_per_million: Price | None = None
    """Per million reasoning tokens."""
    input_audio_per_million: Price | None = None
    """Per million input audio tokens."""
    output_audio_per_million: Price | None = None
    """Per million output audio tokens."""


class Pricing(Record, frozen=True, kw_only=True):
    """What an offering costs. A price that nobody knows is null; 0 means free."""

    input_per_million: Price | None
    """Per million input tokens."""
    output_per_million: Price | None
    """Per million output tokens."""
    currency: Currency
    """The currency of every price here."""
    cache_read_per_million: Price | None = None
    """Per million tokens read from the prompt cache."""
    cache_write_per_million: Price | None = None
    """Per million tokens written to the prompt cache."""
    reasoning_per_million: Price | None = None
    """Per million reasoning tokens, where they cost something else than output."""
    input_audio_per_million: Price | None = None
    """Per million input audio tokens."""
    output_audio_per_million: Price | None = None
    """Per million output audio tokens."""
    image_per_unit: Price | None = None
    """Per image."""
    audio_per_second: Price | None = None
    """Per second of audio."""
    search_per_query: Price | None = None
    """Per web search that the model makes."""
    batch: BatchPricing | None = None
    """Prices for requests that may wait."""
    tiers: tuple[PriceTier, ...] = ()
    """Prices by length of prompt, ``above_tokens`` ascending."""


class RateLimits(Record, frozen=True, kw_only=True):
    """The provider's own limits for this model; null where nobody knows them."""

    requests_per_minute: PerMinute | None = None
    """Requests in a minute."""
    tokens_per_minute: PerMinute | None = None
    """Tokens in a minute, input and output together."""


class Source(Record, frozen=True, kw_only=True):
    """Where an offering's numbers come from."""

    name: Name
    """Who says so."""
    url: Url | None = None
    """Where they say so."""
    verified_at: Timestamp | None = None
    """When somebody last compared the numbers with the source."""


class Offering(Record, frozen=True, kw_only=True):
    """A model at a provider: ``mappings/<provider_id>/<model_id>.yaml``."""

    model_id: Id
    """The canonical id of the model; also the file's name."""
    provider_id: Id
    """The id of the provider; also the folder's name."""
    provider_model_name: Name
    """What the provider's API calls the model."""
    pricing: Pricing
    """What it costs."""
    available_regions: Annotated[tuple[Region, ...], Meta(min_length=1)]
    """Where it can be had; among the provider's regions, unless those include ``global``."""
    created_at: Timestamp
    """When this record was first written."""
    updated_at: Timestamp
    """When this record was last changed."""
    rate_limits: RateLimits | None = None
    """The provider's limits."""
    context_window_override: Tokens | None = None
    """The context window here, where it differs from the model's."""
    max_output_tokens: Tokens | None = None
    """The longest answer here, where it differs from the model's."""
    status: Lifecycle = "active"
    """Where this offering stands in its life."""
    source: Source | None = None
    """Where the numbers come from."""
    provenance: tuple[Provenance, ...] = ()
    """Which fields come from which source; one item for each source."""


class Vendor(Record, frozen=True, kw_only=True):
    """Who makes models: one item of ``vendors.yaml``."""

    id: Id
    """The id that models name."""
    name: Name
    """The display name."""
    country: Country | None = None
    """Where it is at home."""
    website: Url | None = None
    """Its site."""
    prefixes: tuple[Annotated[str, Meta(pattern=r"^[a-z0-9-]+$", max_length=100)], ...] = ()
    """Beginnings of model ids that tell this vendor; the longest that matches wins."""


class Registry(Struct, frozen=True, kw_only=True):
    """Everything that is published together; each tuple is sorted by id."""

    models: tuple[Model, ...] = ()
    """Sorted by id."""
    providers: tuple[Provider, ...] = ()
    """Sorted by id."""
    offerings: tuple[Offering, ...] = ()
    """Sorted by provider, then model."""
    vendors: tuple[Vendor, ...] = ()
    """Sorted by id."""


_encoder = msgspec.json.Encoder(decimal_format="number")


def encode_record(record: Record) -> bytes:
    """The canonical JSON of a record: every field in the type's order, decimals as written."""
    return _encoder.encode(record)


def revision_of(registry: Registry) -> str:
    """The content digest of a registry: 16 hexadecimal digits, equal exactly when the content is equal."""
    digest = hashlib.sha256()
    for group in (registry.vendors, registry.providers, registry.models, registry.offerings):
        digest.update(b"%d\n" % len(group))
        for record in group:
            digest.update(encode_record(record) + b"\n")
    return digest.hexdigest()[:16]
