"""Flags that several commands about telemetry have."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, TypeAlias

import typer

from openmodels.cli.completing import words_of

PERIODS = ("1h", "24h", "7d", "30d")
LARGEST = 30
"""The digits before the point, and the zeros behind it, that a number may have."""
PREFERENCES = ("balanced", "latency", "price", "reliability")


def read_amount(text: str) -> Decimal:
    """An exact number. Raises ``typer.BadParameter`` for what is none."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    # Nobody means a number of a million digits, which would be written out.
    if not number.is_finite() or abs(number.adjusted()) > LARGEST:
        raise typer.BadParameter(f"{text[:80]!r} is no number such as 0.5")
    return number


PeriodFlag: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--period",
        metavar="|".join(PERIODS),
        help="How far back figures go: 7d if not given.",
        autocompletion=words_of(PERIODS),
    ),
]
RegionFlag: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--region", metavar="NAME", help="Only this region. May be repeated."),
]
PreferFlag: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--prefer",
        metavar="|".join(PREFERENCES),
        help="What counts most: balanced if not given.",
        autocompletion=words_of(PREFERENCES),
    ),
]
