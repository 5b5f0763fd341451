"""The endpoints about what was measured."""

import math
import re
from collections.abc import Callable

from openmodels.api.endpoint import Answer, Ask, Endpoint, answer
from openmodels.api.params import MEASURED_REGIONS, PERIOD
from openmodels.api.ranking import rank_model
from openmodels.api.wire import Param, Unusable, choice, integer, words
from openmodels.domain.ranking import DEFAULT_WEIGHTS, FACTORS, PREFERENCES, Ranking
from openmodels.domain.telemetry import ProviderState
from openmodels.domain.views.telemetry import (
    ProviderHealth,
    ProviderLatency,
    check_view,
    figure,
    incident_view,
    measurement_view,
)
from openmodels.domain.vocabulary import suggest
from openmodels.edge.exchange import Freshness
from openmodels.errors import BadRequest

WEIGHTS_EXAMPLE = "uptime:0.4,ttft:0.3,price:0.2,total:0.1"
NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
"""A weight, as it may be written."""
FACTOR = rf" *(?:{'|'.join(FACTORS)}):{NUMBER} *"
"""One of the weights, with its name."""


async def provider_health(ask: Ask) -> Answer:
    """The health of a provider over a period."""
    provider = ask.provider().record
    store, now = ask.services.telemetry, ask.services.clock.now()
    summary = await store.health(
        provider.id, since=ask.since(), regions=ask.params["region"], limit=ask.params["limit"]
    )
    states = await ask.services.live.states(now)
    return answer(
        ProviderHealth(
            provider_id=provider.id,
            provider_name=provider.name,
            period=ask.params["period"],
            status=states.get(provider.id, ProviderState()).status,
            uptime_percentage=figure(summary.uptime_percentage),
            checks_total=summary.checks_total,
            average_response_time_ms=figure(summary.average_response_time_ms),
            p95_response_time_ms=figure(summary.p95_response_time_ms),
            checks=tuple(check_view(check) for check in summary.checks),
            incidents=tuple(incident_view(incident, now) for incident in summary.incidents),
        )
    )


async def provider_latency(ask: Ask) -> Answer:
    """The latency of a provider over a period."""
    provider = ask.provider().record
    summary = await ask.services.telemetry.latency(
        provider.id,
        since=ask.since(),
        regions=ask.params["region"],
        model_ids=measured_models(ask),
        limit=ask.params["limit"],
    )
    figures = summary.timings
    return answer(
        ProviderLatency(
            provider_id=provider.id,
            provider_name=provider.name,
            period=ask.params["period"],
            samples=figures.samples,
            average_ttft_ms=figure(figures.average_ttft_ms),
            average_total_ms=figure(figures.average_total_ms),
            p50_ttft_ms=figure(figures.p50_ttft_ms),
            p95_ttft_ms=figure(figures.p95_ttft_ms),
            p99_ttft_ms=figure(figures.p99_ttft_ms),
            p50_total_ms=figure(figures.p50_total_ms),
            p95_total_ms=figure(figures.p95_total_ms),
            p99_total_ms=figure(figures.p99_total_ms),
            average_tokens_per_second=figure(figures.average_tokens_per_second),
            success_percentage=figure(figures.success_percentage),
            measurements=tuple(measurement_view(m) for m in summary.measurements),
        )
    )


def measured_models(ask: Ask) -> list[str]:
    """The ids of the models whose measurements are asked for; what names none stays, and fits none."""
    found = [ask.snapshot.model(name) or name for name in ask.params["model"]]
    return [model if isinstance(model, str) else model.record.id for model in found]


async def ranked(ask: Ask) -> Answer:
    """The offerings of a model that are not retired, the best first."""
    if ask.params["weights"] is not None and ask.params["prefer"] is not None:
        raise BadRequest(
            "weights and prefer exclude each other: give one of them",
            [{"parameter": "prefer", "value": ask.params["prefer"]}],
        )
    entry = ask.model()
    known = await ask.measured(entry, regions=ask.params["region"])
    weights = ask.params["weights"] or PREFERENCES[ask.params["prefer"] or "balanced"]
    used, ranking = rank_model(ask.snapshot, entry, known, weights)
    return answer(
        Ranking(
            model_id=entry.record.id,
            model_name=entry.record.name,
            period=ask.params["period"],
            weights=used,
            ranked_providers=tuple(ranking[: ask.params["limit"]]),
        )
    )


