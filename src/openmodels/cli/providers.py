"""``openmodels providers``: the providers that there are, and what is known of one."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openmodels.cli.asking import Asked, with_server
from openmodels.cli.completing import ProviderId, words_of
from openmodels.cli.paging import All, Limit, Page, all_in_one, place, refuse_page_of_all
from openmodels.domain.vocabulary import COMPATIBILITIES, PROVIDER_SORTS, PROVIDER_STATUSES

if TYPE_CHECKING:
    from rich.console import RenderableType

    from openmodels.cli.grid import Cell, Grid
    from openmodels_client.types import Provider, ProviderDetail

MANY = "May be repeated."
NOT_MEASURED = "not measured"
"""Stands for a status where a registry's files are asked."""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(
        rich_markup_mode=None,
        no_args_is_help=True,
        help="The providers that there are, and what is known of one.",
    )
    group.command("list")(list_)
    group.command("info")(info)
    app.add_typer(group, name="providers")


@with_server
def list_(
    search: Annotated[
        str | None, typer.Option("--search", metavar="WORDS", help="Words to look for in ids and names.")
    ] = None,
    compatibility: Annotated[
        list[str] | None,
        typer.Option(
            "--compatibility",
            metavar="WORD",
            help=f"Whose API it speaks. {MANY}",
            autocompletion=words_of(COMPATIBILITIES),
        ),
    ] = None,
    region: Annotated[
        list[str] | None, typer.Option("--region", metavar="REGION", help=f"Where it serves. {MANY}")
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            "--status",
            metavar="WORD",
            help=f"{', '.join(PROVIDER_STATUSES)}. {MANY}",
            autocompletion=words_of(PROVIDER_STATUSES),
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            metavar="|".join(PROVIDER_SORTS),
            help="By name if not given.",
            autocompletion=words_of(PROVIDER_SORTS),
        ),
    ] = None,
    page: Page = None,
    limit: Limit = None,
    whole: All = False,
    *,
    asked: Asked,
) -> None:
    """List the providers that fit all filters; values of a repeated one are alternatives."""
    from openmodels_client.types import Provider, ProviderPage  # noqa: PLC0415 - --help needs no client

    filters: dict[str, Any] = {
        "search": search,
        "compatibility": compatibility or None,
        "region": region or None,
        "status": status or None,
        "sort": sort,
    }
    if whole:
        refuse_page_of_all(page, limit)
        providers = tuple(asked.client.providers.iter(**filters))
        found = ProviderPage(data=providers, pagination=all_in_one(len(providers)))
    else:
        found = asked.client.providers.list(**filters, page=page, limit=limit)
    asked.output.show(
        found,
        records=found.data,
        kind=Provider,
        people=lambda: [providers_table(found.data, measured=not asked.local)],
    )
    told = place(found.pagination, len(found.data), "provider")
    if told:
        asked.output.note(told)


@with_server
def info(provider: ProviderId, *, asked: Asked) -> None:
    """Say what is known of a provider, and which models it offers. Exits 1 when there is none."""
    found = asked.client.providers.get(provider)
    asked.output.show(
        found,
        records=(found,),
        people=lambda: _told(found, measured=not asked.local),
    )


def providers_table(providers: Iterable["Provider"], *, measured: bool) -> "Grid":
    """Providers for people, one a line."""
    from openmodels.cli.grid import listed, moment, number, status_text, table_of  # noqa: PLC0415

    rows = [
        [
            provider.id,
            provider.name,
            status_text(provider.status if measured else NOT_MEASURED),
            number(provider.models_count),
            provider.compatibility,
            listed(provider.regions),
            moment(provider.last_checked_at),
        ]
        for provider in providers
    ]
    return table_of(
        ("id", "name", "status", "models", "API", "regions", "checked"),
        rows,
        right={"models"},
        whole={"checked"},
        spare=("checked", "regions", "API", "name", "models"),
    )


def _told(provider: "ProviderDetail", *, measured: bool) -> Iterator["RenderableType"]:
    from openmodels.cli.grid import facts_of, heading  # noqa: PLC0415 - people alone

    yield heading(provider.name)
    yield facts_of(list(_facts(provider, measured=measured)))


def _facts(provider: "ProviderDetail", *, measured: bool) -> Iterator[tuple[str, "Cell"]]:
    from openmodels.cli.grid import listed, moment, status_text  # noqa: PLC0415 - people alone

    yield "id", provider.id
    yield "description", provider.description
    yield "status", status_text(provider.status if measured else NOT_MEASURED)
    if measured:
        yield "checked", moment(provider.last_checked_at)
    yield "API", f"{provider.compatibility} at {provider.api_base_url}"
    yield "key", f"{provider.auth_type}, in {' or '.join(provider.env) or 'no usual variable'}"
    yield "regions", listed(provider.regions)
    yield "documentation", provider.docs_url
    yield "status page", provider.status_page_url
    yield (
        "offers",
        f"{len(provider.models):,}: {', '.join(provider.models)}" if provider.models else "nothing",
    )
