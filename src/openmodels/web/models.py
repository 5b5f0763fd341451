"""The list of models: search, filters, sort, pages; its address says all of it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from openmodels.api.endpoint import Ask
from openmodels.api.models import FILTERS, SORT
from openmodels.api.params import PAGE
from openmodels.domain.model_facets import select_with_counts
from openmodels.domain.query import ModelQuery, by_relevance
from openmodels.domain.search import words_of
from openmodels.domain.snapshot import ModelEntry, Snapshot
from openmodels.domain.views.registry import ModelView
from openmodels.edge.exchange import Freshness
from openmodels.web.model_facts import partial_day
from openmodels.web.model_filters import PATH, Chip, Given, chips_of, form_of, given_of
from openmodels.web.page import Html, Page
from openmodels.web.words import with_query

LIMIT = 50
"""Models on one page."""
MOST_COMPARED = 5
"""Models that can be compared at a time."""
MOST_NEAR = 5
"""Models that are named where nothing fits."""
MOST_WORDS = 4
"""Words of a search that are looked for one by one where all together are nowhere."""
COLUMNS = {
    "name": "ascending",
    "context_window": "descending",
    "price": "ascending",
    "providers": "descending",
    "recency": "descending",
}
"""The orders that a column's heading asks for, and which way each goes."""
_decoder = msgspec.json.Decoder(ModelView)


class Near(Struct, frozen=True, kw_only=True):
    """What may have been meant where nothing fits."""

    models: Sequence[tuple[str, str]] = ()
    """Ids and names."""
    provider: tuple[str, str] | None = None
    """A provider that is called like what was searched for: id and name."""
    unfiltered: int = 0
    """How many models the search finds without the filters."""


async def models_page(ask: Ask) -> Html:
    """The models that fit, a page at a time."""
    snapshot = ask.snapshot
    page = ask.params["page"]
    query = ModelQuery(**{name: value for name, value in ask.params.items() if name != "page"})
    given = given_of(query)
    found = select_with_counts(snapshot, query)
    total = len(found.positions)
    shown = found.positions[(page - 1) * LIMIT : page * LIMIT]
    chips = chips_of(snapshot, given)
    searched = bool(query.search.strip())
    title = title_of(chips, page)
    return Html(
        template="models.html",
        title=title,
        description=f"{len(snapshot.models):,} language models: capabilities, context windows, prices and "
        "the providers that offer them. Search, filter, sort and compare.",
        canonical=with_query(PATH, **given, page=page if page > 1 else None),
        raw=with_query("/api/models", **given, page=page if page > 1 else None, limit=LIMIT),
        indexed=not given and (page == 1 or bool(shown)),
        structured=() if given else (item_list(shown, snapshot, ask.services.public_url, page),),
        context={
            "form": form_of(snapshot, query, found.counts),
            "chips": chips,
            "rows": [_decoder.decode(snapshot.models[n].summary_json) for n in shown],
            "name_of": lambda provider_id: _provider_name(snapshot, provider_id),
            "page": page,
            "limit": LIMIT,
            "total": total,
            "all": len(snapshot.models),
            "sort": query.sort or ("relevance" if searched else "recency"),
            "columns": COLUMNS,
            "to": _linker(given),
            "pager_to": lambda number: with_query(PATH, **given, page=number if number > 1 else None),
            "released": partial_day,
            "last": max(1, -(-total // LIMIT)),
            "near": near_of(snapshot, query) if not total else Near(),
            "most_compared": MOST_COMPARED,
        },
    )


def _provider_name(snapshot: Snapshot, provider_id: str) -> str:
    return snapshot.providers[snapshot.provider_positions[provider_id]].record.name


def _linker(given: Given) -> Callable[..., str]:
    """Gives the address of this list with another order, or of another page of it."""

    def to(**changes: Any) -> str:
        return with_query(PATH, **{**given, **changes})

    return to


def title_of(chips: Sequence[Chip], page: int) -> str:
    """What the list is called, so that a history of visits tells lists apart."""
    filters = ", ".join(chip.text if chip.kind != "Search" else f"“{chip.text}”" for chip in chips[:3])
    more = " and more" if len(chips) > 3 else ""
    part = f", page {page:,}" if page > 1 else ""
    return f"Models: {filters}{more}{part}" if filters else f"Models{part}"


def item_list(shown: Sequence[int], snapshot: Snapshot, public_url: str, page: int) -> Mapping[str, Any]:
    """The page's models for search engines: https://schema.org/ItemList."""
    return {
        "@type": "ItemList",
        "name": "Language models",
        "numberOfItems": len(snapshot.models),
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": (page - 1) * LIMIT + place,
                "name": snapshot.models[n].record.name,
                "url": f"{public_url}/models/{snapshot.models[n].record.id}",
            }
            for place, n in enumerate(shown, start=1)
        ],
    }


def near_of(snapshot: Snapshot, query: ModelQuery) -> Near:
    """What may have been meant by a query that nothing fits."""
    search = query.search.strip()
    if not search:
        return Near()
    unfiltered = snapshot.model_search.search(search)
    positions = by_relevance(unfiltered) if unfiltered else _with_most_words(snapshot, search)
    providers = by_relevance(snapshot.provider_search.search(search))
    provider = snapshot.providers[providers[0]].record if providers else None
    return Near(
        models=[_named(snapshot.models[n]) for n in positions[:MOST_NEAR]],
        provider=None if provider is None else (provider.id, provider.name),
        unfiltered=len(unfiltered),
    )


def _with_most_words(snapshot: Snapshot, search: str) -> list[int]:
    """The models that hold the most of the words, and best."""
    scores: Counter[int] = Counter()
    for word in words_of(search)[:MOST_WORDS]:
        # One more word counts more than any score of another; scores are at most 1,100.
        scores.update({n: 2_000 + round(score) for n, score in snapshot.model_search.search(word).items()})
    return by_relevance(scores)


def _named(entry: ModelEntry) -> tuple[str, str]:
    return entry.record.id, entry.record.name


PAGES = (
    Page(
        path=PATH,
        handle=models_page,
        freshness=Freshness.REVISION,
        section=PATH,
        params=(*FILTERS, SORT, PAGE),
    ),
)
