"""The endpoints about models."""

from openmodels.api.endpoint import Answer, Ask, Endpoint
from openmodels.api.lists import filters_of, joined, page_of, page_slice
from openmodels.api.params import AS_OF, LIMIT, PAGE, PERIOD, REGIONS
from openmodels.api.wire import (
    MAX_INTEGER,
    boolean,
    choice,
    choices,
    decimal,
    integer,
    text,
    words,
)
from openmodels.domain.query import (
    ModelQuery,
    compare_offerings,
    popular_models,
    select_models,
)
from openmodels.domain.telemetry import OfferingTelemetry, ProviderState
from openmodels.domain.views.registry import ModelDetail, ModelOfferings, ModelPage, ModelView, encoder
from openmodels.domain.views.telemetry import Comparison, performance_view
from openmodels.domain.vocabulary import (
    CAPABILITIES,
    CAPABILITY_ALIASES,
    COMPARISON_SORTS,
    LIFECYCLES,
    MODALITIES,
    MODALITY_ALIASES,
    MODEL_SORTS,
)
from openmodels.edge.exchange import Freshness

FILTERS = (
    text(
        "search",
        "Words to look for in ids, names, vendors, families, aliases and descriptions.",
        example="deepseek",
    ),
    choices(
        "capability",
        "What the model must be able to do; several are ORed. Other spellings, such as `tools` for "
        "`function-calling`, are understood.",
        CAPABILITIES,
        aliases=CAPABILITY_ALIASES,
        example=["vision"],
    ),
    choices(
        "modality",
        "A modality that goes in or comes out; several are ORed.",
        MODALITIES,
        aliases=MODALITY_ALIASES,
        example=["image"],
    ),
    words("vendor", "The id of who made the model; several are ORed.", example=["openai"]),
    words(
        "provider", "The id of a provider that offers the model; several are ORed.", example=["openrouter"]
    ),
    words("licensing", "proprietary, other, or a lower-case SPDX id; several are ORed.", example=["mit"]),
    choices(
        "status", "Where the model stands in its life; several are ORed.", LIFECYCLES, example=["active"]
    ),
    boolean("open_weights", "Whether the weights can be downloaded."),
    integer(
        "min_context",
        "The least context window, in tokens; a model whose window is unknown does not fit.",
        low=0,
        high=MAX_INTEGER,
        example=100_000,
    ),
    decimal(
        "max_input_price",
        "The most that the cheapest known offering may cost per million input tokens; "
        "a model whose price is unknown does not fit.",
        example=1.5,
    ),
)

SORT = choice("sort", "The order; unknown values come last, ties by id.", MODEL_SORTS, example="price")


async def list_models(ask: Ask) -> Answer:
    """A page of the models that fit."""
    query = ModelQuery(**filters_of(ask))
    found = select_models(ask.snapshot, query)
    return page_of([ask.snapshot.models[n].summary_json for n in found[page_slice(ask)]], ask, len(found))


async def get_model(ask: Ask) -> Answer:
    """One model."""
    return Answer(body=ask.model().detail_json)


async def popular(ask: Ask) -> Answer:
    """The most popular models, as a bare array."""
    found = popular_models(ask.snapshot, ask.services.clock.now())[: ask.params["limit"]]
    return Answer(body=joined([ask.snapshot.models[n].summary_json for n in found]))


async def model_offerings(ask: Ask) -> Answer:
    """Who offers a model."""
    entry = ask.model()
    record = entry.record
    offerings = joined([offering.json for offering in entry.offerings])
    return Answer(
        body=b'{"model_id":%s,"model_name":%s,"providers":%s}'
        % (encoder.encode(record.id), encoder.encode(record.name), offerings)
    )


async def compare(ask: Ask) -> Answer:
    """The offerings of a model side by side, with what telemetry measured of them."""
    entry = ask.model()
    regions = ask.params["region"]
    known = await ask.measured_if_any(entry, regions=regions)
    states = await ask.states()
    rows = []
    for offering in compare_offerings(entry.offerings, known, sort=ask.params["sort"], region=regions):
        provider_id = offering.record.provider_id
        performance = performance_view(
            known.get(provider_id, OfferingTelemetry()), states.get(provider_id, ProviderState())
        )
        rows.append(offering.json[:-1] + b',"performance":' + encoder.encode(performance) + b"}")
    return Answer(
        body=b'{"model_id":%s,"model_name":%s,"period":%s,"comparison":%s}'
        % (
            encoder.encode(entry.record.id),
            encoder.encode(entry.record.name),
            encoder.encode(ask.params["period"]),
            joined(rows),
        )
    )


ENDPOINTS = (
    Endpoint(
        path="/api/models",
        tag="Models",
        summary="List and search models",
        description="A page of the models that fit all filters. Without `sort`, the newest come first, "
        "and with `search` the most relevant.",
        handle=list_models,
        body=ModelPage,
        freshness=Freshness.REVISION,
        params=(
            *FILTERS,
            SORT,
            AS_OF,
            PAGE,
            LIMIT,
        ),
        paged=True,
        example="/api/models?search=deepseek&capability=reasoning&limit=10",
    ),
    Endpoint(
        path="/api/models/popular",
        tag="Models",
        summary="Popular models",
        description="Models by 0.7 × recency + 0.3 × offerings ÷ the largest number of offerings. Recency is "
        "1.0 within 6 months of the release and falls linearly to 0 at 24 months; where the release date is "
        "unknown, the date of the record stands in.",
        handle=popular,
        body=tuple[ModelView, ...],
        freshness=Freshness.TELEMETRY,
        params=(integer("limit", "How many.", low=1, high=100, default=12, example=12),),
        example="/api/models/popular?limit=3",
    ),
    Endpoint(
        path="/api/models/{model_id}",
        tag="Models",
        summary="Get a model",
        description="One model, by id or alias.",
        handle=get_model,
        body=ModelDetail,
        freshness=Freshness.REVISION,
        params=(AS_OF,),
        example="/api/models/deepseek-v3",
    ),
    Endpoint(
        path="/api/models/{model_id}/providers",
        tag="Models",
        summary="List the offerings of a model",
        description="Every provider that offers the model, with prices and limits.",
        handle=model_offerings,
        body=ModelOfferings,
        freshness=Freshness.REVISION,
        params=(AS_OF,),
        example="/api/models/deepseek-v3/providers",
    ),
    Endpoint(
        path="/api/models/{model_id}/compare",
        tag="Models",
        summary="Compare the offerings of a model",
        description="The offerings side by side, with what telemetry measured of each in the period.",
        handle=compare,
        body=Comparison,
        freshness=Freshness.TELEMETRY,
        shared=True,
        params=(
            choice(
                "sort",
                "The order; `blended_price` is 3 input : 1 output. Unknown values come last.",
                COMPARISON_SORTS,
                default="price",
                example="blended_price",
            ),
            REGIONS,
            PERIOD,
        ),
        example="/api/models/deepseek-v3/compare?sort=output_price",
    ),
)
