"""What telemetry recorded as it went, from SQL tables."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from openmodels.domain.rollup import CheckSums, MeasurementSums, health_of, quantile, timings_of
from openmodels.domain.series import (
    SPEEDS_OF,
    CheckSlice,
    DayOfChecks,
    ProviderFigures,
    TimingSlice,
    speeds_of,
    timing_slice,
)
from openmodels.domain.telemetry import Incident
from openmodels.store import tables
from openmodels.store.engine import reading
from openmodels.store.slices import days_of_checks, slices, total_and_slice_parts, total_and_slices
from openmodels.store.sums import CHECKS, MEASUREMENTS
from openmodels.store.totals import is_one_of

_incidents, _measurements = tables.incidents, tables.measurements
_FIELDS = Incident.__struct_fields__


class SqlSeriesStore:
    """A ``SeriesStore`` over a migrated database; see the port for what each method promises."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def checks_by_day(
        self, *, since: datetime, provider_ids: Collection[str] = ()
    ) -> Mapping[str, Sequence[DayOfChecks]]:
        """By provider id: its checks of each day from that of ``since`` on, of all regions."""
        async with reading(self._engine) as connection:
            return await days_of_checks(connection, since, sorted(set(provider_ids)))

    async def check_slices(
        self, provider_id: str, *, since: datetime, width: timedelta, regions: Collection[str] = ()
    ) -> Sequence[CheckSlice]:
        """The checks of one provider by slices, from that of ``since`` on."""
        async with reading(self._engine) as connection:
            found = await slices(connection, CHECKS, since, width, [provider_id], region=regions)
        return _check_slices(found.get(provider_id, {}))

    async def timing_slices(
        self,
        *,
        since: datetime,
        width: timedelta,
        provider_ids: Collection[str],
        model_ids: Collection[str] = (),
        regions: Collection[str] = (),
    ) -> Mapping[str, Sequence[TimingSlice]]:
        """By provider id: its successful measurements by slices, from that of ``since`` on."""
        ids, only = sorted(set(provider_ids)), {"region": regions, "model_id": model_ids}
        async with reading(self._engine) as connection:
            found = await slices(connection, MEASUREMENTS, since, width, ids, **only)
        series = {provider_id: _timing_slices(by_start) for provider_id, by_start in found.items()}
        return {provider_id: kept for provider_id, kept in series.items() if kept}

    async def provider_figures(
        self, provider_id: str, *, since: datetime, width: timedelta
    ) -> ProviderFigures:
        """What ``health``, ``latency`` and the slices tell of a provider, read once."""
        async with reading(self._engine) as connection:
            parts = await total_and_slice_parts(connection, since, width, [provider_id])
            checks = await total_and_slices(connection, CHECKS, parts, width, provider_id)
            measured = await total_and_slices(connection, MEASUREMENTS, parts, width, provider_id)
            newest = (await connection.execute(_newest_rates(provider_id, since))).all()
        return ProviderFigures(
            health=health_of(checks.total, (), ()),
            timings=timings_of(measured.total),
            checks=_check_slices(checks.slices),
            measurements=_timing_slices(measured.slices),
            speeds=speeds_of((row[0], row[1]) for row in newest),
        )

    async def incidents(
        self, *, since: datetime, provider_ids: Collection[str] = (), limit: int
    ) -> Sequence[Incident]:
        """The incidents that touch the time since then, newest first, at most ``limit``."""
        statement = (
            select(*(_incidents.c[field] for field in _FIELDS))
            .where(or_(_incidents.c.ended_at.is_(None), _incidents.c.ended_at >= since))
            .order_by(_incidents.c.started_at.desc(), _incidents.c.provider_id)
            .limit(limit)
        )
        if provider_ids:
            statement = statement.where(is_one_of(_incidents.c.provider_id, provider_ids))
        async with reading(self._engine) as connection:
            rows = (await connection.execute(statement)).all()
        return [Incident(**dict(zip(_FIELDS, row, strict=True))) for row in rows]


def _check_slices(by_start: Mapping[datetime, CheckSums]) -> list[CheckSlice]:
    return [
        CheckSlice(
            start=start,
            total=sums.total,
            up=sums.up,
            p50_response_time_ms=quantile(sums.times, 0.50),
            p95_response_time_ms=quantile(sums.times, 0.95),
        )
        for start, sums in by_start.items()
    ]


def _timing_slices(by_start: Mapping[datetime, MeasurementSums]) -> list[TimingSlice]:
    return [timing_slice(start, timings_of(sums)) for start, sums in by_start.items() if sums.good]


def _newest_rates(provider_id: str, since: datetime) -> Select[Any]:
    """The models and rates of the provider's newest answers."""
    return (
        select(_measurements.c.model_id, _measurements.c.tokens_per_second)
        .where(
            _measurements.c.provider_id == provider_id,
            _measurements.c.measured_at >= since,
            _measurements.c.outcome == "ok",
            _measurements.c.tokens_per_second.is_not(None),
        )
        .order_by(_measurements.c.measured_at.desc(), _measurements.c.id.desc())
        .limit(SPEEDS_OF)
    )
