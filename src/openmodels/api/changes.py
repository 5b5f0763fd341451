"""The endpoints about what changed, and what things cost over time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import get_args

from msgspec.structs import replace

from openmodels.api.atom import ATOM, feed_of, render
from openmodels.api.cursors import CURSOR, encode_cursor, next_link
from openmodels.api.endpoint import Answer, Ask, Endpoint, answer
from openmodels.api.history import MICROSECOND, all_changes, begins_at, known_model, page_of_changes
from openmodels.api.params import SINCE, UNTIL
from openmodels.api.wire import choices, integer, text, words
from openmodels.domain.change_wording import Paid, Step, currencies, is_price
from openmodels.domain.changes import Action, Change, EntityKind, Topic
from openmodels.domain.price_series import PastPrices, price_series
from openmodels.domain.snapshot import Snapshot
from openmodels.domain.views.history import ChangePage, ModelHistory, ModelPrices, change_view
from openmodels.domain.views.prices import series_views
from openmodels.domain.views.registry import iso, iso_or_none
from openmodels.edge.exchange import Freshness
from openmodels.store.history_ports import ChangeQuery, NumberedChange

MOST_CHANGES = 10_000
"""As many changes are read for the prices of one model; where there are more, its series begin later."""
MOST_PAID = 2_000
"""As many changes are read to find out what currency a feed's prices were in; where there are more, the feed
leaves the currencies of the oldest out."""


def asked_changes(ask: Ask) -> ChangeQuery:
    """What ``FILTERS`` ask for. An empty id is no filter."""
    asked = ask.params
    return ChangeQuery(
        since=asked["since"],
        until=asked["until"],
        kinds=asked["kind"],
        actions=asked["action"],
        topics=asked["topic"],
        model_id=asked["model"] or None,
        provider_id=asked["provider"] or None,
    )


async def list_changes(ask: Ask) -> Answer:
    """What changed in the registry, newest first."""
    page = await page_of_changes(ask, asked_changes(ask))
    cursor = encode_cursor(page.changes[-1].place) if page.more else None
    found = ChangePage(
        begins_at=iso_or_none(await begins_at(ask)),
        changes=tuple(change_view(numbered.change, whole=False) for numbered in page.changes),
        next=cursor,
    )
    return Answer(body=answer(found).body, link=next_link(ask, cursor) if cursor else None)


async def changes_feed(ask: Ask) -> Answer:
    """What changed in the registry, as a feed."""
    page = await page_of_changes(ask, asked_changes(ask))
    feed = feed_of(ask, "/api/changes.atom", iso(ask.snapshot.published_at))
    return Answer(body=render(feed, page.changes, await paid_in(ask, page.changes)))


async def model_history(ask: Ask) -> Answer:
    """What changed of a model and of its offerings, newest first."""
    model = await known_model(ask)
    query = ChangeQuery(
        since=ask.params["since"], until=ask.params["until"], topics=ask.params["topic"], model_id=model.id
    )
    page = await page_of_changes(ask, query)
    cursor = encode_cursor(page.changes[-1].place) if page.more else None
    found = ModelHistory(
        model_id=model.id,
        model_name=model.name,
        begins_at=iso_or_none(await begins_at(ask)),
        changes=tuple(change_view(numbered.change, whole=True) for numbered in page.changes),
        next=cursor,
    )
    return Answer(body=answer(found).body, link=next_link(ask, cursor) if cursor else None)


async def model_prices(ask: Ask) -> Answer:
    """What each offering of a model cost over time."""
    model = await known_model(ask)
    past = await past_prices(ask, model.id, since=ask.params["since"])
    wanted = ask.params["provider"]
    names = {provider.id: provider.name for provider in ask.snapshot.registry.providers}
    return answer(
        ModelPrices(
            model_id=model.id,
            model_name=model.name,
            begins_at=iso(past.begins_at),
            series=series_views((s for s in past.series if not wanted or s.provider_id in wanted), names),
        )
    )


async def past_prices(ask: Ask, model_id: str, *, since: datetime | None = None) -> PastPrices:
    """What each offering of a model cost since then, or since the history begins. Raises ``Unavailable``."""
    snapshot = ask.snapshot
    entry = snapshot.model(model_id)
    # Nothing that was published after what is served: the offerings are those of what is served.
    until = snapshot.published_at + MICROSECOND
    begins = await begins_at(ask) or snapshot.published_at
    start = max(begins, min(since or begins, ask.services.clock.now()))
    query = ChangeQuery(
        since=start, until=until, kinds=("offering",), topics=("price", "lifecycle"), model_id=model_id
    )
    page = await all_changes(ask, query, most=MOST_CHANGES)
    if page.more:
        start = page.changes[-1].change.at
    series = price_series(
        [offering.record for offering in entry.offerings] if entry else (),
        [numbered.change for numbered in page.changes],
        begins_at=start,
    )
    return PastPrices(begins_at=start, series=series)


async def paid_in(ask: Ask, shown: Sequence[NumberedChange]) -> Mapping[Step, Paid]:
    """What the prices that these changes tell of were in. Raises ``Unavailable``."""
    prices = [numbered for numbered in shown if is_price(numbered.change)]
    if not prices:
        return {}
    # The filters may leave out what changed a currency, and the end of what is shown may part a revision.
    query = ChangeQuery(
        since=prices[-1].change.at,
        kinds=("offering",),
        model_id=ask.params["model"] or None,
        provider_id=ask.params["provider"] or None,
    )
    about = {numbered.place: numbered for numbered in prices}
    told = {numbered.change.id for numbered in prices}
    reached = prices[-1].change.at
    exchanged = replace(query, topics=("price",), fields=("pricing.currency",))
    for part in (exchanged, replace(query, actions=("removed",))):
        page = await all_changes(ask, part, most=MOST_PAID)
        # Of a large publish, most is about others; what held for one says nothing about another.
        about |= {one.place: one for one in page.changes if one.change.id in told}
        if page.more:
            # A revision that was not read to its end may have more to say.
            reached = max(reached, page.changes[-1].change.at + MICROSECOND)
    changes = [about[place].change for place in sorted(about, reverse=True) if place.at >= reached]
    return currencies(changes, _currencies(ask.snapshot, changes), published_at=ask.snapshot.published_at)


def _currencies(snapshot: Snapshot, changes: Iterable[Change]) -> Mapping[str, str]:
    """What the prices of the offerings that changed are in now, by the offering's id."""
    found = {}
    for model_id in {model_id for change in changes if (model_id := change.entities[0]) is not None}:
        entry = snapshot.model(model_id)
        for offering in entry.offerings if entry is not None else ():
            found[f"{offering.record.provider_id}/{model_id}"] = offering.record.pricing.currency
    return found


