"""The first page: what is up now, which models there are, what changed; and how to find one."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from openmodels.api.changes import paid_in
from openmodels.api.endpoint import Ask
from openmodels.api.past import reading_history
from openmodels.domain.query import newest_models, popular_models
from openmodels.domain.snapshot import Snapshot
from openmodels.domain.telemetry import ProviderState
from openmodels.domain.views.registry import ModelView
from openmodels.edge.exchange import Freshness
from openmodels.errors import Unavailable
from openmodels.store.history_ports import ChangeQuery
from openmodels.web.change_rows import Day, Item, by_day
from openmodels.web.model_facts import partial_day
from openmodels.web.page import Html, Page
from openmodels.web.reading import read_or
from openmodels.web.troubles import Trouble, troubles_of

log: Any = structlog.get_logger(__name__)

SENTENCE = "What language models cost, who offers them, and which providers are up"
DAY = timedelta(days=1)
MOST_MODELS = 10
"""Models in a list."""
MOST_CHANGES = 8
"""Price changes that are shown."""
MOST_UP = 48
"""Providers that are named as up; of more, those with the most models."""
MOST_TROUBLED = 12
"""Providers that are named as down or degraded, of each; ``/status`` names all."""
TROUBLED = ("down", "degraded")

_decoder = msgspec.json.Decoder(ModelView)


class Doing(Struct, frozen=True, kw_only=True):
    """How a provider is doing."""

    id: str
    name: str
    last_checked_at: datetime | None
    trouble: Trouble | None = None
    """What is the matter, as far as it is known."""


class Now(Struct, frozen=True, kw_only=True):
    """How all providers are doing."""

    counts: Mapping[str, int]
    """By status, every provider of the registry."""
    troubled: Mapping[str, Sequence[Doing]]
    """Those that are down, and those that are degraded, by name."""
    up: Sequence[Doing]
    """Those that are up, or the most important of them, by name."""
    last_checked_at: datetime | None
    """When any provider was last checked; None where none ever was."""


class PriceChange(Struct, frozen=True, kw_only=True):
    """What one revision changed of one offering's prices."""

    at: datetime
    item: Item


async def home_page(ask: Ask) -> Html:
    """The first page."""
    snapshot, services = ask.snapshot, ask.services
    now = services.clock.now()
    shown = now_of(snapshot, await ask.states())
    shown = with_troubles(shown, await _troubles(ask, shown))
    checks = await read_or(ask, "checks", services.telemetry.checks_since(now - DAY), None)
    return Html(
        template="home.html",
        title="Language models: prices, limits and status",
        description=f"{SENTENCE}: {len(snapshot.models):,} models at {len(snapshot.providers):,} providers, "
        "with prices, limits, measured speed and uptime.",
        canonical="/",
        raw="/api/stats",
        structured=(website(services.address),),
        context={
            "sentence": SENTENCE,
            "doing": shown,
            "unread": ask.unread,
            "counts": (
                ("models", len(snapshot.models), "/models"),
                ("providers", len(snapshot.providers), "/providers"),
                ("offerings", snapshot.offerings_count, "/api/export/registry.csv"),
                ("checks in 24 h", checks, "/status"),
            ),
            "popular": _models(snapshot, popular_models(snapshot, now)[:MOST_MODELS]),
            "newest": _models(snapshot, newest_models(snapshot, MOST_MODELS)),
            "price_changes": await _price_changes(ask),
            "released": partial_day,
        },
    )


def now_of(snapshot: Snapshot, states: Mapping[str, ProviderState]) -> Now:
    """How the registry's providers are doing, by what is known of each."""
    by_status: dict[str, list[Doing]] = {"down": [], "degraded": [], "up": [], "unknown": []}
    offered: dict[str, int] = {}
    for position in snapshot.provider_orders["name"]:
        entry = snapshot.providers[position]
        state = states.get(entry.record.id, ProviderState())
        offered[entry.record.id] = len(entry.models)
        by_status[state.status].append(
            Doing(id=entry.record.id, name=entry.record.name, last_checked_at=state.last_checked_at)
        )
    up = by_status["up"]
    largest = sorted(up, key=lambda doing: -offered[doing.id])[:MOST_UP]
    named = {doing.id for doing in largest}
    checked = [state.last_checked_at for state in states.values() if state.last_checked_at is not None]
    return Now(
        counts={status: len(found) for status, found in by_status.items()},
        troubled={status: by_status[status][:MOST_TROUBLED] for status in TROUBLED},
        up=[doing for doing in up if doing.id in named],
        last_checked_at=max(checked, default=None),
    )


def with_troubles(shown: Now, troubles: Iterable[Trouble]) -> Now:
    """The same, with what is the matter with those that are down or degraded."""
    current = {trouble.provider_id: trouble for trouble in troubles if trouble.ended_at is None}
    return replace(
        shown,
        troubled={
            status: [replace(doing, trouble=current.get(doing.id)) for doing in found]
            for status, found in shown.troubled.items()
        },
    )


def website(address: str) -> Mapping[str, Any]:
    """The site for search engines: https://schema.org/WebSite, with how to search it."""
    return {
        "@type": "WebSite",
        "name": "OpenModels",
        "url": f"{address}/",
        "description": SENTENCE,
        "potentialAction": {
            "@type": "SearchAction",
            "target": {
                "@type": "EntryPoint",
                "urlTemplate": f"{address}/models?search={{search_term_string}}",
            },
            "query-input": "required name=search_term_string",
        },
    }


async def _troubles(ask: Ask, shown: Now) -> Sequence[Trouble]:
    """The incidents of those that are down or degraded."""
    ids = [doing.id for found in shown.troubled.values() for doing in found]
    if not ids:
        return ()
    now = ask.services.clock.now()
    reading = ask.services.telemetry.incidents(since=now, provider_ids=ids, limit=len(ids))
    return troubles_of(await read_or(ask, "incidents", reading, ()), ask.snapshot, now)


async def _price_changes(ask: Ask) -> Sequence[PriceChange] | None:
    """The latest price changes, newest first; None when the history cannot be read."""
    query = ChangeQuery(kinds=("offering",), actions=("changed",), topics=("price",))
    # Prices are told as those of a list of changes without a filter.
    asked = replace(ask, params={"model": "", "provider": ""})
    try:
        with reading_history():
            changes = await ask.services.history.changes(query, limit=MOST_CHANGES)
        paid = await paid_in(asked, changes)
    except Unavailable as error:
        log.warning("showing a page without history", path=ask.path, reason=str(error.__cause__ or error))
        return None
    return _flat(by_day([numbered.change for numbered in changes], paid, ask.snapshot))


def _flat(days: Iterable[Day]) -> Sequence[PriceChange]:
    return [
        PriceChange(at=revision.at, item=item)
        for day in days
        for revision in day.revisions
        for item in revision.items
    ]


def _models(snapshot: Snapshot, positions: Iterable[int]) -> Sequence[ModelView]:
    return [_decoder.decode(snapshot.models[position].summary_json) for position in positions]


PAGES = (Page(path="/", handle=home_page, freshness=Freshness.TELEMETRY),)
