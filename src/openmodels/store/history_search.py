"""Which changes are asked for, as a statement that reads no more of them than it gives.

Each combination of a kind, an action and a topic has its place in an index, newest first. There are few of
them, so whoever asks for several has the newest of each put together: one index serves every filter, however
rare what it lets through.
"""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple, get_args

from sqlalchemy import ColumnElement, Select, and_, literal, select, true, tuple_, union_all

from openmodels.domain.changes import ENTITIES, Topic
from openmodels.store.columns import Moment
from openmodels.store.history_ports import ChangeQuery, Place
from openmodels.store.history_rows import CHANGES, changes_query

_NEWEST = (CHANGES.c.at.desc(), CHANGES.c.number.desc())
_OLDEST = (CHANGES.c.at, CHANGES.c.number)
_TOPICS: tuple[str, ...] = get_args(Topic)


class _Sort(NamedTuple):
    """A sort of changes that there can be."""

    kind: str
    action: str
    topic: str


def search(
    query: ChangeQuery, *, limit: int, before: Place | None, after: Place | None = None
) -> Select[Any] | None:
    """Selects the newest changes that fit, as ``changes_query`` does; None where nothing can fit.

    With ``after``, the oldest that are newer, oldest first.
    """
    order = _NEWEST if after is None else _OLDEST
    bounds = and_(CHANGES.c.news, _bounds(query, before, after))
    if query.fields:
        bounds = and_(bounds, CHANGES.c.field.in_(query.fields))
    every = list(_sorts(ChangeQuery()))
    wanted = list(_sorts(query))
    if not wanted:
        return None
    if wanted == every:
        return changes_query().where(bounds).order_by(*order).limit(limit)
    filters = [and_(bounds, *_of(sort, query)) for sort in wanted]
    if len(filters) == 1:
        return changes_query().where(filters[0]).order_by(*order).limit(limit)
    newest = [
        select(CHANGES.c.at, CHANGES.c.number).where(fits).order_by(*order).limit(limit).subquery()
        for fits in filters
    ]
    places = union_all(*map(select, newest)).subquery()
    placed = (places.c.at, places.c.number)
    by_place = placed if after is not None else [column.desc() for column in placed]
    page = select(places.c.number).order_by(*by_place).limit(limit)
    return changes_query().where(CHANGES.c.number.in_(page)).order_by(*order)


def _sorts(query: ChangeQuery) -> Iterator[_Sort]:
    """The sorts that a query may find something of."""
    for kind in ENTITIES:
        if not _asked(kind, query.kinds):
            continue
        if query.model_id is not None and kind not in ("model", "offering"):
            continue
        if query.provider_id is not None and kind not in ("provider", "offering"):
            continue
        if query.model_id is not None and query.provider_id is not None and kind != "offering":
            continue
        for action in ("added", "changed", "removed"):
            # That something is new or gone is of no other topic.
            for topic in _TOPICS if action == "changed" else ("lifecycle",):
                if _asked(action, query.actions) and _asked(topic, query.topics):
                    yield _Sort(kind, action, topic)


def _asked(value: str, wanted: Collection[str]) -> bool:
    return not wanted or value in wanted


def _of(sort: _Sort, query: ChangeQuery) -> Iterator[ColumnElement[bool]]:
    yield CHANGES.c.kind == sort.kind
    yield CHANGES.c.action == sort.action
    yield CHANGES.c.topic == sort.topic
    if query.model_id is not None:
        yield CHANGES.c.model_id == query.model_id
    if query.provider_id is not None:
        # Of the two, the model has fewer changes. As an expression, no index but the model's can be entered,
        # which has the provider in it as well.
        told = CHANGES.c.provider_id if query.model_id is None else CHANGES.c.provider_id.concat("")
        yield told == query.provider_id


def _bounds(query: ChangeQuery, before: Place | None, after: Place | None) -> ColumnElement[bool]:
    """The times asked for. Only the nearer of two bounds on one side: an index is entered at one of them."""
    bounds: list[ColumnElement[bool]] = [true()]
    place = tuple_(CHANGES.c.at, CHANGES.c.number)
    if after is not None and (query.since is None or after.at >= query.since):
        bounds.append(place > tuple_(literal(after.at, Moment), literal(after.number)))
    elif query.since is not None:
        bounds.append(CHANGES.c.at >= query.since)
    if before is not None and (query.until is None or before.at < query.until):
        bounds.append(place < tuple_(literal(before.at, Moment), literal(before.number)))
    elif query.until is not None:
        bounds.append(CHANGES.c.at < query.until)
    return and_(*bounds)
