"""``openmodels cost``: what a workload costs at each provider of a model."""

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from msgspec.structs import replace

from openmodels.cli.asking import NOT_FOUND, Asked, Command, fail, with_server
from openmodels.cli.completing import ModelId, complete_provider
from openmodels.domain.cost import QUANTITIES, USUAL, UnusableWorkload, Workload
from openmodels.domain.schema import field_docs
from openmodels.domain.vocabulary import suggest

if TYPE_CHECKING:
    from openmodels_client.types import ModelCost, OfferingCost


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command("cost")
    @with_server
    @_with_quantities
    def _cost(
        model: ModelId,
        batch: Annotated[
            bool, typer.Option("--batch", help="At the prices for requests that may wait.")
        ] = False,
        provider: Annotated[
            list[str] | None,
            typer.Option(
                "--provider",
                metavar="ID",
                help="Only this provider. May be repeated.",
                autocompletion=complete_provider,
            ),
        ] = None,
        region: Annotated[
            list[str] | None,
            typer.Option(
                "--region", metavar="NAME", help="Only where it can be had in this region. May be repeated."
            ),
        ] = None,
        *,
        quantities: Mapping[str, Any],
        asked: Asked,
    ) -> None:
        """Say what a workload costs at each provider of a model, the cheapest first.

        Without any quantity it is 1000 input and 1000 output tokens. Exits 1 when there is no such model, or
        when a provider does not offer it.
        """
        _require_possible(quantities)
        found = asked.client.models.cost(model, **quantities, batch=batch or None, region=region)
        if provider:
            found = _only(found, provider, asked)
        # Here, as programs' formats need no rich.
        from openmodels.cli.cost_table import costs  # noqa: PLC0415
        from openmodels_client.types import OfferingCost  # noqa: PLC0415

        asked.output.show(
            found, records=found.offerings, kind=OfferingCost, people=lambda: [costs(found.offerings)]
        )
        if not found.offerings:
            asked.output.note(f"nobody offers {found.model_id} now")


def _with_quantities(command: Command) -> Command:
    """Give a command a flag for each quantity of a workload; it takes those given as ``quantities``."""

    def wrapped(**arguments: Any) -> None:
        given = {name: arguments.pop(name) for name in QUANTITIES}
        command(quantities={name: n for name, n in given.items() if n is not None}, **arguments)

    docs = field_docs(Workload)
    own = [p for p in inspect.signature(command).parameters.values() if p.name != "quantities"]
    last = [p for p in own if p.kind is inspect.Parameter.KEYWORD_ONLY]
    flags = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                int | None,
                typer.Option(
                    "--" + name.replace("_", "-"), min=int(name == "requests"), max=most, help=docs[name]
                ),
            ],
        )
        for name, most in QUANTITIES.items()
    ]
    parameters = [*(p for p in own if p not in last), *flags, *last]
    wrapped.__name__ = command.__name__
    wrapped.__doc__ = command.__doc__
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return wrapped


def _require_possible(given: Mapping[str, Any]) -> None:
    """Refuse a workload that cannot be, before anybody is asked."""
    named = any(name != "requests" for name in given)
    try:
        Workload(**{**({} if named else USUAL), **given})
    except UnusableWorkload as wrong:
        raise typer.BadParameter(str(wrong)) from None


def _only(found: "ModelCost", providers: Sequence[str], asked: Asked) -> "ModelCost":
    """The cost at these providers; ends the program where one does not offer the model."""
    by_provider = {offering.provider_id: offering for offering in found.offerings}
    for name in providers:
        if name not in by_provider:
            _refuse(found.model_id, name, by_provider, asked)
    return replace(found, offerings=tuple(o for o in found.offerings if o.provider_id in providers))


def _refuse(model_id: str, name: str, offering: Mapping[str, "OfferingCost"], asked: Asked) -> NoReturn:
    every = {one.provider_id: one for one in asked.client.models.providers(model_id).providers}
    if name not in every:
        near = suggest(name, offering)
        hint = f"; did you mean {near}?" if near else ""
        fail(f"{name} does not offer {model_id}{hint}", NOT_FOUND)
    if every[name].status == "retired":
        fail(f"{name} has retired {model_id}", NOT_FOUND)
    fail(f"{name} does not offer {model_id} in these regions", NOT_FOUND)