def _read_weights(values: list[str]) -> dict[str, float]:
    expected = f"factors with weights that sum to 1, such as {WEIGHTS_EXAMPLE}"

    def unusable(reason: str) -> Unusable:
        return Unusable(f"{expected} ({reason})", values[0], allowed=list(FACTORS))

    weights: dict[str, float] = {}
    for item in values[0].split(","):
        name, _, number = item.strip().partition(":")
        if name not in FACTORS:
            near = suggest(name, FACTORS) if name else None
            raise unusable(f"there is no factor {name[:40]!r}" + (f", did you mean {near}?" if near else ""))
        if name in weights:
            raise unusable(f"{name} is given twice")
        weights[name] = _weight(number, name, unusable)
    if not math.isclose(sum(weights.values()), 1.0, abs_tol=1e-6):
        raise unusable(f"they sum to {sum(weights.values()):g}")
    return weights


def _weight(number: str, name: str, unusable: Callable[[str], Unusable]) -> float:
    # Not just what float() reads: it takes 1e-1, +1 and digits of other scripts, which the schema does not.
    if re.fullmatch(NUMBER, number) is None or float(number) > 1:
        raise unusable(f"the weight of {name} must be a number from 0 to 1")
    return float(number)


WEIGHTS = Param(
    name="weights",
    description="How much each factor counts; they must sum to 1, and a factor that is not named counts 0. "
    "Excludes `prefer`. The default is " + ",".join(f"{k}:{v}" for k, v in DEFAULT_WEIGHTS.items()) + ".",
    read=_read_weights,
    schema={
        "type": "string",
        "pattern": f"^{FACTOR}(?:,{FACTOR}){{0,3}}$",
    },
    example=WEIGHTS_EXAMPLE,
)

MEASURED_MODELS = words(
    "model", "Only measurements of this model, by id or alias; several are ORed.", example=["gpt-4o"]
)
CHECKS_LIMIT = integer(
    "limit", "How many to list, the newest first.", low=1, high=500, default=50, example=10
)

ENDPOINTS = (
    Endpoint(
        path="/api/telemetry/health/{provider_id}",
        tag="Telemetry",
        summary="Health of a provider",
        description="Status now, uptime and response times over the period, the newest checks and the "
        "incidents. The status is `unknown` when the newest check is older than three intervals. `region` "
        "selects checks and figures; the status and the incidents are by what all regions saw.",
        handle=provider_health,
        body=ProviderHealth,
        freshness=Freshness.TELEMETRY,
        shared=True,
        params=(PERIOD, MEASURED_REGIONS, CHECKS_LIMIT),
        example="/api/telemetry/health/openai?period=24h",
    ),
    Endpoint(
        path="/api/telemetry/latency/{provider_id}",
        tag="Telemetry",
        summary="Latency of a provider",
        description="Averages and percentiles of all successful measurements of the period, and the newest "
        "measurements. Percentiles of fewer than 5 samples are null.",
        handle=provider_latency,
        body=ProviderLatency,
        freshness=Freshness.TELEMETRY,
        shared=True,
        params=(
            PERIOD,
            MEASURED_MODELS,
            MEASURED_REGIONS,
            CHECKS_LIMIT,
        ),
        example="/api/telemetry/latency/openai?period=7d",
    ),
    Endpoint(
        path="/api/telemetry/ranked/{model_id}",
        tag="Telemetry",
        summary="Rank the providers of a model",
        description="Which provider to call for this model now, and why: the offerings that are not retired, "
        "by the weighted sum of the scores of uptime, time to first token, price and total time.",
        handle=ranked,
        body=Ranking,
        freshness=Freshness.TELEMETRY,
        shared=True,
        params=(
            PERIOD,
            MEASURED_REGIONS,
            WEIGHTS,
            choice(
                "prefer", "A ready set of weights. Excludes `weights`.", tuple(PREFERENCES), example="latency"
            ),
            integer("limit", "How many to list.", low=1, high=50, default=10, example=3),
        ),
        example="/api/telemetry/ranked/deepseek-v3",
    ),
)
