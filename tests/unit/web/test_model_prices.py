"""What a model cost over time, as its page shows it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from openmodels.domain.price_series import PastPrices, Series, Step
from openmodels.web.model_prices import MOST_DRAWN, MOST_MOMENTS, PriceHistory, price_history

BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def prices(amount: str | None, *, output: str | None = None, currency: str = "USD") -> dict[str, Any]:
    return {"input_per_million": amount, "output_per_million": output, "currency": currency}


def series(
    name: str, *steps: tuple[int, dict[str, Any] | None], currency: str = "USD", end: int = 0
) -> Series:
    """One that holds these prices from so many days after the beginning on."""
    ended = BEGINS + timedelta(days=end) if end else None
    return Series(
        name, currency, tuple(Step(BEGINS + timedelta(days=day), held) for day, held in steps), ended
    )


def history(*found: Series, order: Sequence[str] = ()) -> PriceHistory:
    return price_history(PastPrices(BEGINS, found), {"acme": "Acme"}, order, now=NOW)


def test_each_moment_has_the_price_that_held_then() -> None:
    shown = history(series("acme", (0, prices("1")), (10, prices("2"))), series("zen", (0, prices("3"))))
    (chart,) = shown.charts
    assert [column.label for column in chart.columns] == ["Acme", "zen"]
    assert [list(row.values) for row in chart.rows] == [
        [Decimal(1), Decimal(3)],
        [Decimal(2), Decimal(3)],
        [Decimal(2), Decimal(3)],
    ]
    assert chart.rows[-1].at == NOW
    assert chart.summary == (
        "The input price at 2 providers since 1 Jan 2026: from $2.00 to $3.00 now. It changed at 1 of them."
    )


def test_an_offering_that_was_taken_away_is_a_gap_from_then_on() -> None:
    shown = history(series("acme", (0, prices("1")), (10, None), end=10), series("zen", (0, prices("3"))))
    values = [
        row.values[[c.label for c in shown.charts[0].columns].index("Acme")] for row in shown.charts[0].rows
    ]
    assert values == [Decimal(1), None, None]
    assert [(change.provider_name, change.event) for change in shown.changes] == [
        ("Acme", "no longer offered")
    ]


def test_what_is_priced_in_another_currency_is_listed_and_not_drawn() -> None:
    shown = history(
        series("acme", (0, prices("1"))),
        series("zen", (0, prices("3"))),
        series("yuan", (0, prices("7", currency="CNY")), (5, prices("8", currency="CNY")), currency="CNY"),
    )
    assert [column.group for column in shown.charts[0].columns] == ["acme", "zen"]
    assert [(change.provider_id, change.input) for change in shown.changes] == [("yuan", "CN¥7.00 → CN¥8.00")]
    assert (shown.left_out, shown.currency) == (1, "USD")


def test_those_that_changed_are_drawn_first_then_the_best_ranked() -> None:
    quiet = [series(f"quiet-{n:02}", (0, prices("1"))) for n in range(20)]
    shown = history(*quiet, series("zen", (0, prices("3")), (5, prices("4"))), order=["quiet-07", "zen"])
    drawn = [column.group for column in shown.charts[0].columns]
    assert drawn[:2] == ["zen", "quiet-07"]
    assert len(drawn) == MOST_DRAWN
    assert shown.left_out == 21 - MOST_DRAWN


def test_a_price_that_nobody_knows_is_a_gap_and_no_chart_when_all_are() -> None:
    assert history(series("acme", (0, prices(None)))).charts == ()
    shown = history(
        series("acme", (0, prices("1", output="2"))), series("zen", (0, prices(None, output="3")))
    )
    assert [chart.id for chart in shown.charts] == ["prices-input", "prices-output"]
    assert shown.charts[0].rows[0].values == [Decimal(1), None]


def test_a_price_that_changes_all_the_time_is_drawn_from_its_newest_changes() -> None:
    steps = [(n, prices(str(1 + n % 2))) for n in range(50)]
    many = [
        Series(
            "acme", "USD", tuple(Step(BEGINS + timedelta(hours=n), prices(str(n))) for n in range(900)), None
        )
    ]
    assert len(history(*many).charts[0].rows) == MOST_MOMENTS + 1
    assert history(series("acme", *steps)).changes_total == 49


def test_a_change_of_another_price_is_said_as_such() -> None:
    cached = prices("1") | {"cache_read_per_million": "0.5"}
    (change,) = history(series("acme", (0, prices("1")), (3, cached))).changes
    assert (change.input, change.output, change.event) == ("", "", "another price changed")


def test_nothing_known_of_the_past_is_no_chart() -> None:
    assert history() == PriceHistory(
        begins_at=BEGINS, currency="", charts=(), changes=(), changes_total=0, left_out=0
    )
