"""What checks and measurements add up to in each slice of a period, read from sums where there are any."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    Table,
    case,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from openmodels.domain.rollup import CheckSums, MeasurementSums
from openmodels.domain.series import DayOfChecks, slice_start
from openmodels.store import tables
from openmodels.store.columns import bare, moment
from openmodels.store.periods import DAY, Parts, Span, floor, parts_of, require_width
from openmodels.store.sums import Sheet
from openmodels.store.totals import (
    found_in,
    grouped,
    how_far,
    is_one_of,
    lies_in,
    merged,
    period_parts,
    within,
)

_Sums = TypeVar("_Sums", CheckSums, MeasurementSums)
_MICROSECOND = timedelta(microseconds=1)
_DAY_NUMBER = DAY // _MICROSECOND


async def slices(
    connection: AsyncConnection,
    sheet: Sheet[_Sums],
    since: datetime,
    width: timedelta,
    provider_ids: Collection[str],
    **only: Collection[str],
) -> Mapping[str, Mapping[datetime, _Sums]]:
    """By provider, then by the beginning of the slice, oldest first: what its rows in that slice add up to.

    The first slice is that of ``since``. ``only`` names columns and what they may be; anything, where that is
    empty. Raises ``ValueError`` when ``width`` is not whole hours.
    """
    _, parts = await total_and_slice_parts(connection, since, width, provider_ids)
    found = await found_in(connection, sheet, parts, provider_ids, **only)
    step = width // _MICROSECOND
    sums = grouped(sheet, found, lambda provider_id, at, _table: (provider_id, at // step))
    sliced: dict[str, dict[datetime, _Sums]] = defaultdict(dict)
    for provider_id, number in sorted(sums):
        sliced[provider_id][moment(number * step)] = sums[provider_id, number]
    return sliced


class TotalAndSlices(NamedTuple, Generic[_Sums]):
    """What one provider's rows of a period add up to, in all and by the beginning of each slice."""

    total: _Sums
    slices: Mapping[datetime, _Sums]


async def total_and_slice_parts(
    connection: AsyncConnection, since: datetime, width: timedelta, provider_ids: Collection[str]
) -> tuple[Parts, Parts]:
    """The parts of the period from ``since`` on, and those of its slices.

    Raises ``ValueError`` when ``width`` is not whole hours.
    """
    require_width(width)
    first = slice_start(since, width)
    # Days are no part of slices that begin or end within them.
    summed = await how_far(connection, first, provider_ids, days=not width % DAY)
    return parts_of(since, *summed), parts_of(first, *summed)


async def total_and_slices(
    connection: AsyncConnection,
    sheet: Sheet[_Sums],
    parts: tuple[Parts, Parts],
    width: timedelta,
    provider_id: str,
) -> TotalAndSlices[_Sums]:
    """What ``totals`` and ``slices`` find of one provider in these parts, read and decoded once."""
    over, sliced = parts
    found = await found_in(connection, sheet, over.joined(sliced), [provider_id])
    step = width // _MICROSECOND
    counts, shows = lies_in(sheet, over), lies_in(sheet, sliced)

    def key(_provider_id: str, at: int, table: Table) -> tuple[int | None, bool]:
        return at // step if shows(table, at) else None, counts(table, at)

    total: list[_Sums] = []
    slices: dict[int, list[_Sums]] = defaultdict(list)
    for (number, counted), sums in grouped(sheet, found, key).items():
        if counted:
            total.append(sums)
        if number is not None:
            slices[number].append(sums)
    return TotalAndSlices(
        sheet.merge(total), {moment(n * step): merged(sheet, slices[n]) for n in sorted(slices)}
    )


async def days_of_checks(
    connection: AsyncConnection, since: datetime, provider_ids: Collection[str]
) -> Mapping[str, Sequence[DayOfChecks]]:
    """By provider: its checks of each day from that of ``since`` on; every provider's, when none is named."""
    parts = await period_parts(connection, floor(since, DAY), provider_ids)
    selects = _day_counts(parts, _these(provider_ids))
    counts = union_all(*selects) if len(selects) > 1 else selects[0]
    found: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
    for provider_id, day, total, up in (await connection.execute(counts)).all():
        days = found[provider_id]
        before_total, before_up = days.get(day, (0, 0))
        # PostgreSQL adds up to decimals.
        days[day] = before_total + int(total), before_up + int(up)
    dates = {day: moment(day).date() for day in set().union(*found.values())}
    return {
        provider_id: [
            DayOfChecks(day=dates[day], total=total, up=up) for day, (total, up) in sorted(days.items())
        ]
        for provider_id, days in sorted(found.items())
    }


def _day_counts(parts: Parts, these: Callable[[Table], ColumnElement[bool]]) -> list[Select[Any]]:
    """The counts of these parts by provider and day; a day may be in several of them."""
    checks, hours, days = tables.checks, tables.check_hours, tables.check_days
    ups = func.sum(case((checks.c.status == "up", 1), else_=0))

    def counts(table: Table, time: Column[datetime], day: Any, span: Span, *figures: Any) -> Select[Any]:
        return (
            select(table.c.provider_id, day, *figures)
            .where(these(table), *within(time, span))
            .group_by(table.c.provider_id, day)
        )

    def sums(table: Table, day: Any, span: Span) -> Select[Any]:
        return counts(table, table.c.start, day, span, func.sum(table.c.total), func.sum(table.c.up))

    time = checks.c.checked_at
    return [
        *(counts(checks, time, _day(time), span, func.count(), ups) for span in parts.rows),
        *(sums(hours, _day(hours.c.start), span) for span in parts.hours),
        # In the order of the key, without sorting.
        *(sums(days, bare(days.c.start), span) for span in parts.days),
    ]


def _these(provider_ids: Collection[str]) -> Callable[[Table], ColumnElement[bool]]:
    """That a row is of these providers; of any, when none is named.

    Any is said as a list as well: keys begin with the provider, so a span of time is found by it alone.
    """
    standings = tables.provider_standings
    if provider_ids:
        return lambda table: is_one_of(table.c.provider_id, provider_ids)
    return lambda table: table.c.provider_id.in_(select(standings.c.provider_id))


def _day(time: Any) -> ColumnElement[Any]:
    """The beginning of the day that a time lies in, as a number, also before 1970."""
    # Written out, since PostgreSQL takes a parameter for another expression wherever it stands.
    number: ColumnElement[Any] = bare(time)
    length: ColumnElement[Any] = literal_column(str(_DAY_NUMBER))
    return number - (number % length + length) % length
