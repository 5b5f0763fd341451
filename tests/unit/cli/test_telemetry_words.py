"""What is typed about telemetry and decisions, and what is said of them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import typer

from fixtures.service import NOW
from fixtures.told import HOSTILE
from openmodels.cli.changes import read_time
from openmodels.cli.changes_table import changed, words_of
from openmodels.cli.comparing import read_weights
from openmodels.cli.figures import price, priced, score, share, time
from openmodels.cli.flags import read_amount
from openmodels_client.types import Change, ChangePage


def change(**fields: Any) -> Change:
    given: dict[str, Any] = {
        "at": NOW,
        "revision": "r1",
        "kind": "offering",
        "id": "cirrus/alpha-1",
        "action": "changed",
        "topic": "price",
    }
    return Change(**given | fields)


def test_it_writes_prices_exactly_and_says_free_and_unknown() -> None:
    assert [price(Decimal(text)) for text in ("0.10", "0", "0.000", "1E-7", "1200")] == [
        "0.1",
        "free",
        "free",
        "0.0000001",
        "1200",
    ]
    assert (priced(Decimal("0.5"), "EUR"), priced(Decimal(0), "EUR"), priced(None, "EUR")) == (
        "0.5 EUR",
        "free",
        None,
    )


def test_it_writes_times_shares_and_scores_with_their_units() -> None:
    assert (time(182.4), time(1240.0), time(None)) == ("182 ms", "1.24 s", None)
    assert (share(99.999), share(100.0), share(None)) == ("99.99 %", "100 %", None)
    assert (score(84.097), score(None)) == ("84.1", None)


@pytest.mark.parametrize(
    ("text", "back"),
    [("12h", timedelta(hours=12)), ("7d", timedelta(days=7)), (" 2 w ", timedelta(weeks=2))],
)
def test_it_takes_how_long_ago_for_a_time(text: str, back: timedelta) -> None:
    assert read_time(text, NOW) == NOW - back


@pytest.mark.parametrize("text", ["2026-03-01", "7", "7days", "99999d", "-7d", "٣d", "", None])
def test_it_leaves_every_other_time_to_the_server(text: str | None) -> None:
    assert read_time(text, NOW) == text


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "1e31", "1e-31", "1e999999999", "0x1", "1,5"])
def test_it_takes_no_amount_that_nobody_means(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        read_amount(text)


def test_it_reads_weights_exactly() -> None:
    assert read_weights("uptime:0.1, ttft : 0.9") == {"uptime": Decimal("0.1"), "ttft": Decimal("0.9")}


@pytest.mark.parametrize(
    "text", ["", "uptime", ":1", "uptime:", "uptime:1,", "uptime:a", "uptime:1,uptime:0"]
)
def test_it_says_how_weights_are_written(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        read_weights(text)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"field": "pricing.input_per_million", "old": Decimal("0.59"), "new": Decimal("0.64")},
            "input price 0.59 → 0.64 per M",
        ),
        ({"field": "pricing.input_per_million", "old": None, "new": 0}, "input price unknown → free per M"),
        ({"field": "context_window", "old": 8192, "new": 128000}, "context window 8,192 → 128,000 tokens"),
        ({"field": "capabilities", "old": ["chat"], "new": ["chat", "vision"]}, "capabilities: +vision"),
        ({"field": "status", "old": "active", "new": "retired"}, "status active → retired"),
        ({"action": "removed", "old": {"id": "x"}}, "removed"),
        (
            {
                "action": "added",
                "new": {"pricing": {"input_per_million": 1, "output_per_million": 2, "currency": "USD"}},
            },
            "added (1 in, 2 out, USD per M)",
        ),
        (
            {"kind": "benchmark", "action": "moved", "topic": "new", "field": "a.b", "new": [1]},
            "a b none → 1",
        ),
    ],
)
def test_it_says_the_old_value_and_the_new(fields: dict[str, Any], said: str) -> None:
    assert words_of(change(**fields)) == said


def test_it_lets_no_change_steer_the_terminal() -> None:
    hostile = change(id=HOSTILE, kind=HOSTILE, field=HOSTILE, old=HOSTILE, new=[HOSTILE], source=HOSTILE)
    page = ChangePage(changes=(hostile,), next=None)
    for line in changed(page).lines():
        assert line.replace("\t", "").isprintable()
