"""The endpoint that says what a workload costs."""

from collections.abc import Mapping, Sequence
from typing import Any

from openmodels.api.endpoint import Answer, Ask, Endpoint, answer
from openmodels.api.params import AS_OF
from openmodels.api.wire import Param, boolean, integer, words
from openmodels.domain.cost import QUANTITIES, USUAL, UnusableWorkload, Workload
from openmodels.domain.snapshot import ModelEntry, Snapshot
from openmodels.domain.views.cost import ModelCost, model_cost
from openmodels.edge.exchange import Freshness
from openmodels.errors import BadRequest

DESCRIPTIONS = {
    "input_tokens": "Input tokens of one request: the whole prompt, cached or not. Default 0; where no "
    "quantity at all is given, 1000 input and 1000 output tokens.",
    "output_tokens": "Output tokens of one request, reasoning included. Default 0.",
    "cached_tokens": "Of the input tokens, those read from the prompt cache. Default 0.",
    "cache_write_tokens": "Of the input tokens, those written to the prompt cache. Default 0.",
    "reasoning_tokens": "Of the output tokens, those spent on reasoning. Default 0.",
    "input_audio_tokens": "Of the input tokens, those of audio. Default 0.",
    "output_audio_tokens": "Of the output tokens, those of audio. Default 0.",
    "images": "Images of one request. Default 0.",
    "audio_seconds": "Seconds of audio of one request, where audio is charged by time. Default 0.",
    "searches": "Web searches that the model makes in one request. Default 0.",
}
EXAMPLES = {
    "input_tokens": 20_000,
    "output_tokens": 500,
    "cached_tokens": 15_000,
    "cache_write_tokens": 1000,
    "reasoning_tokens": 200,
    "input_audio_tokens": 500,
    "output_audio_tokens": 100,
    "images": 1,
    "audio_seconds": 60,
    "searches": 2,
}


def quantity(name: str) -> Param:
    """The parameter for one of a workload's quantities; None where it is not given."""
    return integer(name, DESCRIPTIONS[name], low=0, high=QUANTITIES[name], example=EXAMPLES[name])


async def model_costs(ask: Ask) -> Answer:
    """What a workload costs at each offering of a model."""
    return answer(costs_of(ask.snapshot, ask.model(), _workload(ask), regions=ask.params["region"]))


def costs_of(
    snapshot: Snapshot, entry: ModelEntry, workload: Workload, *, regions: Sequence[str] = ()
) -> ModelCost:
    """What the workload costs at each offering of the model that is not retired, in any of the regions."""
    return model_cost(
        entry.record,
        [offering.record for offering in entry.offerings],
        workload,
        provider_names={
            o.record.provider_id: provider.record.name
            for o in entry.offerings
            if (provider := snapshot.provider(o.record.provider_id))
        },
        regions=regions,
    )


def workload_of(given: Mapping[str, Any]) -> Workload:
    """The workload that these values of ``WORKLOAD`` ask for. Raises ``UnusableWorkload``."""
    quantities = {name: value for name in DESCRIPTIONS if (value := given[name]) is not None}
    return Workload(**(quantities or USUAL), requests=given["requests"], batch=bool(given["batch"]))


def _workload(ask: Ask) -> Workload:
    try:
        return workload_of(ask.params)
    except UnusableWorkload as wrong:
        detail = {
            "parameter": wrong.parameter,
            "value": str(wrong.value),
            "range": [wrong.least, wrong.most],
        }
        raise BadRequest(str(wrong), [detail]) from None


WORKLOAD: tuple[Param, ...] = (
    *map(quantity, DESCRIPTIONS),
    integer(
        "requests",
        "How many such requests.",
        low=1,
        high=QUANTITIES["requests"],
        default=1,
        example=1000,
    ),
    boolean("batch", "Whether the requests may wait, at the prices for that."),
)
"""The parameters that say what a workload is."""

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        path="/api/models/{model_id}/cost",
        tag="Models",
        summary="Cost of a workload",
        description="What a workload costs at each offering that is not retired: exact, itemised, tiers and "
        "cache prices applied, the cheapest first. A price that nobody knows leaves the total null, and such "
        "offerings last. Nothing is converted: offerings in another currency than most come after those. "
        "Where no price for the cache is known, cached tokens are charged as input, and the item says so. "
        "`cached_tokens`, `cache_write_tokens` and `input_audio_tokens` are parts of `input_tokens`, "
        "`reasoning_tokens` and `output_audio_tokens` of `output_tokens`; parts that are more than the whole "
        "are a 400.",
        handle=model_costs,
        body=ModelCost,
        freshness=Freshness.REVISION,
        params=(
            *WORKLOAD,
            words(
                "region",
                "Only offerings that can be had in one of these regions.",
                example=["us-east-1"],
            ),
            AS_OF,
        ),
        example="/api/models/deepseek-v3/cost?input_tokens=20000&cached_tokens=15000&output_tokens=500",
    ),
)
