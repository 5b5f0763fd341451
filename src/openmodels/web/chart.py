"""A chart as the pages hold it: a table with a text alternative, which the script draws.

The table is the chart's only data, so that what is drawn, what is read aloud and what is there without script
are the same. ``assets/src/charts.ts`` reads it by the attributes that ``templates/chart.html`` writes.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from markupsafe import Markup, escape
from msgspec import Struct

Kind = Literal["line", "step", "scatter"]
"""Lines over time; prices over time, each of which holds until the next; points by two figures."""
Role = Literal["line", "low", "high", "x", "y"]
"""What a column is: a line of its own; the lower or the upper edge of a band; a coordinate of a point."""
Unit = Literal["ms", "tokens/s", "%", "per 1M tokens", ""]


class Column(Struct, frozen=True, kw_only=True):
    """One series, or one coordinate."""

    label: str
    """What it is, for people: from the registry too, so it is escaped like any text."""
    role: Role = "line"
    group: str = ""
    """Columns of one group have one colour: a band's ``low`` and ``high``, and the line in it."""
    unit: str = ""
    """The unit of its figures, where it is not the chart's."""


class Row(Struct, frozen=True, kw_only=True):
    """One moment, or one point."""

    at: datetime | None = None
    """The moment, in a chart over time."""
    label: str = ""
    """The point's name, in a scatter plot."""
    href: str = ""
    """Where the point's name leads, a path of this site."""
    group: str = ""
    """What the point belongs to, for people: points of one group have one colour and one mark."""
    values: Sequence[Decimal | float | None] = ()
    """One for each column; None is a gap."""


class Chart(Struct, frozen=True, kw_only=True):
    """A chart with everything that is said in its place."""

    id: str
    """Its id on the page."""
    kind: Kind
    title: str
    summary: str
    """The text alternative: what the chart shows, in one or two sentences with the figures that matter."""
    unit: str
    """The unit of its figures, said once."""
    columns: Sequence[Column]
    rows: Sequence[Row]
    """Oldest first in a chart over time."""
    log: bool = False
    """Whether the value axis is logarithmic; a zero then has no place."""


def chart_rows(chart: Chart, figure: Callable[[Any], str]) -> Markup:
    """The rows of a chart's table; ``figure`` is how its values are said.

    Not a template's part: charts have hundreds of cells, each of which would cost calls of filters.
    """
    rows = (f"<tr{_marks(row)}>{_head(row)}{''.join(_cells(row, figure))}</tr>" for row in chart.rows)
    return Markup("\n".join(rows))  # noqa: S704 - all text in it is escaped


def _marks(row: Row) -> str:
    at = f' data-at="{int(row.at.timestamp())}"' if row.at else ""
    return f'{at} data-group="{escape(row.group)}"' if row.group else at


def _head(row: Row) -> str:
    if row.at:
        said = f'<time datetime="{row.at.isoformat()}">{row.at:%Y-%m-%d %H:%M}</time>'
    else:
        said = f"<bdi>{escape(row.label)}</bdi>"
        said = f'<a href="{escape(row.href)}">{said}</a>' if row.href else said
    return f'<th scope="row">{said}</th>'


def _cells(row: Row, figure: Callable[[Any], str]) -> Iterator[str]:
    for value in row.values:
        if value is None:
            yield '<td class="number"><span class="unknown">–</span></td>'
        else:
            yield f'<td class="number" data-value="{value}">{escape(figure(value))}</td>'
