"""``openmodels search``: models and providers by words."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from msgspec import Struct

from openmodels.cli.asking import Asked, with_server
from openmodels.cli.completing import words_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from openmodels_client.types import SearchResults

TYPES = ("models", "providers")


class Hit(Struct, frozen=True, kw_only=True):
    """What was found, as a record for programs that read CSV: models and providers have little in common."""

    type: Literal["model", "provider"]
    id: str
    name: str
    status: str
    description: str


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("search")(search)


@with_server
def search(
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS...", help="What to look for.", show_default=False)
    ],
    kind: Annotated[
        str | None,
        typer.Option("--type", metavar="|".join(TYPES), help="Only these.", autocompletion=words_of(TYPES)),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, max=20, help="How many of each: 10 if not given.")
    ] = None,
    *,
    asked: Asked,
) -> None:
    """Find models and providers by words of their ids and names, the best first; slips are forgiven."""
    # What is none of the types is refused by the server, which says what there is.
    found = asked.client.search(" ".join(words), type=kind, limit=limit)  # type: ignore[arg-type]
    asked.output.show(
        found,
        records=tuple(_hits(found)),
        kind=Hit,
        people=lambda: _told(found, measured=not asked.local),
    )
    shown = len(found.models) + len(found.providers)
    if not shown:
        asked.output.note(f"nothing matches {' '.join(words)!r}")
    elif shown < found.total:
        asked.output.note(f"the best {shown:,} of {found.total:,}; --limit shows up to 20 of each")


def _hits(found: "SearchResults") -> Iterator[Hit]:
    for model in found.models:
        yield Hit(
            type="model", id=model.id, name=model.name, status=model.status, description=model.description
        )
    for provider in found.providers:
        yield Hit(
            type="provider",
            id=provider.id,
            name=provider.name,
            status=provider.status,
            description=provider.description,
        )


def _told(found: "SearchResults", *, measured: bool) -> Iterator["RenderableType"]:
    from openmodels.cli.grid import heading  # noqa: PLC0415 - people alone
    from openmodels.cli.models import models_table  # noqa: PLC0415 - as above
    from openmodels.cli.providers import providers_table  # noqa: PLC0415 - as above

    if found.models:
        yield heading("Models")
        yield models_table(found.models)
    if found.models and found.providers:
        yield ""
    if found.providers:
        yield heading("Providers")
        yield providers_table(found.providers, measured=measured)
