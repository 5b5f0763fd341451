"""The page that tells what changed in the registry, newest first."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from msgspec.structs import replace

from openmodels.api.changes import FILTERS, LIMIT, asked_changes, paid_in
from openmodels.api.cursors import CURSOR, encode_cursor
from openmodels.api.endpoint import Ask
from openmodels.api.history import begins_at, page_of_changes
from openmodels.api.past import reading_history
from openmodels.api.wire import decode_query
from openmodels.edge.exchange import Freshness
from openmodels.store.history_ports import NumberedChange
from openmodels.web.change_rows import by_day
from openmodels.web.page import Html, Page

PATH = "/changes"
TITLE = "What changed"
DESCRIPTION = (
    "Every change of the registry, newest first: prices, limits, lifecycles, and the models, providers and "
    "offerings that came and went, with the source of each."
)
BARE_DATE = len("2026-03-01")
CHOICES = (
    (
        "kind",
        "What",
        (("model", "models"), ("offering", "offerings"), ("provider", "providers"), ("vendor", "vendors")),
    ),
    (
        "topic",
        "About",
        (("price", "price"), ("limits", "limits"), ("lifecycle", "lifecycle"), ("other", "anything else")),
    ),
    ("action", "How", (("added", "new"), ("changed", "changed"), ("removed", "gone"))),
)
"""For each filter of few values: its name, what it is called, and its values with what they are called."""
AFTER = replace(
    CURSOR, name="after", description="The page that ends before that place, going back to newer ones."
)


class Shown(NamedTuple):
    """The changes of one page, and whether there are others."""

    changes: Sequence[NumberedChange]
    newer: bool
    older: bool


async def changes_page(ask: Ask) -> Html:
    """What changed in the registry. Raises ``Unavailable`` when the history cannot be read."""
    ask = _by_canonical_id(ask)
    page = await _page(ask)
    paid = await paid_in(ask, page.changes)
    kept = _kept(ask)
    given = dict(kept)
    return Html(
        template="changes.html",
        title=TITLE,
        description=DESCRIPTION,
        canonical=PATH,
        indexed=not kept and not page.newer,
        raw=_address("/api/changes", kept),
        context={
            "days": by_day([numbered.change for numbered in page.changes], paid, ask.snapshot),
            "begins_at": await begins_at(ask),
            "choices": CHOICES,
            "dates": {name: _date_field(given.get(name, "")) for name in ("since", "until")},
            "filtered": bool(kept),
            "params": ask.params,
            "providers": [(entry.record.id, entry.record.name) for entry in ask.snapshot.providers],
            "unknown": _unknown(ask),
            "feed": _address("/api/changes.atom", kept),
            **_links(ask, page, kept),
        },
    )


async def _page(ask: Ask) -> Shown:
    """The page that was asked for, by where it ends or by where it begins. Raises ``Unavailable``."""
    after, limit = ask.params["after"], ask.params["limit"]
    if after is not None:
        with reading_history():
            found = await ask.services.history.changes(asked_changes(ask), limit=limit + 1, after=after)
        if len(found) > limit:
            return Shown(found[1:], newer=True, older=True)
        # There is nothing newer: the newest page, and a full one.
        ask = replace(ask, params={**ask.params, "cursor": None})
    page = await page_of_changes(ask, asked_changes(ask))
    return Shown(page.changes, newer=ask.params["cursor"] is not None, older=page.more)


def _links(ask: Ask, page: Shown, kept: list[tuple[str, str]]) -> dict[str, str | None]:
    """Where the pager leads."""
    limit = ask.params["limit"]
    asked = kept if limit == LIMIT.default else [*kept, ("limit", str(limit))]
    newer = encode_cursor(page.changes[0].place) if page.newer and page.changes else None
    older = encode_cursor(page.changes[-1].place) if page.older else None
    return {
        "newest": _address(PATH, asked) if page.newer else None,
        "newer": newer and _address(PATH, [*asked, ("after", newer)]),
        "older": older and _address(PATH, [*asked, ("cursor", older)]),
    }


def _by_canonical_id(ask: Ask) -> Ask:
    """The same question, where it names a model by an alias: changes are kept under the model's own id."""
    entry = ask.snapshot.model(ask.params["model"])
    return ask if entry is None else replace(ask, params={**ask.params, "model": entry.record.id})


def _kept(ask: Ask) -> list[tuple[str, str]]:
    """The filters that were given, for links that keep them."""
    names = {param.name for param in FILTERS}
    kept = [(name, value) for name, value in decode_query(ask.query) if name in names and value]
    return [(name, ask.params["model"] if name == "model" else value) for name, value in kept]


def _address(path: str, query: list[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _date_field(text: str) -> dict[str, str]:
    """A field for a date; for text where a moment of a day was given, which no field for dates holds."""
    return {"type": "date" if len(text) in (0, BARE_DATE) else "text", "value": text}


def _unknown(ask: Ask) -> list[dict[str, Any]]:
    """The ids asked for that the registry does not know, with those that were probably meant."""
    found = []
    for kind, known, like in (
        ("model", ask.snapshot.model, ask.snapshot.model_named_like),
        ("provider", ask.snapshot.provider, ask.snapshot.provider_named_like),
    ):
        name = ask.params[kind]
        if name and known(name) is None:
            near = like(name)
            others = [(n, v) for n, v in _kept(ask) if n != kind]
            found.append(
                {
                    "kind": kind,
                    "name": name,
                    "near": near,
                    "href": near and _address(PATH, [*others, (kind, near)]),
                }
            )
    return found


PAGES = (
    Page(
        path=PATH,
        handle=changes_page,
        freshness=Freshness.HISTORY,
        section=PATH,
        params=(*FILTERS, CURSOR, AFTER, LIMIT),
    ),
)
