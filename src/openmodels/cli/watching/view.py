"""A dashboard's state as something that rich can draw, as wide and as high as the terminal. Pure."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from openmodels.cli.sparkline import Point, spark
from openmodels.cli.watching.state import State, Watched, in_order
from openmodels.domain.faults import visible
from openmodels.domain.vocabulary import PROVIDER_STATUSES
from openmodels.web.words import lasting, milliseconds, per_second, percent

UNKNOWN = "–"
STYLES = {"up": "green", "degraded": "yellow", "down": "bold red", "unknown": "dim"}
PADDING = 2
"""Characters between columns."""
HEAD_LINES, FOOT_LINES = 3, 1
SCALE = 13
"""Characters behind a line of response times, for what its ends stand for: `` 120-1500 ms``."""
FAILED, LETTER_FAILED = "×", "x"
"""A check that failed, in the line of response times."""


class View(Struct, frozen=True, kw_only=True):
    """What is drawn on."""

    width: int
    """In characters."""
    height: int
    """In lines."""
    blocks: bool = True
    """Whether the terminal's encoding has blocks for the lines, and dashes for what is unknown."""


class Seen(Struct, frozen=True):
    """What a cell is made of."""

    watched: Watched
    now: datetime
    view: View
    """As wide as the cell's column."""


class Column(Struct, frozen=True, kw_only=True):
    """One column: what it says, and how much room it takes."""

    head: str
    width: int
    """How wide it is at least, in characters."""
    most: int = 0
    """How wide it becomes where there is room; 0 for no wider."""
    cell: Callable[[Seen], Text]
    right: bool = False
    keep: int
    """The columns with the highest are dropped first where a terminal is narrow; those with 0 never are."""


def dashboard(state: State, now: datetime, view: View) -> RenderableType:
    """All of it: a line about the connection, a table with a row for each provider, what ends it."""
    shown, hidden = rows_of(state, view)
    columns = fitting(view.width, longest=max((len(visible(one.id)) for one in shown), default=0))
    table = Table(box=None, pad_edge=False, padding=(0, PADDING, 0, 0), header_style="bold")
    for column, width in columns:
        table.add_column(
            column.head,
            justify="right" if column.right else "left",
            width=width,
            no_wrap=True,
            overflow=_overflow(view),
        )
    for watched in shown:
        table.add_row(
            *(column.cell(Seen(watched, now, replace(view, width=width))) for column, width in columns)
        )
    parts: list[RenderableType] = [_link_line(state, now, view), Text("")]
    parts.append(table if shown else Text("Nothing was measured yet; providers appear as they are checked."))
    if hidden:
        parts.append(Text(f"and {hidden} more: a higher terminal shows them, or name providers", style="dim"))
    return Group(*parts)


def fitting(width: int, *, longest: int) -> list[tuple[Column, int]]:
    """The columns that there is room for, in their order, and how wide each is.

    ``longest`` is the length of the longest provider's id.
    """
    columns = list(COLUMNS)
    while _width_of(columns) > width:
        last = max(columns, key=lambda column: column.keep)
        if last.keep == 0:
            break
        columns.remove(last)
    room = max(0, width - _width_of(columns))
    widths = {column.head: column.width for column in columns}
    # Ids first; then, from the right, what is cut shortest.
    for column in (columns[0], *columns[:0:-1]):
        most = min(column.most, longest) if column is columns[0] else column.most
        more = min(room, max(0, most - column.width))
        widths[column.head] += more
        room -= more
    return [(column, widths[column.head]) for column in columns]


def rows_of(state: State, view: View) -> tuple[Sequence[Watched], int]:
    """The providers that there are lines for, and how many there are none for."""
    ordered = in_order(state)
    room = max(1, view.height - HEAD_LINES)
    if len(ordered) <= room:
        return ordered, 0
    room = max(1, room - FOOT_LINES)
    return ordered[:room], len(ordered) - room


def link_words(state: State, now: datetime) -> str:
    """How the connection is, and when the last event came."""
    if state.link == "connected":
        said = "connected"
    elif state.link == "reconnecting":
        left = _left(state, now)
        said = f"reconnecting in {left:.0f} s" if left >= 1 else "reconnecting"
    else:
        said = "connecting"
    if state.last_event_at is None:
        said += ", no event yet"
    else:
        events = "1 event" if state.events == 1 else f"{state.events:,} events"
        said += f", last event {since(state.last_event_at, now)} ({events})"
    return said


def since(then: datetime, now: datetime) -> str:
    """``12 s ago``, ``3 min ago``, ``2 h ago``: short, and never in the future."""
    seconds = max(0, int((now - then).total_seconds()))
    if seconds < 60:
        return f"{seconds} s ago"
    if seconds < 3600:
        return f"{seconds // 60} min ago"
    return f"{seconds // 3600} h ago" if seconds < 172_800 else f"{seconds // 86_400} d ago"


