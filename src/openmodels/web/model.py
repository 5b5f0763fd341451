"""The page of a model: what it is, who offers it, at what price and how fast, and how to call it."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from msgspec import Struct

from openmodels.api.changes import past_prices
from openmodels.api.cost import costs_of
from openmodels.api.endpoint import Ask
from openmodels.api.ranking import rank_model
from openmodels.domain.price_series import PastPrices
from openmodels.domain.ranking import DEFAULT_WEIGHTS, RankedProvider
from openmodels.domain.records import Vendor
from openmodels.domain.series import TimingSlice
from openmodels.domain.snapshot import ModelEntry, Snapshot
from openmodels.domain.telemetry import OfferingTelemetry, ProviderState
from openmodels.domain.vocabulary import PERIOD_SECONDS
from openmodels.edge.exchange import Freshness
from openmodels.errors import StoreError, Unavailable
from openmodels.web import words
from openmodels.web.model_cost import Form, bills_of, form_of, workload_in_words
from openmodels.web.model_facts import (
    description_of,
    ending_of,
    facts_of,
    origins_of,
    structured_of,
)
from openmodels.web.model_latency import WIDTHS, drawn_providers, latency_chart
from openmodels.web.model_offerings import FALLING, SORT_NAMES, sort_links, table_of
from openmodels.web.model_prices import price_history
from openmodels.web.model_state import CODE, OFFERINGS, PARAMS, QUANTITIES, State, state_of
from openmodels.web.page import Crumb, Html, Page
from openmodels.web.reading import read_offerings
from openmodels.web.snippets import Snippet, snippets

log: Any = structlog.get_logger(__name__)

PERIOD_NAMES: Mapping[str, str] = {"1h": "1 hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days"}
"""The periods as they are offered."""


class Found(Struct, frozen=True, kw_only=True):
    """What the stores told of a model."""

    known: Mapping[str, OfferingTelemetry]
    states: Mapping[str, ProviderState]
    past: PastPrices | None
    """None where the history cannot be read."""
    elsewhere: bool
    """Whether nothing was measured in the regions asked for, so that the figures are of all regions."""


class Code(Struct, frozen=True, kw_only=True):
    """Code to copy, for one offering."""

    provider_id: str
    """Empty where nobody offers the model."""
    provider_name: str
    choices: tuple[tuple[str, str], ...]
    """The providers that can be chosen: id and name, the best ranked first."""
    snippets: tuple[Snippet, ...]
    language: str
    """The one that is shown first."""


async def model_page(ask: Ask) -> Html:
    """The page of a model, by id or alias."""
    entry = ask.model()
    model, snapshot = entry.record, ask.snapshot
    state = state_of(f"/models/{model.id}", ask.params)
    vendor = next((one for one in snapshot.registry.vendors if one.id == model.vendor), None)
    found = await _found(ask, entry)
    used, ranking = rank_model(snapshot, entry, found.known, DEFAULT_WEIGHTS)
    context = {
        "model": model,
        "state": state,
        "facts": facts_of(model, vendor),
        "ending": ending_of(model, snapshot, ask.services.clock.now().date()),
        "origins": origins_of(model),
        "weights": used,
        **await _offerings(ask, entry, ranking, found),
        **_past(ask, ranking, found.past),
        **_costs(ask, entry, form_of(ask.params)),
        "code": _code(ask, entry, ranking),
        "hidden": {
            "offerings": [(name, state.values[name]) for name in OFFERINGS],
            "costs": [(name, state.values[name]) for name in QUANTITIES],
            "code": [(name, state.values[name]) for name in CODE],
        },
    }
    return _html(ask, entry, vendor, ranking, state, context)


async def _found(ask: Ask, entry: ModelEntry) -> Found:
    """What the stores tell; what they cannot tell is left out and said."""
    if not entry.offerings:
        return Found(known={}, states={}, past=await _past_prices(ask, entry), elsewhere=False)
    regions = ask.params["region"]
    known, states, past = await asyncio.gather(
        read_offerings(ask, entry, regions=regions), ask.states(), _past_prices(ask, entry)
    )
    elsewhere = False
    if regions and not known and "measurements" not in ask.unread:
        # Most regions that offerings can be had in are regions that nobody probes from.
        known = await read_offerings(ask, entry, regions=())
        elsewhere = bool(known)
    return Found(known=known, states=states, past=past, elsewhere=elsewhere)


async def _past_prices(ask: Ask, entry: ModelEntry) -> PastPrices | None:
    key = (ask.snapshot.revision, ask.snapshot.published_at, entry.record.id)
    try:
        return await ask.services.prices.get(key, past_prices(ask, entry.record.id), ask.services.clock)
    except Unavailable as error:
        log.warning("answering without prices of the past", path=ask.path, reason=str(error.__cause__))
        return None


async def _offerings(
    ask: Ask, entry: ModelEntry, ranking: Sequence[RankedProvider], found: Found
) -> Mapping[str, Any]:
    """The table of offerings, and the chart of how fast they are."""
    params, names = ask.params, _names(ask.snapshot, entry)
    table = table_of(
        entry,
        ranking,
        names,
        found.known,
        found.states,
        sort=params["sort"],
        regions=params["region"],
    )
    drawn = drawn_providers(ranking, found.known, {row.provider_id for row in table.rows})
    width = WIDTHS[params["period"]]
    regions = () if found.elsewhere else params["region"]
    slices = await _slices(ask, entry, drawn, width, regions)
    period = "24h" if params["period"] == "1d" else params["period"]
    return {
        "table": table,
        "sorts": SORT_NAMES,
        "falling": FALLING,
        "sort_links": sort_links(state_of(f"/models/{entry.record.id}", params)),
        "period": period,
        "periods": PERIOD_NAMES,
        "regions_asked": params["region"],
        "elsewhere": found.elsewhere,
        "unread": ask.unread,
        "in_milliseconds": words.milliseconds,
        "speed": latency_chart(drawn, slices, names, found.known, width=width),
        "live_providers": " ".join(offering.record.provider_id for offering in entry.offerings),
    }


async def _slices(
    ask: Ask, entry: ModelEntry, drawn: Collection[str], width: timedelta, regions: Collection[str]
) -> Mapping[str, Sequence[TimingSlice]]:
    if not drawn:
        return {}
    services, period = ask.services, ask.params["period"]
    finding = services.telemetry.timing_slices(
        since=services.clock.now() - timedelta(seconds=PERIOD_SECONDS[period]),
        width=width,
        provider_ids=drawn,
        model_ids=(entry.record.id,),
        regions=regions,
    )
    try:
        key = (entry.record.id, tuple(drawn), period, tuple(regions))
        return await services.series.get(key, finding, services.clock)
    except StoreError as error:
        log.warning("answering without series", path=ask.path, reason=str(error))
        ask.unread.append("series")
        return {}


def _past(ask: Ask, ranking: Sequence[RankedProvider], past: PastPrices | None) -> Mapping[str, Any]:
    if past is None:
        return {"prices": None, "in_currency": None}
    names = {provider.id: provider.name for provider in ask.snapshot.registry.providers}
    order = [one.provider_id for one in ranking]
    history = price_history(past, names, order, now=ask.services.clock.now())
    return {"prices": history, "in_currency": partial(words.price, currency=history.currency)}


def _costs(ask: Ask, entry: ModelEntry, form: Form) -> Mapping[str, Any]:
    if form.workload is None:
        return {"calculator": form, "bills": (), "workload": ""}
    bills = bills_of(costs_of(ask.snapshot, entry, form.workload))
    return {"calculator": form, "bills": bills, "workload": workload_in_words(form.workload)}


def _code(ask: Ask, entry: ModelEntry, ranking: Sequence[RankedProvider]) -> Code:
    """Code for the provider that was chosen, else for the best ranked one."""
    wanted, language = ask.params["provider"], ask.params["language"]
    choices = tuple((one.provider_id, one.provider_name) for one in ranking)
    ids = [provider_id for provider_id, _ in choices]
    chosen = wanted if wanted in ids else next(iter(ids), "")
    provider = ask.snapshot.provider(chosen)
    offering = next((o.record for o in entry.offerings if o.record.provider_id == chosen), None)
    if provider is None or offering is None:
        return Code(provider_id="", provider_name="", choices=(), snippets=(), language="")
    found = snippets(entry.record, provider.record, offering)
    languages = [snippet.language for snippet in found]
    return Code(
        provider_id=chosen,
        provider_name=provider.record.name,
        choices=choices,
        snippets=found,
        language=language if language in languages else next(iter(languages), ""),
    )


def _names(snapshot: Snapshot, entry: ModelEntry) -> Mapping[str, str]:
    ids = (offering.record.provider_id for offering in entry.offerings)
    return {i: provider.record.name for i in ids if (provider := snapshot.provider(i))}


def _html(
    ask: Ask,
    entry: ModelEntry,
    vendor: Vendor | None,
    ranking: Sequence[RankedProvider],
    state: State,
    context: Mapping[str, Any],
) -> Html:
    model = entry.record
    by_id = {offering.record.provider_id: offering.record for offering in entry.offerings}
    path = f"/models/{model.id}"
    crumbs = [Crumb("Models", "/models")]
    if vendor is not None:
        crumbs.append(Crumb(vendor.name, words.with_query("/models", vendor=vendor.id)))
    return Html(
        template="model.html",
        title=model.name,
        description=description_of(entry),
        canonical=path,
        context=context,
        crumbs=tuple(crumbs),
        structured=(
            structured_of(
                entry,
                vendor,
                [by_id[one.provider_id] for one in ranking],
                {one.provider_id: one.provider_name for one in ranking},
                url=f"{ask.services.address}{path}",
            ),
        ),
        indexed=state.plain,
        raw=f"/api/models/{model.id}",
    )


PAGES = (
    Page(
        path="/models/{model_id}",
        handle=model_page,
        freshness=Freshness.TELEMETRY,
        section="/models",
        params=PARAMS,
    ),
)
