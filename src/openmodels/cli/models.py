"""``openmodels models``: the models that there are, and what is known of one."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openmodels.cli.asking import Asked, with_server
from openmodels.cli.completing import ModelId, complete_provider, words_of
from openmodels.cli.flags import read_amount
from openmodels.cli.paging import All, Limit, Page, all_in_one, place, refuse_page_of_all
from openmodels.domain.vocabulary import CAPABILITIES, LIFECYCLES, MODALITIES, MODEL_SORTS

if TYPE_CHECKING:
    from rich.console import RenderableType

    from openmodels.cli.grid import Cell, Grid
    from openmodels_client.types import Model, ModelDetail, Offering

Repeated = list[str] | None
MANY = "May be repeated."
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="TIME", help="As it was then: 2026-03-01, or with a time.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(
        rich_markup_mode=None,
        no_args_is_help=True,
        help="The models that there are, and what is known of one.",
    )
    group.command("list")(list_)
    group.command("info")(info)
    app.add_typer(group, name="models")


@with_server
def list_(  # noqa: PLR0913, PLR0917 - the filters are those of the API
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="WORDS", help="Words to look for in ids, names, vendors, aliases."),
    ] = None,
    capability: Annotated[
        Repeated,
        typer.Option(
            "--capability",
            metavar="WORD",
            help=f"What it can do. {MANY}",
            autocompletion=words_of(CAPABILITIES),
        ),
    ] = None,
    modality: Annotated[
        Repeated,
        typer.Option(
            "--modality",
            metavar="WORD",
            help=f"What goes in or comes out. {MANY}",
            autocompletion=words_of(MODALITIES),
        ),
    ] = None,
    vendor: Annotated[Repeated, typer.Option("--vendor", metavar="ID", help=f"Who made it. {MANY}")] = None,
    provider: Annotated[
        Repeated,
        typer.Option(
            "--provider", metavar="ID", help=f"Who serves it. {MANY}", autocompletion=complete_provider
        ),
    ] = None,
    licensing: Annotated[
        Repeated,
        typer.Option("--licensing", metavar="WORD", help=f"proprietary, other, or an SPDX id. {MANY}"),
    ] = None,
    status: Annotated[
        Repeated,
        typer.Option(
            "--status",
            metavar="WORD",
            help=f"{', '.join(LIFECYCLES)}. {MANY}",
            autocompletion=words_of(LIFECYCLES),
        ),
    ] = None,
    open_weights: Annotated[
        bool | None,
        typer.Option("--open-weights/--closed-weights", help="Whether its weights can be downloaded."),
    ] = None,
    min_context: Annotated[
        int | None,
        typer.Option("--min-context", metavar="TOKENS", help="At least so many tokens of context."),
    ] = None,
    max_input_price: Annotated[
        Decimal | None,
        typer.Option(
            "--max-input-price",
            metavar="PRICE",
            help="At most so much per million input tokens.",
            parser=read_amount,
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            metavar="|".join(MODEL_SORTS),
            help="The newest first if not given.",
            autocompletion=words_of(MODEL_SORTS),
        ),
    ] = None,
    as_of: AsOf = None,
    page: Page = None,
    limit: Limit = None,
    whole: All = False,
    *,
    asked: Asked,
) -> None:
    """List the models that fit all filters; values of a repeated one are alternatives."""
    filters: dict[str, Any] = {
        "search": search,
        "capability": capability,
        "modality": modality,
        "vendor": vendor,
        "provider": provider,
        "licensing": licensing,
        "status": status,
        "open_weights": open_weights,
        "min_context": min_context,
        "max_input_price": max_input_price,
        "sort": sort,
        "as_of": as_of,
    }
    # A repeatable flag that was not given may be an empty list.
    filters = {name: None if value == [] else value for name, value in filters.items()}
    _show_list(asked, filters, page, limit, whole=whole)


def _show_list(
    asked: Asked, filters: dict[str, Any], page: int | None, limit: int | None, *, whole: bool
) -> None:
    from openmodels_client.types import Model, ModelPage  # noqa: PLC0415 - --help needs no client

    if whole:
        refuse_page_of_all(page, limit)
        models = tuple(asked.client.models.iter(**filters))
        found = ModelPage(data=models, pagination=all_in_one(len(models)))
    else:
        found = asked.client.models.list(**filters, page=page, limit=limit)
    asked.output.show(found, records=found.data, kind=Model, people=lambda: [models_table(found.data)])
    told = place(found.pagination, len(found.data), "model")
    if told:
        asked.output.note(told)


def models_table(models: Iterable["Model"]) -> "Grid":
    """Models for people, one a line; prices are those of the cheapest offering."""
    from openmodels.cli.figures import price  # noqa: PLC0415 - people alone
    from openmodels.cli.grid import number, status_text, table_of  # noqa: PLC0415 - people alone

    rows: list[list[Cell]] = []
    for model in models:
        cheapest = model.cheapest
        rows.append(
            [
                model.id,
                model.name,
                model.vendor,
                number(model.context_window),
                price(cheapest.input_per_million) if cheapest else None,
                price(cheapest.output_per_million) if cheapest else None,
                cheapest.currency if cheapest else None,
                number(model.providers_count),
                model.release_date,
                status_text(model.status),
            ]
        )
    head = (
        "id",
        "name",
        "vendor",
        "context",
        "input/1M",
        "output/1M",
        "currency",
        "providers",
        "released",
        "status",
    )
    return table_of(
        head,
        rows,
        right={"context", "input/1M", "output/1M", "providers"},
        spare=(
            "name",
            "released",
            "vendor",
            "status",
            "providers",
            "context",
            "currency",
            "output/1M",
            "input/1M",
        ),
    )


@with_server
def info(model: ModelId, as_of: AsOf = None, *, asked: Asked) -> None:
    """Say what is known of a model, and who offers it at which price. Exits 1 when there is none."""
    import msgspec  # noqa: PLC0415 - --help needs none of it

    from openmodels_client.types import Offering  # noqa: PLC0415 - as above

    found = asked.client.models.get(model, as_of=as_of)
    offerings = asked.client.models.providers(found.id, as_of=as_of).providers
    asked.output.show(
        msgspec.structs.asdict(found) | {"offerings": offerings},
        records=offerings,
        kind=Offering,
        people=lambda: _told(found, offerings),
    )
    if not offerings:
        asked.output.note(f"nobody offers {found.id} now")


def _told(model: "ModelDetail", offerings: tuple["Offering", ...]) -> Iterator["RenderableType"]:
    from openmodels.cli.grid import facts_of, heading  # noqa: PLC0415 - people alone

    yield heading(model.name)
    yield facts_of(list(_facts(model)))
    if offerings:
        yield ""
        yield offerings_table(offerings)


def _facts(model: "ModelDetail") -> Iterator[tuple[str, "Cell"]]:
    from openmodels.cli.grid import listed, number, status_text, yes_or_no  # noqa: PLC0415 - people alone

    yield "id", model.id
    yield "description", model.description
    yield "vendor", model.vendor_name or model.vendor
    yield "family", model.family
    yield "status", status_text(model.status)
    if model.deprecation_date:
        yield "ends", model.deprecation_date
    if model.replaced_by:
        yield "replaced by", model.replaced_by
    yield "capabilities", listed(model.capabilities)
    yield "takes", listed(model.input_modalities or model.modalities)
    yield "gives", listed(model.output_modalities)
    yield "context", number(model.context_window)
    yield "longest answer", number(model.max_output_tokens)
    yield "open weights", yes_or_no(model.open_weights)
    yield "licence", model.licensing
    yield "released", model.release_date
    yield "knows until", model.knowledge_cutoff
    if model.aliases:
        yield "also called", listed(model.aliases)
    yield "providers", number(model.providers_count)


def offerings_table(offerings: Iterable["Offering"]) -> "Grid":
    """Offerings of a model for people, one a line."""
    from openmodels.cli.figures import price  # noqa: PLC0415 - people alone
    from openmodels.cli.grid import listed, number, status_text, table_of  # noqa: PLC0415 - people alone

    head = (
        "provider",
        "called there",
        "input/1M",
        "output/1M",
        "cached/1M",
        "currency",
        "context",
        "answer",
        "regions",
        "status",
    )
    rows = [
        [
            offering.provider_id,
            offering.provider_model_name,
            price(offering.pricing.input_per_million),
            price(offering.pricing.output_per_million),
            price(offering.pricing.cache_read_per_million),
            offering.pricing.currency,
            number(offering.context_window),
            number(offering.max_output_tokens),
            listed(offering.available_regions),
            status_text(offering.status),
        ]
        for offering in offerings
    ]
    return table_of(
        head,
        rows,
        right={"input/1M", "output/1M", "cached/1M", "context", "answer"},
        spare=("regions", "answer", "status", "cached/1M", "called there", "context", "currency"),
    )