def _link_line(state: State, now: datetime, view: View) -> Text:
    line = Text(no_wrap=True, overflow=_overflow(view))
    well = state.link == "connected"
    line.append(("●" if view.blocks else "*") + " ", style="green" if well else "yellow")
    line.append(link_words(state, now))
    if state.problem:
        line.append(f"; {visible(state.problem)}", style="yellow")
    line.append("   q ends", style="dim")
    return line


def _overflow(view: View) -> Literal["ellipsis", "crop"]:
    return "ellipsis" if view.blocks else "crop"


def _left(state: State, now: datetime) -> float:
    if state.retry_seconds is None or state.link_since is None:
        return 0.0
    return state.retry_seconds - (now - state.link_since).total_seconds()


def _width_of(columns: Sequence[Column]) -> int:
    return sum(column.width for column in columns) + PADDING * (len(columns) - 1)


def _provider(seen: Seen) -> Text:
    return Text(visible(seen.watched.id))


def _status(seen: Seen) -> Text:
    known = seen.watched.status in PROVIDER_STATUSES
    return Text(visible(seen.watched.status), style=STYLES[seen.watched.status] if known else "")


def _last_check(seen: Seen) -> Text:
    check = seen.watched.last_check
    if check is None:
        return _figure(None, seen.view)
    outcome = "" if check.outcome == "ok" else f"{visible(check.outcome)} "
    return Text(f"{outcome}{since(check.checked_at, seen.now)}", style="" if check.status == "up" else "red")


def _response(seen: Seen) -> Text:
    check = seen.watched.last_check
    time = check.response_time_ms if check else None
    return _figure(None if time is None else milliseconds(time), seen.view)


def _ttft(seen: Seen) -> Text:
    return _figure(None if seen.watched.ttft_ms is None else milliseconds(seen.watched.ttft_ms), seen.view)


def _speed(seen: Seen) -> Text:
    speed = seen.watched.tokens_per_second
    return _figure(None if speed is None else per_second(speed), seen.view)


def _uptime(seen: Seen) -> Text:
    if not seen.watched.known:
        return Text("…" if seen.view.blocks else "...", style="dim")
    return _figure(None if seen.watched.uptime is None else percent(seen.watched.uptime), seen.view)


def _incident(seen: Seen) -> Text:
    incident = seen.watched.incident
    if incident is None:
        return Text("")
    reason = visible(incident.reason)
    if incident.ended_at is None:
        begun = max(0.0, (seen.now - incident.started_at).total_seconds())
        return Text(f"for {lasting(begun)}: {reason}", style="red")
    return Text(f"{since(incident.ended_at, seen.now)}, lasted {lasting(incident.duration_s)}: {reason}")


def _line(seen: Seen) -> Text:
    drawn, scale = response_line(seen.watched, seen.view)
    line = Text(drawn)
    line.append(f" {scale}", style="dim")
    return line


def response_line(watched: Watched, view: View) -> tuple[str, str]:
    """The response times of the newest checks, newest at the right, and what the line's ends stand for."""
    length = max(1, view.width - SCALE)
    checks = watched.checks[-length:]
    points = [None if check.response_time_ms is None else Point(check.response_time_ms) for check in checks]
    found = spark(points, width=length, blocks=view.blocks)
    failed = FAILED if view.blocks else LETTER_FAILED
    line = "".join(
        failed if check.status == "down" else drawn for check, drawn in zip(checks, found.line, strict=True)
    )
    scale = "" if found.low is None or found.high is None else f"{found.low:.0f}-{found.high:.0f} ms"
    return line.rjust(length), scale


def _figure(said: str | None, view: View) -> Text:
    return Text(said) if said is not None else Text(UNKNOWN if view.blocks else "-", style="dim")


COLUMNS = (
    Column(head="provider", width=16, most=30, cell=_provider, keep=0),
    Column(head="status", width=8, cell=_status, keep=0),
    Column(head="last check", width=16, most=24, cell=_last_check, keep=5),
    Column(head="response", width=8, cell=_response, right=True, keep=1),
    Column(head="ttft", width=8, cell=_ttft, right=True, keep=3),
    Column(head="tokens/s", width=8, cell=_speed, right=True, keep=6),
    Column(head="up 24 h", width=7, cell=_uptime, right=True, keep=2),
    Column(head="response times", width=10 + SCALE, most=30 + SCALE, cell=_line, keep=4),
    Column(head="newest incident", width=24, most=70, cell=_incident, keep=7),
)
