"""``openmodels changes``: what changed in the registry."""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec.structs import replace

from openmodels.cli.asking import Asked, refuse_local, with_server
from openmodels.cli.completing import complete_model, complete_provider, words_of
from openmodels.clock import SystemClock

if TYPE_CHECKING:
    from openmodels_client import OpenModels
    from openmodels_client.types import Change, ChangePage

USUAL, PER_PAGE = 20, 100
KINDS = ("model", "provider", "offering", "vendor")
TOPICS = ("price", "limits", "lifecycle", "other")
ACTIONS = ("added", "changed", "removed")
Repeated = list[str] | None
_BACK = re.compile(r"([0-9]{1,4})\s*(h|d|w)")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("changes")(list_changes)


def _words(flag: str, what: str, words: tuple[str, ...]) -> Any:
    return typer.Option(
        flag, metavar="|".join(words), help=f"{what}. May be repeated.", autocompletion=words_of(words)
    )


@with_server
def list_changes(  # noqa: PLR0913 - the filters are those of the API
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="Not before: a day, a time, or how long ago: 12h, 7d, 2w."
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Before that, written the same ways.")
    ] = None,
    kind: Annotated[Repeated, _words("--kind", "What changed", KINDS)] = None,
    topic: Annotated[Repeated, _words("--topic", "What it is about", TOPICS)] = None,
    action: Annotated[Repeated, _words("--action", "What happened to it", ACTIONS)] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="ID",
            help="Only of this model and its offerings: its id, no other name.",
            autocompletion=complete_model,
        ),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider",
            metavar="ID",
            help="Only of this provider and its offerings.",
            autocompletion=complete_provider,
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help=f"How many at most: {USUAL} if not given.")
    ] = None,
    whole: Annotated[bool, typer.Option("--all", help="All that fit.")] = False,
    *,
    asked: Asked,
) -> None:
    """Show what changed in the registry, the newest first: old value → new value."""
    refuse_local(asked, "files hold no history, which a server keeps")
    if whole and limit is not None:
        raise typer.BadParameter("is all that fit: leave out --limit", param_hint="--all")
    # Here, as --help and completions need no client, and programs' formats no tables.
    from openmodels.cli.changes_table import changed, notes  # noqa: PLC0415
    from openmodels_client.types import Change  # noqa: PLC0415

    now = SystemClock().now()
    found = read_changes(
        asked.client,
        None if whole else limit or USUAL,
        since=read_time(since, now),
        until=read_time(until, now),
        kind=kind,
        topic=topic,
        action=action,
        model=model,
        provider=provider,
    )
    asked.output.show(found, records=found.changes, kind=Change, people=lambda: [changed(found)])
    for line in notes(found):
        asked.output.note(line)


def read_time(text: str | None, now: datetime) -> datetime | str | None:
    """A time as people give it: ``7d`` is seven days before ``now``; what else it is, the server reads."""
    found = _BACK.fullmatch(text.strip()) if text else None
    if found is None:
        return text
    return now - timedelta(**{_UNITS[found[2]]: int(found[1])})


def read_changes(client: "OpenModels", limit: int | None, **filters: Any) -> "ChangePage":
    """So many changes, or all, of as many pages as they take."""
    changes: list[Change] = []
    while True:
        missing = PER_PAGE if limit is None else min(PER_PAGE, limit - len(changes))
        page = client.changes(**filters, limit=missing)
        changes += page.changes
        if page.next is None or not page.changes or len(changes) == limit:
            return replace(page, changes=tuple(changes))
        filters["cursor"] = page.next
