"""What a model cost over time: two charts, and every change as a line of a table."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from openmodels.domain.price_series import PastPrices, Series, Step, amount_of
from openmodels.web import words
from openmodels.web.chart import Chart, Column, Row

MOST_DRAWN = 8
"""As many lines can be told apart."""
MOST_MOMENTS = 120
"""As many changes are drawn, the newest; a registry that is corrected every day has more."""
MOST_LISTED = 100
"""As many changes are listed, the newest."""
Which = Literal["input", "output"]


class PriceChange(Struct, frozen=True, kw_only=True):
    """One step of one offering."""

    at: datetime
    provider_id: str
    provider_name: str
    input: str
    """From what to what, or what it is."""
    output: str
    event: str
    """What happened to the offering itself; empty where only a price changed."""


class PriceHistory(Struct, frozen=True, kw_only=True):
    """What the page shows of the past."""

    begins_at: datetime
    currency: str
    """What the charts are in; ISO 4217."""
    charts: tuple[Chart, ...]
    """None where no price was ever known."""
    changes: tuple[PriceChange, ...]
    """The newest first."""
    changes_total: int
    left_out: int
    """Offerings that no line is drawn for."""


def price_history(
    past: PastPrices, names: Mapping[str, str], order: Sequence[str], *, now: datetime
) -> PriceHistory:
    """The charts and the changes; ``order`` are the providers of now, the best ranked first."""
    changes = sorted(
        (change for series in past.series for change in _changes(series, past.begins_at, names)),
        key=lambda change: (change.at, change.provider_id),
        reverse=True,
    )
    drawn = _drawn(past, order)
    charts = (_chart(which, drawn, names, now) for which in ("input", "output"))
    return PriceHistory(
        begins_at=past.begins_at,
        currency=drawn[0].currency if drawn else "",
        charts=tuple(chart for chart in charts if chart is not None),
        changes=tuple(changes[:MOST_LISTED]),
        changes_total=len(changes),
        left_out=len({series.provider_id for series in past.series} - {s.provider_id for s in drawn}),
    )


def _drawn(past: PastPrices, order: Sequence[str]) -> list[Series]:
    """The series that get a line, in one currency: those that changed come first, then the best ranked."""
    places = {provider_id: place for place, provider_id in enumerate(order)}
    currencies = [series.currency for series in past.series if series.ended_at is None]
    currency = max(sorted(set(currencies)), key=currencies.count, default=None)
    found = [s for s in past.series if s.currency == currency and any(map(_known, s.steps))]
    found.sort(key=lambda s: (len(s.steps) < 2, places.get(s.provider_id, len(places)), s.provider_id))
    return found[:MOST_DRAWN]


def _known(step: Step) -> bool:
    prices = step.prices or {}
    return any(prices.get(f"{which}_per_million") is not None for which in ("input", "output"))


def _chart(which: Which, drawn: Sequence[Series], names: Mapping[str, str], now: datetime) -> Chart | None:
    field = f"{which}_per_million"
    moments = sorted({step.at for series in drawn for step in series.steps if step.at < now})[-MOST_MOMENTS:]
    if not moments:
        return None
    moments.append(now)
    columns = [[_at(series, field, moment) for moment in moments] for series in drawn]
    if not any(value is not None for column in columns for value in column):
        return None
    currency = drawn[0].currency
    return Chart(
        id=f"prices-{which}",
        kind="step",
        title=f"{which.capitalize()} price",
        summary=_summary(which, columns, currency, moments),
        unit=f"{currency} per 1M tokens",
        columns=[
            Column(label=names.get(series.provider_id, series.provider_id), group=series.provider_id)
            for series in drawn
        ],
        rows=[Row(at=at, values=values) for at, *values in zip(moments, *columns, strict=True)],
    )


def _at(series: Series, field: str, moment: datetime) -> Decimal | None:
    """The price at that moment; None while it was not offered, or nobody knew."""
    if series.ended_at is not None and moment >= series.ended_at:
        return None
    held = None
    for step in series.steps:
        if step.at > moment:
            break
        held = step.prices
    return None if held is None else amount_of(held, field)


def _summary(
    which: Which, columns: Sequence[Sequence[Decimal | None]], currency: str, moments: Sequence[datetime]
) -> str:
    now = [column[-1] for column in columns if column[-1] is not None]
    moved = sum(len({value for value in column if value is not None}) > 1 for column in columns)
    where = f"{len(columns)} providers" if len(columns) > 1 else "the only provider"
    said = f"The {which} price at {where} since {words.day(moments[0])}"
    if now:
        lowest, highest = words.price(min(now), currency), words.price(max(now), currency)
        said += f": {lowest} now" if lowest == highest else f": from {lowest} to {highest} now"
    changed = f"It changed at {moved} of them" if len(columns) > 1 else "It changed"
    return f"{said}. {changed if moved else 'It did not change'}."


def _changes(series: Series, begins_at: datetime, names: Mapping[str, str]) -> Iterator[PriceChange]:
    """The steps as lines; what held from the beginning on is no change."""
    before: Step | None = None
    for step in series.steps:
        if before is not None or step.at > begins_at:
            shown = [_moved(before, step, which, series.currency) for which in ("input", "output")]
            yield PriceChange(
                at=step.at,
                provider_id=series.provider_id,
                provider_name=names.get(series.provider_id, series.provider_id),
                input=shown[0],
                output=shown[1],
                event=_event(before, step, shown),
            )
        before = step


def _moved(before: Step | None, step: Step, which: Which, currency: str) -> str:
    field = f"{which}_per_million"
    new = amount_of(step.prices, field) if step.prices is not None else None
    if step.prices is None:
        return ""
    if before is None or before.prices is None:
        return words.price(new, currency)
    old = amount_of(before.prices, field)
    return f"{words.price(old, currency)} → {words.price(new, currency)}" if old != new else ""


def _event(before: Step | None, step: Step, shown: Sequence[str]) -> str:
    if step.prices is None:
        return "no longer offered"
    if before is None or before.prices is None:
        return "new"
    return "" if any(shown) else "another price changed"
