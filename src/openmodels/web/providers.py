"""The list of providers: which there are, how they are doing, and how they have been."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from openmodels.api.endpoint import Ask
from openmodels.api.lists import filters_of
from openmodels.api.params import PAGE
from openmodels.api.providers import FILTERS
from openmodels.api.series import first_day, uptime_days
from openmodels.domain.query import ProviderQuery, select_providers
from openmodels.domain.series import DayOfChecks
from openmodels.domain.snapshot import ProviderEntry, Snapshot
from openmodels.domain.telemetry import ProviderState
from openmodels.domain.vocabulary import COMPATIBILITIES, PROVIDER_STATUSES
from openmodels.edge.exchange import Freshness
from openmodels.web.bars import Bars, bars, uptime_of
from openmodels.web.page import Html, Page
from openmodels.web.reading import read_or
from openmodels.web.words import count, percent, with_query

PATH = "/providers"
ON_A_PAGE = 50
DAYS = 30
REGIONS_NAMED = 2
"""How many regions of a provider the list names."""
SORTS: Mapping[str, str] = {"name": "name", "models": "number of models"}
"""What the orders are called."""


class Row(Struct, frozen=True, kw_only=True):
    """A provider in the list."""

    id: str
    name: str
    state: ProviderState
    bars: Bars
    uptime: str
    models: int
    compatibility: str
    regions: str


class Option(Struct, frozen=True, kw_only=True):
    """A value that the list can be narrowed to."""

    value: str
    count: int
    """How many providers there would be with it alone of its kind."""
    chosen: bool


class Listing(Struct, frozen=True, kw_only=True):
    """How the list was asked for."""

    filters: Mapping[str, Any]
    """Every parameter of the query but the page."""
    page: int

    @property
    def filtered(self) -> bool:
        """Whether anything was left out on purpose."""
        return any(value for name, value in self.filters.items() if name != "sort")

    def to(self, page: int = 1, **changes: Any) -> str:
        """The address of a page of the list, asked otherwise."""
        asked = {**self.filters, **changes}
        asked["sort"] = "" if asked["sort"] == "name" else asked["sort"]
        return with_query(PATH, **asked, page=page if page > 1 else "")


async def providers_page(ask: Ask) -> Html:
    """The list of providers."""
    now, snapshot = ask.services.clock.now(), ask.snapshot
    states = await ask.states()
    since = first_day(now, DAYS)
    days = await read_or(ask, "uptime", uptime_days(ask.services, since), {})
    listing = Listing(filters=filters_of(ask), page=ask.params["page"])
    query = ProviderQuery(**listing.filters)
    found = select_providers(snapshot, query, states)
    shown = found[(listing.page - 1) * ON_A_PAGE : listing.page * ON_A_PAGE]
    total = len(snapshot.providers)
    context = {
        "rows": [_row(snapshot.providers[position], states, days, now) for position in shown],
        "found": len(found),
        "total": total,
        "limit": ON_A_PAGE,
        "days": DAYS,
        "listing": listing,
        "options": options_of(snapshot, query, states),
        "search": query.search,
        "regions": tuple(query.region) or ("",),
        "sort": query.sort,
        "sorts": SORTS,
        "unread": bool(ask.unread),
    }
    return Html(
        template="providers.html",
        title="Providers",
        description=f"{count(total)} providers of language models: how they are doing now, their uptime over "
        f"{DAYS} days, the API they speak, their regions and how many models they offer.",
        canonical=listing.to(listing.page) if not listing.filtered else PATH,
        context=context,
        structured=(_structured(snapshot, shown),),
        indexed=not listing.filtered and query.sort == "name" and bool(shown),
        raw=with_query("/api/providers", **listing.filters),
    )


def options_of(
    snapshot: Snapshot, query: ProviderQuery, states: Mapping[str, ProviderState]
) -> dict[str, list[Option]]:
    """By filter: its values, each with what it would leave of what the other filters leave."""

    def left_without(name: str) -> list[ProviderEntry]:
        others: ProviderQuery = replace(query, **{name: ()})
        return [snapshot.providers[position] for position in select_providers(snapshot, others, states)]

    unknown = ProviderState()
    counts: dict[str, Counter[str]] = {
        "compatibility": Counter(e.record.compatibility for e in left_without("compatibility")),
        "status": Counter(states.get(e.record.id, unknown).status for e in left_without("status")),
        "region": Counter(region for e in left_without("region") for region in e.record.regions),
    }
    values: dict[str, Iterable[str]] = {
        "compatibility": COMPATIBILITIES,
        "status": PROVIDER_STATUSES,
        "region": sorted(snapshot.facets.providers["region"]),
    }
    return {
        name: [
            Option(value=value, count=counts[name][value], chosen=value in getattr(query, name))
            for value in possible
        ]
        for name, possible in values.items()
    }


def _row(
    entry: ProviderEntry,
    states: Mapping[str, ProviderState],
    days: Mapping[str, Sequence[DayOfChecks]],
    now: datetime,
) -> Row:
    record, today = entry.record, now.astimezone(UTC).date()
    own = days.get(record.id, ())
    more = len(record.regions) - REGIONS_NAMED
    return Row(
        id=record.id,
        name=record.name,
        state=states.get(record.id, ProviderState()),
        bars=bars(own, today=today, number=DAYS),
        uptime=percent(uptime_of(own, since=today - timedelta(days=DAYS - 1))),
        models=len(entry.models),
        compatibility=record.compatibility,
        regions=", ".join(record.regions[:REGIONS_NAMED]) + (f" and {more} more" if more > 0 else ""),
    )


def _structured(snapshot: Snapshot, shown: Sequence[int]) -> Mapping[str, Any]:
    return {
        "@type": "ItemList",
        "name": "Providers of language models",
        "numberOfItems": len(snapshot.providers),
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": snapshot.providers[position].record.name}
            for place, position in enumerate(shown, 1)
        ],
    }


PAGES = (
    Page(
        path=PATH,
        handle=providers_page,
        freshness=Freshness.TELEMETRY,
        section=PATH,
        params=(*FILTERS, PAGE),
    ),
)
