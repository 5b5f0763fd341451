"""Questions to a snapshot: which models, which providers, in which order.

Filters select positions by set intersection; a precomputed order then lists the selected ones. Values of one
filter OR, different filters AND.
"""

import heapq
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence, Set
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct

from openmodels.domain.pricing import blended_price, input_price_key, unknown_last
from openmodels.domain.snapshot import OfferingEntry, Snapshot
from openmodels.domain.telemetry import OfferingTelemetry, ProviderState

MONTH = timedelta(days=30.4375)
"""The mean month of the Gregorian calendar."""
FRESH, STALE = 6 * MONTH, 24 * MONTH
RECENCY_WEIGHT, OFFERINGS_WEIGHT = 0.7, 0.3


class ModelQuery(Struct, frozen=True, kw_only=True):
    """What a list of models is asked for; an empty filter does not filter."""

    search: str = ""
    capability: Collection[str] = ()
    modality: Collection[str] = ()
    vendor: Collection[str] = ()
    provider: Collection[str] = ()
    licensing: Collection[str] = ()
    status: Collection[str] = ()
    open_weights: bool | None = None
    min_context: int | None = None
    max_input_price: Decimal | None = None
    sort: str | None = None


class ProviderQuery(Struct, frozen=True, kw_only=True):
    """What a list of providers is asked for; an empty filter does not filter."""

    search: str = ""
    compatibility: Collection[str] = ()
    region: Collection[str] = ()
    status: Collection[str] = ()
    sort: str = "name"


def select_models(snapshot: Snapshot, query: ModelQuery) -> Sequence[int]:
    """The positions of the models that fit, sorted: by relevance when something is searched for."""
    relevance = model_relevance(snapshot, query)
    return sorted_models(snapshot, query, fitting_models(snapshot, query, relevance), relevance)


def model_relevance(snapshot: Snapshot, query: ModelQuery) -> Mapping[int, float] | None:
    """The models that match what is searched for, with how well they do; None where nothing is."""
    return snapshot.model_search.search(query.search) if query.search.strip() else None


def fitting_models(
    snapshot: Snapshot, query: ModelQuery, relevance: Mapping[int, float] | None
) -> Set[int] | None:
    """The positions of the models that fit every filter, and the search; None where nothing is asked."""
    facets = snapshot.facets.models
    chosen: Set[int] | None = None
    for name in ("capability", "modality", "vendor", "provider", "licensing", "status"):
        chosen = _narrow(chosen, facets[name], getattr(query, name))
    if query.open_weights is not None:
        chosen = _narrow(chosen, facets["open_weights"], (query.open_weights,))
    if query.min_context is not None:
        chosen = _both(chosen, _with_context(snapshot, query.min_context))
    if query.max_input_price is not None:
        chosen = _both(chosen, _up_to_price(snapshot, query.max_input_price))
    return chosen if relevance is None else _both(chosen, relevance.keys())


def sorted_models(
    snapshot: Snapshot, query: ModelQuery, chosen: Set[int] | None, relevance: Mapping[int, float] | None
) -> Sequence[int]:
    """The chosen positions as ``sort`` says; all of them where ``chosen`` is None."""
    sort = query.sort or ("recency" if relevance is None else "relevance")
    if sort == "relevance" and relevance is not None:
        order: Sequence[int] = by_relevance(relevance)
    else:
        order = snapshot.model_orders["recency" if sort == "relevance" else sort]
    return order if chosen is None else [n for n in order if n in chosen]


def select_providers(
    snapshot: Snapshot, query: ProviderQuery, states: Mapping[str, ProviderState]
) -> Sequence[int]:
    """The positions of the providers that fit, sorted as asked."""
    facets = snapshot.facets.providers
    chosen: Set[int] | None = None
    for name in ("compatibility", "region"):
        chosen = _narrow(chosen, facets[name], getattr(query, name))
    if query.search.strip():
        chosen = _both(chosen, snapshot.provider_search.search(query.search).keys())
    found = [n for n in snapshot.provider_orders[query.sort] if chosen is None or n in chosen]
    if query.status:
        unknown = ProviderState()
        found = [
            n for n in found if states.get(snapshot.providers[n].record.id, unknown).status in query.status
        ]
    return found