TOPIC = choices(
    "topic",
    "What it is about; several are ORed. That something is new, gone or retired is `lifecycle`.",
    get_args(Topic),
    example=["price"],
)
FILTERS = (
    SINCE,
    UNTIL,
    choices("kind", "What changed; several are ORed.", get_args(EntityKind), example=["offering"]),
    TOPIC,
    choices(
        "action",
        "Whether it is new, has another value, or is gone; several are ORed.",
        get_args(Action),
        example=["changed"],
    ),
    text(
        "model",
        "Only of this model and of its offerings: its id, not an alias; one that is gone has changes too.",
        example="deepseek-v3",
    ),
    text("provider", "Only of the provider with this id and of its offerings.", example="openai"),
)
LIMIT = integer("limit", "Changes per page.", low=1, high=100, default=50, example=20)

ENDPOINTS = (
    Endpoint(
        path="/api/models/{model_id}/history",
        tag="History",
        summary="History of a model",
        description="What changed of a model and of its offerings, newest first; also of a model that is "
        "gone. Of what is new or gone, the whole record is given.",
        handle=model_history,
        body=ModelHistory,
        freshness=Freshness.HISTORY,
        params=(SINCE, UNTIL, TOPIC, CURSOR, LIMIT),
        linked=True,
        example="/api/models/deepseek-v3/history?topic=price",
    ),
    Endpoint(
        path="/api/models/{model_id}/prices",
        tag="History",
        summary="Prices of a model over time",
        description="For each provider, the prices that it asked for the model, as steps: each holds until "
        "the next. A series begins where the history does, or when the offering came; one that is taken away "
        "ends with a step without prices.",
        handle=model_prices,
        body=ModelPrices,
        freshness=Freshness.HISTORY,
        params=(
            words("provider", "Only at the providers with these ids; several are ORed.", example=["openai"]),
            SINCE,
        ),
        example="/api/models/deepseek-v3/prices",
    ),
    Endpoint(
        path="/api/changes",
        tag="History",
        summary="Changes of the registry",
        description="What changed in the registry, newest first: one item for each field, or for what is new "
        "or gone, of which the record is given in short.",
        handle=list_changes,
        body=ChangePage,
        freshness=Freshness.HISTORY,
        params=(*FILTERS, CURSOR, LIMIT),
        linked=True,
        example="/api/changes?kind=offering&topic=price&limit=20",
    ),
    Endpoint(
        path="/api/changes.atom",
        tag="History",
        summary="Changes of the registry as a feed",
        description="The same as an Atom feed (RFC 4287), with an entry for each change, newest first.",
        handle=changes_feed,
        body=str,
        media_type=ATOM,
        freshness=Freshness.HISTORY,
        params=(
            *FILTERS,
            integer("limit", "The most entries.", low=1, high=100, default=100, example=100),
        ),
        example="/api/changes.atom?topic=price",
    ),
)
