"""What the endpoints about the registry's history share."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from openmodels.api.endpoint import Ask
from openmodels.api.past import reading_history
from openmodels.store.history_ports import ChangeQuery, NumberedChange

MICROSECOND = timedelta(microseconds=1)
BATCH = 1_000
"""How many changes are asked for at a time where all are wanted."""


class Known(NamedTuple):
    """A model that is there, or was."""

    id: str
    name: str | None
    """The display name; None where nobody knows."""


class Page(NamedTuple):
    """Changes, newest first, and whether there are older ones."""

    changes: Sequence[NumberedChange]
    more: bool


async def known_model(ask: Ask) -> Known:
    """The model that the path names, present or gone.

    Raises ``NotFound`` when neither the registry nor its history knows it, ``Unavailable`` when the history
    cannot be read.
    """
    name = ask.ids["model_id"]
    entry = ask.snapshot.model(name)
    if entry is not None:
        return Known(entry.record.id, entry.record.name)
    history = ask.services.history
    with reading_history():
        if not await history.changes(ChangeQuery(model_id=name), limit=1):
            ask.model()  # says that it is not found, and what was probably meant
        gone = ChangeQuery(model_id=name, kinds=("model",), actions=("removed",))
        removed = await history.changes(gone, limit=1)
    return Known(name, removed[0].change.old.get("name") if removed else None)


async def begins_at(ask: Ask) -> datetime | None:
    """When the history begins. Raises ``Unavailable``."""
    with reading_history():
        return await ask.services.past.beginning()


async def page_of_changes(ask: Ask, query: ChangeQuery) -> Page:
    """The page of changes that was asked for by ``limit`` and, where there is one, ``cursor``.

    Raises ``Unavailable``.
    """
    limit = ask.params["limit"]
    with reading_history():
        # One more than asked for tells whether there are more.
        found = await ask.services.history.changes(query, limit=limit + 1, before=ask.params.get("cursor"))
    return Page(found[:limit], len(found) > limit)


async def all_changes(ask: Ask, query: ChangeQuery, *, most: int) -> Page:
    """The changes that fit, at most about as many. Raises ``Unavailable``."""
    found: list[NumberedChange] = []
    with reading_history():
        while len(found) < most:
            before = found[-1].place if found else None
            part = await ask.services.history.changes(query, limit=BATCH, before=before)
            found += part
            if len(part) < BATCH:
                return Page(found, more=False)
    return Page(found, more=True)
