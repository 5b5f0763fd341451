"""``openmodels choose``: which provider to call for a model, and why."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, cast

import typer
from msgspec import Struct

from openmodels.cli.asking import NOT_FOUND, Asked, fail, with_server
from openmodels.cli.completing import ModelId, words_of
from openmodels.cli.flags import PeriodFlag, PreferFlag, read_amount
from openmodels.domain.faults import visible
from openmodels.domain.vocabulary import CAPABILITIES

if TYPE_CHECKING:
    from openmodels_client.types import ChosenOffering, Decision, ExcludedOffering
    from openmodels_client.words import Period, Preference


class Choice(Struct, frozen=True, kw_only=True):
    """One offering, whether it fits or not, as a record."""

    provider_id: str
    provider_name: str
    fits: bool
    rank: int | None = None
    composite_score: float | None = None
    confidence: str | None = None
    provider_model_name: str | None = None
    api_base_url: str | None = None
    cost: Decimal | None = None
    currency: str | None = None
    cost_basis: str | None = None
    uptime_percentage: float | None = None
    p50_ttft_ms: float | None = None
    p50_total_ms: float | None = None
    reasons: tuple[str, ...] = ()


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    app.command("choose")(choose)


@with_server
def choose(  # noqa: PLR0913, PLR0917 - a flag for each parameter
    model: ModelId,
    prefer: PreferFlag = None,
    input_tokens: Annotated[
        int | None,
        typer.Option("--input-tokens", min=0, metavar="NUMBER", help="Input tokens of one request."),
    ] = None,
    output_tokens: Annotated[
        int | None,
        typer.Option("--output-tokens", min=0, metavar="NUMBER", help="Output tokens of one request."),
    ] = None,
    min_context: Annotated[
        int | None,
        typer.Option("--min-context", min=0, metavar="TOKENS", help="The least context window, in tokens."),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option("--region", metavar="NAME", help="Where it must be to be had; of several, any."),
    ] = None,
    max_price: Annotated[
        Decimal | None,
        typer.Option(
            "--max-price",
            help="The most that such a request may cost; without tokens, a million, 3 in to 1 out.",
            metavar="AMOUNT",
            parser=read_amount,
        ),
    ] = None,
    min_uptime: Annotated[
        Decimal | None,
        typer.Option(
            "--min-uptime", help="The least uptime, in percent.", metavar="PERCENT", parser=read_amount
        ),
    ] = None,
    max_ttft_ms: Annotated[
        Decimal | None,
        typer.Option(
            "--max-ttft-ms",
            help="The longest median time to first token.",
            metavar="MS",
            parser=read_amount,
        ),
    ] = None,
    capability: Annotated[
        list[str] | None,
        typer.Option(
            "--capability",
            metavar="WORD",
            help="What the model must be able to do; of several, all.",
            autocompletion=words_of(CAPABILITIES),
        ),
    ] = None,
    period: PeriodFlag = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Write the chosen provider's id, and nothing else.")
    ] = False,
    *,
    asked: Asked,
) -> None:
    """Choose the provider to call for a model, and say why, and why not the others.

    Exits 1 when no offering fits what is asked for.
    """
    found = asked.client.models.choose(
        model,
        prefer=cast("Preference | None", prefer),
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        min_context=min_context,
        region=region,
        max_price=max_price,
        min_uptime=min_uptime,
        max_ttft_ms=max_ttft_ms,
        capability=capability,
        period=cast("Period | None", period),
    )
    if not quiet:
        _show(asked, found)
    elif found.chosen is not None:
        typer.echo(visible(found.chosen))
    if found.chosen is None:
        fail(f"no offering of {found.model_id} fits", NOT_FOUND)


def _show(asked: Asked, found: "Decision") -> None:
    # Here, as programs' formats need no rich.
    from openmodels.cli.choosing_tables import decided  # noqa: PLC0415

    asked.output.show(
        found,
        records=tuple(choices_of(found)),
        kind=Choice,
        people=lambda: decided(found, measured=not asked.local),
    )


def choices_of(found: "Decision") -> Iterator[Choice]:
    """The offerings that fit, the best first, then those that do not."""
    yield from map(_fitting, found.offerings)
    yield from map(_excluded, found.excluded)


def _fitting(offering: "ChosenOffering") -> Choice:
    told = offering.performance
    return Choice(
        provider_id=offering.provider_id,
        provider_name=offering.provider_name,
        fits=True,
        rank=offering.rank,
        composite_score=offering.composite_score,
        confidence=offering.confidence,
        provider_model_name=offering.provider_model_name,
        api_base_url=offering.api_base_url,
        cost=offering.cost.amount,
        currency=offering.cost.currency,
        cost_basis=offering.cost.basis,
        uptime_percentage=told.uptime_percentage,
        p50_ttft_ms=told.p50_ttft_ms,
        p50_total_ms=told.p50_total_ms,
        reasons=offering.reasons,
    )


def _excluded(offering: "ExcludedOffering") -> Choice:
    return Choice(
        provider_id=offering.provider_id,
        provider_name=offering.provider_name,
        fits=False,
        reasons=tuple(reason.message for reason in offering.reasons),
    )
