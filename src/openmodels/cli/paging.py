"""Lists that come in pages: which one, or all, and what to type for the next."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from openmodels_client.types import Pagination

Page = Annotated[int | None, typer.Option("--page", min=1, help="Which page, from 1.", show_default=False)]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, max=100, help="How many a page has: 20 if not given.")
]
All = Annotated[bool, typer.Option("--all", help="Every page, as one.")]


def refuse_page_of_all(page: int | None, limit: int | None) -> None:
    """End with a usage error where one page is asked for, and all."""
    if page is not None or limit is not None:
        raise typer.BadParameter("is every page: leave out --page and --limit", param_hint="--all")


def all_in_one(count: int) -> "Pagination":
    """What is said of a page that holds everything."""
    from openmodels_client.types import Pagination  # noqa: PLC0415 - --help and completions need no client

    return Pagination(page=1, limit=max(1, count), total=count)


def place(pagination: "Pagination", shown: int, what: str) -> str | None:
    """Which of how many are shown, and how to see more; None where these are all."""
    if not pagination.total:
        return f"no {what} fits"
    first = (pagination.page - 1) * pagination.limit + 1
    if not shown:
        return f"there is no page {pagination.page:,}: {pagination.total:,} {what}s fit"
    last = first + shown - 1
    if shown >= pagination.total:
        return None
    more = f"; --page {pagination.page + 1} shows more, --all everything" if last < pagination.total else ""
    return f"{what}s {first:,} to {last:,} of {pagination.total:,}{more}"
