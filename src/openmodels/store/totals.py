"""What checks and measurements add up to over a period, read from sums where there are any."""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, Table, case, exists, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from openmodels.domain.rollup import CheckSums, MeasurementSums
from openmodels.store import tables
from openmodels.store.columns import bare, microseconds, storable
from openmodels.store.periods import HOUR, Parts, Span, Summed, floor, parts_of
from openmodels.store.sums import ALL_MODELS, MEASUREMENTS, Sheet

_head, _late = tables.telemetry_head, tables.late_hours
_Sums = TypeVar("_Sums", CheckSums, MeasurementSums)
_Key = TypeVar("_Key", bound=Hashable)

_SUMMED = select(
    _head.c.hours_until, _head.c.days_until, _head.c.raw_from, exists(select(_late.c.start)).label("late")
)


async def period_parts(connection: AsyncConnection, since: datetime, provider_ids: Collection[str]) -> Parts:
    """The parts in which to read what these providers did since then. In the transaction that reads them.

    ``provider_ids`` empty means every provider.
    """
    return parts_of(since, *await how_far(connection, since, provider_ids))


async def how_far(
    connection: AsyncConnection, since: datetime, provider_ids: Collection[str], *, days: bool = True
) -> tuple[Summed, Collection[datetime]]:
    """How far these providers' rows are summed up, and the hours since then to which rows came late.

    ``provider_ids`` empty means every provider. Without ``days``, as if no day were summed up.
    """
    *until, any_late = (await connection.execute(_SUMMED)).one()
    summed = Summed(*until)
    if not days:
        summed = summed._replace(days_until=None)
    if not any_late or summed.hours_until is None or since >= summed.hours_until:
        return summed, ()
    late = select(_late.c.start).where(_late.c.start >= floor(since, HOUR))
    if provider_ids:
        late = late.where(_late.c.provider_id.in_(provider_ids))
    return summed, set((await connection.execute(late)).scalars())


class Found(NamedTuple):
    """What was read of the parts of a period."""

    rows: Sequence[Sequence[Any]]
    """Single rows, each its provider, its time as the driver gives it, and ``row_figures``."""
    kept: Sequence[tuple[Table, Sequence[Any]]]
    """The rows of sums, each with its table and as ``sum_columns``."""


async def totals(
    connection: AsyncConnection,
    sheet: Sheet[_Sums],
    parts: Parts,
    provider_ids: Collection[str],
    **only: Collection[str],
) -> Mapping[str, _Sums]:
    """By provider: what its rows in these parts add up to.

    ``only`` names columns and what they may be; anything, where that is empty.
    """
    found = await found_in(connection, sheet, parts, provider_ids, **only)
    return grouped(sheet, found, lambda provider_id, _at, _table: provider_id)


def grouped(
    sheet: Sheet[_Sums], found: Found, key: Callable[[str, int, Table], _Key]
) -> Mapping[_Key, _Sums]:
    """By the key of its provider, time and table: what all of this adds up to."""
    start = len(sheet.key)
    rows: dict[_Key, list[Sequence[Any]]] = defaultdict(list)
    for provider_id, at, *figures in found.rows:
        rows[key(provider_id, at, sheet.rows)].append(figures)
    kept: dict[tuple[_Key, Table], list[Sequence[Any]]] = defaultdict(list)
    for table, row in found.kept:
        kept[key(row[0], row[start], table), table].append(row)
    sums: dict[_Key, list[_Sums]] = defaultdict(list)
    for name, figures_of in rows.items():
        sums[name].append(sheet.sum_rows(figures_of))
    for (name, table), group in kept.items():
        sums[name].append(sheet.read(table, group))
    return {name: merged(sheet, parted) for name, parted in sums.items()}


def merged(sheet: Sheet[_Sums], sums: Sequence[_Sums]) -> _Sums:
    """What they add up to; one is itself."""
    return sums[0] if len(sums) == 1 else sheet.merge(sums)


async def found_in(
    connection: AsyncConnection,
    sheet: Sheet[Any],
    parts: Parts,
    provider_ids: Collection[str],
    **only: Collection[str],
) -> Found:
    """What is kept of these parts.

    ``only`` names columns and what they may be; anything, where that is empty.
    """
    given = {name: values for name, values in only.items() if values}
    rows = _union(
        [
            select(sheet.rows.c.provider_id, bare(sheet.time).label("at"), *sheet.row_columns()).where(
                *_where(sheet.rows, sheet.time, span, provider_ids, given)
            )
            for span in parts.rows
        ]
    )
    return Found(
        (await connection.execute(rows)).all(),
        await _kept_sums(connection, sheet, parts, provider_ids, given),
    )


