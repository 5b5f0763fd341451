"""Price against speed: every offering of the compared models of which both are known. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from openmodels.domain.pricing import blended_price, majority_currency
from openmodels.domain.records import Offering
from openmodels.web import words
from openmodels.web.chart import Chart, Column, Row
from openmodels.web.compare_columns import Column as Compared
from openmodels.web.compare_columns import cut


class Point(NamedTuple):
    """One offering."""

    name: str
    model: str
    """The model's name."""
    model_id: str
    offering: Offering
    price: Decimal
    """Per million tokens, 3 in : 1 out."""
    speed: float
    """Output tokens per second."""


def price_against_speed(columns: Sequence[Compared], *, span: str) -> Chart | None:
    """The chart over all offerings of the compared models; None where there is no point to draw.

    Only the currency that most of them are priced in has a place: two cannot share an axis.
    """
    points = _points(columns)
    currency = majority_currency(point.offering for point in points)
    if currency is None:
        return None
    shown = [point for point in points if point.offering.pricing.currency == currency]
    return Chart(
        id="price-speed",
        kind="scatter",
        title="The offerings of these models",
        summary=_summary(shown, currency, left=len(points) - len(shown), span=span),
        unit="",
        columns=(
            Column(label="Blended price", role="x", unit=f"{currency} per 1M tokens"),
            Column(label="Output speed", role="y", unit="tokens/s"),
        ),
        rows=[
            Row(
                label=point.name,
                href=f"/models/{point.model_id}",
                group=point.model,
                values=(point.price, point.speed),
            )
            for point in shown
        ],
        log=True,
    )


def said(value: Decimal | float) -> str:
    """A figure of the chart: a price is exact, a speed is not."""
    return words.price(value, "").strip() if isinstance(value, Decimal) else words.per_second(value)


def _points(columns: Sequence[Compared]) -> list[Point]:
    """Those of the first model first, the cheapest of each first."""
    found: dict[tuple[str, str], Point] = {}
    for column in columns:
        for entry in column.entry.offerings:
            offering = entry.record
            known = column.telemetry.get(offering.provider_id)
            speed = known.timings.average_tokens_per_second if known else None
            price = blended_price(offering.pricing)
            if speed is not None and price is not None and offering.status != "retired":
                name = f"{column.model.name} at {column.names[offering.provider_id]}"
                key = offering.provider_id, column.model.id
                found[key] = Point(name, column.model.name, column.model.id, offering, price, speed)
    place = {column.model.id: number for number, column in reversed(list(enumerate(columns)))}
    return sorted(found.values(), key=lambda point: (place[point.model_id], point.price, -point.speed))


def _summary(points: Sequence[Point], currency: str, *, left: int, span: str) -> str:
    """What the chart shows, in words."""
    number = len(points)
    text = (
        f"{number} offering{'' if number == 1 else 's'} with a known price and a speed measured over {span}. "
    )
    fastest = max(points, key=lambda point: (point.speed, -point.price))
    least = min(points, key=lambda point: (point.price, -point.speed))
    text += f"Fastest: {_said(fastest, currency)}."
    if least is not fastest:
        text += f" Cheapest: {_said(least, currency)}."
    if left:
        text += f" {left} with prices in other currencies are not shown."
    return text


def _said(point: Point, currency: str) -> str:
    speed = words.per_second(point.speed)
    return f"{cut(words.plain(point.name))}, {speed} tokens/s for {words.price(point.price, currency)}"
