"""The endpoint that decides: which provider to call for a model, and why."""

from collections.abc import Mapping

from openmodels.api.endpoint import Answer, Ask, Endpoint, answer
from openmodels.api.params import PERIOD
from openmodels.api.wire import MAX_INTEGER, choice, choices, decimal, integer, words
from openmodels.domain.choose import Contender, Wish, choose
from openmodels.domain.cost import Workload
from openmodels.domain.limits import MAX_AMOUNT
from openmodels.domain.ranking import PREFERENCES
from openmodels.domain.records import MAX_TOKENS
from openmodels.domain.snapshot import ModelEntry
from openmodels.domain.telemetry import OfferingTelemetry, ProviderState
from openmodels.domain.views.choose import Asked, Decision, decision_view
from openmodels.domain.vocabulary import CAPABILITIES, CAPABILITY_ALIASES
from openmodels.edge.exchange import Freshness

MAX_TTFT_MS = 3_600_000
"""An hour: nobody waits longer for a first token."""


async def choose_offering(ask: Ask) -> Answer:
    """The offerings of a model that fit what is asked for, ranked, and why the others do not."""
    entry, params = ask.model(), ask.params
    telemetry = await _telemetry(ask, entry)
    states = await ask.states()
    wish = _wish(ask)
    decided = choose(
        entry.record,
        [
            Contender(
                offering=offering.record,
                provider=provider.record,
                telemetry=telemetry.get(provider.record.id, OfferingTelemetry()),
                status=states.get(provider.record.id, ProviderState()).status,
            )
            for offering in entry.offerings
            if (provider := ask.snapshot.provider(offering.record.provider_id))
        ],
        wish,
        PREFERENCES[params["prefer"]],
        measured="measurements" not in ask.unread,
    )
    asked = Asked(**{name: params[name] for name in Asked.__struct_fields__})
    note = _note(ask)
    return answer(decision_view(entry.record, decided, wish, asked=asked, period=params["period"], note=note))


async def _telemetry(ask: Ask, entry: ModelEntry) -> Mapping[str, OfferingTelemetry]:
    """What was measured. Raises ``StoreError`` when it cannot be read and is asked for."""
    if ask.params["min_uptime"] is not None or ask.params["max_ttft_ms"] is not None:
        return await ask.measured(entry, regions=())
    return await ask.measured_if_any(entry, regions=())


def _wish(ask: Ask) -> Wish:
    params = ask.params
    # A request of no tokens costs nothing anywhere, and tells no offering from another.
    tokens = {name: params[name] for name in ("input_tokens", "output_tokens") if params[name]}
    return Wish(
        workload=Workload(**tokens) if tokens else None,
        min_context=params["min_context"],
        regions=params["region"],
        max_price=params["max_price"],
        min_uptime=params["min_uptime"],
        max_ttft_ms=params["max_ttft_ms"],
        capabilities=params["capability"],
    )


def _note(ask: Ask) -> str | None:
    missing = {
        "measurements": "what was measured cannot be read now: judged by the registry alone",
        "states": "whether providers are down cannot be read now",
    }
    return "; ".join(text for what, text in missing.items() if what in ask.unread) or None


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        path="/api/models/{model_id}/choose",
        tag="Telemetry",
        summary="Choose a provider for a model",
        description="One decision: the offerings that fit everything asked for, ranked by the method of "
        "`/api/telemetry/ranked`, each with its reasons; and each other one with every reason why it "
        "does not fit. Where tokens are given, prices are what one such request costs; else, or where"
        " they are 0, a million tokens, 3 input to 1 output. Providers that are down and retired "
        "offerings never fit. What is unknown does not meet `min_context`, `max_price`, `min_uptime` "
        "or `max_ttft_ms`. When nothing fits, `chosen` is null. When telemetry cannot be read, the "
        "registry alone decides and `note` says so, unless `min_uptime` or `max_ttft_ms` is asked "
        "for: then it is a 503.",
        handle=choose_offering,
        body=Decision,
        freshness=Freshness.TELEMETRY,
        shared=True,
        params=(
            integer(
                "input_tokens",
                "Input tokens of one request: they must fit into the context window, and their price counts.",
                low=0,
                high=MAX_TOKENS,
                example=20_000,
            ),
            integer(
                "output_tokens",
                "Output tokens of one request: the same.",
                low=0,
                high=MAX_TOKENS,
                example=500,
            ),
            integer(
                "min_context",
                "The least context window, in tokens.",
                low=0,
                high=MAX_INTEGER,
                example=64_000,
            ),
            words(
                "region",
                "Only offerings that can be had in one of these regions. Figures are of all regions.",
                example=["us-east-1"],
            ),
            decimal(
                "max_price",
                "The most that one request of the tokens given may cost or, where none are given, a million "
                "tokens, 3 input to 1 output; in the currency that most offerings of the model have.",
                high=MAX_AMOUNT,
                example=0.5,
            ),
            decimal("min_uptime", "The least uptime over the period, in percent.", high=100, example=99),
            decimal(
                "max_ttft_ms",
                "The longest median time to first token over the period, in milliseconds.",
                high=MAX_TTFT_MS,
                example=1500,
            ),
            choices(
                "capability",
                "What the model must be able to do: of several, all. Other spellings, such as `tools` for "
                "`function-calling`, are understood.",
                CAPABILITIES,
                aliases=CAPABILITY_ALIASES,
                example=["chat"],
            ),
            choice(
                "prefer",
                "What counts most: a ready set of weights.",
                tuple(PREFERENCES),
                default="balanced",
                example="price",
            ),
            PERIOD,
        ),
        example="/api/models/deepseek-v3/choose?input_tokens=20000&output_tokens=500&max_price=0.05",
    ),
)