async def check_counts(
    connection: AsyncConnection, parts: Parts, provider_ids: Collection[str], regions: Collection[str]
) -> Mapping[str, CheckSums]:
    """By provider: how many checks there were in these parts, and how many up; without their times."""
    given = {"region": regions} if regions else {}
    checks, hours, days = tables.checks, tables.check_hours, tables.check_days
    ups = func.sum(case((checks.c.status == "up", 1), else_=0))
    counts = [
        select(checks.c.provider_id, func.count(), ups)
        .where(*_where(checks, checks.c.checked_at, span, provider_ids, given))
        .group_by(checks.c.provider_id)
        for span in parts.rows
    ]
    counts += [
        select(table.c.provider_id, func.sum(table.c.total), func.sum(table.c.up))
        .where(*_where(table, table.c.start, span, provider_ids, given))
        .group_by(table.c.provider_id)
        for table, spans in ((hours, parts.hours), (days, parts.days))
        for span in spans
    ]
    found: dict[str, CheckSums] = {}
    for provider_id, total, up in (await connection.execute(_union(counts))).all():
        before = found.get(provider_id, CheckSums())
        found[provider_id] = CheckSums(total=before.total + int(total), up=before.up + int(up))
    return found


async def checks_made(connection: AsyncConnection, since: datetime) -> int:
    """How many checks were made since then, of all providers."""
    *until, _any_late = (await connection.execute(_SUMMED)).one()
    summed = Summed(*until)
    parts = parts_of(since, summed, ())
    total = 0
    for span in parts.rows:
        made = select(func.count()).where(*within(tables.checks.c.checked_at, span))
        total += int((await connection.execute(made)).scalar_one())
    if len(parts.rows) == 1 and not parts.hours:
        return total
    # Between the rows before the first whole hour and those after the last one that is summed up.
    start = min(span.start for span in (*parts.hours, *parts.days))
    span = Span(start, summed.hours_until)
    for table in (tables.summed_hours, tables.late_hours):
        counted = select(func.coalesce(func.sum(table.c.checks), 0)).where(*within(table.c.start, span))
        total += int((await connection.execute(counted)).scalar_one())
    return total


async def _kept_sums(
    connection: AsyncConnection,
    sheet: Sheet[Any],
    parts: Parts,
    provider_ids: Collection[str],
    given: Mapping[str, Collection[str]],
) -> list[tuple[Table, Sequence[Any]]]:
    """The sums' rows, each with its table."""
    if sheet is MEASUREMENTS:
        given = {"model_id": [ALL_MODELS], **given}
    selects = [
        select(literal(number), *sheet.sum_columns(table)).where(
            *_where(table, table.c.start, span, provider_ids, given)
        )
        for number, (table, spans) in enumerate(((sheet.hours, parts.hours), (sheet.days, parts.days)))
        for span in spans
    ]
    if not selects:
        return []
    tables_read = (sheet.hours, sheet.days)
    return [(tables_read[row[0]], row[1:]) for row in (await connection.execute(_union(selects))).all()]


def _union(selects: Sequence[Select[Any]]) -> Any:
    return union_all(*selects) if len(selects) > 1 else selects[0]


def _where(
    table: Table,
    time: ColumnElement[Any],
    span: Span,
    provider_ids: Collection[str],
    given: Mapping[str, Collection[str]],
) -> list[ColumnElement[bool]]:
    return [
        table.c.provider_id.in_(provider_ids),
        *within(time, span),
        *(is_one_of(table.c[name], values) for name, values in given.items()),
    ]


def lies_in(sheet: Sheet[Any], parts: Parts) -> Callable[[Table, int], bool]:
    """Whether a time, as a ``Moment`` is kept, of a table of the sheet is in these parts."""
    tables_read = ((sheet.rows, parts.rows), (sheet.hours, parts.hours), (sheet.days, parts.days))
    bounds = {
        table: [
            (microseconds(span.start), math.inf if span.end is None else microseconds(span.end))
            for span in spans
        ]
        for table, spans in tables_read
    }
    return lambda table, at: any(start <= at < end for start, end in bounds[table])


def is_one_of(column: ColumnElement[Any], values: Collection[str]) -> ColumnElement[bool]:
    """That the column is one of these; said of a single one in the way that needs no list.

    What is asked for may be any text; what cannot be kept is in no row.
    """
    values = [storable(value) for value in values]
    return column == values[0] if len(values) == 1 else column.in_(values)


def within(time: ColumnElement[Any], span: Span) -> list[ColumnElement[bool]]:
    """That the time lies in the span."""
    return [time >= span.start] if span.end is None else [time >= span.start, time < span.end]
