"""``openmodels telemetry``: how a provider has been doing."""

import sys
from typing import TYPE_CHECKING, Annotated, cast

import typer

from openmodels.cli.asking import Asked, refuse_local, with_server
from openmodels.cli.completing import ProviderId, complete_model
from openmodels.cli.flags import PeriodFlag, RegionFlag

if TYPE_CHECKING:
    from openmodels_client.words import Period


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("telemetry")(telemetry)


@with_server
def telemetry(
    provider: ProviderId,
    period: PeriodFlag = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="ID",
            help="Only measurements of this model. May be repeated.",
            autocompletion=complete_model,
        ),
    ] = None,
    region: RegionFlag = None,
    *,
    asked: Asked,
) -> None:
    """Show a provider's status, uptime and latency over a period, and its newest incidents.

    Uptime and time to first token are drawn as lines, slice by slice; a dot is a slice in which nothing was
    recorded. As CSV, each slice is a record.
    """
    refuse_local(asked)
    # Here, as --help and completions need no client, and programs' formats no tables.
    from openmodels.cli.sparkline import encodable  # noqa: PLC0415
    from openmodels.cli.telemetry_records import ProviderTelemetry, Slice, slices_of  # noqa: PLC0415
    from openmodels.cli.telemetry_tables import Sight, observed  # noqa: PLC0415

    measured, over = asked.client.telemetry, cast("Period | None", period)
    found = ProviderTelemetry(
        health=measured.health(provider, period=over, region=region),
        latency=measured.latency(provider, period=over, model=model, region=region),
        series=measured.series(provider, period=over, model=model, region=region),
    )

    def sight() -> Sight:
        width = asked.output.console().width if sys.stdout.isatty() else sys.maxsize
        return Sight(width=width, blocks=encodable(sys.stdout.encoding))

    asked.output.show(
        found,
        records=tuple(slices_of(found.series)),
        kind=Slice,
        people=lambda: observed(found, sight()),
    )
