"""The table of a chart: all of its figures, and nothing but text of what others wrote."""

from datetime import UTC, datetime
from decimal import Decimal

from openmodels.web.chart import Chart, Column, Row, chart_rows


def chart(*rows: Row) -> Chart:
    return Chart(
        id="c", kind="line", title="t", summary="s", unit="ms", columns=[Column(label="p50")], rows=rows
    )


def test_a_moment_has_its_time_its_values_and_gaps() -> None:
    at = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
    assert str(chart_rows(chart(Row(at=at, values=(1234.5, None))), lambda value: f"{value:,.0f}")) == (
        '<tr data-at="1772373600"><th scope="row"><time datetime="2026-03-01T14:00:00+00:00">2026-03-01 14:00'
        '</time></th><td class="number" data-value="1234.5">1,234</td>'
        '<td class="number"><span class="unknown">–</span></td></tr>'
    )


def test_nothing_of_a_point_is_markup() -> None:
    point = Row(label="<b>", href='/models/"x', group="'a&b\"", values=(Decimal("0.10"),))
    assert str(chart_rows(chart(point), lambda _: "<i>")) == (
        '<tr data-group="&#39;a&amp;b&#34;">'
        '<th scope="row"><a href="/models/&#34;x"><bdi>&lt;b&gt;</bdi></a></th>'
        '<td class="number" data-value="0.10">&lt;i&gt;</td></tr>'
    )
