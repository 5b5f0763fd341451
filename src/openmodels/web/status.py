"""Every provider now and over a quarter, what happened, and what is planned."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from openmodels.api.endpoint import Ask
from openmodels.api.incidents import TOLD_FOR, maintenance
from openmodels.api.series import MOST_DAYS, first_day, uptime_days
from openmodels.domain.records import Provider
from openmodels.domain.series import DayOfChecks
from openmodels.domain.snapshot import Snapshot
from openmodels.domain.telemetry import ProviderState
from openmodels.domain.vocabulary import ProviderStatus
from openmodels.edge.exchange import Freshness
from openmodels.store.cluster_ports import RegionSeen, known_regions
from openmodels.web.bars import Bars, bars, keys, uptime_of
from openmodels.web.page import Html, Page
from openmodels.web.reading import read_or
from openmodels.web.troubles import Trouble, maintenance_of, troubles_of
from openmodels.web.words import count, percent

PATH = "/status"
SPANS = (7, 30, MOST_DAYS)
"""Over how many days uptime is given; the days of the last are drawn."""
MOST_INCIDENTS = 50
GROUPS: Mapping[ProviderStatus, str] = {
    "down": "Down",
    "degraded": "Degraded",
    "up": "Up",
    "unknown": "Not checked lately",
}
"""What the groups are called, the worst first."""


class Row(Struct, frozen=True, kw_only=True):
    """A provider that was ever measured."""

    id: str
    name: str
    state: ProviderState
    bars: Bars
    uptimes: tuple[tuple[int, str], ...]
    """For each of ``SPANS``: the days, and the uptime over them; empty where nobody checked."""


class Group(Struct, frozen=True, kw_only=True):
    """The providers that are doing alike."""

    status: ProviderStatus
    title: str
    rows: tuple[Row, ...]


class Overall(Struct, frozen=True, kw_only=True):
    """How everything is, in a sentence."""

    status: ProviderStatus
    text: str


async def status_page(ask: Ask) -> Html:
    """Every provider now and over time."""
    services, snapshot, now = ask.services, ask.snapshot, ask.services.clock.now()
    states = await ask.states()
    days = await read_or(ask, "uptime", uptime_days(services, first_day(now, MOST_DAYS)), {})
    incidents = await read_or(
        ask, "incidents", services.telemetry.incidents(since=now - TOLD_FOR, limit=MOST_INCIDENTS), ()
    )
    windows = await maintenance(ask)
    regions: Sequence[RegionSeen] = ()
    if services.cluster is not None:
        regions = await read_or(ask, "regions", known_regions(services.cluster, now), ())
    groups = groups_of(snapshot, states, days, now)
    troubles = troubles_of(incidents, snapshot, now)
    overall = overall_of(groups)
    measured = {row.id for group in groups for row in group.rows}
    context = {
        "overall": overall,
        "newest": max(
            (state.last_checked_at for state in states.values() if state.last_checked_at), default=None
        ),
        "groups": groups,
        "in_trouble": _in_trouble(groups, troubles),
        "keys": keys(),
        "spans": SPANS,
        "never": [
            (snapshot.providers[position].record.id, snapshot.providers[position].record.name)
            for position in snapshot.provider_orders["name"]
            if snapshot.providers[position].record.id not in measured
        ],
        "troubles": troubles,
        "told_for": TOLD_FOR.days,
        "maintenance": maintenance_of(windows or (), snapshot, now),
        "regions": regions,
        "public_url": services.public_url.rstrip("/"),
        "unread": ask.unread,
    }
    return Html(
        template="status.html",
        title="Status",
        description=f"{overall.text} Uptime of every provider of language models over {MOST_DAYS} days, "
        "incidents and maintenance.",
        canonical=PATH,
        context=context,
        raw="/api/telemetry/uptime",
    )


def groups_of(
    snapshot: Snapshot,
    states: Mapping[str, ProviderState],
    days: Mapping[str, Sequence[DayOfChecks]],
    now: datetime,
) -> list[Group]:
    """Every provider that was ever measured, by how it is doing, the worst first; each group by name."""
    unknown, nothing = ProviderState(), ()
    today = now.astimezone(UTC).date()
    spans = [(span, today - timedelta(days=span - 1)) for span in SPANS]
    rows: dict[ProviderStatus, list[Row]] = {status: [] for status in GROUPS}
    for position in snapshot.provider_orders["name"]:
        record = snapshot.providers[position].record
        state, own = states.get(record.id, unknown), days.get(record.id, nothing)
        if own or state.last_checked_at is not None:
            rows[state.status].append(_row(record, state, own, today, spans))
    return [
        Group(status=status, title=GROUPS[status], rows=tuple(found))
        for status, found in rows.items()
        if found
    ]


def _row(
    record: Provider,
    state: ProviderState,
    days: Sequence[DayOfChecks],
    today: date,
    spans: Sequence[tuple[int, date]],
) -> Row:
    return Row(
        id=record.id,
        name=record.name,
        state=state,
        bars=bars(days, today=today, number=MOST_DAYS),
        uptimes=tuple(
            (span, "" if (uptime := uptime_of(days, since=since)) is None else percent(uptime))
            for span, since in spans
        ),
    )


def overall_of(groups: Sequence[Group]) -> Overall:
    """``38 of 40 measured providers are up; 1 is degraded, 1 is down.``, and the worst of what they are."""
    numbers: dict[ProviderStatus, int] = {group.status: len(group.rows) for group in groups}
    silent = numbers.pop("unknown", 0)
    measured = sum(numbers.values())
    up = numbers.get("up", 0)
    if not measured:
        text = "No provider was checked lately." if silent else "No provider was ever checked."
        return Overall(status="unknown", text=text)
    worst: ProviderStatus = next(group.status for group in groups if group.status != "unknown")
    if worst == "up":
        said = f"All {count(up)} measured providers are up" if up > 1 else "The only measured provider is up"
    else:
        said = f"{count(up)} of {count(measured)} measured providers {'is' if up == 1 else 'are'} up"
        others = [
            f"{count(number)} {'is' if number == 1 else 'are'} {status}"
            for status, number in numbers.items()
            if status != "up"
        ]
        said = f"{said}; {', '.join(others)}"
    also = f" {count(silent)} more {'was' if silent == 1 else 'were'} not checked lately." if silent else ""
    return Overall(status=worst, text=f"{said}.{also}")


def _in_trouble(groups: Sequence[Group], troubles: Sequence[Trouble]) -> list[tuple[Row, Trouble | None]]:
    """Every provider that is down or degraded now, with its open incident."""
    opened = {trouble.provider_id: trouble for trouble in reversed(troubles) if trouble.ended_at is None}
    return [
        (row, opened.get(row.id))
        for group in groups
        if group.status in {"down", "degraded"}
        for row in group.rows
    ]


PAGES = (Page(path=PATH, handle=status_page, freshness=Freshness.TELEMETRY, section=PATH),)
