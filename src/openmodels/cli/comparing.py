"""``openmodels compare`` and ``openmodels ranked``: the offerings of a model side by side, and in order."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, cast

import typer

from openmodels.cli.asking import Asked, with_server
from openmodels.cli.completing import ModelId, words_of
from openmodels.cli.flags import PeriodFlag, PreferFlag, RegionFlag, read_amount
from openmodels.domain.vocabulary import COMPARISON_SORTS

if TYPE_CHECKING:
    from openmodels_client.words import CompareSort, Period, Preference


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("compare")(compare)
    app.command("ranked")(rank)


@with_server
def compare(
    model: ModelId,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            metavar="|".join(COMPARISON_SORTS),
            help="The cheapest input first if not given.",
            autocompletion=words_of(COMPARISON_SORTS),
        ),
    ] = None,
    period: PeriodFlag = None,
    region: RegionFlag = None,
    *,
    asked: Asked,
) -> None:
    """Show the offerings of a model side by side: prices, limits, and what was measured.

    What nobody knows comes last.
    """
    # Here, as --help and completions need no client, and programs' formats no tables.
    from openmodels.cli.comparing_tables import compared, comparison_notes  # noqa: PLC0415
    from openmodels_client.types import ComparedOffering  # noqa: PLC0415

    found = asked.client.models.compare(
        model, sort=cast("CompareSort | None", sort), region=region, period=cast("Period | None", period)
    )
    measured = not asked.local
    asked.output.show(
        found,
        records=found.comparison,
        kind=ComparedOffering,
        people=lambda: [compared(found, measured=measured)],
    )
    for line in comparison_notes(found, measured=measured):
        asked.output.note(line)


@with_server
def rank(
    model: ModelId,
    prefer: PreferFlag = None,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="FACTOR:NUMBER,...",
            help="What counts how much, instead of --prefer, such as uptime:0.5,ttft:0.5.",
        ),
    ] = None,
    period: PeriodFlag = None,
    region: RegionFlag = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, max=50, help="How many at most: 10 if not given.")
    ] = None,
    *,
    asked: Asked,
) -> None:
    """Rank the offerings of a model by what was measured and what they cost, the best first."""
    # Here, as above.
    from openmodels.cli.comparing_tables import ranked, ranking_notes  # noqa: PLC0415
    from openmodels_client.types import RankedProvider  # noqa: PLC0415

    found = asked.client.telemetry.ranked(
        model,
        prefer=cast("Preference | None", prefer),
        weights=None if weights is None else read_weights(weights),
        period=cast("Period | None", period),
        region=region,
        limit=limit,
    )
    asked.output.show(
        found, records=found.ranked_providers, kind=RankedProvider, people=lambda: [ranked(found)]
    )
    for line in ranking_notes(found, measured=not asked.local):
        asked.output.note(line)


def read_weights(text: str) -> Mapping[str, Decimal]:
    """``uptime:0.5,ttft:0.5`` as numbers by name. Raises ``typer.BadParameter``."""
    found: dict[str, Decimal] = {}
    for part in text.split(","):
        name, _, value = (side.strip() for side in part.partition(":"))
        try:
            number = read_amount(value)
        except typer.BadParameter:
            name = ""
        if not name:
            raise typer.BadParameter(
                f"weights are written as uptime:0.5,ttft:0.5, not {text[:80]!r}", param_hint="--weights"
            )
        if name in found:
            raise typer.BadParameter(f"{name[:80]!r} has two weights", param_hint="--weights")
        found[name] = number
    return found
