"""Tables for people: they fit the terminal, their figures are exact and stand on the right."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from openmodels.domain.faults import visible

Cell: TypeAlias = str | Text | None
"""What stands in a table; None is what nobody knows."""

NOTHING = "–"
"""Stands where nobody knows."""
GAP = 2
"""Between two columns."""
LEAST = 12
"""To how many cells a column of text is shortened before a column is left out."""
FIRST = 40
"""The same for the first column, which says what a row is of: a shortened id is of no use."""
WRAPPED = 8
"""The same for a column whose texts go on under themselves."""
STATUS_STYLES: Mapping[str, str] = {
    "up": "green",
    "healthy": "green",
    "active": "green",
    "degraded": "yellow",
    "preview": "yellow",
    "deprecated": "yellow",
    "idle": "yellow",
    "down": "red",
    "retired": "red",
}


class Grid:
    """A table. On a terminal it is as wide as that at most: the columns that matter least go first.

    Then texts are shortened; figures never are, as long as anything else can give way.
    """

    def __init__(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        *,
        right: Collection[str] = (),
        spare: Sequence[str] = (),
        whole: Collection[str] = (),
        head_shown: bool = True,
        wraps: bool = False,
    ) -> None:
        self.head = tuple(head)
        self.rows = [[_text(cell) for cell in row] for row in rows]
        self._right = frozenset(right)
        self._whole = self._right | frozenset(whole)
        self._spare = [self.head.index(title) for title in spare]
        self._head_shown = head_shown
        self._wraps = wraps

    def lines(self) -> Iterator[str]:
        """The whole with tabs between the cells, for where no width cuts."""
        if self._head_shown:
            yield "\t".join(self.head)
        for row in self.rows:
            yield "\t".join(cell.plain for cell in row)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """What a terminal of this width shows."""
        yield self._table(options.max_width)

    def _table(self, width: int) -> Table:
        natural = [
            max([cell_len(self.head[at]), *(cell_len(row[at].plain) for row in self.rows)])
            for at in range(len(self.head))
        ]
        least = [
            size if title in self._whole else min(size, max(LEAST if at else FIRST, cell_len(title)))
            for at, (title, size) in enumerate(zip(self.head, natural, strict=True))
        ]
        if self._wraps:
            # It gets longer instead.
            least[-1] = min(natural[-1], WRAPPED)
        widths = fitted(natural, least, self._spare, width)
        table = Table(box=None, pad_edge=False, header_style="bold", show_header=self._head_shown)
        last = max(widths)
        for at, size in widths.items():
            title = self.head[at]
            wraps = self._wraps and at == last
            table.add_column(
                Text(title),
                justify="right" if title in self._right else "left",
                width=size,
                no_wrap=not wraps,
                overflow="fold" if wraps else "ellipsis",
            )
        for row in self.rows:
            table.add_row(*(row[at] for at in widths))
        return table


def fitted(natural: Sequence[int], least: Sequence[int], spare: Sequence[int], width: int) -> dict[int, int]:
    """How wide each column is that is shown, by its place.

    ``natural`` is how wide each would be, ``least`` how narrow it may become before one of ``spare`` goes,
    the first of them first.
    """
    kept = dict(enumerate(natural))

    def too_wide(sizes: Mapping[int, int]) -> int:
        return sum(sizes.values()) + GAP * (len(sizes) - 1) - width

    for place in spare:
        if len(kept) == 1 or too_wide({at: least[at] for at in kept}) <= 0:
            break
        del kept[place]
    while (excess := too_wide(kept)) > 0:
        # The widest that may give way does, down to the next widest, so that all suffer alike.
        giving = {at: size for at, size in kept.items() if size > least[at]}
        giving = giving or {at: size for at, size in kept.items() if size > 1}
        if not giving:
            break
        at = max(giving, key=giving.__getitem__)
        others = [size for other, size in giving.items() if other != at and size < kept[at]]
        floor = max([min(least[at], kept[at] - 1), *others])
        kept[at] = max(floor, kept[at] - excess)
    return kept


def table_of(
    head: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    right: Collection[str] = (),
    spare: Sequence[str] = (),
    whole: Collection[str] = (),
) -> Grid:
    """A table: ``right`` are the columns of figures, ``spare`` those that a narrow terminal does without.

    The first of ``spare`` goes first, before ``whole`` is shortened: texts that say nothing if they are.
    Texts may hold anything: what could steer a terminal is escaped.
    """
    return Grid(head, rows, right=right, spare=spare, whole=whole)


def facts_of(facts: Sequence[tuple[str, Cell]]) -> Grid:
    """Names and what is known under them, one a line; long texts go on under themselves."""
    rows = [[Text(name, style="bold"), cell] for name, cell in facts]
    return Grid(("", " "), rows, head_shown=False, wraps=True)


def _text(cell: Cell) -> Text:
    if cell is None:
        return Text(NOTHING, style="dim")
    if isinstance(cell, str):
        return Text(visible(cell))
    return cell if cell.plain.isprintable() else Text(visible(cell.plain), style=cell.style)


def heading(text: str) -> Text:
    """A line above a table."""
    return Text(visible(text), style="bold")


def remark(text: str) -> Text:
    """A line that says something of what is above it."""
    return Text(visible(text), style="dim")


def status_text(status: str) -> Text:
    """A status, in its colour where there are colours."""
    return Text(visible(status), style=STATUS_STYLES.get(status, "dim"))


def money(amount: Decimal | None) -> str | None:
    """An amount with all its digits, and no zeros at its end."""
    if amount is None:
        return None
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def number(value: float | None, places: int = 0) -> str | None:
    """A number with commas between the thousands, and so many places."""
    return None if value is None else f"{value:,.{places}f}"


def listed(values: Sequence[str] | None) -> str | None:
    """Several values in a row; None where nobody knows them or there are none."""
    return ", ".join(values) if values else None


def yes_or_no(value: bool | None) -> str | None:
    """A fact that is so or is not."""
    return None if value is None else "yes" if value else "no"


def moment(time: datetime | None) -> str | None:
    """A time for people: ``2026-03-01 12:00 UTC``."""
    return None if time is None else f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
