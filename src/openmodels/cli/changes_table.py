"""Changes for people: old value → new value. Pure."""

from collections.abc import Iterator
from typing import Any, cast

from openmodels.cli.figures import FREE
from openmodels.cli.grid import Cell, Grid, moment, table_of
from openmodels.domain.change_wording import is_price, told
from openmodels.domain.changes import Change as KnownChange
from openmodels_client.types import Change, ChangePage

HEAD = ("when", "what", "change", "source")
SPARE = ("source", "when")
BY_HAND = "by hand"
SHORTER = ("per million tokens", "per M")
"""What is said so often that a table says it in short."""


def changed(page: ChangePage) -> Grid:
    """A row for each change, the newest first."""
    return table_of(HEAD, [_row(change) for change in page.changes], spare=SPARE, whole=("change",))


def notes(page: ChangePage) -> Iterator[str]:
    """What the table does not say."""
    if not page.changes:
        begins = f"; the history begins at {moment(page.begins_at)}" if page.begins_at else ""
        yield f"no change fits{begins}"
    elif page.next is not None:
        yield "there are older ones: --limit N shows more, --all everything"


def _row(change: Change) -> tuple[Cell, ...]:
    source = change.source or (None if change.action == "removed" else BY_HAND)
    return moment(change.at), _what(change), words_of(change), source


def _what(change: Change) -> str:
    return change.id if change.kind in {"model", "offering"} else f"{change.kind} {change.id}"


def words_of(change: Change) -> str:
    """``input price 0.59 → 0.64 per M``."""
    known = KnownChange(
        at=change.at,
        revision=change.revision,
        # A newer server may have words that are not ours; they are only shown.
        kind=cast("Any", change.kind),
        id=change.id,
        action=cast("Any", change.action),
        topic=cast("Any", change.topic),
        field=change.field,
        old=change.old,
        new=change.new,
        source=change.source,
    )
    said = told(known)
    before, after = said.before, said.after
    if is_price(known):
        before, after = (
            FREE if value == 0 else text for value, text in ((change.old, before), (change.new, after))
        )
    values = "" if before is None else f" {before} → {after}"
    unit = f" {said.unit}".replace(*SHORTER) if said.unit else ""
    return f"{said.what.replace(*SHORTER)}{values}{unit}"
