"""The endpoints about providers."""

from collections.abc import Mapping, Sequence

from openmodels.api.endpoint import Answer, Ask, Endpoint, answer
from openmodels.api.lists import filters_of, page_of, page_slice
from openmodels.api.params import LIMIT, PAGE
from openmodels.api.wire import choice, choices, text, words
from openmodels.domain.query import ProviderQuery, select_providers
from openmodels.domain.snapshot import Snapshot
from openmodels.domain.telemetry import ProviderState
from openmodels.domain.views.registry import (
    ProviderDetail,
    ProviderPage,
    encoder,
    json_without_last_key,
    provider_view,
)
from openmodels.domain.vocabulary import COMPATIBILITIES, PROVIDER_SORTS, PROVIDER_STATUSES
from openmodels.edge.exchange import Freshness


def provider_summaries(
    snapshot: Snapshot, positions: Sequence[int], states: Mapping[str, ProviderState]
) -> list[bytes]:
    """The list's view of these providers, encoded."""
    summaries = []
    for position in positions:
        entry = snapshot.providers[position]
        state = states.get(entry.record.id, ProviderState())
        detail = encoder.encode(provider_view(entry.record, entry.models, state))
        summaries.append(json_without_last_key(detail, b"models"))
    return summaries


async def list_providers(ask: Ask) -> Answer:
    """A page of the providers that fit."""
    states = await ask.states()
    query = ProviderQuery(**filters_of(ask))
    found = select_providers(ask.snapshot, query, states)
    return page_of(provider_summaries(ask.snapshot, found[page_slice(ask)], states), ask, len(found))


async def get_provider(ask: Ask) -> Answer:
    """One provider."""
    entry = ask.provider()
    states = await ask.states()
    return answer(provider_view(entry.record, entry.models, states.get(entry.record.id, ProviderState())))


FILTERS = (
    text("search", "Words to look for in ids, names and descriptions.", example="cloud"),
    choices(
        "compatibility",
        "Whose API shape it speaks; several are ORed.",
        COMPATIBILITIES,
        example=["openai"],
    ),
    words("region", "A region where it serves; several are ORed.", example=["eu-west-1"]),
    choices("status", "How it is doing now; several are ORed.", PROVIDER_STATUSES, example=["up"]),
    choice("sort", "By name, or by number of models.", PROVIDER_SORTS, default="name", example="models"),
)
"""What a list of providers can be asked for."""

ENDPOINTS = (
    Endpoint(
        path="/api/providers",
        tag="Providers",
        summary="List providers",
        description="A page of the providers that fit all filters.",
        handle=list_providers,
        body=ProviderPage,
        freshness=Freshness.TELEMETRY,
        shared=True,
        params=(*FILTERS, PAGE, LIMIT),
        paged=True,
        example="/api/providers?compatibility=openai&limit=5",
    ),
    Endpoint(
        path="/api/providers/{provider_id}",
        tag="Providers",
        summary="Get a provider",
        description="One provider, by id.",
        handle=get_provider,
        body=ProviderDetail,
        freshness=Freshness.TELEMETRY,
        shared=True,
        example="/api/providers/openai",
    ),
)
