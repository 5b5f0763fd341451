"""The filters of the list of models, as its form and its chips show them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from openmodels.domain.model_facets import Counts
from openmodels.domain.query import ModelQuery
from openmodels.domain.snapshot import Snapshot
from openmodels.web.words import money, tokens, with_query

PATH = "/models"
MOST_BOXES = 16
"""A filter with more values than this offers them in a list of choices rather than as boxes to tick."""
WINDOWS = (8_000, 32_000, 128_000, 200_000, 1_000_000)
"""The context windows that are offered, in tokens; others can be asked for by address."""
GROUPS = (
    ("capability", "Capability"),
    ("modality", "Modality"),
    ("vendor", "Vendor"),
    ("provider", "Provider"),
    ("licensing", "Licence"),
    ("status", "Status"),
)
"""The filters that take several values, in the order of the form: name and heading."""
SORTS: Mapping[str, str] = {
    "recency": "Newest",
    "relevance": "Most relevant",
    "name": "Name",
    "context_window": "Longest context",
    "price": "Lowest input price",
    "providers": "Most offerings",
}
"""The orders, as the form names them."""

Given = Mapping[str, Any]
"""The parameters that were asked for and are not empty, by name."""


class Option(Struct, frozen=True, kw_only=True):
    """One value of a filter."""

    value: str
    label: str
    count: int | None = None
    """How many models have it, of those that fit everything else; None where nobody counted."""
    chosen: bool = False


class Group(Struct, frozen=True, kw_only=True):
    """A filter that takes several values."""

    name: str
    """The parameter."""
    title: str
    boxes: Sequence[Option]
    """To tick: those that are chosen, and all others where there are few."""
    more: Sequence[Option]
    """To choose from a list, one at a time."""


class Chip(Struct, frozen=True, kw_only=True):
    """A filter that is at work."""

    kind: str
    text: str
    href: str
    """The same list without it."""


class Form(Struct, frozen=True, kw_only=True):
    """Everything that the form shows."""

    search: str
    groups: Sequence[Group]
    weights: Sequence[Option]
    windows: Sequence[Option]
    price: str
    """The highest input price, as a field for numbers takes it."""
    sorts: Sequence[Option]


def given_of(query: ModelQuery) -> Given:
    """What the list was asked for, without the page, in one order and one spelling: its own address."""
    return {
        name: value
        for name in query.__struct_fields__
        if (value := getattr(query, name)) is not None and value not in ("", ())
    }


def form_of(snapshot: Snapshot, query: ModelQuery, counts: Counts) -> Form:
    """The form for a query, with ``counts`` beside the values."""
    names = _names(snapshot)
    weights = counts["open_weights"]
    searched = bool(query.search.strip())
    return Form(
        search=query.search,
        groups=[
            _group(
                name,
                title,
                getattr(query, name),
                counts[name],
                snapshot.facets.models[name],
                names.get(name, {}),
            )
            for name, title in GROUPS
        ],
        weights=[
            Option(value=value, label=label, count=weights.get(open_, 0), chosen=query.open_weights is open_)
            for value, label, open_ in (("true", "Open", True), ("false", "Closed", False))
        ],
        windows=[
            Option(value=str(size), label=f"{tokens(size)} or more", chosen=size == query.min_context)
            for size in sorted({*WINDOWS, *([query.min_context] if query.min_context else [])})
        ],
        price="" if query.max_input_price is None else f"{query.max_input_price:f}",
        sorts=[
            Option(value="" if name == _usual(searched) else name, label=label, chosen=query.sort == name)
            for name, label in sorted(SORTS.items(), key=lambda item: item[0] != _usual(searched))
            if searched or name != "relevance"
        ],
    )


def _usual(searched: bool) -> str:
    """The order where none is asked for."""
    return "relevance" if searched else "recency"


def _names(snapshot: Snapshot) -> Mapping[str, Mapping[str, str]]:
    """What ids are called."""
    return {
        "vendor": {vendor.id: vendor.name for vendor in snapshot.registry.vendors},
        "provider": {entry.record.id: entry.record.name for entry in snapshot.providers},
    }


def _group(
    name: str,
    title: str,
    chosen: Collection[str],
    counts: Mapping[Any, int],
    sizes: Mapping[Any, Collection[int]],
    names: Mapping[str, str],
) -> Group:
    """The values that some model has, and those that are chosen in any case.

    Boxes stand in an order that filters do not change, and do not go away, so that nothing moves under the
    reader's hand.
    """
    known = [value for value in sizes if value is not None]
    ticked = list(dict.fromkeys(chosen))

    def option(value: str) -> Option:
        return Option(
            value=value, label=names.get(value, value), count=counts.get(value, 0), chosen=value in chosen
        )

    if len(known) > MOST_BOXES:
        left = [option(value) for value in known if value not in chosen and counts.get(value)]
        left.sort(key=lambda item: (item.label.casefold(), item.value))
        return Group(name=name, title=title, boxes=[option(value) for value in ticked], more=left)
    boxes = sorted({*known, *ticked}, key=lambda value: (-len(sizes.get(value, ())), value))
    return Group(name=name, title=title, boxes=[option(value) for value in boxes], more=())


def chips_of(snapshot: Snapshot, given: Given) -> list[Chip]:
    """Each filter that is at work, with the list without it."""
    names, titles = _names(snapshot), dict(GROUPS)
    chips = []
    for name, value in given.items():
        if name == "sort":
            continue
        if name in titles:
            chips += [
                Chip(
                    kind=titles[name],
                    text=names.get(name, {}).get(item, item),
                    href=with_query(PATH, **{**given, name: [other for other in value if other != item]}),
                )
                for item in dict.fromkeys(value)
            ]
        else:
            kind, said = SAID[name]
            chips.append(Chip(kind=kind, text=said(value), href=with_query(PATH, **{**given, name: None})))
    return chips


def _said_price(most: Decimal) -> str:
    return f"at most {money(most)} per 1M tokens"


SAID: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "search": ("Search", str),
    "open_weights": ("Weights", lambda value: "open" if value else "closed"),
    "min_context": ("Context", lambda value: f"{tokens(value)} tokens or more"),
    "max_input_price": ("Input price", _said_price),
}
"""For each filter of one value: what it is called, and how its value is said."""
