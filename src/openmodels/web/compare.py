"""The page that puts models or offerings side by side."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from openmodels.api.endpoint import Ask
from openmodels.api.params import PERIOD
from openmodels.api.wire import boolean, words
from openmodels.domain.query import popular_models
from openmodels.domain.telemetry import OfferingTelemetry
from openmodels.edge.exchange import Freshness
from openmodels.web.compare_chart import price_against_speed, said
from openmodels.web.compare_columns import MOST, PATH, Chosen, Column, choose
from openmodels.web.compare_rows import Group, groups_of, only_differences
from openmodels.web.page import Html, Page
from openmodels.web.reading import read_offerings

TITLE = "Compare models"
DESCRIPTION = (
    "Two to five language models, or offerings of them, side by side: prices, limits, measured speed and "
    "uptime, capabilities, licences and dates, with the differences marked."
)
PERIODS: Mapping[str, str] = {
    "1h": "the last hour",
    "24h": "the last 24 hours",
    "1d": "the last 24 hours",
    "7d": "the last 7 days",
    "30d": "the last 30 days",
}
MOST_LISTED = 1_000
"""Up to so many models, the field offers every one of them; more would make the page heavy."""
SUGGESTED = 6
"""How many popular models are suggested."""


async def compare_page(ask: Ask) -> Html:
    """Two to five models or offerings side by side; fewer are explained, more are left out and named."""
    chosen = choose(ask.snapshot, ask.query)
    columns = await _with_telemetry(ask, chosen.columns)
    states = await ask.states() if columns else {}
    span = PERIODS[ask.params["period"]]
    groups = groups_of(columns, ask.snapshot, states, span=span) if columns else ()
    options = _options(ask)
    models = ask.snapshot.models
    return Html(
        template="compare.html",
        title=_title(columns),
        description=_description(columns),
        canonical=chosen.address(columns),
        indexed=not columns,
        context={
            "asked": [column.asked for column in columns],
            "columns": [_head(chosen, column, columns, options, states) for column in columns],
            "groups": only_differences(groups) if options["differences"] and len(columns) > 1 else groups,
            "counts": _counts(groups),
            "chart": price_against_speed(columns, span=span),
            "said": said,
            "chosen": chosen,
            "replaced": [
                (one, one.near and _adding(chosen, columns, one.near, options)) for one in chosen.unknown
            ],
            "suggested": _suggested(ask, chosen, columns, options),
            "most": MOST,
            "full": len(columns) == MOST,
            "known": [(m.record.id, m.record.name) for m in models] if len(models) <= MOST_LISTED else (),
            "period": ask.params["period"],
            "periods": [(name, words) for name, words in PERIODS.items() if name != "1d"],
            "span": span,
            "differences": bool(options["differences"]),
            "unread": bool(ask.unread),
        },
    )


async def _with_telemetry(ask: Ask, columns: Sequence[Column]) -> list[Column]:
    """The columns with what was measured of their models in the period; without, while the store is away."""
    entries = {column.model.id: column.entry for column in columns}
    measured = await asyncio.gather(*(read_offerings(ask, entry, regions=()) for entry in entries.values()))
    known: dict[str, Mapping[str, OfferingTelemetry]] = dict(zip(entries, measured, strict=True))
    return [replace(column, telemetry=known[column.model.id]) for column in columns]


def _options(ask: Ask) -> dict[str, str]:
    """What of the address is not about which are compared; empty where it is as usual."""
    period = ask.params["period"]
    return {
        "period": "" if period == PERIOD.default else period,
        "differences": "true" if ask.params["differences"] else "",
    }


def _head(
    chosen: Chosen,
    column: Column,
    columns: Sequence[Column],
    options: Mapping[str, str],
    states: Mapping[str, Any],
) -> dict[str, Any]:
    """What stands above a column."""
    offering = column.offering
    state = states.get(offering.provider_id) if offering else None
    return {
        "name": column.model.name,
        "href": f"/models/{column.model.id}",
        "title": column.title,
        "provider": column.names[offering.provider_id] if offering else "",
        "provider_id": offering.provider_id if offering else "",
        "state": state.status if state else "unknown",
        "remove": chosen.address([other for other in columns if other is not column], **options),
    }


def _counts(groups: Sequence[Group]) -> dict[str, int]:
    rows = [row for group in groups for row in group.rows]
    return {"rows": len(rows), "differ": sum(row.differs for row in rows)}


def _adding(chosen: Chosen, columns: Sequence[Column], model_id: str, options: Mapping[str, str]) -> str:
    """The address that compares one model more."""
    with_it = chosen.address(columns)
    sign = "&" if columns else "?"
    rest = "".join(f"&{name}={value}" for name, value in options.items() if value)
    return f"{with_it}{sign}model={model_id}{rest}"


def _suggested(
    ask: Ask, chosen: Chosen, columns: Sequence[Column], options: Mapping[str, str]
) -> list[tuple[str, str]]:
    """What to compare next, as words and addresses: pairs of popular models, or one more."""
    if len(columns) > 1:
        return []
    taken = {column.model.id for column in columns}
    popular = [ask.snapshot.models[n].record for n in popular_models(ask.snapshot, ask.services.clock.now())]
    popular = [model for model in popular if model.id not in taken][:SUGGESTED]
    if columns:
        return [(model.name, _adding(chosen, columns, model.id, options)) for model in popular]
    pairs = zip(popular[::2], popular[1::2], strict=False)
    return [
        (f"{one.name} and {other.name}", f"{PATH}?model={one.id}&model={other.id}") for one, other in pairs
    ]


def _title(columns: Sequence[Column]) -> str:
    if not columns:
        return TITLE
    *others, last = [column.short for column in columns]
    return f"{', '.join(others)} and {last} compared" if others else f"Compare {last}"


def _description(columns: Sequence[Column]) -> str:
    if len(columns) < 2:
        return DESCRIPTION
    names = ", ".join(column.short for column in columns)
    return (
        f"{names} side by side: prices, limits, measured speed and uptime, capabilities, licences and dates."
    )


PAGES = (
    Page(
        path=PATH,
        handle=compare_page,
        freshness=Freshness.TELEMETRY,
        section=PATH,
        params=(
            words("model", "Ids or aliases of models; several are compared."),
            words("offering", "Offerings as provider/model; several are compared."),
            PERIOD,
            boolean("differences", "Whether only what differs is shown."),
        ),
    ),
)