def by_relevance(scores: Mapping[int, float]) -> list[int]:
    """Positions, the most relevant first, ties by id."""
    # Sorting is stable even in reverse, so ties stay in the order of positions, which is that of ids.
    return sorted(sorted(scores), key=scores.__getitem__, reverse=True)


def _narrow(
    chosen: Set[int] | None, facet: Mapping[Any, frozenset[int]], values: Collection[Any]
) -> Set[int] | None:
    if not values:
        return chosen
    first, *others = (facet.get(value, frozenset()) for value in values)
    # Without others, a union would be a copy.
    return _both(chosen, first.union(*others) if others else first)


def _both(chosen: Set[int] | None, selected: Set[int]) -> Set[int]:
    return selected if chosen is None else chosen & selected


def _with_context(snapshot: Snapshot, least: int) -> Set[int]:
    """The models with at least this context window: a beginning of their order; unknown ones are not."""
    order = snapshot.model_orders["context_window"]
    end = bisect_right(order, -max(1, least), key=lambda n: -(snapshot.models[n].record.context_window or 0))
    return set(order[:end])


def _up_to_price(snapshot: Snapshot, most: Decimal) -> Set[int]:
    """The models with at most this price: a beginning of their order; unknown ones are not."""
    order = snapshot.model_orders["price"]
    return set(order[: bisect_right(order, most, key=lambda n: unknown_last(snapshot.models[n].input_price))])


def popular_models(snapshot: Snapshot, now: datetime) -> list[int]:
    """Positions by popularity: 0.7 × recency + 0.3 × offerings ÷ the largest number of offerings.

    Recency is 1.0 within 6 months of the release and falls linearly to 0 at 24 months. Where the release date
    is unknown, the date of the record stands in. Models older than 24 months that nobody offers are left out.
    """
    most = max((len(entry.offerings) for entry in snapshot.models), default=0) or 1
    scores = {}
    for position, entry in enumerate(snapshot.models):
        age = now - entry.released
        if age > STALE and not entry.offerings:
            continue
        recency = min(1.0, max(0.0, (STALE - age) / (STALE - FRESH)))
        scores[position] = RECENCY_WEIGHT * recency + OFFERINGS_WEIGHT * len(entry.offerings) / most
    return by_relevance(scores)


def newest_models(snapshot: Snapshot, limit: int) -> list[int]:
    """Positions of the models that were added last, the newest first; retired ones are left out.

    Many are added on one day; of those, the last released come first, then those with more offerings.
    """

    def newness(position: int) -> tuple[date, str, int]:
        entry = snapshot.models[position]
        added = entry.record.created_at.astimezone(UTC).date()
        return added, entry.record.release_date or "", len(entry.offerings)

    present = (n for n, entry in enumerate(snapshot.models) if entry.record.status != "retired")
    return heapq.nlargest(limit, present, key=newness)


def compare_offerings(
    offerings: Sequence[OfferingEntry],
    telemetry: Mapping[str, OfferingTelemetry],
    *,
    sort: str,
    region: Collection[str] = (),
) -> list[OfferingEntry]:
    """The offerings in the regions asked for, sorted as asked.

    Unknown values come last; ties are told apart by input price, then by provider id. ``global`` is a
    region like others: who asks where data stays must not be told "anywhere".
    """
    wanted = set(region)
    chosen = [e for e in offerings if not wanted or wanted.intersection(e.record.available_regions)]
    chosen.sort(key=lambda entry: input_price_key(entry.record))
    if sort != "price":
        chosen.sort(key=lambda entry: _comparison_key(entry, telemetry, sort))
    return chosen


def _comparison_key(
    entry: OfferingEntry, telemetry: Mapping[str, OfferingTelemetry], sort: str
) -> tuple[bool, Decimal | float]:
    """Known values first, the best of them first: low prices and times, high throughput and uptime."""
    pricing = entry.record.pricing
    known = telemetry.get(entry.record.provider_id, OfferingTelemetry())
    values: Mapping[str, Decimal | float | None] = {
        "output_price": pricing.output_per_million,
        "blended_price": blended_price(pricing),
        "ttft": known.timings.average_ttft_ms,
        "throughput": known.timings.average_tokens_per_second,
        "uptime": known.uptime_percentage,
    }
    value = values[sort]
    if value is None:
        return True, 0
    return False, -value if sort in {"throughput", "uptime"} else value
