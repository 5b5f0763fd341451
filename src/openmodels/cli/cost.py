"""``openmodels cost``: what a workload costs at each provider of a model, from the registry's files."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, NoReturn

import typer

from openmodels.cli.options import Command, with_settings
from openmodels.cli.terminal import load_with_progress, print_issues, print_table
from openmodels.domain.cost import (
    QUANTITIES,
    USUAL,
    CostItem,
    UnusableWorkload,
    Workload,
    money,
)
from openmodels.domain.faults import visible
from openmodels.domain.records import Model, Registry
from openmodels.domain.schema import field_docs
from openmodels.domain.views.cost import ModelCost, OfferingCost, model_cost
from openmodels.domain.views.registry import encoder
from openmodels.domain.vocabulary import suggest
from openmodels.settings import Settings

NO_SUCH = 1
HEAD = ("provider", "total", "per request", "currency", "items", "remarks")


class Format(StrEnum):
    """How the answer is written."""

    TABLE = "table"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command("cost")
    @with_settings("registry", "overlay")
    @_with_quantities
    def _cost(
        model: Annotated[str, typer.Argument(help="Id or alias of the model.")],
        batch: Annotated[
            bool, typer.Option("--batch", help="At the prices for requests that may wait.")
        ] = False,
        provider: Annotated[
            list[str] | None, typer.Option("--provider", help="Only this provider; may be repeated.")
        ] = None,
        form: Annotated[
            Format, typer.Option("--format", help="table for people, json for programs.")
        ] = Format.TABLE,
        *,
        quantities: Mapping[str, int],
        settings: Settings,
    ) -> None:
        """Say what a workload costs at each provider of a model, the cheapest first.

        Without any quantity it is 1000 input and 1000 output tokens. Exits 1 when there is no such model, or
        when a provider does not offer it.
        """
        workload = _workload(quantities, batch=batch)
        registry = _load(settings)
        found = _model(registry, model)
        answer = _cost_at(registry, found, workload, provider or ())
        if form is Format.JSON:
            typer.echo(encoder.encode(answer))
        else:
            print_table(HEAD, [_row(offering) for offering in answer.offerings])
            if not answer.offerings:
                typer.echo(f"openmodels: nobody offers {found.id} now", err=True)


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


def _workload(given: Mapping[str, int], *, batch: bool) -> Workload:
    named = any(name != "requests" for name in given)
    try:
        return Workload(**({} if named else USUAL), **given, batch=batch)
    except UnusableWorkload as wrong:
        raise typer.BadParameter(str(wrong)) from None


def _load(settings: Settings) -> Registry:
    """The registry's files, with the overlay; exits 1, with all issues, where they are not valid."""
    loaded = load_with_progress(settings.registry, settings.overlay)
    if loaded.registry is None:
        print_issues(loaded, settings.registry, settings.overlay)
        raise typer.Exit(NO_SUCH)
    return loaded.registry


def _model(registry: Registry, name: str) -> Model:
    named = {alias: model for model in registry.models for alias in model.aliases}
    named |= {model.id: model for model in registry.models}
    if name not in named:
        _refuse(f"there is no model '{visible(name)}'", suggest(name, named))
    return named[name]


def _refuse(problem: str, near: str | None) -> NoReturn:
    hint = f"; did you mean {near}?" if near else ""
    typer.echo(f"openmodels: {problem}{hint}", err=True)
    raise typer.Exit(NO_SUCH)


def _cost_at(registry: Registry, model: Model, workload: Workload, providers: Sequence[str]) -> ModelCost:
    offerings = [o for o in registry.offerings if o.model_id == model.id]
    by_provider = {o.provider_id: o for o in offerings}
    for name in providers:
        if name not in by_provider:
            _refuse(f"{visible(name)} does not offer {model.id}", suggest(name, by_provider))
        if by_provider[name].status == "retired":
            _refuse(f"{name} has retired {model.id}", None)
    return model_cost(
        model,
        [o for o in offerings if not providers or o.provider_id in providers],
        workload,
        provider_names={provider.id: provider.name for provider in registry.providers},
    )


def _row(offering: OfferingCost) -> tuple[str, ...]:
    total, each = offering.total, offering.total_per_request
    return (
        offering.provider_id,
        "unknown" if total is None else money(total),
        "unknown" if each is None else money(each),
        offering.currency,
        " + ".join(_part(item) for item in offering.items),
        "; ".join(_remarks(offering)),
    )


def _part(item: CostItem) -> str:
    return f"{'?' if item.amount is None else money(item.amount)} {item.item}"


def _remarks(offering: OfferingCost) -> Iterator[str]:
    if offering.unknown:
        yield f"unknown: {', '.join(offering.unknown)}"
    if offering.tier_above_tokens is not None:
        yield f"tier above {offering.tier_above_tokens:,} tokens"
    yield from dict.fromkeys(item.note for item in offering.items if item.note)
    yield from offering.fits_reasons
    if offering.status != "active":
        yield offering.status
